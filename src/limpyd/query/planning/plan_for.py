"""The plan for all objects of a model: that of its partition, or one that merges those of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Union

from limpyd.keys import Partition
from limpyd.query.filters.conditions import Condition
from limpyd.query.ordering import SortKey
from limpyd.query.planning.plan import Plan
from limpyd.query.planning.script_plan import Planned

if TYPE_CHECKING:
    from limpyd.query.merging.merged_plan import MergedPlan

AnyPlan = Union[Plan, "MergedPlan"]
"""The plan of a query, to one partition or to several."""


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

    def plan_in(partition: Partition, conditions: Sequence[Condition]) -> Plan:
        return Plan(
            model,
            partition,
            conditions,
            order,
            sorts_by_pattern=sorts_by_pattern,
            joins_keys=joins_keys,
            existing=existing,
        )

    partitions = model.keys.partitions
    if len(partitions) == 1:
        return plan_in(partitions[0], conditions)
    from limpyd.query.merging.merged_plan import merged_plan  # noqa: PLC0415 - most models have one partition

    return merged_plan(model, conditions, order, plan_in)
