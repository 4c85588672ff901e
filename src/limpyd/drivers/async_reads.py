"""Reads that are sent at once, to one server or to several nodes of a cluster, on the connections that tasks share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from limpyd.drivers.async_connection_pool import AsyncConnectionPool
from limpyd.drivers.awaited_replies import ConnectionLost
from limpyd.requests.reads import NoReply, Reads


async def replies_at_once(shares: Sequence[tuple[AsyncConnectionPool, Reads]]) -> list[list[Any]] | None:
    """Returns the replies to the reads of each server; None if they have to be sent in another way.

    That is so if a connection is not open or is lost, or a server may not know a script.

    Raises:
        NoReply: a server does not answer in time.
    """
    connections = [pool.shared() for pool, _ in shares]
    to_ask = [
        (connection, reads)
        for connection, (_, reads) in zip(connections, shares, strict=True)
        if connection is not None and connection.scripts.know(reads.scripts)
    ]
    if len(to_ask) < len(shares):
        return None
    pending = [connection.ask_several(reads.packed, reads.replies) for connection, reads in to_ask]
    try:
        return [await replies for replies in pending]
    except ConnectionLost as loss:
        if loss.timed_out:
            raise NoReply(loss) from loss
        return None
