"""Queries of accounts that may not do everything."""

from __future__ import annotations

import pytest

from limpyd import InstanceHashField


@pytest.fixture
def restricted(face):
    """An account that may touch no keys but those of people, which SORT takes as a reason to refuse patterns."""
    face.client.acl_setuser("reader", enabled=True, nopass=True, keys=["{person}:*"], commands=["+@all"], reset=True)
    yield "reader"
    face.client.acl_deluser("reader")


async def test_values_are_read_otherwise(face, restricted):
    class Person(face.Model):
        database = face.Database(port=face.server.port, username=restricted, password="any")
        city = InstanceHashField(indexable=True)
        age = InstanceHashField(type=int, indexable=True)

    for age in (36, 41, 30):
        await face.do(Person.create(city="London", age=age))
    london = Person.collection(city="London")
    assert sorted(await face.all(london.values_list("pk", "age"))) == [("1", 36), ("2", 41), ("3", 30)]
    assert await face.all(Person.collection(age__gt=30).sort(by="-age").values("age")) == [{"age": 41}, {"age": 36}]
    assert await face.do(london.sum("age")) == 107
    await face.do(Person.database.close())
