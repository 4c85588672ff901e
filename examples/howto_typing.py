"""Static types: the program of docs/howto/typing.md, which explains it. Made by `make examples`."""

from datetime import date
from typing import NamedTuple

from limpyd import RedisDatabase, RedisModel, fields


class Person(RedisModel):
    database = RedisDatabase.embedded()
    name = fields.StringField()
    born = fields.InstanceHashField(type=date, indexable=True)
    scores = fields.SortedSetField()
    tags = fields.SetField()


ada = Person(name="Ada", born=date(1815, 12, 10), tags={"maths"})

name = ada.name.get()  # str | None
born = ada.born.get()  # date | None
tags = ada.tags.smembers()  # set[str]
best = ada.scores.zrange(0, 9, withscores=True)  # list[tuple[str, float]]
people = Person.instances().all()  # list[Person]


def born_in(person: Person) -> int:
    born = person.born.get()
    assert born is not None, f"{person} was never born"
    return born.year


print(born_in(ada))  # → 1815

# --- Typed results ---


class Life(NamedTuple):
    name: str
    born: date


lives = Person.collection().rows(Life).all()  # list[Life]
print(lives[0].born.year)  # → 1815

# --- Functions for any model ---

from typing import TypeVar

from limpyd import Collection

Model = TypeVar("Model", bound=RedisModel)


def newest(collection: Collection[str, Model]) -> Model | None:
    return collection.instances().sort(by="-pk").first()


print(newest(Person.collection()))  # → <Person '1'>

# --- What type checkers do not see ---
