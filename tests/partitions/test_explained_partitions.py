"""Explanations of queries to models of several partitions."""

from __future__ import annotations

import pytest

from limpyd import InstanceHashField, SetField


@pytest.fixture
async def person(any_face):
    the_database = any_face.Database(port=any_face.server.port, partitions=4)

    class Person(any_face.Model):
        database = the_database
        name = InstanceHashField(indexable=True, type=str)
        age = InstanceHashField(indexable=True, type=int)
        friends = SetField()

    for number in range(20):
        await any_face.do(Person.create(name=f"n{number % 2}", age=number))
    yield Person
    await any_face.do(the_database.close())


async def explained(face, collection, **given):
    return await face.do(collection.explain(**given))


async def test_sizes_are_summed(any_face, person):
    found = await explained(any_face, person.collection(name="n1", age__gt=9).sort("-age"))
    assert found.objects == 20
    assert [leaf.size for leaf in found.leaves] == [10, 10]
    assert found.round_trips == 1
    assert found.asks == "all 4 partitions, at once; those with many of the first objects again"
    assert "  sends: EVALSHA page.lua, and the same to 3 other partitions\n" in str(found)


async def test_a_primary_key_is_asked_of_its_partition(any_face, person):
    assert (await explained(any_face, person.collection(pk=3))).asks == "1 of 4 partitions, by primary key"
    assert (await explained(any_face, person.collection(pk__in=[3, 4]))).asks.startswith("2 of 4 partitions")


async def test_keys_that_are_read_first_are_named(any_face, person):
    one = await any_face.do(person.get(3))
    found = await explained(any_face, person.collection().intersect(one.friends))
    assert found.reads == [one.friends.key]
    assert (await explained(any_face, person.collection(age=one.age))).round_trips == 2
    stored = await any_face.do(person.collection().store())
    assert (await explained(any_face, stored)).sort == f"position, by walking {stored.stored_key}"


async def test_what_all_partitions_ran_is_summed(any_face, person):
    found = await explained(any_face, person.collection(name="n1"), analyze=True)
    assert [str(each) for each in found.ran] == ["SMEMBERS 4 times, 10 values"]
