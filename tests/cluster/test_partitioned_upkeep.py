"""Upkeep of a model of several partitions on a cluster of three nodes."""

from __future__ import annotations

import asyncio

import pytest

from limpyd import InstanceHashField, RedisDatabase, RedisModel, SetField, StringField
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from limpyd.cli import inspection
from limpyd.exceptions import DifferentPartitions

COUNT = 40


def declared(database, count=8, base=RedisModel, field="title"):
    body = {
        "database": database,
        "partitions": count,
        field: InstanceHashField(indexable=True),
        "tags": SetField(indexable=True),
        "note": StringField(),
        "__module__": __name__,
    }
    return type("Spread", (base,), body)


@pytest.fixture
def databases(cluster):
    """Makes databases, each of another process."""
    made = []

    def make():
        made.append(RedisDatabase(nodes=cluster.addresses))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def spread(databases, cluster):
    model = declared(databases())
    for number in range(COUNT):
        model(title=f"t{number % 2}", tags=["x"], note="n")
    assert all(node.call("DBSIZE") > COUNT // 2 for node in cluster.primaries())
    return model


def test_the_number_is_compared(spread, databases):
    assert declared(databases()).collection(title="t1").count() == COUNT // 2
    assert declared(databases()).lazy_connect(5).note.get() == "n"
    for count in (1, 4, 16):
        with pytest.raises(DifferentPartitions):
            declared(databases(), count).create(title="x")
    with pytest.raises(DifferentPartitions):
        declared(databases(), 16).lazy_connect(5).note.get()


def test_a_check_looks_at_all_nodes(spread):
    report = spread.check()
    assert (report.ok, report.objects, len(report)) == (True, COUNT, 0)
    report = spread.database.check()
    assert (report.ok, report.objects, len(report)) == (True, COUNT, 0)
    for partition in spread._schema.keys.partitions:
        spread.database.connection.delete(partition.index_key(b"eq", "title") + b":t1", partition.seq)
    report = spread.check(repair=True)
    assert report.found["counter"] == 8
    assert report.found["missing"] == COUNT // 2
    assert len(spread.check()) == 0


def test_indexes_are_cleared_and_built(spread, databases):
    spread.clear_indexes()
    other = declared(databases())
    other.rebuild_indexes()
    assert spread.collection(title="t1", tags="x").count() == COUNT // 2
    assert spread.check().ok


def test_walks_of_keys_look_at_all_nodes(spread, cluster):
    stored = sum(node.call("DBSIZE") for node in cluster.primaries())
    keys = list(spread.scan_model_keys())
    assert len(set(keys)) == len(keys) == stored
    assert len(spread.database._run_program(inspection.keys_of(spread, 0))) == stored
    groups = spread.database._run_program(inspection.groups(spread, 10))
    assert sum(group.keys for group in groups.values()) == stored


def test_a_field_is_renamed(spread, databases):
    model = declared(databases(), field="heading")
    assert model.rename_field("title", "heading").objects == COUNT
    assert model.collection(heading="t1").count() == COUNT // 2
    assert len(model.check()) == 0


def test_all_objects_are_deleted(spread):
    assert spread.collection().delete() == COUNT
    assert {key.partition("}:")[2] for key in spread.scan_model_keys()} == {"meta", "seq"}


def test_on_the_async_face(spread, cluster):
    async def main():
        database = AsyncRedisDatabase(nodes=cluster.addresses)
        model = declared(database, base=AsyncRedisModel)
        assert await model.collection(title="t1").count() == COUNT // 2
        report = await model.check()
        assert (report.ok, report.objects) == (True, COUNT)
        await model.rebuild_indexes()
        assert len([key async for key in model.scan_model_keys()]) > COUNT
        with pytest.raises(DifferentPartitions):
            await declared(database, 4, AsyncRedisModel).create(title="x")
        await database.close()

    asyncio.run(main())


@pytest.mark.parametrize("count", [1, 4])
def test_objects_move_to_more_partitions(databases, cluster, count, monkeypatch):
    monkeypatch.setattr("limpyd.repartitioning.fences.NOTICED", 0)
    former = declared(databases(), count)
    for number in range(COUNT):
        former(title=f"t{number % 2}", tags=["x", str(number)], note=f"n{number}")
    expected = dict(former.collection().values_list("pk", "note").all())
    model = declared(databases(), 16)
    assert model.repartition().objects > COUNT // 2
    assert dict(model.collection(tags="x").values_list("pk", "note").all()) == expected
    assert model.collection(title="t1").count() == COUNT // 2
    assert all(node.call("DBSIZE") > COUNT // 2 for node in cluster.primaries())
    if count == 1:
        with pytest.raises(DifferentPartitions):
            former(title="x")
    else:
        assert former(title="x").title.hget() == "x"
        assert former.collection(title="t1").count() == COUNT // 2
    assert model.check().ok
