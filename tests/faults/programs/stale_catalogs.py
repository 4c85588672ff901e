"""Processes of different declarations that act in random order on one model, and what their queries give.

Each process is a class on a database object of its own, which knows of the indexes what it was told. Calls run in
threads that stop before each exchange with the server, until it is their turn, so any order of all exchanges may come.
In between the server is flushed, or comes back with what it had some time before. A query must give what the values
say at the moment at which it is executed, or raise `IndexNotBuilt`. Indexes are plain, unique, of ranges, of several
fields, of a transform, of references; a field may get another name meanwhile, and so may the class, while processes go
on to write under its former name.

As a program it does so many rounds: `python -m tests.faults.programs.stale_catalogs 10000`.
"""

from __future__ import annotations

import random
import sys
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import redis

from limpyd import (
    EqualIndex,
    EqualIndexWith,
    FKInstanceHashField,
    InstanceHashField,
    PKField,
    RedisDatabase,
    RedisModel,
    SetField,
    StringField,
)
from limpyd.drivers.connection_pool import SyncConnectionPool
from limpyd.drivers.sync_transport import SyncTransport
from limpyd.exceptions import (
    BulkError,
    DoesNotExist,
    IndexNotBuilt,
    InvalidValue,
    RelatedDoesNotExist,
    UndeclaredReference,
    UniquenessError,
)
from limpyd.indexes.maintenance import requests
from tests.support.servers import Server, running

NAMES = ["ada", "Ada", "bob", "Bob"]
Folded = EqualIndex.configure(transform=str.lower, name="Folded")


def plain(model: Any) -> dict[str, Any]:
    return {"name": StringField(), "age": InstanceHashField(type=int), "tags": SetField()}


def unique(model: Any) -> dict[str, Any]:
    return {**plain(model), "name": StringField(unique=True)}


def composite(model: Any) -> dict[str, Any]:
    return {**plain(model), "name": StringField(indexes=[EqualIndexWith.configure(other_fields=["age"])])}


def renamed(model: Any) -> dict[str, Any]:
    return {"label": StringField(indexable=True), "age": InstanceHashField(type=int, indexable=True)}


def referring(model: Any) -> dict[str, Any]:
    return {**more(model), "town": FKInstanceHashField("Town")}


def indexed(model: Any) -> dict[str, Any]:
    return {**plain(model), "name": StringField(indexable=True), "tags": SetField(indexable=True)}


def more(model: Any) -> dict[str, Any]:
    return {**indexed(model), "age": InstanceHashField(type=int, indexable=True)}


def folded(model: Any) -> dict[str, Any]:
    return {**plain(model), "name": StringField(indexes=[Folded])}


DECLARATIONS = {plain: 1, indexed: 3, more: 3, folded: 1, unique: 2, composite: 2, renamed: 2, referring: 3}
EXPECTED = (BulkError, IndexNotBuilt, DoesNotExist, UniquenessError, RelatedDoesNotExist, UndeclaredReference)
TOWNS = ["Rome", "Oslo"]
NAME, FORMER_NAME = "Person", "Human"


Values = dict[str, str | None]


class Process:
    """A class with a declaration, on a connection of its own."""

    def __init__(self, port: int, declare: Callable[[Any], dict[str, Any]], class_name: str) -> None:
        self.database = RedisDatabase(port=port)
        self.fields = declare(RedisModel)
        town = {"code": PKField(), "name": StringField(indexable=True)}
        self.town: Any = type("Town", (RedisModel,), {"database": self.database, **town})
        self.class_name = class_name
        self.model: Any = type(class_name, (RedisModel,), {"database": self.database, **self.fields})
        self.folds = declare is folded
        self.text = "label" if declare is renamed else "name"
        """The field that holds the name."""
        self.filters = [name for name in ("age", "town") if name in self.fields and self.fields[name].indexable]
        """What it can be asked for beside the name."""
        self.composite = declare is composite

    def asked(self, rng: random.Random) -> tuple[dict[str, Any], Callable[[Values], bool]]:
        """A filter, and whether it holds of the values of an object."""
        name, age, town, text = rng.choice(NAMES), rng.randint(1, 3), rng.choice(TOWNS), self.text
        if self.composite:
            return {text: name, "age": age}, lambda values: (values[text], values["age"]) == (name, str(age))
        kind = rng.choice([text, text, *self.filters])
        if kind == "age":
            return {"age__gte": age}, lambda values: values["age"] is not None and int(values["age"]) >= age
        if kind == "town":
            if rng.random() < 0.5:
                return {"town": town}, lambda values: values["town"] == town
            return {"town__name": town}, lambda values: values["town"] is not None and values["town_name"] == town
        return {text: name}, lambda values: self._as_asked(values[text]) == name

    def _as_asked(self, value: str | None) -> str | None:
        return value.lower() if self.folds and value is not None else value


