"""The choice of the plan of a query to a model of several partitions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from limpyd.keys import Partition
from limpyd.query.filters.conditions import Condition, NoObject
from limpyd.query.merging.claimed_plan import ByUnique, ClaimedPlan, Named, by_unique
from limpyd.query.merging.late_plan import LatePlan
from limpyd.query.merging.listed_plan import ListedPlan
from limpyd.query.merging.merged_plan import MergedPlan, SettledPlan
from limpyd.query.merging.parts import Parts
from limpyd.query.merging.reading import PlanOf, readings_in
from limpyd.query.merging.routing import Routed, routed
from limpyd.query.ordering import SortKey, by_keys, by_referred
from limpyd.query.planning.plan import Plan
from limpyd.query.planning.script_plan import Planned


class Merging:
    """Plans queries to a model of several partitions.

    Args:
        model: the model.
        plan_in: makes the plan for a partition, for conditions and an order.
        plan_of: makes the plans of queries to other models.
    """

    def __init__(
        self,
        model: Planned,
        plan_in: Callable[[Partition, Sequence[Condition], Sequence[SortKey], Callable[..., Plan]], Plan],
        plan_of: PlanOf,
    ) -> None:
        self._model = model
        self._plan_in = plan_in
        self._plan_of = plan_of

    def plan(self, conditions: Sequence[Condition], order: Sequence[SortKey]) -> SettledPlan | LatePlan:
        """Returns the plan of a query to the partitions that it has to be asked of; of one alone that one's."""
        if by_keys(order):
            return ListedPlan(self._model, order[0], conditions, self._plan_of, self._merged)
        if by_referred(order):
            from limpyd.query.merging.referred_order import ReferredOrderPlan  # noqa: PLC0415 - most sort by own values

            return ReferredOrderPlan(self._model, order, conditions, self._plan_of, self._merged)
        if readings_in(conditions):
            return LatePlan(self._model, conditions, self._plan_of, lambda known: self._settled(known, order))
        unique = by_unique(conditions)
        if unique is not None and len(routed(self._model.keys, conditions)) > 1:
            return ClaimedPlan(
                self._model, unique, self._plan_of, lambda named: self._named(conditions, unique, named, order)
            )
        return self._settled(conditions, order)

    def _named(
        self, conditions: Sequence[Condition], unique: ByUnique, named: Named | None, order: Sequence[SortKey]
    ) -> SettledPlan:
        """Returns the plan of a query by unique values to the partitions that claims name."""
        if named is None:
            return self._settled(conditions, order)
        condition = conditions[unique.number]
        before, after = conditions[: unique.number], conditions[unique.number + 1 :]
        if not named:
            return self._merged_parts([(self._model.keys.first, [NoObject(condition)])], conditions, order)
        parts: Routed = [
            (partition, conditions if len(named) == 1 else [*before, condition.among_texts(texts), *after])
            for partition, texts in named.items()
        ]
        return self._merged_parts(parts, conditions, order)

    def _settled(self, conditions: Sequence[Condition], order: Sequence[SortKey]) -> SettledPlan:
        return self._merged_parts(routed(self._model.keys, conditions), conditions, order)

    def _merged_parts(self, parts: Routed, conditions: Sequence[Condition], order: Sequence[SortKey]) -> SettledPlan:
        found = self._parts(parts, conditions, order)
        return found.plans[0] if len(found) == 1 else MergedPlan(self._model, found, order)

    def _merged(self, conditions: Sequence[Condition], order: Sequence[SortKey]) -> MergedPlan:
        parts = self._parts(routed(self._model.keys, conditions), conditions, order)
        return MergedPlan(self._model, parts, order)

    def _parts(self, parts: Routed, conditions: Sequence[Condition], order: Sequence[SortKey]) -> Parts:
        return Parts(parts, conditions, lambda partition, own, kind: self._plan_in(partition, own, order, kind))
