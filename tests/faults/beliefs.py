"""Processes of different declarations that act in random order on one model, and what their queries give.

Each process is a class on a database object of its own, which knows of the indexes what it was told. Calls run in
threads that stop before each exchange with the server, until it is their turn, so any order of all exchanges may come.
In between the server is flushed, or comes back with what it had some time before. A query must give what the values
say at the moment at which it is executed, or raise `IndexNotBuilt`.

As a program it does so many rounds: `python -m tests.faults.beliefs 10000`.
"""

from __future__ import annotations

import random
import sys
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from limpyd import EqualIndex, InstanceHashField, RedisDatabase, RedisModel, SetField, StringField
from limpyd.drivers.sync import SyncDriver
from limpyd.exceptions import DoesNotExist, IndexNotBuilt
from limpyd.upkeep import steps
from tests.servers import Server, running

NAMES = ["ada", "Ada", "bob", "Bob"]
Folded = EqualIndex.configure(transform=str.lower, name="Folded")


def plain(model: Any) -> dict[str, Any]:
    return {"name": StringField(), "age": InstanceHashField(type=int), "tags": SetField()}


def indexed(model: Any) -> dict[str, Any]:
    return {**plain(model), "name": StringField(indexable=True), "tags": SetField(indexable=True)}


def more(model: Any) -> dict[str, Any]:
    return {**indexed(model), "age": InstanceHashField(type=int, indexable=True)}


def folded(model: Any) -> dict[str, Any]:
    return {**plain(model), "name": StringField(indexes=[Folded])}


DECLARATIONS = (plain, indexed, more, folded)


class Process:
    """A class with a declaration, on a connection of its own."""

    def __init__(self, port: int, declare: Callable[[Any], dict[str, Any]]) -> None:
        self.database = RedisDatabase(port=port)
        self.fields = declare(RedisModel)
        self.model: Any = type("Person", (RedisModel,), {"database": self.database, **self.fields})
        self.folds = declare is folded

    def matching(self, truth: dict[bytes, Any], name: str) -> list[str]:
        """Those that a filter by name should find."""
        held = {pk: values[0] for pk, values in truth.items() if values[0] is not None}
        return sorted(pk.decode() for pk, value in held.items() if (value.lower() if self.folds else value) == name)


