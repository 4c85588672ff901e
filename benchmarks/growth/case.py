"""A case: one operation on worlds of several sizes, which differ in one variable."""

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
    "models": (10, 100, 1_000),
    "bytes": (10_000, 100_000, 1_000_000),
}
"""How many there are of each variable."""
SMALL = {
    "objects": (1_000, 4_000),
    "matches": (1_000, 4_000),
    "members": (1_000, 4_000),
    "values": (100, 400),
    "requests": (100, 400),
    "referring": (100, 400),
    "terms": (20, 80),
    "depth": (10, 40),
    "models": (10, 40),
    "bytes": (20_000, 80_000),
}
"""The same for counts, which are exact, so that little is enough."""
LARGEST = 1_000_000

World = Callable[[RedisDatabase, int], Any]


class Case(NamedTuple):
    """One operation, as it grows with one variable.

    Attributes:
        name: what is called.
        operation: the row of `costs.COSTS` that states what it costs.
        variable: with what it grows.
        world: makes the objects, so many of what the variable counts, and returns what the call needs.
        call: calls it; told the world, and the size.
        changes: whether it changes the world, so that it gets one of its own.
        stops_at: the largest size at which it is measured.
    """

    name: str
    operation: str
    variable: str
    world: World
    call: Callable[[Any, int], Any]
    changes: bool = False
    stops_at: int = LARGEST
