"""Raises at each place of a call in turn, as a signal handler may, and judges what is left; the sync face.

A place is a line, or the entry of a function, that runs during a call in the drivers, the pipelines, the database, or
in redis-py. At each an Exception is raised, then a KeyboardInterrupt; and instead of that the database is used.

python -m tests.faults.interrupts [STEP]     (STEP: only every so many places)
"""

from __future__ import annotations

import gc
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from time import sleep
from types import FrameType
from typing import Any

import redis

import limpyd
from limpyd import InstanceHashField, ListField, RedisDatabase, RedisModel, StringField
from limpyd.drivers.connections import IDLE_UNCHECKED
from tests.servers import running

OURS = str(Path(limpyd.__file__).parent)
TRACED = (
    f"{OURS}/drivers/",
    f"{OURS}/pipelines/",
    f"{OURS}/database.py",
    f"{OURS}/model/making.py",
    f"{Path(redis.__file__).parent}/",
)
MARK = "reply of its own"
OF_TRACING = "'traceback' object is not callable"
"""What CPython raises if a trace function raises as a `with` block is handed an error; no signal arrives there."""
LONGEST = 15
"""Seconds after which a call hangs."""
MOST_LINES = 4


class Late(Exception):
    """What a task queue raises when the time is over."""


class Hang(BaseException):
    """A call took too long."""


class Thing(RedisModel):
    """What the calls are on."""

    database = RedisDatabase()
    number = StringField(type=int, indexable=True)
    other = StringField()
    name = InstanceHashField(indexable=True)
    queue = ListField()


class Place:
    """Does something once, at the place with a number; counts places."""

    def __init__(self, number: int = -1, act: Callable[[], Any] | None = None) -> None:
        self.seen = 0
        self.places: set[tuple[str, int]] = set()
        self._number = number
        self._act = act

    def trace(self, frame: FrameType, event: str, _: Any) -> Any:
        """Looks at each event of a traced frame."""
        if not frame.f_code.co_filename.startswith(TRACED):
            return None
        if event in {"call", "line"}:
            if self.seen == self._number and self._act is not None:
                sys.settrace(None)
                self.seen += 1
                self._act()
                return None
            self.seen += 1
            self.places.add((frame.f_code.co_filename, frame.f_lineno))
        return self.trace


def _pipeline(database: RedisDatabase, thing: Thing) -> Any:
    with database.pipeline() as pipe:
        thing.number.set(6)
        thing.name.hset("new")
        pipe.add(thing.other.get)


def _transaction(database: RedisDatabase, thing: Thing) -> Any:
    with database.transaction():
        thing.number.set(6)
        thing.name.hset("new")


def _watched(database: RedisDatabase, thing: Thing) -> Any:
    def change(transaction: Any) -> None:
        assert thing.other.get() == MARK
        transaction.multi()
        thing.number.set(6)
        thing.name.hset("new")

    database.transaction(change, thing.number)


def _closed(database: RedisDatabase, _: redis.Redis, _thing: Thing) -> None:
    database.close()


def _cut(_: RedisDatabase, client: redis.Redis, _thing: Thing) -> None:
    client.client_kill_filter(_type="normal", skipme=True)


def _cut_before(database: RedisDatabase, client: redis.Redis, thing: Thing) -> None:
    _cut(database, client, thing)
    sleep(IDLE_UNCHECKED)


def _nothing(_: RedisDatabase, _client: redis.Redis, _thing: Thing) -> None:
    pass


def _pushed(_: RedisDatabase, _client: redis.Redis, thing: Thing) -> None:
    thing.queue.rpush("x")


Before = Callable[[RedisDatabase, redis.Redis, Thing], None]
Call = Callable[[RedisDatabase, Thing], Any]
CALLS: dict[str, tuple[Before, Call, Any]] = {
    "read": (_nothing, lambda _, thing: thing.other.get(), MARK),
    "indexed write": (_nothing, lambda _, thing: thing.number.set(6), True),
    "create": (_nothing, lambda _, thing: Thing(number=6, name="made").number.get(), 6),
    "pipeline": (_nothing, _pipeline, None),
    "transaction": (_nothing, _transaction, None),
    "watched transaction": (_nothing, _watched, None),
    "blocking command": (_pushed, lambda _, thing: thing.queue.blpop(timeout=5), "x"),
    "query": (_nothing, lambda _, thing: list(Thing.collection(name="old")), ["1"]),
    "iteration": (_nothing, lambda database, thing: len(list(database.scan_keys())) > 3, True),
    "first use": (_closed, lambda _, thing: thing.other.get(), MARK),
    "first pipeline": (_closed, _pipeline, None),
    "new connection": (_cut_before, lambda _, thing: thing.number.set(6), True),
    "read after a loss": (_cut, lambda _, thing: thing.other.get(), MARK),
    "query after a loss": (_cut, lambda _, thing: Thing.collection(name="old").count(), 1),
    "closing": (_nothing, lambda database, thing: database.close(), None),
}
WHOLE = {"transaction", "watched transaction"}


