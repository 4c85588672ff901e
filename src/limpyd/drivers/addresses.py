"""The addresses of servers, from settings or clients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from limpyd.drivers.clients import pool_of
from limpyd.drivers.settings import DEFAULTS
from limpyd.tracing.events import Address

CLUSTER_SLOTS = ("CLUSTER", "SLOTS")
"""The question which node of a cluster serves which slots."""
Remap = Callable[[tuple[str, int]], tuple[str, int]]
"""From the address that a node of a cluster names to the one to connect to, as redis-py's `address_remap`."""


def address_of(settings: Mapping[str, Any], client: Any = None) -> Address:
    """Returns the address from settings, or from those of a client that was given instead."""
    settings = _reaching(settings, client)
    db = int(settings.get("db") or 0)
    named = settings.get("service_name") or settings.get("unix_socket_path") or settings.get("path")
    if named:
        return Address(str(named), None, db)
    return Address(settings.get("host") or DEFAULTS["host"], int(settings.get("port") or DEFAULTS["port"]), db)


def is_by_sentinel(settings: Mapping[str, Any], client: Any = None) -> bool:
    """Returns whether Sentinel names the server."""
    return bool(_reaching(settings, client).get("service_name"))


def _reaching(settings: Mapping[str, Any], client: Any) -> Mapping[str, Any]:
    if client is None:
        return settings
    pool = pool_of(client)
    return {"service_name": getattr(pool, "service_name", None), **pool.connection_kwargs}
