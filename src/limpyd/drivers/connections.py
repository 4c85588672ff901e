"""Where the sync driver gets its connections from, and how it keeps them.

Taking a connection from redis-py's pool and giving it back costs about as much as a request. So a
pool that belongs to limpyd is asked once per connection, and the connections in between uses wait
in a list of ours. A pool that the user made is shared with other users of it: each connection goes
back to it after each request.
"""

from __future__ import annotations

import os
import weakref
from collections import deque
from contextlib import suppress
from time import monotonic
from typing import Any, Protocol

import hiredis
import redis

NOTHING_YET = object()
RECEIVED_AT_ONCE = 65536
CLOSED = "the server closed the connection"

IDLE_UNCHECKED = 0.05
"""Seconds for which an idle connection is trusted to be still open without looking."""


class Line:
    """A connection of redis-py, which opens it; sending and receiving are done on its socket.

    Its methods for that cost about a tenth of a request. Errors are those of redis-py.

    Attributes:
        demoted: the server has refused a write since it is a replica, so it is not the one to talk to any more.
    """

    __slots__ = ("_reader", "_socket", "connection", "demoted", "used_at")

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self._socket: Any = None
        self._reader: Any = None
        self.demoted = False
        self.used_at = monotonic()

    def open(self) -> None:
        """Opens the connection if it is not open."""
        if self._socket is None or self.connection._sock is not self._socket:
            self._open()

    def send(self, packed: bytes) -> None:
        """Sends a packed request; if that fails it was not sent whole, so cannot be executed."""
        connection = self.connection
        opened = self._socket
        if opened is None or connection._sock is not opened:
            opened = self._open()
        if connection.health_check_interval:
            connection.check_health()
        try:
            opened.sendall(packed)
        except BaseException as error:
            self.drop()
            if isinstance(error, TimeoutError):
                msg = "the request could not be sent in time"
                raise redis.TimeoutError(msg) from error
            if isinstance(error, OSError):
                raise redis.ConnectionError(str(error)) from error
            raise

    def read(self) -> Any:
        """The reply to what was sent.

        Raises:
            redis.RedisError: the reply is an error, or does not come.
        """
        reader = self._reader
        try:
            while (reply := reader.gets()) is NOTHING_YET or isinstance(reply, hiredis.PushNotification):
                if reply is NOTHING_YET:
                    data = self._socket.recv(RECEIVED_AT_ONCE)
                    if not data:
                        raise ConnectionResetError(CLOSED)  # noqa: TRY301 - told like any other loss
                    reader.feed(data)
        except BaseException as error:
            self.drop()
            if isinstance(error, TimeoutError):
                raise redis.TimeoutError(str(error)) from error
            if isinstance(error, OSError | hiredis.HiredisError):
                raise redis.ConnectionError(str(error)) from error
            raise
        if isinstance(reply, redis.RedisError):
            self._note(reply)
            raise reply
        if self.connection.health_check_interval:
            self.connection.next_health_check = monotonic() + self.connection.health_check_interval
        return reply

    def _note(self, refusal: redis.RedisError) -> None:
        """Draws from a refusal what it says about the connection."""
        if isinstance(refusal, redis.ConnectionError):  # such as: still loading, or not authenticated
            self.drop()
        elif isinstance(refusal, redis.ReadOnlyError):
            self.demoted = True  # it is dropped when it is given back: other replies may still come

    def read_any(self) -> Any:
        """The reply to what was sent, or the error of a refusal.

        Raises:
            redis.RedisError: the reply does not come.
        """
        try:
            return self.read()
        except redis.ConnectionError:  # such as: still loading
            raise
        except redis.ResponseError as refusal:
            return refusal

    def wait(self) -> Any:
        """The reply to a blocking command, which comes when it comes: its own timeout counts, not the socket's."""
        usual = self._socket.gettimeout()
        self._socket.settimeout(None)
        try:
            return self.read()
        finally:
            if self._socket is not None:
                self._socket.settimeout(usual)

    def drop(self) -> None:
        """Closes the connection; it opens again when it is used."""
        self._socket = self._reader = None
        self.demoted = False
        self.connection.disconnect()

    def _open(self) -> Any:
        self.connection.connect()
        self._socket = self.connection._sock
        self._reader = hiredis.Reader(replyError=self.connection._parser.parse_error, notEnoughData=NOTHING_YET)
        return self._socket


class Connections(Protocol):
    """Lends lines, one user at a time."""

    def take(self) -> Line: ...
    def give_back(self, line: Line) -> None: ...
    def close_idle(self) -> None: ...
    def close(self) -> None: ...


class KeptConnections:
    """Lines from a pool that is ours alone, kept between uses."""

    def __init__(self, pool: redis.ConnectionPool) -> None:
        self._pool = pool
        self._idle: deque[Line] = deque()
        _kept.add(self)

    def take(self) -> Line:
        try:
            line = self._idle.pop()
        except IndexError:
            return self._new_line()
        if monotonic() - line.used_at > IDLE_UNCHECKED:
            try:
                _reopen_if_closed(line.connection)
            except BaseException:
                line.drop()
                self.give_back(line)
                raise
        return line

    def _new_line(self) -> Line:
        try:
            return Line(self._pool.get_connection())
        except Exception:
            raise
        except BaseException:
            # An interrupt leaves a half-made connection in the pool, to be handed out again. The pool
            # has nothing else that is idle, and those in use are known to us.
            self._pool.reset()
            raise

    def give_back(self, line: Line) -> None:
        if line.demoted:  # the next connection finds the new primary
            line.drop()
            self.close_idle()
        line.used_at = monotonic()
        self._idle.append(line)

    def close_idle(self) -> None:
        """Closes the idle lines, which open again when used; where one was cut, the others are likely cut as well."""
        closed = []
        while self._idle:
            with suppress(IndexError):  # another thread took the last one
                closed.append(self._idle.pop())
        for line in closed:
            line.drop()
        self._idle.extend(closed)

    def close(self) -> None:
        self.close_idle()

    def after_fork(self) -> None:
        """The child must not use what the parent is talking on; the pool starts anew by itself."""
        self._idle = deque()


class SharedConnections:
    """Lines from a pool that others use as well."""

    def __init__(self, pool: redis.ConnectionPool) -> None:
        self._pool = pool

    def take(self) -> Line:
        return Line(self._pool.get_connection())

    def give_back(self, line: Line) -> None:
        if line.demoted:  # a pool of Sentinel closes the idle ones when this one finds the new primary
            line.drop()
        self._pool.release(line.connection)

    def close_idle(self) -> None:
        """The pool checks each connection that it hands out."""

    def close(self) -> None:
        """The pool is its owner's to close."""


def _reopen_if_closed(connection: Any) -> None:
    try:
        stale = connection.can_read()  # nobody waits for a reply: it is the end, or garbage
    except redis.ConnectionError:
        stale = True
    if stale:
        connection.disconnect()
        connection.connect()


_kept: weakref.WeakSet[KeptConnections] = weakref.WeakSet()


def _forget_after_fork() -> None:
    for connections in tuple(_kept):
        connections.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
