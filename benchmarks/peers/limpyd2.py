"""redis-limpyd 2.1.2."""

from __future__ import annotations

import os
import random
from itertools import count
from typing import Any

from benchmarks.people import FEW, NAMES, SOMEBODY, Operation, Operations, person
from limpyd import fields, model
from limpyd.database import RedisDatabase


def people_of(shared: Any) -> Any:
    """The model of people."""

    class Person(model.RedisModel):
        database = shared
        name = fields.InstanceHashField()
        age = fields.InstanceHashField()
        email = fields.InstanceHashField(unique=True)
        city = fields.InstanceHashField(indexable=True)
        team = fields.InstanceHashField(indexable=True)

    return Person


def singles(port: int, db: int, _size: int) -> Operations:
    """Single operations."""
    shared = RedisDatabase(host="127.0.0.1", port=port, db=db)

    Person = people_of(shared)

    class Notebook(model.RedisModel):
        database = shared
        note = fields.StringField()
        visits = fields.StringField()
        facts = fields.HashField()
        tags = fields.SetField()
        log = fields.ListField()
        ranks = fields.SortedSetField()

    numbers, doomed, turns = count(1), count(FEW + 1), count(1)

    def create(calls: int) -> None:
        for _ in range(calls):
            Person(**person(next(numbers)))

    create(FEW)
    some, book = Person(SOMEBODY), Notebook(note="a note", visits="0")
    return {
        "create": lambda: Person(**person(next(numbers))),
        "load 5 fields": lambda: some.hmget(*NAMES),
        "get a field": lambda: some.name.hget(),
        "set a plain field": lambda: some.age.hset(next(turns) % 90),
        "update an indexed field": lambda: some.city.hset(f"City {next(turns) % 7}"),
        "update a unique field": lambda: some.email.hset(f"{next(turns)}@here"),
        "exists": lambda: Person.exists(pk=SOMEBODY),
        "delete": Operation(lambda: Person.lazy_connect(next(doomed)).delete(), create),
        "get a string": lambda: book.note.get(),
        "set a string": lambda: book.note.set(f"Note {next(turns)}"),
        "incr": lambda: book.visits.incr(),
        "hset": lambda: book.facts.hset("one", f"Fact {next(turns) % 90}"),
        "sadd": lambda: book.tags.sadd(f"Tag {next(turns) % 90}"),
        "lpush": lambda: book.log.lpush(f"Entry {next(turns)}"),
        "zadd": lambda: book.ranks.zadd(**{f"Rank {next(turns) % 90}": next(turns)}),
    }


def updates(port: int, db: int, size: int) -> Operations:
    """Updates of an indexed field, of objects of which one process makes some."""
    shared = RedisDatabase(host="127.0.0.1", port=port, db=db)
    Person = people_of(shared)
    for number in range(1, size + 1):
        Person(**person(number))
    turns = count(os.getpid())

    def change(number: int) -> None:
        city = f"City {next(turns) % 7}"
        some = Person.lazy_connect(number)
        some.city.hset(city)

    return {"update one of all": lambda: change(1), "update any of all": lambda: change(random.randint(1, FEW))}
