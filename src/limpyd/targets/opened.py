"""Objects of the same slot that a deletion has closed, as an assumption of a write that is to refer to them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any, Self

from limpyd.keys import Partition
from limpyd.requests.guards import Guard
from limpyd.requests.promise import Promise
from limpyd.requests.promise_guards import CHECKS
from limpyd.requests.request import Argument, Request
from limpyd.requests.scattered import Rounds
from limpyd.targets.closings import called_off


class Opened(Promise):
    """The assumption that no deletion closes some objects any more, whether they stay or go.

    The script of the write looks at that itself, so it needs no promise: only its client has to wait.

    Args:
        model: the model of the objects.
        partition: their partition.
        pks: their primary keys.
    """

    __slots__ = ("_model", "_partition", "_pks")

    def __init__(self, model: Any, partition: Partition, pks: Iterable[bytes]) -> None:
        super().__init__()
        self._model = model
        self._partition = partition
        self._pks = tuple(dict.fromkeys(pks))

    @property
    def about(self) -> Hashable:
        return self._partition.closing

    @property
    def model(self) -> Any:
        return self._model

    def merged(self, other: Self) -> Opened:
        return Opened(self._model, self._partition, (*self._pks, *other._pks))

    def conversation(self) -> Rounds[None]:
        """Waits for the deletions (HMGET); those of processes that ended are called off, or finished."""
        args: tuple[Argument, ...] = ("HMGET", self._partition.closing, *self._pks)
        (records,) = yield [Request(args, list, readonly=True, subject=self._model)]
        for pk, record in zip(self._pks, records, strict=True):
            if record is not None:
                yield from called_off(self._model, pk, record)
        self._guard = Guard(CHECKS + self._partition.prefix, b"")
