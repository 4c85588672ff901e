"""Writes to all objects of a collection."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from limpyd.fields.checks import integer
from limpyd.query.bulk_writes import at_once, finds_by, in_chunks, indexes_of, steps_of
from limpyd.query.collection.argument_errors import values_by_name
from limpyd.query.collection.base import CollectionBase
from limpyd.requests.request import Program, Request
from limpyd.scripts.queries import Search
from limpyd.scripts.query_writes import update_found

Item = TypeVar("Item")
M = TypeVar("M")


class BulkWrites(CollectionBase[Item, M]):
    """The part of a collection that updates or deletes what it finds."""

    __slots__ = ()

    def _deletion(self, chunk: int) -> Program[int]:
        schema = self._schema
        return self._changing(chunk, lambda search: schema.deletions.delete_found(search.partition, search))

    def _update(self, chunk: int, values: Mapping[str, Any]) -> Program[int]:
        values_by_name(self._schema.name, chunk)
        schema, steps = self._schema, steps_of(self._schema, values)
        changing = indexes_of(schema, values)
        return self._changing(chunk, lambda search: update_found(schema, search, steps), changing)

    def _changing(
        self, chunk: int, change: Callable[[Search], Request[int]], changing: Collection[bytes] = ()
    ) -> Program[int]:
        integer("chunk", chunk, low=1)
        plan = self._plan((), existing=True)
        if any(True for condition in self._query.conditions for _ in condition.references()):
            return at_once(plan, change)
        return in_chunks(plan, chunk, change, moving=finds_by(self._query.conditions, changing))
