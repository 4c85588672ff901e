"""The codec of the type in a field's declaration."""

from __future__ import annotations

import enum
from typing import Any

from limpyd.exceptions import DeclarationError
from limpyd.types.codec import Codec
from limpyd.types.codecs import CODECS
from limpyd.types.enums import enum_codec
from limpyd.types.untyped import UNTYPED, Untyped


def codec_for(declared: Any) -> Codec[Any]:
    """The codec of a type.

    Raises:
        DeclarationError: limpyd cannot store the type.
    """
    if declared is Untyped:
        return UNTYPED
    if isinstance(declared, type):
        if issubclass(declared, enum.Enum):
            return enum_codec(declared)
        if declared in CODECS:
            return CODECS[declared]
    supported = ", ".join(known.__name__ for known in CODECS)
    msg = f"type={declared!r} cannot be stored; use one of {supported}, or an Enum class of such values"
    raise DeclarationError(msg)
