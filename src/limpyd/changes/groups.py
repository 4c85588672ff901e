"""Reading a feed by the workers of a group, as programs of requests."""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from functools import partial
from typing import Any

from limpyd.changes import requests
from limpyd.changes.change import Change
from limpyd.changes.origins import Origin
from limpyd.changes.positions import BEGINNING, NOW
from limpyd.changes.rounds import at_once, block_of, described_again, merged, time_left, until_some
from limpyd.exceptions import ChangesLost, InvalidValue, shorten
from limpyd.fields import checks
from limpyd.requests.request import Program
from limpyd.requests.scattered import Rounds

LONGEST = 1000
"""The most milliseconds for which a worker of a group waits before it looks for the changes of dead ones."""


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
        self._block = block_of(name, block)
        self._idle = checks.milliseconds(f"{name}'s min_idle_time", min_idle_time, low=1)
        count = checks.integer(f"{name}'s count", count, low=1)
        self._settings = (self.group, self._worker, count, self._idle, last_id)
        self._finished: dict[int, bytes] = {}
        """The origins, by partition, that the group has been found to have read to their ends."""

    def next(self) -> Program[list[Change]]:
        """Returns the next changes for the worker; none if there are none in time.

        Raises:
            ChangesLost: the group has lost some. It is told once, and goes on with those that there are.
        """
        model = self.model
        if model.keys.count > 1:
            return (yield from until_some(model, self._round, self._block))
        only = model.keys.first
        taken: requests.Taken = yield requests.take(model, only, self._settings)
        found, left = self._given([taken]), time_left(self._block)
        while not found and (found is None or left() > 0):
            if found is not None:
                longest = min(LONGEST, max(self._idle // 2, 1), max(int(min(left(), 1e6) * 1000), 1))
                yield requests.wait(model, only, taken.last, longest)
            taken = yield requests.take(model, only, self._settings)
            found = self._given([taken])
        return found or []

    def acknowledge(self, change: Change) -> Program[bool]:
        """Acknowledges a change; returns false if another worker has taken it over."""
        asked = partial(requests.acknowledge, self.model, self.group, self._worker, change)
        if self.model.keys.count == 1:
            return (yield asked())  # type: ignore[no-any-return]
        return (yield from described_again(self.model, partial(at_once, lambda: [asked()])))[0]

    def _round(self) -> Rounds[list[Change] | None]:
        """Takes changes of all partitions; None if there may be more at once."""
        model, finished = self.model, self._finished
        taken = yield [
            requests.take(model, one, self._settings, finished.get(one.number, b"")) for one in model.keys.partitions
        ]
        found, held = self._given(taken), [one for one in taken if one.held]
        if found or not held:
            return found
        origins = {one.partition.number: (one.held, Origin.of(one.held)) for one in held}
        ends = yield [requests.is_finished(model, origin, self.group) for _, origin in origins.values() if origin]
        self._finished = {number: text for (number, (text, _)), end in zip(origins.items(), ends, strict=True) if end}
        return None if self._finished else found

    def _given(self, taken: list[requests.Taken]) -> list[Change] | None:
        """Returns the changes that were given; None if there may be more behind those of other workers."""
        for one in taken:
            if one.lost is not None:
                raise ChangesLost(self.model.name, self.model.feed.name, one.lost.decode())
        found = merged(one.changes for one in taken)
        return found or (None if any(one.has_looked_enough for one in taken) else [])


def delete_group(model: Any, group: str) -> Program[bool]:
    """Deletes a group; returns whether there was one.

    Raises:
        InvalidValue: it is no name.
    """
    name = _named(model, "group", group)
    deleted = partial(at_once, lambda: [requests.delete_group(model, one, name) for one in model.keys.partitions])
    return any((yield from described_again(model, deleted)))


def _named(model: Any, what: str, value: str) -> bytes:
    """Returns the name of a group or a worker as it is sent."""
    feed = f"{model.name}.{model.feed.name}"
    if not isinstance(value, str) or not value:
        msg = f"{feed}: {what}={shorten(value)} is not a name; pass a text that is not empty"
        raise InvalidValue(msg)
    return checks.as_bytes(f"{feed}: {what}={shorten(value)}", value)
