"""Reads a feed of changes while the objects move to more partitions, and kills all that takes part (SIGKILL).

    python -m tests.faults.programs.moving_feeds PORT SEED MOVES [cluster]

Two writers change objects. Three workers of a group, and a reader that notes its position, note what they get. Beside
them a process moves the objects to twice as many partitions, again and again; it may declare no feed. From time to time
one of them is killed, and another one takes its place, which declares the new number of partitions. At the end each
change must have been noted, and none before the one that precedes it at its object.

Prints the numbers of changes, of notes, and of the killed processes of each kind; or ends with an error.
"""

from __future__ import annotations

import contextlib
import os
import random
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any

import redis

from limpyd import AutoPKField, ChangeFeed, InstanceHashField, RedisDatabase, RedisModel
from limpyd.indexes.maintenance import partition_record, trusted_reads
from limpyd.repartitioning import announcing, fences
from tests.support.killed_workers import Worker

PORT, SEED, MOVES, CLUSTERED = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), "cluster" in sys.argv[4:]
OBJECTS = 60
IDLE = 300
"""After so many milliseconds a worker counts as dead."""
COUNT = 20
SETTLED = 60
"""The seconds after which all has to have been read, and what has to be done in a move."""
KINDS = ["writer", "writer", "worker", "worker", "worker", "reader"]
partition_record.TRUSTED = trusted_reads.TRUSTED = 0.2
fences.NOTICED = 0.4
announcing.IN_SLICE = 5


def declare(count: int, *, feed: bool = True) -> Any:
    """The model, as a process sees it that has sent nothing yet."""
    nodes: dict[str, Any] = {"nodes": [("127.0.0.1", PORT)]} if CLUSTERED else {"port": PORT}
    body = {
        "database": RedisDatabase(patience=30, **nodes),
        "namespace": f"moving_feeds{SEED}",
        "partitions": count,
        "key": AutoPKField(),
        "number": InstanceHashField(int),
        **({"changes": ChangeFeed(max_length=1_000_000)} if feed else {}),
    }
    return type("Fed", (RedisModel,), body)


def write(count: int, pks: list[str], done: Callable[[], None]) -> None:
    """Writes to objects."""
    model, rng = declare(count), random.Random()
    while True:
        model.lazy_connect(rng.choice(pks)).number.hincrby(1)
        done()
        time.sleep(0.01)


def work(count: int, note: Callable[..., None], done: Callable[[], None]) -> None:
    """Reads as a worker of the group."""
    for change in declare(count).changes(group="g", block=0, count=COUNT, min_idle_time=IDLE):
        note("group", change)
        done()


def read(count: int, note: Callable[..., None], position: str, done: Callable[[], None]) -> None:
    """Reads on from a position."""
    reader = declare(count).changes(position, block=0, count=COUNT)
    for change in reader:
        note("reader", change, position=reader.position)
        done()


def move(count: int, feed: bool, done: Callable[[], None]) -> None:
    """Moves the objects."""
    declare(count, feed=feed).repartition()
    done()
    os._exit(0)


class Notes:
    """What readers note, on a server of their own.

    Args:
        port: its port.
    """

    def __init__(self, port: int) -> None:
        self.client = redis.Redis(port=port, decode_responses=True)

    def note(self, who: str, change: Any, **more: str) -> None:
        """Notes a change, and where a reader is."""
        pipe = self.client.pipeline()
        pipe.rpush(f"{who}:{change.pk}", f"{change.partition}/{change.id}")
        for name, value in more.items():
            pipe.set(name, value)
        pipe.execute()

    def faults(self, who: str, expected: dict[str, list[str]]) -> list[str]:
        """Returns what is missing, or came too early."""
        found = []
        for pk, ids in expected.items():
            places, furthest = {one: number for number, one in enumerate(ids)}, -1
            noted: Any = self.client.lrange(f"{who}:{pk}", 0, -1)
            for one in noted:
                if places[one] > furthest + 1:
                    found.append(f"{who}: {one} of {pk} came before {ids[furthest + 1]}")
                furthest = max(furthest, places[one])
            if furthest + 1 < len(ids):
                found.append(f"{who}: {ids[furthest + 1]} of {pk} never came")
        return found


