"""The assumptions of a query about indexes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from limpyd.keys import Partition
from limpyd.query.filters.conditions import Condition
from limpyd.query.ordering import SortKey
from limpyd.requests.request import Assumption, Request, merged


def assumed(
    maintenance: Any, conditions: Sequence[Condition], order: Sequence[SortKey], where: Partition
) -> tuple[Assumption, ...]:
    """Returns what a query takes for granted: the indexes that it uses are built, also those of other models."""
    elsewhere = [assumption for condition in conditions for assumption in condition.assumes()]
    return merged([*maintenance.built(indexes_used(conditions, order, where)), *elsewhere])


def indexes_used(conditions: Sequence[Condition], order: Sequence[SortKey], where: Partition) -> Iterator[Any]:
    """The indexes that a query relies on."""
    for condition in conditions:
        yield from condition.indexes()
    for key in order:
        kept = key.field_index(where)
        if kept is not None:
            yield kept


def those_with_value(model: Any, condition: Condition, where: Partition) -> Request[int] | None:
    """Returns the request that counts the objects with a value in a field by an index that has them all (ZCARD).

    None if there is no such index, or it is not known to be built.
    """
    kept = condition.whole_index(where)
    built = () if kept is None else model.maintenance.built([kept])
    if kept is None or not all(assumption.guard() for assumption in built):
        return None
    return Request(("ZCARD", kept.key), int, readonly=True, subject=model, assumes=built)
