"""Several commands sent on one connection, and the replies to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis import exceptions as redis_errors

from limpyd.drivers.connection_pool import LOST
from limpyd.drivers.sync_connection import SyncConnection
from limpyd.requests.request import Request
from limpyd.requests.resp import packets


class Conversation:
    """Sends commands and reads their replies, in two steps: so that others can be begun before this one is finished.

    Args:
        connection: an open connection.
        requests: the requests.
        packed: what is sent for each.

    Attributes:
        replies: the replies so far; the errors of refusals are among them.
        sent: how many commands were sent, or may have been.
        size: how many bytes were sent.
        loss: what the connection was lost by, if it was.
    """

    __slots__ = ("_before", "_connection", "_packets", "_requests", "loss", "replies", "sent", "size")

    def __init__(self, connection: SyncConnection, requests: Sequence[Request[Any]], packed: Sequence[bytes]) -> None:
        self._connection = connection
        self._requests = requests
        self._packets = packets(packed)
        self._before = 0
        self.replies: list[Any] = []
        self.sent = 0
        self.size = 0
        self.loss: redis_errors.RedisError | None = None

    def begin(self) -> None:
        """Sends what goes out before a reply has to be read."""
        try:
            packet, count = next(self._packets)
            self.sent, self.size = count, len(packet)
            self._connection.send(packet, count)
        except LOST as error:
            self.loss = error

    def finish(self) -> None:
        """Sends the rest, and reads all replies."""
        if self.loss is not None:
            return
        try:
            for packet, count in self._packets:
                self._before, self.sent = self.sent, self.sent + count
                self.size += len(packet)
                self._connection.send_more(packet, count)
                self._read(self._before)
            self._read(len(self._requests))
        except LOST as error:
            self.loss = error
        else:
            self._connection.scripts.note(self._requests, self.replies)

    def _read(self, count: int) -> None:
        self._connection.read_several(count, self.replies)
