"""The node to which a request goes. It does no I/O."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from redis import exceptions as redis_errors

from limpyd.drivers.addresses import Remap
from limpyd.drivers.cluster.refresh_policy import RefreshPolicy
from limpyd.drivers.cluster.replicas import Replicas
from limpyd.drivers.cluster.topology import NodeAddress, ReplicaAddress, Topology, address_of_node, topology_of
from limpyd.drivers.connection_pool import Home
from limpyd.exceptions import UnsupportedCommand


class Slot(NamedTuple):
    """A slot, as a home."""

    slot: int | None
    crosses_slots: bool = False
    may_be_stale: bool = False


class NodeGone(Exception):
    """Raised for a request to a node that serves no slots any more."""


class Routing:
    """The topology of a cluster as it is known now.

    Args:
        seeds: the addresses that the user gave.
        patience: the seconds for which a request is tried again while the cluster is being changed.
        remap: changes the addresses that nodes name.
        from_replicas: replicas serve the reads that may be stale.

    Attributes:
        topology: the owner of each slot.
        policy: when to ask for it again.
        patience: as above.
        replicas: the replicas that serve reads; None if all go to primaries.
    """

    def __init__(
        self, seeds: Sequence[NodeAddress], patience: float, remap: Remap | None = None, *, from_replicas: bool = False
    ) -> None:
        self.topology = Topology()
        self.policy = RefreshPolicy()
        self.patience = patience
        self.replicas = Replicas() if from_replicas else None
        self._seeds = tuple(seeds)
        self._remap = remap

    def node_for(self, home: Home) -> NodeAddress:
        """Returns the address of the node for a request, or for what has a slot; any node where it has none.

        Raises:
            UnsupportedCommand: the request would use keys of several slots, and there are several nodes.
            NodeGone: it is for a node that serves no slots any more.
        """
        if home.crosses_slots and len(self.topology.nodes) > 1:
            raise crossing(home)
        slot = home.slot
        if slot is not None:
            owner = self.topology.owners[slot]
            if owner is not None:
                return owner
        pinned: NodeAddress | None = getattr(home, "node", None)
        if pinned is None:
            return random.choice(self.topology.nodes or self._seeds)  # noqa: S311 - it keeps no secret
        if pinned not in self.topology.nodes:
            raise NodeGone
        return pinned

    def replica_for(self, home: Home) -> ReplicaAddress | None:
        """Returns a replica that is to serve a request; None if a primary has to."""
        if self.replicas is None or not home.may_be_stale or home.slot is None:
            return None
        return self.replicas.draw(self.topology.replicas_of(home.slot))

    def reader_for(self, home: Home) -> NodeAddress:
        """Returns the node for a request: a replica if one is to serve it, else the primary. Raises as `node_for`."""
        return self.replica_for(home) or self.node_for(home)

    def avoid(self, node: NodeAddress) -> None:
        """Has others serve reads for a while, if the node is a replica."""
        if self.replicas is not None and isinstance(node, ReplicaAddress):
            self.replicas.avoid(node)

    @property
    def is_outdated(self) -> bool:
        """True if the topology should be asked for again, although nothing has shown that it has changed."""
        return self.replicas is not None and self.replicas.outdated

    def to_ask(self, suspects: Collection[NodeAddress] = (), first: NodeAddress | None = None) -> list[NodeAddress]:
        """Returns the nodes to ask for the topology, in order: all known ones, drawn by lot, before the seeds.

        Args:
            suspects: those that did not answer just now, which come last: each may cost the time of a timeout.
            first: the one that comes first, if it is known.
        """
        known = random.sample(self.topology.nodes, len(self.topology.nodes))
        others = [seed for seed in self._seeds if seed not in known]
        nodes = [*known, *random.sample(others, len(others))]
        return sorted(nodes, key=lambda node: (node != first, node in suspects))

    def learn(self, reply: Any, asked: NodeAddress) -> bool:
        """Notes the reply of a node to CLUSTER SLOTS. Returns whether it was a topology."""
        if not isinstance(reply, list) or not reply:
            return False
        self.topology = topology_of(reply, asked, self._remap)
        if self.replicas is not None:
            self.replicas.learned()
        return True

    def moved(self, error: redis_errors.AskError, asked: NodeAddress) -> NodeAddress:
        """Returns the address that a MOVED or ASK names."""
        return address_of_node(error.host, error.port, asked, self._remap)


def crossing(request: Any) -> UnsupportedCommand:
    """Returns the error for a request that uses models whose keys may be on different nodes."""
    return UnsupportedCommand(
        f"{request.subject}: this step uses the keys of several models (a reference and the object that it refers to, "
        "or both names of a renaming), which may be on different nodes of the cluster. Nothing was sent. Name the "
        "nodes with RedisDatabase(nodes=[…]), so that limpyd knows of the cluster when models are declared; then "
        "references are checked before the step. To rename, use a single server or a cluster of one node"
    )
