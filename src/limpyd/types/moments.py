"""Deadlines, and moments that only the server knows: so many milliseconds from now, by its own clock."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from limpyd.types.codec import Codec

MARK = b"now-" + os.urandom(16).hex().encode()
"""Begins the arguments that stand for moments from now, and is in the name of a key of scripts that may have some.

Each process has another one, which nobody can guess. So whatever else is an argument, it is not taken for a moment.
"""
MILLISECOND = timedelta(milliseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = (datetime.max.replace(tzinfo=UTC) - EPOCH) // MILLISECOND
"""The last moment that a datetime can be, in milliseconds since 1970."""
LONGEST = timedelta(days=365_000)
"""The longest duration: the moment after it is one that a datetime can be, for some thousand years yet."""


class FromNow(bytes):
    """The argument for a moment: the script of a model whose objects expire puts the milliseconds since 1970 there."""

    __slots__ = ()

    @property
    def shown(self) -> str:
        """The moment in messages."""
        milliseconds = int(self.removeprefix(MARK))
        return f"now {'-' if milliseconds < 0 else '+'} {abs(milliseconds)} ms" if milliseconds else "now"


def from_now(duration: timedelta) -> FromNow:
    """Returns the moment that is a duration from now."""
    return FromNow(b"%b%d" % (MARK, duration // MILLISECOND))


NOW = from_now(timedelta())


def _encode(value: datetime | timedelta) -> bytes:
    if isinstance(value, timedelta):
        if abs(value) > LONGEST:
            msg = f"a duration is at most {LONGEST.days:,} days, and None, where a deadline is set, has no end"
            raise ValueError(msg)
        return from_now(value)
    if not isinstance(value, datetime):
        msg = f"it takes datetime or timedelta, not {type(value).__name__}"
        raise TypeError(msg)
    if value.utcoffset() is None:
        msg = "a datetime needs a time zone, such as tzinfo=UTC"
        raise ValueError(msg)
    return b"%d" % min((value - EPOCH) // MILLISECOND, LATEST)


DEADLINE: Codec[datetime] = Codec(
    "deadline", _encode, lambda stored: EPOCH + int(stored) * MILLISECOND, number="exact", ordered="number"
)
