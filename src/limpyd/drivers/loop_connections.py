"""The connections of one event loop: one that all its tasks share, and dedicated ones for what must not share."""

from __future__ import annotations

import asyncio
import os
import socket
import weakref
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, cast

import redis.asyncio
from redis import exceptions as redis_errors

from limpyd.drivers import forks as _forks  # noqa: F401 - has forks wait for look-ups of hosts
from limpyd.drivers.multiplexed_connection import MultiplexedConnection, close_all_of, detach

MAX_IDLE = 10
"""The most dedicated connections kept between uses; a burst of waits does not occupy the server for ever."""


class DedicatedConnection:
    """A connection for one caller at a time; it is closed when it is collected, however its caller ended."""

    __slots__ = ("__weakref__", "connection")

    def __init__(self, connection: MultiplexedConnection) -> None:
        self.connection = connection

    def __del__(self) -> None:
        connection = getattr(self, "connection", None)  # an exception may come before it is set
        if connection is not None and not connection.lost:
            with suppress(RuntimeError):  # the event loop is closed
                connection._loop.call_soon_threadsafe(connection.close)


class LoopConnections:
    """Opens connections as they are needed, each in a task of its own.

    So cancelling a caller ends its wait, but does not cancel redis-py while it connects: on Python 3.11 redis-py loses
    cancellations, and the errors that it raises instead are no cancellations to a scope of anyio.

    Args:
        pool: makes the connections; none of them stays in it. Its `max_connections` holds here.
        on_connect: is given each new connection before it is used.

    Attributes:
        shared: the connection that tasks share, once it is open.
    """

    def __init__(self, pool: redis.asyncio.ConnectionPool, on_connect: Callable[[Any], Awaitable[None]]) -> None:
        self._pool = pool
        self._on_connect = on_connect
        self._loop = asyncio.get_running_loop()
        self.shared: MultiplexedConnection | None = None
        self._opening_shared: asyncio.Task[Exception | None] | None = None
        self._idle: list[DedicatedConnection] = []
        self._dedicated: weakref.WeakSet[DedicatedConnection] = weakref.WeakSet()
        self._opening: set[asyncio.Task[Exception | None]] = set()
        self._unfinished: set[Any] = set()
        self._closed = False
        self._forked = False
        _all.add(self)

    async def open_shared(self) -> MultiplexedConnection:
        """Returns the connection that tasks share; all tasks that ask while it opens wait for the same one.

        Raises:
            redis.RedisError: it does not open.
            OSError: likewise.
        """
        opening = self._opening_shared
        if opening is None or opening.done():
            opening = self._opening_shared = self._begin(self._open_shared)
        await asyncio.wait((opening,))
        _raise_error_of(opening)
        if self.shared is None:
            msg = "the connection was closed"
            raise redis_errors.ConnectionError(msg)
        return self.shared

    async def take(self) -> DedicatedConnection:
        """Returns an open connection that no other caller has.

        Raises:
            redis.MaxConnectionsError: `max_connections` are in use.
            redis.RedisError: it does not open.
            OSError: likewise.
        """
        while True:
            while self._idle:
                dedicated = self._idle.pop()
                if not dedicated.connection.lost:
                    return dedicated
            if len(self._in_use()) + self._opening_dedicated() >= self._pool.max_connections - 1:
                raise redis_errors.MaxConnectionsError
            opening = self._begin(self._open_dedicated)
            await asyncio.wait((opening,))
            _raise_error_of(opening)

    def give_back(self, dedicated: DedicatedConnection) -> None:
        """Takes a connection back for the next caller."""
        if self._closed or len(self._idle) >= MAX_IDLE:
            dedicated.connection.close()
        elif not dedicated.connection.lost:
            self._idle.append(dedicated)

    def close_idle(self) -> None:
        """Closes the connections on which no reply is awaited; the next use opens others."""
        if self.shared is None or self.shared.is_idle:
            self.leave()

    def leave(self) -> None:
        """Closes the shared connection and all idle ones; the next use opens others."""
        shared, self.shared = self.shared, None
        if shared is not None:
            shared.close()
        while self._idle:
            self._idle.pop().connection.close()

    def close(self) -> None:
        """Closes all connections, also those in use and those that are yet to open."""
        self._closed = True
        for opening in self._opening:
            opening.cancel()
        self.leave()
        close_all_of(self)

    def _in_use(self) -> list[DedicatedConnection]:
        return [dedicated for dedicated in self._dedicated if not dedicated.connection.lost]

    def _opening_dedicated(self) -> int:
        return len(self._opening - {self._opening_shared})

    def _begin(self, open_one: Callable[[], Awaitable[None]]) -> asyncio.Task[Exception | None]:
        opening = self._loop.create_task(_outcome(open_one))
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)
        return opening

    async def _open_shared(self) -> None:
        connection = await self._open()
        if self.shared is None or self.shared.lost:
            self.shared = connection
        else:  # an exception kept the call that began another opening from noting it
            connection.close()

    async def _open_dedicated(self) -> None:
        dedicated = DedicatedConnection(await self._open())
        self._dedicated.add(dedicated)
        self._idle.append(dedicated)  # whoever waits for it takes it; and if they do no longer, it is kept

    async def _open(self) -> MultiplexedConnection:
        connection: Any = self._pool.make_connection()  # type: ignore[no-untyped-call]
        self._unfinished.add(connection)
        if self._forked:
            _look_up_at_once(connection)
        transport = None
        try:
            await connection.connect()
            transport = connection._writer.transport
            await self._on_connect(connection)
            multiplexed = MultiplexedConnection(connection, connection.socket_timeout, self)
        except BaseException as error:
            await connection.disconnect(nowait=True)
            if transport is not None:  # which a line that was not finished may have taken over
                transport.abort()
            if isinstance(error, RuntimeError):  # uvloop's for a connection that the server closed meanwhile
                raise redis_errors.ConnectionError(str(error)) from error
            raise
        finally:
            self._unfinished.discard(connection)
        if self._closed:
            multiplexed.close()
        return multiplexed

    def after_fork(self) -> None:
        """Leaves all connections to the parent process, also those on their way: no handshake must be had twice."""
        for connection in self._unfinished:
            if connection._writer is not None:
                detach(connection._writer.transport)
            connection.redis_connect_func = _left_to_parent
        # They are kept from being collected, which could close a file descriptor that both processes use.
        _of_parents.append((self._opening_shared, self._opening, self._idle, self._unfinished))
        self.shared = self._opening_shared = None
        self._idle, self._opening, self._unfinished = [], set(), set()
        self._forked = True


