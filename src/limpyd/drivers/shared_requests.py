"""Requests on a connection that tasks of the async face share."""

from __future__ import annotations

from typing import Any

from limpyd.drivers.multiplexed_connection import MultiplexedConnection
from limpyd.requests.request import Request
from limpyd.requests.walks import PACKED_INFO, run_in


async def asked(connection: MultiplexedConnection, packed: bytes, request: Request[Any], prefix: bytes = b"") -> Any:
    """The reply to a request. A step of a walk learns, in the same write, which server process it is of.

    If the caller is cancelled before they are written, neither the request is nor what is sent before it.

    Args:
        connection: the connection.
        packed: the request, as it is sent.
        request: the request.
        prefix: a command to be sent right before it, which counts only for it.
    """
    origin = request.origin
    if origin is None and not prefix:
        return await connection.ask(packed)
    asks = origin is not None and connection.run is None
    before = [*([PACKED_INFO] if asks else []), *([prefix] if prefix else [])]
    *earlier, reply = await connection.ask_several(b"".join([*before, packed]), len(before) + 1)
    if asks:
        connection.run = run_in(earlier[0])
    if origin is not None:
        origin.run = connection.run
    return reply
