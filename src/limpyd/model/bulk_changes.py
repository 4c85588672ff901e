"""The update and the deletion of many objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limpyd.exceptions import InvalidPrimaryKey, shorten
from limpyd.fields.pk import pk_bytes
from limpyd.keys import Partition
from limpyd.model.bulk import Bulk, BulkDeleted, BulkUpdated, OnMissing, OnProgress, one_of
from limpyd.model.bulk_chunk import Chunk, outcomes_of
from limpyd.model.updates import assigned
from limpyd.requests.request import Request
from limpyd.schema.schema import Schema
from limpyd.scripts import bulk


class UpdateChunk(Chunk[bulk.Changed]):
    """Objects that get new values."""

    def __init__(self, schema: Schema, partition: Partition, *, skip: bool) -> None:
        super().__init__(schema, partition)
        self.updates = bulk.Updates(schema, partition, schema.version_sub)
        self._skip = skip

    @property
    def size(self) -> int:
        return self.updates.size

    def _request(self) -> Request[bulk.Changed]:
        return self.updates.update(skip=self._skip)


class BulkUpdate(Bulk[BulkUpdated, UpdateChunk]):
    """Gives objects new values."""

    operation = "bulk_update"
    gives_up = True
    result = BulkUpdated()

    def __init__(self, schema: Schema, chunk: int, on_missing: OnMissing, progress: OnProgress | None) -> None:
        self._skip = one_of("on_missing", on_missing, ("raise", "skip")) == "skip"
        super().__init__(schema, chunk, progress)

    def _new_chunk(self, partition: Partition) -> UpdateChunk:
        return UpdateChunk(self._schema, partition, skip=self._skip)

    def _add(self, item: Any) -> UpdateChunk:
        given, values = self._pk_and_values(item)
        pk, new = pk_bytes(self._schema.name, given), assigned(self._schema, values)
        chunk = self._chunks[self._schema.keys.partition(pk)]
        chunk.updates.add(pk, new)
        return chunk

    def _pk_and_values(self, item: Any) -> tuple[Any, Mapping[str, Any]]:
        if isinstance(item, tuple) and len(item) == 2:  # noqa: PLR2004
            return pk_of(self._schema, item[0]), self._values(item[1])
        values = dict(self._values(item))
        for name in ("pk", self._schema.pk_name):
            if name in values:
                return values.pop(name), values
        msg = f"{self._name} takes pairs of a primary key and values, or values with the key; {shorten(item)} has none"
        raise InvalidPrimaryKey(msg)

    def _take(self, chunks: list[UpdateChunk]) -> None:
        for updated, missing, _ in outcomes_of(chunks):
            self.result = BulkUpdated(self.result.updated + updated, self.result.missing + missing)


class DeleteChunk(Chunk[bulk.Changed]):
    """Objects to delete."""

    def __init__(self, schema: Schema, partition: Partition, *, skip: bool) -> None:
        super().__init__(schema, partition)
        self.pks: list[bytes] = []
        self._size = 0
        self._skip = skip

    @property
    def size(self) -> int:
        return self._size

    def add(self, pk: bytes) -> None:
        """Adds an object."""
        self.pks.append(pk)
        self._size += bulk.room((pk,))

    def _request(self) -> Request[bulk.Changed]:
        return self.schema.deletions.bulk_delete(self.partition, self.pks, skip=self._skip)

    def _processed(self, outcome: bulk.Changed) -> int:
        """Returns the number of processed objects; what would have been too much for one step is left for the next."""
        done = outcome.done + outcome.missing
        self.pks = self.pks[done:]
        return done


class BulkDelete(Bulk[BulkDeleted, DeleteChunk]):
    """Deletes objects."""

    operation = "bulk_delete"
    gives_up = True
    result = BulkDeleted()

    def __init__(self, schema: Schema, chunk: int, on_missing: OnMissing, progress: OnProgress | None) -> None:
        self._skip = one_of("on_missing", on_missing, ("raise", "skip")) == "skip"
        super().__init__(schema, chunk, progress)

    def _new_chunk(self, partition: Partition) -> DeleteChunk:
        return DeleteChunk(self._schema, partition, skip=self._skip)

    def _add(self, item: Any) -> DeleteChunk:
        pk = pk_bytes(self._schema.name, pk_of(self._schema, item))
        chunk = self._chunks[self._schema.keys.partition(pk)]
        chunk.add(pk)
        return chunk

    def _take(self, chunks: list[DeleteChunk]) -> None:
        for deleted, missing, _ in outcomes_of(chunks):
            self.result = BulkDeleted(self.result.deleted + deleted, self.result.missing + missing)


def pk_of(schema: Schema, given: Any) -> Any:
    """The primary key of an instance, or what was given instead of one.

    Raises:
        InvalidPrimaryKey: it is an instance of another model, or has no primary key.
    """
    if not hasattr(given, "_schema"):
        return given
    if not schema.is_same_model(given._schema) or given._pk_bytes is None:
        what = "has no primary key" if schema.is_same_model(given._schema) else f"is no {schema.name}"
        msg = f"{schema.name}: {given!r} {what}"
        raise InvalidPrimaryKey(msg)
    return given._pk_bytes
