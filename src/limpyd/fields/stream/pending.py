"""The pending entries of the consumer groups of a stream."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple, TypeVar

from limpyd.commands.descriptor import command
from limpyd.commands.faces import Face
from limpyd.fields import checks
from limpyd.fields.stream.entries import BoundEntries
from limpyd.fields.stream.ids import BOUND, StreamId, group_arg, stream_id
from limpyd.keys import to_text
from limpyd.requests.request import Argument, Request

T = TypeVar("T")
V = TypeVar("V")


class PendingSummary(NamedTuple):
    """A summary of the pending entries of a group: delivered, and not acknowledged.

    Attributes:
        pending: how many entries.
        min: the smallest id of them, or None.
        max: the largest one, or None.
        consumers: how many of them each consumer has; those without any are left out.
    """

    pending: int
    min: str | None
    max: str | None
    consumers: dict[str, int]


class PendingEntry(NamedTuple):
    """An entry that was delivered, and not acknowledged.

    Attributes:
        message_id: its id.
        consumer: whom it was delivered to.
        time_since_delivered: milliseconds since it was delivered last.
        times_delivered: how often it was delivered.
    """

    message_id: str
    consumer: str
    time_since_delivered: int
    times_delivered: int


class BoundPending(BoundEntries[T, V, Face]):
    """The commands about entries that were delivered, and not acknowledged.

    They raise ServerError where there is no such group.
    """

    __slots__ = ()

    @command("XPENDING")
    def xpending(self, groupname: str | bytes) -> Request[PendingSummary]:
        """Returns a summary of the pending entries of a group (XPENDING)."""
        return self._read("XPENDING", (group_arg("XPENDING", groupname),), _summary)

    @command("XPENDING")
    def xpending_range(
        self,
        groupname: str | bytes,
        min: StreamId,
        max: StreamId,
        count: int,
        consumername: str | bytes | None = None,
        idle: int | timedelta | None = None,
    ) -> Request[list[PendingEntry]]:
        """The pending entries of a group from one id to another (XPENDING with a range).

        Args:
            groupname: the group.
            min: the smallest id, `"-"` for the first of all; after `"("`, the next one.
            max: the largest id, `"+"` for the last of all; after `"("`, the one before.
            count: how many at most.
            consumername: only those of this consumer.
            idle: only those that were delivered at least so many milliseconds ago.
        """
        args: list[Argument] = [group_arg("XPENDING", groupname)]
        if idle is not None:
            args += ("IDLE", checks.milliseconds("XPENDING's idle", idle, low=0))
        args += (stream_id("XPENDING's min", min, BOUND), stream_id("XPENDING's max", max, BOUND))
        args.append(checks.integer("XPENDING's count", count, low=0))
        if consumername is not None:
            args.append(checks.as_bytes("XPENDING's consumername", consumername))
        return self._read("XPENDING", tuple(args), lambda reply: [_pending(each) for each in reply])


def _summary(reply: Any) -> PendingSummary:
    pending, low, high, consumers = reply
    return PendingSummary(
        pending,
        None if low is None else to_text(low),
        None if high is None else to_text(high),
        {to_text(name): int(count) for name, count in consumers or ()},
    )


def _pending(reply: Any) -> PendingEntry:
    entry_id, consumer, since, times = reply
    return PendingEntry(to_text(entry_id), to_text(consumer), since, times)
