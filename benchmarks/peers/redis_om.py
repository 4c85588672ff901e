"""redis-om, which needs a server with RediSearch and RedisJSON; it has no unique values."""

from __future__ import annotations

from itertools import count
from typing import Any

import redis
from redis_om import Field, HashModel, Migrator

from benchmarks.people import FEW, Operation, Operations, person


def singles(port: int, db: int, _size: int) -> Operations:
    """Single operations."""
    shared = redis.Redis(host="127.0.0.1", port=port, db=db, decode_responses=True)

    class Person(HashModel, index=True):
        name: str
        age: int
        email: str = Field(index=True)
        city: str = Field(index=True)
        team: str = Field(index=True)

        class Meta:
            database = shared

    Migrator().run()
    numbers, turns = count(1), count(1)
    doomed: list[Any] = []

    def create(calls: int) -> None:
        doomed.extend(Person(**person(next(numbers))).save().pk for _ in range(calls))

    create(FEW)
    some = Person.get(doomed.pop())

    return {
        "create": lambda: Person(**person(next(numbers))).save(),
        "load 5 fields": lambda: Person.get(some.pk),
        "set a plain field": lambda: some.update(age=next(turns) % 90),
        "update an indexed field": lambda: some.update(city=f"City {next(turns) % 7}"),
        "delete": Operation(lambda: Person.delete(doomed.pop()), create),
    }
