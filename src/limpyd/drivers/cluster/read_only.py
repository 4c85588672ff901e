"""Tells new connections to replicas that they serve reads (READONLY)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from redis.exceptions import AuthenticationError, NoPermissionError

from limpyd.drivers.cluster.topology import NodeAddress, ReplicaAddress

READONLY = "READONLY"


def after_connecting(node: NodeAddress) -> Callable[[Any], None] | None:
    """Returns the function that opens the conversation on a new connection of redis-py; None for the usual one."""
    return _read_only if isinstance(node, ReplicaAddress) else None


def async_after_connecting(node: NodeAddress) -> Callable[[Any], Awaitable[None]]:
    """Returns the coroutine function that is called with each new connection of redis.asyncio before it is used."""
    return _async_read_only if isinstance(node, ReplicaAddress) else _nothing


def _read_only(connection: Any) -> None:
    connection.on_connect()
    connection.send_command(READONLY)
    try:
        connection.read_response()
    except NoPermissionError as error:
        raise _forbidden(error) from error


async def _async_read_only(connection: Any) -> None:
    await connection.send_command(READONLY)
    try:
        await connection.read_response()
    except NoPermissionError as error:
        raise _forbidden(error) from error


def _forbidden(error: NoPermissionError) -> AuthenticationError:
    """The error for an account that may not read from replicas."""
    return AuthenticationError(f"{error}. read_from='replica' needs this permission: +readonly")


async def _nothing(_: Any) -> None:
    """Says nothing more."""
