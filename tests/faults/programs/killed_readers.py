"""Kills workers that read a feed of changes as a group, and looks at what they got.

    python -m tests.faults.programs.killed_readers PORT CHANGES KILLS [PARTITIONS]

Four workers read while objects are written to. From time to time one is killed, and another one takes its place. Its
changes go to another one when it was not heard of for a moment. Each worker first notes the change that it got, so the
notes of an object tell in which order it came. Of every object each change must be noted, and none before the one that
precedes it was noted.

Prints how many changes there were, how many notes, how many workers were killed, and the changes per second.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import redis

from limpyd import ChangeFeed, InstanceHashField, RedisDatabase, RedisModel
from tests.support.killed_workers import Worker

WORKERS = 4
OBJECTS = 200
IDLE = 200
"""After so many milliseconds a worker counts as dead."""
COUNT = 20


def declare(database_: RedisDatabase, count: int, length: int) -> Any:
    """Declares the model."""

    class Order(RedisModel):
        database, partitions = database_, count
        changes = ChangeFeed(max_length=length)
        number = InstanceHashField(type=int)

    return Order


def work(model: Any, port: int, note: Callable[[], None]) -> None:
    """Reads until it is killed."""
    notes = redis.Redis(port=port)
    for change in model.changes(group="g", block=0, count=COUNT, min_idle_time=IDLE):
        notes.rpush(f"notes:{change.pk}", f"{change.partition}/{change.id}")
        note()


def faults(model: Any, client: redis.Redis) -> tuple[list[str], int]:
    """Returns what is wrong, and the number of notes."""
    expected: dict[str, list[str]] = {}
    for change in model.changes():
        expected.setdefault(change.pk, []).append(f"{change.partition}/{change.id}")
    found, total = [], 0
    for pk, ids in expected.items():
        places = {one: number for number, one in enumerate(ids)}
        noted: Any = client.lrange(f"notes:{pk}", 0, -1)
        total += len(noted)
        furthest = -1
        for one in map(bytes.decode, noted):
            if places[one] > furthest + 1:
                found.append(f"{pk}: {one} came before {ids[furthest + 1]}")
            furthest = max(furthest, places[one])
        if furthest + 1 < len(ids):
            found.append(f"{pk}: {ids[furthest + 1]} never came")
    return found, total


def is_done(model: Any, client: redis.Redis) -> bool:
    """Returns whether all is acknowledged."""
    for partition in model._schema.keys.partitions:
        for group in client.xinfo_groups(partition.changes):  # type: ignore[union-attr]
            last: Any = client.xrevrange(partition.changes, count=1)
            if group["pending"] or (last and group["last-delivered-id"] != last[0][0]):
                return False
    return True


def main(port: int, changes: int, kills: int, partitions: int = 1) -> int:
    """Kills so many; returns the number of faults."""
    model, client = declare(RedisDatabase(port=port), partitions, 2 * changes), redis.Redis(port=port)
    model.bulk_create([{"number": 0}] * OBJECTS)
    began, killed = time.monotonic(), 0
    workers = [Worker(partial(work, model, port)) for _ in range(WORKERS)]
    objects = [model.lazy_connect(pk) for pk in model.collection()]
    for written in range(OBJECTS, changes):
        random.choice(objects).number.hincrby(1)
        if written % (changes // kills) == 0 and killed < kills:
            number = random.randrange(WORKERS)
            workers[number].kill()
            workers[number] = Worker(partial(work, model, port))
            killed += 1
    while not is_done(model, client):
        time.sleep(0.05)
    took = time.monotonic() - began
    for worker in workers:
        worker.kill()
    found, notes = faults(model, client)
    print(changes, notes, killed, round(changes / took))
    print(*found[:20], sep="\n", end="", file=sys.stderr)
    return len(found)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])) > 0)
