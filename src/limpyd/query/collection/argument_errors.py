"""Arguments in the place of others: what to say of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limpyd.exceptions import InvalidValue, shorten
from limpyd.expressions import Expression


def check_lazy(model: str, lazy: Any) -> None:
    """Refuses what is no flag in the place of one.

    Raises:
        InvalidValue: it is something else.
    """
    if isinstance(lazy, bool):
        return
    cure = "pass the fields to read as prefetch=[…]"
    if isinstance(lazy, Expression):
        cure = f"pass expressions to collection: {model}.collection(…).instances()"
    msg = f"{model}: the first argument of instances is lazy, True or False, not {shorten(lazy)}; {cure}"
    raise InvalidValue(msg)


def values_by_name(model: str, chunk: Any) -> None:
    """Refuses values in the place of the size of a chunk.

    Raises:
        InvalidValue: they are.
    """
    if isinstance(chunk, Mapping):
        msg = f"{model}: update takes the values by name, update(name='x') or update(**values), not {shorten(chunk)}"
        raise InvalidValue(msg)
