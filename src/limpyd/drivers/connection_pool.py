"""The connections of the sync driver, which are kept between requests.

They are made as a pool of redis-py would make them, with its settings and at most as many, but they are not that
pool's: what an exception of a signal handler, or a fork in the middle, leaves of one is not safe to use. They wait in a
list between uses, which costs less, too. Nothing here waits for a lock, so a signal handler may use what it interrupts.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from contextlib import suppress
from functools import partial
from time import monotonic, sleep
from typing import Any, Protocol

import redis
from redis.exceptions import MaxConnectionsError

from limpyd.drivers import forks as _forks  # noqa: F401 - has forks wait for look-ups of hosts
from limpyd.drivers.sync_connection import SyncConnection
from limpyd.requests.reads import Reads

IDLE_UNCHECKED = 0.05
"""Seconds for which an idle connection is trusted to be still open without looking."""
SHORT_WHILE = 0.001
"""Seconds between two looks for a connection that was given back, where that is waited for."""


LOST = (redis.ConnectionError, redis.TimeoutError)


class Home(Protocol):
    """Something with a hash slot, such as a request or a partition."""

    @property
    def slot(self) -> int | None:
        """The slot; None where any node will do."""
        ...

    @property
    def crosses_slots(self) -> bool:
        """True if keys of other slots are used as well."""
        ...

    @property
    def may_be_stale(self) -> bool:
        """True if a replica may serve what is sent there."""
        ...


class Lost(Exception):
    """The connection was lost before the reply came.

    Attributes:
        error: what redis-py says of it.
        sent: the request was sent whole.
    """

    def __init__(self, error: redis.RedisError, *, sent: bool) -> None:
        super().__init__(error)
        self.error = error
        self.sent = sent


class SyncConnectionPool:
    """Lends lines, one user at a time, and keeps them between uses.

    Args:
        pool: what connections are like, how many there may be, and how long one is waited for.
    """

    def __init__(self, pool: redis.ConnectionPool) -> None:
        self._pool = pool
        self._patience = getattr(pool, "timeout", None) if isinstance(pool, redis.BlockingConnectionPool) else 0
        self._idle: deque[SyncConnection] = deque()
        self._connections: dict[int, weakref.ref[SyncConnection]] = {}
        self._closed = False
        weakref.finalize(self, _drop_all, self._idle)  # sockets that are collected unclosed cause warnings
        _known.add(self)

    def exchange(self, packed: bytes, replies: int = 1, home: Home | None = None) -> Any:  # noqa: ARG002 - a cluster asks
        """The reply to a packed request; of one that has several a list of those.

        Args:
            packed: the request.
            replies: how many replies it has.
            home: the slot of its keys.

        Raises:
            Lost: the connection was lost, or there is none.
            redis.ResponseError: the server refused it.
        """
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._another_to_exchange()
        now = monotonic()
        if now - connection.used_at > IDLE_UNCHECKED:
            connection.check()
        connection.used_at = now
        try:
            return connection.exchange(packed) if replies == 1 else connection.exchange_several(packed, replies)
        except LOST as error:
            raise Lost(error, sent=connection.sent) from error
        finally:
            if connection.awaited or connection.demoted or self._closed:
                self._drop(connection)
            self._idle.append(connection)

    def wait(
        self,
        packed: bytes,
        seconds: float,
        home: Home | None = None,  # noqa: ARG002 - a cluster asks
        *,
        replies: int = 1,
    ) -> Any:
        """The last reply to a request, which the server may keep back for so many seconds, 0 for any time."""
        try:
            connection = self.take()
        except MaxConnectionsError as error:
            raise Lost(error, sent=False) from error
        try:
            connection.send(packed, replies)
            for _ in range(replies - 1):
                connection.read()
            return connection.wait(seconds)
        except LOST as error:
            raise Lost(error, sent=connection.sent) from error
        finally:
            self.give_back(connection)

    def exchange_step(self, packed: bytes, step: Any, *, replies: int = 1) -> Any:
        """The last reply to a step of a walk; notes which server process it is of."""
        try:
            connection = self.take()
        except MaxConnectionsError as error:
            raise Lost(error, sent=False) from error
        try:
            reply = connection.exchange_step(packed, replies)
        except LOST as error:
            raise Lost(error, sent=connection.sent) from error
        else:
            step.origin.run = connection.run
            return reply
        finally:
            self.give_back(connection)

    def take(self) -> SyncConnection:
        """Returns a connection that no other caller has; it opens when it is used.

        Raises:
            redis.MaxConnectionsError: all are in use.
        """
        try:
            connection = self._idle.pop()
        except IndexError:
            return self._another()
        now = monotonic()
        if now - connection.used_at > IDLE_UNCHECKED:
            connection.check()
        connection.used_at = now
        return connection

    def shares(self, reads: Reads) -> list[tuple[SyncConnectionPool, Reads]]:
        """Returns where to send reads."""
        return [(self, reads)]

    def give_back(self, connection: SyncConnection) -> None:
        """Takes a connection back for the next caller; to be called once for each `take`."""
        if connection.awaited or connection.demoted or self._closed:
            self._drop(connection)
        self._idle.append(connection)

    def _drop(self, connection: SyncConnection) -> None:
        demoted = connection.demoted
        connection.drop()
        if demoted:  # the next connection finds the new primary
            self.close_idle()

    def close_idle(self) -> None:
        """Closes the idle lines, which open again when used; where one was cut, the others are likely cut as well."""
        # One after the other: who needs one meanwhile, such as a signal handler, finds those that are there.
        for _ in range(len(self._idle)):
            try:
                connection = self._idle.popleft()
            except IndexError:  # another thread took the last one
                break
            connection.drop()
            self._idle.append(connection)

    def close(self) -> None:
        """Closes the idle lines, and those in use when they are given back."""
        self._closed = True
        self.close_idle()

    def _another_to_exchange(self) -> SyncConnection:
        try:
            return self._another()
        except MaxConnectionsError as error:
            raise Lost(error, sent=False) from error

    def _another(self) -> SyncConnection:
        connection = SyncConnection(self._pool.connection_class(**self._pool.connection_kwargs))
        # A signal handler that raises between two uses loses it, maybe in frames that are collected in any order.
        weakref.finalize(connection, connection.connection.disconnect).atexit = False
        until = None if self._patience is None else monotonic() + self._patience
        while not self._counted(connection):
            if until is not None and monotonic() >= until:
                raise MaxConnectionsError
            sleep(SHORT_WHILE)
            with suppress(IndexError):
                return self._idle.pop()
        return connection

    def _counted(self, connection: SyncConnection) -> bool:
        """Counts a new line, unless there are as many as there may be. One that is lost is no longer counted."""
        connections = self._connections
        for number in range(self._pool.max_connections):
            if number not in connections:
                # In C, since a signal handler that raises would keep a function from uncounting it.
                counted = weakref.ref(connection, partial(connections.pop, number))
                if connections.setdefault(number, counted) is counted:
                    return True
        return False

    def after_fork(self) -> None:
        """Leaves to the parent what it talks on: in the child that is closed, which the server does not notice."""
        connections, self._connections = self._connections, {}
        self._idle.clear()
        for known in list(connections.values()):
            connection = known()
            if connection is not None:
                connection.drop()
        renew_locks(self._pool)


def _drop_all(connections: deque[SyncConnection]) -> None:
    with suppress(IndexError):  # threads may still take lines and give them back
        while True:
            connections.pop().drop()


def renew_locks(pool: Any) -> None:
    """Makes a pool of redis-py fit for a child: another thread of the parent may have been in it at the fork."""
    for name in ("_lock", "_fork_lock"):
        if hasattr(pool, name):
            setattr(pool, name, threading.RLock())
    manager = getattr(pool, "sentinel_manager", None)
    for sentinel in getattr(manager, "sentinels", ()):
        renew_locks(sentinel.connection_pool)


_known: weakref.WeakSet[SyncConnectionPool] = weakref.WeakSet()


def _after_fork() -> None:
    for connections in tuple(_known):
        connections.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
