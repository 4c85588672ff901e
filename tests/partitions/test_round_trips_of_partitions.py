"""The table of round trips in docs/partitions.md: each row is run on models of 1 and of 16 partitions, and counted."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from limpyd import InstanceHashField, PKField, RedisDatabase, RedisModel

PAGE = Path(__file__).parents[2] / "docs" / "partitions.md"
ROW = re.compile(r"^\| `(?P<call>[^|]+)` \| (?P<one>\d+) \| (?P<many>\d+) \| (?P<commands>\d+) \|$", re.MULTILINE)
COUNT = 32
ADA = 6
"""The last digit, in hexadecimal, of the primary key of ada: her partition is none that keeps a claim of the calls."""


class Called(NamedTuple):
    """What the calls are made on.

    Attributes:
        User: a model with automatic primary keys.
        Named: one with primary keys of its own.
        ada: a user.
        city: the city of her and of COUNT - 1 other users.
        word: a text that is in no value yet.
    """

    User: Any
    Named: Any
    ada: Any
    city: str
    word: str


CALLS: dict[str, Callable[[Called], object]] = {
    'User(city="Paris")': lambda on: on.User(city="Paris"),
    'User(email="ada@x")': lambda on: on.User(email=f"{on.word}@x"),
    'Named(name="ada", email="ada@x")': lambda on: on.Named(name=on.word, email=f"{on.word}@x"),
    "ada.city.hget()": lambda on: on.ada.city.hget(),
    "ada.age.hset(36)": lambda on: on.ada.age.hset(36),
    'ada.email.hset("new@x")': lambda on: on.ada.email.hset(f"new {on.word}@x"),
    'ada.update(name="Ada", age=36)': lambda on: on.ada.update(name="Ada", age=36),
    "User.get(1)": lambda on: on.User.get(on.ada.pk.get()),
    'User.get(email="ada@x")': lambda on: on.User.get(email=f"{on.word}@x"),
    'Named.get_or_create("bob")': lambda on: on.Named.get_or_create(name=f"bob {on.word}"),
    'User.collection(city="London").count()': lambda on: on.User.collection(city=on.city).count(),
    'User.collection(city="London").all()': lambda on: on.User.collection(city=on.city).all(),
    'User.collection(city="London").sort(by="age").values("age")[:20]': lambda on: (
        on.User.collection(city=on.city).sort(by="age").values("age")[:20]
    ),
    'User.collection(city="London").sort(by="age").page(20)': lambda on: (
        on.User.collection(city=on.city).sort(by="age").page(20)
    ),
    'User.collection(city="London").sum("age")': lambda on: on.User.collection(city=on.city).sum("age"),
    'User.collection(city="London").update(age=1)': lambda on: on.User.collection(city=on.city).update(age=1),
}


def declared(database: RedisDatabase, partitions: int) -> tuple[Any, Any]:
    body = {
        "database": database,
        "partitions": partitions,
        "namespace": "round trips",
        "name": InstanceHashField(),
        "city": InstanceHashField(indexable=True),
        "age": InstanceHashField(type=int, indexable=True),
        "email": InstanceHashField(unique=True),
        "__module__": __name__,
    }
    return type("User", (RedisModel,), body), type("Named", (RedisModel,), {**body, "name": PKField()})


def measured(partitions: int) -> dict[str, tuple[int, int]]:
    """The round trips of each call, and the commands that it sends; all of it was called once before."""
    database = RedisDatabase.embedded()
    database.connection.flushdb()
    user, named = declared(database, partitions)
    if partitions > 1:
        user._schema.keys._turns = itertools.count()  # which partitions values give up does not depend on chance
    both = []
    for word in ("warm", "London"):
        people = [user(city=word, age=number) for number in range(COUNT)]
        for number in range(2 * COUNT):  # some in each partition
            named(name=f"{word} {number}")
            people[number % COUNT].email.hset(f"{word} {number}@y")
        ada = next(one for one in people if int(one.pk.get()) % 16 == ADA)
        both.append(Called(user, named, ada, word, word))
    found = {}
    for text, call in CALLS.items():
        call(both[0])
        seen: list[Any] = []
        with database.on_request(seen.append):
            call(both[1])
        found[text] = len(seen), sum(event.commands for event in seen)
    database.close()
    return found


def test_the_table():
    rows = {
        row["call"]: tuple(map(int, row.group("one", "many", "commands"))) for row in ROW.finditer(PAGE.read_text())
    }
    one, many = measured(1), measured(16)
    expected = {text: (one[text][0], *many[text]) for text in CALLS}
    table = "\n".join(f"| `{text}` | {' | '.join(map(str, numbers))} |" for text, numbers in expected.items())
    assert rows == expected, f"the table of docs/partitions.md is to be:\n{table}"