class Call(threading.Thread):
    """A call that stops before each exchange.

    Attributes:
        kind: what it does.
        truth: the values at the beginning and at the end of its last exchange, by the names of classes.
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
    """Some processes on a server, and what they do in random order.

    How many exchanges a call takes depends on the scripts that the server knows, and on how fast it is. So the calls of
    a round are drawn from a generator of their own, and the order of exchanges and the accidents from another one.
    """

    def __init__(self, server: Server, seed: int) -> None:
        self._seed, self._rounds = seed, 0
        self._rng = random.Random(seed)
        self._reader = redis.Redis(port=server.port, decode_responses=True)
        self._client = server.client()
        self._client.flushall()
        declared = self._rng.choices(list(DECLARATIONS), list(DECLARATIONS.values()), k=3)
        names = self._rng.choice([[NAME], [NAME, NAME, FORMER_NAME]])
        self._processes = [Process(server.port, declare, self._rng.choice(names)) for declare in declared]
        self._snapshot: dict[bytes, bytes] = {}
        self.counts: Counter[str] = Counter()

    def close(self) -> None:
        for process in self._processes:
            process.database.close()
        self._client.close()
        self._reader.close()

    def values(self) -> dict[str, dict[str, Values]]:
        """What is stored of each object, by the names of classes."""
        client: Any = self._reader
        towns = {code: client.get(f"{{town}}:field:name:{code}") for code in client.smembers("{town}:pks")}
        return {
            name: self._values_of(f"{{{name.lower()}}}", towns)
            for name in {each.class_name for each in self._processes}
        }

    def _values_of(self, tag: str, towns: dict[str, Any]) -> dict[str, Values]:
        found = {}
        client: Any = self._reader
        for pk in client.smembers(f"{tag}:pks"):
            age, town = client.hmget(f"{tag}:hash:{pk}", "age", "town")
            texts = {text: client.get(f"{tag}:field:{text}:{pk}") for text in ("name", "label")}
            found[pk] = {"age": age, "town": town, "town_name": towns.get(town), **texts}
        return found

    def round(self) -> None:
        """Some calls at the same time, one exchange after the other, and now and then an accident."""
        self._rounds += 1
        self._rng = random.Random(f"calls {self._seed} {self._rounds}")
        order = random.Random(f"order {self._seed} {self._rounds}")
        calls = [self._call() for _ in range(self._rng.randint(1, 3))]
        for call, _ in calls:
            call.begin()
        going = calls
        while going := [each for each in going if not each[0].done]:
            order.choice(going)[0].go_on(self.values)
            if order.random() < 0.02:
                self._accident(order)
        for call, judge in calls:
            call.join()
            judge(call)

    def _accident(self, rng: random.Random) -> None:
        client = self._client
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
        model, name, pk, text = process.model, rng.choice(NAMES), str(rng.randint(1, 8)), process.text
        some = model.lazy_connect(pk)
        has_index = process.fields[text].indexable
        town = {"town": rng.choice(TOWNS)} if "town" in process.fields else {}
        code, age, another_name = rng.choice(TOWNS), rng.randint(1, 3), rng.choice(NAMES)
        filters, holds = process.asked(rng)
        writes: dict[str, Callable[[], Any]] = {
            "create": lambda: model(**{text: name}, **town, age=age),
            "create many": lambda: model.bulk_create([{text: name}, {text: another_name, **town}]),
            "set": lambda: getattr(some, text).set(name),
            "update": lambda: some.update(**{text: name}, **town, age=1),
            "delete": some.delete,
        }
        if town:
            writes["create a town"] = lambda: process.town.get_or_create(code=code, defaults={"name": code})
            writes["delete a town"] = process.town.lazy_connect(code).delete
        if text == "label":
            writes["rename"] = lambda: model.rename_field("name", "label")
        if process.class_name == NAME and any(each.class_name == FORMER_NAME for each in self._processes):
            writes["rename the class"] = lambda: model.rename_from(FORMER_NAME)
        build: dict[str, Callable[[], Any]] = {
            "rebuild": model.rebuild_indexes,
            "rebuild one": model.get_field(text).rebuild_indexes if has_index else model.rebuild_indexes,
            "clear": model.clear_indexes if rng.random() < 0.3 else model.rebuild_indexes,
        }
        queries: dict[str, Callable[[], Any]] = {
            "native": lambda: sorted(model.collection(**filters)),
            "native count": lambda: model.collection(**filters).count(),
            "script": lambda: sorted(model.collection(**filters).exclude(pk="none")),
            "script count": lambda: model.collection(**filters).exclude(pk="none").count(),
            "in a pipeline": lambda: self._collected(process.database.pipeline, getattr(some, text), name, filters),
            "in a transaction": lambda: self._collected(
                process.database.transaction, getattr(some, text), name, filters
            ),
        }
        chosen = rng.choices([writes, build, queries], [5, 2 if has_index else 0, 9 if has_index else 0])[0]
        kind = rng.choices(list(chosen), [4 if kind == "rename the class" else 1 for kind in chosen])[0]
        self.counts[kind] += 1

        def judge(call: Call) -> None:
            result = call.result
            if isinstance(result, EXPECTED) or (kind == "rename the class" and isinstance(result, InvalidValue)):
                self.counts[type(result).__name__] += 1
                return
            assert not isinstance(result, Exception), f"{kind} of {process.fields}: {result!r}"
            if chosen is not queries or (process.folds and kind == "in a pipeline"):
                return  # a write that asks Python in the middle comes after what was sent with it
            self.counts["judged"] += 1
            found = [
                sorted(pk for pk, values in truth[process.class_name].items() if holds(values)) for truth in call.truth
            ]
            right = [len(each) if isinstance(result, int) else each for each in found]
            if result not in (right[1:] if kind.startswith("in a ") else right[:1]):
                msg = f"{kind} {filters!r} of {process.fields}: {result!r}, should be {right!r}; {call.truth!r}"
                raise AssertionError(msg)

        return Call(kind, chosen[kind]), judge

    def _collected(self, block: Callable[[], Any], field: Any, name: str, filters: dict[str, Any]) -> Any:
        """A write and a count behind it, sent together."""
        with block():
            field.set(name)
            found = field._instance.__class__.collection(**filters).count()
        return found.value


def interleaved(server: Server, seed: int, rounds: int) -> Counter[str]:
    """So many rounds; what was done, and how often.

    Raises:
        AssertionError: a query gave what is not there, or something failed.
    """
    usual = [
        (SyncConnectionPool, "exchange", SyncConnectionPool.exchange),
        (SyncTransport, "run_together", SyncTransport.run_together),
    ]
    chunk = requests.CHUNK

    def stopping(method: Callable[..., Any]) -> Callable[..., Any]:
        def send(*args: Any, **named: Any) -> Any:
            call = threading.current_thread()
            if isinstance(call, Call):
                call.stop_here()
            return method(*args, **named)

        return send

    interleaving = Interleaving(server, seed)
    try:
        requests.CHUNK = 2  # type: ignore[misc]
        for kind, name, method in usual:
            setattr(kind, name, stopping(method))
        for _ in range(rounds):
            interleaving.round()
    finally:
        requests.CHUNK = chunk  # type: ignore[misc]
        for kind, name, method in usual:
            setattr(kind, name, method)
        interleaving.close()
    return interleaving.counts


if __name__ == "__main__":
    with running("valkey-9.1") as own:
        total: Counter[str] = Counter()
        for number in range(int(sys.argv[1]) // 30):
            total += interleaved(own, number, 30)
        print(dict(total))
