"""Lets many objects expire within a minute, while processes write and read objects of the same model, and measures.

    python -m tests.faults.programs.mass_expiry SERVER OBJECTS [sweeper]

The objects get deadlines spread over a minute. Four writers create objects that stay, change them, and look for some;
with `sweeper` another process sweeps every second. Prints each five seconds the memory of the server, the objects whose
deadline is over and that are not removed, and what the writers did in the time; then the longest commands; and when the
last expired object was gone. At the end a check must find nothing.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from limpyd import DeadlineField, InstanceHashField, RedisDatabase, RedisModel, StringField
from tests.support.killed_workers import Worker
from tests.support.servers import running

WRITERS, MINUTE, EVERY, CHUNK = 4, 60, 5, 1000
SLOW = 2000
"""The microseconds from which on a command is listed."""
LONGEST = 900
"""The seconds after which the rest is removed by a sweep."""
LEFT = timedelta(hours=1)
DATA = "x" * 300


def declare(port: int) -> Any:
    """Declares the model."""

    class Session(RedisModel):
        database = RedisDatabase(port=port)
        expires = DeadlineField(ttl=LEFT)
        user = InstanceHashField(type=int, indexable=True)
        device = InstanceHashField(unique=True)
        data = StringField()

    return Session


def write(model: Any, number: int, note: Callable[[], None]) -> None:
    """Creates, changes and looks for objects until it is killed."""
    choose, made = random.Random(number), 0
    while True:
        made += 1
        one = model(user=choose.randrange(1000), device=f"w{number}.{made}", data=DATA)
        for _ in range(3):
            one.user.set(choose.randrange(1000))
            one.data.get()
        model.collection(user=choose.randrange(1000)).count()
        model.collection(device=f"w{number}.{choose.randrange(made) + 1}").count()
        note()


def sweep(model: Any, note: Callable[[], None]) -> None:
    """Sweeps every second until it is killed."""
    while True:
        model.sweep()
        note()
        time.sleep(1)


def fill(model: Any, objects: int) -> float:
    """Creates the objects; returns when the first deadline is over, in seconds since 1970."""
    choose, began = random.Random(1), time.time()
    first: float | None = None
    for number in range(0, objects, CHUNK):
        if first is None and number >= 10 * CHUNK:
            first = began + 1.4 * (time.time() - began) * objects / number
        start = first or began + 3600
        model.bulk_create(
            {
                "user": choose.randrange(1000),
                "device": f"d{each}",
                "data": DATA,
                "expires": datetime.fromtimestamp(start + choose.random() * MINUTE, UTC),
            }
            for each in range(number, min(number + CHUNK, objects))
        )
    if first is not None:  # those that came before the speed was known
        for pk in model.collection(expires__gte=datetime.fromtimestamp(began + 3599, UTC)).sort(by="pk"):
            moment = datetime.fromtimestamp(first + choose.random() * MINUTE, UTC)
            model.lazy_connect(pk).expires.expireat(moment)
    print(f"{objects} objects created in {time.time() - began:.0f} s", flush=True)
    return first or began


def watch(model: Any, client: Any, writers: list[Worker], first: float) -> None:
    """Prints what there is every few seconds, until all expired objects are gone."""
    partition, done = model._schema.keys.first, 0
    client.config_set("slowlog-log-slower-than", SLOW)
    client.slowlog_reset()
    while True:
        time.sleep(EVERY)
        now = time.time()
        over = client.zcount(partition.deadlines, "-inf", int(now * 1000))
        steps = sum(writer._done for writer in writers)
        print(
            f"{now - first:6.0f} s: {client.info('memory')['used_memory'] / 2**20:7.1f} MB, {over:8} over, "
            f"{client.scard(partition.pks):8} in all, {(steps - done) / EVERY:6.1f} rounds/s",
            flush=True,
        )
        done = steps
        if now > first + MINUTE and over == 0:
            break
        if now > first + LONGEST:
            print(f"the other {over} are swept now: {model.sweep()}")
            break
    slow = sorted((one["duration"], one["command"][:40]) for one in client.slowlog_get(128))
    print(f"{len(slow)} commands took more than {SLOW / 1000} ms; the longest: {slow[-3:]}")


def main(server: str, objects: int, *, swept: bool) -> bool:
    """Runs it; returns whether a check finds nothing."""
    with running(server) as one:
        model, client = declare(one.port), one.client()
        before = client.info("memory")["used_memory"]
        first = fill(model, objects)
        filled = client.info("memory")["used_memory"]
        print(f"{(filled - before) / objects:.0f} bytes for each; the first expires in {first - time.time():.0f} s")
        model.database.close()
        writers = [Worker(partial(write, model, number)) for number in range(WRITERS)]
        sweepers = [Worker(partial(sweep, model))] if swept else []
        watch(model, client, writers, first)
        for worker in (*writers, *sweepers):
            worker.kill()
        report = model.check()
        print(report)
        return not report.found


if __name__ == "__main__":
    sys.exit(not main(sys.argv[1], int(sys.argv[2]), swept="sweeper" in sys.argv))
