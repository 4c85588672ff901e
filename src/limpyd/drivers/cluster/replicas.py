"""The replicas from which reads are served that may be stale. It does no I/O."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from time import monotonic

from limpyd.drivers.cluster.topology import ReplicaAddress

AVOIDED = 5.0
"""Seconds for which a replica that did not serve a read is not asked again."""
LEARNED_AGAIN = 30.0
"""Seconds after which the topology is asked for again, so that new replicas are found, and those that come back."""


class Replicas:
    """The replicas that serve reads: all that are known, but those that have just failed.

    Args:
        clock: gives the seconds.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._avoided: dict[ReplicaAddress, float] = {}
        self._learned_at = clock()

    def draw(self, known: Sequence[ReplicaAddress]) -> ReplicaAddress | None:
        """Returns one of some replicas, drawn by lot; None if none of them can be asked now."""
        if self._avoided:
            now = self._clock()
            self._avoided = {node: until for node, until in self._avoided.items() if until > now}
            known = [node for node in known if node not in self._avoided]
        return random.choice(known) if known else None  # noqa: S311 - it keeps no secret

    def avoid(self, node: ReplicaAddress) -> None:
        """Notes that a replica did not serve a read."""
        self._avoided[node] = self._clock() + AVOIDED

    def learned(self) -> None:
        """Notes that the topology has just been learned."""
        self._learned_at = self._clock()

    @property
    def outdated(self) -> bool:
        """True if the topology should be asked for again."""
        return self._clock() - self._learned_at > LEARNED_AGAIN
