"""limpyd, on its sync face."""

from __future__ import annotations

import os
import random
from itertools import count

from benchmarks.people import FEW, MOMENTS, NAMES, PRICES, SOMEBODY, Operation, Operations, person
from benchmarks.sides.models import NotebookFields, PersonFields, ThingFields
from limpyd import RedisDatabase, RedisModel


def singles(port: int, db: int, _size: int) -> Operations:
    """Single operations."""
    shared = RedisDatabase(port=port, db=db)

    class Person(PersonFields, RedisModel):
        database = shared

    class Notebook(NotebookFields, RedisModel):
        database = shared

    class Thing(ThingFields, RedisModel):
        database = shared

    numbers, doomed, turns = count(1), count(FEW + 1), count(1)

    def create(calls: int) -> None:
        Person.bulk_create(person(next(numbers)) for _ in range(calls))

    create(FEW)
    Thing.bulk_create({"count": number} for number in range(7))
    some, book, thing = Person(SOMEBODY), Notebook(note="a note"), Thing(1)
    return {
        "create": lambda: Person(**person(next(numbers))),
        "load 5 fields": lambda: some.hmget(*NAMES),
        "get a field": lambda: some.name.hget(),
        "set a plain field": lambda: some.age.hset(next(turns) % 90),
        "update an indexed field": lambda: some.city.hset(f"City {next(turns) % 7}"),
        "update a unique field": lambda: some.email.hset(f"{next(turns)}@here"),
        "update a number index": lambda: thing.count.hset(next(turns) % 90),
        "update a Decimal's index": lambda: thing.price.hset(PRICES[next(turns) % 7]),
        "update a moment's index": lambda: thing.seen.hset(MOMENTS[next(turns) % 7]),
        "update a float's index": lambda: thing.weight.hset(next(turns) % 7 / 2),
        "update a text index": lambda: thing.title.hset(f"Title {next(turns) % 7}"),
        "update without case": lambda: thing.label.hset(f"Label {next(turns) % 7}"),
        "update a reference": lambda: thing.owner.hset(next(turns) % 7 + 1),
        "incr an indexed number": lambda: thing.count.hincrby(),
        "sadd to an indexed set": lambda: thing.words.sadd(f"Word {next(turns) % 900}"),
        "set 3 fields": lambda: some.hmset(name="a name", age=next(turns) % 90, city=f"City {next(turns) % 7}"),
        "exists": lambda: Person.exists(SOMEBODY),
        "delete": Operation(lambda: Person.lazy_connect(next(doomed)).delete(), create),
        "get a string": lambda: book.note.get(),
        "set a string": lambda: book.note.set(f"Note {next(turns)}"),
        "incr": lambda: book.visits.incr(),
        "hset": lambda: book.facts.hset("one", f"Fact {next(turns) % 90}"),
        "sadd": lambda: book.tags.sadd(f"Tag {next(turns) % 90}"),
        "lpush": lambda: book.log.lpush(f"Entry {next(turns)}"),
        "zadd": lambda: book.ranks.zadd({f"Rank {next(turns) % 90}": next(turns)}),
    }


def updates(port: int, db: int, size: int) -> Operations:
    """Updates of an indexed field, of objects of which one process makes some."""

    class Person(PersonFields, RedisModel):
        database = RedisDatabase(port=port, db=db)

    if size:
        Person.bulk_create(person(number) for number in range(1, size + 1))
    people = [Person.lazy_connect(number) for number in range(1, FEW + 1)]
    turns = count(os.getpid())
    return {
        "update one of all": lambda: people[0].city.hset(f"City {next(turns) % 7}"),
        "update any of all": lambda: random.choice(people).city.hset(f"City {next(turns) % 7}"),
    }
