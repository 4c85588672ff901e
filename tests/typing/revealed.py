"""What type checkers must say of each line; the tests read the comments. Not run."""

from __future__ import annotations

import enum
from datetime import datetime
from decimal import Decimal
from typing import reveal_type
from uuid import UUID

from limpyd import InstanceHashField, PKField, RedisDatabase, RedisModel, StringField
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel


class Colour(enum.Enum):
    RED = "red"


class Fields:
    name = StringField()
    age = StringField(type=int)
    raw = StringField(type=bytes, indexable=True)
    uid = InstanceHashField(type=UUID, unique=True)
    at = InstanceHashField(type=datetime)
    price = StringField(type=Decimal, default=Decimal(1))
    colour = InstanceHashField(type=Colour, default=lambda: Colour.RED)
    note = InstanceHashField()


class Person(Fields, RedisModel):
    database = RedisDatabase()
    code = PKField()


class AsyncPerson(Fields, AsyncRedisModel):
    database = AsyncRedisDatabase()
    code = PKField()


person = Person(code="x", name="y")
reveal_type(person)  # Person
reveal_type(person.name.get())  # str | None
reveal_type(person.age.get())  # int | None
reveal_type(person.raw.get())  # bytes | None
reveal_type(person.uid.hget())  # UUID | None
reveal_type(person.at.get())  # datetime | None
reveal_type(person.price.get())  # Decimal | None
reveal_type(person.colour.hget())  # Colour | None
reveal_type(person.note.hget())  # str | None
reveal_type(person.age.set(3))  # bool
reveal_type(person.age.set(3, ex=5, get=True))  # int | None
reveal_type(person.age.getset(3))  # int | None
reveal_type(person.age.incr(2))  # int
reveal_type(person.price.incrbyfloat(2))  # float
reveal_type(person.name.getrange(0, 1))  # str
reveal_type(person.name.delete())  # bool
reveal_type(person.name.ttl())  # int
reveal_type(person.code.get())  # str | None
reveal_type(person.pk.get())  # str | None
reveal_type(person.hmget("note"))  # list[Any]
reveal_type(person.hmset(note="x"))  # bool
reveal_type(person.hgetall())  # dict[str, Any]
reveal_type(person.delete())  # None
reveal_type(Person.name)  # StringField[str]
reveal_type(Person.age)  # StringField[int]
reveal_type(Person.uid)  # InstanceHashField[UUID]
reveal_type(Person.get(1))  # Person
reveal_type(Person.create(name="x"))  # Person
reveal_type(Person.get_or_connect(name="x"))  # Person
reveal_type(Person.get_or_create(name="x"))  # tuple[Person, bool]
reveal_type(Person.lazy_connect(1))  # Person
reveal_type(Person.from_pks([1]))  # list[Person]
reveal_type(Person.exists(1))  # bool
reveal_type(list(Person.collection()))  # list[str]
reveal_type(list(Person.instances()))  # list[Person]
reveal_type(Person.collection(name="x").instances()[0])  # Person
reveal_type(Person.collection()[1:2])  # list[str]
reveal_type(Person.instances().filter(name="x").primary_keys()[0])  # str
reveal_type(Person.collection().count())  # int


async def main() -> None:
    person = await AsyncPerson.create(name="y")
    reveal_type(person)  # AsyncPerson
    _waiting: object = reveal_type(person.age.get())  # Coroutine[Any, Any, int | None]
    reveal_type(await person.name.get())  # str | None
    reveal_type(await person.uid.hget())  # UUID | None
    reveal_type(await person.age.set(3))  # bool
    reveal_type(await person.age.set(3, get=True))  # int | None
    reveal_type(await person.age.incr())  # int
    reveal_type(await person.pk.get())  # str | None
    reveal_type(await person.hgetall())  # dict[str, Any]
    reveal_type(await person.delete())  # None
    reveal_type(await AsyncPerson.get(1))  # AsyncPerson
    reveal_type(await AsyncPerson.get_or_create(name="x"))  # tuple[AsyncPerson, bool]
    reveal_type(await AsyncPerson.from_pks([1]))  # list[AsyncPerson]
    reveal_type([pk async for pk in AsyncPerson.collection()])  # list[str]
    reveal_type([one async for one in AsyncPerson.instances()])  # list[AsyncPerson]
    reveal_type(await AsyncPerson.collection()[0])  # str
    reveal_type(await AsyncPerson.instances()[1:])  # list[AsyncPerson]
    reveal_type(await AsyncPerson.collection().all())  # list[str]


# Mistakes: each line must be refused.
person.age.set("x")  # refused
person.name.set(b"x")  # refused
person.name.append(3)  # refused
person.name.set("x", nope=True)  # refused
person.name.get(1)  # refused
person.colour.hset("red")  # refused
person.name = "x"  # refused
StringField(type=int, default="x")  # refused by mypy
StringField(default=3)  # refused
Person.get(1.5)  # refused
Person.lazy_connect(None)  # refused


async def forgotten(person: AsyncPerson) -> None:
    person.age.get()  # refused
    person.delete()  # refused
