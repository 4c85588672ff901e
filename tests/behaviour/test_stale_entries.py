"""Entries of indexes that are of nobody, that something other than limpyd left: instances are of who exists."""

from __future__ import annotations

import pytest

from limpyd import EqualIndexWith, GeoPoint, InstanceHashField, ScoredEqualIndex, SetField, StringField, TextRangeIndex
from limpyd.exceptions import DoesNotExist
from limpyd.relations import FKInstanceHashField, FKStringField, M2MSetField
from tests.support.blocks import block

GONE = {"2", "5"}
CITIES = {"1": "Paris", "2": "Paris", "3": "Paris", "4": "Rome", "5": "Rome", "6": "Paris"}


@pytest.fixture
async def person(face):
    class Person(face.Model):
        database = face.database
        city = InstanceHashField(indexable=True)
        email = InstanceHashField(unique=True)
        age = StringField(type=int, indexable=True)
        name = InstanceHashField(indexes=[TextRangeIndex])
        tags = SetField(indexable=True)
        place = InstanceHashField(type=GeoPoint, indexable=True)
        rank = InstanceHashField(type=int)
        level = InstanceHashField(indexes=[ScoredEqualIndex(score_field="rank")])
        desk = InstanceHashField(indexes=[EqualIndexWith(other_fields=["room"])])
        room = InstanceHashField()
        boss = FKInstanceHashField("self", "staff")
        friends = M2MSetField("self", "friends_of")
        mentor = FKStringField("self", "pupils", check=False)

    for pk, city in CITIES.items():
        number = int(pk)
        values = {"place": (number, number), "rank": number, "level": "1", "desk": "1", "room": "2", "tags": ["t"]}
        age = {} if pk == "6" else {"age": number}
        await face.do(
            Person.create(city=city, email=f"e{pk}", name=f"n{pk}", boss="1" if number > 1 else None, **age, **values)
        )
    await face.do(Person.lazy_connect(3).friends.sadd(*CITIES))
    for pk in GONE:
        face.client.srem("{person}:pks", pk)
    face.client.delete("{person}:hash:5")
    return Person


QUERIES = {
    "everything": lambda person: person.collection(),
    "equality": lambda person: person.collection(city="Paris"),
    "one of some": lambda person: person.collection(city__in=["Paris", "Rome"]),
    "a range": lambda person: person.collection(age__gte=2),
    "a range of text": lambda person: person.collection(name__startswith="n"),
    "a unique value": lambda person: person.collection(email="e2"),
    "one of unique values": lambda person: person.collection(email__in=["e1", "e2"]),
    "a member": lambda person: person.collection(tags="t"),
    "places": lambda person: person.collection(place__within=(3, 3, 1000)),
    "scored": lambda person: person.collection(level="1"),
    "together": lambda person: person.collection(desk="1", room="2"),
    "several": lambda person: person.collection(city="Paris", age__lte=3),
    "not": lambda person: person.collection(city="Paris").exclude(age=3),
    "no value": lambda person: person.collection(city="Paris", age__isnull=True),
    "either": lambda person: person.collection((person.city == "Rome") | (person.age == 2)),
    "a bound field": lambda person: person.collection(city=person.lazy_connect(1).city),
    "primary keys": lambda person: person.collection(pk__in=["1", "2"]),
    "reverse": lambda person: person.lazy_connect(1).staff(),
    "many": lambda person: person.lazy_connect(3).friends(),
    "of many": lambda person: person.lazy_connect(1).friends_of(),
    "across": lambda person: person.collection(boss__city="Paris"),
    "sorted": lambda person: person.collection().sort(by="age"),
    "sorted down": lambda person: person.collection(city="Paris").sort(by="-age"),
    "sorted by its range": lambda person: person.collection(age__gte=2).sort(by="age"),
    "sorted as text": lambda person: person.collection(tags="t").sort(by="name", alpha=True),
    "sorted by primary key": lambda person: person.collection(city="Paris").sort(),
    "sorted without an index": lambda person: person.collection(city="Paris").sort(by=["rank", "city"], alpha=True),
}


