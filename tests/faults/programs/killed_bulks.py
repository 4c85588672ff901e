"""A program for a test: forks processes that work in bulk, kills each with SIGKILL in the middle, looks at the data.

    python -m tests.faults.programs.killed_bulks PORT KILLS

Prints how many were killed, and how many objects they created.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import redis

from limpyd import (
    EqualIndexWith,
    InstanceHashField,
    LimpydError,
    ListField,
    PKField,
    RedisDatabase,
    RedisModel,
    SetField,
    StringField,
    VersionField,
)
from tests.support.expected_indexes import inconsistencies
from tests.support.killed_workers import Worker

PORT, KILLS = int(sys.argv[1]), int(sys.argv[2])
KEYS = 300
MOST_STEPS = 10
"""The most bulk operations that a process does before it is killed."""


class Thing(RedisModel):
    database = RedisDatabase(port=PORT)
    key = PKField()
    text = StringField(indexable=True)
    only = InstanceHashField(unique=True)
    first = InstanceHashField(indexes=[EqualIndexWith(other_fields=["text"], unique=True)])
    tags = SetField(unique=True)
    queue = ListField(indexable=True)
    version = VersionField()


def things(rng: random.Random) -> Iterator[dict[str, Any]]:
    """Objects of which some stand against others."""
    for _ in range(100):
        value = str(rng.randrange(KEYS))
        yield {
            "key": str(rng.randrange(KEYS)),
            "text": value,
            "only": value,
            "first": value,
            "tags": [value, f"{value}x"],
            "queue": [value, "a"],
        }


def work(rng: random.Random, note: Callable[[], None]) -> None:
    """Runs each bulk operation once."""
    try:
        Thing.bulk_create(things(rng), chunk=30, on_conflict="skip")
        note()
        Thing.bulk_update(things(rng), chunk=30, on_missing="skip")
        note()
        Thing.bulk_create(things(rng), chunk=30, on_conflict="update")
        note()
    except LimpydError:  # one stood against another
        pass
    Thing.bulk_delete(rng.sample(range(KEYS), 50), on_missing="skip", chunk=20)
    note()


def work_forever(seed: int, note: Callable[[], None]) -> None:
    """Runs all bulk operations, over and over."""
    rng = random.Random(seed)
    while True:
        work(rng, note)


def main() -> None:
    """Kills so many, one after the other."""
    client = redis.Redis(port=PORT)
    # What is compiled by then, the children need not compile: they are killed at work.
    work(random.Random(KILLS), lambda: None)
    seen = 0
    for number in range(KILLS):
        Worker(partial(work_forever, number)).kill(random.Random(number).randrange(MOST_STEPS))
        problems = inconsistencies(client, Thing)
        if problems:
            sys.exit(f"after {number + 1} kills: {problems}")
        seen += Thing.collection().count()
    print(KILLS, seen)


if __name__ == "__main__":
    main()
