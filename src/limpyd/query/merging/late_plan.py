"""The plan of a query to several partitions that compares with values in other keys: these are read first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

from limpyd.query.filters.conditions import Condition
from limpyd.query.filters.readings import Asking, Reading
from limpyd.query.merging.merged_plan import SettledPlan
from limpyd.query.merging.reading import PlanOf, readings_in
from limpyd.query.merging.resolving import resolved
from limpyd.query.paging import Page
from limpyd.query.planning.script_plan import Planned
from limpyd.query.planning.single_command import EVERYTHING, Span
from limpyd.query.results.columns import Column
from limpyd.query.results.projections import Projection
from limpyd.requests.request import Request
from limpyd.requests.scattered import Rounds, Scattered

T = TypeVar("T")


class LatePlan:
    """The plan of a query, as far as it is known before some keys are read.

    Args:
        model: the model.
        conditions: what objects must meet.
        plan_of: makes the plans of queries to any model.
        plan: makes the plan for the conditions, with what was read as their values.
    """

    reads_first: Literal[True] = True
    empty = False

    def __init__(
        self,
        model: Planned,
        conditions: Sequence[Condition],
        plan_of: PlanOf,
        plan: Callable[[Sequence[Condition]], SettledPlan],
    ) -> None:
        self.model = model
        self._conditions = conditions
        self._plan_of = plan_of
        self._plan = plan

    @property
    def readings(self) -> list[Reading | Asking]:
        """The values that are read first."""
        return readings_in(self._conditions)

    def settled(self) -> Rounds[SettledPlan]:
        """Returns the plan of what is read now."""
        return self._plan((yield from resolved(self.model, self._conditions, self._plan_of)))

    def items(self, projection: Projection, span: Span = EVERYTHING) -> Request[list[Any]]:
        """Returns the request for the items of the objects that match, in order."""
        return self.asked(lambda plan: plan.items(projection, span))

    def pks(self, limit: int = 0) -> Request[list[bytes]]:
        """The primary keys that match; with a limit of 1 or more, at most so many."""
        return self.asked(lambda plan: plan.pks(limit))

    def count(self, limit: int = 0) -> Request[int]:
        """Returns the request that counts the objects that match; with a limit of 1 or more, it may stop there."""
        return self.asked(lambda plan: plan.count(limit))

    def existing(self, pks: list[bytes]) -> Request[list[bytes]]:
        """Those of some primary keys that exist, in their order."""
        return self.asked(lambda plan: plan.existing(pks))

    def only(self, projection: Projection) -> Request[Any]:
        """The one item; a transaction refuses that."""
        return self.asked(lambda plan: plan.only(projection))

    def page(
        self, projection: Projection, size: int, cursor: str | None, *, backwards: bool = False
    ) -> Request[Page[Any]]:
        """So many items in order, from the first one or a cursor on; `backwards` if the order is an inverted one."""
        return self.asked(lambda plan: plan.page(projection, size, cursor, backwards=backwards))

    def totals(self, wanted: bytes, column: Column, read: Callable[[Any], T]) -> Request[list[T]]:
        """Returns the request for an aggregate of the values of a column, that of each partition by itself."""
        return self.asked(lambda plan: plan.totals(wanted, column, read))

    def store(self, key: bytes, ttl: int) -> Request[int]:
        """Keeps the primary keys in a list."""
        return self.asked(lambda plan: plan.store(key, ttl), readonly=False)

    def asked(self, ask: Callable[[SettledPlan], Request[T]], *, readonly: bool = True) -> Request[T]:
        """Returns the request that reads first, and then asks."""

        def rounds() -> Rounds[T]:
            plan = yield from self.settled()
            (result,) = yield [ask(plan)]
            found: T = result
            return found

        return Scattered(rounds, subject=self.model, readonly=readonly)
