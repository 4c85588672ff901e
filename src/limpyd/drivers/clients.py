"""Checks what is given as `client=`."""

from __future__ import annotations

from typing import Any

import redis
import redis.asyncio
import redis.asyncio.client
import redis.client
from redis.sentinel import Sentinel

from limpyd.exceptions import DeclarationError, shorten

BY_SETTINGS = "pass its settings instead, such as host= and port=, or from_url(…)"
"""The advice on a client that redis-py does not make."""


def check_client(client: Any, *, is_async: bool) -> None:
    """Refuses what is no client or pool of redis-py of the face's kind.

    Raises:
        DeclarationError: it cannot be used.
    """
    module = redis.asyncio if is_async else redis
    kinds: tuple[type, ...] = (module.Redis, module.ConnectionPool)
    pipelines = redis.client.Pipeline | redis.asyncio.client.Pipeline
    if isinstance(client, kinds) and not isinstance(client, pipelines):
        return
    name = module.__name__
    msg = f"client= takes a {name}.Redis or a {name}.ConnectionPool, not {_what(client)}: {_cure(client, is_async)}"
    raise DeclarationError(msg)


def _what(client: Any) -> str:
    if isinstance(client, str | bytes):
        return "text"  # which may hold a password
    if isinstance(client, type):
        return f"the class {client.__module__}.{client.__qualname__}"
    kind = type(client)
    return shorten(client) if kind.__module__ == "builtins" else f"a {kind.__module__}.{kind.__qualname__}"


def _cure(client: Any, is_async: bool) -> str:
    other = redis if is_async else redis.asyncio
    if isinstance(client, str | bytes):
        return "pass a URL to from_url(…), and the name of a host as host="
    if isinstance(client, redis.client.Pipeline | redis.asyncio.client.Pipeline):
        return "pass the client that created the pipeline"
    if isinstance(client, redis.RedisCluster | redis.asyncio.RedisCluster):
        return "limpyd follows the nodes of a cluster itself; pass nodes=[(host, port), …] and the other settings"
    if isinstance(client, Sentinel | redis.asyncio.Sentinel):
        return "pass sentinels=[(host, port), …] and service_name=, or the client that its master_for(…) returns"
    if isinstance(client, other.Redis | other.ConnectionPool):
        return f"it belongs to the other face; pass it to {'RedisDatabase' if is_async else 'AsyncRedisDatabase'}"
    if isinstance(client, type):
        return "create an instance of it first"
    if type(client).__module__.partition(".")[0] == "valkey":
        return f"limpyd connects to Valkey by redis-py; {BY_SETTINGS}"
    return BY_SETTINGS


def pool_of(client: Any) -> Any:
    """The pool of a client, or the pool itself if that is what was given."""
    return getattr(client, "connection_pool", client)
