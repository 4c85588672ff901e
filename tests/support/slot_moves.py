"""Slots on their way from one node to another: key by key as all servers can, or at once as Valkey 9 can."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from tests.support.cluster_nodes import HOST, Node

MIGRATE_MILLISECONDS = 5000
GOSSIP_SECONDS = 5.0
"""The most seconds until a node has heard of the epochs of the others."""
ENDED = ("success", "failed", "cancelled")
"""The states of an atomic move that do not change any more."""


class SlotMove:
    """The move of one slot, key by key, in steps between which a test may look; it is begun when this is made.

    Attributes:
        slot: its number.
        source: the node that serves it.
        target: the node that is to serve it.
    """

    def __init__(self, slot: int, source: Node, target: Node) -> None:
        self.slot, self.source, self.target = slot, source, target
        target.call("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
        source.call("CLUSTER", "SETSLOT", slot, "MIGRATING", target.id)

    def left(self) -> int:
        """The number of keys that are still at the source."""
        return int(self.source.call("CLUSTER", "COUNTKEYSINSLOT", self.slot))

    def step(self, keys: int = 10) -> int:
        """Moves some keys; returns how many there were to move, at most `keys`."""
        names = self.source.call("CLUSTER", "GETKEYSINSLOT", self.slot, keys)
        if names:
            self.source.call("MIGRATE", HOST, self.target.bus_port, "", 0, MIGRATE_MILLISECONDS, "KEYS", *names)
        return len(names)

    def move_key(self, key: str) -> None:
        """Moves one key that the test chooses."""
        self.source.call("MIGRATE", HOST, self.target.bus_port, key, 0, MIGRATE_MILLISECONDS)

    def finish(self, others: list[Node] | tuple[Node, ...] = ()) -> None:
        """Moves the keys that are left and gives the slot to the target; `others` hear of it at once, too."""
        while self.step(100):
            pass
        self.hand_over(others)

    def hand_over(self, others: list[Node] | tuple[Node, ...] = ()) -> None:
        """Gives the slot to the target; the source refuses that while it has keys of it.

        Redis gives a node that takes a slot a higher epoch only if it knows of a higher one than its own. If it has not
        heard yet that the source has one (it has just taken another slot), the next message of the source takes the
        slot back, with all its keys: then the source names the target, and the target the source, for ever.
        """
        _wait_for_epochs(self.target, (self.source, *others))
        for node in (self.target, self.source, *others):
            node.call("CLUSTER", "SETSLOT", self.slot, "NODE", self.target.id)

    def abort(self, others: list[Node] | tuple[Node, ...] = ()) -> None:
        """Leaves the slot, with all its keys, to the source.

        A source does not take keys of a slot that it is migrating, so if some have been moved the rest follows them,
        and all of them come back.
        """
        if not self._moved():
            self.stabilize()
        if self._moved():
            SlotMove(self.slot, self.source, self.target).finish(others)
            SlotMove(self.slot, self.target, self.source).finish(others)

    def stabilize(self) -> None:
        """SETSLOT STABLE on both nodes: what was moved stays at the target, which serves it to nobody."""
        for node in (self.source, self.target):
            node.call("CLUSTER", "SETSLOT", self.slot, "STABLE")

    def _moved(self) -> int:
        return int(self.target.call("CLUSTER", "COUNTKEYSINSLOT", self.slot))


def _wait_for_epochs(node: Node, others: Iterable[Node]) -> None:
    """Waits until a node knows the epochs of others."""
    until = time.monotonic() + GOSSIP_SECONDS
    epochs = {other.id: other.me().epoch for other in others}
    while not epochs.items() <= {member.id: member.epoch for member in node.members()}.items():
        if time.monotonic() > until:
            msg = f"{node} has not heard of the epochs of other nodes after {GOSSIP_SECONDS} seconds"
            raise RuntimeError(msg)


class AtomicMove:
    """The move of a range of slots at once, with all that is in them, by the servers themselves (from Valkey 9 on)."""

    def __init__(self, first: int, last: int, source: Node, target: Node) -> None:
        self._source = source
        source.call("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", first, last, "NODE", target.id)
        self._name = self._jobs()[0]["name"]

    def state(self) -> str:
        """Its state, as the server names it: `success`, `failed` and `cancelled` are the last ones."""
        return str(next(job["state"] for job in self._jobs() if job["name"] == self._name))

    def wait(self, seconds: float = 30) -> str:
        """Waits for its end, and returns the state then."""
        until = time.monotonic() + seconds
        while (state := self.state()) not in ENDED:
            if time.monotonic() > until:
                msg = f"an atomic move is still {state} after {seconds:.0f} seconds"
                raise RuntimeError(msg)
            time.sleep(0.005)
        return state

    def cancel(self) -> None:
        """Stops all moves of the source; the slots stay where they are."""
        self._source.call("CLUSTER", "CANCELSLOTMIGRATIONS")

    def _jobs(self) -> list[dict[str, Any]]:
        """The moves that the source knows of, the newest first."""
        return [dict(job) for job in self._source.call("CLUSTER", "GETSLOTMIGRATIONS")]
