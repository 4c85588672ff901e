"""A case: one operation, on datasets of several sizes that differ in one variable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from limpyd import RedisDatabase

SIZES = {
    "objects": (1_000, 10_000, 100_000),
    "matches": (1_000, 10_000, 100_000),
    "members": (1_000, 10_000, 100_000),
    "values": (100, 1_000, 10_000),
    "requests": (100, 1_000, 10_000),
    "referring": (1_000, 10_000, 100_000),
    "terms": (10, 100, 1_000),
    "depth": (10, 100, 1_000),
    "others": (1_000, 10_000, 100_000),
    "models": (10, 100, 1_000),
    "bytes": (10_000, 100_000, 1_000_000),
}
"""The sizes of each variable for `make growth`."""
SMALL = {
    "objects": (1_000, 3_000),
    "matches": (1_000, 3_000),
    "members": (600, 1_800),
    "values": (100, 300),
    "requests": (100, 300),
    "referring": (100, 300),
    "terms": (20, 60),
    "depth": (10, 30),
    "others": (600, 1_800),
    "models": (10, 30),
    "bytes": (20_000, 60_000),
}
"""The sizes for tests, which compare exact counts only, so small ones suffice."""
LARGEST = 1_000_000

Dataset = Callable[[RedisDatabase, int], Any]


class Case(NamedTuple):
    """One operation and one variable that its cost may depend on.

    Attributes:
        name: the call, as users write it.
        operation: the row of `costs.COSTS` that documents its cost.
        variable: the variable whose size is varied.
        dataset: creates the objects and returns what `call` needs.
        call: runs the operation, given the dataset and its size.
        changes: whether the call changes the dataset, so that each call needs a new one.
        stops_at: the largest size to measure.
    """

    name: str
    operation: str
    variable: str
    dataset: Dataset
    call: Callable[[Any, int], Any]
    changes: bool = False
    stops_at: int = LARGEST
