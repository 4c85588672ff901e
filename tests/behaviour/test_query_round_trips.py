"""Every operation of a collection is one request; those that are not are named, with how many they take."""

from __future__ import annotations

import pytest

from limpyd import (
    SORTED_SCORE,
    EqualIndex,
    GeoPoint,
    HashField,
    InstanceHashField,
    SetField,
    SortedSetField,
    StringField,
    TextRangeIndex,
)
from tests.support.queries import QUERIES, READS


@pytest.fixture
async def person(any_face):
    class Person(any_face.Model):
        database = any_face.database
        name = StringField(indexable=True, indexes=[EqualIndex, TextRangeIndex])
        city = InstanceHashField(indexable=True)
        age = InstanceHashField(type=int, indexable=True)
        tags = SetField(indexable=True)
        props = HashField(indexable=True)
        where = InstanceHashField(type=GeoPoint, indexable=True)
        ranking = SortedSetField()

    for number in range(60):
        await any_face.do(
            Person.create(
                name=f"Name {number % 4}",
                city=f"City {number % 3}",
                age=number % 10,
                tags=["all", str(number % 2)],
                props={"a": str(number % 5)},
                where=(number % 90, number % 80),
                ranking={str(number): number},
            )
        )
    return Person


async def sent_by(face, call):
    """What a call sends, once the server knows its scripts."""
    await call()
    with face.sent() as sent:
        await call()
    return sent.names


@pytest.mark.parametrize("query", QUERIES)
async def test_reads(any_face, person, query):
    for name, read in READS.items():
        collection = QUERIES[query](person)
        assert len(await sent_by(any_face, lambda read=read, c=collection: read(any_face, c))) == 1, name


async def test_scores_and_stored_ones(any_face, person):
    ranked = person.collection().sort(by_score=person.lazy_connect(1).ranking)
    assert len(await sent_by(any_face, lambda: any_face.all(ranked.values("pk", SORTED_SCORE)))) == 1
    stored = await any_face.do(ranked.store())
    assert len(await sent_by(any_face, lambda: any_face.all(stored))) == 1
    assert len(await sent_by(any_face, lambda: any_face.all(stored.filter(age__gt=3).sort(by="age")))) == 1
    assert len(await sent_by(any_face, lambda: any_face.do(person.collection(pk=3).get()))) == 1


async def test_in_chunks(any_face, person):
    """One request a chunk to find, and to change one more for those that were found."""
    everything = person.collection()
    assert len(await sent_by(any_face, lambda: any_face.all(everything.iterate(chunk=1000)))) == 1
    by_age = person.collection(age__gte=0)
    assert len(await sent_by(any_face, lambda: any_face.all(by_age.iterate(chunk=10)))) == 6
    assert len(await sent_by(any_face, lambda: any_face.do(by_age.update(chunk=10, city="x")))) == 12
    assert len(await sent_by(any_face, lambda: any_face.do(everything.update(age=5)))) == 2
    assert await any_face.do(person.collection(pk=60).delete()) == 1
    with any_face.sent() as sent:
        assert await any_face.do(everything.delete(chunk=500)) == 59
    assert len(sent.names) == 2


async def test_what_cannot_match_is_not_asked(any_face, person):
    nothing = person.collection(city__in=[])
    for read in READS.values():
        if read not in {READS["explain"], READS["store"]}:
            assert await sent_by(any_face, lambda read=read: read(any_face, nothing)) == []
