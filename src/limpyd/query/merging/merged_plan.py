"""The plan of a query to several partitions: a plan for each, whose results are merged.

Each partition is seen at one moment, but not all at the same. If one does not answer, there is no result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, sqrt
from typing import Any, Literal, TypeVar

from limpyd.query.merging.ordered_plan import OrderedPlan, position_as_start
from limpyd.query.merging.parts import Parts
from limpyd.query.merging.plan_in_part import Asked, asked_items, asked_placed
from limpyd.query.merging.row_order import in_order
from limpyd.query.ordering import SortKey
from limpyd.query.planning.plan import Plan
from limpyd.query.planning.script_plan import Planned
from limpyd.query.planning.single_command import EVERYTHING, Span
from limpyd.query.results.columns import Column
from limpyd.query.results.placed_rows import PlacedRow
from limpyd.query.results.projections import Projection
from limpyd.requests.request import Argument, Request
from limpyd.requests.scattered import Rounds, Scattered, scattered

T = TypeVar("T")


class MergedPlan(OrderedPlan):
    """The plan of a query to several partitions.

    Args:
        model: the model.
        parts: the query in each partition.
        order: the sort keys.
    """

    def __init__(self, model: Planned, parts: Parts, order: Sequence[SortKey]) -> None:
        super().__init__(model, order)
        self._parts = parts

    @property
    def plans(self) -> Sequence[Plan]:
        """The plan for each partition."""
        return self._parts.plans

    reads_first: Literal[False] = False

    def settled(self) -> Rounds[MergedPlan]:
        """Returns the plan itself: what it compares with is known."""
        return self
        yield  # it is a generator, as that of a plan that reads first

    @property
    def empty(self) -> bool:
        """True if nothing can match, so that no request is needed."""
        return all(plan.empty for plan in self.plans)

    def items(self, projection: Projection, span: Span = EVERYTHING) -> Request[list[Any]]:
        """Returns the request for the items of the objects that match, in order."""
        if self.order:
            return super().items(projection, span)
        offset, limit = span
        last = offset + limit if limit else None
        found = self._some(
            lambda few: asked_items(projection, Span(0, few)),
            lambda plan, few: plan.items(projection, Span(0, few)),
            last or 0,
        )
        return found.then(lambda found: found[offset:last])

    def pks(self, limit: int = 0) -> Request[list[bytes]]:
        """The primary keys that match; with a limit of 1 or more, at most so many."""
        return self._some(lambda few: ("pks", few), lambda plan, few: plan.pks(few), limit)

    def count(self, limit: int = 0) -> Request[int]:
        """Returns the request that counts the objects that match; with a limit of 1 or more, it may stop there."""

        def joined(counts: list[int]) -> int:
            return min(sum(counts), limit) if limit else sum(counts)

        return self._all(self._parts.requests(("count", limit), lambda plan: plan.count(limit)), joined)

    def existing(self, pks: list[bytes]) -> Request[list[bytes]]:
        """Those of some primary keys that exist, in their order."""
        keys = self.plans[0].model.keys
        plans = {plan.partition: plan for plan in self.plans}
        own: dict[Plan, list[bytes]] = {}
        for pk in pks:
            plan = plans.get(keys.partition(pk))
            if plan is None:  # another thread has found that objects have moved: this is refused, and described again
                plan = next((each for each in self.plans if keys.has_left(each.partition)), None)
            if plan is not None:
                own.setdefault(plan, []).append(pk)

        def joined(found: list[list[bytes]]) -> list[bytes]:
            known = {pk for some in found for pk in some}
            return [pk for pk in pks if pk in known]

        return self._all([plan.existing(some) for plan, some in own.items()], joined)

    def totals(self, wanted: bytes, column: Column, read: Callable[[Any], T]) -> Request[list[T]]:
        """Returns the request for an aggregate of the values of a column, that of each partition by itself."""
        return self._all(
            [plan.totals(wanted, column, read) for plan in self.plans if not plan.empty],
            lambda found: [each for some in found for each in some],
        )

    def _all(self, requests: Sequence[Request[Any]], merge: Callable[[list[Any]], T]) -> Request[T]:
        return scattered(requests, merge, subject=self.model)

    def _some(
        self, asked: Callable[[int], Asked | None], ask: Callable[[Plan, int], Request[list[T]]], wanted: int
    ) -> Request[list[T]]:
        """Returns the request for what all partitions have, or some of it, in no order.

        Args:
            asked: tells apart what a partition is asked for, for so many (see `Parts.requests`).
            ask: gives the request to a partition, for so many; for all of 0.
            wanted: how many are enough; 0 for all.
        """

        def rounds() -> Rounds[list[T]]:
            few = share(wanted, len(self._parts))
            found = yield self._parts.requests(asked(few), lambda plan: ask(plan, few))
            if wanted and sum(map(len, found)) < wanted:
                full = [number for number, some in enumerate(found) if len(some) >= few]
                for number, more in zip(full, (yield [ask(self.plans[each], wanted) for each in full]), strict=True):
                    found[number] = more
            items = [item for some in found for item in some]
            return items[:wanted] if wanted else items

        return Scattered(rounds, subject=self.model)

    def placed(
        self, projection: Projection, wanted: int, start: Sequence[Argument]
    ) -> Rounds[tuple[list[PlacedRow], bool]]:
        # Each partition is asked for its share at first, and asked on if all of that is among the first rows of all.
        few = share(wanted, len(self._parts))
        found = yield self._parts.requests(
            asked_placed(projection, few, start), lambda plan: plan.placed(projection, few, start)
        )
        rows = in_order((row for part in found for row in part.rows), self.order)
        first = {row.pk for row in rows[:wanted]}
        short = [number for number, part in enumerate(found) if part.more and part.rows[-1].pk in first]
        if short and wanted > few:
            further = yield [
                self.plans[number].placed(projection, wanted - few, position_as_start(found[number].rows[-1]))
                for number in short
            ]
            rows = in_order([*rows, *(row for part in further for row in part.rows)], self.order)
            for number, part in zip(short, further, strict=True):
                found[number] = part
        return rows, any(part.more for part in found)


def share(wanted: int, partitions: int) -> int:
    """Returns how many of the first objects of all a partition is asked for, which is seldom too few; 0 for all."""
    if not wanted:
        return 0
    mean = wanted / partitions
    return min(wanted, ceil(mean + 3 * sqrt(mean)) + 1)


SettledPlan = Plan | MergedPlan
"""The plan of a query whose values are known."""
