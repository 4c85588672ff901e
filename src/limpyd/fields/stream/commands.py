"""The commands of a Redis stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeVar

from limpyd.commands.descriptor import command
from limpyd.commands.faces import Face, Sync
from limpyd.commands.overloads import overloaded
from limpyd.fields import checks
from limpyd.fields.stream.claims import BoundClaims
from limpyd.fields.stream.entries import StreamEntry
from limpyd.fields.stream.groups import BoundGroups
from limpyd.fields.stream.ids import NEW, StreamId, stream_id
from limpyd.fields.stream.pending import BoundPending
from limpyd.fields.stream.reads import BoundReads
from limpyd.fields.stream.trimming import POLICIES, REF_POLICY, BoundTrimming, RefPolicy, trimming_args
from limpyd.keys import to_text
from limpyd.requests.decoders import to_bool
from limpyd.requests.request import Argument, Request
from limpyd.types import Encodable, SupportsItems

T = TypeVar("T")
V = TypeVar("V")
R = TypeVar("R")


class BoundStream(
    BoundReads[T, V, Face],
    BoundTrimming[T, V, Face],
    BoundGroups[T, V, Face],
    BoundPending[T, V, Face],
    BoundClaims[T, V, Face],
):
    """The commands of a Redis stream. On the sync face also `len()` and iteration, one request each."""

    __slots__ = ()

    @command("XADD")
    def xadd_nomkstream(
        self,
        fields: SupportsItems[Encodable, V],
        id: StreamId = "*",
        maxlen: int | None = None,
        *,
        approximate: bool = True,
        nomkstream: Literal[True] = True,
        minid: StreamId | None = None,
        limit: int | None = None,
        ref_policy: RefPolicy | None = None,
    ) -> Request[str | None]:
        """The same as `xadd` with `nomkstream` (XADD with NOMKSTREAM)."""
        options = trimming_args("XADD", maxlen, approximate, minid, limit)
        return self._add(
            (checks.on("XADD", "nomkstream", nomkstream),), options, ref_policy, id, fields, decode=_optional_text
        )

    @overloaded("XADD", ("nomkstream", xadd_nomkstream))
    def xadd(
        self,
        fields: SupportsItems[Encodable, V],
        id: StreamId = "*",
        maxlen: int | None = None,
        *,
        approximate: bool = True,
        nomkstream: Literal[False] = False,
        minid: StreamId | None = None,
        limit: int | None = None,
        ref_policy: RefPolicy | None = None,
    ) -> Request[str]:
        """Adds an entry; returns its id (XADD).

        Args:
            fields: names and values, at least one.
            id: its id, larger than all before; `"*"` for one made of the server's time, and
                `"1526919030474-*"` for the next one of that millisecond.
            maxlen: keep no more than so many entries, the newest.
            approximate: keep some more where that is quicker.
            nomkstream: only if there is a stream; else nothing, and None is returned.
            minid: keep no entries whose id is smaller; excludes `maxlen`.
            limit: take away so many at most; only if `approximate`.
            ref_policy: what becomes of entries taken away that are pending in groups: KEEPREF leaves them
                pending there, DELREF does not, ACKED keeps them.

        Raises:
            InvalidValue: a value does not fit the field's type, or arguments exclude each other.
            ServerError: the id is not larger than all before.
            ServerTooOld: `ref_policy`, on a server older than Redis 8.2.
            DoesNotExist: the object was deleted.
        """
        options = trimming_args("XADD", maxlen, approximate, minid, limit)
        return self._add((), options, ref_policy, id, fields, decode=to_text)

    @command("XSETID")
    def xsetid(
        self,
        last_id: StreamId,
        entries_added: int | None = None,
        max_deleted_id: StreamId | None = None,
    ) -> Request[bool]:
        """Sets the last id of the stream and its counters (XSETID); True.

        Args:
            last_id: the last id it gave, not smaller than that of its last entry.
            entries_added: how many entries it ever had.
            max_deleted_id: the largest id of a deleted one.

        Raises:
            ServerError: there is no stream, or it has more than that.
            DoesNotExist: the object was deleted.
        """
        args: list[Argument] = [stream_id("XSETID's last_id", last_id)]
        if entries_added is not None:
            args += ("ENTRIESADDED", checks.integer("XSETID's entries_added", entries_added, low=0))
        if max_deleted_id is not None:
            args += ("MAXDELETEDID", stream_id("XSETID's max_deleted_id", max_deleted_id))
        return self._write("XSETID", tuple(args), to_bool)

    # --- about the stream ---

    @command("XINFO STREAM")
    def xinfo_stream_full(self, count: int | None = None, *, full: Literal[True] = True) -> Request[dict[str, Any]]:
        """Returns the information of `xinfo_stream`, with groups, consumers and pending entries (XINFO STREAM FULL).

        Args:
            count: how many entries, and pending ones of each group and consumer; 10 by default, 0 for all.
            full: as `xinfo_stream(full=True)`.

        Raises:
            ServerError: there is no stream.
        """
        limit = () if count is None else ("COUNT", checks.integer("XINFO STREAM's count", count, low=0))
        return self._read("XINFO STREAM", (checks.on("XINFO STREAM", "full", full), *limit), self._facts)

    @overloaded("XINFO STREAM", ("full", xinfo_stream_full))
    def xinfo_stream(self, *, full: Literal[False] = False) -> Request[dict[str, Any]]:
        """Returns the server's information on the stream, under its own names (XINFO STREAM).

        Args:
            full: its groups, their consumers and what is pending, too, as `xinfo_stream_full`.

        Raises:
            ServerError: there is no stream.
        """
        return self._read("XINFO STREAM", (), self._facts)

    # --- as in Python ---

    def __bool__(self) -> bool:
        """Returns whether there is any entry (XLEN); a stream may exist without."""
        self._sync_only("await ….xlen()")
        return bool(self._asked(lambda: self._read("XLEN", ())))

    def __len__(self: BoundStream[T, V, Sync]) -> int:
        self._sync_only("await ….xlen()")
        hinted = self._hinted()
        return self.xlen() if hinted is None else hinted

    def __iter__(self: BoundStream[T, V, Sync]) -> Iterator[StreamEntry[T]]:
        self._sync_only("await ….xrange()")
        return self._iterate(self.xrange())

    def _add(
        self,
        condition: tuple[Argument, ...],
        trimming: list[Argument],
        ref_policy: RefPolicy | None,
        new_id: StreamId,
        fields: SupportsItems[Encodable, V],
        decode: Callable[[Any], R],
    ) -> Request[R]:
        entry = (stream_id("XADD's id", new_id, NEW), *self._pairs(fields))
        if ref_policy is None:
            return self._write("XADD", (*condition, *trimming, *entry), decode)
        policy = checks.one_of("XADD's ref_policy", ref_policy, POLICIES)
        return self._write("XADD", (*condition, policy, *trimming, *entry), decode, needs=REF_POLICY)


def _optional_text(reply: bytes | None) -> str | None:
    return None if reply is None else to_text(reply)
