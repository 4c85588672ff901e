"""Walks in whose middle another node of a cluster takes the slot over: cursors of one node mean nothing to another."""

from __future__ import annotations

import pytest

from limpyd import RedisDatabase, RedisModel
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from tests.support.changing_servers import CHUNK, OBJECTS, Takeover, declared, filled
from tests.support.clusters import slot_of
from tests.support.servers import BINARIES

SLOT = slot_of("{changing:thing}")


class ClusterFace:
    """A face on a cluster, as far as `filled` needs it."""

    def __init__(self, name, cluster):
        self.is_async = name == "async"
        database_type = AsyncRedisDatabase if self.is_async else RedisDatabase
        self.database = database_type(nodes=cluster.addresses)
        self.model = declared(self.database, AsyncRedisModel if self.is_async else RedisModel)

    async def do(self, call):
        return await call if self.is_async else call

    async def all(self, items):
        return [item async for item in items] if self.is_async else [*items]


FACES = ("sync", "async")
FACES_IN_TURN = [(FACES[number % 2], name) for number, name in enumerate(BINARIES)]


def moved(cluster):
    cluster.move_slots([SLOT], cluster.another(cluster.owner(SLOT)))


def failed_over(cluster):
    cluster.fail_over(cluster.replicas(cluster.owner(SLOT))[0])


async def walk_all(name, cluster, take_over):
    """Walks of each kind, each with a takeover in its middle."""
    face, takeover = ClusterFace(name, cluster), Takeover(lambda: take_over(cluster))
    things = face.model.collection()
    try:
        thing = await filled(face, face.model)
        with face.database.on_request(takeover):
            takeover.after(10, "query")
            found = await face.all(things.values_list("pk", flat=True).iterate(chunk=CHUNK))
            assert len(set(found)) == OBJECTS
            takeover.after(10, "update")
            assert await face.do(things.update(points=face.model.points + 1, chunk=CHUNK)) == OBJECTS
            takeover.after(1, "query")
            assert await face.do(things.sum("points")) == 2 * OBJECTS
            takeover.after(10, "sscan")
            assert len(set(await face.all(thing.tags.sscan(count=CHUNK)))) == OBJECTS
            takeover.after(10, "delete")
            assert await face.do(things.delete(chunk=CHUNK)) == OBJECTS
            assert takeover.is_over
    finally:
        await face.do(face.database.close())


@pytest.mark.parametrize(("name", "cluster"), FACES_IN_TURN, indirect=["cluster"])
async def test_a_slot_that_moves(name, cluster):
    await walk_all(name, cluster, moved)


@pytest.mark.parametrize(("name", "replicated"), FACES_IN_TURN, indirect=["replicated"])
async def test_an_ordered_failover(name, replicated):
    await walk_all(name, replicated, failed_over)
