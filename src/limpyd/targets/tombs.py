"""The tombs of deleted objects, as an assumption of the creation of objects with the same primary keys."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any, Self

from limpyd.keys import Partition
from limpyd.requests.guards import Guard
from limpyd.requests.promise import Promise
from limpyd.requests.promise_guards import TOMBS, netstrings
from limpyd.requests.scattered import Rounds


class NoTombs(Promise):
    """The assumption that nobody refers any more to objects that had the primary keys of new ones.

    The script of the creation looks for their tombs. If it finds one, the deletion is finished first.

    Args:
        model: the model.
        partition: the partition of the new objects.
        pks: their primary keys.
    """

    may_need = "the deletion of an object with the same primary key may have to be finished"
    """The reason why a write that rests on it cannot be within MULTI and EXEC."""

    __slots__ = ("_model", "_partition", "_pks")

    def __init__(self, model: Any, partition: Partition, pks: Iterable[bytes]) -> None:
        super().__init__()
        self._model = model
        self._partition = partition
        self._pks = tuple(dict.fromkeys(pks))
        self._assume()

    @property
    def about(self) -> Hashable:
        return self._partition.tomb

    @property
    def model(self) -> Any:
        return self._model

    def merged(self, other: Self) -> NoTombs:
        both = NoTombs(self._model, self._partition, (*self._pks, *other._pks))
        if self._guard is None or other._guard is None:
            both.invalidate()
        return both

    def conversation(self) -> Rounds[None]:
        """Finishes the deletions."""
        yield from self._model.deletions.finished(self._partition, list(self._pks))
        self._assume()

    def _assume(self) -> None:
        self._guard = Guard(TOMBS + self._partition.tomb, netstrings(self._pks))
