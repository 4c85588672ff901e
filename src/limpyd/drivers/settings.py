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
CLUSTER_TIMEOUTS: dict[str, Any] = {"socket_timeout": 5, "socket_connect_timeout": 1}
"""The same for the nodes of a cluster: a host that is gone says nothing, and another node takes its place."""
OF_CLUSTER = {"nodes", "address_remap", "patience", "read_from"}
"""The settings of a cluster that are not those of its connections."""
OF_POOL = ("orig_", "maint_notifications_", "oss_cluster_")
"""The beginnings of the names of settings that a pool of redis-py has made for its own connections."""
READ_FROM = ("primary", "replica")
"""The nodes of a cluster that serve reads which may be stale; the first is the default."""
PATIENCE = 5.0
"""Seconds for which a request to a cluster is tried again, while a node fails or slots are moved."""
OURS: dict[str, Any] = {"decode_responses": False, "protocol": 2}
"""The settings that limpyd decides for its own connections, whatever the user's say."""
OF_LIBRARY = {"driver_info", "lib_name", "lib_version"}
"""The settings of what CLIENT LIST shows as lib-name and lib-ver."""

ONLY_CLUSTERS = (
    "read_from='replica' needs a cluster, whose nodes say which replicas they have; the primary of a single server or "
    "of Sentinel serves all reads. Leave out read_from=, and read from a replica by a database of its own, "
    "RedisDatabase(host=…, port=…), with a model of the same namespace and name"
)
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
        if name not in known | OF_SENTINEL | OF_CLUSTER:
            similar = (
                did_you_mean(name, known | OF_SENTINEL | OF_CLUSTER) or "; it takes those of redis.Redis, such as db"
            )
            msg = f"redis-py has no setting {name!r}{similar}"
            raise DeclarationError(msg)
    limit = settings.get("max_connections")
    if limit is not None and (not isinstance(limit, int) or limit < 1):
        msg = f"max_connections takes the number of connections that may be open, at least 1, not {shorten(limit)}"
        raise DeclarationError(msg)
    checked_sentinels(settings)
    check_cluster(settings)
    check_host(settings)


def check_cluster(settings: Mapping[str, Any]) -> None:
    """Refuses settings of a cluster that cannot be used.

    Raises:
        DeclarationError: they cannot.
    """
    nodes = settings.get("nodes")
    if nodes is not None and not (isinstance(nodes, list | tuple) and nodes and all(map(_is_address, nodes))):
        msg = f"nodes= takes the addresses of nodes of a cluster, [(host, port), …], not {shorten(nodes)}"
        raise DeclarationError(msg)
    others = [name for name in ("host", "port", "unix_socket_path", "sentinels") if name in settings]
    if nodes is not None and others:
        msg = f"nodes= names the servers, and so does {others[0]}=; leave out one of them"
        raise DeclarationError(msg)
    patience = settings.get("patience", PATIENCE)
    if isinstance(patience, bool) or not isinstance(patience, int | float) or not 0 <= patience < UNLIMITED:
        msg = f"patience= takes the seconds for which a request to a cluster is tried again, not {shorten(patience)}"
        raise DeclarationError(msg)
    read_from = settings.get("read_from", READ_FROM[0])
    if read_from not in READ_FROM:
        msg = f"read_from= takes 'primary' or 'replica', which serve the reads of a cluster; not {shorten(read_from)}"
        raise DeclarationError(msg)
    if read_from == "replica" and "sentinels" in settings:
        raise DeclarationError(ONLY_CLUSTERS)
    remap = settings.get("address_remap")
    if remap is not None and not callable(remap):
        msg = f"address_remap= takes a function from one (host, port) to another, not {shorten(remap)}"
        raise DeclarationError(msg)


def _is_address(node: Any) -> bool:
    return (
        isinstance(node, list | tuple)
        and len(node) == 2  # noqa: PLR2004 - a host and a port
        and isinstance(node[0], str)
        and type(node[1]) is int
    )


def node_settings(settings: Mapping[str, Any], host: str, port: int) -> dict[str, Any]:
    """Returns the settings of connections to a node of a cluster.

    Args:
        settings: those that the user gave.
        host: the host of the node.
        port: its port.
    """
    ways = {*OF_CLUSTER, "unix_socket_path", "path", "host", "port"}
    given = {name: value for name, value in settings.items() if name not in ways and not name.startswith(OF_POOL)}
    return own_settings({"db": 0, **CLUSTER_TIMEOUTS, **given, "host": host, "port": port})


def with_defaults(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings of a connection, with the default address where they name none."""
    if "nodes" in settings:
        host, port = settings["nodes"][0]
        return {"db": 0, **settings, "host": host, "port": port}
    if "unix_socket_path" in settings or "sentinels" in settings:
        return {"db": 0, **settings}
    return {**DEFAULTS, **settings}


def own_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings of limpyd's own connections: errors come at once unless a retry was asked for."""
    settings = {name: value for name, value in settings.items() if name not in OF_CLUSTER}
    limit = settings.get("max_connections") or UNLIMITED
    library = {} if OF_LIBRARY & settings.keys() else {"driver_info": _driver_info()}
    return {"retry": Retry(NoBackoff(), 0), **TIMEOUTS, **library, **settings, "max_connections": limit, **OURS}


def client_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Returns the settings of the redis-py client that users are given: limpyd's timeouts, and text for replies."""
    given = {name: value for name, value in settings.items() if name not in OF_CLUSTER}
    return {**(CLUSTER_TIMEOUTS if "nodes" in settings else TIMEOUTS), **given, "decode_responses": True}


@cache
def _driver_info() -> DriverInfo:
    """Redis-py, used by limpyd; made once, since redis-py looks up its version among the installed packages."""
    return DriverInfo().add_upstream_driver("limpyd", __version__)
