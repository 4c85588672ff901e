"""Connections of an event loop for requests that may wait on the server: one request at a time on each."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

import redis.asyncio
from redis import exceptions as redis_errors

MOST_IDLE = 10
"""How many connections of an event loop are kept; a burst of waits does not occupy the server for ever."""
LOST = (redis_errors.ConnectionError, redis_errors.TimeoutError, OSError)


class WaitingConnections:
    """Kept between uses, so that a worker that pops in a loop connects once.

    Args:
        pool: what makes the connections; none of them stays in it.
        on_connect: is given each new connection before it is used.
    """

    def __init__(self, pool: redis.asyncio.ConnectionPool, on_connect: Callable[[Any], Awaitable[None]]) -> None:
        self._pool = pool
        self._on_connect = on_connect
        self._idle: dict[asyncio.AbstractEventLoop, list[Any]] = {}
        self._taken: dict[asyncio.AbstractEventLoop, set[Any]] = {}
        self._closed = False

    async def take(self) -> Any:
        """A connection that is open, and nobody else's."""
        loop = asyncio.get_running_loop()
        idle = self._idle.get(loop, [])
        while idle:
            connection = idle.pop()
            if await _is_usable(connection):
                return connection
            await connection.disconnect(nowait=True)
        connection = self._pool.make_connection()  # type: ignore[no-untyped-call]
        cancelled = _cancellations()
        try:
            await connection.connect()
            await self._on_connect(connection)
            _heed(cancelled)
        except BaseException:
            await connection.disconnect(nowait=True)
            raise
        return connection

    async def ask(self, connection: Any, packed: bytes) -> Any:
        """Sends a request on a connection that was taken, and waits for its reply as long as it takes.

        Raises:
            redis.RedisError: the server refused it, or the connection was lost.
        """
        cancelled = _cancellations()
        taken = self._taken.setdefault(asyncio.get_running_loop(), set())
        taken.add(connection)
        try:
            await connection.send_packed_command(packed)
            _heed(cancelled)
            reply = await connection.read_response(disable_decoding=True, timeout=math.inf)
        except redis_errors.ResponseError:
            self.give_back(connection)
            raise
        except BaseException:  # cancelled, too: its reply would be another one's
            await connection.disconnect(nowait=True)
            raise
        finally:
            taken.discard(connection)
        self.give_back(connection)
        return reply

    async def talk(self, connection: Any, packed: Sequence[bytes]) -> list[Any]:
        """The replies to requests that are sent at once on a connection that was taken, or the errors of refusals.

        Raises:
            redis.RedisError: the connection was lost.
        """
        cancelled = _cancellations()
        await connection.send_packed_command(b"".join(packed))
        _heed(cancelled)
        replies: list[Any] = []
        for _ in packed:
            try:
                replies.append(await connection.read_response(disable_decoding=True))
            except redis_errors.ResponseError as refusal:
                replies.append(refusal)
        return replies

    def close_idle(self) -> None:
        """Closes the connections that nobody uses."""
        self._close_all(self._idle)

    def close(self) -> None:
        """Closes the connections; requests that wait for a reply on one fail."""
        self._closed = True
        self.close_idle()
        self._close_all(self._taken)

    def _close_all(self, connections: Mapping[asyncio.AbstractEventLoop, Collection[Any]]) -> None:
        current = asyncio.get_running_loop()
        for loop, some in list(connections.items()):
            for connection in list(some):
                if loop is current:
                    connection._close()
                elif not loop.is_closed():
                    loop.call_soon_threadsafe(connection._close)

    def give_back(self, connection: Any) -> None:
        """Keeps a connection that was taken, for the next one who asks."""
        for by_loop in (self._idle, self._taken):
            for known in list(by_loop):
                if known.is_closed():
                    by_loop.pop(known, None)
        idle = self._idle.setdefault(asyncio.get_running_loop(), [])
        if self._closed or len(idle) >= MOST_IDLE:
            connection._close()
        else:
            idle.append(connection)


def _cancellations() -> int:
    """How often this task has been cancelled."""
    task = asyncio.current_task()
    return task.cancelling() if task is not None else 0


def _heed(before: int) -> None:
    """Raises a cancellation that got lost: on Python 3.11 `asyncio.wait_for`, by which redis-py sends, loses some.

    A task that was cancelled and waits on would take what is another's.
    """
    if _cancellations() > before:
        raise asyncio.CancelledError


async def _is_usable(connection: Any) -> bool:
    try:
        return not await connection.can_read()  # nobody waits for a reply: it is the end, or garbage
    except LOST:
        return False
