"""The Lua expression of the text that an index keeps of a value that only the server knows."""

from __future__ import annotations

from typing import NamedTuple

from limpyd.indexes.field_index import FieldIndex
from limpyd.indexes.normalizers import FORMS
from limpyd.scripts.python_transforms import PythonTransform


class NormalizerCall(NamedTuple):
    """The call of a form with a text.

    Attributes:
        expression: returns the text; or nil, the reason, and true if only Python can compute it.
        function: the library function in the expression, which may refuse a text; empty if there is none.
    """

    expression: str
    function: str = ""


def normalizer_call(index: FieldIndex, text: str) -> NormalizerCall | None:
    """Returns the call that makes an index text from the expression of a text; None if the server cannot make it."""
    form = index.form.base if isinstance(index.form, PythonTransform) else index.form
    function = ""
    for step in form.decode().split("|"):
        if function or not step:
            return None
        if step.startswith("slice:"):
            _, first, last = step.split(":")
            text = f"string.sub({text}, {first}, {last})"
        elif step == "text":
            continue
        elif step in FORMS:
            function = f"form_{step}"
            text = f"{function}({text})"
        else:
            return None
    return NormalizerCall(text, function)
