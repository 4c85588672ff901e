"""The codecs of Enum classes."""

from __future__ import annotations

import enum
from functools import lru_cache
from typing import Any

from limpyd.exceptions import DeclarationError
from limpyd.types.codec import Codec, exactly
from limpyd.types.codecs import CODECS


@lru_cache(256)
def enum_codec(declared: type[enum.Enum]) -> Codec[Any]:
    """An Enum is stored by the value of its members, which must be of one type."""
    types = {type(member.value) for member in declared}
    if len(types) != 1 or not types <= CODECS.keys():
        msg = (
            f"type={declared.__name__}: the values of an Enum must all be of one type that can be "
            f"stored ({', '.join(known.__name__ for known in CODECS)})"
        )
        raise DeclarationError(msg)
    values = CODECS[types.pop()]
    check = exactly(declared)
    return Codec(
        declared.__name__,
        lambda value: values.encode(check(value).value),
        lambda stored: declared(values.decode(stored)),
        normal=values.normal,
        canonical=values.canonical,
        number=values.number,
    )
