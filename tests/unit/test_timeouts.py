"""How long connections wait."""

from __future__ import annotations

import asyncio

import pytest
import redis

from limpyd import RedisDatabase
from limpyd.asyncio import AsyncRedisDatabase

SENTINELS = {"sentinels": [("localhost", 26379)], "service_name": "main"}


def waits(pool):
    return pool.connection_kwargs["socket_timeout"], pool.connection_kwargs["socket_connect_timeout"]


@pytest.mark.parametrize("address", [{}, SENTINELS])
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, (30, 5)),
        ({"socket_timeout": 2}, (2, 5)),
        ({"socket_timeout": None}, (None, 5)),
        ({"socket_connect_timeout": 1}, (30, 1)),
    ],
)
def test_what_redis_py_would_not_wait_for_is_waited_for(address, given, expected):
    database = RedisDatabase(**address, **given)
    assert waits(database._own_connections()._pool) == expected
    assert waits(database.connection.connection_pool) == expected

    async def both():
        database = AsyncRedisDatabase(**address, **given)
        return waits(database._pool()), waits(database.connection.connection_pool)

    assert asyncio.run(both()) == (expected, expected)


def test_a_client_brings_its_own():
    client = redis.Redis(socket_timeout=3, socket_connect_timeout=4)
    assert waits(RedisDatabase(client=client)._own_connections()._pool) == (3, 4)


def test_sentinels_are_waited_for_no_longer_than_a_connection():
    pool = RedisDatabase(**SENTINELS)._own_connections()._pool
    assert waits(pool.sentinel_manager.sentinels[0].connection_pool) == (5, 5)
    pool = RedisDatabase(**SENTINELS, socket_timeout=0.5)._own_connections()._pool
    assert waits(pool.sentinel_manager.sentinels[0].connection_pool) == (0.5, 0.5)
