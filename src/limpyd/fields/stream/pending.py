"""The pending entries of the consumer groups of a stream, and claiming them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from limpyd.commands.descriptor import command
from limpyd.commands.faces import Face
from limpyd.commands.overloads import overloaded
from limpyd.fields import checks
from limpyd.fields.stream.entries import (
    BOUND,
    BoundEntries,
    StreamEntry,
    StreamId,
    consumer_args,
    count_args,
    group_arg,
    stream_id,
    texts,
)
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


class Claimed(NamedTuple, Generic[T]):
    """The result of XAUTOCLAIM.

    Attributes:
        next_id: where to go on; `"0-0"` at the end.
        entries: those that were claimed.
        deleted: ids of entries that are pending no more, since the stream has them no more.
    """

    next_id: str
    entries: list[StreamEntry[T]]
    deleted: list[str]


class ClaimedIds(NamedTuple):
    """The result of XAUTOCLAIM with JUSTID.

    Attributes:
        next_id: where to go on; `"0-0"` at the end.
        ids: those of the entries that were claimed.
        deleted: ids of entries that are pending no more, since the stream has them no more.
    """

    next_id: str
    ids: list[str]
    deleted: list[str]


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

    @command("XCLAIM")
    def xclaim_justid(
        self,
        groupname: str | bytes,
        consumername: str | bytes,
        min_idle_time: int | timedelta,
        message_ids: Sequence[StreamId],
        idle: int | timedelta | None = None,
        time: int | datetime | None = None,
        retrycount: int | None = None,
        *,
        force: bool = False,
        justid: Literal[True] = True,
    ) -> Request[list[str]]:
        """The same as `xclaim` with `justid` (XCLAIM with JUSTID)."""
        args = _claimer("XCLAIM", groupname, consumername, min_idle_time)
        options = (*_claim_options(idle, time, retrycount, force), checks.on("XCLAIM", "justid", justid))
        return self._write_many("XCLAIM", args, self._ids("XCLAIM", message_ids), tail=options, combine=texts)

    @overloaded("XCLAIM", ("justid", xclaim_justid))
    def xclaim(
        self,
        groupname: str | bytes,
        consumername: str | bytes,
        min_idle_time: int | timedelta,
        message_ids: Sequence[StreamId],
        idle: int | timedelta | None = None,
        time: int | datetime | None = None,
        retrycount: int | None = None,
        *,
        force: bool = False,
        justid: Literal[False] = False,
    ) -> Request[list[StreamEntry[T]]]:
        """Makes entries that are pending with other consumers pending with this one; returns them (XCLAIM).

        Those that the stream has no more are left out, and are pending no more.

        Args:
            groupname: the group.
            consumername: who claims them.
            min_idle_time: only those that were delivered at least so many milliseconds ago.
            message_ids: the ids of the entries.
            idle: so many milliseconds ago is when they count as delivered, instead of now.
            time: the moment when they count as delivered, in milliseconds since 1970 or a datetime.
            retrycount: how often they count as delivered, instead of once more.
            force: also those that are not pending.
            justid: return ids only; this counts as no delivery.

        Raises:
            DoesNotExist: the object was deleted.
        """
        args = _claimer("XCLAIM", groupname, consumername, min_idle_time)
        options = _claim_options(idle, time, retrycount, force)
        return self._write_many(
            "XCLAIM", args, self._ids("XCLAIM", message_ids), tail=options, combine=self._all_entries
        )

    @command("XAUTOCLAIM")
    def xautoclaim_justid(
        self,
        groupname: str | bytes,
        consumername: str | bytes,
        min_idle_time: int | timedelta,
        start_id: StreamId = "0-0",
        count: int | None = None,
        *,
        justid: Literal[True] = True,
    ) -> Request[ClaimedIds]:
        """The same as `xautoclaim` with `justid` (XAUTOCLAIM with JUSTID)."""

        def decode(reply: Any) -> ClaimedIds:
            next_id, ids, deleted = reply
            return ClaimedIds(to_text(next_id), texts([ids]), texts([deleted]))

        args = _claim_from(groupname, consumername, min_idle_time, start_id, count)
        return self._write("XAUTOCLAIM", (*args, checks.on("XAUTOCLAIM", "justid", justid)), decode)

    @overloaded("XAUTOCLAIM", ("justid", xautoclaim_justid))
    def xautoclaim(
        self,
        groupname: str | bytes,
        consumername: str | bytes,
        min_idle_time: int | timedelta,
        start_id: StreamId = "0-0",
        count: int | None = None,
        *,
        justid: Literal[False] = False,
    ) -> Request[Claimed[T]]:
        """Makes entries pending with this consumer that were delivered to another one long ago (XAUTOCLAIM).

        Args:
            groupname: the group.
            consumername: who claims them.
            min_idle_time: those that were delivered at least so many milliseconds ago.
            start_id: begin there; to go on, give the `next_id` of the result.
            count: how many at most; 100 by default.
            justid: give ids only; this counts as no delivery.

        Raises:
            DoesNotExist: the object was deleted.
        """

        def decode(reply: Any) -> Claimed[T]:
            next_id, entries, deleted = reply
            return Claimed(to_text(next_id), self._entries(entries), texts([deleted]))

        return self._write(
            "XAUTOCLAIM", tuple(_claim_from(groupname, consumername, min_idle_time, start_id, count)), decode
        )

    def _all_entries(self, replies: list[Any]) -> list[StreamEntry[T]]:
        return [entry for reply in replies for entry in self._entries(reply)]


# --- arguments ---


def _claimer(
    name: str, groupname: str | bytes, consumername: str | bytes, min_idle_time: int | timedelta
) -> tuple[Argument, ...]:
    least = checks.milliseconds(f"{name}'s min_idle_time", min_idle_time, low=0)
    return *consumer_args(name, groupname, consumername), least


def _claim_from(
    groupname: str | bytes,
    consumername: str | bytes,
    min_idle_time: int | timedelta,
    start_id: StreamId,
    count: int | None,
) -> tuple[Argument, ...]:
    start = stream_id("XAUTOCLAIM's start_id", start_id, BOUND)
    return *_claimer("XAUTOCLAIM", groupname, consumername, min_idle_time), start, *count_args("XAUTOCLAIM", count)


def _claim_options(
    idle: int | timedelta | None, time: int | datetime | None, retrycount: int | None, force: bool
) -> tuple[Argument, ...]:
    checks.at_most_one("XCLAIM", idle=idle, time=time)
    args: list[Argument] = []
    if idle is not None:
        args += ("IDLE", checks.milliseconds("XCLAIM's idle", idle, low=0))
    if time is not None:
        args += ("TIME", checks.timestamp_ms("XCLAIM's time", time, low=0))
    if retrycount is not None:
        args += ("RETRYCOUNT", checks.integer("XCLAIM's retrycount", retrycount, low=0))
    if force:
        args.append("FORCE")
    return tuple(args)


# --- replies ---


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
