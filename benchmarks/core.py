"""limpyd against the same work written by hand, client and server pinned to one core.

Prints, for each operation, how many times as fast limpyd is. Each round times one side right after
the other; the figure is the median of the rounds' ratios, beside the lowest and the highest, and
the median time of a call on each side.

    python -m benchmarks.core [--rounds 15] [--calls 1000] [--server valkey-9.1] [--face both]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import statistics
import time
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any, NamedTuple

import redis
import redis.asyncio

from benchmarks.by_hand import CREATE, DELETE, UPDATE
from limpyd import InstanceHashField, RedisDatabase, RedisModel
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from tests.servers import binaries, running

NAMES = ("name", "age", "email", "city", "team")
MATCHES = 25
TASKS = 50


class PersonFields:
    """Five fields: three indexed, one of those unique."""

    name = InstanceHashField()
    age = InstanceHashField(type=int)
    email = InstanceHashField(unique=True)
    city = InstanceHashField(indexable=True)
    team = InstanceHashField(indexable=True)


def values(number: int) -> dict[str, Any]:
    """The fields of a person; MATCHES of them share a team."""
    return {
        "name": f"Person {number}",
        "age": number % 90,
        "email": f"{number}@example.com",
        "city": f"City {number % 7}",
        "team": f"Team {number // MATCHES}",
    }


class Operation(NamedTuple):
    """One operation on both sides; each call does it once."""

    name: str
    limpyd: Callable[[], Any]
    by_hand: Callable[[], Any]


class Ratio(NamedTuple):
    """What the rounds gave."""

    name: str
    ratios: list[float]
    limpyd_us: float
    by_hand_us: float

    def __str__(self) -> str:
        low, high = min(self.ratios), max(self.ratios)
        return (
            f"{self.name:28}{statistics.median(self.ratios):6.2f} x   ({low:.2f} to {high:.2f})"
            f"{self.limpyd_us:10.1f} µs{self.by_hand_us:10.1f} µs"
        )


def sync_operations(port: int) -> list[Operation]:
    """The operations of the sync face."""

    class Person(PersonFields, RedisModel):
        database = RedisDatabase(port=port)

    client = redis.Redis(port=port)
    client.flushall()
    create, update, delete = (client.script_load(script) for script in (CREATE, UPDATE, DELETE))

    def create_by_hand(number: int) -> Any:
        return client.evalsha(create, 1, "{hand}:pks", *values(number).values())

    def load_by_hand() -> list[Any]:
        name, age, email, city, team = client.hmget("{hand}:hash:50", NAMES)
        return [name.decode(), int(age), email.decode(), city.decode(), team.decode()]

    numbers, numbers_by_hand = count(1), count(1)
    for _ in range(100):
        Person(**values(next(numbers)))
        create_by_hand(next(numbers_by_hand))
    person = Person(50)
    cities, doomed, doomed_by_hand = count(), count(101), count(101)
    return [
        Operation("create", lambda: Person(**values(next(numbers))), lambda: create_by_hand(next(numbers_by_hand))),
        Operation("load 5 fields", lambda: person.hmget(*NAMES), load_by_hand),
        Operation(
            "update an indexed field",
            lambda: person.city.hset(f"City {next(cities) % 7}"),
            lambda: client.evalsha(update, 1, "{hand}:pks", 50, f"City {next(cities) % 7}"),
        ),
        Operation(
            "delete",
            lambda: Person.lazy_connect(next(doomed)).delete(),
            lambda: client.evalsha(delete, 1, "{hand}:pks", next(doomed_by_hand)),
        ),
        Operation(
            f"equality to {MATCHES} pks",
            lambda: list(Person.collection(team="Team 2")),
            lambda: [pk.decode() for pk in client.smembers("{hand}:eq:team:Team 2")],
        ),
        Operation("get one field", lambda: person.name.hget(), lambda: client.hget("{hand}:hash:50", "name").decode()),
    ]


def async_operations(port: int) -> list[Operation]:
    """The operations of the async face; each call gives a coroutine."""

    class AsyncPerson(PersonFields, AsyncRedisModel):
        database = AsyncRedisDatabase(port=port)

    client = redis.asyncio.Redis(port=port)
    with redis.Redis(port=port) as plain:
        plain.flushall()
        create, update, delete = (plain.script_load(script) for script in (CREATE, UPDATE, DELETE))
        for number in range(1, 101):
            plain.evalsha(create, 1, "{hand}:pks", *values(number).values())

    class Person(PersonFields, RedisModel):
        database = RedisDatabase(port=port)
        model_name = "asyncperson"

    for number in range(1, 101):
        Person(**values(number))

    async def create_by_hand(number: int) -> Any:
        return await client.evalsha(create, 1, "{hand}:pks", *values(number).values())

    async def load_by_hand() -> list[Any]:
        name, age, email, city, team = await client.hmget("{hand}:hash:50", NAMES)
        return [name.decode(), int(age), email.decode(), city.decode(), team.decode()]

    async def equality_by_hand() -> list[str]:
        return [pk.decode() for pk in await client.smembers("{hand}:eq:team:Team 2")]

    async def get_by_hand() -> str:
        return str((await client.hget("{hand}:hash:50", "name")).decode())

    person = AsyncPerson._connected(b"50")
    numbers, numbers_by_hand = count(101), count(101)
    cities, doomed, doomed_by_hand = count(), count(101), count(101)
    return [
        Operation(
            "create",
            lambda: AsyncPerson.create(**values(next(numbers))),
            lambda: create_by_hand(next(numbers_by_hand)),
        ),
        Operation("load 5 fields", lambda: person.hmget(*NAMES), load_by_hand),
        Operation(
            "update an indexed field",
            lambda: person.city.hset(f"City {next(cities) % 7}"),
            lambda: client.evalsha(update, 1, "{hand}:pks", 50, f"City {next(cities) % 7}"),
        ),
        Operation(
            "delete",
            lambda: AsyncPerson.lazy_connect(next(doomed)).delete(),
            lambda: client.evalsha(delete, 1, "{hand}:pks", next(doomed_by_hand)),
        ),
        Operation(f"equality to {MATCHES} pks", lambda: AsyncPerson.collection(team="Team 2").all(), equality_by_hand),
        Operation("get one field", lambda: person.name.hget(), get_by_hand),
    ]


def timed(call: Callable[[], Any], calls: int) -> float:
    """Seconds for so many calls, one after the other."""
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return time.perf_counter() - start


async def timed_tasks(call: Callable[[], Awaitable[Any]], calls: int, tasks: int) -> float:
    """Seconds for so many calls, shared among tasks."""

    async def work() -> None:
        for _ in range(calls // tasks):
            await call()

    start = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(tasks)))
    return time.perf_counter() - start


def summary(operation: Operation, calls: int, pairs: list[tuple[float, float]]) -> Ratio:
    """The figures of an operation, from the times of its rounds."""
    return Ratio(
        operation.name,
        [by_hand / mine for mine, by_hand in pairs],
        statistics.median(mine for mine, _ in pairs) / calls * 1e6,
        statistics.median(by_hand for _, by_hand in pairs) / calls * 1e6,
    )


def run_sync(port: int, rounds: int, calls: int) -> list[Ratio]:
    """Times the sync face."""
    results = []
    for operation in sync_operations(port):
        pairs = []
        for number in range(rounds + 1):
            gc.collect()
            pair = (timed(operation.limpyd, calls), timed(operation.by_hand, calls))
            if number:  # the first warms up
                pairs.append(pair)
        results.append(summary(operation, calls, pairs))
    return results


async def run_async(port: int, rounds: int, calls: int, tasks: int) -> list[Ratio]:
    """Times the async face."""
    results = []
    for operation in async_operations(port):
        pairs = []
        for number in range(rounds + 1):
            gc.collect()
            mine = await timed_tasks(operation.limpyd, calls, tasks)
            pair = (mine, await timed_tasks(operation.by_hand, calls, tasks))
            if number:
                pairs.append(pair)
        results.append(summary(operation, calls, pairs))
    return results


def show(title: str, results: list[Ratio]) -> None:
    """Prints a table."""
    print(f"\n{title:28}{'limpyd is':>8}   {'lowest, highest':16}{'limpyd':>12}{'by hand':>13}")
    for result in results:
        print(result)


def main() -> None:
    """Runs everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--server", default="valkey-9.1", choices=sorted(binaries()))
    parser.add_argument("--face", default="both", choices=("sync", "async", "both"))
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # the server inherits it
    with running(options.server) as server:
        print(f"{options.server}, {options.rounds} rounds of {options.calls} calls, all on one core, TCP")
        if options.face != "async":
            show("sync", run_sync(server.port, options.rounds, options.calls))
        if options.face != "sync":
            for tasks in (1, TASKS):
                title = f"async, {tasks} task{'s' if tasks > 1 else ''}"
                show(title, asyncio.run(run_async(server.port, options.rounds, options.calls, tasks)))


if __name__ == "__main__":
    main()
