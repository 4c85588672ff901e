"""Objects that have moved to other partitions, or are moving, as a process finds out."""

from __future__ import annotations

from limpyd.indexes.maintenance.index_maintenance import IndexMaintenance
from limpyd.keys import ModelKeys, Partition
from limpyd.keys.moving import Given, Move
from limpyd.query.caches import QueryCaches
from limpyd.schema.deletions import Deletions


class MovedObjects:
    """The part of a schema that looks for objects elsewhere. What was described before is never sent."""

    keys: ModelKeys
    maintenance: IndexMaintenance

    def follow(self, place: int | Move) -> None:
        """Looks for the objects in another number of partitions, to which they have moved, or are moving."""
        self.keys.follow(place)
        self.forget_indexes()
        self.renew()
        self.maintenance.leave(None)

    def learn(self, number: int, given: Given | None) -> None:
        """Looks for objects of a partition where they are once it has given some of them away (`ModelKeys.learn`)."""
        left = self.keys.learn(number, given)
        for partition in left:
            self.leave(partition)
        self.forget_plans()
        self.maintenance.leave(left)

    def renew(self) -> None:
        raise NotImplementedError

    def forget_indexes(self) -> None:
        raise NotImplementedError

    def forget_plans(self) -> None:
        """Forgets plans of queries, and of deletions, as they may name partitions that the model has no more."""
        self.queries = QueryCaches()
        self.deletions = Deletions(self)

    def leave(self, partition: Partition) -> None:
        raise NotImplementedError
