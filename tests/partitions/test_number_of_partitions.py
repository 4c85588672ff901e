"""The number of partitions is recorded, and a process that declares another one is refused."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from limpyd import InstanceHashField, StringField
from limpyd.exceptions import DifferentPartitions
from tests.support.blocks import block
from tests.support.calls_of_models import CALLS, PLAIN_READS

ROOT = "{partitioned}:meta"


@pytest.fixture
async def another_process(any_face):
    """Makes the model as a process sees it that has sent nothing yet; closes its database at the end."""
    databases = []

    def make(count):
        process_database = any_face.Database(port=any_face.server.port)
        databases.append(process_database)

        class Partitioned(any_face.Model):
            database = process_database
            partitions = count
            title = InstanceHashField(indexable=True)
            note = StringField()

        return Partitioned

    yield make
    for one in databases:
        await any_face.do(one.close())


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(("stored", "declared"), [(4, 8), (4, 2), (4, 1), (1, 4)])
async def test_another_number_is_refused(any_face, another_process, stored, declared, call):
    await any_face.do(another_process(stored).create(title="x"))
    before = any_face.client.keys()
    model = another_process(declared)
    if declared == 1 and call in PLAIN_READS:
        return  # which find nothing; a model of one partition sends nothing more
    for _ in range(2):
        error = await any_face.refused(DifferentPartitions, lambda: call(model))
        assert (error.declared, error.stored) == (declared, stored)
    assert any_face.client.keys() == before


@pytest.mark.parametrize("call", [CALLS["create"], CALLS["count"], CALLS["query"]])
async def test_another_number_is_refused_in_a_pipeline(any_face, another_process, call):
    await any_face.do(another_process(4).create(title="x"))
    model = another_process(8)
    pipeline = model.database.pipeline()
    with pytest.raises(DifferentPartitions):
        async with block(any_face, pipeline):
            call(model)
            model.lazy_connect(1).note.get()
    stored = another_process(4)._schema.keys.partitions
    catalogs = {key for key in any_face.client.scan_iter(count=1000) if key.endswith(b":meta")}
    assert catalogs - {partition.meta for partition in stored} == {ROOT.encode()}
    assert len(catalogs) == 2


async def test_the_number_is_asked_for_once(any_face, another_process):
    first = another_process(4)
    for _ in range(8):
        await any_face.do(first.create(title="x", note="n"))
    model = another_process(4)
    for call in (lambda: model.collection().count(), lambda: model.lazy_connect(1).note.get(), lambda: model.get(2)):
        with any_face.sent() as sent:
            await any_face.do(call())
        asked = [command for command in sent.commands if command[0] == "EVALSHA" and ROOT in command]
        assert len(asked) == (1 if call.__code__.co_names[0] == "collection" else 0)
    with any_face.sent() as sent:
        await any_face.do(model.collection(title="x").all())
    assert not any(ROOT in command for command in sent.commands)
    model = another_process(4)
    async with block(any_face, model.database.pipeline()):
        model.create(title="x")
        model.collection(title="x").all()
        model.lazy_connect(1).note.get()


async def test_without_a_record_reads_record_nothing(any_face, another_process):
    model = another_process(4)
    assert await any_face.do(model.collection(title="x").all()) == []
    assert await any_face.do(model.exists(1)) is False
    assert any_face.client.keys() == []
    await any_face.do(another_process(8).create(title="x"))
    await any_face.refused(DifferentPartitions, lambda: model.exists(1))


async def test_a_process_of_one_partition_that_runs_already_is_refused(any_face, another_process):
    old = another_process(1)
    instance = await any_face.do(old.create(title="x"))
    assert await any_face.do(old.collection(title="x").all()) == ["1"]
    await any_face.do(instance.delete())
    new = another_process(4)
    await any_face.do(new.create(title="x"))
    await any_face.refused(DifferentPartitions, lambda: old.collection(title="x").all())
    await any_face.refused(DifferentPartitions, lambda: old.create(title="x"))
    assert await any_face.do(new.collection().count()) == 1


async def test_a_process_of_one_partition_that_has_only_read_is_refused(any_face, another_process):
    old = another_process(1)
    assert await any_face.do(old.collection(title="x").all()) == []
    await any_face.do(another_process(4).create(title="x"))
    await any_face.refused(DifferentPartitions, lambda: old.collection(title="x").all())
    await any_face.refused(DifferentPartitions, lambda: old.create(title="x"))


@pytest.mark.parametrize("number", [1, 8])
@pytest.mark.parametrize("objects", [1, 20])
async def test_after_the_server_is_flushed_another_process_may_choose(any_face, another_process, number, objects):
    model = another_process(4)
    await any_face.do(model.create(title="x"))
    any_face.client.flushall()
    other = another_process(number)
    for _ in range(objects):
        await any_face.do(other.create(title="x"))
    for _ in range(8):  # whatever partitions it knows
        await any_face.refused(DifferentPartitions, lambda: model.create(title="x"))
    await any_face.refused(DifferentPartitions, lambda: model.collection(title="x").all())
    assert await any_face.do(other.collection().count()) == objects


async def test_after_the_server_is_flushed_the_number_is_recorded_again(any_face, another_process):
    model = another_process(4)
    await any_face.do(model.create(title="x"))
    any_face.client.flushall()
    for _ in range(4):
        await any_face.do(model.create(title="x"))
    assert any_face.client.hget(ROOT, ":partitions") == b"4"
    await any_face.refused(DifferentPartitions, lambda: another_process(8).create(title="x"))


@pytest.mark.parametrize("numbers", [(4, 8), (4, 1)])
async def test_of_processes_that_begin_at_once_one_number_wins(any_face, another_process, numbers):
    for _ in range(5):
        any_face.client.flushall()
        models = [another_process(number) for number in (*numbers, *numbers)]
        outcomes = await at_once(any_face, [lambda model=model: model.create(title="x") for model in models])
        won = {model._schema.keys.count for model, outcome in zip(models, outcomes, strict=True) if outcome is None}
        assert len(won) == 1
        created = sum(outcome is None for outcome in outcomes)
        assert await any_face.do(another_process(won.pop()).collection(title="x").count()) == created


async def at_once(face, calls):
    """Returns the error of each call, or None; the calls run at the same time."""

    def error_of(call):
        try:
            call()
        except DifferentPartitions as error:
            return error
        return None

    if face.is_async:
        results = await asyncio.gather(*(call() for call in calls), return_exceptions=True)
        return [result if isinstance(result, DifferentPartitions) else None for result in results]
    with ThreadPoolExecutor() as executor:
        return list(executor.map(error_of, calls))
