"""Faults of the driver for clusters that were found by hand; one server does, since they are limpyd's own."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
import redis

from limpyd import ListField, RedisDatabase, RedisModel
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from limpyd.drivers.cluster.async_driver import _asked
from limpyd.exceptions import OutcomeUnknown, ServerUnreachable
from tests.support.clusters import slot_of
from tests.support.spread_models import MODELS, declared, slot

on_one_server = pytest.mark.parametrize("cluster", ["valkey-9.1"], indirect=True)


@pytest.fixture
def database(cluster):
    database = RedisDatabase(nodes=cluster.addresses)
    yield database
    database.close()


@pytest.fixture
def people(database):
    people = declared(database, RedisModel)
    for model in people:
        model(name="Ada", age=1)
    return people


def run_async(cluster, main):
    """Runs a function of an async database."""

    async def with_database():
        database = AsyncRedisDatabase(nodes=cluster.addresses)
        try:
            await main(database)
        finally:
            await database.close()

    asyncio.run(with_database())


@on_one_server
class TestRawCommands:
    @pytest.mark.parametrize(
        "args",
        [
            ("SET", "foo", "a:b"),
            ("OBJECT ENCODING", "foo"),
            ("MEMORY USAGE", "foo"),
            ("EVAL", "return redis.call('GET', KEYS[1]) -- a:b", 1, "foo"),
            ("BITOP", "NOT", "bar", "bar"),
            ("ZUNION", 1, "a"),
            ("XREAD", "COUNT", 1, "STREAMS", "b", "0-0"),
        ],
    )
    def test_they_go_to_the_node_of_their_key_at_once(self, database, args):
        database.connect()
        database.connection.set("foo", "1")
        seen = []
        with database.on_request(seen.append):
            for atomic in (False, True) * 5:
                with database.pipeline(transaction=atomic) as pipe:
                    pipe.execute_command("PUBLISH", "c:d", "x")
                    pipe.execute_command(*args)
        assert {event.retry for event in seen} == {None}


def test_silent_nodes_are_given_up_soon():
    database = RedisDatabase(nodes=[("127.0.0.1", 1)])
    settings = database._seed_driver(("127.0.0.1", 1)).connections._pool.connection_kwargs
    assert (settings["socket_timeout"], settings["socket_connect_timeout"]) == (5, 1)
    settings = database._endpoint.client_settings()
    assert (settings["socket_timeout"], settings["socket_connect_timeout"]) == (5, 1)
