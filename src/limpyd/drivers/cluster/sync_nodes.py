"""The connections of the sync face to the nodes of a cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from redis.exceptions import AuthenticationError

from limpyd.drivers.cluster.attempts import PACKED_ASKING
from limpyd.drivers.cluster.node_pools import NodePools
from limpyd.drivers.cluster.routing import Routing
from limpyd.drivers.cluster.topology import NodeAddress
from limpyd.drivers.connection_pool import Home, Lost, SyncConnectionPool
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
        refresh_if_outdated: asks for the topology again if it is time; called before a read from a replica.
    """

    def __init__(self, routing: Routing, make_pool: Callable[[NodeAddress], SyncConnectionPool]) -> None:
        self.routing = routing
        self.pools = NodePools(make_pool)
        self.refresh_if_outdated: Callable[[], None] = _nothing

    def exchange(self, packed: bytes, replies: int, home: Home) -> Any:
        """The reply to a packed request from the node of its slot. Raises as that of a single server."""
        if home.may_be_stale and self.routing.replicas is not None:
            return self._exchange_with_replica(packed, replies, home)
        return self.pools[self.routing.node_for(home)].exchange(packed, replies)

    def _exchange_with_replica(self, packed: bytes, replies: int, home: Home) -> Any:
        """The same from a replica; from the primary if there is no replica."""
        self.refresh_if_outdated()
        node = self.routing.reader_for(home)
        try:
            return self.pools[node].exchange(packed, replies)
        except Lost as loss:
            if not isinstance(loss.error, AuthenticationError):
                self.routing.avoid(node)
            raise

    def exchange_with(self, node: NodeAddress, packed: bytes, request: Request[Any], *, asking: bool) -> Any:
        """The reply of a node to a packed request, whichever slots it has; `asking` if it is importing the slot."""
        pool, before = self.pools[node], int(asking)
        if asking:
            packed = PACKED_ASKING + packed
        if request.blocking:
            return pool.wait(packed, request.timeout, replies=1 + before)
        if request.origin is not None:
            return pool.exchange_step(packed, request, replies=1 + before)
        reply = pool.exchange(packed, request.replies + before)
        return reply[1] if asking else reply

    def shares(self, reads: Reads) -> list[tuple[SyncConnectionPool, Reads]]:
        """Returns where to send reads: to each node those of its slots."""
        return [(self.pools[node], own) for node, own in reads.by_node(self.routing.reader_for).items()]

    def drop_others(self) -> None:
        """Closes the connections to nodes that serve no slots any more."""
        for node in self.pools.keys() - self.routing.topology.all_nodes:
            self.pools[node].close_idle()

    def close(self) -> None:
        """Closes the idle connections, and those in use when they are given back."""
        self.pools.close()


def _nothing() -> None:
    """Asks for nothing, as long as there is no driver."""
