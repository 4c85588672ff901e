"""A database that is found through Sentinel."""

from __future__ import annotations

import asyncio
import time

import pytest

from limpyd import RedisDatabase, StringField
from limpyd.asyncio import AsyncRedisDatabase
from limpyd.exceptions import DeclarationError, OutcomeUnknown, ServerUnreachable
from tests.support.face import Face
from tests.support.replicated import SERVICE, Replicated
from tests.support.servers import free_port

pytestmark = pytest.mark.each_face


@pytest.fixture(scope="module")
def replicated():
    replicated = Replicated("valkey-9.1", "--appendonly", "yes", replicas=1)
    yield replicated
    replicated.stop()


@pytest.fixture(params=["sync", "async"])
async def found(request, replicated):
    """A face whose database is found through sentinels, of which the first is not there."""
    replicated.wait_until_whole()
    face = Face(request.param, replicated.primary())
    face.client.flushall()
    sentinels = [("127.0.0.1", free_port()), *replicated.addresses]
    face.database = face.Database(sentinels=sentinels, service_name=SERVICE)
    yield face
    await face.do(face.database.close())
    face.client.close()


def declare(face, database_):
    class Counter(face.Model):
        database = database_
        count = StringField(type=int)

    return Counter


async def goes_on(face, call):
    """The result of a call, once the new primary is found."""
    for _ in range(500):
        try:
            return await face.do(call())
        except (ServerUnreachable, OutcomeUnknown):
            await asyncio.sleep(0.02)
    raise AssertionError


async def test_writers_go_on_after_a_failover(found, replicated):
    counter = await found.do(declare(found, found.database).create(count=0))
    assert await found.do(counter.count.incr()) == 1
    replicated.wait_until_whole()
    replicated.crash()
    assert await goes_on(found, counter.count.incr) in {2, 3}
    with replicated.primary().client() as client:
        assert int(client.get("{counter}:field:count:1")) in {2, 3}
    assert SERVICE in repr(found.database)
    assert await found.do((await found.do(found.database.connect())).get("{counter}:seq")) == "1"


def test_one_event_loop_after_another(replicated):
    replicated.wait_until_whole()
    database = AsyncRedisDatabase(sentinels=replicated.addresses, service_name=SERVICE)

    async def once():
        assert await (await database.connect()).ping()
        await database.close()

    for _ in range(3):
        asyncio.run(once())


async def test_an_unknown_service_is_told(found, replicated):
    database = found.Database(sentinels=replicated.addresses, service_name="nobody")
    await found.refused(ServerUnreachable, database.connect, match=r"nobody \(by Sentinel\)")
    start = time.perf_counter()
    database = found.Database(sentinels=[("127.0.0.1", free_port())], service_name=SERVICE)
    await found.refused(ServerUnreachable, database.connect)
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize("kind", [RedisDatabase, AsyncRedisDatabase])
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"sentinels": [("h", 1)]}, "service_name"),
        ({"service_name": "x"}, "sentinels"),
        ({"sentinels": ["h:1"], "service_name": "x"}, "not 'h:1'"),
        ({"sentinels": [("h", 1)], "service_name": "x", "port": 1}, "leave out port"),
    ],
)
def test_settings_that_cannot_be_used(kind, settings, said):
    with pytest.raises(DeclarationError, match=said):
        kind(**settings)
