"""Tasks that are cancelled, and event loops that an exception interrupts, at any place: a sample of the places."""

from __future__ import annotations

import asyncio
import time

import pytest

from limpyd.asyncio import AsyncRedisDatabase
from tests.faults.programs.interrupted_tasks import LOOPS, interrupted

STRIDE = 251


async def test_a_second_opening_leaves_no_connection_behind(one_server):
    """As it comes when the call that began the first one was interrupted before it noted that."""
    database = AsyncRedisDatabase(port=one_server.port)
    await database.connect()
    connections = database._driver.connections.here()
    with one_server.client() as client:

        def wait_for(number):
            while len(client.client_list()) != number:
                time.sleep(0.001)

        await asyncio.to_thread(wait_for, 2)
        await connections._open_shared()
        await asyncio.to_thread(wait_for, 2)
        await connections._open()  # and nobody notes it
        await asyncio.to_thread(wait_for, 3)
        await database.close()
        await asyncio.to_thread(wait_for, 1)


@pytest.mark.parametrize("loop", LOOPS)
def test_next_calls_get_their_own_replies(one_server, loop):
    figures = interrupted(loop, one_server.port, STRIDE)
    assert figures.pop("places") == figures["judged"]
    assert figures.pop("judged") > 50
    assert {name: number for name, number in figures.items() if number} == {}
