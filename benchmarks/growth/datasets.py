"""Datasets: functions that create the objects of a case, `size` of what its variable counts."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from limpyd import (
    HashField,
    InstanceHashField,
    ListField,
    RedisDatabase,
    RedisModel,
    SetField,
    SortedSetField,
    StringField,
    TextRangeIndex,
)
from limpyd.relations import FKInstanceHashField, M2MSetField

ALIKE = 25
"""The number of objects that share a group, at every size."""
SPARSE = 100
"""One object in 100 has a value in the sparse field."""
PRIME = 1_000_003
"""The modulus that scatters values, so that their order is not that of the primary keys."""


def items(database: RedisDatabase, size: int) -> Any:
    """Creates objects with every kind of index: groups of 25, two halves, distinct values, and a sparse field."""

    class Item(RedisModel):
        database = None  # type: ignore[assignment]
        abstract = True
        group = InstanceHashField(indexable=True)
        half = InstanceHashField(indexable=True)
        number = InstanceHashField(type=int, indexable=True)
        sparse = InstanceHashField(type=int, indexable=True)
        name = InstanceHashField(type=str, indexes=[TextRangeIndex])
        code = InstanceHashField(unique=True)
        plain = InstanceHashField(type=int)
        url = InstanceHashField(type=str)
        city = InstanceHashField()

    model: Any = type("Item", (Item,), {"database": database})
    model.bulk_create(item(number, size) for number in range(size))
    warmed(model)
    return SimpleNamespace(model=model, collection=model.collection, database=database, first=model.get(1))


def item(number: int, size: int) -> dict[str, Any]:
    """Returns the values of the item with a given position."""
    spread = number * 7919 % PRIME
    values = {
        "group": f"g{number // ALIKE}",
        "half": "yes" if number % 2 else "no",
        "number": number * 7919 % size if size % 7919 else number,
        "name": f"name {spread:07d}",
        "code": f"c{number}",
        "plain": spread,
        "url": f"https://example.com/path/to/{spread:07d}",
        "city": f"city {number % 50}",
    }
    return {**values, "sparse": number} if number % SPARSE == 0 else values


def warmed(model: Any) -> None:
    """Sends what a server receives only once: declarations, and the sources of frequent scripts."""
    list(model.collection(group="g0", number__gte=0))
    model.get(1)


def members(database: RedisDatabase, size: int) -> Any:
    """Creates one object with `size` members in each kind of field; those of `members` are objects too."""
    database.max_changes = None
    namespace: dict[str, Any] = {"database": database, "name": InstanceHashField(indexable=True)}
    user: Any = type("User", (RedisModel,), namespace)
    group: Any = type(
        "Group",
        (RedisModel,),
        {
            "database": database,
            "name": InstanceHashField(indexable=True),
            "members": M2MSetField(user, related_name="groups"),
            "tags": SetField(indexable=True),
            "queue": ListField(indexable=True),
            "board": SortedSetField(indexable=True),
            "heads": HashField(indexable=True),
            "loose": SetField(),
        },
    )
    user.bulk_create({"name": f"u{number}"} for number in range(size))
    one = group(name="all")
    texts = [str(number) for number in range(1, size + 1)]
    for few in _parts(texts):
        one.members.sadd(*few)
        one.tags.sadd(*few)
        one.queue.rpush(*few)
        one.board.zadd({text: float(text) for text in few})
        one.heads.hset(mapping=dict.fromkeys(few, "v"))
        one.loose.sadd(*few)
    list(user.collection(name="u1"))
    return SimpleNamespace(user=user, group=group, one=one, first=user.get(1))


def _parts(texts: list[str], size: int = 1_000) -> Iterator[list[str]]:
    for start in range(0, len(texts), size):
        yield texts[start : start + size]


def referring(database: RedisDatabase, size: int) -> Any:
    """Creates one object that `size` others refer to."""
    database.max_changes = None
    user: Any = type("User", (RedisModel,), {"database": database, "name": InstanceHashField(unique=True)})
    fields = {
        "database": database,
        "title": InstanceHashField(indexable=True),
        "plain": InstanceHashField(),
        "user": FKInstanceHashField(user, related_name="posts", on_delete="cascade"),
    }
    post: Any = type("Post", (RedisModel,), fields)
    one = user(name="ann")
    post.bulk_create({"title": f"t{number}", "plain": "a", "user": one.pk.get()} for number in range(size))
    list(post.collection(user__name="ann", title="t1"))
    return SimpleNamespace(user=user, post=post, one=one)


def models(database: RedisDatabase, size: int) -> Any:
    """Declares `size` models with three objects each."""
    declared: list[Any] = []
    for number in range(size):
        fields = {"database": database, "name": InstanceHashField(indexable=True)}
        model: Any = type(f"Model{number}", (RedisModel,), fields)
        model.bulk_create({"name": f"n{each}"} for each in range(3))
        declared.append(model)
    return SimpleNamespace(database=database, declared=declared)


def large(database: RedisDatabase, size: int) -> Any:
    """Creates one object with texts of `size` bytes, indexed and not."""
    fields = {
        "database": database,
        "text": StringField(type=bytes),
        "indexed": StringField(type=str, indexable=True),
        "ranged": StringField(type=str, indexes=[TextRangeIndex]),
        "plain": StringField(type=str),
    }
    thing: Any = type("Thing", (RedisModel,), fields)
    one = thing(text=b"x" * size, indexed="x" * size, ranged="x" * size, plain="x" * size)
    one.text.setbit(7, 1)
    one.plain.get()
    return SimpleNamespace(thing=thing, one=one, database=database)


def empty(database: RedisDatabase, _size: int) -> Any:
    """Creates 100 objects, whatever the size."""
    return items(database, 100)
