"""The questions of the sync face which node of a cluster serves which slots."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from redis import exceptions as redis_errors

from limpyd.drivers.addresses import CLUSTER_SLOTS
from limpyd.drivers.cluster.attempts import Attempts
from limpyd.drivers.cluster.sync_nodes import ClusterConnections
from limpyd.drivers.cluster.topology import NodeAddress
from limpyd.drivers.connection_pool import Lost
from limpyd.requests.resp import pack
from limpyd.tracing.events import TOPOLOGY
from limpyd.tracing.listeners import GLOBAL_CALLBACKS, Listeners


class TopologyRefresh:
    """Asks for the topology again, as often as the policy allows.

    Args:
        connections: those to the nodes.
        listeners: the callbacks that see the questions.
    """

    def __init__(self, connections: ClusterConnections, listeners: Listeners) -> None:
        self._connections = connections
        self._routing = connections.routing
        self._listeners = listeners

    def if_stale(self, attempts: Attempts) -> None:
        """Asks if a try has shown that the topology may have changed, and it is time."""
        if attempts.stale and self._routing.policy.begin():
            attempts.stale = False
            self._in_turn(attempts.suspects)

    def if_outdated(self) -> None:
        """Asks if that was long ago, so that replicas that are new or have come back serve reads."""
        if self._routing.is_outdated and self._routing.policy.begin():
            self._in_turn()

    def now(self, suspects: Collection[NodeAddress] = (), first: NodeAddress | None = None) -> NodeAddress | None:
        """Asks one node after the other, until one answers, and returns that one; None if none does.

        Args:
            suspects: those that are asked last.
            first: the one that is asked first.
        """
        for node in self._routing.to_ask(suspects, first):
            if self._routing.learn(self._slots_from(node), node):
                self._connections.drop_others()
                return node
        return None

    def _in_turn(self, suspects: Collection[NodeAddress] = ()) -> None:
        """Asks, while no other caller does."""
        try:
            self.now(suspects)
        finally:
            self._routing.policy.end()

    def _slots_from(self, node: NodeAddress) -> Any:
        """The reply of a node to CLUSTER SLOTS; None if there is none."""
        packed = pack(CLUSTER_SLOTS)
        trace = None
        if self._listeners.callbacks or GLOBAL_CALLBACKS:
            trace = self._listeners.start_named(TOPOLOGY, [CLUSTER_SLOTS], len(packed))
        reply: Any = None
        error: Exception | None = None
        try:
            reply = self._connections.pools[node].exchange(packed)
        except (Lost, redis_errors.ResponseError) as failure:
            error = failure.error if isinstance(failure, Lost) else failure
        if trace is not None:
            trace.finish(reply, error)
        return reply
