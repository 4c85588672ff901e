"""Reads that only have to be sent, of queries to several partitions and of pipelines, and what comes in their way."""

from __future__ import annotations

import asyncio
import time

import pytest

from limpyd import InstanceHashField, StringField
from limpyd.drivers.async_transport import AsyncTransport
from limpyd.drivers.sync_transport import SyncTransport
from limpyd.exceptions import LimpydError, ServerTimeout
from tests.support.blocks import block
from tests.support.short_timeouts import answered

pytestmark = pytest.mark.each_face

PARTITIONS = 4
CITIES = {"Oslo": 5, "Rome": 3}


@pytest.fixture
async def city(any_face):
    class Visit(any_face.Model):
        database = any_face.database
        partitions = PARTITIONS
        city = InstanceHashField(indexable=True)
        note = StringField()

    for name, count in CITIES.items():
        for _ in range(count):
            await any_face.do(Visit.create(city=name, note="x"))
    for name in CITIES:  # so that the forms of the queries are known, and the scripts
        await counted(any_face, Visit, name)
        await page_of(any_face, Visit, name)
    return Visit


async def counted(face, model, name):
    return await face.do(model.collection(city=name).count())


async def page_of(face, model, name):
    return await face.do(model.collection(city=name).values_list("note", flat=True).sort(by="city", alpha=True)[:10])


@pytest.fixture
def only_reads(monkeypatch):
    """Lets queries and pipelines be sent in no other way than as reads."""

    def refuse(*_args, **_kwargs):
        raise AssertionError

    def begin():
        for transport in (SyncTransport, AsyncTransport):
            monkeypatch.setattr(transport, "run_together", refuse)

    return begin


async def test_they_are_sent_in_no_other_way(any_face, city, only_reads):
    objects = [await any_face.do(city.get(pk)) for pk in range(1, 4)]
    only_reads()
    for name, count in CITIES.items():
        assert await counted(any_face, city, name) == count
        assert await page_of(any_face, city, name) == ["x"] * count
    async with block(any_face, any_face.database.pipeline()):
        notes = [one.note.get() for one in objects]
        counts = [city.collection(city=name).count() for name in CITIES]
    assert [each.value for each in notes] == ["x"] * 3
    assert [each.value for each in counts] == [*CITIES.values()]


async def test_partitions_without_objects(any_face, city, only_reads):
    any_face.client.delete(*any_face.client.keys(b"{visit:3*"))  # nothing is known of one partition any more
    left = await counted(any_face, city, "Oslo")
    assert left < CITIES["Oslo"]
    only_reads()
    assert await counted(any_face, city, "Oslo") == left


async def test_a_partition_whose_declarations_changed(any_face, city):
    any_face.client.hset(next(iter(any_face.client.scan_iter(b"{visit:2*}:meta"))), ":epoch", "another")
    for name, count in CITIES.items():
        assert await counted(any_face, city, name) == count
        assert await page_of(any_face, city, name) == ["x"] * count


async def test_scripts_that_the_server_has_lost(any_face, city):
    any_face.client.script_flush()
    assert await page_of(any_face, city, "Oslo") == ["x"] * 5


async def test_a_connection_that_is_cut(any_face, city):
    any_face.client.client_kill_filter(_type="normal", skipme=True)
    assert await counted(any_face, city, "Oslo") == 5
    any_face.client.client_kill_filter(_type="normal", skipme=True)
    assert await page_of(any_face, city, "Rome") == ["x"] * 3


async def test_one_that_is_refused(any_face, city):
    first, second = city.lazy_connect(1), city.lazy_connect(2)
    any_face.client.delete(second.note.key)
    any_face.client.rpush(second.note.key, "1")
    pipeline = any_face.database.pipeline()
    async with block(any_face, pipeline):
        first.note.get()
        second.note.get()
        found, error = await any_face.do(pipeline.execute(raise_on_error=False))
    assert found == "x"
    assert isinstance(error, LimpydError)


@pytest.mark.parametrize("any_face", ["async"], indirect=True)
async def test_callers_that_are_cancelled(any_face, city):
    for turns in range(8):
        cancelled = asyncio.ensure_future(counted(any_face, city, "Oslo"))
        other = asyncio.ensure_future(counted(any_face, city, "Rome"))
        for _ in range(turns):
            await asyncio.sleep(0)
        cancelled.cancel()
        assert await other == CITIES["Rome"]
        assert await counted(any_face, city, "Rome") == CITIES["Rome"]
        await asyncio.gather(cancelled, return_exceptions=True)


async def test_a_query_to_one_partition(any_face, only_reads):
    class Visit(any_face.Model):
        database = any_face.database
        city = InstanceHashField(indexable=True)

    await any_face.do(Visit.create(city="Oslo"))
    assert [await counted(any_face, Visit, name) for name in CITIES] == [1, 0]
    any_face.client.client_kill_filter(_type="normal", skipme=True)
    assert await counted(any_face, Visit, "Oslo") == 1
    any_face.client.hset("{visit}:meta", ":epoch", "another")
    assert await counted(any_face, Visit, "Oslo") == 1
    any_face.client.rename("{visit}:eq:city:Oslo", "away")
    any_face.client.set("{visit}:eq:city:Oslo", "another type")
    await any_face.refused(LimpydError, lambda: Visit.collection(city="Oslo").count(), match="should be a set")
    any_face.client.rename("away", "{visit}:eq:city:Oslo")
    only_reads()
    assert await counted(any_face, Visit, "Oslo") == 1


async def test_a_server_that_does_not_answer_is_asked_once(any_face, city):
    database = any_face.Database(port=any_face.server.port, socket_timeout=0.4)
    city.use_database(database)
    assert await answered(lambda: counted(any_face, city, "Oslo")) == CITIES["Oslo"]
    any_face.client.config_resetstat()
    any_face.client.client_pause(1500)
    begun = time.monotonic()
    await any_face.refused(ServerTimeout, lambda: city.collection(city="Oslo").count())
    assert time.monotonic() - begun < 0.75
    any_face.client.client_unpause()
    assert await counted(any_face, city, "Rome") == CITIES["Rome"]
    await any_face.do(database.close())
