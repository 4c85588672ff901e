"""The assumption that a partition still has what this process takes it to have, for requests that rest on no index."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Self, TypeVar

from limpyd.keys import Partition
from limpyd.requests.guards import Guard
from limpyd.requests.request import Request

R = TypeVar("R")


class InPlace:
    """The assumption that the record of a partition, if there is one, is as this process knows it.

    Nothing has to be asked before; a script that meets another record is refused (see lua/library/guard.lua).

    Args:
        model: the model.
        partition: the partition.
    """

    __slots__ = ("_guard", "_model", "_partition")

    def __init__(self, model: Any, partition: Partition) -> None:
        recorded = partition.recorded
        self._model = model
        self._partition = partition
        self._guard: Guard | None = Guard(
            partition.meta, b"=%b" % (recorded if isinstance(recorded, bytes) else b"%d" % recorded)
        )

    @property
    def about(self) -> Hashable:
        return "in place", self._partition

    def guard(self) -> Guard | None:
        return self._guard

    def question(self) -> Request[None]:
        """Returns the request for the catalog.

        Raises (from the reply):
            ObjectsMoved: objects of the partition have moved.
            DifferentPartitions: the model has another number of partitions.
        """
        fresh = InPlace(self._model, self._partition)

        def learn(_: Any) -> None:
            self._guard = fresh.guard()

        return self._model.maintenance.at(self._partition).asking(may_write=False).then(learn)  # type: ignore[no-any-return]

    def check(self) -> None:
        """Raises nothing: the script is refused if it does not hold."""

    def merged(self, _other: Self) -> Self:
        return self

    def invalidate(self) -> None:
        self._guard = None
        self._model.maintenance.at(self._partition).invalidate()


def in_place(request: Request[R], model: Any, partition: Partition) -> Request[R]:
    """Returns a request that rests on no index, which is refused if objects of the partition have moved since.

    Args:
        request: the request of a script that takes guards.
        model: the model.
        partition: the partition that it is sent to. Those of models of one partition have no record of such moves.
    """
    return request.assuming(InPlace(model, partition)) if partition.count > 1 else request
