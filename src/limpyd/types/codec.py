"""The storage of the values of one Python type: a codec."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Use(enum.Flag):
    """The uses of a stored text, beyond being set and got."""

    NONE = 0
    TEXT = enum.auto()
    """Cut and joined: APPEND, GETRANGE, SETRANGE, bit commands."""
    INTEGER = enum.auto()
    """Counted: INCRBY, DECRBY."""
    NUMBER = enum.auto()
    """Added to: INCRBYFLOAT."""


class Codec(Generic[T]):
    """The storage of the values of one Python type.

    Attributes:
        name: the type, as messages name it.
        encode: from value to stored bytes; raises TypeError or ValueError with the reason.
        decode: from stored bytes to value; raises ValueError with the reason.
        use: which families of commands make sense on the stored text.
        normal: name of the normal form (see `NORMAL_FORMS`) under which equal values are one.
        canonical: makes one stored form of all those of equal values; None if there is one anyway.
        number: name of the form (see indexes/normalizers.py) in which a number index keeps values; empty if
            they have no order of numbers.
        ordered: what values are compared as, "number" or "text"; empty if the type does not say.
    """

    __slots__ = ("canonical", "decode", "encode", "name", "normal", "number", "ordered", "use")

    def __init__(
        self,
        name: str,
        encode: Callable[[T], bytes],
        decode: Callable[[bytes], T],
        use: Use = Use.NONE,
        normal: str = "text",
        canonical: Callable[[bytes], bytes] | None = None,
        number: str = "",
        ordered: str = "",
    ) -> None:
        self.name = name
        self.encode = encode
        self.decode = decode
        self.use = use
        self.normal = normal
        self.canonical = canonical
        self.number = number
        self.ordered = ordered


def exactly(expected: type[T], *, but_not: type | tuple[type, ...] = ()) -> Callable[[Any], T]:
    """Returns a check that a value is of a type, and not of one that Python takes for it."""

    def check(value: Any) -> T:
        if not isinstance(value, expected) or isinstance(value, but_not):
            msg = f"it takes {expected.__name__}, not {type(value).__name__}"
            raise TypeError(msg)
        return value

    return check
