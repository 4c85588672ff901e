"""The JSON forms of values that only an import can give to a new object: of streams and HyperLogLogs."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from limpyd.exceptions import shorten
from limpyd.fields import HyperLogLogField, StreamField, ValueField
from limpyd.fields.stream.ids import stream_id
from limpyd.keys import Partition, to_text
from limpyd.query.results.columns import Column
from limpyd.scripts.query_values import Stored
from limpyd.transfer.field_forms import FieldForm, array, rows
from limpyd.transfer.texts import BASE64, as_stored, text_form

REGISTERS = 16384
"""The number of registers of a HyperLogLog."""
HEADER = 16
"""The bytes before the registers: the name, the encoding and the count that the server remembers."""
DENSE = HEADER + REGISTERS * 6 // 8


class Restored(NamedTuple):
    """A value of a new object that is stored like an index entry, after the others.

    Attributes:
        field: the field.
        kind: the name of the kind (see lua/library/index_kinds).
        text: the entry.
        sub: nothing; an expiry has it.
    """

    field: Any
    kind: bytes
    text: bytes
    sub: None = None

    def entry(self, partition: Partition) -> tuple[bytes, bytes, bytes]:
        """Returns it as an index entry."""
        return self.kind, self.field.place_in(partition).prefix, self.text


class RestoredColumn(Column):
    """A value as the server keeps it."""

    __slots__ = ("_form",)

    def __init__(self, form: RestoredForm) -> None:
        super().__init__(form.name, None)
        self._form = form

    def stored_in(self, partition: Partition, scores: bytes) -> Stored:  # noqa: ARG002 - it has no scores
        return Stored(self._form.field.place_in(partition).prefix, self._form.stored)

    def refuse(self, reply: Any, pk: bytes | None = None) -> None:
        self._form.refuse(reply, pk)


class RestoredForm(FieldForm):
    """The form of such a value."""

    stored: bytes
    """The way a column reads it."""

    @property
    def column(self) -> Column:
        """The column that the export reads."""
        return RestoredColumn(self)

    def refuse(self, reply: Any, pk: bytes | None) -> None:
        """Refuses a stored value that does not fit the field's type."""


class HyperLogLogForm(RestoredForm):
    """A HyperLogLog: the base64 of the string that the server keeps."""

    kind = "HyperLogLog"
    stored = b"string"

    def written(self, reply: bytes) -> Any:
        return {BASE64: base64.b64encode(reply).decode()}

    def _value(self, form: Any) -> Any:
        stored = as_stored(form)
        if not _is_hyperloglog(stored):
            msg = "it is not a HyperLogLog"
            raise ValueError(msg)
        return Restored(self.field, b"hll", stored)


def _is_hyperloglog(stored: bytes) -> bool:
    """Returns whether a string is a HyperLogLog. Some servers trust one that begins like it, and crash."""
    if len(stored) < HEADER or stored[:4] != b"HYLL":
        return False
    if stored[4] == 0:
        return len(stored) == DENSE
    return stored[4] == 1 and sum(_runs(stored[HEADER:])) == REGISTERS


def _runs(sparse: bytes) -> Iterator[int]:
    """Yields how many registers each instruction of a sparse HyperLogLog is about."""
    instructions = iter(sparse)
    for first in instructions:
        if first & 0x80:
            yield (first & 0x3) + 1
        elif first & 0x40:
            yield ((first & 0x3F) << 8 | next(instructions, 0)) + 1
        else:
            yield first + 1


class StreamForm(RestoredForm):
    """A stream: its entries, each an id and its names and values; its last id, and what is known of deleted entries."""

    kind = "stream"
    stored = b"stream"

    def written(self, reply: Sequence[Any]) -> Any:
        last_id, added, max_deleted_id, entries = reply
        return {
            "last_id": to_text(last_id),
            "added": added,
            "max_deleted_id": to_text(max_deleted_id),
            "entries": [[to_text(entry_id), self._pairs(pairs)] for entry_id, pairs in entries],
        }

    def _pairs(self, flat: Sequence[bytes]) -> Any:
        pairs = [(text_form(name), self._write(value)) for name, value in zip(flat[::2], flat[1::2], strict=True)]
        is_object = all(isinstance(name, str) for name, _ in pairs) and len(dict(pairs)) == len(pairs)
        return dict(pairs) if is_object else [list(pair) for pair in pairs]

    def refuse(self, reply: Any, pk: bytes | None) -> None:
        for _, pairs in reply[3] if reply else ():
            Column(self.name, self.field).refuse(list(pairs[1::2]), pk)

    def _value(self, form: Any) -> Any:
        if not isinstance(form, dict):
            msg = 'it is not an object with "last_id", "added", "max_deleted_id" and "entries"'
            raise TypeError(msg)
        texts, last, count = [], (0, 0), 0
        for given, named in rows(form.get("entries"), 2):
            entry_id, numbers = _id(given)
            if numbers <= last:
                msg = f"the id {given!r} is not larger than the one before it"
                raise ValueError(msg)
            pairs = self._texts(named)
            texts += [entry_id, b"%d" % len(pairs), *pairs]
            last, count = numbers, count + 1
        head = self._head(form, last, count)
        return Restored(self.field, b"log", b"".join(b"%d:%b" % (len(text), text) for text in (*head, *texts)))

    def _head(self, form: dict[str, Any], last: tuple[int, int], count: int) -> list[bytes]:
        last_id, numbers = _id(form.get("last_id"))
        deleted_id, deleted = _id(form.get("max_deleted_id", "0-0"))
        added = form.get("added", count)
        if numbers < max(last, deleted, (0, 1)):
            msg = f"the last id {form['last_id']!r} is smaller than that of an entry"
            raise ValueError(msg)
        if type(added) is not int or not count <= added < 1 << 63:
            msg = f"'added', {shorten(added)}, is not a number of at least its {count} entries"
            raise ValueError(msg)
        return [last_id, b"%d" % added, deleted_id]

    def _texts(self, named: Any) -> list[bytes]:
        pairs = named.items() if isinstance(named, dict) else rows(array(named), 2)
        texts: list[bytes] = []
        for name, value in pairs:
            texts += (as_stored(name), self.field.encode_new(self._read(value)))
        if not texts:
            msg = "an entry has no name and value"
            raise ValueError(msg)
        return texts


def _id(given: Any) -> tuple[bytes, tuple[int, int]]:
    """An id of a stream, as it is sent, and its numbers."""
    found = stream_id("an entry of a stream", given)
    milliseconds, _, sequence = found.partition(b"-")
    return found, (int(milliseconds), int(sequence or b"0"))


FORMS: dict[type[ValueField[Any]], type[RestoredForm]] = {
    HyperLogLogField: HyperLogLogForm,
    StreamField: StreamForm,
}


def restored_form(field: ValueField[Any]) -> RestoredForm | None:
    """The form of such a field's values; None for other fields."""
    return next((form(field) for kind, form in FORMS.items() if isinstance(field, kind)), None)
