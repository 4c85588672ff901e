"""Runs cases on datasets of several sizes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple

import redis

from benchmarks.growth.case import Case
from benchmarks.growth.costs import COSTS
from benchmarks.growth.exponents import FLOORS, LONGEST, SLACK, exponent
from benchmarks.growth.meter import Meter, Reading
from limpyd import RedisDatabase
from limpyd.exceptions import LimpydError
from tests.support.servers import Server

ROUNDS = 3
ENOUGH = 2
"""The number of sizes from which an exponent can be computed."""


class Growth(NamedTuple):
    """The measurements of one case.

    Attributes:
        case: the case.
        sizes: the sizes that were measured.
        readings: the cost at each size; where there were several calls, the minimum of each figure.
        error: the exception raised at the next size, if there was one.
    """

    case: Case
    sizes: Sequence[int]
    readings: Sequence[Reading]
    error: Exception | None = None

    @property
    def documented(self) -> int:
        """The documented exponent."""
        return COSTS[self.case.operation].exponents.get(self.case.variable, 0)

    def exponent(self, figure: str) -> float:
        """Returns the measured exponent of a figure."""
        if len(self.sizes) < ENOUGH:
            return 0
        return exponent(self.sizes, [getattr(reading, figure) for reading in self.readings], FLOORS[figure])

    def excess(self, figures: Sequence[str]) -> list[str]:
        """Returns the names of the figures whose exponent exceeds the documented one."""
        return [figure for figure in figures if self.exponent(figure) > self.documented + SLACK]

    @property
    def blocks(self) -> bool:
        """Whether a step exceeded the limit although none is documented as long."""
        return bool(self.readings) and not COSTS[self.case.operation].chunked and self.readings[-1].longest > LONGEST


def by_default(_: Case) -> int:
    """Returns how often a case is called at each size."""
    return ROUNDS


def run(
    cases: Sequence[Case],
    sizes: Mapping[str, Sequence[int]],
    server: Server,
    rounds: Callable[[Case], int] = by_default,
) -> Iterator[Growth]:
    """Runs cases, grouped by dataset and variable.

    A case that changes its dataset gets a new one and runs once.
    """
    readings: dict[str, list[Reading]] = {case.name: [] for case in cases}
    measured: dict[str, list[int]] = {case.name: [] for case in cases}
    errors: dict[str, Exception] = {}

    def kind(case: Case) -> tuple[str, str]:
        return case.dataset.__name__, case.variable

    for _, group in groupby(sorted(cases, key=kind), key=kind):
        alike = list(group)
        for size in sizes[alike[0].variable]:
            dataset = None
            for case in sorted(alike, key=lambda case: case.changes):
                if size > case.stops_at or case.name in errors:
                    continue
                if dataset is None or case.changes:
                    dataset = _created(dataset, case, size, server)
                try:
                    calls = _calls(case, dataset, size, server, 1 if case.changes else rounds(case))
                except (LimpydError, redis.RedisError, RecursionError) as error:
                    errors[case.name] = error
                    _until_idle(server)
                    continue
                readings[case.name].append(Reading(*map(min, zip(*calls, strict=True))))
                measured[case.name].append(size)
            if dataset is not None:
                _closed(dataset)
        for case in alike:
            yield Growth(case, measured[case.name], readings[case.name], errors.get(case.name))


def _calls(case: Case, dataset: Any, size: int, server: Server, rounds: int) -> list[Reading]:
    with server.client() as client:
        meter = Meter(client)
        return [meter.reading(partial(case.call, dataset, size)) for _ in range(rounds)]


def _until_idle(server: Server) -> None:
    """Waits until the server has finished the command that a lost call left behind."""
    while True:
        try:
            with server.client() as client:
                client.info()
        except redis.RedisError:
            time.sleep(0.5)
        else:
            return


def _created(before: Any, case: Case, size: int, server: Server) -> Any:
    if before is not None:
        _closed(before)
    with server.client() as client:
        client.flushall()
    database = RedisDatabase(port=server.port)
    dataset = case.dataset(database, size)
    dataset.own_database = database
    return dataset


def _closed(dataset: Any) -> None:
    dataset.own_database.close()
