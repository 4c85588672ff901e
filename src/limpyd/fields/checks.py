"""Checks of arguments before anything is sent."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from limpyd.exceptions import InvalidValue, shorten


def integer(what: str, value: Any, *, low: int | None = None, high: int | None = None) -> int:
    """An int within bounds.

    Raises:
        InvalidValue: it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        msg = f"{what} takes an int, not {shorten(value)}"
        raise InvalidValue(msg)
    if (low is not None and value < low) or (high is not None and value > high):
        bounds = f"at least {low}" if high is None else f"from {low} to {high}"
        msg = f"{what} must be {bounds}, not {value}"
        raise InvalidValue(msg)
    return value


def number(what: str, value: Any) -> str:
    """A finite int, float or Decimal, as the text that INCRBYFLOAT takes.

    Raises:
        InvalidValue: it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not math.isfinite(value):
        msg = f"{what} takes a finite number, not {shorten(value)}"
        raise InvalidValue(msg)
    return format(value, "f") if isinstance(value, Decimal) else repr(value)


def one_of(what: str, value: Any, allowed: tuple[str, ...]) -> str:
    """A text among few, in upper case.

    Raises:
        InvalidValue: it is another.
    """
    text = value.upper() if isinstance(value, str) else value
    if text not in allowed:
        msg = f"{what} must be one of {', '.join(allowed)}, not {shorten(value)}"
        raise InvalidValue(msg)
    return str(text)


def at_most_one(command: str, **given: Any) -> None:
    """Refuses arguments that exclude each other.

    Raises:
        InvalidValue: more than one of them is given.
    """
    used = [name for name, value in given.items() if value is not None and value is not False]
    if len(used) > 1:
        msg = f"{command} takes only one of {', '.join(given)}; got {' and '.join(used)}"
        raise InvalidValue(msg)


def seconds(what: str, value: int | timedelta, *, low: int | None = None) -> int:
    """A duration in whole seconds."""
    return integer(what, value // timedelta(seconds=1) if isinstance(value, timedelta) else value, low=low)


def milliseconds(what: str, value: int | timedelta, *, low: int | None = None) -> int:
    """A duration in whole milliseconds."""
    return integer(what, value // timedelta(milliseconds=1) if isinstance(value, timedelta) else value, low=low)


def timestamp(what: str, value: int | datetime) -> int:
    """A moment in whole seconds since 1970."""
    return integer(what, int(_aware(what, value).timestamp()) if isinstance(value, datetime) else value)


def timestamp_ms(what: str, value: int | datetime) -> int:
    """A moment in whole milliseconds since 1970."""
    return integer(what, int(_aware(what, value).timestamp() * 1000) if isinstance(value, datetime) else value)


def _aware(what: str, moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        msg = f"{what} takes a datetime with a time zone; {moment!r} names no moment"
        raise InvalidValue(msg)
    return moment
