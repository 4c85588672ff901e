"""Checks of arguments before anything is sent."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from limpyd.exceptions import InvalidValue, MissingArgument, shorten
from limpyd.fields.step_targets import AmountTarget
from limpyd.keys import to_bytes
from limpyd.requests.request import Argument
from limpyd.requests.step_results import StepResult, UnknownResult
from limpyd.types import UNTYPED, Use

SMALLEST, LARGEST = -(1 << 63), (1 << 63) - 1
"""The range of the 64 bits of Redis's integers."""
INTEGER = r"-?[0-9]{1,20}"
NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
INFINITIES = frozenset({"inf", "+inf", "-inf"})
UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def integer(what: str, value: Any, *, low: int = SMALLEST, high: int = LARGEST) -> int:
    """An int within bounds; text of one, as redis-py takes it, is one too.

    Raises:
        InvalidValue: it is something else.
    """
    if type(value) is int and low <= value <= high:
        return value
    if isinstance(value, str) and re.fullmatch(INTEGER, value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        if isinstance(value, StepResult):
            raise UnknownResult(what, value)
        msg = f"{what} takes an int, not {shorten(value)}"
        raise InvalidValue(msg)
    if not low <= value <= high:
        bound = f"at least {low}" if value < low else f"at most {high}"
        msg = f"{what} must be {bound}, not {shorten(value)}"
        raise InvalidValue(msg)
    return int(value)


def count(what: str, value: Any) -> int:
    """Checks how many random members are wanted; negative ones may repeat.

    Raises:
        InvalidValue: it is no int, or beyond what servers take.
    """
    return integer(what, value, low=-LARGEST // 2, high=LARGEST // 2)


def some(name: str, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Arguments of which a command needs at least one.

    Raises:
        InvalidValue: there is none.
    """
    if not arguments:
        msg = f"{name} needs at least one of them; it got none"
        raise MissingArgument(msg)
    return arguments


def number(what: str, value: Any) -> str:
    """A finite int, float or Decimal, or text of one, as the text that INCRBYFLOAT takes.

    Raises:
        InvalidValue: it is something else.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return str(integer(what, value))
    if isinstance(value, float) and math.isfinite(value):
        return repr(float(value))
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")
    if isinstance(value, str) and re.fullmatch(NUMBER, value) and math.isfinite(float(value)):
        return value
    if isinstance(value, StepResult):
        return value._argument_for(AmountTarget(what, Use.NUMBER, score))  # type: ignore[return-value] # as it is sent
    msg = f"{what} takes a finite number, not {shorten(value)}"
    raise InvalidValue(msg)


def score(what: str, value: Any) -> str:
    """A number that may be infinite, as the text that sorted sets take.

    Raises:
        InvalidValue: it is something else, or NaN.
    """
    if isinstance(value, float) and math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if isinstance(value, int) and not isinstance(value, bool) and not SMALLEST <= value <= LARGEST:
        try:
            return repr(float(value))
        except OverflowError:
            msg = f"{what} must be a number that a float can hold, not {shorten(value)}"
            raise InvalidValue(msg) from None
    if isinstance(value, str) and value.lower() in INFINITIES:
        return value
    return number(what, value)


def usual_score(value: Any) -> bytes | None:
    """A score of a usual type as it is sent; None of others, and of those that need a closer look."""
    if type(value) is int:
        return b"%d" % value if SMALLEST <= value <= LARGEST else None
    return repr(value).encode() if type(value) is float and math.isfinite(value) else None


def score_bound(what: str, value: Any) -> str:
    """A bound of a range of scores: a number, or a text such as "-inf", "+inf" or "(1.5".

    Raises:
        InvalidValue: it is something else.
    """
    if not isinstance(value, str):
        return score(what, value)
    try:
        number_meant = float(value.removeprefix("("))
    except ValueError:
        number_meant = math.nan
    if math.isnan(number_meant):
        msg = f"{what} takes a number, or text such as '-inf', '+inf' or '(1.5', not {shorten(value)}"
        raise InvalidValue(msg)
    return value


def lex_bound(what: str, value: Any) -> bytes:
    """A bound of a range in byte order: "[a", "(a", "-" or "+".

    Raises:
        InvalidValue: it is something else.
    """
    text = as_bytes(what, value)
    if text not in {b"-", b"+"} and text[:1] not in {b"[", b"("}:
        msg = (
            f"{what} begins with '[' (inclusive) or '(' (exclusive), or is '-' or '+' for the ends; not "
            f"{shorten(value)}"
        )
        raise InvalidValue(msg)
    return text


def as_bytes(what: str, value: Any) -> bytes:
    """A text as it is sent.

    Raises:
        InvalidValue: it is neither str nor bytes, or cannot be encoded.
    """
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        try:
            return to_bytes(value)
        except UnicodeEncodeError as error:
            msg = f"{what} cannot be sent as text: {error}"
            raise InvalidValue(msg) from error
    msg = f"{what} takes str or bytes, not {shorten(value)}"
    raise InvalidValue(msg)


def encoded(what: str, value: Any) -> bytes:
    """Encodes a value that redis-py takes.

    Raises:
        InvalidValue: it is something else, or cannot be encoded.
    """
    try:
        return UNTYPED.encode(value)
    except TypeError as error:
        msg = f"{what} takes str, bytes, int, float or Decimal, not {shorten(value)}"
        raise InvalidValue(msg) from error
    except ValueError as error:
        msg = f"{what} cannot be sent as text: {error}"
        raise InvalidValue(msg) from error


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


def flag(what: str, value: Any) -> bool:
    """True or False.

    Raises:
        InvalidValue: it is something else.
    """
    if not isinstance(value, bool):
        msg = f"{what} takes True or False, not {shorten(value)}"
        raise InvalidValue(msg)
    return value


def flags(command: str, **options: bool) -> list[Argument]:
    """The flags of a command that are set, as they are sent.

    Raises:
        InvalidValue: one is neither True nor False.
    """
    return [name.upper() for name, value in options.items() if flag(f"{command}'s {name}", value)]


def at_most_one(command: str, **options: Any) -> None:
    """Refuses arguments that exclude each other.

    Raises:
        InvalidValue: more than one of them is given.
    """
    used = [name for name, value in options.items() if value is not None and value is not False]
    if len(used) > 1:
        msg = f"{command} takes only one of {', '.join(options)}; got {' and '.join(used)}"
        raise InvalidValue(msg)


def seconds(what: str, value: int | timedelta, *, low: int = SMALLEST, high: int = LARGEST) -> int:
    """A duration in whole seconds."""
    return integer(what, _whole(what, value, timedelta(seconds=1)), low=low, high=high)


def milliseconds(what: str, value: int | timedelta, *, low: int = SMALLEST, high: int = LARGEST) -> int:
    """A duration in whole milliseconds."""
    return integer(what, _whole(what, value, timedelta(milliseconds=1)), low=low, high=high)


def _whole(what: str, value: int | timedelta, unit: timedelta) -> int:
    if not isinstance(value, timedelta):
        return value
    count, rest = divmod(value, unit)
    if rest:
        finer = "; use the command, or argument, for milliseconds" if unit > timedelta(milliseconds=1) else ""
        msg = f"{what} is not a whole number of {'seconds' if finer else 'milliseconds'}: {value!r}{finer}"
        raise InvalidValue(msg)
    return count


Timeout = float | timedelta | None
"""The time to wait for a member, in seconds: as in redis-py, None is 0, which is no limit."""


def timeout(what: str, value: Timeout) -> str:
    """Returns the most seconds to wait, as they are sent; 0 for no limit."""
    if value is None:
        return "0"
    if isinstance(value, timedelta):
        value = value.total_seconds()
    text = number(what, value)
    if float(text) < 0:
        msg = f"{what} cannot be negative: {shorten(value)}; 0 waits forever"
        raise InvalidValue(msg)
    return text


def timestamp(what: str, value: int | datetime, *, low: int = SMALLEST, high: int = LARGEST) -> int:
    """A moment in whole seconds since 1970; a datetime without a time zone is one of local time."""
    return integer(what, _since_1970(what, value, timedelta(seconds=1)), low=low, high=high)


def timestamp_ms(what: str, value: int | datetime, *, low: int = SMALLEST, high: int = LARGEST) -> int:
    """A moment in whole milliseconds since 1970; a datetime without a time zone is one of local time."""
    return integer(what, _since_1970(what, value, timedelta(milliseconds=1)), low=low, high=high)


def _since_1970(what: str, value: int | datetime, unit: timedelta) -> int:
    if not isinstance(value, datetime):
        return value
    try:
        return (value.astimezone(UTC) - UNIX_EPOCH) // unit
    except (OverflowError, OSError, ValueError) as error:
        msg = f"{what} takes a time that can be converted to UTC, not {value!r}: {error}"
        raise InvalidValue(msg) from error


def on(command: str, name: str, value: object) -> str:
    """The option of a command that a flag stands for, where it can only be set.

    Raises:
        InvalidValue: it is not True.
    """
    if value is False:
        msg = f"{command} has {name} here in any case; {name}=False has no effect, so leave it out"
        raise InvalidValue(msg)
    if value is not True:
        msg = f"{command}'s {name} takes True or False, not {shorten(value)}"
        raise InvalidValue(msg)
    return name.upper()
