"""The common part of claims of values and checks of targets: another partition is asked before a write."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from limpyd.requests.guards import Guard
from limpyd.requests.request import Request
from limpyd.requests.scattered import Rounds, Scattered

SHORTEST_PAUSE, LONGEST_PAUSE = 0.002, 0.02
"""The seconds until what is in the way is looked at again: at first; and at most, twice as long each further time."""


class Promise:
    """The assumption of a write that rests on a promise of another partition, which may be void by the time it is sent.

    Its question is a conversation with other partitions. Each step of it goes to one of them, and whoever is stopped
    between two steps leaves nothing wrong.
    """

    __slots__ = ("_guard",)

    def __init__(self) -> None:
        self._guard: Guard | None = None

    @property
    def about(self) -> Hashable:
        raise NotImplementedError

    @property
    def model(self) -> Any:
        """The model that is asked about."""
        raise NotImplementedError

    def guard(self) -> Guard | None:
        return self._guard

    def check(self) -> None:
        """Raises nothing: the script of the write refuses what is not promised."""

    def invalidate(self) -> None:
        self._guard = None

    def demand(self) -> None:
        """Has it be promised anew, since the script of the write has asked for it."""
        self.invalidate()

    def keep_order(self, *, as_one_step: bool) -> None:
        """Notes that the write is one of several, in a pipeline or a transaction.

        In a pipeline it has to be promised before the write is sent: a write that is refused comes after those that
        follow it. In either, what is not free now may be by then.

        Args:
            as_one_step: true in a transaction.
        """

    def question(self) -> Request[None]:
        return Scattered(self.conversation, subject=self.model)

    def merged(self, other: Any) -> Promise:
        raise NotImplementedError

    def conversation(self) -> Rounds[None]:
        """Asks other partitions, and notes what they promise."""
        raise NotImplementedError


def longer(pause: float) -> float:
    """Returns the next pause after a pause."""
    return min(2 * pause, LONGEST_PAUSE)
