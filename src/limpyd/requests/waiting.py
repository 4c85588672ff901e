"""The waiting for objects that are on their way to another partition."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from time import monotonic

from limpyd.exceptions import LimpydError, ObjectsMoved, ObjectsOnTheirWay
from limpyd.requests.request import MAX_TRIES, Request
from limpyd.requests.scattered import Pause, Rounds, Scattered

UNFINISHED = 1.0
"""The seconds after which a mover counts as dead: its slice is finished by whoever waits for it."""
SHORTEST, LONGEST = 0.002, 0.05
"""The seconds between two tries, which are more each time."""


class Waiting:
    """The waiting of a call, which is described again each time.

    Args:
        patience: the seconds after which it is given up.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._until: float | None = None
        self._finishes_at = 0.0
        self._pause = SHORTEST
        self._tries = 0

    def pause(self, moved: ObjectsMoved) -> float:
        """Returns the seconds to wait before the next try.

        Raises:
            ObjectsMoved: the given one, if the time is over, or objects have moved in each of many tries.
        """
        if not isinstance(moved, ObjectsOnTheirWay):
            self._tries += 1
            if self._tries == MAX_TRIES:
                raise moved
            return 0
        if self._until is None:
            self._until = monotonic() + self._patience
            self._finishes_at = monotonic() + UNFINISHED
        if monotonic() > self._until:
            raise moved
        self._tries = 0
        pause, self._pause = self._pause, min(2 * self._pause, LONGEST)
        return pause

    def unfinished(self, moved: ObjectsMoved) -> Request[None] | None:
        """Returns the request that finishes what has been on its way for long; None if it is not long, yet or again."""
        begin = moved._finish if isinstance(moved, ObjectsOnTheirWay) else None
        if begin is None or monotonic() < self._finishes_at:
            return None
        self._finishes_at = monotonic() + UNFINISHED
        return Scattered(begin, readonly=False)

    def request(self, moved: ObjectsMoved) -> Request[None]:
        """Returns the request that does so, as `rounds`."""
        return Scattered(partial(self.rounds, moved), readonly=False)

    def rounds(self, moved: ObjectsMoved) -> Rounds[None]:
        """Waits before the next try, and finishes what has been on its way for long.

        Raises:
            ObjectsMoved: as `pause`.
        """
        yield Pause(self.pause(moved))
        unfinished = self.unfinished(moved)
        if unfinished is not None:
            with suppress(LimpydError):  # another process may do it
                yield [unfinished]
