"""The connections of the async face to the nodes of a cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from limpyd.drivers.async_connection_pool import AsyncConnectionPool
from limpyd.drivers.cluster.attempts import PACKED_ASKING
from limpyd.drivers.cluster.node_pools import NodePools
from limpyd.drivers.cluster.routing import Routing
from limpyd.drivers.cluster.topology import NodeAddress
from limpyd.drivers.multiplexed_connection import MultiplexedConnection


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

    def drop_others(self) -> None:
        """Closes the connections to nodes that serve no slots any more, unless replies are awaited on them."""
        for node in self.pools.keys() - set(self.routing.topology.nodes):
            self.pools[node].here().close_idle()

    def close(self) -> None:
        """Closes the connections of all event loops."""
        self.pools.close()


async def asked(connection: MultiplexedConnection, packed: bytes, *, asking: bool) -> Any:
    """The reply to a request; one after ASK has ASKING before it, in the same write.

    If the caller is cancelled before they are written, neither is: ASKING would count for the request of another.
    """
    if not asking:
        return await connection.ask(packed)
    return (await asyncio.gather(connection.ask(PACKED_ASKING), connection.ask(packed)))[1]
