"""The operations of a pipeline on one slot stay in order while the slot is moved by keys, or the pipeline says so."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from contextlib import contextmanager

import pytest

from limpyd import RedisDatabase, RedisModel
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from limpyd.exceptions import NotExecuted, ServerUnreachable
from tests.support.spread_models import declared, slot

EXTRA = "{town:person0}:extra"
"""A key of the slot of the first model."""


@pytest.fixture
def begun(cluster):
    """A move of the slot of the first model that has begun: scripts are refused, commands on single keys are not."""
    with cluster.client() as client:
        client.set(EXTRA, "0")

    def begin(model):
        return cluster.move(slot(model), cluster.another(cluster.owner(slot(model))))

    return begin


@contextmanager
def ended_soon(move):
    """Ends a move as soon as the source has refused something that the block sends."""
    before = refusals(move.source)

    def end():
        until = time.monotonic() + 10
        while refusals(move.source) == before and time.monotonic() < until:
            pass
        move.finish()

    ending = threading.Thread(target=end)
    ending.start()
    yield
    ending.join()


def refusals(node):
    """How often a node has answered TRYAGAIN."""
    found = re.search(r"errorstat_TRYAGAIN:count=(\d+)", node.call("INFO", "errorstats"))
    return int(found[1]) if found else 0


def sizes(seen):
    """The numbers of commands of the batches that were sent."""
    return [event.commands for event in seen if event.batch is not None]


def test_they_are_sent_again_in_order(cluster, begun):
    database = RedisDatabase(nodes=cluster.addresses)
    model = declared(database, RedisModel, 1)[0]
    ada = model(age=1)
    seen = []
    with ended_soon(begun(model)), database.on_request(seen.append), database.pipeline():
        ada.age.hset(10)
        more = ada.age.hincrby(5)
        ada.age.hset(2)
        at_last = ada.age.hget()
    assert (more.value, at_last.value, ada.age.hget()) == (15, 2, 2)
    first, second, *_, last = sizes(seen)
    assert (first, second, last) == (4, 1, 3), "the first is sent again alone, until it is accepted"
    database.close()


def test_they_are_sent_again_in_order_async(cluster, begun):
    async def main():
        database = AsyncRedisDatabase(nodes=cluster.addresses)
        model = declared(database, AsyncRedisModel, 1)[0]
        ada = await model.create(age=1)
        seen = []
        with ended_soon(begun(model)), database.on_request(seen.append):
            async with database.pipeline():
                await ada.age.hset(10)
                more = ada.age.hincrby(5)
                await ada.age.hset(2)
        assert (await more, await ada.age.hget()) == (15, 2)
        first, second, *_, last = sizes(seen)
        assert (first, second, last) == (3, 1, 2)
        await database.close()

    asyncio.run(main())


def test_a_later_one_was_executed(cluster, begun):
    database = RedisDatabase(nodes=cluster.addresses)
    model = declared(database, RedisModel, 1)[0]
    ada = model(age=1)
    move = begun(model)
    with database.pipeline() as pipe:
        ada.age.hset(7)
        pipe.set(EXTRA, "1")
        age = ada.age.hget()
        refused, executed, _ = pipe.execute(raise_on_error=False)
    assert isinstance(refused, NotExecuted)
    assert "executed a later operation of the pipeline on the same slot" in str(refused)
    assert executed is True
    assert age.value == 1
    move.finish()
    ada.age.hset(7)
    assert ada.age.hget() == 7
    database.close()


def test_a_later_one_was_executed_async(cluster, begun):
    async def main():
        database = AsyncRedisDatabase(nodes=cluster.addresses)
        model = declared(database, AsyncRedisModel, 1)[0]
        ada = await model.create(age=1)
        move = begun(model)
        async with database.pipeline() as pipe:
            await ada.age.hset(7)
            pipe.set(EXTRA, "1")
            refused, executed = await pipe.execute(raise_on_error=False)
        assert isinstance(refused, NotExecuted)
        assert executed is True
        move.finish()
        await database.close()

    asyncio.run(main())


@pytest.mark.parametrize("cluster", ["valkey-9.1"], indirect=True)
def test_commands_on_other_keys_do_not_wait(cluster, begun):
    database = RedisDatabase(nodes=cluster.addresses)
    model = declared(database, RedisModel, 1)[0]
    model(age=1)
    move = begun(model)
    with database.pipeline() as pipe:
        pipe.set("{town:person0}:new", "1")
        pipe.append(EXTRA, "1")
        pipe.append("{town:person0}:new", "2")
        assert pipe.execute() == [True, 2, 2]
    move.finish()
    database.close()


@pytest.mark.parametrize("cluster", ["valkey-9.1"], indirect=True)
def test_patience_ends(cluster, begun):
    database = RedisDatabase(nodes=cluster.addresses, patience=0.1)
    stuck, free = declared(database, RedisModel, 2)
    ada, bob = stuck(age=1), free(age=1)
    move = begun(stuck)
    with database.pipeline() as pipe:
        ada.age.hset(7)
        ada.age.hset(8)
        bob.age.hset(9)
        *refused, _ = pipe.execute(raise_on_error=False)
    assert [*map(type, refused)] == [ServerUnreachable] * 2
    assert (ada.age.hget(), bob.age.hget()) == (1, 9)
    move.finish()
    database.close()
