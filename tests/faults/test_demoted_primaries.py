"""A primary that has become a replica, behind a client of redis-py's Sentinel."""

from __future__ import annotations

import pytest

from limpyd import StringField
from limpyd.exceptions import LimpydError
from tests.support.blocks import block
from tests.support.face import Face
from tests.support.sentinels import AsyncNamed, SyncNamed
from tests.support.servers import free_port, running

pytestmark = pytest.mark.each_face


@pytest.fixture
def new_primary():
    with running("valkey-9.1") as server:
        yield server


@pytest.fixture(params=["sync", "async"])
async def managed(request, one_server):
    """A face on a client that sentinels manage, and the sentinels."""
    face = Face(request.param, one_server)
    sentinels = (AsyncNamed if face.is_async else SyncNamed)([])
    sentinels.server = one_server
    client = sentinels.master_for("service")
    face.database = face.Database(client=client)
    yield face, sentinels
    await face.do(face.database.close())
    await face.do(client.aclose() if face.is_async else client.close())
    face.client.replicaof("NO", "ONE")
    face.client.close()


async def alone(face, thing):
    await face.do(thing.text.set("x"))


async def in_a_pipeline(face, thing):
    async with block(face, face.database.pipeline()):
        thing.text.set("x")
        thing.text.append("y")


async def in_a_transaction(face, thing):
    async with block(face, face.database.transaction()):
        thing.text.set("x")


async def watching(face, thing):
    def body(transaction):
        transaction.multi()
        thing.text.set("x")

    async def body_later(transaction):
        body(transaction)

    await face.do(face.database.transaction(body_later if face.is_async else body, thing.text))


@pytest.mark.parametrize("write", [alone, in_a_pipeline, in_a_transaction, watching])
async def test_the_next_write_finds_the_new_primary(managed, new_primary, write):
    face, sentinels = managed

    class Thing(face.Model):
        database = face.database
        text = StringField()

    thing = await face.do(Thing.create(text="a"))
    await write(face, thing)  # so that there is a connection of its kind
    with new_primary.client() as client:
        for key in face.client.scan_iter():
            client.restore(key, 0, face.client.dump(key))
        face.client.replicaof("127.0.0.1", free_port())
        sentinels.server = new_primary
        with pytest.raises(LimpydError, match=r"connect to the primary|is now a slave"):
            await write(face, thing)
        await write(face, thing)
        assert client.get("{thing}:field:text:1") in {b"x", b"xy"}
