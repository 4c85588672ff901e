"""Reads that are sent at once, to one server or to several nodes of a cluster: all are sent before a reply is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis.exceptions import TimeoutError  # noqa: A004 - that of redis-py

from limpyd.drivers.connection_pool import LOST, SyncConnectionPool
from limpyd.drivers.sync_connection import SyncConnection
from limpyd.requests.reads import NoReply, Reads


def replies_at_once(shares: Sequence[tuple[SyncConnectionPool, Reads]]) -> list[list[Any]] | None:
    """Returns the replies to the reads of each server; None if they have to be sent in another way.

    That is so if a connection is lost, or a server may not know a script.

    Raises:
        NoReply: a server does not answer in time.
    """
    is_sent = False
    taken: list[tuple[SyncConnectionPool, SyncConnection]] = []
    try:
        for pool, reads in shares:
            connection = pool.take()
            taken.append((pool, connection))
            connection.open()
            if not connection.scripts.know(reads.scripts):
                return None
        for (_, connection), (_, reads) in zip(taken, shares, strict=True):
            connection.send(reads.packed, reads.replies)
        is_sent = True
        return [
            connection.read_several(reads.replies, [])
            for (_, connection), (_, reads) in zip(taken, shares, strict=True)
        ]
    except LOST as loss:
        if is_sent and isinstance(loss, TimeoutError):
            raise NoReply(loss) from loss
        return None
    finally:
        for pool, connection in taken:
            pool.give_back(connection)
