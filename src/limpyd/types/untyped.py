"""The values of fields that are declared without a type."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from limpyd.types.codec import Codec, Use
from limpyd.types.codecs import CODECS
from limpyd.types.numbers import encode_decimal
from limpyd.types.text import BYTES_LIKE

K_co = TypeVar("K_co", covariant=True)
V_co = TypeVar("V_co", covariant=True)


class Untyped:
    """The type of a field that is declared without one: it takes what redis-py takes, and returns text."""


Encodable = str | bytes | bytearray | memoryview | int | float | Decimal
"""The values that such a field takes."""


class SupportsItems(Protocol[K_co, V_co]):
    """A mapping that is only read; so one of str is one of what a field without a type takes."""

    def items(self) -> Iterable[tuple[K_co, V_co]]: ...


def _encode_untyped(value: Encodable) -> bytes:
    """The text that redis-py's encoder sends; that of a Decimal, which it refuses, is written without an exponent."""
    if type(value) is str:
        return value.encode("utf-8", "surrogateescape")
    if type(value) is int:
        return b"%d" % value
    if isinstance(value, BYTES_LIKE):
        return bytes(value)
    if isinstance(value, bool):
        raise TypeError(_not_encodable(value))
    # Not by the repr of a subclass, such as IntEnum's or that of numpy's float64.
    if isinstance(value, int):
        return int.__repr__(value).encode()
    if isinstance(value, float):
        return float.__repr__(value).encode()
    if isinstance(value, str):
        return str.encode(value, "utf-8", "surrogateescape")
    if isinstance(value, Decimal):
        return encode_decimal(value)
    raise TypeError(_not_encodable(value))


def _decode_untyped(stored: bytes) -> str:
    try:
        return stored.decode()  # twice as fast as with an error handler
    except UnicodeDecodeError:
        return stored.decode("utf-8", "surrogateescape")


def _not_encodable(value: object) -> str:
    """Returns the reason why a field without a type does not take a value, and the cure."""
    kind = type(value)
    declared = next((known for known in (bool, enum.Enum, *CODECS) if isinstance(value, known)), None)
    if value is None:
        cure = "to remove the value use delete(), to store an empty text ''"
    elif declared is bool:
        cure = "declare the field with type=bool, or pass 0 or 1"
    elif declared is not None:
        cure = f"declare the field with type={kind.__name__ if declared is enum.Enum else declared.__name__}"
    elif isinstance(value, list | tuple | set | frozenset | dict):
        cure = "pass its members one by one, or declare a ListField, SetField, HashField or JSONField"
    else:
        cure = "convert it to one of them"
    return f"without a type= it takes str, bytes, int, float or Decimal, not {kind.__name__}; {cure}"


UNTYPED: Codec[Any] = Codec(
    "str",
    _encode_untyped,
    _decode_untyped,
    Use.TEXT | Use.INTEGER | Use.NUMBER,
    number="numeral",
)
"""The storage of the values of a field without a type. Bytes that are not UTF-8 are read as text with surrogates,
which is stored as those bytes again."""
