"""Kills processes that write unique values over partitions, and looks at what is left of them.

    python -m tests.faults.programs.killed_claimants PORT KILLS [bulk]

Some processes give few values to few objects, take them away, change them and delete the objects; with `bulk` they
create, update and import several at once. Each is killed at a random moment, and another one takes its place. After
every hundred kills all stand still: no value may have two owners, each owner must have its claim, and a new process
must be able to give any free value to anybody.

Prints how many were killed, how many scripts they ran, the slowest write of a survivor in seconds, and how many claims
of nobody were found.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import redis

from limpyd import InstanceHashField, PKField, RedisDatabase, RedisModel
from limpyd.exceptions import BulkError, LimpydError, UniquenessError
from tests.support.claim_writers import World
from tests.support.killed_workers import Worker

WRITERS = 4
ROUND = 100
MOST_STEPS = 8
"""The most writes that a process does between two kills."""
OBJECTS = [f"o{number}" for number in range(14)]
VALUES = [f"v{number}" for number in range(8)]


def write(model: Any, seed: int, bulk: bool, note: Callable[[], None]) -> None:
    """Writes until it is killed."""
    choose = random.Random(seed)
    while True:
        try:
            if bulk:
                many_of(choose, model)
            else:
                one_of(choose, model, choose.choice(OBJECTS), choose.choice(VALUES))
        except UniquenessError:
            pass
        except LimpydError as error:
            is_conflict = isinstance(error, BulkError) and isinstance(error.__cause__, UniquenessError)
            if not is_conflict and "was deleted, or never created" not in str(error):
                os.write(2, f"{error!r}\n".encode())
                os._exit(1)
        note()


def one_of(choose: random.Random, model: Any, pk: str, value: str) -> None:
    """One write."""
    kind = choose.random()
    if kind < 0.15:
        model(pk=pk, email=value)
    elif kind < 0.25:
        model.lazy_connect(pk).delete()
    elif kind < 0.35:
        model.lazy_connect(pk).email.hdel()
    elif kind < 0.5:
        model.lazy_connect(pk).update(email=value, other="y")
    else:
        model.lazy_connect(pk).email.hset(value)


def many_of(choose: random.Random, model: Any) -> None:
    """One bulk operation."""
    kind, on_conflict = choose.random(), choose.choice(("raise", "skip", "update"))
    pks = choose.sample(OBJECTS, choose.randrange(1, 7))
    rows = [{"pk": pk, "email": choose.choice(VALUES)} for pk in pks]
    if kind < 0.2:
        model.bulk_delete(pks, on_missing="skip")
    elif kind < 0.5:
        changes = [{**row, "email": choose.choice((row["email"], row["email"], None)), "other": "y"} for row in rows]
        model.bulk_update(changes, chunk=choose.randrange(1, 7), on_missing="skip")
    elif kind < 0.8:
        model.bulk_create(rows, chunk=choose.randrange(1, 7), on_conflict=on_conflict)
    else:
        head = {"limpyd export": 1, "model": model.__name__, "fields": {"email": "str"}}
        model.import_(map(json.dumps, (head, *rows)), on_conflict=on_conflict)


def started(model: Any, *, bulk: bool) -> Worker:
    """Starts a writer."""
    return Worker(partial(write, model, random.getrandbits(32), bulk))


def main(port: int, kills: int, *, bulk: bool = False) -> int:
    """Kills so many; returns the number of faults."""
    spread = RedisDatabase(port=port, partitions=4)

    class Claiming(RedisModel):
        database = spread
        pk = PKField()
        email = InstanceHashField(unique=True, type=str)
        other = InstanceHashField()

    world = World(Claiming, redis.Redis(port=port))
    done = stale = 0
    slowest = 0.0
    faults: list[str] = []
    while done < kills:
        writers = [started(Claiming, bulk=bulk) for _ in range(WRITERS)]
        of_round = min(ROUND, kills - done)
        for _ in range(of_round - WRITERS):
            number = random.randrange(WRITERS)
            writers[number].kill(random.randrange(MOST_STEPS))
            writers[number] = started(Claiming, bulk=bulk)
        for writer in writers:
            writer.kill()
        done += of_round
        faults += world.faults()
        stale += world.stale_claims()
        slowest = max(slowest, longest_wait(Claiming))
    print(done, world.client.info("commandstats")["cmdstat_evalsha"]["calls"], round(slowest, 3), stale)
    print(*faults, sep="\n", end="", file=sys.stderr)
    return len(faults)


def longest_wait(model: Any) -> float:
    """Gives each value to an object, in turn; returns the longest time in seconds that one took."""
    waits = []
    for value in VALUES:
        begin = time.perf_counter()
        try:
            model(pk=f"new {value}", email=value).delete()
        except UniquenessError as error:
            if not model.exists(error.owner) or model.lazy_connect(error.owner).email.hget() != value:
                raise
        waits.append(time.perf_counter() - begin)
    return max(waits)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), bulk="bulk" in sys.argv) > 0)
