"""Collections that are compared with fields of an object that is stored only afterwards."""

from __future__ import annotations

import pytest

from limpyd import InstanceHashField, SortedSetField, StringField
from limpyd.relations import FKStringField, M2MSetField


@pytest.mark.parametrize("repeat", [False, True], ids=["asked after", "asked before too"])
async def test_are_found_once_it_is_stored(any_face, repeat):
    face = any_face

    class Person(face.Model):
        database = face.database
        name = StringField(indexable=True)
        city = InstanceHashField(indexable=True)
        best = FKStringField("self", related_name="best_of")
        friends = M2MSetField("self", related_name="friend_of")
        marks = SortedSetField()

    ann = await face.do(Person.create(name="Ann", city="Rome"))
    bob = await face.do(Person.create(name="Bob", city="Rome", best=ann))
    new = Person() if not face.is_async else await face.do(Person.create())
    collections = [
        (Person.collection(name=new.name), ["1"]),
        (Person.collection(city=new.city, name__in=[new.name, "nobody"]), ["1"]),
        (Person.collection(Person.name == new.name), ["1"]),
        (Person.collection(pk=new.best), ["1"]),
        (Person.collection(pk__in=[new.best]), ["1"]),
        (Person.collection(best=new.best), ["2"]),
        (Person.collection().intersect(new.friends), ["1", "2"]),
        (new.friends(city="Rome"), ["1", "2"]),
        (Person.collection(city="Rome").sort(by_score=new.marks), ["2", "1"]),
    ]
    if repeat:
        for found, _ in collections[:-1]:
            assert await face.all(found) == []
    await face.do(new.name.set("Ann"))
    await face.do(new.city.hset("Rome"))
    await face.do(new.best.set(ann))
    await face.do(new.friends.sadd(ann, bob))
    await face.do(new.marks.zadd({"2": 1, "1": 2}))
    own = await face.do(new.pk.get())
    for found, expected in collections:
        in_order = found if found is collections[-1][0] else found.sort()
        assert [pk for pk in await face.all(in_order) if pk != own] == expected, found
    assert await face.do(Person.collection(name=new.name).update(city="Oslo")) == 2
