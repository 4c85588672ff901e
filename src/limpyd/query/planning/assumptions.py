"""The assumptions of a query about indexes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from limpyd.keys import Partition
from limpyd.query.filters.conditions import Condition
from limpyd.query.ordering import SortKey
from limpyd.requests.request import Assumption, Request, merged


def assumed(
    model: Any, conditions: Sequence[Condition], order: Sequence[SortKey], partition: Partition
) -> tuple[Assumption, ...]:
    """Returns the assumption of a query: the indexes that it uses are built, including those of other models."""
    elsewhere = [assumption for condition in conditions for assumption in condition.assumes(partition)]
    deadlines = model.deadline.place_in(partition).indexes if model.objects_expire else ()
    lapses = () if model.lapses is None else model.lapses.indexes(partition)
    used = [*indexes_used(conditions, order, partition), *deadlines, *lapses]
    maintenance = model.maintenance.at(partition)
    own = (maintenance.assumed(writes=False),) if model.expiring_targets else ()
    return merged([*own, *maintenance.built(used), *elsewhere])


def indexes_used(conditions: Sequence[Condition], order: Sequence[SortKey], partition: Partition) -> Iterator[Any]:
    """The indexes that a query relies on."""
    for condition in conditions:
        yield from condition.indexes()
    for key in order:
        index = key.field_index(partition)
        if index is not None:
            yield index


def those_with_value(model: Any, condition: Condition, partition: Partition) -> Request[int] | None:
    """Returns the request that counts the objects with a value in a field by an index that has them all (ZCARD).

    None if there is no such index, or it is not known to be built.
    """
    index = condition.whole_index(partition)
    built = () if index is None else model.maintenance.at(partition).built([index])
    if index is None or not all(assumption.guard() for assumption in built):
        return None
    return Request(("ZCARD", index.key), int, readonly=True, subject=model, assumes=built)
