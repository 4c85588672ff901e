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


class Topology:
    """The owner of each slot.

    Attributes:
        owners: the address of the primary that serves a slot, by slot; None where no node is known to.
        nodes: the primaries that serve slots.
    """

    def __init__(self) -> None:
        self.owners: list[NodeAddress | None] = [None] * SLOTS
        self.nodes: tuple[NodeAddress, ...] = ()

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
    for first, last, (host, port, *_), *_replicas in reply:
        owner = address_of_node(host, port, asked, remap)
        topology.owners[first : last + 1] = [owner] * (last + 1 - first)
    topology.nodes = tuple(dict.fromkeys(owner for owner in topology.owners if owner is not None))
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
