"""Entries of a stream: as its commands take them, and its replies return them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from limpyd.commands.faces import Face
from limpyd.commands.replies import mapping, pairs
from limpyd.exceptions import InvalidValue, MissingArgument, shorten
from limpyd.fields import checks
from limpyd.fields.bound.members import BoundMembers
from limpyd.fields.bound.value import MAX_ARGUMENTS
from limpyd.fields.stream.ids import StreamId, stream_id
from limpyd.keys import to_text
from limpyd.requests.request import Argument
from limpyd.types import Encodable, SupportsItems

T = TypeVar("T")
V = TypeVar("V")


class StreamEntry(NamedTuple, Generic[T]):
    """An entry of a stream.

    Attributes:
        id: its id, such as `"1526919030474-0"`.
        fields: its values by name, in their order; empty where the entry was deleted, but is still
            pending in a consumer group. Of a name that another program gave twice, the last value.
    """

    id: str
    fields: dict[str, T]


class BoundEntries(BoundMembers[Face], Generic[T, V, Face]):
    """The entries of a stream, as commands name them and replies return them."""

    __slots__ = ()

    def _pairs(self, fields: SupportsItems[Encodable, V]) -> list[Argument]:
        """The fields of a new entry, as they are sent."""
        if not isinstance(fields, Mapping) or not fields:
            msg = f"XADD on {self._field} takes a dict of at least one name and value, not {shorten(fields)}"
            raise InvalidValue(msg)
        if len(fields) > MAX_ARGUMENTS // 2:
            msg = f"XADD on {self._field} takes at most {MAX_ARGUMENTS // 2} names and values, not {len(fields)}"
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
