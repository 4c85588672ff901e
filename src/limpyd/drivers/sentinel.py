"""Clients of redis-py on the primary of a service that Sentinel watches, whichever server that is.

Each new connection asks the sentinels for the primary. So when the old one is gone, or has become a replica and its
connections were closed, the next request finds the new one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.asyncio.sentinel import Sentinel as AsyncSentinel
from redis.asyncio.sentinel import SentinelConnectionPool as AsyncSentinelConnectionPool
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel, SentinelConnectionPool

from limpyd.drivers.urls import check_host
from limpyd.exceptions import DeclarationError, shorten

SETTINGS = frozenset({"sentinels", "service_name", "sentinel_kwargs"})
"""The settings of a database that is found through Sentinel."""
OF_ONE_SERVER = ("host", "port", "unix_socket_path")

Address = tuple[str, int]


class SentinelsOfNoLoop:
    """Asks the sentinels on connections that are closed again, as those of one event loop are of no use in another.

    Args:
        addresses: of the sentinels; the one that answered last is asked first.
        settings: with which they are connected to.
    """

    def __init__(self, addresses: Sequence[Address], settings: Mapping[str, Any]) -> None:
        self._addresses = list(addresses)
        self._settings = dict(settings)

    async def discover_master(self, service_name: str) -> Address:
        """The address of the primary of a service.

        Raises:
            redis.ConnectionError: no sentinel knows one.
        """
        asked: Any = AsyncSentinel(self._addresses, sentinel_kwargs=self._settings)  # type: ignore[no-untyped-call]
        try:
            found: Address = await asked.discover_master(service_name)
        finally:
            for sentinel in asked.sentinels:
                await sentinel.aclose()
        answered = asked.sentinels[0].connection_pool.connection_kwargs
        first = (answered["host"], answered["port"])
        self._addresses.sort(key=lambda address: address != first)
        return found


def checked_sentinels(settings: Mapping[str, Any]) -> None:
    """Refuses settings that name no service of Sentinel, or not only that.

    Raises:
        DeclarationError: they cannot be used.
    """
    given = SETTINGS & settings.keys()
    if not given:
        return
    if not settings.get("sentinels") or not settings.get("service_name"):
        msg = "to use Sentinel, pass both sentinels=[(host, port), …] and service_name="
        raise DeclarationError(msg)
    for address in settings["sentinels"]:
        if not (isinstance(address, tuple | list) and len(address) == 2):  # noqa: PLR2004 - host and port
            shown = shorten(address)
            shown = "a URL" if "://" in shown or "@" in shown else shown  # which may hold a password
            msg = f"sentinels= takes addresses such as ('localhost', 26379), not {shown}"
            raise DeclarationError(msg)
        check_host({"host": address[0]})
    both = [name for name in OF_ONE_SERVER if name in settings]
    if both:
        msg = f"Sentinel determines the address of the server; leave out {', '.join(both)}"
        raise DeclarationError(msg)


def sync_client(settings: Mapping[str, Any]) -> redis.Redis:
    """A client with these settings, on one server or on a service of Sentinel."""
    rest = {name: value for name, value in settings.items() if name not in SETTINGS}
    plain = redis.Redis(**rest)
    if "sentinels" not in settings:
        return plain
    pool = plain.connection_pool
    own, of_sentinels = _connection_settings(settings, pool, Retry(NoBackoff(), 0))
    addresses = [tuple(address) for address in settings["sentinels"]]
    manager = Sentinel(addresses, sentinel_kwargs=of_sentinels)  # type: ignore[no-untyped-call]
    secured = issubclass(pool.connection_class, redis.SSLConnection)
    connections = SentinelConnectionPool(  # type: ignore[no-untyped-call]
        settings["service_name"], manager, ssl=secured, max_connections=pool.max_connections, **own
    )
    return redis.Redis.from_pool(connections)


def async_client(settings: Mapping[str, Any]) -> redis.asyncio.Redis:
    """A client with these settings, on one server or on a service of Sentinel."""
    rest = {name: value for name, value in settings.items() if name not in SETTINGS}
    plain = redis.asyncio.Redis(**rest)
    if "sentinels" not in settings:
        return plain
    pool = plain.connection_pool
    own, of_sentinels = _connection_settings(settings, pool, AsyncRetry(NoBackoff(), 0))
    manager = SentinelsOfNoLoop([tuple(address) for address in settings["sentinels"]], of_sentinels)
    secured = issubclass(pool.connection_class, redis.asyncio.SSLConnection)
    connections = AsyncSentinelConnectionPool(  # type: ignore[no-untyped-call]
        settings["service_name"], manager, ssl=secured, max_connections=pool.max_connections, **own
    )
    return redis.asyncio.Redis.from_pool(connections)


def _connection_settings(settings: Mapping[str, Any], pool: Any, retry: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings of connections to the server, and of those to sentinels, which are asked once.

    Sentinels answer at once, so a reply of theirs is waited for no longer than a connection is.
    """
    own = {name: value for name, value in pool.connection_kwargs.items() if name not in OF_ONE_SERVER}
    waits = [own[name] for name in ("socket_timeout", "socket_connect_timeout") if own.get(name) is not None]
    wait = min(waits, default=None)
    of_sentinels = {"socket_timeout": wait, "socket_connect_timeout": wait}
    return own, {"retry": retry, **of_sentinels, **(settings.get("sentinel_kwargs") or {})}
