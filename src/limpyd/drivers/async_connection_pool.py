"""The connections of the async face to one server; each event loop has some of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import redis.asyncio

from limpyd.drivers.loop_connections import LoopConnections
from limpyd.drivers.multiplexed_connection import MultiplexedConnection
from limpyd.requests.reads import Reads


class AsyncConnectionPool:
    """Opens connections in the event loop that asks, and finds those that are open there.

    Args:
        pool: the pool that creates the connections; none of them is returned to it.
        on_connect: called with each new connection before it is used.

    Attributes:
        closed: no more connections are opened.
    """

    def __init__(self, pool: redis.asyncio.ConnectionPool, on_connect: Callable[[Any], Awaitable[None]]) -> None:
        self._pool = pool
        self._on_connect = on_connect
        self._loops: dict[asyncio.AbstractEventLoop, LoopConnections] = {}
        self.closed = False

    @property
    def max_connections(self) -> int:
        """The most connections that an event loop may open."""
        return int(self._pool.max_connections)

    def shared(self) -> MultiplexedConnection | None:
        """Returns the connection that the tasks of this event loop share, if it is open."""
        connections = self._loops.get(asyncio.get_running_loop())
        connection = None if connections is None else connections.shared
        return None if connection is None or connection.lost else connection

    def shares(self, reads: Reads) -> list[tuple[AsyncConnectionPool, Reads]]:
        """Returns where to send reads."""
        return [(self, reads)]

    def here(self) -> LoopConnections:
        """Returns the connections of this event loop."""
        loop = asyncio.get_running_loop()
        connections = self._loops.get(loop)
        if connections is None:
            for known in list(self._loops):
                if known.is_closed():
                    self._loops.pop(known, None)
            connections = self._loops[loop] = LoopConnections(self._pool, self._on_connect)
            if self.closed:
                connections.close()
        return connections

    def close(self) -> None:
        """Closes the connections of all event loops. Requests without a reply fail, and no new ones are taken."""
        self.closed = True
        current = asyncio.get_running_loop()
        for loop, connections in list(self._loops.items()):
            if loop is current:
                connections.close()
            else:
                with suppress(RuntimeError):  # it is closed
                    loop.call_soon_threadsafe(connections.close)
        self._loops.clear()
