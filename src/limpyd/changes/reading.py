"""Reading a feed, as programs of requests: by one reader, or by the workers of a group."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from math import inf
from typing import Any

from limpyd.changes import requests
from limpyd.changes.change import Change
from limpyd.changes.positions import BEGINNING, EVERYTHING, NOTHING, NOW, parsed, text_of
from limpyd.exceptions import ChangesLost, InvalidValue, shorten
from limpyd.fields import checks
from limpyd.requests.request import Program, Request
from limpyd.requests.scattered import Pause, Rounds, Scattered

POLL = 0.1
"""The seconds between two looks at several partitions, which may be on several nodes."""
LONGEST = 1000
"""The most milliseconds for which a worker of a group waits before it looks for the changes of dead ones."""


class Reading:
    """The state of one reader.

    Args:
        model: the model.
        last_id: where it begins.
        block: for how many milliseconds it waits when there is nothing; None for not at all, 0 for as long as it takes.
        count: the most changes that a request reads from a partition.

    Raises:
        InvalidValue: an argument is none of these.
    """

    def __init__(self, model: Any, last_id: str, block: int | timedelta | None, count: int) -> None:
        self.model = model
        name = f"{model.name}.{model.feed.name}"
        self._last = parsed(name, last_id, model.keys.count)
        self._block = _waiting(name, block)
        self._count = checks.integer(f"{name}'s count", count, low=1)

    @property
    def position(self) -> str:
        """The position after all that was read: the `last_id` of another reader."""
        return NOW if self._last is None else text_of(self._last)

    def pass_by(self, change: Change) -> None:
        """Notes that a change was read."""
        if self._last is not None:
            self._last[change.partition] = change.id.encode()

    def begin(self) -> Program[list[bytes]]:
        """Finds out where it begins, if that is now."""
        if self._last is None:
            self._last = yield [requests.newest(self.model, one) for one in self.model.keys.partitions]
        return self._last

    def next(self) -> Program[list[Change]]:
        """Returns the next changes; none if there are none in time."""
        model, last = self.model, (yield from self.begin())

        def asked() -> list[Request[list[Change]]]:
            return [
                requests.read(model, one, after, self._count)
                for one, after in zip(model.keys.partitions, last, strict=True)
            ]

        if len(last) > 1:
            found: list[Change] = yield Scattered(lambda: _until_some(asked, _merged, self._block), subject=model)
            return self._looked_at(found)
        found = self._looked_at((yield asked()[0]))
        while not found and self._block is not None:
            if not (yield requests.wait(model, model.keys.first, last[0], self._block)):
                break
            found = yield asked()[0]
        return found

    def _looked_at(self, found: list[Change]) -> list[Change]:
        """Notes which partitions have no entry yet, as the changes that were found tell, and returns these."""
        some = {change.partition for change in found}
        last = self._last or []
        last[:] = [NOTHING if one == EVERYTHING and at not in some else one for at, one in enumerate(last)]
        return found


class GroupReading:
    """The state of a worker of a group.

    Args:
        model: the model.
        group: the name of the group.
        consumer: the name of the worker; None for one that no other has.
        last_id: where the group begins, if it is new: "0" or "$".
        block: as of `Reading`.
        count: the same.
        min_idle_time: after how many milliseconds without a sign of life a worker loses its changes to another one.

    Raises:
        InvalidValue: an argument is none of these.
    """

    def __init__(
        self,
        model: Any,
        group: str,
        consumer: str | None,
        last_id: str,
        block: int | timedelta | None,
        count: int,
        min_idle_time: int | timedelta,
    ) -> None:
        self.model = model
        name = f"{model.name}.{model.feed.name}"
        self.group = _named(model, "group", group)
        if last_id not in {BEGINNING, NOW}:
            msg = (
                f"{name}: a group knows what it has read, so last_id={shorten(last_id)} is not possible; pass '0' to "
                "have a new group read all that there is, or '$' for what comes from now on"
            )
            raise InvalidValue(msg)
        self.consumer = f"{socket.gethostname()}-{os.getpid()}-{os.urandom(4).hex()}" if consumer is None else consumer
        self._worker = _named(model, "consumer", self.consumer)
        self._block = _waiting(name, block)
        self._idle = checks.milliseconds(f"{name}'s min_idle_time", min_idle_time, low=1)
        count = checks.integer(f"{name}'s count", count, low=1)
        self._settings = (self.group, self._worker, count, self._idle, last_id)

    def next(self) -> Program[list[Change]]:
        """Returns the next changes for the worker; none if there are none in time.

        Raises:
            ChangesLost: the group has lost some. It is told once, and goes on with those that there are.
        """
        model = self.model

        def asked() -> list[Request[requests.Taken]]:
            return [requests.take(model, one, self._settings) for one in model.keys.partitions]

        if model.keys.count > 1:
            given: list[Change] = yield Scattered(lambda: _until_some(asked, self._given, self._block), subject=model)
            return given
        taken: requests.Taken = yield asked()[0]
        found, left = self._given([taken]), _time_left(self._block)
        while not found and (found is None or left() > 0):
            if found is not None:
                longest = min(LONGEST, max(self._idle // 2, 1), max(int(min(left(), 1e6) * 1000), 1))
                yield requests.wait(model, model.keys.first, taken.last, longest)
            taken = yield asked()[0]
            found = self._given([taken])
        return found or []

    def acknowledge(self, change: Change) -> Program[bool]:
        """Acknowledges a change; returns false if another worker has taken it over."""
        return (yield requests.acknowledge(self.model, self.group, self._worker, change))  # type: ignore[no-any-return]

    def _given(self, taken: list[requests.Taken]) -> list[Change] | None:
        """Returns the changes that were given; None if there may be more behind those of other workers."""
        for one in taken:
            if one.lost is not None:
                raise ChangesLost(self.model.name, self.model.feed.name, one.lost.decode())
        found = _merged([one.changes for one in taken])
        return found or (None if any(one.has_looked_enough for one in taken) else [])


def delete_group(model: Any, group: str) -> Program[bool]:
    """Deletes a group; returns whether there was one.

    Raises:
        InvalidValue: it is no name.
    """
    name = _named(model, "group", group)
    return any((yield [requests.delete_group(model, one, name) for one in model.keys.partitions]))


def _named(model: Any, what: str, value: str) -> bytes:
    """Returns the name of a group or a worker as it is sent."""
    feed = f"{model.name}.{model.feed.name}"
    if not isinstance(value, str) or not value:
        msg = f"{feed}: {what}={shorten(value)} is not a name; pass a text that is not empty"
        raise InvalidValue(msg)
    return checks.as_bytes(f"{feed}: {what}={shorten(value)}", value)


def _waiting(name: str, block: int | timedelta | None) -> int | None:
    return None if block is None else checks.milliseconds(f"{name}'s block", block, low=0)


def _time_left(block: int | None) -> Callable[[], float]:
    """Returns a function that says how many seconds are left of some milliseconds from now."""
    end = inf if block == 0 else time.monotonic() + (block or 0) / 1000
    return lambda: end - time.monotonic()


def _until_some(
    asked: Callable[[], list[Any]], merge: Callable[[list[Any]], list[Change] | None], block: int | None
) -> Rounds[list[Change]]:
    """Asks all partitions again and again, until there are changes, or the time is over; at once after None."""
    left = _time_left(block)
    while True:
        found = merge((yield asked()))
        if found is None:
            continue
        if found or block is None or left() <= 0:
            return found
        yield Pause(min(POLL, max(left(), 0.001)))


def _merged(found: Iterable[list[Change]]) -> list[Change]:
    """Returns the changes of several partitions in the order of their times; those of each stay in theirs."""
    return sorted((change for some in found for change in some), key=lambda change: _numbers(change.id))


def _numbers(entry_id: str) -> tuple[int, ...]:
    return tuple(map(int, entry_id.split("-")))
