"""The settings of connections: those of redis-py, with our defaults, and what limpyd decides by itself."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import cache
from typing import Any

from redis.backoff import NoBackoff
from redis.driver_info import DriverInfo
from redis.retry import Retry

from limpyd.drivers.sentinel import SETTINGS as OF_SENTINEL
from limpyd.drivers.sentinel import checked_sentinels
from limpyd.drivers.urls import check_host
from limpyd.exceptions import DeclarationError, shorten
from limpyd.utils.suggestions import did_you_mean
from limpyd.version import __version__

DEFAULTS: dict[str, Any] = {"host": "localhost", "port": 6379, "db": 0}
TIMEOUTS: dict[str, Any] = {"socket_timeout": 30, "socket_connect_timeout": 5}
"""In seconds. A reply is waited for longer than any step of limpyd takes, so that no outcome is lost."""
OURS: dict[str, Any] = {"decode_responses": False, "protocol": 2}
"""The settings that limpyd decides for its own connections, whatever the user's say."""
OF_LIBRARY = {"driver_info", "lib_name", "lib_version"}
"""The settings of what CLIENT LIST shows as lib-name and lib-ver."""

UNLIMITED = 2**31


def check_settings(settings: Mapping[str, Any], known: AbstractSet[str]) -> None:
    """Refuses settings that redis-py does not have, and values that none can have.

    Args:
        settings: what was given.
        known: the names of the settings of a client of redis-py.

    Raises:
        DeclarationError: they cannot be used.
    """
    if "connection_class" in settings:
        msg = "to use a class of connections, pass a pool: client=ConnectionPool(connection_class=…, …), from redis-py"
        raise DeclarationError(msg)
    for name in settings:
        if name not in known | OF_SENTINEL:
            similar = did_you_mean(name, known | OF_SENTINEL) or "; it takes those of redis.Redis, such as db"
            msg = f"redis-py has no setting {name!r}{similar}"
            raise DeclarationError(msg)
    limit = settings.get("max_connections")
    if limit is not None and (not isinstance(limit, int) or limit < 1):
        msg = f"max_connections takes the number of connections that may be open, at least 1, not {shorten(limit)}"
        raise DeclarationError(msg)
    checked_sentinels(settings)
    check_host(settings)


def with_defaults(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings of a connection, with the default address where they name none."""
    if "unix_socket_path" in settings or "sentinels" in settings:
        return {"db": 0, **settings}
    return {**DEFAULTS, **settings}


def own_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings of limpyd's own connections: errors come at once unless a retry was asked for."""
    limit = settings.get("max_connections") or UNLIMITED
    library = {} if OF_LIBRARY & settings.keys() else {"driver_info": _driver_info()}
    return {"retry": Retry(NoBackoff(), 0), **TIMEOUTS, **library, **settings, "max_connections": limit, **OURS}


def client_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Returns the settings of the redis-py client that users are given: limpyd's timeouts, and text for replies."""
    return {**TIMEOUTS, **settings, "decode_responses": True}


@cache
def _driver_info() -> DriverInfo:
    """Redis-py, used by limpyd; made once, since redis-py looks up its version among the installed packages."""
    return DriverInfo().add_upstream_driver("limpyd", __version__)
