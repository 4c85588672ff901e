"""The times at which the topology of a cluster may be asked for again. It does no I/O."""

from __future__ import annotations

import random
from collections.abc import Callable
from time import monotonic

SHORTEST, LONGEST = 0.1, 1.0
"""The least seconds between two refreshes: at first, and when many have been needed. Up to half as many are added."""


class RefreshPolicy:
    """Lets one caller at a time refresh the topology, and not too often: many clients may see the same failover.

    A caller that is interrupted between `begin` and `end` holds up the others for LONGEST seconds, and no longer.

    Args:
        clock: gives the seconds.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._interval = SHORTEST
        self._next = 0.0

    def begin(self) -> bool:
        """Returns whether the caller is to refresh the topology now."""
        now = self._clock()
        if now < self._next:
            return False
        quiet = now - self._next > 2 * self._interval
        self._interval = SHORTEST if quiet else min(2 * self._interval, LONGEST)
        self._next = now + LONGEST
        return True

    def end(self) -> None:
        """Notes that the refresh has ended, whatever came of it."""
        self._next = self._clock() + self._interval * random.uniform(1, 1.5)  # noqa: S311 - it keeps no secret