class Judge:
    """Makes calls, interrupts them, and judges what is left.

    Attributes:
        found: how many calls were judged, and how many of them went wrong, by how.
        examples: some that went wrong.
    """

    def __init__(self, port: int) -> None:
        self.database = RedisDatabase(port=port, socket_timeout=5)
        Thing.use_database(self.database)
        self.client = redis.Redis(port=port)
        self.found: Counter[str] = Counter()
        self.places: set[tuple[str, int]] = set()
        self.examples: list[str] = []

    def all_places(self, name: str, step: int = 1, first: int = 0) -> None:
        """Interrupts a call at all its places, or at some of them."""
        reached = self._run(name, Place(), None)
        for number in range(first, reached + 2, step):
            for error in (Late, KeyboardInterrupt, None):
                self._interrupted(name, number, error)

    def _interrupted(self, name: str, number: int, error: type[BaseException] | None) -> None:
        replies: list[Any] = []

        def act() -> None:
            if error is not None:
                raise error
            if self.database._pipeline() is None:  # within a block it would be a part of it
                replies.append(self.thing.other.get())

        place = Place(number, act)
        try:
            self._run(name, place, error)
        except AssertionError as wrong:
            self._wrong(f"{wrong.args[0][0]}", f"{name}, place {number}, {error}: {wrong.args[0][1]}")
        except Hang:
            self._wrong("hangs", f"{name}, place {number}, {error}")
        if replies not in ([], [MARK]):
            self._wrong("wrong replies", f"{name}, place {number}: the handler got {replies}")
        self.found["judged"] += 1

    def _wrong(self, kind: str, example: str) -> None:
        self.found[kind] += 1
        self.examples.append(f"{kind}: {example}")

    def _run(self, name: str, place: Place, error: type[BaseException] | None) -> int:
        before, call, right = CALLS[name]
        self.client.flushall()
        self.database._forget_indexes()
        self.thing = thing = Thing(number=5, other=MARK, name="old")
        list(Thing.collection(name="old"))
        before(self.database, self.client, thing)
        signal.setitimer(signal.ITIMER_REAL, LONGEST)
        try:
            sys.settrace(place.trace)
            try:
                told = call(self.database, thing)
            finally:
                sys.settrace(None)
        except (Late, KeyboardInterrupt) as raised:
            _demand(type(raised) is error, "wrong errors", repr(raised))
            self._judge(name, done=None)  # while it is handled: its frames are still there
        except Hang:
            raise
        except Exception as raised:  # noqa: BLE001 - judged
            _demand(str(raised) == OF_TRACING, "wrong errors", repr(raised))
        else:
            _demand(told == right, "wrong replies", f"{told!r} instead of {right!r}")
            self._judge(name, done=True)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        self.places |= place.places
        return place.seen

    def _judge(self, name: str, *, done: bool | None) -> None:
        """Looks at what a call left: by the same database, and by another client."""
        _demand(self.database._pipeline() is None, "open pipelines", "there is one")
        for _ in range(2):
            _demand(self.thing.other.get() == MARK, "wrong replies", "other")
            number, hash_name = self.thing.number.get(), self.thing.name.hget()
            changed = (number == 6, hash_name == "new")
            _demand((number, hash_name) in {(5, "old"), (6, "old"), (5, "new"), (6, "new")}, "wrong replies", "fields")
            if name in WHOLE:
                _demand(changed[0] == changed[1], "half done", str(changed))
            if done and CALLS[name][1] in (_pipeline, _transaction, _watched):
                _demand(changed == (True, True), "half done", f"{changed}, and no error")
            stored = self.client.get("{thing}:field:number:1") or b""
            _demand(int(stored) == number, "wrong replies", f"{number}, and there is {stored!r}")
            _demand("1" in set(Thing.collection(number=number)), "half done", "the index of number")
            _demand("1" in set(Thing.collection(name=hash_name)), "half done", "the index of name")
            pks = set(Thing.collection())
            made = [[made.number.get(), made.name.hget()] for made in map(Thing.lazy_connect, pks - {"1"})]
            _demand(made in ([], [[6, "made"]]), "half done", f"objects {made}")
        driver = self.database._access.driver
        if driver is not None and len(driver._connections._lines) > MOST_LINES:
            gc.collect()
            _demand(len(driver._connections._lines) <= MOST_LINES, "leaked connections", "too many")


def _demand(met: bool, kind: str, what: str) -> None:
    if not met:
        raise AssertionError((kind, what))


def _hangs(*_: object) -> None:
    raise Hang


def interrupt_all(names: list[str], port: int, step: int = 1, first: int = 0) -> Judge:
    """Interrupts some calls at each of their places, or at every so many of them from a first one on."""
    judge = Judge(port)
    usual = signal.signal(signal.SIGALRM, _hangs)
    try:
        for name in names:
            judge.all_places(name, step, first)
    finally:
        signal.signal(signal.SIGALRM, usual)
        judge.database.close()
        judge.client.close()
    return judge


def main() -> None:
    """Prints what was found, and fails if anything was."""
    step = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    with running("valkey-9.1") as server:
        judge = interrupt_all(list(CALLS), server.port, step)
        with server.client() as client:
            clients = client.info("clients")["connected_clients"]
    found = judge.found
    print(f"{len(judge.places)} places (lines), {found['judged']} interrupted calls judged; ", end="")
    kinds = ("wrong replies", "wrong errors", "hangs", "half done", "open pipelines", "leaked connections")
    print(", ".join(f"{kind}: {found[kind]}" for kind in kinds) + f"; connections at the end: {clients}")
    sys.exit("\n".join(judge.examples[:30]))


if __name__ == "__main__":
    main()