class Run:
    """The processes, and those that were killed.

    Args:
        notes: where they note what they get.
        pks: the primary keys of the objects.
    """

    def __init__(self, notes: Notes, pks: list[str]) -> None:
        self._notes, self._pks, self._rng, self._model = notes, pks, random.Random(SEED), declare(2)
        self.count = 2
        self._ended: list[Worker] = []
        self.killed = dict.fromkeys(["mover", *KINDS], 0)
        self._processes = [self._start(kind) for kind in KINDS]

    def _start(self, kind: str) -> Worker:
        count, note = self.count, self._notes.note
        if kind == "writer":
            return _worker(partial(write, count, self._pks))
        if kind == "worker":
            return _worker(partial(work, count, note))
        return _worker(partial(read, count, note, self._notes.client.get("position") or "0"))

    def move(self) -> None:
        """Has the objects moved."""
        former, self.count = self.count, 2 * self.count
        mover = self._mover()
        record = self._model._schema.keys.root.meta
        while self._model.database.connection.hget(record, ":partitions") == str(former):
            time.sleep(0.01)  # until then the others have to declare the former number
        while not os.waitid(os.P_PID, mover.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            time.sleep(self._rng.uniform(0.02, 0.2))
            if self._rng.random() < 0.1:
                mover.end()
                self.killed["mover"] += 1
                mover = self._mover()
            self.kill_one()
        if mover.end():
            sys.exit("a mover has failed")

    def _mover(self) -> Worker:
        return _worker(partial(move, self.count, self._rng.random() < 0.7))

    def kill_one(self) -> None:
        """Kills a process, and starts another one in its place, which declares the present number of partitions."""
        number = self._rng.randrange(len(KINDS))
        self._processes[number].kill(self._rng.randrange(3) if KINDS[number] == "writer" else 0)
        self.killed[KINDS[number]] += 1
        self._processes[number] = self._start(KINDS[number])

    def end(self, kinds: set[str]) -> None:
        """Ends the processes of some kinds."""
        for kind, process in zip(KINDS, self._processes, strict=True):
            if kind in kinds and process not in self._ended:
                self._ended.append(process)
                with contextlib.suppress(ProcessLookupError):  # it has failed, and said why
                    process.end()


def _worker(work: Callable[[Callable[[], None]], None]) -> Worker:
    def told(done: Callable[[], None]) -> None:
        try:
            work(done)
        except BaseException:
            traceback.print_exc()
            raise

    return Worker(told)


def entries(model: Any) -> dict[str, list[str]]:
    """The changes of each object, in order: an object only goes to partitions with greater numbers."""
    found: dict[str, list[str]] = {}
    for partition in model._schema.keys.partitions:
        for entry, facts in model.database.connection.xrange(partition.changes):
            found.setdefault(facts["pk"], []).append(f"{partition.number}/{entry}")
    return found


def main(notes: Notes) -> None:
    made = declare(2)
    pks = [made(number=0).key.get() for _ in range(OBJECTS)]
    run = Run(notes, pks)
    try:
        faults, figures = followed(run, notes, pks)
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        run.end({*KINDS})
    if faults:
        sys.exit("\n".join(faults[:20]))
    print(*figures, *run.killed.values())


def followed(run: Run, notes: Notes, pks: list[str]) -> tuple[list[str], tuple[int, int]]:
    """Has the objects moved; returns what is wrong, and the numbers of changes and of notes."""
    for _ in range(MOVES):
        time.sleep(0.3)
        run.move()
    time.sleep(0.3)
    run.end({"writer"})
    model = declare(run.count)
    expected, until = entries(model), time.monotonic() + SETTLED
    while faults := [*notes.faults("group", expected), *notes.faults("reader", expected)]:
        if time.monotonic() > until or any("came before" in fault for fault in faults):
            break
        time.sleep(0.5)
    numbers = {pk: int(model.lazy_connect(pk).number.hget()) for pk in pks}
    faults += [f"{pk}: not each change has one entry" for pk in pks if numbers[pk] + 1 != len(expected[pk])]
    faults += map(str, model.check())
    lengths = [notes.client.llen(key) for key in notes.client.scan_iter(match="*:*")]
    return faults, (sum(map(len, expected.values())), sum(lengths))


if __name__ == "__main__":
    from tests.support.servers import running

    with running("valkey-9.1") as server:
        main(Notes(server.port))
