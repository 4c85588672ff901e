"""A dict from partitions to values that are made when they are first needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from limpyd.keys.partition import Partition

T = TypeVar("T")


class ByPartition(dict[Partition, T]):
    """Values by partition, each made when it is first needed.

    Args:
        make: makes the value for a partition.
    """

    def __init__(self, make: Callable[[Partition], T]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, partition: Partition) -> T:
        made = self[partition] = self._make(partition)
        return made
