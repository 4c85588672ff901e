"""Queries of models of several partitions in pipelines and transactions, by get and exists, and by all indexes."""

from __future__ import annotations

import copy

import pytest

from limpyd import DoesNotExist, HashField, InstanceHashField, JSONField, MultipleObjectsReturned
from limpyd.exceptions import NotInPipeline
from limpyd.indexes import EqualIndex, EqualIndexWith, GeoIndex
from limpyd.types import GeoPoint
from tests.support.blocks import block


@pytest.fixture
async def person(any_face):
    the_database = any_face.Database(port=any_face.server.port, partitions=4)

    class Person(any_face.Model):
        database = the_database
        first = InstanceHashField(indexable=True, indexes=[EqualIndex, EqualIndexWith(other_fields=["last"])])
        last = InstanceHashField(indexable=True)
        place = InstanceHashField(type=GeoPoint, indexable=True, indexes=[GeoIndex])
        sizes = HashField(type=int, indexable=True)
        notes = JSONField()

    for number in range(12):
        given = {"first": f"f{number % 2}", "last": f"l{number % 3}", "notes": {"number": number}}
        await any_face.do(Person.create(place=GeoPoint(number, 10), sizes={"a": number}, **given))
    yield Person
    await any_face.do(the_database.close())


async def test_a_pipeline_sends_them_beside_other_operations(any_face, person):
    one = (await any_face.do(person.collection(first="f1", last="l1").instances().all()))[0]
    async with block(any_face, person.database.pipeline()):
        found = person.collection(first="f1").count()
        value = one.last.hget()
        page = person.collection(sizes__a__gte=3).sort("sizes__a").values_list("sizes__a", flat=True)[:3]
    assert (found.value, value.value) == (6, "l1")
    assert page.value == [3, 4, 5]


async def test_a_transaction_refuses_them_and_says_what_to_do(any_face, person):
    async def begun():
        async with block(any_face, person.database.transaction()):
            person.collection(first="f1").count()

    with pytest.raises(NotInPipeline, match="call it outside the transaction"):
        await begun()


async def test_get_and_exists_by_filters(any_face, person):
    do = any_face.do
    assert await do((await do(person.get(sizes__a=7))).sizes.hget("a")) == 7
    await any_face.refused(DoesNotExist, lambda: person.get(sizes__a=99))
    await any_face.refused(MultipleObjectsReturned, lambda: person.get(first="f1"))
    assert await do(person.exists(first="f1", last="l2"))
    assert not await do(person.exists(first="f9"))
    assert await do(person.collection(sizes__a=4).values_list("last", flat=True).get()) == "l1"
    await any_face.refused(MultipleObjectsReturned, lambda: person.collection(first="f0").get())


async def test_indexes_of_several_fields_of_places_and_of_sub_keys(any_face, person):
    do = any_face.do
    assert await do(person.collection(first="f1", last="l0").count()) == 2
    assert await do(person.collection(place__within=(3, 10, 120_000)).count()) == 3
    assert await do(person.collection(sizes__a__between=(2, 4)).sum("sizes__a")) == 9
    rows = await do(person.collection().sort("-sizes__a").values_list("notes", flat=True)[:2])
    assert [row["number"] for row in rows] == [11, 10]


async def test_a_copied_collection_asks_the_same(any_face, person):
    found = copy.copy(person.collection(first="f1").sort("-sizes__a"))
    assert len(await any_face.do(found.all())) == 6
