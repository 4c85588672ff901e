"""Frequent calls, sent without building a `Request`. The first call of a field builds one, and shows what to send.

A fast call only encodes, sends, receives and decodes. In every other case the call takes the usual way: if a pipeline
is open, callbacks trace requests, there is no connection yet, the connection was lost, or the server refuses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from redis.exceptions import RedisError

from limpyd.drivers.awaited_replies import ConnectionLost
from limpyd.drivers.sync import FAILURES
from limpyd.exceptions import ObjectsMoved
from limpyd.requests.request import Request
from limpyd.statements.create import Creation
from limpyd.statements.fast_path import FastCall, Trust
from limpyd.tracing.listeners import GLOBAL_CALLBACKS

Call = Callable[[Any, Any], Any]
Describe = Callable[[Any, Any], Request[Any]]


def sync_call(known: FastCall, describe: Describe, otherwise: Call) -> Call:
    """Returns the function that makes the calls of a command on the sync face.

    Args:
        known: how to pack a call and decode its reply.
        describe: builds the `Request` of a call.
        otherwise: makes a call the usual way, by its request.
    """
    pack, decode, model, writes, home, trust = known

    def call(bound: Any, value: Any) -> Any:
        instance = bound._instance
        database = instance.database
        driver = database._access.driver
        if driver is None or driver.callbacks or GLOBAL_CALLBACKS or database._active.get() is not None:
            return otherwise(bound, value)
        packed = pack(bound, value)
        if packed is None:
            return otherwise(bound, value)
        try:
            reply = driver.connections.exchange(packed, 1, home)
        except FAILURES as failure:
            if trust is not None and not writes:
                return otherwise(bound, value)
            try:
                return driver.run_despite(describe(bound, value), packed, failure)
            except ObjectsMoved:
                return otherwise(bound, value)
        if not writes:
            return otherwise(bound, value) if trust is not None and not trust.is_trusted else decode(bound, reply)
        if type(reply) is list:
            return driver.decoded(describe(bound, value), reply)
        if instance._seen is not model.era:
            instance._mark_existing()
        return decode(reply)

    return call


def sync_creation(creation: Creation) -> Callable[[Any, dict[str, Any]], bool]:
    """Returns the function that creates an object, of which it gives an instance the primary key, on the sync face.

    It returns False, and has sent nothing, if the creation takes the usual way.

    Args:
        creation: the statement that creates it.
    """
    pack, home = creation.packed_directly, creation.partition

    def create(instance: Any, values: dict[str, Any]) -> bool:
        database = instance.database
        driver = database._access.driver
        if driver is None or driver.callbacks or GLOBAL_CALLBACKS or database._active.get() is not None:
            return False
        packed = pack(values)
        if packed is None:
            return False
        try:
            reply = driver.connections.exchange(packed, 1, home)
        except FAILURES as failure:
            driver.run_despite(instance._creation(values), packed, failure)
            return True
        if type(reply) is list:
            driver.decoded(instance._creation(values), reply)
        else:
            instance._begun(reply)
        return True

    return create


def async_creation(creation: Creation) -> Callable[[Any, dict[str, Any]], Any]:
    """Returns the function that creates an object of a class on the async face, and returns a coroutine of an instance.

    It returns None, and has sent nothing, if the creation takes the usual way.

    Args:
        creation: the statement that creates it.
    """
    pack, home = creation.packed_directly, creation.partition

    def create(model: Any, values: dict[str, Any]) -> Any:
        database = model.database
        driver = database._driver
        if driver is None or driver.callbacks or GLOBAL_CALLBACKS or database._active.get() is not None:
            return None
        packed = pack(values)
        return None if packed is None else created(driver, packed, model, values)

    async def created(driver: Any, packed: bytes, model: Any, values: dict[str, Any]) -> Any:
        connection = driver.shared_connection(home)
        if connection is None:
            return await model.database._send(model._creation(values))
        try:
            reply = await connection.ask(packed)
        except ConnectionLost as loss:
            return await driver.run_despite(model._creation(values), packed, loss)
        if isinstance(reply, RedisError):
            return await driver.run_despite(model._creation(values), packed, reply)
        if type(reply) is list:
            return await driver.decoded(model._creation(values), reply)
        return model._begun(reply)

    return create


def async_call(known: FastCall, describe: Describe, otherwise: Call) -> Call:
    """Returns the same function for the async face, where a call returns a coroutine."""
    pack, decode, model, writes, home, trust = known

    def call(bound: Any, value: Any) -> Any:
        database = bound._instance.database
        driver = database._driver
        if driver is None or driver.callbacks or GLOBAL_CALLBACKS or database._active.get() is not None:
            return otherwise(bound, value)
        packed = pack(bound, value)
        return otherwise(bound, value) if packed is None else answered(driver, packed, bound, value)

    async def result(driver: Any, packed: bytes, bound: Any, value: Any) -> Any:
        connection = driver.shared_connection(home)
        if connection is None:
            return await bound._instance.database._send(describe(bound, value))
        try:
            reply = await connection.ask(packed)
        except ConnectionLost as loss:
            return await driver.run_despite(describe(bound, value), packed, loss)
        if isinstance(reply, RedisError):
            return await driver.run_despite(describe(bound, value), packed, reply)
        if not writes:
            return decode(bound, reply)
        if type(reply) is list:
            return await driver.decoded(describe(bound, value), reply)
        instance = bound._instance
        if instance._seen is not model.era:
            instance._mark_existing()
        return decode(reply)

    answered = result if trust is None else _in_partition(result, trust, writes, otherwise)
    return call


def _in_partition(answered: Callable[..., Any], trust: Trust, writes: bool, otherwise: Call) -> Callable[..., Any]:
    """Returns the same in a partition whose objects may be moved; what is read counts if it is trusted."""

    async def result(driver: Any, packed: bytes, bound: Any, value: Any) -> Any:
        try:
            found = await answered(driver, packed, bound, value)
        except ObjectsMoved:
            return await otherwise(bound, value)
        return found if writes or trust.is_trusted else await otherwise(bound, value)

    return result
