"""Runs cases, each on worlds of several sizes, and tells what every call took."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple

import redis

from benchmarks.growth.case import Case
from benchmarks.growth.costs import COSTS
from benchmarks.growth.judge import FLOORS, LONGEST, SLACK, exponent
from benchmarks.growth.meter import Meter, Reading
from limpyd import RedisDatabase
from limpyd.exceptions import LimpydError
from tests.servers import Server

ROUNDS = 3
ENOUGH = 2
"""At how many sizes a case is measured, so that its growth is known."""


class Growth(NamedTuple):
    """How one case grew.

    Attributes:
        case: the case.
        sizes: the sizes at which it was measured.
        readings: what a call took at each; of several calls the least of each figure.
        error: what it raised at the next size, if it raised anything.
    """

    case: Case
    sizes: Sequence[int]
    readings: Sequence[Reading]
    error: Exception | None = None

    @property
    def stated(self) -> int:
        """The power of the variable with which the cost grows as it is documented."""
        return COSTS[self.case.operation].exponents.get(self.case.variable, 0)

    def exponent(self, figure: str) -> float:
        """The power with which a figure grew."""
        if len(self.sizes) < ENOUGH:
            return 0
        return exponent(self.sizes, [getattr(reading, figure) for reading in self.readings], FLOORS[figure])

    def excess(self, figures: Sequence[str]) -> list[str]:
        """Which figures grew by more than what is documented."""
        return [figure for figure in figures if self.exponent(figure) > self.stated + SLACK]

    @property
    def blocks(self) -> bool:
        """Whether a step kept the server busy for long that does not say so."""
        return bool(self.readings) and not COSTS[self.case.operation].chunked and self.readings[-1].longest > LONGEST


def run(
    cases: Sequence[Case], sizes: Mapping[str, Sequence[int]], server: Server, rounds: int = ROUNDS
) -> Iterator[Growth]:
    """Runs cases, those of a world one after the other.

    What changes its world gets a new one for each call, and runs once.
    """
    readings: dict[str, list[Reading]] = {case.name: [] for case in cases}
    measured: dict[str, list[int]] = {case.name: [] for case in cases}
    errors: dict[str, Exception] = {}

    def kind(case: Case) -> tuple[str, str]:
        return case.world.__name__, case.variable

    for _, group in groupby(sorted(cases, key=kind), key=kind):
        alike = list(group)
        for size in sizes[alike[0].variable]:
            world = None
            for case in sorted(alike, key=lambda case: case.changes):
                if size > case.stops_at or case.name in errors:
                    continue
                if world is None or case.changes:
                    world = _world(world, case, size, server)
                try:
                    calls = _calls(case, world, size, server, 1 if case.changes else rounds)
                except (LimpydError, redis.RedisError, RecursionError) as error:
                    errors[case.name] = error
                    _until_idle(server)
                    continue
                readings[case.name].append(Reading(*map(min, zip(*calls, strict=True))))
                measured[case.name].append(size)
            if world is not None:
                _closed(world)
        for case in alike:
            yield Growth(case, measured[case.name], readings[case.name], errors.get(case.name))


def _calls(case: Case, world: Any, size: int, server: Server, rounds: int) -> list[Reading]:
    with server.client() as client:
        meter = Meter(client)
        return [meter.reading(partial(case.call, world, size)) for _ in range(rounds)]


def _until_idle(server: Server) -> None:
    """Waits for the server to come to the end of what it was left with."""
    while True:
        try:
            with server.client() as client:
                client.info()
        except redis.RedisError:
            time.sleep(0.5)
        else:
            return


def _world(before: Any, case: Case, size: int, server: Server) -> Any:
    if before is not None:
        _closed(before)
    with server.client() as client:
        client.flushall()
    database = RedisDatabase(port=server.port)
    world = case.world(database, size)
    world.own_database = database
    return world


def _closed(world: Any) -> None:
    world.own_database.close()