async def _outcome(open_one: Callable[[], Awaitable[None]]) -> Exception | None:
    """Returns the error of opening a connection, if any, so that asyncio does not report it as never retrieved."""
    try:
        await open_one()
    except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
        return error
    return None


def _raise_error_of(opening: asyncio.Task[Exception | None]) -> None:
    if opening.cancelled():
        msg = "the connection was closed while it opened"
        raise redis_errors.ConnectionError(msg)
    error = opening.result()
    if error is not None:
        raise error


def _left_to_parent(connection: Any) -> None:
    detach(connection._writer.transport)
    msg = "the process was forked while the connection opened"
    raise redis_errors.ConnectionError(msg)


def _look_up_at_once(connection: Any) -> None:
    """Has hosts looked up without the threads by which an event loop does: after a fork they are missing."""
    given = connection._connection_arguments

    def looked_up() -> Mapping[str, Any]:
        arguments = dict(given())
        host = arguments.get("host")
        if host is not None:  # else it is a Unix socket
            arguments["host"] = socket.getaddrinfo(host, arguments["port"], type=socket.SOCK_STREAM)[0][4][0]
            if arguments.get("ssl"):
                arguments["server_hostname"] = host
        return arguments

    connection._connection_arguments = looked_up


def leave_to_parent(client: redis.asyncio.Redis) -> None:
    """Has nothing that a forked child does with a client reach the connections that its parent has."""
    pool: Any = getattr(client, "connection_pool", None)
    nodes = () if pool is not None else cast("Any", client).get_nodes()
    of_pool = () if pool is None else (*pool._available_connections, *pool._in_use_connections)
    for connection in (*of_pool, *(each for node in nodes for each in node._connections)):
        if connection._writer is not None:
            detach(connection._writer.transport)
    _of_parents.append(client)


_all: weakref.WeakSet[LoopConnections] = weakref.WeakSet()
_of_parents: list[Any] = []


def _leave_to_parent() -> None:
    for connections in tuple(_all):
        connections.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)
