"""The nodes of a cluster, and the slots that each serves. It does no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from limpyd.drivers.addresses import Remap
from limpyd.keys import to_text
from limpyd.keys.slots import SLOTS

UNKNOWN_HOSTS = frozenset({b"", b"?", None})
"""The hosts that a node names which does not know its own: its clients know how they reached it."""


class NodeAddress(NamedTuple):
    """The host and port of a node; or the path of a Unix socket, and port 0."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}" if self.port else self.host


class ReplicaAddress(NodeAddress):
    """The address of a node that is asked for data of a moment ago. As one that is asked as a primary it is another."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return type(other) is ReplicaAddress and tuple.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((ReplicaAddress, *self))


class Topology:
    """The owner of each slot.

    Attributes:
        owners: the address of the primary that serves a slot, by slot; None where no node is known to.
        nodes: the primaries that serve slots.
        replicas: the replicas of each primary that has some.
    """

    def __init__(self) -> None:
        self.owners: list[NodeAddress | None] = [None] * SLOTS
        self.nodes: tuple[NodeAddress, ...] = ()
        self.replicas: dict[NodeAddress, tuple[ReplicaAddress, ...]] = {}

    @property
    def all_nodes(self) -> set[NodeAddress]:
        """The primaries that serve slots, and their replicas."""
        return {*self.nodes, *(node for replicas in self.replicas.values() for node in replicas)}

    def replicas_of(self, slot: int) -> tuple[ReplicaAddress, ...]:
        """Returns the replicas of the primary that serves a slot."""
        owner = self.owners[slot]
        return () if owner is None else self.replicas.get(owner, ())

    def move(self, slot: int, owner: NodeAddress) -> None:
        """Notes that a slot has another owner."""
        self.owners[slot] = owner
        if owner not in self.nodes:
            self.nodes += (owner,)


def topology_of(reply: Sequence[Any], asked: NodeAddress, remap: Remap | None = None) -> Topology:
    """Returns the topology that a node describes.

    Args:
        reply: its reply to CLUSTER SLOTS: ranges of slots, each the first slot, the last one, the primary and its
            replicas.
        asked: the address of the node that was asked.
        remap: changes addresses.
    """
    topology = Topology()
    first_slots: dict[int, NodeAddress] = {}
    for first, last, (host, port, *_), *replicas in reply:
        owner = address_of_node(host, port, asked, remap)
        if replicas:
            topology.replicas[owner] = tuple(
                ReplicaAddress(*address_of_node(host, port, asked, remap)) for host, port, *_ in replicas
            )
        topology.owners[first : last + 1] = [owner] * (last + 1 - first)
        first_slots[first] = owner
    topology.nodes = tuple(dict.fromkeys(owner for _, owner in sorted(first_slots.items())))
    if len(topology.nodes) == 1 and not asked.port:  # a Unix socket, which only one node can have
        topology.nodes = (asked,)
        topology.owners = [None if owner is None else asked for owner in topology.owners]
    return topology


def address_of_node(host: bytes | str | None, port: int, asked: NodeAddress, remap: Remap | None) -> NodeAddress:
    """Returns the address to connect to, from the one that a node names."""
    raw = host.encode() if isinstance(host, str) else host
    name = asked.host if raw in UNKNOWN_HOSTS else to_text(raw)  # type: ignore[arg-type]
    address = NodeAddress(name, int(port))
    return address if remap is None else NodeAddress(*remap(address))
