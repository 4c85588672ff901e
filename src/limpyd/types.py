"""The storage of Python values: one codec per type.

The text a codec stores is what Redis sees, so numbers are plain decimal text that INCRBY and the
like work on, and moments sort by their text.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Generic, NamedTuple, Protocol, TypeVar
from uuid import UUID

from limpyd.exceptions import DeclarationError

T = TypeVar("T")
K_co = TypeVar("K_co", covariant=True)
V_co = TypeVar("V_co", covariant=True)


class Untyped:
    """The type of a field that is declared without one: it takes what redis-py takes, and returns text."""


Encodable = str | bytes | bytearray | memoryview | int | float | Decimal
"""The values that such a field takes."""
BYTES_LIKE = (bytes, bytearray, memoryview)


class SupportsItems(Protocol[K_co, V_co]):
    """A mapping that is only read; so one of str is one of what a field without a type takes."""

    def items(self) -> Iterable[tuple[K_co, V_co]]: ...


FARTHEST_EAST, FARTHEST_NORTH = 180.0, 85.05112878
"""Beyond these Redis stores no place."""


class GeoPoint(NamedTuple):
    """A place on the globe, in degrees."""

    longitude: float
    latitude: float


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
        number: name of the form (see limpyd/indexes/normalizers.py) in which a number index keeps values; empty if
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


def codec_for(declared: Any) -> Codec[Any]:
    """The codec of a type.

    Raises:
        DeclarationError: limpyd cannot store the type.
    """
    if declared is Untyped:
        return UNTYPED
    if isinstance(declared, type):
        if issubclass(declared, enum.Enum):
            return _enum_codec(declared)
        if declared in CODECS:
            return CODECS[declared]
    supported = ", ".join(known.__name__ for known in CODECS)
    msg = f"type={declared!r} cannot be stored; use one of {supported}, or an Enum class of such values"
    raise DeclarationError(msg)


# --- normal forms: the same in Python (for filters) and in Lua (lua/library/forms.lua) ---

_FRACTION = re.compile(rb"(-?[0-9]+)\.([0-9]+)")
_FLOAT = re.compile(rb"[+-]?(?=\.?[0-9])[0-9]*(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,4})?")


def _normal_float(stored: bytes) -> bytes:
    if _FLOAT.fullmatch(stored) is None:
        return stored  # inf, nan; or no number at all
    number = float(stored)
    return b"0" if number == 0 else b"%.17g" % number


def normal_decimal(stored: bytes) -> bytes:
    """The normal form of a number, without zeros at its end."""
    match = _FRACTION.fullmatch(stored)
    if match:
        fraction = match[2].rstrip(b"0")
        stored = match[1] + b"." + fraction if fraction else match[1]
    return b"0" if stored == b"-0" else stored


def _canonical_float(stored: bytes) -> bytes:
    return b"0" if stored == b"-0" else stored


NORMAL_FORMS: dict[str, Callable[[bytes], bytes]] = {
    "text": bytes,
    "float": _normal_float,
    "decimal": normal_decimal,
}
"""The text under which an index keeps a stored value: 2, 2.0 and 2e0 are one float."""


# --- the codecs ---


def _exactly(expected: type[T], *, but_not: type | tuple[type, ...] = ()) -> Callable[[Any], T]:
    """A check that a value is of a type, and not of one that Python takes for it."""

    def check(value: Any) -> T:
        if not isinstance(value, expected) or isinstance(value, but_not):
            msg = f"it takes {expected.__name__}, not {type(value).__name__}"
            raise TypeError(msg)
        return value

    return check


_date = _exactly(date, but_not=datetime)
_decimal = _exactly(Decimal)
_int = _exactly(int, but_not=bool)
_str = _exactly(str)
_bool = _exactly(bool)
_uuid = _exactly(UUID)
_datetime = _exactly(datetime)
_time = _exactly(time)
_timedelta = _exactly(timedelta)

_point = _exactly(tuple)

MOST_DIGITS = 100_000
"""Of a Decimal that is written out; the few characters of 1E+99999999 would take 100 MB."""
MICROSECOND = timedelta(microseconds=1)


def _encode_str(value: str) -> bytes:
    return (value if type(value) is str else _str(value)).encode()


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
        return _encode_decimal(value)
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
        cure = "declare the field with type=bool, or give 0 or 1"
    elif declared is not None:
        cure = f"declare the field with type={kind.__name__ if declared is enum.Enum else declared.__name__}"
    elif isinstance(value, list | tuple | set | frozenset | dict):
        cure = "give its members one by one, or declare a ListField, SetField, HashField or JSONField"
    else:
        cure = "convert it to one of them"
    return f"without a type= it takes str, bytes, int, float or Decimal, not {kind.__name__}; {cure}"


def _encode_bytes(value: bytes) -> bytes:
    if not isinstance(value, BYTES_LIKE):
        msg = f"it takes bytes, not {type(value).__name__}"
        raise TypeError(msg)
    return bytes(value)


def _encode_float(value: float) -> bytes:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        msg = f"it takes float, not {type(value).__name__}"
        raise TypeError(msg)
    return repr(float(value)).removesuffix(".0").encode()


def _encode_decimal(value: Decimal) -> bytes:
    number = Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else _decimal(value)
    if not number.is_finite():
        msg = "only finite numbers can be stored as Decimal"
        raise ValueError(msg)
    if abs(number.adjusted()) <= MOST_DIGITS:
        text = Decimal.__format__(number, "f").encode()
        if len(text) <= MOST_DIGITS or len(number.as_tuple().digits) <= MOST_DIGITS:
            return text
    msg = f"it has more than {MOST_DIGITS} digits when it is written out"
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


def _encode_datetime(value: datetime) -> bytes:
    if _datetime(value).utcoffset() is None:
        msg = "a datetime without a time zone names no moment; give it one, e.g. tzinfo=UTC"
        raise ValueError(msg)
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds").encode() + b"Z"


def _decode_datetime(stored: bytes) -> datetime:
    moment = datetime.fromisoformat(stored.decode())
    if moment.utcoffset() is None:
        msg = "no time zone"
        raise ValueError(msg)
    return moment


def _encode_time(value: time) -> bytes:
    if _time(value).tzinfo is not None:
        msg = "a time of day with a time zone means nothing without its date; use datetime"
        raise ValueError(msg)
    return value.isoformat(timespec="microseconds").encode()


def _encode_point(value: tuple[float, float]) -> bytes:
    longitude, latitude = (float(degrees) for degrees in _point(value))
    if not (abs(longitude) <= FARTHEST_EAST and abs(latitude) <= FARTHEST_NORTH):
        msg = f"a place is between 180 degrees west and east and {FARTHEST_NORTH} degrees north and south"
        raise ValueError(msg)
    return f"{longitude!r},{latitude!r}".encode()


def _decode_point(stored: bytes) -> GeoPoint:
    longitude, latitude = stored.decode().split(",")
    return GeoPoint(float(longitude), float(latitude))


CODECS: dict[type, Codec[Any]] = {
    str: Codec("str", _encode_str, bytes.decode, Use.TEXT | Use.INTEGER | Use.NUMBER, number="numeral"),
    bytes: Codec("bytes", _encode_bytes, bytes, Use.TEXT | Use.INTEGER | Use.NUMBER, number="numeral"),
    int: Codec("int", lambda value: b"%d" % _int(value), int, Use.INTEGER, number="exact", ordered="number"),
    float: Codec(
        "float",
        _encode_float,
        float,
        Use.NUMBER,
        "float",
        _canonical_float,
        number="double",
        ordered="number",
    ),
    bool: Codec("bool", lambda value: b"1" if _bool(value) else b"0", _decode_bool, number="exact"),
    Decimal: Codec(
        "Decimal",
        _encode_decimal,
        _decode_decimal,
        Use.NUMBER,
        "decimal",
        normal_decimal,
        number="exact",
        ordered="number",
    ),
    UUID: Codec("UUID", lambda value: str(_uuid(value)).encode(), lambda stored: UUID(stored.decode())),
    datetime: Codec("datetime", _encode_datetime, _decode_datetime, number="moment", ordered="text"),
    date: Codec(
        "date",
        lambda value: _date(value).isoformat().encode(),
        lambda stored: date.fromisoformat(stored.decode()),
        number="days",
        ordered="text",
    ),
    time: Codec(
        "time", _encode_time, lambda stored: time.fromisoformat(stored.decode()), number="clock", ordered="text"
    ),
    timedelta: Codec(
        "timedelta",
        lambda value: b"%d" % (_timedelta(value) // MICROSECOND),
        lambda stored: int(stored) * MICROSECOND,
        number="exact",
        ordered="number",
    ),
    GeoPoint: Codec("GeoPoint", _encode_point, _decode_point),
}


UNTYPED: Codec[Any] = Codec(
    "str",
    _encode_untyped,
    _decode_untyped,
    Use.TEXT | Use.INTEGER | Use.NUMBER,
    number="numeral",
)
"""The storage of the values of a field without a type. Bytes that are not UTF-8 are read as text with surrogates,
which is stored as those bytes again."""


def _enum_codec(declared: type[enum.Enum]) -> Codec[Any]:
    """An Enum is stored by the value of its members, which must be of one type."""
    types = {type(member.value) for member in declared}
    if len(types) != 1 or not types <= CODECS.keys():
        msg = (
            f"type={declared.__name__}: the values of an Enum must all be of one type that can be "
            f"stored ({', '.join(known.__name__ for known in CODECS)})"
        )
        raise DeclarationError(msg)
    values = CODECS[types.pop()]
    check = _exactly(declared)
    return Codec(
        declared.__name__,
        lambda value: values.encode(check(value).value),
        lambda stored: declared(values.decode(stored)),
        normal=values.normal,
        canonical=values.canonical,
        number=values.number,
    )
