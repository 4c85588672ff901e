"""A walk of the keys of all nodes of a cluster, while slots may move. It does no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from limpyd.drivers.cluster.node_requests import on_node
from limpyd.drivers.cluster.routing import Routing
from limpyd.drivers.cluster.topology import NodeAddress
from limpyd.keys.slots import SLOTS, slot_of
from limpyd.requests.key_scan import KeyScan
from limpyd.requests.request import Request
from limpyd.requests.walks import Origin

Found = tuple[bytes, list[bytes]]
"""The cursor after a step, and the keys that it has found."""
ENDED: Found = (b"0", [])


class WalkCursor(bytes):
    """The cursor of a walk, which is never the one at which a walk ends.

    Attributes:
        walk: the walk.
    """

    walk: KeyWalk


class KeyWalk:
    """Visits each slot on the node that serves it from the beginning of the walk of that node to its end.

    A slot that moves meanwhile is visited again, on its new node, so some of its keys may be given twice; so are those
    of a node that is restarted.

    Args:
        routing: the topology, which is to be asked for again between two nodes.
        only: the slot to visit, if it is not all of them.

    Attributes:
        node: the node that is walked; None if none is left.
        between_nodes: `go_on` is to be called.
    """

    def __init__(self, routing: Routing, only: int | None) -> None:
        self._routing = routing
        self._left = set(range(SLOTS)) if only is None else {only}
        self._here: set[int] = set()
        self._cursor = b"0"
        self._origin = Origin()
        self.node: NodeAddress | None = None
        self.between_nodes = True

    def go_on(self) -> None:
        """Notes the slots that were visited, and chooses the next node, by the topology of now."""
        owners = self._routing.topology.owners
        self._left -= {slot for slot in self._here if owners[slot] == self.node}
        self.node = next((owners[slot] for slot in sorted(self._left) if owners[slot] is not None), None)
        self._here = {slot for slot in self._left if owners[slot] == self.node}
        self._cursor = b"0"
        self.between_nodes = False

    def skip(self) -> None:
        """Leaves a node that serves no slots any more, or was restarted: what it had has to be visited again."""
        self._here = set()
        self.between_nodes = True

    def request(self, scan: KeyScan[Any]) -> Request[Any]:
        """Returns the next step at the node."""
        assert self.node is not None  # noqa: S101 - the caller has looked
        step = on_node((scan.args[0], self._cursor, *scan.args[2:]), scan, self.node)
        return self._origin.step(step, self._cursor)

    def received(self, reply: Sequence[Any]) -> Found:
        """Returns the cursor after a step, and the keys that it has found.

        Raises:
            ServerChanged: the node was restarted.
        """
        self._origin.check(None, "the keys of a cluster")
        self._cursor, keys = reply
        self.between_nodes = self._cursor == b"0"
        cursor = WalkCursor(b"next")
        cursor.walk = self
        return cursor, [key for key in keys if slot_of(key) in self._here]


def walk_of(scan: KeyScan[Any], routing: Routing) -> KeyWalk:
    """Returns the walk that a step belongs to; a new one if it is the first."""
    cursor = scan.args[1]
    return cursor.walk if isinstance(cursor, WalkCursor) else KeyWalk(routing, scan.only_slot)
