"""The forms that a query takes in the partitions that it is asked of."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any

from limpyd.keys import Partition
from limpyd.query.filters.conditions import Condition
from limpyd.query.merging.plan_in_part import Asked, PlanInPart
from limpyd.query.merging.routing import Routed
from limpyd.query.planning.plan import Plan
from limpyd.query.planning.templates_in_parts import FormInParts
from limpyd.requests.request import Request
from limpyd.utils.cached_properties import cached_property

PlanIn = Callable[[Partition, Sequence[Condition], Callable[..., Plan]], Plan]
"""Makes the plan for a partition, for conditions."""


class Parts:
    """A query in some partitions.

    Args:
        routed: the partitions, and the conditions that each is asked for.
        conditions: the conditions of the query.
        plan_in: makes the plan for a partition.
    """

    def __init__(self, routed: Routed, conditions: Sequence[Condition], plan_in: PlanIn) -> None:
        self._routed = routed
        self._plan_in = plan_in
        self._conditions = conditions
        self._forms: dict[Hashable, FormInParts | None] = {}

    def __len__(self) -> int:
        return len(self._routed)

    @cached_property
    def plans(self) -> list[Plan]:
        """The plan for each partition."""
        return list(map(self._plan, range(len(self))))

    def requests(self, asked: Asked | None, ask: Callable[[Plan], Request[Any]]) -> Sequence[Request[Any]]:
        """Returns the request to each partition.

        Args:
            asked: tells apart what is asked; None if it is not asked again.
            ask: gives the request of a plan.
        """
        first = self._plan(0)
        form = first.form(asked) if isinstance(first, PlanInPart) and self._are_alike else None
        if form is None:
            return [ask(plan) for plan in self.plans]
        partitions = tuple([partition for partition, _ in self._routed])
        return form.requests(partitions, lambda at: ask(self.plans[at]))

    @property
    def _are_alike(self) -> bool:
        return all(own is self._conditions for _, own in self._routed)

    def _plan(self, at: int) -> Plan:
        partition, own = self._routed[at]
        kind = partial(PlanInPart, forms=self._forms) if own is self._conditions else PlanInPart
        return self._plan_in(partition, own, kind)
