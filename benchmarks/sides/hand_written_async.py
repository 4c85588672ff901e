"""By hand on redis.asyncio with hiredis, which takes a connection for each task."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import redis
import redis.asyncio

from benchmarks import by_hand
from benchmarks.by_hand import Way
from benchmarks.people import Operations

ASYNC = True


async def then(reply: Awaitable[Any], convert: Callable[[Any], Any]) -> Any:
    """What is made of a reply that is still to come."""
    return convert(await reply)


def singles(port: int, db: int, _size: int) -> Operations:
    """Single operations."""
    ask = redis.asyncio.Redis(port=port, db=db, decode_responses=True).execute_command
    return by_hand.singles(Way(ask, redis.Redis(port=port, db=db, decode_responses=True).execute_command, then))
