"""Unique values of a model that is spread over the nodes of a cluster."""

from __future__ import annotations

import asyncio

import pytest

from limpyd import InstanceHashField, RedisDatabase, RedisModel
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from limpyd.exceptions import UniquenessError

COUNT = 60


def declared(database, base):
    return type(
        "Claimed",
        (base,),
        {
            "database": database,
            "partitions": 8,
            "email": InstanceHashField(unique=True, type=str),
            "city": InstanceHashField(indexable=True, type=str),
            "__module__": __name__,
        },
    )


def test_sync(cluster):
    database = RedisDatabase(nodes=cluster.addresses)
    model = declared(database, RedisModel)
    *objects, _ = [model(email=f"e{number}", city="here") for number in range(COUNT + 1)]
    assert all(node.call("DBSIZE") > COUNT // 6 for node in cluster.primaries())
    for number, one in enumerate(objects):
        with pytest.raises(UniquenessError):
            one.email.hset(f"e{number + 1}")
        one.email.hset(f"new {number}")
    with database.pipeline():
        for number, one in enumerate(objects):
            one.email.hset(f"e{(number + 7) % COUNT}")
    expected = {f"e{number}" for number in range(COUNT + 1)}
    assert set(model.collection(city="here").values_list("email", flat=True)) == expected
    assert model.get(email="e7").email.hget() == "e7"
    assert model.check().ok
    database.close()


def test_async(cluster):
    async def run():
        database = AsyncRedisDatabase(nodes=cluster.addresses)
        model = declared(database, AsyncRedisModel)
        made = await asyncio.gather(
            *(model.create(email=f"e{number % COUNT}") for number in range(3 * COUNT)), return_exceptions=True
        )
        assert sum(isinstance(each, UniquenessError) for each in made) == 2 * COUNT
        assert await model.collection().count() == COUNT
        assert (await model.check()).ok
        await database.close()

    asyncio.run(run())


def test_slots_move_meanwhile(cluster):
    database = RedisDatabase(nodes=cluster.addresses)
    model = declared(database, RedisModel)
    one, other = (model(email=email) for email in ("a", "b"))
    for number in range(12):
        slot = model._schema.keys.partitions[number % 8].slot
        target = next(node for node in cluster.primaries() if node is not cluster.owner(slot))
        cluster.move_slots([slot], target)
        one.email.hset(f"a{number}")
        with pytest.raises(UniquenessError):
            other.email.hset(f"a{number}")
        other.email.hset(f"b{number}")
    assert model.check().ok
    database.close()
