"""A connection of redis-py, on whose socket requests and replies go; it knows which replies are still to come.

A signal handler may raise anywhere. A line is left with replies to come only as one that is closed before anyone else
has it (`awaited`), whatever ran, or did not run, between its sending and its reading.
"""

from __future__ import annotations

from time import monotonic
from typing import Any

import hiredis
import redis
from redis.exceptions import RedisError

from limpyd.drivers.error_translation import DEMOTED
from limpyd.drivers.interrupts import signal_handler_error, socket_loss
from limpyd.drivers.script_cache import ScriptCache
from limpyd.drivers.socket_timeouts import leave_to_kernel, limit_receiving
from limpyd.requests.walks import PACKED_INFO, run_in

NOTHING_YET = object()
RECEIVED_AT_ONCE = 65536
USUAL_REPLIES = frozenset({bytes, int, list, type(None)})
"""The types of replies that are whole, no errors, and not out of turn; others are looked at."""
CLOSED = "the server closed the connection"


class SyncConnection:
    """A connection of redis-py, which opens it; sending and receiving are done on its socket.

    Its methods for that cost about a tenth of a request. Errors are those of redis-py.

    Attributes:
        awaited: how many replies are still to come, or more.
        run: the run id of the server process; None if it was not asked yet.
        scripts: those that the server knows.
        demoted: the server has refused a write since it is a replica, so it is not the one to talk to any more.
        sent: whether all was sent that was to be sent last.
        used_at: when it was taken.
    """

    __slots__ = (
        "__weakref__",
        "_has_checks",
        "_reader",
        "_socket",
        "_timed_by_kernel",
        "awaited",
        "connection",
        "demoted",
        "run",
        "scripts",
        "sent",
        "used_at",
    )

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self._has_checks = bool(connection.health_check_interval)
        self._socket: Any = None
        self._reader: Any = None
        self._timed_by_kernel = False
        self.awaited = 0
        self.demoted = False
        self.run: bytes | None = None
        self.scripts = ScriptCache()
        self.sent = False
        self.used_at = monotonic()

    def open(self) -> None:
        """Opens the connection if it is not open."""
        if self._socket is None or self.connection._sock is not self._socket:
            self._open()

    def exchange(self, packed: bytes) -> Any:
        """Sends a packed request and returns its reply. Raises as `send` and `read`, see `sent`."""
        opened = self._socket
        if opened is None or self._has_checks or self.connection._sock is not opened:
            self.send(packed)
            return self.read()
        self.sent = False
        self.awaited = 1
        try:
            opened.sendall(packed)
            self.sent = True
            reader = self._reader
            reader.feed(opened.recv(RECEIVED_AT_ONCE))
            reply = reader.gets()
        except BaseException as error:
            self._lost_by(error)
            raise
        if type(reply) in USUAL_REPLIES:
            self.awaited = 0
            return reply
        return self._closer(reply)

    def exchange_several(self, packed: bytes, count: int) -> list[Any]:
        """The same of packed requests that have so many replies together, of which the first error is raised."""
        self.send(packed, count)
        replies = self.read_several(count, [])
        for reply in replies:
            if isinstance(reply, RedisError):
                raise reply
        return replies

    def exchange_step(self, packed: bytes, count: int) -> Any:
        """The last of so many replies to a step of a walk; learns in the same packet which server process it is of."""
        self.open()
        if self.run is not None and count == 1:
            return self.exchange(packed)
        known = self.run is not None
        self.send(packed if known else PACKED_INFO + packed, count + (not known))
        if not known:
            self.run = run_in(self.read_any())
        for _ in range(count - 1):
            self.read()
        return self.read()

    def send(self, packed: bytes, replies: int = 1) -> None:
        """Sends packed requests; if that fails they were not sent whole, so the last cannot be executed."""
        self.sent = False
        self.awaited = replies
        opened = self._socket
        if opened is None or self.connection._sock is not opened:
            opened = self._open()
        if self._has_checks:
            self.connection.check_health()
        try:
            opened.sendall(packed)
            self.sent = True
        except BaseException as error:
            self._lost_by(error)
            raise

    def send_more(self, packed: bytes, replies: int) -> None:
        """The same of further requests, while replies to others are still to come."""
        opened = self._socket
        if opened is None:
            raise redis.ConnectionError(CLOSED)
        self.awaited += replies
        try:
            opened.sendall(packed)
        except BaseException as error:
            self._lost_by(error)
            raise

    def _lost_by(self, error: BaseException) -> None:
        """Drops the connection, and raises the loss that an error stands for, if it is the connection's."""
        self.drop()
        loss = socket_loss(error)
        if loss is not None:
            raise loss from error

    def read(self) -> Any:
        """The reply to what was sent.

        Raises:
            redis.RedisError: the reply is an error, or does not come.
        """
        return self._closer(self._received())

    def _closer(self, reply: Any) -> Any:
        """The next reply that is whole and not out of turn, after what was read. Raises as `read`."""
        reader, opened = self._reader, self._socket
        try:
            while reply is NOTHING_YET or isinstance(reply, hiredis.PushNotification):
                if reply is NOTHING_YET:
                    data = opened.recv(RECEIVED_AT_ONCE)
                    if not data:
                        raise ConnectionResetError(CLOSED)  # noqa: TRY301 - as any other loss
                    reader.feed(data)
                reply = reader.gets()
        except BaseException as error:
            self._lost_by(error)
            raise
        self.awaited -= 1
        if isinstance(reply, RedisError):
            self._note(reply)
            raise reply
        if self._has_checks:
            self.connection.next_health_check = monotonic() + self.connection.health_check_interval
        return reply

    def _note(self, refusal: RedisError) -> None:
        """Draws from a refusal what it says about the connection."""
        if isinstance(refusal, redis.ConnectionError):  # such as: still loading, or not authenticated
            self.drop()
        elif isinstance(refusal, DEMOTED):
            self.demoted = True  # it is dropped when it is given back: other replies may still come

    def read_any(self) -> Any:
        """The reply to what was sent, or the error of a refusal.

        Raises:
            redis.RedisError: the reply does not come.
        """
        return self._or_refusal(self._received())

    def read_several(self, count: int, replies: list[Any]) -> list[Any]:
        """Adds replies to a list, each as `read_any`, until it has so many; and returns it."""
        while len(replies) < count:
            if self._socket is None:
                raise redis.ConnectionError(CLOSED)
            try:
                reply = self._reader.gets()
            except BaseException as error:
                self._lost_by(error)
                raise
            if type(reply) in USUAL_REPLIES and not self._has_checks:
                self.awaited -= 1
            else:
                reply = self._or_refusal(reply)
            replies.append(reply)
        return replies

    def _received(self) -> Any:
        """The next reply, if it has been received whole."""
        if self._socket is None:
            raise redis.ConnectionError(CLOSED)
        try:
            return self._reader.gets()
        except BaseException as error:
            self._lost_by(error)
            raise

    def _or_refusal(self, reply: Any) -> Any:
        try:
            return self._closer(reply)
        except redis.ConnectionError:  # such as: still loading
            raise
        except redis.ResponseError as refusal:
            return refusal

    def wait(self, timeout: float) -> Any:
        """The reply to a blocking command, which the server may keep back for so many seconds, 0 for any time.

        A reply that takes longer than that and the usual timeout of the socket together does not come.
        """
        opened, usual = self._socket, self.connection.socket_timeout
        if opened is None or usual is None:
            return self.read()
        self.awaited += 1  # nobody else may have it before its timeout is as it was
        self._limit_receiving(opened, timeout + usual if timeout else None)
        try:
            return self.read()
        finally:
            if self._socket is not None:
                self._limit_receiving(opened, usual)
                self.awaited -= 1

    def _limit_receiving(self, opened: Any, timeout: float | None) -> None:
        if self._timed_by_kernel:
            limit_receiving(opened, timeout)
        else:
            opened.settimeout(timeout)

    def check(self) -> None:
        """Closes the connection if the server has closed it."""
        if self._socket is None or self.connection._sock is None:
            return
        try:
            stale = self.connection.can_read()  # nobody waits for a reply: it is the end, or garbage
        except redis.ConnectionError:
            stale = True
        if stale:
            self.drop()

    def drop(self) -> None:
        """Closes the connection; it opens again when it is used."""
        self._socket = self._reader = None
        self.connection.disconnect()
        self.demoted = False
        self.awaited = 0

    def _open(self) -> Any:
        connection = self.connection
        if connection._sock is not None:  # an exception left it half-made
            connection.disconnect()
        try:
            connection.connect()
        except BaseException as error:
            interrupt = signal_handler_error(error)
            if interrupt is not None and interrupt is not error:
                raise interrupt from None
            if isinstance(error, redis.ResponseError):  # such as a database number out of range
                raise redis.ConnectionError(str(error)) from error
            raise
        self.run = None
        self.scripts = ScriptCache()
        self._reader = hiredis.Reader(replyError=connection._parser.parse_error, notEnoughData=NOTHING_YET)
        opened = connection._sock
        self._timed_by_kernel = not self._has_checks and leave_to_kernel(opened)  # redis-py reads the replies to checks
        self._socket = opened  # last: what an exception leaves half-made, maybe without a timeout, is not used
        return opened
