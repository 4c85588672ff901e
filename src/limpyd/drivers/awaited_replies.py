"""Replies that are awaited on a connection of the async face, and what comes instead if it is lost."""

from __future__ import annotations

import asyncio
from typing import Any

from redis import exceptions as redis_errors
from redis.exceptions import RedisError


class ConnectionLost(Exception):
    """The connection was lost before the reply came.

    Attributes:
        sent: the request may have reached the server.
        timed_out: the server did not reply in time.
    """

    def __init__(self, reason: str, *, sent: bool, timed_out: bool = False) -> None:
        super().__init__(reason)
        self.sent = sent
        self.timed_out = timed_out

    def as_error(self) -> RedisError:
        """Returns the error of redis-py for it."""
        kind = redis_errors.TimeoutError if self.timed_out else redis_errors.ConnectionError
        return kind(str(self))


class Several:
    """The replies to commands that are sent at once, in the place of the future of each.

    Args:
        replies: the future of the list of them.
        count: how many they are.
        partly: if the connection is lost, the list has the loss in the place of each reply that did not come.
    """

    __slots__ = ("_count", "_partly", "_received", "_replies")

    def __init__(self, replies: asyncio.Future[list[Any]], count: int, *, partly: bool = False) -> None:
        self._replies = replies
        self._count = count
        self._partly = partly
        self._received: list[Any] = []

    def done(self) -> bool:
        """Returns whether nobody waits for them any more."""
        return self._replies.done()

    def set_result(self, reply: Any) -> None:
        """Takes the next reply."""
        self._received.append(reply)
        if len(self._received) == self._count:
            self._replies.set_result(self._received)

    def set_exception(self, error: Exception) -> None:
        """Fails them all, or those that did not come."""
        if self._partly:
            self._replies.set_result([*self._received, *[error] * (self._count - len(self._received))])
        else:
            fail(self._replies, error)


Reply = asyncio.Future[Any] | Several
"""What waits for a reply."""


def fail(reply: Reply, loss: Exception) -> None:
    """Sets an error instead of a reply, without a report of asyncio if no caller waits for it any more."""
    if not reply.done():
        reply.set_exception(loss)
        if isinstance(reply, asyncio.Future):
            reply.exception()
