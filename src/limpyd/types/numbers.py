"""The codecs of numbers, and of True and False."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from limpyd.types.codec import Codec, Use, exactly
from limpyd.types.normal_forms import canonical_float, normal_decimal

_int = exactly(int, but_not=bool)
_bool = exactly(bool)
_decimal = exactly(Decimal)
MAX_DIGITS = 100_000
"""Of a Decimal that is written out; the few characters of 1E+99999999 would take 100 MB."""


def _encode_int(value: int) -> bytes:
    return b"%d" % (value if type(value) is int else _int(value))


def _encode_float(value: float) -> bytes:
    if type(value) is not float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            msg = f"it takes float, not {type(value).__name__}"
            raise TypeError(msg)
        value = float(value)
    return repr(value).removesuffix(".0").encode()


def encode_decimal(value: Decimal) -> bytes:
    """A Decimal, or an int, written out without an exponent.

    Raises:
        TypeError: it is something else.
        ValueError: it is not finite, or would have too many digits.
    """
    number = value
    if type(value) is not Decimal:
        number = Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else _decimal(value)
    if not number.is_finite():
        msg = "only finite numbers can be stored as Decimal"
        raise ValueError(msg)
    if abs(number.adjusted()) <= MAX_DIGITS:
        text = Decimal.__format__(number, "f").encode()
        if len(text) <= MAX_DIGITS or len(number.as_tuple().digits) <= MAX_DIGITS:
            return text
    msg = f"it has more than {MAX_DIGITS} digits when it is written out"
    raise ValueError(msg)


def _decode_decimal(stored: bytes) -> Decimal:
    try:
        return Decimal(stored.decode())
    except InvalidOperation:
        msg = "not a decimal number"
        raise ValueError(msg) from None


def _decode_bool(stored: bytes) -> bool:
    if stored not in {b"0", b"1"}:
        msg = "a bool is stored as 0 or 1"
        raise ValueError(msg)
    return stored == b"1"


INT = Codec("int", _encode_int, int, Use.INTEGER, number="exact", ordered="number")
FLOAT = Codec(
    "float",
    _encode_float,
    float,
    Use.NUMBER,
    "float",
    canonical_float,
    number="double",
    ordered="number",
)
BOOL = Codec("bool", lambda value: b"1" if _bool(value) else b"0", _decode_bool, number="exact")
DECIMAL = Codec(
    "Decimal",
    encode_decimal,
    _decode_decimal,
    Use.NUMBER,
    "decimal",
    normal_decimal,
    number="exact",
    ordered="number",
)
