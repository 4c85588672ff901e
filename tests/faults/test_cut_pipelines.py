"""Pipelines and transactions whose connection is lost."""

from __future__ import annotations

import pytest

from limpyd import InstanceHashField, StringField
from limpyd.exceptions import NotExecuted, OutcomeUnknown, ServerUnreachable
from tests.support.blocks import block
from tests.support.face import Face
from tests.support.proxy import Proxy
from tests.support.servers import free_port

pytestmark = pytest.mark.each_face


@pytest.fixture
def proxy(one_server):
    proxy = Proxy(one_server.port)
    yield proxy
    proxy.close()


@pytest.fixture(params=["sync", "async"])
async def cut_face(request, one_server, proxy):
    face = Face(request.param, one_server)
    face.database = face.Database(port=proxy.port)
    yield face
    await face.do(face.database.close())
    face.client.close()


@pytest.fixture
async def thing(cut_face):
    class Thing(cut_face.Model):
        database = cut_face.database
        count = StringField(type=int)
        name = InstanceHashField(indexable=True)

    thing = await cut_face.do(Thing.create(count=0, name="x"))
    async with block(cut_face, cut_face.database.transaction()):  # so that the server knows its script
        thing.name.hset("x")
    return thing


def begun(database, kind):
    return database.pipeline(transaction=True) if kind == "MULTI" else getattr(database, kind)()


@pytest.mark.parametrize("kind", ["pipeline", "MULTI", "transaction"])
async def test_writes_whose_replies_are_lost(cut_face, proxy, thing, kind):
    proxy.cut_replies = 1
    with pytest.raises(OutcomeUnknown, match="may or may not have been executed"):
        async with block(cut_face, begun(cut_face.database, kind)):
            first = thing.count.incr()
            second = thing.name.hset("y")
    for pending in (first, second):
        with pytest.raises(OutcomeUnknown):
            _ = pending.value
    assert await cut_face.do(thing.count.get()) == 1  # once, and not again


@pytest.mark.parametrize("kind", ["pipeline", "MULTI", "transaction"])
async def test_reads_whose_replies_are_lost_are_sent_again(cut_face, proxy, thing, kind):
    connections = proxy.connections
    proxy.cut_replies = 1
    async with block(cut_face, begun(cut_face.database, kind)):
        count, name = thing.count.get(), thing.name.hget()
    assert (count.value, name.value) == (0, "x")
    assert proxy.connections == connections + 1


@pytest.mark.parametrize("kind", ["pipeline", "MULTI", "transaction"])
async def test_no_server(cut_face, proxy, thing, kind):
    proxy.close()
    with pytest.raises((ServerUnreachable, OutcomeUnknown)):
        async with block(cut_face, begun(cut_face.database, kind)):
            thing.count.incr()
    with pytest.raises(ServerUnreachable):
        async with block(cut_face, begun(cut_face.database, kind)):
            pending = thing.count.incr()
    with pytest.raises((ServerUnreachable, NotExecuted)):
        _ = pending.value


async def test_a_watching_transaction(cut_face, proxy, thing):
    def body(transaction):
        transaction.multi()
        thing.count.incr()
        proxy.cut_replies = 1

    async def body_async(transaction):
        body(transaction)

    call = body_async if cut_face.is_async else body
    await cut_face.refused(OutcomeUnknown, lambda: cut_face.database.transaction(call, thing.count))
    assert await cut_face.do(thing.count.get()) == 1
    await cut_face.do(cut_face.database.reset(port=free_port()))
    await cut_face.refused(ServerUnreachable, lambda: cut_face.database.transaction(call, thing.count))
