"""The rounds of requests in which several partitions are read, although objects may move between them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from math import inf
from typing import Any, TypeVar

from limpyd.changes.change import Change
from limpyd.changes.origins import numbers
from limpyd.exceptions import ObjectsMoved
from limpyd.fields import checks
from limpyd.requests.request import Program, Request
from limpyd.requests.scattered import Pause, Rounds, Scattered
from limpyd.requests.waiting import Waiting

R = TypeVar("R")

POLL = 0.1
"""The seconds between two looks at several partitions, which may be on several nodes."""


def until_some(
    model: Any, begin: Callable[[], Rounds[list[Change] | None]], block: int | None
) -> Program[list[Change]]:
    """Looks at all partitions again and again, until there are changes, or the time is over.

    Args:
        model: the model.
        begin: begins a round of requests; it returns the changes, or None if the next round has to follow at once.
        block: for how many milliseconds to go on; None for one look, 0 for as long as it takes.
    """
    left = time_left(block)
    while True:
        found = yield from described_again(model, begin)
        if found is None:
            continue
        if found or block is None or left() <= 0:
            return found
        yield Scattered(partial(_pause, min(POLL, max(left(), 0.001))), subject=model)


def described_again(model: Any, begin: Callable[[], Rounds[R]]) -> Program[R]:
    """Returns what comes of some rounds, which begin anew if objects have moved; waits for those on their way.

    Raises:
        ObjectsOnTheirWay: some are, for longer than the database has patience.
    """
    waiting = Waiting(model.model.database._patience)
    while True:
        try:
            found: R = yield Scattered(begin, subject=model)
        except ObjectsMoved as moved:
            yield waiting.request(moved)
        else:
            return found


def at_once(asked: Callable[[], list[Request[R]]]) -> Rounds[list[R]]:
    """Sends requests at once, and returns their results."""
    found: list[R] = yield asked()
    return found


def time_left(block: int | None) -> Callable[[], float]:
    """Returns a function that says how many seconds are left of some milliseconds from now; of 0, all."""
    end = inf if block == 0 else time.monotonic() + (block or 0) / 1000
    return lambda: end - time.monotonic()


def block_of(name: str, block: int | timedelta | None) -> int | None:
    """Returns the milliseconds for which a reader waits.

    Raises:
        InvalidValue: it is no time.
    """
    return None if block is None else checks.milliseconds(f"{name}'s block", block, low=0)


def merged(found: Iterable[list[Change]]) -> list[Change]:
    """Returns the changes of several partitions in the order of their times; those of each stay in theirs."""
    return sorted((change for some in found for change in some), key=lambda change: numbers(change.id))


def _pause(seconds: float) -> Rounds[None]:
    yield Pause(seconds)