class Call(threading.Thread):
    """A call that stops before each exchange.

    Attributes:
        kind: what it does.
        truth: the values at the beginning and at the end of its last exchange.
        result: what it gave; or its error.
    """

    def __init__(self, kind: str, act: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self.kind = kind
        self.truth: tuple[Any, Any] = ({}, {})
        self.result: Any = None
        self._act = act
        self._turn = threading.Semaphore(0)
        self._stopped = threading.Semaphore(0)
        self.done = False

    def run(self) -> None:
        try:
            self.result = self._act()
        except Exception as error:  # noqa: BLE001 - it is judged
            self.result = error
        self.done = True
        self._stopped.release()

    def stop_here(self) -> None:
        """Waits for its next turn."""
        self._stopped.release()
        self._turn.acquire()

    def begin(self) -> None:
        self.start()
        self._stopped.acquire()

    def go_on(self, values: Callable[[], Any]) -> None:
        """Lets it make one exchange."""
        before = values()
        self._turn.release()
        self._stopped.acquire()
        self.truth = (before, values())


class Interleaving:
    """Some processes on a server, and what they do in random order."""

    def __init__(self, server: Server, seed: int) -> None:
        self._rng = random.Random(seed)
        self._client = server.client()
        self._client.flushall()
        declared = self._rng.choices(DECLARATIONS, [1, 4, 3, 1], k=3)
        self._processes = [Process(server.port, declare) for declare in declared]
        self._snapshot: dict[bytes, bytes] = {}
        self.counts: Counter[str] = Counter()

    def close(self) -> None:
        for process in self._processes:
            process.database.close()
        self._client.close()

    def values(self) -> dict[bytes, tuple[str | None, str | None]]:
        """What is stored of each object."""
        found = {}
        for pk in self._client.smembers("{person}:pks"):
            name = self._client.get(b"{person}:field:name:" + pk)
            age = self._client.hget(b"{person}:hash:" + pk, "age")
            found[pk] = (name.decode() if name else None, age.decode() if age else None)
        return found

    def round(self) -> None:
        """Some calls at the same time, one exchange after the other, and now and then an accident."""
        calls = [self._call() for _ in range(self._rng.randint(1, 3))]
        for call, _ in calls:
            call.begin()
        going = calls
        while going := [each for each in going if not each[0].done]:
            self._rng.choice(going)[0].go_on(self.values)
            if self._rng.random() < 0.02:
                self._accident()
        for call, judge in calls:
            call.join()
            judge(call)

    def _accident(self) -> None:
        rng, client = self._rng, self._client
        kind = rng.choice(["flush", "snapshot", "snapshot", "restore", "restore"])
        self.counts[kind] += 1
        if kind == "snapshot":
            self._snapshot = {key: client.dump(key) for key in client.scan_iter()}
            return
        client.flushall()
        if kind == "restore":
            for key, dumped in self._snapshot.items():
                client.restore(key, 0, dumped)

    def _call(self) -> tuple[Call, Callable[[Call], None]]:
        rng = self._rng
        process = rng.choice(self._processes)
        model, name, pk = process.model, rng.choice(NAMES), str(rng.randint(1, 8))
        some = model.lazy_connect(pk)
        has_index = process.fields["name"].indexable
        writes: dict[str, Callable[[], Any]] = {
            "create": lambda: model(name=name, age=rng.randint(1, 3)),
            "create many": lambda: model.bulk_create([{"name": name}, {"name": rng.choice(NAMES)}]),
            "set": lambda: some.name.set(name),
            "update": lambda: some.update(name=name, age=1),
            "delete": some.delete,
        }
        build: dict[str, Callable[[], Any]] = {
            "rebuild": model.rebuild_indexes,
            "rebuild one": model.get_field("name").rebuild_indexes if has_index else model.rebuild_indexes,
            "clear": model.clear_indexes if rng.random() < 0.3 else model.rebuild_indexes,
        }
        queries: dict[str, Callable[[], Any]] = {
            "native": lambda: sorted(model.collection(name=name)),
            "native count": lambda: model.collection(name=name).count(),
            "script": lambda: sorted(model.collection(name=name).exclude(pk="none")),
            "script count": lambda: model.collection(name__in=[name, "nobody"]).exclude(pk="none").count(),
            "in a pipeline": lambda: self._collected(process.database.pipeline, some, name),
            "in a transaction": lambda: self._collected(process.database.transaction, some, name),
        }
        chosen = rng.choices([writes, build, queries], [5, 2 if has_index else 0, 9 if has_index else 0])[0]
        kind = rng.choice(list(chosen))
        self.counts[kind] += 1

        def judge(call: Call) -> None:
            result = call.result
            if isinstance(result, (IndexNotBuilt, DoesNotExist)):
                self.counts[type(result).__name__] += 1
                return
            assert not isinstance(result, Exception), f"{kind} of {process.fields}: {result!r}"
            if chosen is not queries or (process.folds and kind == "in a pipeline"):
                return  # a write that asks Python in the middle comes after what was sent with it
            self.counts["judged"] += 1
            found = [process.matching(truth, name) for truth in call.truth]
            right = [len(each) if isinstance(result, int) else each for each in found]
            if result not in (right[1:] if kind.startswith("in a ") else right[:1]):
                msg = f"{kind} {name!r} of {process.fields}: {result!r}, should be {right!r}; {call.truth!r}"
                raise AssertionError(msg)

        return Call(kind, chosen[kind]), judge

    def _collected(self, block: Callable[[], Any], some: Any, name: str) -> Any:
        """A write and a count behind it, sent together."""
        with block():
            some.name.set(name)
            found = some.__class__.collection(name=name).count()
        return found.value


def interleaved(server: Server, seed: int, rounds: int) -> Counter[str]:
    """So many rounds; what was done, and how often.

    Raises:
        AssertionError: a query gave what is not there, or something failed.
    """
    usual = {name: getattr(SyncDriver, name) for name in ("_exchange", "run_together")}
    chunk = steps.CHUNK

    def stopping(method: Callable[..., Any]) -> Callable[..., Any]:
        def send(*args: Any) -> Any:
            call = threading.current_thread()
            if isinstance(call, Call):
                call.stop_here()
            return method(*args)

        return send

    interleaving = Interleaving(server, seed)
    try:
        steps.CHUNK = 2  # type: ignore[misc]
        for name, method in usual.items():
            setattr(SyncDriver, name, stopping(method))
        for _ in range(rounds):
            interleaving.round()
    finally:
        steps.CHUNK = chunk  # type: ignore[misc]
        for name, method in usual.items():
            setattr(SyncDriver, name, method)
        interleaving.close()
    return interleaving.counts


if __name__ == "__main__":
    with running("valkey-9.1") as own:
        total: Counter[str] = Counter()
        for number in range(int(sys.argv[1]) // 30):
            total += interleaved(own, number, 30)
        print(dict(total))
