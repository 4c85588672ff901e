"""The operations of benchmarks/cluster.py on each side. They use an object, or a hash, of each node in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count, cycle
from typing import Any

from benchmarks.people import FEW, MATCHES, SOMEBODY, person
from benchmarks.sides.models import PersonFields
from limpyd import RedisModel, SetField
from limpyd.asyncio import AsyncRedisModel
from limpyd.keys.slots import SLOTS, slot_of

PIPED = 100
PIPELINES = f"pipeline of {PIPED}: "

Calls = dict[str, Callable[[], Any]]
"""Operations by name; each call does it once, or gives a coroutine that does."""


class MemberFields(PersonFields):
    """A person with a set."""

    tags = SetField()


def names(nodes: int) -> list[str]:
    """Names of models, one for each node of a cluster whose slots are shared out in order."""
    found: dict[int, str] = {}
    for number in count():
        name = f"person{number}"
        found.setdefault(slot_of(name.encode()) * nodes // SLOTS, name)
        if len(found) == nodes:
            return [found[node] for node in sorted(found)]
    raise AssertionError


def declared(at: Any, base: Any, nodes: int) -> list[Any]:
    """A model on each node, or as many on a single server."""
    return [type("Member", (MemberFields, base), {"database": at, "model_name": name}) for name in names(nodes)]


def fill(at: Any, nodes: int) -> None:
    """Stores the objects."""
    for model in declared(at, RedisModel, nodes):
        model.bulk_create(person(number) for number in range(1, FEW + 1))


def with_limpyd(at: Any, numbers: Iterator[int], nodes: int) -> Calls:
    """The operations with limpyd, on a database of either face; `numbers` are those of new persons."""
    is_async = not hasattr(at.pipeline(), "__enter__")
    models = declared(at, AsyncRedisModel if is_async else RedisModel, nodes)
    model, some, turns = cycle(models), cycle([each.lazy_connect(SOMEBODY) for each in models]), count(1)

    def get() -> Any:
        return next(some).name.hget()

    def set_plain() -> Any:
        return next(some).age.hset(next(turns) % 90)

    def set_indexed() -> Any:
        return next(some).city.hset(f"City {next(turns) % 7}")

    singles: Calls = {
        "get a field": get,
        "set a plain field": set_plain,
        "set an indexed field": set_indexed,
        "create": lambda: next(model).create(**person(next(numbers))),
        "get by primary key": lambda: next(model).get(SOMEBODY),
        "get by unique value": lambda: next(model).get(email=f"{SOMEBODY}@example.com"),
        "sadd": lambda: next(some).tags.sadd(f"Tag {next(turns) % 90}"),
        "count of a filter": lambda: next(model).collection(team=f"Team {SOMEBODY // MATCHES}").count(),
    }
    piped = async_piped if is_async else sync_piped
    return singles | {PIPELINES + name: piped(at, singles[name]) for name in list(singles)[:3]}


def by_hand(client: Any, nodes: int) -> Calls:
    """The plain ones with redis-py, whose pipelines have the same methods as its client."""
    tags = [f"{{{name}}}" for name in names(nodes)]
    keys, sets, turns = cycle([f"{tag}:hand" for tag in tags]), cycle([f"{tag}:tags" for tag in tags]), count(1)

    def get(to: Any) -> Any:
        return to.hget(next(keys), "name")

    def set_plain(to: Any) -> Any:
        return to.hset(next(keys), "age", next(turns) % 90)

    def piped(call: Callable[[Any], Any]) -> Any:
        pipe = client.pipeline()
        for _ in range(PIPED):
            call(pipe)
        return pipe.execute()

    return {
        "get a field": lambda: get(client),
        "set a plain field": lambda: set_plain(client),
        "sadd": lambda: client.sadd(next(sets), f"Tag {next(turns) % 90}"),
        PIPELINES + "get a field": lambda: piped(get),
        PIPELINES + "set a plain field": lambda: piped(set_plain),
    }


def sync_piped(at: Any, call: Callable[[], Any]) -> Callable[[], Any]:
    """A pipeline of one operation, many times."""

    def piped() -> list[Any]:
        with at.pipeline():
            pendings = [call() for _ in range(PIPED)]
        return [pending.value for pending in pendings]

    return piped


def async_piped(at: Any, call: Callable[[], Any]) -> Callable[[], Any]:
    """The same on the async face."""

    async def piped() -> list[Any]:
        async with at.pipeline():
            pendings = [call() for _ in range(PIPED)]
        return [pending.value for pending in pendings]

    return piped
