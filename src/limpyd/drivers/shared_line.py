"""One connection that all tasks of an event loop talk on at once.

What the tasks ask for within one turn of the loop is written together; the replies come in the
same order and are handed out as they arrive. A caller that was cancelled leaves its place in the
line, so that nobody gets another's reply. When the connection is lost, exactly the requests on it
fail, and each learns whether it had been written.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

import hiredis
from redis.exceptions import RedisError

NOTHING_YET = object()


class LineLost(Exception):
    """The connection was lost before the reply came.

    Attributes:
        sent: the request may have reached the server.
    """

    def __init__(self, reason: str, *, sent: bool, timed_out: bool = False) -> None:
        super().__init__(reason)
        self.sent = sent
        self.timed_out = timed_out


class SharedLine(asyncio.Protocol):
    """Takes over the transport of a connection that has been opened, authenticated and selected."""

    def __init__(self, connection: Any, timeout: float | None) -> None:
        # redis-py's stream objects must outlive their use here: they close the transport when collected.
        self._streams = (connection._reader, connection._writer)
        self._transport: asyncio.WriteTransport = connection._writer.transport
        connection._reader = connection._writer = None
        self._replies = hiredis.Reader(
            replyError=connection._parser.parse_error,
            notEnoughData=NOTHING_YET,
        )
        self._loop = asyncio.get_running_loop()
        self._timeout = timeout
        self._watch: asyncio.TimerHandle | None = None
        self._heard_at = self._loop.time()
        self._waiting: list[tuple[bytes, asyncio.Future[Any]]] = []
        self._sent: deque[asyncio.Future[Any]] = deque()
        self._flushing = False
        self._paused = False
        self.lost = False
        self._transport.set_protocol(self)

    def ask(self, packed: bytes) -> asyncio.Future[Any]:
        """Sends a packed command with the others of this turn; the future is its reply, also an error reply."""
        reply: asyncio.Future[Any] = self._loop.create_future()
        if self.lost:
            reply.set_exception(LineLost("the connection was lost before it was used", sent=False))
            return reply
        self._waiting.append((packed, reply))
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)
        return reply

    def close(self) -> None:
        """Closes the connection; requests without a reply fail."""
        self._lose(LineLost("the connection was closed", sent=True))
        self._transport.close()

    def _flush(self) -> None:
        self._flushing = False
        if self._paused or self.lost:
            return  # resume_writing flushes; a lost line has failed all that waited
        written = []
        for packed, reply in self._waiting:
            if not reply.done():  # one cancelled before it was written is not sent at all
                written.append(packed)
                self._sent.append(reply)
        self._waiting.clear()
        if written:
            if len(self._sent) == len(written):
                self._heard_at = self._loop.time()
            self._transport.write(b"".join(written))
            if self._timeout is not None and self._watch is None:
                self._watch = self._loop.call_later(self._timeout, self._check_time)

    def _check_time(self) -> None:
        """Runs while replies are awaited: a server that says nothing for too long is given up."""
        self._watch = None
        if not self._sent or self._timeout is None:
            return
        silence = self._loop.time() - self._heard_at
        if silence >= self._timeout:
            self._lose(LineLost(f"no reply for {self._timeout:g} s", sent=True, timed_out=True))
            self._transport.abort()
        else:
            self._watch = self._loop.call_later(self._timeout - silence, self._check_time)

    def _lose(self, error: LineLost) -> None:
        self.lost = True
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        for reply in self._sent:
            if not reply.done():
                reply.set_exception(error)
        for _, reply in self._waiting:
            if not reply.done():
                reply.set_exception(LineLost(str(error), sent=False))
        self._sent.clear()
        self._waiting.clear()

    # --- called by the event loop ---

    def data_received(self, data: bytes) -> None:
        self._heard_at = self._loop.time()
        self._replies.feed(data)
        next_reply = self._replies.gets
        try:
            while (reply := next_reply()) is not NOTHING_YET:
                if isinstance(reply, hiredis.PushNotification):
                    continue
                future = self._sent.popleft()
                if not future.done():
                    future.set_result(reply)
        except (hiredis.ProtocolError, IndexError, RedisError) as error:
            self._lose(LineLost(f"the server's replies make no sense: {error}", sent=True))
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.lost:
            self._lose(LineLost(str(exc or "the server closed the connection"), sent=True))

    def eof_received(self) -> bool:
        return False

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._flush()
