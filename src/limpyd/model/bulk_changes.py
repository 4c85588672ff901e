"""The update and the deletion of many objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limpyd.exceptions import InvalidPrimaryKey, shorten
from limpyd.fields.pk import pk_bytes
from limpyd.model.bulk import MAX_ROOM, Bulk, BulkDeleted, BulkUpdated, OnMissing, OnProgress, one_of
from limpyd.model.updates import assigned
from limpyd.requests.request import Request
from limpyd.schema.schema import Schema
from limpyd.scripts import bulk


class BulkUpdate(Bulk[BulkUpdated, bulk.Changed]):
    """Gives objects new values."""

    operation = "bulk_update"
    result = BulkUpdated()

    def __init__(self, schema: Schema, chunk: int, on_missing: OnMissing, progress: OnProgress | None) -> None:
        self._skip = one_of("on_missing", on_missing, ("raise", "skip")) == "skip"
        super().__init__(schema, chunk, progress)

    def _empty(self) -> None:
        self._updates = bulk.Updates(self._schema, self._partition, self._schema.version_sub)

    def _add(self, item: Any) -> bool:
        pk, values = self._pk_and_values(item)
        updates = self._updates
        updates.add(pk_bytes(self._schema.name, pk), assigned(self._schema, values))
        return updates.size >= MAX_ROOM

    def _pk_and_values(self, item: Any) -> tuple[Any, Mapping[str, Any]]:
        if isinstance(item, tuple) and len(item) == 2:  # noqa: PLR2004
            return pk_of(self._schema, item[0]), self._values(item[1])
        values = dict(self._values(item))
        for name in ("pk", self._schema.pk_name):
            if name in values:
                return values.pop(name), values
        msg = f"{self._name} takes pairs of a primary key and values, or values with the key; {shorten(item)} has none"
        raise InvalidPrimaryKey(msg)

    def _request(self) -> Request[bulk.Changed]:
        return self._updates.update(skip=self._skip)

    def _take(self, outcome: bulk.Changed) -> None:
        self.result = BulkUpdated(self.result.updated + outcome.done, self.result.missing + outcome.missing)


class BulkDelete(Bulk[BulkDeleted, bulk.Changed]):
    """Deletes objects."""

    operation = "bulk_delete"
    result = BulkDeleted()

    def __init__(self, schema: Schema, chunk: int, on_missing: OnMissing, progress: OnProgress | None) -> None:
        self._skip = one_of("on_missing", on_missing, ("raise", "skip")) == "skip"
        super().__init__(schema, chunk, progress)

    def _empty(self) -> None:
        self._pks: list[bytes] = []
        self._size = 0

    def _add(self, item: Any) -> bool:
        pk = pk_bytes(self._schema.name, pk_of(self._schema, item))
        self._pks.append(pk)
        self._size += bulk.room((pk,))
        return self._size >= MAX_ROOM

    def _request(self) -> Request[bulk.Changed]:
        return self._schema.deletions.bulk_delete(self._partition, self._pks, skip=self._skip)

    def _take(self, outcome: bulk.Changed) -> None:
        self.result = BulkDeleted(self.result.deleted + outcome.done, self.result.missing + outcome.missing)

    def _remove(self, outcome: bulk.Changed) -> int:
        """The same; what would have been too much for one step is left for the next."""
        done = outcome.done + outcome.missing
        self._pks = self._pks[done:]
        self._size = bulk.room(self._pks)
        return done


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
