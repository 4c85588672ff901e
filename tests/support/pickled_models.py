"""Models of both faces that other processes import; where their server is comes from the environment."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import Any, NamedTuple

from limpyd import (
    Collection,
    DateTimeIndex,
    EqualIndex,
    EqualIndexWith,
    FKInstanceHashField,
    HashField,
    InstanceHashField,
    M2MSetField,
    NumberRangeIndex,
    RedisDatabase,
    RedisModel,
    SetField,
    SortedSetField,
    StringField,
    TextRangeIndex,
)
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel

PORT = "LIMPYD_TEST_PORT"
SETTINGS: dict[str, Any] = {"port": int(os.environ.get(PORT, "1"))}
SYNC, ASYNC = RedisDatabase(**SETTINGS), AsyncRedisDatabase(**SETTINGS)


def folded(text: str) -> str:
    return text.casefold()


class TownFields:
    name = StringField(unique=True)
    size = InstanceHashField(type=int, indexes=[NumberRangeIndex])


class PersonFields:
    name = InstanceHashField(indexes=[EqualIndex, TextRangeIndex])
    nick = StringField(indexes=[EqualIndex.configure(transform=folded)])
    age = InstanceHashField(type=int, indexable=True)
    born = InstanceHashField(indexes=[DateTimeIndex])
    tags = SetField(indexable=True)
    marks = SortedSetField()
    phones = HashField(indexable=True)
    first = InstanceHashField(indexes=[EqualIndexWith.configure(other_fields=["last"])])
    last = InstanceHashField()
    town = FKInstanceHashField("Town", related_name="people")
    friends = M2MSetField("Person", related_name="friend_of")


class Sync:
    class Town(TownFields, RedisModel):
        database = SYNC

    class Person(PersonFields, RedisModel):
        database = SYNC


class Async:
    class Town(TownFields, AsyncRedisModel):
        database = ASYNC

    class Person(PersonFields, AsyncRedisModel):
        database = ASYNC


@dataclass
class Row:
    pk: str
    name: str | None


class Pair(NamedTuple):
    pk: str
    age: int | None


def items_of(collection: Any) -> list[Any]:
    """What a collection gives in this process."""
    items = collection.all()
    return list(asyncio.run(items) if asyncio.iscoroutine(items) else items)


def name_of(bound: Any) -> Any:
    value = bound.hget()
    return asyncio.run(value) if asyncio.iscoroutine(value) else value


class ScopedCollection(Collection[str, "Scoped"]):
    def default_scope(self) -> Any:
        return self.filter(deleted=False)


class Scoped(RedisModel):
    database = SYNC
    collection_manager = ScopedCollection
    number = InstanceHashField(type=int, indexable=True)
    deleted = InstanceHashField(type=bool, indexable=True)