@pytest.mark.parametrize("query", QUERIES)
async def test_instances_are_of_objects_that_exist(face, person, query):
    """The same ones in any way, at the places at which a list of all has them; the others are left out."""
    collection = QUERIES[query](person)
    existing = [pk for pk in await face.all(collection.primary_keys()) if pk not in GONE]
    if query in {"sorted", "sorted down"}:
        existing.append("6")  # who has no value is not looked for where the index has as many as there are objects

    def keys(instances):
        return [instance._pk for instance in instances]

    for instances in (collection.instances(), collection.instances(prefetch=["city", "age"])):
        found = keys(await face.all(instances))
        assert found == existing if "sorted" in query else set(found) == set(existing), found
        assert await face.do(instances.count()) == len(found)
        assert await face.do(instances.exists()) == bool(found)
        walked = keys(await face.all(instances.iterate(chunk=2)))
        assert sorted(walked) == sorted(found)
        sliced = keys(await face.do(instances[0:2])) + keys(await face.do(instances[2:9]))
        assert sorted(sliced) == sorted(found)
        page = await face.do(instances.page(size=2))
        rest = await face.do(instances.page(size=9, after=page.cursor)) if page.cursor else page._replace(items=[])
        assert sorted(keys(page.items) + keys(rest.items)) == sorted(found)
        for end in (await face.do(instances.first()), await face.do(instances.last())):
            assert end is None if not found else end._pk in found
        async with block(face, face.database.transaction()):
            pending = instances.all()
        assert sorted(keys(pending.value)) == sorted(found)


@pytest.mark.parametrize("query", ["equality", "a unique value", "a range", "sorted", "sorted down", "reverse"])
async def test_it_is_one_request(face, person, query):
    collection = QUERIES[query](person)
    for ask in (
        lambda: face.all(collection.instances()),
        lambda: face.all(collection.instances(prefetch=["city"])),
        lambda: face.do(collection.instances()[0:3]),
        lambda: face.do(collection.instances().first()),
        lambda: face.do(collection.instances().count()),
    ):
        await ask()
        with face.sent() as sent:
            await ask()
        assert len(sent.names) == 1


async def test_lazy_ones_look_when_they_are_used(face, person):
    lazy = await face.all(person.collection(city="Paris").instances(lazy=True))
    assert {"1", "2", "3", "6"} == {instance._pk for instance in lazy}
    (gone,) = [instance for instance in lazy if instance._pk == "2"]
    await face.refused(DoesNotExist, lambda: gone.city.hget())


async def test_lookups(face, person):
    await face.refused(DoesNotExist, lambda: person.get(email="e2"))
    await face.refused(DoesNotExist, lambda: person.get(age=5))
    assert (await face.do(person.get(email="e1")))._pk == "1"
    assert (await face.do(person.get(city="Rome")))._pk == "4", "the other one is nobody"
    assert not await face.do(person.exists(email="e2"))
    assert not await face.do(person.exists(age=5))
    assert await face.do(person.exists(email="e1"))
    assert await face.do(person.exists(city="Rome"))
    for ask in (lambda: person.get(email="e1"), lambda: person.get(city="Rome"), lambda: person.exists(city="Paris")):
        with face.sent() as sent:
            await face.do(ask())
        assert len(sent.names) == 1


@pytest.mark.parametrize("compared", ["a value", "a bound field"])
async def test_changes_bring_nobody_back(face, person, compared):
    city = "Paris" if compared == "a value" else person.lazy_connect(1).city
    keys = face.keys()
    assert await face.do(person.collection(city=city).update(rank=9)) == 3
    assert await face.do(person.collection(city=city).delete()) == 3
    assert face.client.smembers("{person}:pks") == {b"4"}
    assert face.keys() <= keys


async def test_prefetched_references(face, person):
    """An object whose reference is to nobody has no prefetched one."""
    await face.do(person.lazy_connect(1).mentor.set("2"))
    (one,) = await face.all(person.collection(email="e1").instances(prefetch=["mentor__city"]))
    assert one.prefetched == {"mentor": None}
