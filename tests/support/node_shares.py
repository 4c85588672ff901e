"""The same work on clusters of several sizes: how many requests each node gets for each kind of call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from limpyd import InstanceHashField, RedisDatabase, RedisModel
from tests.support.cluster_nodes import Node
from tests.support.node_counts import counted

PARTITIONS = 16
OBJECTS = 15 * PARTITIONS
QUERIES = 10


class Share(NamedTuple):
    """The requests that nodes got for some calls of one kind.

    Attributes:
        calls: how many calls there were.
        requests: how many requests each node got.
    """

    calls: int
    requests: list[int]

    @property
    def per_call(self) -> float:
        """The requests of a call, to all nodes."""
        return sum(self.requests) / self.calls

    @property
    def busiest(self) -> float:
        """The requests of a call to the node that got most."""
        return max(self.requests) / self.calls

    @property
    def unevenness(self) -> float:
        """The requests of the busiest node, as a multiple of an even share."""
        return max(self.requests) * len(self.requests) / sum(self.requests)


class Work(NamedTuple):
    """A kind of call.

    Attributes:
        command: the command that is sent once for each request of it.
        calls: makes the calls on a model and its objects; returns how many it has made.
    """

    command: str
    calls: Callable[[Any, list[Any]], int]


def _create(model: Any, objects: list[Any]) -> int:
    objects += [model(city=f"c{number % 3}", age=number) for number in range(OBJECTS)]
    return OBJECTS


def _each(call: Callable[[Any, Any], Any]) -> Callable[[Any, list[Any]], int]:
    def calls(model: Any, objects: list[Any]) -> int:
        for one in objects:
            call(model, one)
        return len(objects)

    return calls


def _some(query: Callable[[Any], Any]) -> Callable[[Any, list[Any]], int]:
    def calls(model: Any, _: list[Any]) -> int:
        for _ in range(QUERIES):
            query(model)
        return QUERIES

    return calls


WORK = {
    "create": Work("evalsha", _create),
    "get": Work("sismember", _each(lambda model, one: model.get(one.pk.get()))),
    "read of a field": Work("hget", _each(lambda _, one: one.city.hget())),
    "update": Work("evalsha", _each(lambda _, one: one.update(age=1, city="c4"))),
    "count": Work("scard", _some(lambda model: model.collection(city="c4").count())),
    "page": Work("evalsha", _some(lambda model: model.collection(city="c4").sort(by="age").values("age")[:20])),
}


def shares(database: RedisDatabase, nodes: Sequence[Node]) -> dict[str, Share]:
    """Does the work, and returns the requests of the nodes by the kind of call."""
    body = {
        "database": database,
        "namespace": "shares",
        "partitions": PARTITIONS,
        "city": InstanceHashField(indexable=True),
        "age": InstanceHashField(type=int, indexable=True),
        "__module__": __name__,
    }
    model = type("Spread", (RedisModel,), body)
    objects: list[Any] = []
    for work in WORK.values():  # once before, so that all scripts are known
        work.calls(model, objects)
    model.collection().delete()
    objects.clear()
    found = {}
    for name, work in WORK.items():
        with counted(nodes) as by_node:
            calls = work.calls(model, objects)
        found[name] = Share(calls, [commands[work.command] for commands in by_node.values()])
    return found
