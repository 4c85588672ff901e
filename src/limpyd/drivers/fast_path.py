"""Frequent calls, sent without building a `Request` (see statements/fast_call.py).

A fast call only encodes, sends, receives and decodes. In every other case the call takes the usual way: if callbacks
trace requests, there is no connection yet, the connection was lost, or the server refuses. If a pipeline is open, that
collects the bytes of the call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from redis.exceptions import RedisError

from limpyd.drivers.awaited_replies import ConnectionLost
from limpyd.drivers.sync import FAILURES
from limpyd.exceptions import ObjectsMoved
from limpyd.requests.request import Request
from limpyd.statements.fast_call import FastCall
from limpyd.tracing.listeners import GLOBAL_CALLBACKS

Call = Callable[[Any, Any], Any]
Describe = Callable[[Any, Any], Request[Any]]


def sync_call(known: FastCall, describe: Describe, otherwise: Call) -> Call:
    """Returns the function that makes calls on the sync face, of a holder and what is given.

    Args:
        known: how to pack a call, and what to make of its reply.
        describe: builds the `Request` of a call.
        otherwise: makes a call the usual way, by its request.
    """
    pack, settle, schema, home, statement, trust = known
    model, writes = schema.model, statement is not None
    collected = _collecting(known, describe, otherwise)

    def call(holder: Any, given: Any) -> Any:
        database = model.database
        driver = database._access.driver
        if driver is None or driver.callbacks or GLOBAL_CALLBACKS or database._active.get() is not None:
            return collected(holder, given)
        packed = pack(holder, given)
        if packed is None:
            return otherwise(holder, given)
        try:
            reply = driver.connections.exchange(packed, 1, home)
        except FAILURES as failure:
            return finished(driver.run_despite, holder, given, packed, failure)
        if writes and type(reply) is list:
            return finished(driver.decoded, holder, given, reply)
        if trust is not None and not trust.is_trusted:
            return otherwise(holder, given)
        return settle(holder, reply)

    def finished(finish: Callable[..., Any], holder: Any, given: Any, *replies: Any) -> Any:
        """The result of a call that is described after all, since no reply came, or a refusal."""
        if trust is not None:
            return otherwise(holder, given)
        try:
            return finish(describe(holder, given), *replies)
        except ObjectsMoved:
            return otherwise(holder, given)

    return call


def async_call(known: FastCall, describe: Describe, otherwise: Call) -> Call:
    """Returns the same function for the async face, where a call returns a coroutine."""
    pack, settle, schema, home, statement, trust = known
    model, writes = schema.model, statement is not None
    collected = _collecting(known, describe, otherwise)

    def call(holder: Any, given: Any) -> Any:
        database = model.database
        driver = database._driver
        if driver is None or driver.callbacks or GLOBAL_CALLBACKS or database._active.get() is not None:
            return collected(holder, given)
        packed = pack(holder, given)
        return otherwise(holder, given) if packed is None else result(driver, packed, holder, given)

    async def result(driver: Any, packed: bytes, holder: Any, given: Any) -> Any:
        connection = driver.shared_connection(home)
        try:
            if connection is None:
                return await model.database._send(describe(holder, given))
            try:
                reply = await connection.ask(packed)
            except ConnectionLost as loss:
                return await driver.run_despite(describe(holder, given), packed, loss)
            if isinstance(reply, RedisError):
                return await driver.run_despite(describe(holder, given), packed, reply)
            if writes and type(reply) is list:
                return await driver.decoded(describe(holder, given), reply)
        except ObjectsMoved:
            return await otherwise(holder, given)
        if trust is not None and not trust.is_trusted:
            return await otherwise(holder, given)
        return settle(holder, reply)

    return call


def _collecting(known: FastCall, describe: Describe, otherwise: Call) -> Call:
    from limpyd.statements.packed_calls import collecting  # noqa: PLC0415 - it is not needed before the first call

    return collecting(known, describe, otherwise)
