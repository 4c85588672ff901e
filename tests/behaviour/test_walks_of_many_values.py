"""Walks by more values than a chunk is told of: each object comes once, and none is left out."""

from __future__ import annotations

import random

import pytest

from limpyd import EqualIndex, InstanceHashField, NumberRangeIndex, PKField, SetField, StringField, TextRangeIndex
from limpyd.relations import FKInstanceHashField, M2MListField, M2MSetField

OBJECTS = 60
SOME = range(22)
CHUNKS = (1, 3, 7)


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
        label = StringField(indexes=[TextRangeIndex(case_sensitive=False)])
        labels = SetField(indexes=[TextRangeIndex(case_sensitive=False)])
        marks = SetField(type=int, indexable=True)
        endings = SetField(indexes=[EqualIndex(transform=lambda value: value[1:])])
        ending = StringField(indexes=[EqualIndex(transform=lambda value: value[1:])])
        halves = SetField(type=int, indexes=[NumberRangeIndex(transform=lambda value: value // 2)])

    await face.do(Person.bulk_create({"name": f"p{number}", "age": number} for number in range(OBJECTS)))

    def anybody():
        return f"p{rng.randrange(OBJECTS)}"

    rows = []
    for number in range(OBJECTS):
        some = {"members": {anybody() for _ in range(5)}, "queue": [anybody() for _ in range(5)]}
        texts, numbers = {anybody() for _ in range(3)}, {rng.randrange(OBJECTS) for _ in range(3)}
        some |= {"label": anybody(), "labels": texts, "marks": numbers, "endings": texts, "ending": anybody()}
        some |= {"halves": numbers}
        rows.append(
            {"name": f"g{number}", "number": number, "side": str(number % 9), "one": 1, "leader": anybody()} | some
        )
    await face.do(Group.bulk_create(rows))
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
    "texts of any case": lambda group: group.collection(label__in=[f"P{number}" for number in SOME]),
    "texts of any case of many": lambda group: group.collection(labels__in=[f"P{number}" for number in SOME]),
    "numbers of many": lambda group: group.collection(marks__in=list(SOME)),
    "transformed texts": lambda group: group.collection(ending__in=[f"p{number}" for number in SOME]),
    "transformed texts of many": lambda group: group.collection(endings__in=[f"p{number}" for number in SOME]),
    "transformed numbers of many": lambda group: group.collection(halves__in=list(SOME)),
    "transformed texts, or": lambda group: group.collection(
        group.endings.in_([f"p{number}" for number in SOME]) | group.label.in_([f"P{number}" for number in SOME])
    ),
    "not numbers of members": lambda group: group.collection().exclude(members__age__in=list(SOME)),
}


@pytest.fixture(params=QUERIES)
async def found(request, any_face, group):
    found = QUERIES[request.param](group)
    return found, sorted(await any_face.do(found.all()))


async def test_walks(any_face, group, found, monkeypatch):
    collection, expected = found
    for chunk in CHUNKS:
        assert sorted(await any_face.all(collection.iterate(chunk=chunk))) == expected, chunk
        monkeypatch.setattr("limpyd.query.aggregates.CHUNK", chunk)
        assert await any_face.do(collection.sum("one")) == len(expected), chunk
        assert await any_face.do(collection.update(chunk, changed=chunk)) == len(expected), chunk
        assert sorted(await any_face.do(group.collection(changed=chunk).all())) == expected, chunk


async def test_texts_in_the_layout_of_limpyd_2(any_face):
    face = any_face
    database = face.Database(port=face.server.port, layout="limpyd2")
    thing = type("Thing", (face.Model,), {"database": database, "name": StringField(indexes=[TextRangeIndex])})
    for name in "abcde":
        await face.do(thing.create(name=name))
    for chunk in (1, 2, 3):
        assert sorted(await face.all(thing.collection(name__in=["a", "c", "e", "x"]).iterate(chunk))) == ["1", "3", "5"]
    await face.do(database.close())
