"""Queries of limpyd against the best that can be written by hand, client and server pinned to one core.

Prints, for each query, how many times as fast limpyd is, as the median of rounds. Both sides ask for
the same keys, whose places in the server's memory would otherwise make some difference, and must give
the same Python values.

    python -m benchmarks.queries [--rounds 15] [--calls 200] [--server valkey-9.1] [--one-connection]
"""

from __future__ import annotations

import argparse
import gc
import os
from collections.abc import Iterator
from typing import Any

import redis

from benchmarks.pairs import Operation, Ratio, show, summary, timed
from benchmarks.people import MATCHES
from benchmarks.queries_by_hand import FIELDS, Person, Queries
from limpyd import InstanceHashField, RedisDatabase, RedisModel
from tests.support.servers import binaries, running

SIZE = 10_000
CITY, LEVEL, TEAM = "City 2", "Level 3", "Team 2"
LOW, HIGH = 30, 39
PAGE = 20


def values(number: int) -> dict[str, Any]:
    """The fields of a person; MATCHES of them share a team."""
    return {
        "name": f"Person {number}",
        "age": number * 37 % 90,
        "email": f"{number}@example.com",
        "city": f"City {number % 7}",
        "level": f"Level {number % 5}",
        "team": f"Team {number // MATCHES}",
    }


def operations(port: int, *, one_connection: bool = False) -> Iterator[Operation]:
    """Each query on both sides."""

    class PersonOfLimpyd(RedisModel):
        database = RedisDatabase(port=port)
        model_name = "person"
        name = InstanceHashField()
        age = InstanceHashField(type=int, indexable=True)
        email = InstanceHashField()
        city = InstanceHashField(indexable=True)
        level = InstanceHashField(indexable=True)
        team = InstanceHashField(indexable=True)

    people = PersonOfLimpyd.collection
    client = redis.Redis(port=port, decode_responses=True, single_connection_client=one_connection)
    client.flushall()
    for number in range(1, SIZE + 1):
        PersonOfLimpyd(**values(number))
    hand = Queries(client)

    yield Operation(f"equality to {MATCHES} pks", lambda: list(people(team=TEAM)), lambda: hand.team(TEAM))
    yield Operation(
        f"equality to {MATCHES} dicts",
        lambda: list(people(team=TEAM).values(*FIELDS)),
        lambda: hand.team_dicts(TEAM),
    )
    yield Operation(
        f"{MATCHES} instances with fields",
        lambda: list(people(team=TEAM).instances(prefetch=FIELDS)),
        lambda: hand.team_instances(TEAM),
    )
    yield Operation(
        "two equalities, range: dicts",
        lambda: list(people(city=CITY, level=LEVEL, age__between=(LOW, HIGH)).values(*FIELDS)),
        lambda: hand.two_and_range_dicts(CITY, LEVEL, LOW, HIGH),
    )
    yield Operation(
        f"range sorted, first {PAGE}",
        lambda: list(people(age__gte=LOW).sort(by="age")[:PAGE]),
        lambda: hand.sorted_page(LOW, PAGE),
    )
    yield Operation(
        f"range sorted, {PAGE} dicts",
        lambda: list(people(age__gte=LOW).sort(by="age").values(*FIELDS)[:PAGE]),
        lambda: hand.sorted_dicts(LOW, PAGE),
    )
    yield Operation(
        "count, equality and range",
        lambda: people(city=CITY, age__between=(LOW, HIGH)).count(),
        lambda: hand.count_city(CITY, LOW, HIGH),
    )
    yield Operation(
        f"count, {MATCHES} and a range",
        lambda: people(team=TEAM, age__between=(LOW, HIGH)).count(),
        lambda: hand.count_team(TEAM, LOW, HIGH),
    )


def plain(item: Any) -> Any:
    """A result, in a form that both sides share."""
    if isinstance(item, Person):
        return item.pk, *(getattr(item, field) for field in FIELDS)
    if isinstance(item, RedisModel):
        prefetched: Any = item
        return prefetched.pk.get(), *(prefetched.prefetched[field] for field in FIELDS)
    return item


def check(operation: Operation) -> None:
    """Both sides must find the same, in the same order where one is asked for.

    Raises:
        RuntimeError: they do not.
    """
    found = []
    for result in (operation.limpyd(), operation.by_hand()):
        items = [plain(item) for item in result] if isinstance(result, list) else [result]
        found.append(items if "sorted" in operation.name else sorted(items, key=repr))
    if found[0] != found[1] or not found[0]:
        msg = f"{operation.name}: limpyd found {found[0]}, by hand {found[1]}"
        raise RuntimeError(msg)


def run(port: int, rounds: int, calls: int, *, one_connection: bool = False) -> list[Ratio]:
    """Times each query."""
    results = []
    for operation in operations(port, one_connection=one_connection):
        check(operation)
        pairs = []
        for number in range(rounds + 1):
            gc.collect()
            pair = (timed(operation.limpyd, calls), timed(operation.by_hand, calls))
            if number:  # the first warms up
                pairs.append(pair)
        results.append(summary(operation, calls, pairs))
    return results


def main() -> None:
    """Runs everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--server", default="valkey-9.1", choices=sorted(binaries()))
    parser.add_argument("--one-connection", action="store_true", help="by hand: redis-py's single_connection_client")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # the server inherits it
    with running(options.server) as server:
        print(f"{options.server}, {options.rounds} rounds of {options.calls} calls, all on one core, TCP")
        results = run(server.port, options.rounds, options.calls, one_connection=options.one_connection)
        show(f"{SIZE:,} objects", results)


if __name__ == "__main__":
    main()
