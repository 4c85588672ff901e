"""The plan of a query in the order of values of objects in other slots: these are read first, and sorted in Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from limpyd.exceptions import InvalidFilter, ServerError
from limpyd.query.filters.conditions import ByPk, Condition
from limpyd.query.merging.away_columns import complete
from limpyd.query.merging.late_plan import LatePlan
from limpyd.query.merging.merged_plan import MergedPlan
from limpyd.query.merging.ordered_plan import OrderedPlan
from limpyd.query.merging.reading import MAX_FOUND, PlanOf
from limpyd.query.merging.resolving import resolved
from limpyd.query.merging.row_order import in_order
from limpyd.query.ordering import SortKey
from limpyd.query.planning.script_plan import Planned
from limpyd.query.planning.single_command import Span
from limpyd.query.results.columns import Column, columns_of
from limpyd.query.results.placed_rows import PlacedRow
from limpyd.query.results.projections import Projection, RawRows
from limpyd.requests.request import Argument
from limpyd.requests.scattered import Rounds


class ReferredOrderPlan(OrderedPlan, LatePlan):
    """The plan of a query whose order follows references to other slots.

    The primary keys and sort values of all objects that match are read, and then the values of those that are wanted.

    Args:
        model: the model.
        order: the sort keys.
        conditions: what objects must meet.
        plan_of: makes the plans of queries to other models.
        merged: makes the plan for conditions and an order.
    """

    def __init__(
        self,
        model: Planned,
        order: Sequence[SortKey],
        conditions: Sequence[Condition],
        plan_of: PlanOf,
        merged: Callable[[Sequence[Condition], Sequence[SortKey]], MergedPlan],
    ) -> None:
        OrderedPlan.__init__(self, model, order)
        LatePlan.__init__(self, model, conditions, plan_of, lambda known: merged(known, ()))
        self._merged = merged

    @property
    def way(self) -> str:
        """The way in which the objects are put in order."""
        return f"{', '.join(map(str, self.order))}, in Python, after the values of referred objects are read"

    def placed(
        self, projection: Projection, wanted: int, start: Sequence[Argument]
    ) -> Rounds[tuple[list[PlacedRow], bool]]:
        conditions = yield from resolved(self.model, self._conditions, self._plan_of)
        columns = self._columns()
        limit = Span(0, MAX_FOUND + 1)
        (rows,) = yield [self._merged(conditions, ()).items(RawRows(columns), limit)]
        if len(rows) > MAX_FOUND:
            raise self._too_many()
        yield from complete(columns, rows, self._plan_of)
        found = self._sorted([PlacedRow(row[0], tuple(row[1:]), ()) for row in rows])
        if start:
            found = self._after(found, start)
        first = found[:wanted] if wanted else found
        if projection.columns and first:
            first = yield from self._with_values(first, projection)
        return first, len(found) > len(first)

    def _columns(self) -> list[Column]:
        """Returns the columns of the primary key and of the values to sort by."""
        names = [key.name for key in self.order]
        counted = [key.name for key in self.order if key.counts]
        if counted:
            msg = f"sort by {', '.join(names)}: {counted[0]} cannot be compared beside values of other partitions"
            raise InvalidFilter(msg)
        return [column for name in ("pk", *names) for column in columns_of(self.model, (name,), scored=False)]

    def _sorted(self, rows: list[PlacedRow]) -> list[PlacedRow]:
        try:
            return in_order(rows, self.order)
        except ValueError as error:
            names = ", ".join(key.name for key in self.order)
            msg = (
                f"{self.model.name}: a value of {names} is not a number, so it cannot be compared as one ({error}). "
                "Set a number; or to sort texts, pass alpha=True or declare the field with type=str"
            )
            raise ServerError(msg) from error

    def _after(self, rows: list[PlacedRow], start: Sequence[Argument]) -> list[PlacedRow]:
        """Returns the rows after a position."""
        pk, *facts = start
        texts = tuple(None if present == b"0" else text for present, text in zip(facts[::2], facts[1::2], strict=True))
        mark: Any = PlacedRow(pk, texts, ())  # type: ignore[arg-type]
        ordered = self._sorted([*(row for row in rows if row.position != mark.position), mark])
        return ordered[ordered.index(mark) + 1 :]

    def _with_values(self, rows: Sequence[PlacedRow], projection: Projection) -> Rounds[list[PlacedRow]]:
        """Returns the rows with the values of a projection, but those of objects that are gone by now."""
        plan = self._merged((ByPk([row.pk for row in rows], (), ""),), ())
        parts = yield [each.placed(projection, 0, ()) for each in plan.plans if not each.empty]
        values = {row.pk: row.values for part in parts for row in part.rows}
        return [row._replace(values=values[row.pk]) for row in rows if row.pk in values]

    def _too_many(self) -> InvalidFilter:
        return InvalidFilter(
            f"{self.model.name}: more than {MAX_FOUND:,} objects are to be sorted by values of objects that may be in "
            "other partitions. Narrow it down, or keep the value in the objects that are sorted"
        )
