"""Forms: functions that normalize stored values for indexes.

Each is a function from stored text to indexed text, which raises ValueError with the reason if the
value cannot be indexed so. The server has the same functions, in lua/library/forms.lua. Forms are named;
`a|b` is b after a.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, time
from functools import cache, partial

from limpyd.types import NORMAL_FORMS
from limpyd.types.normal_forms import compiled, is_plain_number

Normalizer = Callable[[bytes], bytes]

LARGEST_EXACT = 2**53
"""Up to here any two integers are different doubles."""
DIGITS_KEPT = 15
"""Any two decimal numbers of so many digits are two doubles."""
ZERO = ord("0")
SMALLEST_NORMAL = 2.2250738585072014e-308
SECOND = 1_000_000
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the texts of moments are in UTC

_DECIMAL = rb"[+-]?(?=\.?[0-9])([0-9]*)(?:\.([0-9]*))?(?:[eE][+-]?[0-9]{1,4})?"
_WITHOUT_EXPONENT = rb"[+-]?(?=\.?[0-9])[0-9]*\.?[0-9]*"
_DATE = rb"([0-9]{4})-([0-9]{2})-([0-9]{2})"
_TIME = rb"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?"
_MOMENT = rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?Z"
_DOUBLE = rb"[+-]?(?:(?=\.?[0-9])[0-9]*(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,4})?|inf)"
_INTEGER = rb"[+-]?0*(0|[1-9][0-9]*)"
_NOT_ZERO = rb"[+-]?[0.]*[1-9]"
_UNDERSCORE = rb"(?<=[0-9])_(?=[0-9])"
_LOOSE = rb"[+-]?(?:(?=\.?[0-9])[0-9]*(?:\.[0-9]*)?(?:e[+-]?[0-9]{1,4})?|inf(?:inity)?)"

ENDING = "ending:"
"""The beginning of a form that adds an ending, in hexadecimal digits, to texts."""


@cache
def form(name: str) -> Normalizer:
    """Returns the form with a name."""
    if "|" in name:
        first, _, rest = name.partition("|")
        before, after = form(first), form(rest)
        return lambda stored: after(before(stored))
    if name.startswith("slice:"):
        start, stop = (int(part) for part in name.split(":")[1:])
        return lambda stored: stored[start - 1 : stop]
    if name.startswith("apart:"):
        return partial(_apart, bytes.fromhex(name.removeprefix("apart:")))
    if name.startswith(ENDING):
        return partial(_ended, bytes.fromhex(name.removeprefix(ENDING)))
    return FORMS[name]


def score(number: float) -> bytes:
    """Returns the text of a double."""
    return b"0" if number == 0 else b"%.17g" % number


def _exact(stored: bytes) -> bytes:
    """Returns a number that is a double of its own."""
    if len(stored) <= DIGITS_KEPT and stored.isdigit() and (stored[0] != ZERO or len(stored) == 1):
        return stored  # as most are
    if len(stored) <= DIGITS_KEPT and (is_plain_number(stored) or compiled(_WITHOUT_EXPONENT).fullmatch(stored)):
        return score(float(stored))  # neither too large nor too small
    match = compiled(_DECIMAL).fullmatch(stored)
    if match is None:
        msg = "it is not a number"
        raise ValueError(msg)
    fraction = (match[2] or b"").rstrip(b"0")
    digits = (match[1] + fraction).lstrip(b"0")
    number = float(stored)
    whole = not fraction and b"e" not in stored.lower()
    if digits and (abs(number) < SMALLEST_NORMAL or abs(number) == float("inf")):
        msg = "it is too large or too small for a number index"
        raise ValueError(msg)
    if len(digits.rstrip(b"0")) > DIGITS_KEPT and not (whole and int(match[1]) <= LARGEST_EXACT):
        msg = f"a number index stores up to {DIGITS_KEPT} digits, or integers up to 2**53, and does not round"
        raise ValueError(msg)
    return score(number)


def _double(stored: bytes) -> bytes:
    """Returns a float, which is a double itself."""
    if not is_plain_number(stored) and compiled(_DOUBLE).fullmatch(stored) is None:
        msg = "NaN has no position in the order of numbers" if stored == b"nan" else "it is not a number"
        raise ValueError(msg)
    return score(float(stored))


def _numeral(stored: bytes) -> bytes:
    """Returns the number that Python reads in a text: an integer, if a double is exact, or a float."""
    if len(stored) <= DIGITS_KEPT and stored.isdigit() and (stored[0] != ZERO or len(stored) == 1):
        return stored  # as most are
    rounded = _double(stored)
    if rounded[-1:] == b"f" and stored[-1:] == b"f":  # infinite, and written so
        return rounded
    number = float(stored)
    if math.isinf(number) or (number == 0 and re.match(_NOT_ZERO, stored)):
        msg = "it is too large or too small for a number index"
        raise ValueError(msg)
    whole = compiled(_INTEGER).fullmatch(stored)
    if whole and b"%.0f" % abs(number) != whole[1]:
        msg = (
            "a number index stores only integers that a double can represent, such as all up to 2**53, and does "
            "not round"
        )
        raise ValueError(msg)
    return rounded


def _days(stored: bytes) -> bytes:
    """Returns the number of a date; 1 is the first day of the year 1."""
    if match := re.fullmatch(_DATE, stored):
        with suppress(ValueError):
            return b"%d" % date(*map(int, match.groups())).toordinal()
    msg = "it is not a date (YYYY-MM-DD)"
    raise ValueError(msg)


def _clock(stored: bytes) -> bytes:
    """Returns a time of day in microseconds since midnight."""
    if match := re.fullmatch(_TIME, stored):
        hour, minute, second, fraction = match.groups()
        with suppress(ValueError):
            return b"%d" % _microseconds(time(int(hour), int(minute), int(second), _fraction(fraction)))
    msg = "it is not a time of day (HH:MM:SS.ffffff)"
    raise ValueError(msg)


def _moment(stored: bytes) -> bytes:
    """Returns a moment in microseconds since 1970."""
    try:
        since = datetime.fromisoformat(stored[:-1].decode()) - EPOCH if compiled(_MOMENT).fullmatch(stored) else None
    except ValueError:
        since = None
    if since is None:
        msg = "it is not a datetime (YYYY-MM-DDTHH:MM:SS.ffffffZ)"
        raise ValueError(msg)
    microseconds = (since.days * 86400 + since.seconds) * SECOND + since.microseconds
    if int(float(microseconds)) != microseconds:
        msg = "a number index cannot store microseconds so far from 1970; use TextRangeIndex"
        raise ValueError(msg)
    return b"%d" % microseconds


def _fraction(digits: bytes | None) -> int:
    """Returns the fraction of a second in microseconds."""
    return 0 if digits is None else int(digits.ljust(6, b"0"))


def _microseconds(clock: time) -> int:
    """Returns the time of day in microseconds."""
    return ((clock.hour * 60 + clock.minute) * 60 + clock.second) * SECOND + clock.microsecond


def _loose(stored: bytes) -> bytes:
    """Returns the number that limpyd 2 indexes: rounded; 0 for a text that is not a number."""
    text = re.sub(_UNDERSCORE, b"", stored.strip(b" \t\n\r\f\v").lower())
    return score(float(text)) if re.fullmatch(_LOOSE, text) else b"0"


def _apart(other: bytes, stored: bytes) -> bytes:
    """Returns a text; refuses it if its key could belong to another index (see keys/limpyd2.py)."""
    if stored.startswith(other) if other.endswith(b":") else stored == other:
        msg = "in the layout of limpyd 2 its key would be that of another index of the field"
        raise ValueError(msg)
    return stored


def _ended(ending: bytes, stored: bytes) -> bytes:
    """A text with an ending, which no text has by itself."""
    if stored.endswith(ending):
        msg = "in the layout of limpyd 2 its key would be that of another index of the field"
        raise ValueError(msg)
    return stored + ending


def _casefold(stored: bytes) -> bytes:
    return stored.decode("utf-8", "surrogateescape").casefold().encode("utf-8", "surrogateescape")


FORMS: dict[str, Normalizer] = {
    **NORMAL_FORMS,
    "exact": _exact,
    "double": _double,
    "numeral": _numeral,
    "days": _days,
    "clock": _clock,
    "moment": _moment,
    "loose": _loose,
    "casefold": _casefold,
}
