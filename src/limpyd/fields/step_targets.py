"""Arguments of commands that may be results of earlier steps of a transaction: values of fields, and amounts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from limpyd.requests.request import Argument
from limpyd.types import UNTYPED, Use
from limpyd.types.conversions import amount, conversion


class FieldTarget:
    """The value of a field, or a member of it.

    Args:
        field: the field.
        canonical: the normal form under which equal values have one text, if they do not have one anyway.
    """

    def __init__(self, field: Any, canonical: str | None = None) -> None:
        self._field = field
        self._canonical = canonical

    def __str__(self) -> str:
        return f"a value of {self._field}"

    def encode(self, value: Any) -> bytes:
        stored: bytes = self._field.encode(value)
        return stored

    def conversions(self, codec: Any, model: Any) -> tuple[str, ...] | None:
        found = conversion(codec, self._field.codec)
        return found if found is None or self._canonical is None else (*found, f"canonical_{self._canonical}")


class ReferenceTarget(FieldTarget):
    """The value of a reference: the primary key of an object of the model that it refers to."""

    def conversions(self, codec: Any, model: Any) -> tuple[str, ...] | None:
        if model is not None and not self._field.target.is_same_model(model):
            return None
        return conversion(codec, UNTYPED)


class AmountTarget:
    """The amount of a command.

    Args:
        what: the argument, for messages.
        use: the kind of number.
        check: returns the argument for a known value.
    """

    def __init__(self, what: str, use: Use, check: Callable[[str, Any], Argument]) -> None:
        self._what = what
        self._use = use
        self._check = check

    def __str__(self) -> str:
        return self._what

    def encode(self, value: Any) -> bytes:
        arg = self._check(self._what, int(value) if isinstance(value, bool) else value)
        return b"%d" % arg if isinstance(arg, int) else arg.encode() if isinstance(arg, str) else arg

    def conversions(self, codec: Any, model: Any) -> tuple[str, ...] | None:
        return None if model is not None else amount(codec, self._use)
