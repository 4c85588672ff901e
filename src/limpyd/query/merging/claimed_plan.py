"""The plan of a query by values that are unique over partitions: the claims say which partitions to ask.

An object that has a value for the whole of the call has the claim of it for all that time, in the partition that the
claim names. So no other partition is asked, nor any if there is no claim.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from limpyd.claims import requests
from limpyd.claims.conversation import by_partition
from limpyd.claims.unique_value import UniqueValue
from limpyd.indexes.field_index import FieldIndex
from limpyd.keys import Partition
from limpyd.query.filters.conditions import Condition
from limpyd.query.merging.late_plan import LatePlan
from limpyd.query.merging.merged_plan import SettledPlan
from limpyd.query.merging.reading import PlanOf
from limpyd.query.planning.script_plan import Planned
from limpyd.requests.scattered import Rounds

Named = Mapping[Partition, Sequence[bytes]]
"""The partitions that claims name, each with its values."""


class ByUnique(NamedTuple):
    """A condition on values that are unique over partitions.

    Attributes:
        number: its position among the conditions of the query.
        field_index: the index, in the first partition.
        texts: the values, as the index keeps them.
    """

    number: int
    field_index: FieldIndex
    texts: Sequence[bytes]


class ClaimedPlan(LatePlan):
    """The plan of a query by unique values.

    Args:
        model: the model.
        unique: the condition on these values.
        plan_of: as for other plans that read first.
        plan: makes the plan for the partitions that claims name; for all if that is not known.
    """

    def __init__(
        self, model: Planned, unique: ByUnique, plan_of: PlanOf, plan: Callable[[Named | None], SettledPlan]
    ) -> None:
        super().__init__(model, [], plan_of, lambda _: plan(None))
        self.unique = unique
        self._plan_for = plan

    def settled(self) -> Rounds[SettledPlan]:
        return self._plan_for((yield from self._named()))

    def _named(self) -> Rounds[Named | None]:
        partitions = self.model.keys.partitions
        index_name = self.unique.field_index.key.removeprefix(partitions[0].prefix + b"uniq:")
        values = [UniqueValue(self.model, index_name, text) for text in dict.fromkeys(self.unique.texts)]
        homes = by_partition(values, lambda value: value.home)
        found: dict[Partition, list[bytes]] = {}
        for (_, some), numbers in zip(homes, (yield [requests.look_up(*each) for each in homes]), strict=True):
            if (
                numbers is None
            ):  # claims may be lost until somebody claims again, and only those who have the values know
                return None
            for value, number in zip(some, numbers, strict=True):
                for partition in () if number is None else self.model.keys.holders(number):
                    found.setdefault(partition, []).append(value.text)
        return found


def by_unique(conditions: Sequence[Condition]) -> ByUnique | None:
    """Returns the first condition on values that are unique over partitions, if there is one."""
    for number, condition in enumerate(conditions):
        index, texts = condition.equal_to()
        if index is not None and index.kind_name.startswith(b"@"):
            return ByUnique(number, index, texts)
    return None
