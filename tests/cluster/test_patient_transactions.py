"""Transactions on a cluster that is being changed: those that watch follow `patience`, and not `max_tries`."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from contextlib import asynccontextmanager

import pytest

from limpyd import RedisDatabase, RedisModel, StringField
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from limpyd.exceptions import ServerUnreachable
from tests.support.blocks import block
from tests.support.clusters import cluster_of, slot_of
from tests.support.servers import NEWEST, running

pytestmark = pytest.mark.each_face

KEYS = 5000
MICROSECONDS = 400
"""The time that each key takes to load."""
LOADING_SLOWLY = (
    *("--enable-debug-command", "local"),
    *("--loading-process-events-interval-bytes", "1024"),
)

on_both_faces = pytest.mark.parametrize("name", ["sync", "async"])
on_one_server = pytest.mark.parametrize("cluster", [NEWEST], indirect=True)


class Counters:
    """A counter on one face, whose calls are awaited."""

    def __init__(self, name, **settings):
        self.is_async = name == "async"
        self.database = (AsyncRedisDatabase if self.is_async else RedisDatabase)(**settings)
        body = {"database": self.database, "count": StringField(type=int), "__module__": __name__}
        self._model = type("Counter", (AsyncRedisModel if self.is_async else RedisModel,), body)

    async def do(self, call, *args, **settings):
        """Calls a method, on the sync face in a thread."""
        return await (call(*args, **settings) if self.is_async else asyncio.to_thread(call, *args, **settings))

    async def create(self):
        self.counter = await self.do(self._model.create, count=0)
        return f"{{counter}}:field:count:{await self.do(self.counter.pk.get)}"

    async def increment(self, *, watch=True, **settings):
        def sync(transaction):
            if watch:
                transaction.multi()
            self.counter.count.incr()

        async def asynchronous(transaction):
            sync(transaction)

        watches = [self.counter.count] if watch else []
        function = asynchronous if self.is_async else sync
        return await self.do(self.database.transaction, function, *watches, **settings)

    async def increment_in(self, kind):
        if kind != "pipeline":
            return await self.increment(watch=kind == "watch")
        async with block(self, self.database.pipeline(transaction=True)):
            pending = self.counter.count.incr()
        return [pending.value]


@on_both_faces
@on_one_server
class TestMovedSlots:
    async def test_it_begins_more_often_than_max_tries(self, cluster, name):
        counters = Counters(name, nodes=cluster.addresses)
        move = _moved_in_part(cluster, await counters.create())
        call = asyncio.create_task(counters.increment(max_tries=1))
        await asyncio.sleep(0.5)
        assert not call.done()
        move.finish()
        assert await call == [1]
        await counters.do(counters.database.close)

    async def test_for_no_longer_than_patience(self, cluster, name):
        counters = Counters(name, nodes=cluster.addresses, patience=0.2)
        move = _moved_in_part(cluster, await counters.create())
        start = time.monotonic()
        with pytest.raises(ServerUnreachable, match="raise patience="):
            await counters.increment()
        assert 0.2 <= time.monotonic() - start < 2
        move.finish()
        await counters.do(counters.database.close)


@pytest.fixture(scope="module")
def slow_cluster():
    with cluster_of(NEWEST, primaries=1, options=LOADING_SLOWLY) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def slow_server():
    with running(NEWEST, *LOADING_SLOWLY) as server:
        yield server


@on_both_faces
@pytest.mark.parametrize("kind", ["pipeline", "function", "watch"])
async def test_a_node_that_loads_its_data_executes_nothing(slow_cluster, name, kind):
    counters = Counters(name, nodes=slow_cluster.addresses)
    await counters.create()
    async with _loading(slow_cluster.nodes[0]) as hurry:
        start = time.monotonic()
        threading.Timer(0.2, hurry).start()
        assert await counters.increment_in(kind) == [1]
        assert time.monotonic() - start > 0.2
    await counters.do(counters.database.close)


@on_both_faces
@pytest.mark.parametrize("kind", ["pipeline", "function", "watch"])
async def test_nor_does_a_single_server(slow_server, name, kind):
    counters = Counters(name, port=slow_server.port)
    await counters.create()
    async with _loading(slow_server):
        with pytest.raises(ServerUnreachable, match="loading"):
            await counters.increment_in(kind)
    assert await counters.do(counters.counter.count.get) == 0
    await counters.do(counters.database.close)


@asynccontextmanager
async def _loading(server):
    """Has a server load its data again for two seconds: the block begins when it does, and ends when it has.

    It is given a function that has the rest of the data loaded without delay.
    """
    with server.client() as client, client.pipeline(transaction=False) as pipe:
        for number in range(KEYS):
            pipe.set(f"filler {number}", "x")
        pipe.config_set("key-load-delay", MICROSECONDS)
        pipe.execute()
    loading = asyncio.create_task(asyncio.to_thread(_load_again, server))
    while not _is_loading(server):
        assert not loading.done()
        await asyncio.sleep(0.01)

    def hurry():
        with server.client() as client:
            client.config_set("key-load-delay", 0)

    try:
        yield hurry
    finally:
        hurry()
        await loading


def _load_again(server):
    with server.client() as client:
        client.execute_command("DEBUG RELOAD")


def _is_loading(server):
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"PING\r\n")
        return client.recv(100).startswith(b"-LOADING")


def _moved_in_part(cluster, key):
    """The move of a slot of which one key is at the target."""
    slot = slot_of(key)
    move = cluster.move(slot, cluster.another(cluster.owner(slot)))
    move.move_key(key)
    return move
