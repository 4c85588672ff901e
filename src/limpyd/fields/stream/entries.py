"""Entries of a stream, the ids and names that its commands take, and what its replies mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from limpyd.commands.faces import Face
from limpyd.commands.replies import mapping, pairs
from limpyd.exceptions import InvalidValue, MissingArgument, shorten
from limpyd.fields import checks
from limpyd.fields.bound.members import BoundMembers
from limpyd.fields.bound.value import MOST_ARGUMENTS
from limpyd.keys import to_text
from limpyd.requests.request import Argument
from limpyd.types import Encodable, SupportsItems

T = TypeVar("T")
V = TypeVar("V")
R = TypeVar("R")

StreamId = str | bytes | int
"""An id as users write it: `"1526919030474-55"`, its milliseconds alone, or a sign with a meaning to the command."""


class StreamEntry(NamedTuple, Generic[T]):
    """An entry of a stream.

    Attributes:
        id: its id, such as `"1526919030474-0"`.
        fields: its values by name, in their order; empty where the entry was deleted, but is still
            pending in a consumer group. Of a name that another program gave twice, the last value.
    """

    id: str
    fields: dict[str, T]


# --- arguments ---


class Form(NamedTuple):
    """The ids that a command takes."""

    pattern: bytes
    signs: str


_ID = rb"\d{1,20}(-\d{1,20})?"
EXACT = Form(_ID, "")
NEW = Form(rb"\*|\d{1,20}-\*|" + _ID, ", '1526919030474-*' or '*'")
BOUND = Form(rb"[-+]|\(?" + _ID, ", one after '(', '-' or '+'")
SEEN = Form(rb"[$+]|" + _ID, ", '$' or '+'")
LAST = Form(rb"\$|" + _ID, " or '$'")
DELIVERED = Form(rb">|" + _ID, " or '>'")

_NUMBER = rb"\d+"
_LARGEST = (1 << 64) - 1


def stream_id(what: str, value: StreamId, form: Form = EXACT) -> bytes:
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


# --- what all commands of streams share ---


class BoundEntries(BoundMembers[Face], Generic[T, V, Face]):
    """The entries of a stream, as commands name them and replies return them."""

    __slots__ = ()

    def _pairs(self, fields: SupportsItems[Encodable, V]) -> list[Argument]:
        """The fields of a new entry, as they are sent."""
        if not isinstance(fields, Mapping) or not fields:
            msg = f"XADD on {self._field} takes a dict of at least one name and value, not {shorten(fields)}"
            raise InvalidValue(msg)
        if len(fields) > MOST_ARGUMENTS // 2:
            msg = f"XADD on {self._field} takes at most {MOST_ARGUMENTS // 2} names and values, not {len(fields)}"
            raise InvalidValue(msg)
        encode = self._field.encode
        args: list[Argument] = []
        for name, value in fields.items():
            args += (checks.encoded("the name of a field of a stream's entry", name), encode(value))
        return args

    def _ids(self, command: str, ids: Iterable[StreamId]) -> list[bytes]:
        """The ids that a command is about, of which it needs at least one."""
        if isinstance(ids, str | bytes) or not isinstance(ids, Iterable):
            msg = f"{command} on {self._field} takes several ids, such as a list, not {shorten(ids)}"
            raise InvalidValue(msg)
        found = [stream_id(f"{command} on {self._field}", each) for each in ids]
        if not found:
            msg = f"{command} on {self._field} needs at least one id"
            raise MissingArgument(msg)
        return found

    # --- replies ---

    def _entry(self, reply: Any) -> StreamEntry[T]:
        entry_id, fields = reply
        decode, key = self._field.decode, self._key()
        return StreamEntry(to_text(entry_id), {to_text(name): decode(value, key) for name, value in pairs(fields)})

    def _entries(self, reply: Any) -> list[StreamEntry[T]]:
        """Decode: entries."""
        return [self._entry(each) for each in reply or ()]

    def _entries_read(self, reply: Any) -> list[StreamEntry[T]]:
        """Decode: the entries of the one stream that was read."""
        return [entry for _, entries in pairs(reply) for entry in self._entries(entries)]

    def _facts(self, reply: Any) -> dict[str, Any]:
        """Decode: the information of XINFO on a stream, a group or a consumer."""
        return {name: self._fact(name, value) for name, value in mapping(reply).items()}

    def _fact(self, name: str, value: Any) -> Any:
        if isinstance(value, bytes):
            return to_text(value)
        if name in {"first-entry", "last-entry"}:
            return self._entry(value) if value else None
        if not isinstance(value, list):
            return value
        if name == "entries":
            return self._entries(value)
        if name in {"groups", "consumers"}:
            return [self._facts(each) for each in value]
        return [tuple(self._fact("", part) for part in each) for each in value]  # what is pending


def texts(replies: Iterable[Any]) -> list[str]:
    """Decode: ids, in several replies."""
    return [to_text(each) for reply in replies for each in reply]


def numbers(replies: Iterable[Any]) -> list[int]:
    """Decode: numbers, in several replies."""
    return [int(each) for reply in replies for each in reply]
