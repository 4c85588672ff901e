"""Encoders of the results of transforms, and of the values in filters on them."""

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
    """Returns the function that encodes the results of a field's transforms, and the values of its filters.

    Args:
        partition: the partition, which has a layout.
        typed: whether the field has a type.
        numbers: whether the index contains numbers.
    """
    if isinstance(partition, Limpyd2Partition):
        return encode_number_as_limpyd2 if numbers else encode_as_limpyd2
    return encode_any if typed else encode_untyped


def encode_any(value: Any) -> bytes:
    """Returns the text of a value of any type that a field can have.

    Raises:
        InvalidValue: it is of another type.
    """
    if isinstance(value, bytes):
        return value
    known = next((kind for kind in (bool, *CODECS) if isinstance(value, kind)), None)
    if known is None:
        msg = f"{shorten(value)} has a type that cannot be stored"
        raise InvalidValue(msg)
    try:
        if known is str:  # a transform is given text with surrogates, and may return them
            return UNTYPED.encode(value)
        return codec_for(type(value) if type(value) in CODECS else known).encode(value)
    except (TypeError, ValueError) as error:
        msg = f"{shorten(value)} cannot be stored: {error}"
        raise InvalidValue(msg) from error


def encode_untyped(value: Any) -> bytes:
    """Returns the same; floats are encoded as by redis-py (5.0 is "5.0"), as in fields without a type."""
    return UNTYPED.encode(value) if isinstance(value, float) else encode_any(value)


def encode_as_limpyd2(value: Any) -> bytes:
    """Returns the text that limpyd 2 makes: `str(value)`."""
    return UNTYPED.encode(value if isinstance(value, str | bytes) else str(value))


def encode_number_as_limpyd2(value: Any) -> bytes:
    """Returns the text of a number in limpyd 2, for which True is 1."""
    return b"%d" % value if isinstance(value, bool) else encode_as_limpyd2(value)
