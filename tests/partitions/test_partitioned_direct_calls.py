"""Calls on models of several partitions that are sent without being described: each partition has its own."""

from __future__ import annotations

import pytest

from limpyd import HashField, InstanceHashField, SetField, StringField
from limpyd.statements.fast_path import PartitionedCall


@pytest.fixture
async def model(any_face):
    database_of_face = any_face.Database(port=any_face.server.port, partitions=4)

    class Thing(any_face.Model):
        database = database_of_face
        title = InstanceHashField(indexable=True)
        votes = InstanceHashField(type=int)
        name = StringField()
        tags = SetField(indexable=True)
        facts = HashField()

    yield Thing
    await any_face.do(database_of_face.close())


async def test_calls_go_to_the_partition_of_their_object(any_face, model):
    things = [await any_face.do(model.create(votes=number)) for number in range(12)]
    for turn in range(3):
        for number, thing in enumerate(things):
            value = f"{number}.{turn}"
            await any_face.do(thing.title.hset(value))
            await any_face.do(thing.name.set(value))
            await any_face.do(thing.tags.sadd(value))
            await any_face.do(thing.facts.hset(value, turn))
        for number, thing in enumerate(things):
            value = f"{number}.{turn}"
            assert await any_face.do(thing.title.hget()) == value
            assert await any_face.do(thing.name.get()) == value
            assert await any_face.do(thing.votes.hget()) == number
            assert await any_face.do(thing.tags.smembers()) == {f"{number}.{each}" for each in range(turn + 1)}
            assert await any_face.do(thing.facts.hlen()) == turn + 1
            assert await any_face.do(model.collection(title=value)[:]) == [await any_face.do(thing.pk.get())]
    for name, commands in {"title": 2, "name": 2, "tags": 2, "facts": 2}.items():
        direct = model._schema.fields[name].direct.values()
        assert [len(call.learned) for call in direct if isinstance(call, PartitionedCall)] == [4] * commands


async def test_an_object_that_is_not_stored_is_described(any_face, model):
    for _ in range(12):
        thing = await any_face.do(model.create()) if any_face.is_async else model()
        assert await any_face.do(thing.title.hget()) is None
        await any_face.do(thing.title.hset("x"))
        assert await any_face.do(thing.title.hget()) == "x"
    assert await any_face.do(model.collection(title="x").count()) == 12
