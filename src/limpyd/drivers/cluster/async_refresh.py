"""The questions of the async face which node of a cluster serves which slots."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from limpyd.drivers.addresses import CLUSTER_SLOTS
from limpyd.drivers.async_transport import NOT_OPENED
from limpyd.drivers.awaited_replies import ConnectionLost
from limpyd.drivers.cluster.async_nodes import AsyncClusterConnections
from limpyd.drivers.cluster.attempts import Attempts
from limpyd.drivers.cluster.topology import NodeAddress
from limpyd.requests.resp import pack
from limpyd.tracing.events import TOPOLOGY
from limpyd.tracing.listeners import GLOBAL_CALLBACKS, Listeners


class AsyncTopologyRefresh:
    """Asks for the topology again, as often as the policy allows.

    Args:
        connections: those to the nodes.
        listeners: the callbacks that see the questions.
    """

    def __init__(self, connections: AsyncClusterConnections, listeners: Listeners) -> None:
        self._connections = connections
        self._routing = connections.routing
        self._listeners = listeners

    async def if_stale(self, attempts: Attempts) -> None:
        """Asks if a try has shown that the topology may have changed, and it is time."""
        if attempts.stale and self._routing.policy.begin():
            attempts.stale = False
            await self._in_turn(attempts.suspects)

    async def if_outdated(self) -> None:
        """Asks if that was long ago, so that replicas that are new or have come back serve reads."""
        if self._routing.is_outdated and self._routing.policy.begin():
            await self._in_turn()

    async def now(self, suspects: Collection[NodeAddress] = (), first: NodeAddress | None = None) -> NodeAddress | None:
        """Asks one node after the other, until one answers, and returns that one; None if none does.

        Args:
            suspects: those that are asked last.
            first: the one that is asked first.
        """
        for node in self._routing.to_ask(suspects, first):
            if self._routing.learn(await self._slots_from(node), node):
                self._connections.drop_others()
                return node
        return None

    async def _in_turn(self, suspects: Collection[NodeAddress] = ()) -> None:
        """Asks, while no other caller does."""
        try:
            await self.now(suspects)
        finally:
            self._routing.policy.end()

    async def _slots_from(self, node: NodeAddress) -> Any:
        """The reply of a node to CLUSTER SLOTS; None if there is none."""
        packed = pack(CLUSTER_SLOTS)
        trace = None
        if self._listeners.callbacks or GLOBAL_CALLBACKS:
            trace = self._listeners.start_named(TOPOLOGY, [CLUSTER_SLOTS], len(packed))
        reply: Any = None
        failure: Exception | None = None
        try:
            reply = await (await self._connections.open_to(node)).ask(packed)
        except (ConnectionLost, *NOT_OPENED) as error:
            failure = error.as_error() if isinstance(error, ConnectionLost) else error
        if trace is not None:
            trace.finish(reply, failure)
        return reply
