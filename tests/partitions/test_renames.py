"""Renames of models of several partitions, and of their fields."""

from __future__ import annotations

import pytest

from limpyd import InstanceHashField, SetField, StringField
from limpyd.exceptions import DifferentPartitions, InvalidValue

COUNT = 30


def declared(face, database, name, count=4, space="", field="title"):
    """A model of a name, with a field of a name."""
    body = {
        "database": database,
        "namespace": space,
        "partitions": count,
        field: InstanceHashField(indexable=True),
        "tags": SetField(indexable=True),
        "note": StringField(),
        "__module__": __name__,
    }
    return type(name, (face.Model,), body)


@pytest.fixture
async def former(any_face):
    """A model as another process declares it, with objects."""
    database = any_face.Database(port=any_face.server.port)
    model = declared(any_face, database, "Former")
    for number in range(COUNT):
        await any_face.do(model.create(title=f"t{number % 3}", tags=["x"], note=str(number)))
    yield model
    await any_face.do(database.close())


async def agrees(face, model, field="title", count=COUNT):
    """Checks that all objects are found as they were, and that nothing else is stored."""
    assert await face.do(model.collection().count()) == count
    assert await face.do(model.collection(**{field: "t1"}, tags="x").count()) == COUNT // 3
    assert await face.do(model.lazy_connect(7).note.get()) is not None
    report = await face.do(face.database.check())
    assert list(report) == []
    assert report.objects == count


@pytest.mark.parametrize("space", ["", "blog"])
async def test_a_model_is_renamed(any_face, former, space):
    model = declared(any_face, any_face.database, "Renamed", space=space)
    seen = []
    moved = await any_face.do(model.rename_from(":former", progress=lambda *done: seen.append(done)))
    assert (moved.objects, moved.conflicts, moved.kept) == (COUNT, [], [])
    assert seen == sorted(seen)
    assert seen[-1] == (COUNT, COUNT)
    assert not any(key.startswith(b"{former") for key in any_face.client.scan_iter(count=1000))
    await agrees(any_face, model)
    pk = int((await any_face.do(model.create(title="t5"))).pk._instance._pk)
    assert pk > COUNT - 8
    moved = await any_face.do(model.rename_from(":former"))
    assert moved.objects == 0


class Interrupted(Exception):
    """Ends a move."""


@pytest.mark.parametrize("after", [1, 2, 3])
async def test_an_interrupted_rename_goes_on(any_face, former, after):
    model = declared(any_face, any_face.database, "Renamed")
    steps = []

    def interrupt(*done):
        steps.append(done)
        if len(steps) == after:
            raise Interrupted

    with pytest.raises(Interrupted):
        await any_face.do(model.rename_from("Former", progress=interrupt))
    await any_face.do(former.create(title="t9"))  # by a process that still has the old class
    await any_face.do(model.rename_from("Former"))
    await agrees(any_face, model, count=COUNT + 1)


@pytest.mark.parametrize("count", [1, 2, 8])
async def test_a_rename_to_another_number_is_refused(any_face, former, count):
    model = declared(any_face, any_face.database, "Renamed", count)
    before = {key: any_face.client.type(key) for key in any_face.client.scan_iter(count=1000)}
    error = await any_face.refused(DifferentPartitions, lambda: model.rename_from("Former"))
    assert (error.declared, error.stored) == (count, 4)
    assert {key: any_face.client.type(key) for key in any_face.client.scan_iter(count=1000)} == before
    assert await any_face.do(former.collection().count()) == COUNT


async def test_a_rename_from_one_partition_to_several_is_refused(any_face):
    database = any_face.Database(port=any_face.server.port)
    await any_face.do(declared(any_face, database, "Former", 1).create(title="x"))
    model = declared(any_face, any_face.database, "Renamed")
    error = await any_face.refused(DifferentPartitions, lambda: model.rename_from("Former"))
    assert error.stored == 1
    await any_face.do(database.close())


async def test_a_field_is_renamed_in_all_partitions(any_face, former):
    database = any_face.Database(port=any_face.server.port)
    model = declared(any_face, database, "Former", field="heading")
    moved = await any_face.do(model.rename_field("title", "heading"))
    assert (moved.objects, moved.conflicts) == (COUNT, [])
    assert await any_face.do(model.collection(heading="t1").count()) == COUNT // 3
    assert list(await any_face.do(model.check())) == []
    await any_face.do(database.close())


async def test_objects_of_limpyd_2_are_refused_with_advice(any_face):
    model = declared(any_face, any_face.database, "Renamed")
    await any_face.refused(InvalidValue, lambda: model.migrate_from_limpyd2(), match="partitions = 1")
