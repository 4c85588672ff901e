"""A program for a test: forks writers, kills each with SIGKILL in the middle of its work, looks at the data.

    python -m tests.faults.programs.killed_writers PORT KILLS

Prints how many were killed, how many commands they got through, and the slowest write of the survivor.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from functools import partial

import redis

from limpyd import InstanceHashField, LimpydError, ListField, RedisDatabase, RedisModel, SetField, StringField
from tests.support.expected_indexes import inconsistencies
from tests.support.killed_workers import Worker

MOST_STEPS = 40
"""The most writes that a writer begins before it is killed."""
PORT, KILLS = int(sys.argv[1]), int(sys.argv[2])


class Thing(RedisModel):
    database = RedisDatabase(port=PORT)
    text = StringField(indexable=True)
    one = StringField(unique=True)
    entry = InstanceHashField(indexable=True)
    only = InstanceHashField(unique=True)
    tags = SetField(indexable=True)
    own_tags = SetField(unique=True)
    queue = ListField(indexable=True)


def write_forever(seed: int, note: Callable[[], None]) -> None:
    rng = random.Random(seed)
    while True:
        value = str(rng.randrange(6))
        try:
            thing = Thing.lazy_connect(rng.randrange(1, 9))
            other = Thing.lazy_connect(rng.randrange(1, 9))
            match rng.randrange(9):
                case 0:
                    Thing(text=value, one=value, entry=value, only=value)
                case 1:
                    thing.delete()
                case 2:
                    thing.hmset(entry=value, only=value)
                case 3:
                    thing.text.append(value)
                case 4:
                    thing.one.set(value)
                case 5:
                    thing.own_tags.sadd(value, f"{value}x")
                case 6:
                    thing.own_tags.smove(other.own_tags, value)
                case 7:
                    thing.queue.rpush(value, value)
                    thing.queue.lmove(other.queue)
                case 8:
                    thing.tags.sunionstore(other.tags, other.own_tags)
        except LimpydError:
            pass
        note()


def main() -> None:
    client = redis.Redis(port=PORT)
    Thing(text="mine")
    mine = Thing(text="mine")
    slowest = 0.0
    for number in range(KILLS):
        Worker(partial(write_forever, number)).kill(random.Random(number).randrange(MOST_STEPS))
        start = time.perf_counter()
        try:
            mine.text.set(str(number))
        except LimpydError:  # a writer may have deleted it
            mine = Thing(text="mine")
        slowest = max(slowest, time.perf_counter() - start)
        problems = inconsistencies(client, Thing)
        if problems:
            sys.exit(f"after {number + 1} kills: {problems}")
    written = client.info("commandstats")["cmdstat_evalsha"]["calls"]
    print(KILLS, written, f"{slowest:.3f}")


if __name__ == "__main__":
    main()
