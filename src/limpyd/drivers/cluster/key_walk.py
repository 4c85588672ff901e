"""A walk of the keys of all nodes of a cluster, while slots may move. It does no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from limpyd.drivers.cluster.attempts import MAX_AT_ONCE, Attempts
from limpyd.drivers.cluster.node_requests import on_node
from limpyd.drivers.cluster.routing import Routing
from limpyd.drivers.cluster.topology import NodeAddress
from limpyd.exceptions import ServerUnreachable
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

    A node itself says which slots it serves, before it is walked and afterwards: others may not have heard yet of a
    slot that has moved, and then its keys would be missed, or given twice.

    A slot that moves meanwhile is visited again, on its new node, so some of its keys may be given twice; so are those
    of a node that is restarted.

    Args:
        routing: the topology.
        only: the slot to visit, if it is not all of them.

    Attributes:
        node: the node that is walked, or that is to be asked for the topology; None if none is left, or known yet.
        between_nodes: the topology is to be asked for, from `node` if it answers, and then `go_on` to be called.
    """

    def __init__(self, routing: Routing, only: int | None) -> None:
        self._routing = routing
        self._left = set(range(SLOTS)) if only is None else {only}
        self._here: set[int] = set()
        self._cursor = b"0"
        self._origin = Origin()
        self._attempts = Attempts(routing)
        self._asked_on = 0
        self.node = self._next_node()
        self.between_nodes = True

    def go_on(self, answered: NodeAddress | None) -> float:
        """Notes the slots that were visited, and chooses the next node.

        Args:
            answered: the node that has just described the topology; None if none did.

        Returns:
            the seconds to wait before it is asked: nodes that name each other do not know yet that a slot has moved.

        Raises:
            ServerUnreachable: they have named each other for too long.
        """
        owners = self._routing.topology.owners
        self._left -= {slot for slot in self._here if owners[slot] == self.node}
        asked, self._here, self._cursor = self.node, set(), b"0"
        self.node = self._next_node()
        self.between_nodes = self.node not in {None, answered, asked}
        if self.between_nodes:
            return self._asked_once_more()
        self._here = {slot for slot in self._left if owners[slot] == self.node}
        self._attempts, self._asked_on = Attempts(self._routing), 0
        return 0.0

    def _next_node(self) -> NodeAddress | None:
        """The node that serves the first slot that is left, as far as is known."""
        owners = self._routing.topology.owners
        return next((owners[slot] for slot in sorted(self._left) if owners[slot] is not None), None)

    def _asked_once_more(self) -> float:
        self._asked_on += 1
        if self._asked_on <= MAX_AT_ONCE:
            return 0.0
        pause = self._attempts.pause()
        if self._attempts.over(pause):
            owners = self._routing.topology.owners
            slot = min(slot for slot in self._left if owners[slot] is not None)
            msg = (
                f"the keys of the cluster: its nodes do not agree which of them serves slot {slot}, and each names "
                "another one. Compare CLUSTER NODES of each node"
            )
            raise ServerUnreachable(msg)
        return pause

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
