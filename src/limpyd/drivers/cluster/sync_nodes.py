"""The connections of the sync face to the nodes of a cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from limpyd.drivers.cluster.attempts import PACKED_ASKING
from limpyd.drivers.cluster.routing import Routing
from limpyd.drivers.cluster.topology import NodeAddress
from limpyd.drivers.connection_pool import Home, SyncConnectionPool


class ClusterConnections:
    """Lends connections to the node of a slot.

    Args:
        routing: the topology.
        make_pool: makes the connections to a node.
    """

    def __init__(self, routing: Routing, make_pool: Callable[[NodeAddress], SyncConnectionPool]) -> None:
        self.routing = routing
        self._make_pool = make_pool
        self._pools: dict[NodeAddress, SyncConnectionPool] = {}
        self._closed = False

    def pool(self, node: NodeAddress) -> SyncConnectionPool:
        """Returns the connections to a node; the same ones for threads that come at the same time."""
        pool = self._pools.get(node)
        if pool is None:
            pool = self._pools.setdefault(node, self._make_pool(node))
            if self._closed:
                pool.close()
        return pool

    def exchange(self, packed: bytes, replies: int = 1, home: Home | None = None) -> Any:
        """The reply to a packed request from the node of its slot. Raises as that of a single server."""
        return self.pool(self.routing.node_for(home)).exchange(packed, replies)

    def exchange_asking(self, node: NodeAddress, packed: bytes) -> Any:
        """The reply of a node that is importing the slot of a request (ASKING)."""
        return self.pool(node).exchange(PACKED_ASKING + packed, 2)[1]

    def wait(self, packed: bytes, seconds: float, home: Home | None = None) -> Any:
        """The same of a request whose reply the node may keep back for so many seconds, 0 for any time."""
        return self.pool(self.routing.node_for(home)).wait(packed, seconds)

    def drop_others(self) -> None:
        """Closes the connections to nodes that serve no slots any more."""
        for node in self._pools.keys() - set(self.routing.topology.nodes):
            self._pools[node].close_idle()

    def close(self) -> None:
        """Closes the idle connections, and those in use when they are given back."""
        self._closed = True
        for pool in list(self._pools.values()):
            pool.close()
