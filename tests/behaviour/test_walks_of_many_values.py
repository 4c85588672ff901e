"""Walks by more values than a chunk is told of: each object comes once, and none is left out."""

from __future__ import annotations

import random

import pytest

from limpyd import InstanceHashField, PKField
from limpyd.relations import FKInstanceHashField, M2MListField, M2MSetField

OBJECTS = 60
SOME = range(22)
CHUNKS = (1, 2, 3, 5, 7)


@pytest.fixture
async def group(any_face):
    face = any_face
    rng = random.Random(3)

    class Person(face.Model):
        database = face.database
        name = PKField()
        age = InstanceHashField(type=int, indexable=True)

    class Group(face.Model):
        database = face.database
        name = PKField()
        number = InstanceHashField(type=int, indexable=True)
        side = InstanceHashField(indexable=True)
        one = InstanceHashField(type=int)
        changed = InstanceHashField(type=int, indexable=True)
        members = M2MSetField(Person, related_name="groups")
        queue = M2MListField(Person, related_name="queues")
        leader = FKInstanceHashField(Person, related_name="led")

    await face.do(Person.bulk_create({"name": f"p{number}", "age": number} for number in range(OBJECTS)))

    def anybody():
        return f"p{rng.randrange(OBJECTS)}"

    for number in range(OBJECTS):
        some = {"members": {anybody() for _ in range(5)}, "queue": [anybody() for _ in range(5)]}
        await face.do(
            Group.create(name=f"g{number}", number=number, side=str(number % 9), one=1, leader=anybody(), **some)
        )
    return Group


QUERIES = {
    "pk__in or a range": lambda group: group.collection(
        group.name.in_([f"g{number}" for number in SOME]) | (group.number < 40)
    ),
    "numbers or others": lambda group: group.collection(
        group.number.in_(list(SOME)) | (group.side == "1") | (group.number < 30)
    ),
    "texts or a range": lambda group: group.collection(group.side.in_([*"01234567"]) | (group.number < 40)),
    "a range or, and numbers": lambda group: group.collection(
        ((group.number < 12) | group.number.in_(list(range(8, 40)))) & (group.number >= 0)
    ),
    "members": lambda group: group.collection(members__in=[f"p{number}" for number in SOME]),
    "numbers of members": lambda group: group.collection(members__age__in=list(SOME)),
    "numbers of a list": lambda group: group.collection(queue__age__in=list(SOME)),
    "numbers of the one": lambda group: group.collection(leader__age__in=list(SOME)),
    "pks of members": lambda group: group.collection(members__name__in=[f"p{number}" for number in SOME]),
    "numbers of members, or": lambda group: group.collection(
        group.members.age.in_(list(SOME)) | group.queue.age.in_(list(SOME))
    ),
    "not numbers of members": lambda group: group.collection().exclude(members__age__in=list(SOME)),
}


@pytest.fixture(params=QUERIES)
async def found(request, any_face, group):
    found = QUERIES[request.param](group)
    return found, sorted(await any_face.do(found.all()))


async def test_iterate(any_face, found):
    collection, expected = found
    for chunk in CHUNKS:
        assert sorted(await any_face.all(collection.iterate(chunk=chunk))) == expected, chunk


async def test_sum(any_face, found, monkeypatch):
    collection, expected = found
    for chunk in CHUNKS:
        monkeypatch.setattr("limpyd.query.aggregates.CHUNK", chunk)
        assert await any_face.do(collection.sum("one")) == len(expected), chunk


async def test_update(any_face, group, found):
    collection, expected = found
    for chunk in CHUNKS:
        assert await any_face.do(collection.update(chunk, changed=chunk)) == len(expected), chunk
        assert sorted(await any_face.do(group.collection(changed=chunk).all())) == expected, chunk
