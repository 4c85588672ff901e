"""Numbers in filters that no object can have: no value equals them, but they can be the bound of a range.

An index contains doubles; some of them stand for a decimal number of few digits. So a bound between two doubles becomes
the next lower or the next higher one, depending on the operator.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, ROUND_FLOOR, Context, Decimal, InvalidOperation
from typing import Any

from limpyd.exceptions import InvalidValue
from limpyd.indexes.normalizers import DIGITS_KEPT, LARGEST_EXACT, SMALLEST_NORMAL, score

ROUNDED = {"gt": ROUND_FLOOR, "gte": ROUND_CEILING, "lt": ROUND_CEILING, "lte": ROUND_FLOOR}
"""The rounding of a bound that is none of the numbers that an index keeps."""
NUMBER_TYPES = (int, float, Decimal)
MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNTYPED = frozenset({"str", "bytes"})
NUMERIC = frozenset({"int", "float", "Decimal"})
"""The types that are compared with numbers whatever the index is."""


class NeverStored(InvalidValue):
    """Raised for a number that no object can have; also for NaN, which is not greater or less than any number."""


def as_number(kind: str, value: Any) -> Decimal | None:
    """Returns a filter's value as a number, if values of the type can be compared with it."""
    if kind == "timedelta":
        return Decimal(value // MICROSECOND) if isinstance(value, timedelta) else None
    if kind == "datetime":
        aware = isinstance(value, datetime) and value.utcoffset() is not None
        return Decimal((value - EPOCH) // MICROSECOND) if aware else None
    if kind in UNTYPED and isinstance(value, str | bytes):
        return _written(value)
    if (
        kind not in NUMERIC | UNTYPED
        or not isinstance(value, NUMBER_TYPES)
        or (kind in UNTYPED and isinstance(value, bool))
    ):
        return None
    # A finite number of another type is a mistake, as it is when it is stored: 0.1 is not Decimal("0.1").
    others: tuple[type, ...] = {"int": (float, Decimal), "float": (Decimal,), "Decimal": (float,)}.get(kind, ())
    if isinstance(value, others) and math.isfinite(value):
        return None
    return Decimal(value)


def _written(value: str | bytes) -> Decimal | None:
    try:
        return Decimal(value if isinstance(value, str) else value.decode())
    except (InvalidOperation, UnicodeDecodeError):
        return None


def equal(kind: str, value: Any, refused: InvalidValue) -> bytes:
    """Returns the stored form of the number that equals a filter's value, which the index or the type refuses.

    Args:
        kind: the name of the type.
        value: the filter's value.
        refused: the refusal.

    Raises:
        NeverStored: there is no such number.
        InvalidValue: the value is not a number; this is the refusal.
    """
    number = as_number(kind, value)
    if number is None:
        raise refused
    if kind == "float" and number.is_infinite():
        return score(float(number))
    raise NeverStored(str(refused)) from refused


def bound(kind: str, form: str, operator: str, value: Any, refused: InvalidValue) -> bytes:
    """Returns the bound for a number that a number index cannot keep.

    Args:
        kind: the name of the type.
        form: the form of numbers in the index.
        operator: the operator.
        value: the filter's value.
        refused: the refusal.

    Raises:
        NeverStored: no number can match.
        InvalidValue: the value is not a number; this is the refusal.
    """
    number = as_number(kind, value)
    nearest = NEAREST.get(form)
    if number is None or nearest is None:
        raise refused
    if number.is_nan() or operator not in ROUNDED:
        raise NeverStored(str(refused)) from refused
    return score(float(number) if number.is_infinite() else nearest(number, ROUNDED[operator]))


def _exact(number: Decimal, rounding: str) -> float:
    """Returns the nearest number of few digits, or the nearest exact integer, as a double."""
    context = Context(prec=DIGITS_KEPT, rounding=rounding, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
    found = context.plus(number)
    largest = Decimal(LARGEST_EXACT)
    whole = max(-largest, min(largest, number.to_integral_value(rounding)))
    if rounding == ROUND_FLOOR and whole <= number:
        found = max(found, whole)
    if rounding == ROUND_CEILING and whole >= number:
        found = min(found, whole)
    if found and found.copy_abs() < SMALLEST_NORMAL:
        beyond = (rounding == ROUND_FLOOR) is (found < 0)
        return math.copysign(SMALLEST_NORMAL, found) if beyond else 0.0
    return _within_doubles(found, float(found), rounding)


def _double(number: Decimal, rounding: str) -> float:
    """Returns the nearest double."""
    found = float(number)
    if math.isinf(found):
        return _within_doubles(number, found, rounding)
    if rounding == ROUND_FLOOR and Decimal(found) > number:
        return math.nextafter(found, -math.inf)
    if rounding == ROUND_CEILING and Decimal(found) < number:
        return math.nextafter(found, math.inf)
    return found


def _within_doubles(number: Decimal, found: float, rounding: str) -> float:
    """Returns a double; for a number beyond all doubles the largest or smallest, if the rounding is towards it."""
    if math.isinf(found) and (rounding == ROUND_FLOOR) is (number > 0):
        return math.copysign(sys.float_info.max, found)
    return found


NEAREST: dict[str, Callable[[Decimal, str], float]] = {
    "exact": _exact,
    "double": _double,
    "moment": _double,
    "numeral": _double,
}
