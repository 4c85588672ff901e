"""Queries of several partitions are planned once for each form, and then filled with other values."""

from __future__ import annotations

import pytest

from limpyd import InstanceHashField
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
