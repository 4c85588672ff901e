"""Clients of redis-py on all nodes of a cluster, for users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import redis.asyncio.cluster
import redis.cluster

from limpyd.drivers.addresses import Remap

OF_ONE_SERVER = ("db", "host", "port")


def sync_cluster_client(
    nodes: Sequence[tuple[str, int]], settings: Mapping[str, Any], remap: Remap | None
) -> redis.RedisCluster:
    """Returns a client of a cluster; it asks the nodes for the others at once.

    Args:
        nodes: some nodes.
        settings: those of connections.
        remap: changes the addresses that nodes name.
    """
    given = {name: value for name, value in settings.items() if name not in OF_ONE_SERVER}
    known = [
        redis.cluster.ClusterNode(host, port)  # type: ignore[no-untyped-call]
        for host, port in nodes
    ]
    return redis.RedisCluster(startup_nodes=known, address_remap=remap, **given)


def async_cluster_client(
    nodes: Sequence[tuple[str, int]], settings: Mapping[str, Any], remap: Remap | None
) -> redis.asyncio.RedisCluster:
    """Returns the same for asyncio; it asks the nodes when it is first used."""
    given = {name: value for name, value in settings.items() if name not in OF_ONE_SERVER}
    known = [redis.asyncio.cluster.ClusterNode(host, port) for host, port in nodes]
    return redis.asyncio.RedisCluster(startup_nodes=known, address_remap=remap, **given)
