"""A program for a test: forks processes that work in bulk, kills each with SIGKILL in the middle, looks at the data.

    python -m tests.faults.programs.killed_bulks PORT KILLS

Prints how many were killed, and how many objects they created.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Iterator
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

PORT, KILLS = int(sys.argv[1]), int(sys.argv[2])
KEYS = 300


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


def work(rng: random.Random) -> None:
    """Runs each bulk operation once."""
    try:
        Thing.bulk_create(things(rng), chunk=30, on_conflict="skip")
        Thing.bulk_update(things(rng), chunk=30, on_missing="skip")
        Thing.bulk_create(things(rng), chunk=30, on_conflict="update")
    except LimpydError:  # one stood against another
        pass
    Thing.bulk_delete(rng.sample(range(KEYS), 50), on_missing="skip", chunk=20)


def work_forever(seed: int) -> None:
    """Runs all bulk operations, over and over."""
    rng = random.Random(seed)
    while True:
        work(rng)


def main() -> None:
    """Kills so many, one after the other."""
    client = redis.Redis(port=PORT)
    work(random.Random(KILLS))  # what is compiled by then, the children need not compile: they are killed at work
    seen = 0
    for number in range(KILLS):
        pid = os.fork()
        if pid == 0:
            work_forever(number)
        time.sleep(random.Random(number).uniform(0.01, 0.05))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        problems = inconsistencies(client, Thing)
        if problems:
            sys.exit(f"after {number + 1} kills: {problems}")
        seen += Thing.collection().count()
    print(KILLS, seen)


if __name__ == "__main__":
    main()
