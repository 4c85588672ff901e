"""Encoders of what a transform returns, and of the values that filters compare with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from limpyd.exceptions import InvalidValue, shorten
from limpyd.keys import Partition
from limpyd.keys.limpyd2 import Limpyd2Partition
from limpyd.types import CODECS, UNTYPED, codec_for

Transform = str | Callable[..., Any]
"""The name of a form, which the server knows too; or a Python function, which it cannot run."""


def encoder(partition: Partition, *, typed: bool, numbers: bool = False) -> Callable[[Any], bytes]:
    """The function that writes results of transforms of a field's values, and values of its filters, as text.

    Args:
        partition: the partition, of which the layout counts.
        typed: whether the field has a type.
        numbers: whether the index keeps numbers.
    """
    if isinstance(partition, Limpyd2Partition):
        return encode_number_as_limpyd2 if numbers else encode_as_limpyd2
    return encode_any if typed else encode_untyped


def encode_any(value: Any) -> bytes:
    """The text of a value of any type that a field can hold.

    Raises:
        InvalidValue: it is of another type.
    """
    if isinstance(value, bytes):
        return value
    known = next((kind for kind in (bool, *CODECS) if isinstance(value, kind)), None)
    if known is None:
        msg = f"{shorten(value)} is of no type that can be stored"
        raise InvalidValue(msg)
    try:
        if known is str:  # a transform is given text with surrogates, and may return them
            return UNTYPED.encode(value)
        return codec_for(type(value) if type(value) in CODECS else known).encode(value)
    except (TypeError, ValueError) as error:
        msg = f"{shorten(value)} cannot be stored: {error}"
        raise InvalidValue(msg) from error


def encode_untyped(value: Any) -> bytes:
    """The same, where a float is written as redis-py does: 5.0 is "5.0", as it is stored in a field without a type."""
    return UNTYPED.encode(value) if isinstance(value, float) else encode_any(value)


def encode_as_limpyd2(value: Any) -> bytes:
    """The text as limpyd 2 writes it: `str(value)`."""
    return UNTYPED.encode(value if isinstance(value, str | bytes) else str(value))


def encode_number_as_limpyd2(value: Any) -> bytes:
    """The text of what limpyd 2 reads as a number, where True is 1."""
    return b"%d" % value if isinstance(value, bool) else encode_as_limpyd2(value)
