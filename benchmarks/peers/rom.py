"""rom."""

from __future__ import annotations

import os
import random
from itertools import count
from typing import Any

import redis
import rom
from rom import util

from benchmarks.people import FEW, SOMEBODY, Operation, Operations, person


def people_of(shared: Any) -> Any:
    """The model of people."""

    class Person(rom.Model):
        _conn = shared
        name = rom.Text()
        age = rom.Integer()
        email = rom.Text(unique=True)
        city = rom.Text(index=True, keygen=rom.IDENTITY)
        team = rom.Text(index=True, keygen=rom.IDENTITY)

    return Person


def singles(port: int, db: int, _size: int) -> Operations:
    """Single operations. A session is forgotten before an object is loaded, else it comes from memory."""
    shared = redis.Redis(host="127.0.0.1", port=port, db=db)
    util.set_connection_settings(host="127.0.0.1", port=port, db=db)

    Person = people_of(shared)

    numbers, doomed, turns = count(1), count(FEW + 1), count(1)

    def create(calls: int) -> None:
        for _ in range(calls):
            Person(**person(next(numbers))).save()
        util.session.rollback()

    def load(number: int) -> Any:
        util.session.rollback()
        return Person.get(number)

    create(FEW)
    some = load(SOMEBODY)

    def save(name: str, value: object) -> None:
        setattr(some, name, value)
        some.save()

    return {
        "create": lambda: Person(**person(next(numbers))).save(),
        "load 5 fields": lambda: load(SOMEBODY),
        "set a plain field": lambda: save("age", next(turns) % 90),
        "update an indexed field": lambda: save("city", f"City {next(turns) % 7}"),
        "update a unique field": lambda: save("email", f"{next(turns)}@here"),
        "delete": Operation(lambda: load(next(doomed)).delete(), create),
    }


def updates(port: int, db: int, size: int) -> Operations:
    """Updates of an indexed field, of objects of which one process makes some."""
    shared = redis.Redis(host="127.0.0.1", port=port, db=db)
    util.set_connection_settings(host="127.0.0.1", port=port, db=db)
    Person = people_of(shared)
    for number in range(1, size + 1):
        Person(**person(number)).save()
        util.session.rollback()
    turns = count(os.getpid())

    def change(number: int) -> None:
        city = f"City {next(turns) % 7}"
        while True:
            util.session.rollback()
            some = Person.get(number)
            some.city = city
            try:
                some.save()
            except rom.DataRaceError:  # another process was first
                continue
            return

    return {"update one of all": lambda: change(1), "update any of all": lambda: change(random.randint(1, FEW))}
