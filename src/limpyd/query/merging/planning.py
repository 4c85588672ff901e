"""The choice of the plan of a query to a model of several partitions."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial

from limpyd.keys import Partition
from limpyd.query.filters.conditions import Condition
from limpyd.query.merging.late_plan import LatePlan, readings_in, resolved
from limpyd.query.merging.listed_plan import ListedPlan
from limpyd.query.merging.merged_plan import MergedPlan, SettledPlan
from limpyd.query.merging.plan_in_part import PlanInPart
from limpyd.query.merging.reading import Finding
from limpyd.query.merging.routing import routed
from limpyd.query.ordering import SortKey, by_keys
from limpyd.query.planning.compiled_queries import FormInParts
from limpyd.query.planning.plan import Plan
from limpyd.query.planning.script_plan import Planned


class Merging:
    """Plans queries to a model of several partitions.

    Args:
        model: the model.
        plan_in: makes the plan for a partition, for conditions and an order.
        finding: returns the requests that find objects of other models first.
    """

    def __init__(
        self,
        model: Planned,
        plan_in: Callable[[Partition, Sequence[Condition], Sequence[SortKey], Callable[..., Plan]], Plan],
        finding: Finding,
    ) -> None:
        self._model = model
        self._plan_in = plan_in
        self._finding = finding

    def plan(self, conditions: Sequence[Condition], order: Sequence[SortKey]) -> SettledPlan | LatePlan:
        """Returns the plan of a query to the partitions that it has to be asked of; of one alone that one's."""
        if by_keys(order):
            return ListedPlan(self._model, order[0], conditions, self._finding, self._merged)
        readings = readings_in(conditions)
        if readings:
            return LatePlan(
                self._model, readings, self._finding, lambda found: self._settled(resolved(conditions, found), order)
            )
        return self._settled(conditions, order)

    def _settled(self, conditions: Sequence[Condition], order: Sequence[SortKey]) -> SettledPlan:
        plans = self._plans(conditions, order)
        return plans[0] if len(plans) == 1 else MergedPlan(self._model, plans, order)

    def _merged(self, conditions: Sequence[Condition], order: Sequence[SortKey]) -> MergedPlan:
        return MergedPlan(self._model, self._plans(conditions, order), order)

    def _plans(self, conditions: Sequence[Condition], order: Sequence[SortKey] = ()) -> list[Plan]:
        forms: dict[Hashable, FormInParts | None] = {}
        of_all = partial(PlanInPart, forms=forms)
        return [
            self._plan_in(partition, own, order, of_all if own is conditions else PlanInPart)
            for partition, own in routed(self._model.keys, conditions)
        ]
