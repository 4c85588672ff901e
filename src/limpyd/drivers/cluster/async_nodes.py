"""The connections of the async face to the nodes of a cluster."""

from __future__ import annotations

from collections.abc import Callable

from limpyd.drivers.async_connection_pool import AsyncConnectionPool
from limpyd.drivers.cluster.node_pools import NodePools
from limpyd.drivers.cluster.routing import Routing
from limpyd.drivers.cluster.topology import NodeAddress
from limpyd.drivers.multiplexed_connection import MultiplexedConnection
from limpyd.requests.reads import Reads


class AsyncClusterConnections:
    """The connections to each node.

    Args:
        routing: the topology.
        make_pool: makes the connections to a node.

    Attributes:
        routing: as above.
        pools: the connections to each node.
    """

    def __init__(self, routing: Routing, make_pool: Callable[[NodeAddress], AsyncConnectionPool]) -> None:
        self.routing = routing
        self.pools = NodePools(make_pool)

    @property
    def closed(self) -> bool:
        """True if no more connections are opened."""
        return self.pools.closed

    async def open_to(self, node: NodeAddress) -> MultiplexedConnection:
        """Returns the connection to a node that the tasks of this event loop share."""
        pool = self.pools[node]
        return pool.shared() or await pool.here().open_shared()

    def shares(self, reads: Reads) -> list[tuple[AsyncConnectionPool, Reads]]:
        """Returns where to send reads: to each node those of its slots."""
        return [(self.pools[node], own) for node, own in reads.by_node(self.routing.reader_for).items()]

    def drop_others(self) -> None:
        """Closes the connections to nodes that serve no slots any more, unless replies are awaited on them."""
        for node in self.pools.keys() - self.routing.topology.all_nodes:
            self.pools[node].here().close_idle()

    def close(self) -> None:
        """Closes the connections of all event loops."""
        self.pools.close()
