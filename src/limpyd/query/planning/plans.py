"""The plan of any query: to one partition, to several, or one that is known only after something is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Union

from limpyd.keys import Partition
from limpyd.query.filters.conditions import Condition
from limpyd.query.ordering import SortKey, by_referred
from limpyd.query.planning.plan import Plan
from limpyd.query.planning.script_plan import Planned

if TYPE_CHECKING:
    from limpyd.query.merging.late_plan import LatePlan
    from limpyd.query.merging.merged_plan import MergedPlan

AnyPlan = Union[Plan, "MergedPlan", "LatePlan"]
"""The plan of a query."""


def plan_for(
    model: Planned,
    conditions: Sequence[Condition],
    order: Sequence[SortKey] = (),
    *,
    sorts_by_pattern: bool = False,
    joins_keys: bool = False,
    existing: bool = False,
) -> AnyPlan:
    """The plan for all objects of a model; merged, if they may be in several partitions."""

    def plan_in(
        partition: Partition,
        conditions: Sequence[Condition],
        order: Sequence[SortKey],
        kind: Callable[..., Plan] = Plan,
    ) -> Plan:
        return kind(
            model,
            partition,
            conditions,
            order,
            sorts_by_pattern=sorts_by_pattern,
            joins_keys=joins_keys,
            existing=existing,
        )

    partitions = model.keys.partitions
    if len(partitions) == 1 and not _ask_first(conditions) and not by_referred(order):
        return plan_in(partitions[0], conditions, order)
    from limpyd.query.merging.planning import Merging  # noqa: PLC0415 - most models have one partition

    return Merging(model, plan_in, plan_for).plan(conditions, order)


def _ask_first(conditions: Sequence[Condition]) -> bool:
    for condition in conditions:  # noqa: SIM110 - a generator costs more
        if condition.asks_first:
            return True
    return False
