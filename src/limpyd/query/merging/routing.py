"""The partitions that a query is asked of."""

from __future__ import annotations

from collections.abc import Sequence

from limpyd.keys import ModelKeys, Partition
from limpyd.query.filters.conditions import ByPk, Condition

Routed = list[tuple[Partition, Sequence[Condition]]]
"""The partitions that may have what a query finds, and the conditions that each is asked for."""


def routed(keys: ModelKeys, conditions: Sequence[Condition]) -> Routed:
    """Returns the partitions to ask: all, or those of the primary keys that the conditions name.

    These are primary keys of the objects themselves, or those of objects that they refer to, if these are always in the
    same partition. Each partition is asked for its own only. There is always one, which may find nothing.
    """
    while True:
        known = keys.known
        parts = _routed(keys, conditions)
        if keys.known is known:  # else another thread has found that objects have moved, and some have both places
            return parts


def _routed(keys: ModelKeys, conditions: Sequence[Condition]) -> Routed:
    parts: Routed = [(partition, conditions) for partition in keys.partitions]
    for condition in conditions:
        beside = condition.beside()
        if beside is not None:
            parts = [part for part in parts if part[0].number in beside] or parts[:1]
            parts = [(partition, [one.within(partition) for one in some]) for partition, some in parts]
    for number, condition in enumerate(conditions):
        pks = condition.pks if type(condition) is ByPk else None
        if type(condition) is ByPk and pks is not None:
            own: dict[Partition, list[bytes]] = {parts[0][0]: []}
            for pk in pks:
                own.setdefault(keys.partition(pk), []).append(pk)
            parts = [
                (partition, [*some[:number], condition.among(own[partition]), *some[number + 1 :]])
                for partition, some in parts
                if partition in own
            ]
            parts = [part for part in parts if not _is_empty(part[1])] or parts[:1]
    return parts


def _is_empty(conditions: Sequence[Condition]) -> bool:
    return any(type(condition) is ByPk and condition.pks == [] for condition in conditions)
