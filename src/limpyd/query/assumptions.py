"""What a query takes for granted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from limpyd.keys import Partition
from limpyd.query.conditions import Condition
from limpyd.query.ordering import SortKey
from limpyd.requests import Assumption, merged


def assumed(
    upkeep: Any, conditions: Sequence[Condition], order: Sequence[SortKey], where: Partition
) -> tuple[Assumption, ...]:
    """Returns what a query takes for granted: the indexes that it uses are built, also those of other models."""
    elsewhere = [assumption for condition in conditions for assumption in condition.assumes()]
    return merged([*upkeep.built(indexes_used(conditions, order, where)), *elsewhere])


def indexes_used(conditions: Sequence[Condition], order: Sequence[SortKey], where: Partition) -> Iterator[Any]:
    """The indexes that a query relies on."""
    for condition in conditions:
        yield from condition.indexes()
    for key in order:
        kept = key.kept(where)
        if kept is not None:
            yield kept
