"""Queries of several partitions are planned once for each form, and then filled with other values."""

from __future__ import annotations

import pytest

from limpyd import InstanceHashField
from limpyd.exceptions import WrongTypeError
from limpyd.query.planning.plan import Plan


@pytest.fixture
async def person(any_face):
    the_database = any_face.Database(port=any_face.server.port, partitions=4)

    class Person(any_face.Model):
        database = the_database
        name = InstanceHashField(indexable=True, type=str)
        age = InstanceHashField(indexable=True, type=int)

    for number in range(20):
        await any_face.do(Person.create(name=f"n{number % 4}", age=number))
    yield Person
    await any_face.do(the_database.close())


async def test_like_queries_are_not_planned_again(any_face, person, monkeypatch):
    async def ask(name):
        found = person.collection(name=name)
        return [
            len(await any_face.do(found.all())),
            await any_face.do(found.count()),
            await any_face.do(found.sort("age").values_list("age", flat=True)[:3]),
        ]

    assert await ask("n0") == [5, 5, [0, 4, 8]]
    planned = []
    make = Plan.__init__
    monkeypatch.setattr(
        Plan, "__init__", lambda self, *args, **given: (planned.append(self), make(self, *args, **given))[1]
    )
    assert await ask("n2") == [5, 5, [2, 6, 10]]
    assert await ask("nobody") == [0, 0, []]
    assert not [plan for plan in planned if "nodes" in vars(plan)]


def calls(server, command):
    """How often the server has run a command since its counts were set back."""
    return server.client().info("commandstats").get(f"cmdstat_{command}", {}).get("calls", 0)


async def test_only_the_partition_whose_declarations_have_changed_is_asked_again(any_face, person):
    assert [await any_face.do(person.collection(name="n0").count()) for _ in range(2)] == [5, 5]
    client = any_face.server.client()
    third = person._schema.keys.partitions[2]
    client.hset(third.meta, ":epoch", "another")
    client.config_resetstat()
    assert await any_face.do(person.collection(name="n1").count()) == 5
    assert calls(any_face.server, "scard") == 4 + 1 + 1  # of which one reads what is declared there


async def test_the_error_of_one_partition_is_that_of_the_query(any_face, person):
    assert [await any_face.do(person.collection(name="n0").count()) for _ in range(2)] == [5, 5]
    client = any_face.server.client()
    keys = [key for key in client.scan_iter() if key.endswith(b":n0")]
    client.delete(keys[0])
    client.set(keys[0], "text")
    with pytest.raises(WrongTypeError, match="n0"):
        await any_face.do(person.collection(name="n0").count())
    assert await any_face.do(person.collection(name="n1").count()) == 5


async def test_a_flush_of_the_scripts_is_not_noticed(any_face, person):
    young = person.collection(age__lt=10, name="n1")
    assert [await any_face.do(young.count()) for _ in range(2)] == [3, 3]
    any_face.server.client().script_flush()
    assert await any_face.do(young.count()) == 3
