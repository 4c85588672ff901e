"""bulk_create against 100 piped EVALSHAs by hand, client and server pinned to one core.

Prints how many times as fast limpyd is: each round creates as many objects on one side right after the other; the
figure is the median of the rounds' ratios, beside the lowest and the highest.

    python -m benchmarks.bulk [--rounds 30] [--objects 2000] [--server valkey-9.1]
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import redis

from benchmarks.by_hand import CREATE
from benchmarks.pairs import Ratio, show
from benchmarks.people import person
from benchmarks.sides.models import PersonFields
from limpyd import RedisDatabase, RedisModel
from tests.support.servers import running

PIPED = 100


def batches(numbers: range) -> Iterator[range]:
    """The numbers, so many at a time as are piped."""
    for start in range(numbers.start, numbers.stop, PIPED):
        yield range(start, min(start + PIPED, numbers.stop))


def sides(port: int) -> tuple[Callable[[range], Any], Callable[[range], Any]]:
    """What creates persons of some numbers: limpyd, and by hand."""

    class Person(PersonFields, RedisModel):
        database = RedisDatabase(port=port)

    client = redis.Redis(port=port)
    client.flushall()
    create = client.script_load(CREATE)

    def in_bulk(numbers: range) -> Any:
        return Person.bulk_create(person(number) for number in numbers)

    def by_hand(numbers: range) -> Any:
        for batch in batches(numbers):
            with client.pipeline(transaction=False) as pipe:
                for number in batch:
                    pipe.evalsha(create, 1, "{hand}:pks", *person(number).values())
                pipe.execute()

    return in_bulk, by_hand


def timed(create: Callable[[range], Any], numbers: range) -> float:
    """Seconds to create persons of some numbers."""
    start = time.perf_counter()
    create(numbers)
    return time.perf_counter() - start


def main() -> None:
    """Runs everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--objects", type=int, default=2000)
    parser.add_argument("--server", default="valkey-9.1")
    options = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # the server inherits it
    with running(options.server) as server:
        in_bulk, by_hand = sides(server.port)
        pairs = []
        for number in range(options.rounds + 1):
            numbers = range(number * options.objects, (number + 1) * options.objects)
            pair = timed(in_bulk, numbers), timed(by_hand, numbers)
            if number:  # the first warms up
                pairs.append(pair)
    per_object = [sorted(side[number] for side in pairs)[len(pairs) // 2] / options.objects * 1e6 for number in (0, 1)]
    show("objects", [Ratio("bulk_create", [hand / mine for mine, hand in pairs], *per_object)])
    print(f"{1e6 / per_object[0]:,.0f} objects a second")


if __name__ == "__main__":
    main()
