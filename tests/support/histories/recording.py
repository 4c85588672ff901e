"""Clients that work on the same few objects at the same time, and note when they asked what, and what they saw."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Hashable
from typing import Any

from limpyd import InstanceHashField, PKField, StringField, UniquenessError, VersionField
from limpyd.exceptions import DoesNotExist, OutcomeUnknown, ServerTimeout, ServerUnreachable, StaleObject
from limpyd.relations import M2MSetField
from tests.support.face import Face
from tests.support.histories.linearizability import UNKNOWN, Claims, Counter, History, Links, Operation, Page
from tests.support.servers import Server

NAMES = ("a", "b", "c")
CUT_EVERY = 40
"""How many operations begin between two cuts, so that a slow machine sees as many of them as a fast one."""
Recorded = dict[tuple[type, str], list[Operation]]


def declare(face: Face) -> tuple[Any, Any, Any]:
    """The models on a face: persons, things that refer to them, and texts with versions."""

    class Person(face.Model):
        database = face.database
        name = PKField()

    class Thing(face.Model):
        database = face.database
        name = PKField()
        count = StringField(type=int, indexable=True)
        email = InstanceHashField(unique=True)
        members = M2MSetField(Person, related_name="things")

    class Text(face.Model):
        database = face.database
        name = PKField()
        version = VersionField()
        text = StringField(indexable=True)

    for model in (Person, Thing, Text):
        model.__module__ = __name__
    return Person, Thing, Text


class Worker:
    """A client with a database object of its own.

    Args:
        face: on which it works.
        recorded: the histories, which all workers add to, by what they are about.
        seed: of what it chooses to do.
        begun: called before each operation.
    """

    def __init__(self, face: Face, recorded: Recorded, seed: str, begun: Callable[[], object]) -> None:
        self.face = face
        self._begun = begun
        self.persons, self.things, self.texts = declare(face)
        self._recorded = recorded
        self._name = seed
        self._rng = random.Random(seed)
        self._works = [work for name, work in vars(Worker).items() if name.startswith("do_")]
        self._versions = dict.fromkeys(NAMES, 1)

    async def work(self, steps: int) -> None:
        """Does so many things."""
        for number in range(steps):
            work = self._rng.choice(self._works)
            await work(self, self._rng.choice(NAMES), self._rng.choice(NAMES), number)
        await self.face.do(self.face.database.close())

    async def do_count(self, name: str, other: str, number: int) -> None:
        thing = self.things.lazy_connect(name)
        if number % 3:
            await self._ask((Counter, name), "incr", (), lambda: thing.count.incr())
        else:
            await self._ask((Counter, name), "get", (), lambda: thing.count.get(), lambda found: found or 0)

    async def do_claim(self, name: str, value: str, number: int) -> None:
        thing = self.things.lazy_connect(name)
        await self._ask((Claims, ""), "claim", (name, value), lambda: thing.email.hset(value), lambda _: True)

    async def do_release(self, name: str, other: str, number: int) -> None:
        thing = self.things.lazy_connect(name)
        await self._ask((Claims, ""), "release", (name,), lambda: thing.email.hdel())

    async def do_find(self, name: str, value: str, number: int) -> None:
        await self._ask((Claims, ""), "owner", (value,), lambda: self.things.collection(email=value).get())

    async def do_link(self, name: str, person: str, number: int) -> None:
        thing, there = self.things.lazy_connect(name), self.persons.lazy_connect(person)
        kind = ("add", "remove")[number // 2 % 2]
        from_this_side = {"add": lambda: thing.members.sadd(person), "remove": lambda: thing.members.srem(person)}
        from_that_side = {"add": lambda: there.things.sadd(name), "remove": lambda: there.things.srem(name)}
        await self._ask((Links, ""), kind, (name, person), (from_this_side, from_that_side)[number % 2][kind])

    async def do_look(self, name: str, person: str, number: int) -> None:
        thing, there = self.things.lazy_connect(name), self.persons.lazy_connect(person)
        if number % 2:
            await self._ask((Links, ""), "members", (name,), lambda: thing.members.smembers(), frozenset)
        else:
            await self._ask((Links, ""), "groups", (person,), lambda: there.things().all(), frozenset)

    async def do_read(self, name: str, other: str, number: int) -> None:
        def noted(rows: Any) -> Hashable:
            self._versions[name] = rows[0][0]
            return rows[0][0], rows[0][1] or ""

        found = self.texts.collection(name=name).values_list("version", "text")
        await self._ask((Page, name), "read", (), lambda: found.all(), noted)

    async def do_update(self, name: str, other: str, number: int) -> None:
        def noted(version: int) -> Hashable:
            self._versions[name] = version
            return "updated", version

        known, text = self._versions[name], f"{self._name} {number}"
        update = self.texts.lazy_connect(name).update
        await self._ask((Page, name), "update", (known, text), lambda: update(text=text, if_version=known), noted)

    async def _ask(
        self,
        about: tuple[type, str],
        kind: str,
        args: tuple[Hashable, ...],
        ask: Callable[[], Any],
        seen: Callable[[Any], Hashable] = lambda result: result,
    ) -> None:
        """Notes an operation, if it was perhaps done: when it was asked, when it came back, and what was seen."""
        self._begun()
        call = time.monotonic_ns()
        result: Hashable
        try:
            result = seen(await self.face.do(ask()))
        except OutcomeUnknown:
            result = UNKNOWN  # a connection that the server killed does nothing any more
        except (ServerUnreachable, ServerTimeout):
            return
        except UniquenessError:
            result = False
        except DoesNotExist:
            result = None
        except StaleObject as stale:
            self._versions[about[1]] = stale.found
            result = ("stale", stale.found)
        self._recorded[about].append(Operation(kind, args, call, time.monotonic_ns(), result))


def record(face_name: str, server: Server, workers: int, steps: int, seed: str, *, cut: bool) -> Recorded:
    """The histories of some workers, by sequential model and name.

    Args:
        face_name: "sync", for threads; "async", for tasks of one event loop.
        server: on which they work.
        workers: how many there are.
        steps: how many things each of them does.
        seed: of what they choose to do.
        cut: whether their connections are killed, and their scripts forgotten, while they work.
    """
    with server.client() as client:
        client.flushall()
    recorded: Recorded = defaultdict(list)
    begun = threading.Semaphore(0)
    crowd = [Worker(Face(face_name, server), recorded, f"{seed} {number}", begun.release) for number in range(workers)]
    asyncio.run(_prepare(crowd[0]))
    groups = [crowd] if crowd[0].face.is_async else [[worker] for worker in crowd]
    errors: list[BaseException] = []

    def run(group: list[Worker]) -> None:
        async def together() -> None:
            await asyncio.gather(*(worker.work(steps) for worker in group))

        try:
            asyncio.run(together())
        except BaseException as error:  # noqa: BLE001 - it is told at the end
            errors.append(error)

    threads = [threading.Thread(target=run, args=(group,)) for group in groups]
    for thread in threads:
        thread.start()
    if cut:
        for _ in range(workers * steps // CUT_EVERY):
            for _ in range(CUT_EVERY):
                begun.acquire()
            with server.client() as client:
                client.script_flush()
                client.client_kill_filter(_type="normal", skipme=True)
    for thread in threads:
        thread.join()
    for worker in crowd:
        worker.face.client.close()
    if errors:
        raise errors[0]
    return recorded


async def _prepare(worker: Worker) -> None:
    for name in NAMES:
        for model in (worker.persons, worker.things, worker.texts):
            await worker.face.do(model.create(name=name))
    await worker.face.do(worker.face.database.close())


def unexplained(recorded: Recorded) -> list[str]:
    """What no order explains in the histories."""
    return [
        f"{model.__name__} {name}: {stuck}"
        for (model, name), operations in recorded.items()
        if (stuck := History(model(), operations).unexplained())
    ]
