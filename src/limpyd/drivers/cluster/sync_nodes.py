"""The connections of the sync face to the nodes of a cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from limpyd.drivers.cluster.attempts import PACKED_ASKING
from limpyd.drivers.cluster.node_pools import NodePools
from limpyd.drivers.cluster.routing import Routing
from limpyd.drivers.cluster.topology import NodeAddress
from limpyd.drivers.connection_pool import Home, SyncConnectionPool
from limpyd.requests.reads import Reads
from limpyd.requests.request import Request


class ClusterConnections:
    """Lends connections to the node of a slot.

    Args:
        routing: the topology.
        make_pool: makes the connections to a node.

    Attributes:
        routing: as above.
        pools: the connections to each node.
    """

    def __init__(self, routing: Routing, make_pool: Callable[[NodeAddress], SyncConnectionPool]) -> None:
        self.routing = routing
        self.pools = NodePools(make_pool)

    def exchange(self, packed: bytes, replies: int, home: Home) -> Any:
        """The reply to a packed request from the node of its slot. Raises as that of a single server."""
        return self.pools[self.routing.node_for(home)].exchange(packed, replies)

    def exchange_asking(self, node: NodeAddress, packed: bytes, request: Request[Any]) -> Any:
        """The reply of a node that is importing the slot of a request (ASKING)."""
        if request.blocking:
            return self.pools[node].wait(PACKED_ASKING + packed, request.timeout, replies=2)
        if request.origin is not None:
            return self.pools[node].exchange_step(PACKED_ASKING + packed, request, replies=2)
        return self.pools[node].exchange(PACKED_ASKING + packed, 2)[1]

    def exchange_step(self, packed: bytes, step: Request[Any]) -> Any:
        """The reply to a step of a walk, which notes the server process that it is of."""
        return self.pools[self.routing.node_for(step)].exchange_step(packed, step)

    def wait(self, packed: bytes, seconds: float, home: Home) -> Any:
        """The same of a request whose reply the node may keep back for so many seconds, 0 for any time."""
        return self.pools[self.routing.node_for(home)].wait(packed, seconds)

    def shares(self, reads: Reads) -> list[tuple[SyncConnectionPool, Reads]]:
        """Returns where to send reads: to each node those of its slots."""
        return [(self.pools[node], own) for node, own in reads.by_node(self.routing.node_for).items()]

    def drop_others(self) -> None:
        """Closes the connections to nodes that serve no slots any more."""
        for node in self.pools.keys() - set(self.routing.topology.nodes):
            self.pools[node].close_idle()

    def close(self) -> None:
        """Closes the idle connections, and those in use when they are given back."""
        self.pools.close()
