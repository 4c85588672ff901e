"""The removal of objects whose deadline is over: with creations, or when somebody asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from limpyd.exceptions import UnsupportedCommand
from limpyd.keys import Partition
from limpyd.requests.request import Program, Request
from limpyd.scripts.sweeps import MOST, sweep, sweep_before

EVERY = 50
"""A process removes objects before its first creation in a partition, and before each further one of so many.

It removes twice as many, so no more expired objects are left than there were at the most.
"""


class Sweeping:
    """The removal of objects of a model whose deadline is over.

    Args:
        schema: the model.
    """

    def __init__(self, schema: Any) -> None:
        self._schema = schema
        self._until_next: dict[Partition, int] = {}

    def before_creation(self, partition: Partition) -> Request[Any] | None:
        """The request that removes some objects before a new one is created, if it is time."""
        left = self._until_next.get(partition, 0)
        self._until_next[partition] = (left or EVERY) - 1
        return None if left else sweep_before(self._schema, partition)

    def before_chunk(self, partition: Partition, pks: list[bytes], count: int) -> Request[Any]:
        """The request that removes some objects before a number of new ones, and those with given primary keys."""
        return sweep_before(self._schema, partition, min(2 * count, 4 * MOST), pks)

    def all(self) -> Program[int]:
        """Removes all objects whose deadline is over, in many short steps, and returns their number."""
        swept = 0
        for partition in self._schema.keys.partitions:
            for step in self._steps(partition):
                result = yield step
                swept += result.swept
                if result.is_done:
                    break
        return swept

    def _steps(self, partition: Partition) -> Iterator[Request[Any]]:
        while True:
            yield sweep(self._schema, partition)


def sweeping(schema: Any) -> Program[int]:
    """Removes all objects of a model whose deadline is over.

    Raises:
        UnsupportedCommand: its objects do not expire.
    """
    if not schema.expires:
        msg = f"{schema.name} has no DeadlineField, so its objects do not expire, and there is nothing to sweep"
        raise UnsupportedCommand(msg)
    swept: int = yield from schema.sweeping.all()
    return swept
