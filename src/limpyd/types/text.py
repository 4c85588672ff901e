"""The codecs of texts and of UUIDs."""

from __future__ import annotations

from uuid import UUID

from limpyd.types.codec import Codec, Use, exactly

BYTES_LIKE = (bytes, bytearray, memoryview)

_str = exactly(str)
_uuid = exactly(UUID)


def _encode_str(value: str) -> bytes:
    return (value if type(value) is str else _str(value)).encode()


def _encode_bytes(value: bytes) -> bytes:
    if not isinstance(value, BYTES_LIKE):
        msg = f"it takes bytes, not {type(value).__name__}"
        raise TypeError(msg)
    return bytes(value)


STR = Codec("str", _encode_str, bytes.decode, Use.TEXT | Use.INTEGER | Use.NUMBER, number="numeral")
BYTES = Codec("bytes", _encode_bytes, bytes, Use.TEXT | Use.INTEGER | Use.NUMBER, number="numeral")
UUID_TEXT = Codec("UUID", lambda value: str(_uuid(value)).encode(), lambda stored: UUID(stored.decode()))
