"""An application of many models, of which all operations are used: for what it leaves on the server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from limpyd import (
    InstanceHashField,
    ListField,
    RedisModel,
    SetField,
    SortedSetField,
    StringField,
    TextRangeIndex,
)

FIELDS: dict[str, Callable[[], Any]] = {
    **{f"plain{number}": InstanceHashField for number in range(4)},
    **{f"number{number}": lambda: InstanceHashField(type=int) for number in range(2)},
    **{f"equal{number}": lambda: InstanceHashField(indexable=True) for number in range(3)},
    **{f"ranged{number}": lambda: InstanceHashField(type=int, indexable=True) for number in range(2)},
    "unique": lambda: InstanceHashField(unique=True),
    "text": lambda: InstanceHashField(indexes=[TextRangeIndex]),
    "weight": lambda: InstanceHashField(type=float, indexable=True),
    "note": StringField,
    "title": lambda: StringField(indexable=True),
    "tags": SetField,
    "words": lambda: SetField(indexable=True),
    "queue": ListField,
    "board": SortedSetField,
}
"""Twenty fields; each model has them under names of its own."""


class Used:
    """A model of the application.

    Args:
        database: where its objects are.
        number: which of them it is.
        leaves_out: fields that it has not.
        more: names of fields that it has beside.
    """

    def __init__(self, database: Any, number: int, leaves_out: frozenset[str] = frozenset(), more: int = 0) -> None:
        self._begin = f"m{number}_"
        self._leaves_out = leaves_out
        fields = {self[name]: make() for name, make in FIELDS.items() if name not in leaves_out}
        fields |= {self[f"more{each}"]: InstanceHashField() for each in range(more)}
        self.model: Any = type(f"Model{number}", (RedisModel,), {"database": database, **fields})

    def __getitem__(self, name: str) -> str:
        return self._begin + name

    def __call__(self, **values: Any) -> dict[str, Any]:
        """Values, or filters, under the names that its fields have; without those of fields that it has not."""
        return {self[name]: value for name, value in values.items() if name not in self._leaves_out}

    def operations(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        """All that is done with it, one after the other, each with what shows what came of it."""
        model = self.model
        values = self(plain0="a", equal0="x", ranged0=3, unique="u", text="t", note="n", title="t", weight=1.5)
        yield "create", lambda: model(**values).pk.get()
        yield "create with members", lambda: model(**self(words=["a"], queue=["b"])).pk.get()
        yield "exists", lambda: model.exists(1)
        yield from self.queries()
        one = model.get(1)
        for name in FIELDS:
            field = getattr(one, self[name], None)
            if field is not None:
                for call, act in commands(field):
                    yield f"{name} {call}", act
        yield "hmset", lambda: one.hmset(**self(equal0="x", ranged0=5))
        yield "hmget", lambda: one.hmget(self["equal0"], self["plain0"])
        yield "update", lambda: one.update(**self(equal1="x", ranged1=5))
        yield "get_or_create", lambda: model.get_or_create(**self(unique="v"))[1]
        yield "bulk_create", lambda: model.bulk_create(self(equal0="b") for _ in range(3)).created
        yield "update of a query", lambda: model.collection(**self(equal0="b")).update(**self(plain1="z"))
        yield "delete", lambda: one.delete()
        yield "delete of a query", lambda: model.collection().delete()

    def queries(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        """Queries of many kinds."""
        found = self.model.collection
        some = self(equal0="x", ranged0__gte=3)
        yield "equality", lambda: list(found(**self(equal0="x")))
        yield "values", lambda: list(found(**self(equal0="x")).values())
        yield "equality and range", lambda: list(found(**some).values(self["plain0"], self["equal0"]))
        yield "count", lambda: found(**some).count()
        yield "page", lambda: list(found(**self(ranged0__gte=1)).sort(by=self["ranged0"]).values(self["plain0"])[:10])
        yield "sort", lambda: list(found(**self(equal0__in=["x", "b"])).sort(by=self["plain0"], alpha=True))
        yield "text", lambda: list(found(**self(text__startswith="t")))
        yield "instances", lambda: len(list(found(**self(equal0="x")).instances()))
        yield "sum", lambda: found(**self(equal0="x")).sum(self["ranged0"])
        yield "unique", lambda: found(**self(unique="u")).get()


def commands(field: Any) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What is done with a field of an instance."""
    declared = field._field
    kind, name = type(declared).__name__, declared.codec.name
    if kind == "InstanceHashField":
        value = {"int": 1, "float": 1.5}.get(name, "x")
        yield "hset", lambda: field.hset(value)
        yield "hget", field.hget
        if name == "int":
            yield "hincrby", lambda: field.hincrby(1)
        yield "hdel", field.hdel
    elif kind == "StringField":
        yield "set", lambda: field.set("x")
        yield "append", lambda: field.append("y")
        yield "get", field.get
        yield "delete", field.delete
    elif kind == "SetField":
        yield "sadd", lambda: field.sadd("a", "b")
        yield "smembers", field.smembers
        yield "srem", lambda: field.srem("a")
    elif kind == "ListField":
        yield "rpush", lambda: field.rpush("a", "b")
        yield "lpop", field.lpop
    else:
        yield "zadd", lambda: field.zadd({"a": 1})
        yield "zrem", lambda: field.zrem("a")


def use(models: list[Used], only: frozenset[str] = frozenset()) -> list[tuple[str, Any]]:
    """All operations of some models, or only some of them, and what came of each."""
    return [
        (f"{used.model.__name__}: {name}", act())
        for used in models
        for name, act in used.operations()
        if not only or name in only
    ]
