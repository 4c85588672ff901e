"""How long others wait for the server while a long operation runs.

Processes, and tasks of an event loop, read and write one value of an object each, all the while. It prints how long
their reads took, and what failed.

    python -m benchmarks.bystanders [OBJECTS] [NAME …]     a million objects unless told; only the operations named
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from limpyd import FKInstanceHashField, InstanceHashField, RedisDatabase, RedisModel, SetField
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from limpyd.exceptions import LimpydError
from tests.support.servers import NEWEST, running

OBJECTS = 1_000_000
PROCESSES = 8
TASKS = 16
PAUSE = 0.005
"""Seconds between two operations of a bystander: together they ask some thousand a second."""
AT_LEAST = 3
"""Seconds for which an operation is done again and again."""
ONCE = {"bulk_create", "bulk_delete", "collection.delete"}
"""Those after which there is nothing left to do."""


class Models(NamedTuple):
    """What the operations are about."""

    user: Any
    item: Any


def models(at: Any, base: Any = RedisModel) -> Models:
    """Declares them on a database, of either face."""

    class User(base):  # type: ignore[misc]
        database = at
        name = InstanceHashField(indexable=True)
        tags = SetField(indexable=True)

    class Item(base):  # type: ignore[misc]
        database = at
        group = InstanceHashField(indexable=True)
        number = InstanceHashField(type=int, indexable=True)
        code = InstanceHashField(unique=True)
        plain = InstanceHashField(type=int)
        owner = FKInstanceHashField(User, on_delete="cascade")

    return Models(User, Item)


def fill(port: int, objects: int) -> None:
    """Stores the objects: all items have one owner, who has many tags."""
    user, item = models(RedisDatabase(port=port))
    owner = user(name="owner")
    values = (
        {"group": f"g{at % 100}", "number": at, "code": f"c{at}", "plain": at * 31 % 1000, "owner": owner}
        for at in range(objects)
    )
    item.bulk_create(values, chunk=500)
    tagged = user(name="tagged")
    for at in range(0, objects, 1000):
        tagged.tags.sadd(*(f"tag{number}" for number in range(at, at + 1000)))


def tenth(m: Models) -> int:
    """A tenth of the items."""
    return m.item.collection().count() // 10


OPERATIONS: dict[str, Callable[[Models], Any]] = {
    "nothing": lambda _: time.sleep(AT_LEAST),
    "a cascade of all": lambda m: m.user.collection(name="owner").instances().first().delete(),
    "deleting one of many entries": lambda m: m.user.collection(name="tagged").instances().first().delete(),
    "collection.update": lambda m: m.item.collection(group__in=[f"g{at}" for at in range(10)]).update(plain=7),
    "collection.update, indexed": lambda m: m.item.collection(number__lt=tenth(m)).update(group="other"),
    "sum": lambda m: m.item.collection().sum("plain"),
    "count_by": lambda m: m.item.collection().count_by("plain"),
    "avg of a range": lambda m: m.item.collection(number__gte=10).avg("number"),
    "iterate": lambda m: sum(1 for _ in m.item.collection(number__gte=10).values("group").iterate()),
    "count of two conditions": lambda m: m.item.collection(number__gte=10, group="g1").count(),
    "bulk_create": lambda m: m.item.bulk_create({"group": "new", "code": f"new{at}"} for at in range(tenth(m))),
    "bulk_update": lambda m: m.item.bulk_update((at, {"group": "g1"}) for at in range(1, tenth(m))),
    "bulk_delete": lambda m: m.item.bulk_delete(range(1, tenth(m)), on_missing="skip"),
    "collection.delete": lambda m: m.item.collection(group="new").delete(),
    "rebuild_indexes": lambda m: m.item.get_field("number").rebuild_indexes(),
    "clear_indexes, and built again": lambda m: (
        m.item.get_field("group").clear_indexes(),
        m.item.get_field("group").rebuild_indexes(),
    ),
    "check": lambda m: m.item.check(),
    "scan_model_keys": lambda m: sum(1 for _ in m.item.scan_model_keys()),
}


def watch_in_process(port: int, pk: int, link: Connection) -> None:
    """One process, which reads and writes by the sync face between two messages."""
    one = models(RedisDatabase(port=port)).item.lazy_connect(pk)
    one.plain.hget()
    while link.recv() == "begin":
        waits, told = [], Counter[str]()
        link.send("begun")
        while not link.poll(PAUSE):
            began = time.perf_counter()
            try:
                one.plain.hget()
            except LimpydError as error:
                told[f"{type(error).__name__}: {str(error)[:60]}"] += 1
            waits.append(time.perf_counter() - began)
            try:
                one.plain.hincrby(1)
            except LimpydError as error:
                told[f"{type(error).__name__}: {str(error)[:60]}"] += 1
        link.recv()
        link.send((waits, told))


def watch_in_tasks(port: int, pk: int, link: Connection) -> None:
    """Many tasks of one event loop."""

    async def all_of_them() -> None:
        item = models(AsyncRedisDatabase(port=port), AsyncRedisModel).item
        waits: list[float] = []
        told = Counter[str]()
        going = False

        async def one_of_them(number: int) -> None:
            one = item.lazy_connect(pk - number)
            while True:
                await asyncio.sleep(PAUSE)
                if not going:
                    continue
                began = time.perf_counter()
                try:
                    await one.plain.hget()
                    waits.append(time.perf_counter() - began)
                    await one.plain.hincrby(1)
                except LimpydError as error:
                    told[f"{type(error).__name__}: {str(error)[:60]}"] += 1

        async with asyncio.TaskGroup() as group:
            started = [group.create_task(one_of_them(number)) for number in range(TASKS)]
            while await asyncio.to_thread(link.recv) == "begin":
                waits.clear()
                told.clear()
                going = True
                link.send("begun")
                await asyncio.to_thread(link.recv)
                going = False
                link.send((list(waits), Counter(told)))
            for task in started:
                task.cancel()

    asyncio.run(all_of_them())


@contextmanager
def bystanders(port: int, objects: int) -> Iterator[list[Connection]]:
    """Starts them; each is told to begin and to end by its connection."""
    context, links = get_context("spawn"), []
    with ExitStack() as stack:
        # Theirs are the last objects, which no operation deletes.
        watchers = [*((watch_in_process, objects - TASKS - at) for at in range(PROCESSES)), (watch_in_tasks, objects)]
        for target, pk in watchers:
            ours, theirs = context.Pipe()
            process = context.Process(target=target, args=(port, pk, theirs), daemon=True)
            process.start()
            stack.callback(process.join)
            stack.callback(ours.send, "end")
            links.append(ours)
        yield links


def longest_command(client: Any) -> float:
    """The longest that the server was busy since its slow log was reset, in milliseconds."""
    return max((entry["duration"] / 1000 for entry in client.slowlog_get(1000)), default=0.0)


def main(objects: int, names: list[str]) -> None:
    """Prints a row for each operation."""
    with running(NEWEST) as server:
        client = server.client()
        client.config_set("slowlog-log-slower-than", 1000)
        client.config_set("slowlog-max-len", 1000)
        fill(server.port, objects)
        own = models(RedisDatabase(port=server.port))
        head = f"{'operation':32}{'seconds':>9}{'reads':>9}{'p50':>8}{'p99':>8}{'p99.9':>8}{'longest':>9}{'command':>9}"
        print(f"{objects:,} objects; milliseconds that a read took, and the longest command\n{head}")
        with bystanders(server.port, objects) as links:
            for name in names or OPERATIONS:
                print(row(name, own, links, client), flush=True)


def row(name: str, own: Models, links: list[Connection], client: Any) -> str:
    """Runs an operation, and tells how the others fared."""
    for link in links:
        link.send("begin")
    for link in links:
        link.recv()
    client.slowlog_reset()
    began, outcome = time.perf_counter(), ""
    times = 0
    while times == 0 or (outcome and time.perf_counter() - began < AT_LEAST):
        try:
            OPERATIONS[name](own)
        except LimpydError as error:  # nothing is done, so it may be tried again
            outcome = f"  {type(error).__name__}"
        times += 1
    seconds = (time.perf_counter() - began) / times
    for link in links:
        link.send("stop")
    waits, told = [], Counter[str]()
    for link in links:
        some, errors = link.recv()
        waits += some
        told += errors
    waits.sort()
    shares = [waits[min(len(waits) - 1, int(share * len(waits)))] * 1000 for share in (0.5, 0.99, 0.999, 1)]
    told_of = "".join(f"\n    {count} times {error}" for error, count in told.items())
    figures = f"{shares[0]:8.1f}{shares[1]:8.1f}{shares[2]:8.1f}{shares[3]:9.1f}"
    return f"{name:32}{seconds:9.1f}{len(waits):9}{figures}{longest_command(client):9.1f}{outcome}{told_of}"


if __name__ == "__main__":
    given = sys.argv[1:]
    main(int(given.pop(0)) if given and given[0].isdigit() else OBJECTS, given)
