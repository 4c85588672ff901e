"""walrus: its primary key is what tells objects apart; it has no unique values."""

from __future__ import annotations

import os
import random
from itertools import count
from typing import Any

import walrus

from benchmarks.people import FEW, SOMEBODY, Operation, Operations, person


def people_of(shared: Any) -> Any:
    """The model of people."""

    class Person(walrus.Model):
        __database__ = shared
        pk = walrus.AutoIncrementField()
        name = walrus.TextField()
        age = walrus.IntegerField()
        email = walrus.TextField(index=True)
        city = walrus.TextField(index=True)
        team = walrus.TextField(index=True)

    return Person


def singles(port: int, db: int, _size: int) -> Operations:
    """Single operations."""
    shared = walrus.Database(host="127.0.0.1", port=port, db=db)

    Person = people_of(shared)

    class Notebook(walrus.Model):
        __database__ = shared
        pk = walrus.AutoIncrementField()
        facts = walrus.HashField()
        tags = walrus.SetField()
        log = walrus.ListField()
        ranks = walrus.ZSetField()

    numbers, doomed, turns = count(1), count(FEW + 1), count(1)

    def create(calls: int) -> None:
        for _ in range(calls):
            Person.create(**person(next(numbers)))

    create(FEW)
    some, book = Person.load(SOMEBODY), Notebook.create()

    def save(name: str, value: object) -> None:
        setattr(some, name, value)
        some.save()

    return {
        "create": lambda: Person.create(**person(next(numbers))),
        "load 5 fields": lambda: Person.load(SOMEBODY),
        "set a plain field": lambda: save("age", next(turns) % 90),
        "update an indexed field": lambda: save("city", f"City {next(turns) % 7}"),
        "delete": Operation(lambda: Person.load(next(doomed)).delete(), create),
        "hset": lambda: book.facts.update(one=f"Fact {next(turns) % 90}"),
        "sadd": lambda: book.tags.add(f"Tag {next(turns) % 90}"),
        "lpush": lambda: book.log.prepend(f"Entry {next(turns)}"),
        "zadd": lambda: book.ranks.add({f"Rank {next(turns) % 90}": next(turns)}),
    }


def updates(port: int, db: int, size: int) -> Operations:
    """Updates of an indexed field, of objects of which one process makes some."""
    shared = walrus.Database(host="127.0.0.1", port=port, db=db)
    Person = people_of(shared)
    for number in range(1, size + 1):
        Person.create(**person(number))
    turns = count(os.getpid())
    # Loaded beforehand: while another process saves an object, it is not there for a moment.
    loaded = [Person.load(number) for number in range(1, FEW + 1 if Person.count() else 1)]

    def change(number: int) -> None:
        some = loaded[number - 1]
        some.city = f"City {next(turns) % 7}"
        some.save()

    return {"update one of all": lambda: change(1), "update any of all": lambda: change(random.randint(1, FEW))}
