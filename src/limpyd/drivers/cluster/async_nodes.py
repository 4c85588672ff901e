"""The connections of the async face to the nodes of a cluster."""

from __future__ import annotations

from collections.abc import Callable

from limpyd.drivers.async_connection_pool import AsyncConnectionPool
from limpyd.drivers.cluster.routing import Routing
from limpyd.drivers.cluster.topology import NodeAddress


class AsyncClusterConnections:
    """The connections to each node.

    Args:
        routing: the topology.
        make_pool: makes the connections to a node.

    Attributes:
        routing: as above.
        closed: no more connections are opened.
    """

    def __init__(self, routing: Routing, make_pool: Callable[[NodeAddress], AsyncConnectionPool]) -> None:
        self.routing = routing
        self._make_pool = make_pool
        self._pools: dict[NodeAddress, AsyncConnectionPool] = {}
        self.closed = False

    def pool(self, node: NodeAddress) -> AsyncConnectionPool:
        """Returns the connections to a node; the same ones for threads that come at the same time."""
        pool = self._pools.get(node)
        if pool is None:
            pool = self._pools.setdefault(node, self._make_pool(node))
            if self.closed:
                pool.close()
        return pool

    def drop_others(self) -> None:
        """Closes the connections to nodes that serve no slots any more."""
        for node in self._pools.keys() - set(self.routing.topology.nodes):
            self._pools[node].here().leave()

    def close(self) -> None:
        """Closes the connections of all event loops."""
        self.closed = True
        for pool in list(self._pools.values()):
            pool.close()
