"""The commands with which a consumer claims pending entries of others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from limpyd.commands.descriptor import command
from limpyd.commands.faces import Face
from limpyd.commands.overloads import overloaded
from limpyd.fields import checks
from limpyd.fields.stream.entries import BoundEntries, StreamEntry, texts
from limpyd.fields.stream.ids import BOUND, StreamId, consumer_args, count_args, stream_id
from limpyd.keys import to_text
from limpyd.requests.request import Argument, Request

T = TypeVar("T")
V = TypeVar("V")


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


class BoundClaims(BoundEntries[T, V, Face]):
    """The commands that claim entries which were delivered to another consumer.

    They raise ServerError where there is no such group.
    """

    __slots__ = ()

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
        """Transfers pending entries of other consumers to this one; returns them (XCLAIM).

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
        """Transfers entries that have been pending for long to this consumer (XAUTOCLAIM).

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
