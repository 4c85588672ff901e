"""Ids of a stream's entries, and the names of its groups and consumers, as its commands take them."""

from __future__ import annotations

import re
from typing import NamedTuple

from limpyd.exceptions import InvalidValue, shorten
from limpyd.fields import checks
from limpyd.requests.request import Argument

StreamId = str | bytes | int
"""An id as users write it: `"1526919030474-55"`, its milliseconds alone, or a sign with a meaning to the command."""


class StreamIdForm(NamedTuple):
    """The ids that a command takes."""

    pattern: bytes
    signs: str


_ID = rb"\d{1,20}(-\d{1,20})?"
EXACT = StreamIdForm(_ID, "")
NEW = StreamIdForm(rb"\*|\d{1,20}-\*|" + _ID, ", '1526919030474-*' or '*'")
BOUND = StreamIdForm(rb"[-+]|\(?" + _ID, ", one after '(', '-' or '+'")
SEEN = StreamIdForm(rb"[$+]|" + _ID, ", '$' or '+'")
LAST = StreamIdForm(rb"\$|" + _ID, " or '$'")
DELIVERED = StreamIdForm(rb">|" + _ID, " or '>'")
_NUMBER = rb"\d+"
_LARGEST = (1 << 64) - 1


def stream_id(what: str, value: StreamId, form: StreamIdForm = EXACT) -> bytes:
    """An id as it is sent.

    Raises:
        InvalidValue: it is none that the command takes.
    """
    raw = value
    if isinstance(value, int) and not isinstance(value, bool):
        raw = str(checks.integer(what, value, low=0, high=_LARGEST))
    if isinstance(raw, str):
        raw = raw.encode("ascii", "replace")
    if (
        not isinstance(raw, bytes)
        or not re.fullmatch(form.pattern, raw)
        or any(map(_too_large, re.findall(_NUMBER, raw)))
    ):
        msg = f"{what} takes a stream id such as '1526919030474-55'{form.signs}; not {shorten(value)}"
        raise InvalidValue(msg)
    return raw


def _too_large(digits: bytes) -> bool:
    return int(digits) > _LARGEST


def group_arg(command: str, groupname: str | bytes) -> bytes:
    """The name of a group."""
    return checks.as_bytes(f"{command}'s groupname", groupname)


def consumer_args(command: str, groupname: str | bytes, consumername: str | bytes) -> tuple[bytes, bytes]:
    """The name of a group, and of a consumer of it."""
    return group_arg(command, groupname), checks.as_bytes(f"{command}'s consumername", consumername)


def count_args(command: str, count: int | None) -> tuple[Argument, ...]:
    """COUNT, if it is given."""
    return () if count is None else ("COUNT", checks.integer(f"{command}'s count", count, low=1))
