"""Writes to all objects of a collection. What makes them is imported when they are called for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from limpyd.expressions import Expression
from limpyd.fields.checks import integer
from limpyd.keys.by_partition import ByPartition
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
        return self._changing(
            chunk,
            lambda search: schema.deletions.delete_found(search.partition, search),
            by_itself=schema.deletions.take_steps,
        )

    def _update(self, chunk: int, if_: Expression | None, values: Mapping[str, Any]) -> Program[int]:
        from limpyd.query.bulk_writes import (  # noqa: PLC0415 - see above
            computing,
            finds_by,
            indexes_of,
            is_computed,
            steps_of,
        )

        values_by_name(self._schema.name, chunk)
        schema = self._schema
        if if_ is None and not is_computed(values):
            steps = ByPartition(lambda partition: steps_of(schema, partition, values))
            steps[schema.keys.first]  # which checks the values
            moving = finds_by(self._query.conditions, indexes_of(schema, values))
            return self._changing(
                chunk,
                lambda search: update_found(schema, search, steps[search.partition]),
                moving=moving,
                repeats=not moving,
            )
        return self._changing(chunk, computing(schema, values, if_), moving=True)

    def _changing(
        self,
        chunk: int,
        change: Callable[[Search], Request[int]],
        *,
        moving: bool = False,
        repeats: bool = False,
        by_itself: bool = False,
    ) -> Program[int]:
        from limpyd.query.chunked_changes import change_all  # noqa: PLC0415 - see above
        from limpyd.query.scanning.current_plan import CurrentPlan  # noqa: PLC0415

        integer("chunk", chunk, low=1)
        current = CurrentPlan(self._schema.keys, lambda: self._plan((), existing=True))
        refers = any(True for condition in self._query.conditions for _ in condition.references())
        patience = self._database._patience
        program = change_all(
            current, patience, chunk, change, is_one_step=refers, moving=moving, repeats=repeats, by_itself=by_itself
        )
        if self._schema.keys.count == 1 or self._schema.claimed_index is None:
            return program
        from limpyd.claims.releasing import releasing  # noqa: PLC0415 - few models have several partitions

        return releasing(self._schema, program)
