"""A connection on which the tasks of an event loop talk at once, or one of them alone.

Requests of one turn of the loop are written together; while only one task talks, each is written at once. The replies
come in the same order, and are handed out as they arrive. A cancelled caller keeps its place in the queue of replies,
so that no caller gets the reply of another. If the connection is lost, exactly the requests on it fail, and each error
says whether the request had been written.

An exception of a signal handler may come between any two steps. Then the connection is given up, since it is not known
which replies are still to come; and the next call, or the patrol, does what the exception kept from running.
"""

from __future__ import annotations

import asyncio
import os
import socket
import weakref
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import hiredis
from redis.exceptions import RedisError

from limpyd.drivers.awaited_replies import ConnectionLost, Reply, Several, fail
from limpyd.drivers.script_cache import ScriptCache

NOTHING_YET = object()
RECEIVED_AT_ONCE = 65536
PATROL = 1.0
"""Seconds between two looks at a connection that owes replies."""


class MultiplexedConnection(asyncio.BufferedProtocol):
    """Takes over the transport of a connection that has been opened, authenticated and selected.

    Attributes:
        lost: the connection can no longer be used.
        run: the run id of the server process; None if it was not asked yet.
        scripts: those that the server knows.
        usual_timeout: the seconds without a reply after which it is given up, unless others are set; None for no limit.
    """

    def __init__(self, connection: Any, timeout: float | None, owner: object) -> None:
        # redis-py's stream objects must outlive their use here: they close the transport when collected.
        self._streams = (connection._reader, connection._writer)
        self._transport: asyncio.Transport = connection._writer.transport
        connection._reader = connection._writer = None
        self._replies = hiredis.Reader(
            replyError=connection._parser.parse_error,
            notEnoughData=NOTHING_YET,
        )
        self._loop = asyncio.get_running_loop()
        self._owner = owner
        self._timeout = self.usual_timeout = timeout
        self._watch: asyncio.TimerHandle | None = None
        self._overdue = False
        self._heard_at = self._loop.time()
        self._received = bytearray(RECEIVED_AT_ONCE)
        self._view = memoryview(self._received)  # TLS reads into slices, which of a bytearray are copies
        self._waiting: deque[tuple[bytes, Sequence[Reply]]] = deque()
        self._sent: deque[Reply] = deque()
        self._flushing = False
        self._one_at_a_time = True
        self._paused = False
        self.lost = False
        self.run: bytes | None = None
        self.scripts = ScriptCache()
        _all.add(self)
        self._transport.pause_reading()  # uvloop does not change its way of reading while it reads
        self._transport.set_protocol(self)
        self._transport.resume_reading()

    def ask(self, packed: bytes) -> asyncio.Future[Any]:
        """Sends a packed command; the future is its reply, also an error reply."""
        reply: asyncio.Future[Any] = self._loop.create_future()
        self._send(packed, (reply,))
        return reply

    def ask_several(self, packed: bytes, count: int) -> asyncio.Future[list[Any]]:
        """The same of packed commands that have so many replies together; the future is the list of those."""
        return self._asked_of(packed, count, partly=False)

    def ask_each(self, packed: bytes, count: int) -> asyncio.Future[list[Any]]:
        """The same, where a loss of the connection stands in the place of each reply that did not come."""
        return self._asked_of(packed, count, partly=True)

    def _asked_of(self, packed: bytes, count: int, *, partly: bool) -> asyncio.Future[list[Any]]:
        replies: asyncio.Future[list[Any]] = self._loop.create_future()
        self._send(packed, (Several(replies, count, partly=partly),) * count)
        return replies

    def _send(self, packed: bytes, replies: Sequence[Reply]) -> None:
        """Sends commands that go together, or sees to it that they will be sent; fails their replies if it cannot.

        They are written at once if the ones before were alone, and are replied to, which saves a turn of the loop; else
        with the others of this turn.
        """
        if self.lost:
            fail(replies[0], ConnectionLost("the connection was lost before it was used", sent=False))
        elif not self._one_at_a_time or self._sent or self._waiting or self._paused or self._transport.is_closing():
            self._waiting.append((packed, replies))
            if not self._flushing:
                self._loop.call_soon(self._flush)
                self._flushing = True
                if self._watch is None:
                    self._start_patrol()
        else:
            try:
                self._write(packed, replies)
            except BaseException as error:  # noqa: BLE001 - it is raised again, or fails the replies
                self._sending_failed(error)

    @property
    def is_idle(self) -> bool:
        """True if nothing is to be sent and no reply is awaited."""
        return not self._sent and not self._waiting

    def wait_at_most(self, timeout: float | None) -> None:
        """Has the next requests fail when nothing comes for so many seconds, instead of what was said before."""
        if timeout != self._timeout:
            self._timeout = timeout
            self._stop_patrol()

    def close(self) -> None:
        """Closes the connection; requests without a reply fail."""
        self._give_up("the connection was closed")

    def after_fork(self) -> None:
        """Leaves the connection to the parent process; requests without a reply fail here."""
        detach(self._transport)
        with suppress(RuntimeError):  # the event loop is closed, or of another thread
            self._lose("the process was forked, and its parent has the connection")

    def _flush(self) -> None:
        try:
            self._flushing = False
            if self._transport.is_closing():
                self._lose("the connection was closed")
            elif not self._paused:  # else resume_writing flushes
                # What was cancelled before it was written is not sent at all.
                requests = [(packed, replies) for packed, replies in self._waiting if not replies[0].done()]
                self._one_at_a_time = len(requests) == 1 and not self._sent
                self._write(b"".join([packed for packed, _ in requests]), [one for _, each in requests for one in each])
        except BaseException as error:  # noqa: BLE001 - it is raised again, or fails the replies
            self._sending_failed(error)

    def _write(self, packed: bytes, replies: Sequence[Reply]) -> None:
        if not self._sent:
            self._heard_at = self._loop.time()
            if self._watch is None:
                self._start_patrol()
        self._sent += replies
        self._waiting.clear()
        if packed:
            self._transport.write(packed)

    def _sending_failed(self, error: BaseException) -> None:
        self._give_up(f"sending failed: {error!r}")
        if not isinstance(error, OSError):
            raise error

    def _start_patrol(self) -> None:
        self._watch = self._loop.call_later(min(PATROL, self._timeout or PATROL), self._look)

    def _stop_patrol(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()

    def _look(self) -> None:
        """Runs while replies are awaited: a server that says nothing for too long is given up."""
        self._watch = None
        if self.lost or self._transport.is_closing():
            self._lose("the connection was closed")
            return
        if self._received[0]:  # nothing more may come by which get_buffer would notice
            self._give_up("data received on the connection was lost")
            return
        if self._waiting and not self._paused:
            self._flush()
        if not self._sent and not self._waiting:
            return
        silence = self._loop.time() - self._heard_at
        left = PATROL if self._timeout is None else self._timeout - silence
        if left > 0:
            self._overdue = False
            self._watch = self._loop.call_later(min(PATROL, left), self._look)
        elif self._overdue:
            self._give_up(f"no reply for {self._timeout:g} s", timed_out=True)
        else:  # where the process was busy for so long, the reply is there and still to be read
            self._overdue = True
            self._watch = self._loop.call_later(0, self._look)

    def _give_up(self, reason: str, *, timed_out: bool = False) -> None:
        try:
            self._lose(reason, timed_out=timed_out)
        finally:
            self._transport.abort()

    def _lose(self, reason: str, *, timed_out: bool = False) -> None:
        """Fails all that is under way; once more, if an exception kept it from its end."""
        self.lost = True
        while self._sent:
            reply = self._sent[0]
            fail(reply, ConnectionLost(reason, sent=True, timed_out=timed_out))
            self._sent.popleft()
        while self._waiting:
            _, replies = self._waiting[0]
            fail(replies[0], ConnectionLost(reason, sent=False))
            self._waiting.popleft()
        self._stop_patrol()

    # --- called by the event loop ---

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio names it
        if self._received[0]:  # what came before was not handed out: an exception came between
            self._give_up("data received on the connection was lost")
        return self._view

    def buffer_updated(self, nbytes: int) -> None:
        try:
            self._heard_at = self._loop.time()
            self._replies.feed(self._received, 0, nbytes)  # type: ignore[arg-type]
            next_reply, sent = self._replies.gets, self._sent
            while (reply := next_reply()) is not NOTHING_YET:
                if isinstance(reply, hiredis.PushNotification):
                    continue
                future = sent[0]
                if not future.done():
                    future.set_result(reply)
                sent.popleft()
            self._received[0] = 0
        except BaseException as error:
            self._give_up(f"the server's replies cannot be parsed: {error}")
            if not isinstance(error, hiredis.ProtocolError | IndexError | RedisError):
                raise

    def connection_lost(self, exc: Exception | None) -> None:
        self._lose(str(exc or "the server closed the connection"))

    def eof_received(self) -> bool:
        return False

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._flush()


def detach(transport: asyncio.BaseTransport) -> None:
    """Puts a closed socket in the place of a transport's: whatever a forked child does with it, the parent's stays.

    The event loop, too, may be one that the parent goes on with. To close the transport would take the connection
    out of what both wait for, as parent and child share that.
    """
    opened = transport.get_extra_info("socket")
    descriptor = -1 if opened is None else opened.fileno()
    if descriptor >= 0:
        closed, other = socket.socketpair()
        other.close()
        os.dup2(closed.fileno(), descriptor, inheritable=False)
        closed.close()


_all: weakref.WeakSet[MultiplexedConnection] = weakref.WeakSet()


def close_all_of(owner: object) -> None:
    """Closes the connections that were made for an owner, also those that an exception kept from being noted there."""
    for connection in tuple(_all):
        if connection._owner is owner:
            connection.close()


def _leave_to_parent() -> None:
    for connection in tuple(_all):
        connection.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)
