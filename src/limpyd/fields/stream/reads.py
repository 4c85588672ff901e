"""The commands that read entries of a stream."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeVar

from limpyd.commands.descriptor import command
from limpyd.commands.faces import Face
from limpyd.fields import checks
from limpyd.fields.stream.entries import BoundEntries, StreamEntry
from limpyd.fields.stream.ids import BOUND, SEEN, StreamId, count_args, stream_id
from limpyd.requests.request import Request
from limpyd.server import Needs

T = TypeVar("T")
V = TypeVar("V")

LAST_ENTRY = Needs(redis=(7, 4), valkey=(8, 0))
"""The servers that know the id `+`. Others are checked before they are sent."""


class BoundReads(BoundEntries[T, V, Face]):
    """The commands that read entries without a consumer group."""

    __slots__ = ()

    @command("XLEN")
    def xlen(self) -> Request[int]:
        """Returns the number of entries (XLEN)."""
        return self._read("XLEN", (), int)

    @command("XRANGE")
    def xrange(
        self,
        min: StreamId = "-",
        max: StreamId = "+",
        count: int | None = None,
    ) -> Request[list[StreamEntry[T]]]:
        """The entries from one id to another, oldest first (XRANGE).

        Args:
            min: the smallest id, `"-"` for the first of all; after `"("`, the next one.
            max: the largest id, `"+"` for the last of all; after `"("`, the one before.
            count: how many at most.

        Raises:
            StoredValueError: a stored value does not fit the field's type.
        """
        low, high = stream_id("XRANGE's min", min, BOUND), stream_id("XRANGE's max", max, BOUND)
        return self._read("XRANGE", (low, high, *count_args("XRANGE", count)), self._entries)

    @command("XREVRANGE")
    def xrevrange(
        self,
        max: StreamId = "+",
        min: StreamId = "-",
        count: int | None = None,
    ) -> Request[list[StreamEntry[T]]]:
        """The entries from one id back to another, newest first (XREVRANGE); otherwise like `xrange`."""
        high, low = stream_id("XREVRANGE's max", max, BOUND), stream_id("XREVRANGE's min", min, BOUND)
        return self._read("XREVRANGE", (high, low, *count_args("XREVRANGE", count)), self._entries)

    @command("XREAD")
    def xread(
        self,
        id: StreamId,
        count: int | None = None,
        block: int | timedelta | None = None,
    ) -> Request[list[StreamEntry[T]]]:
        """The entries after an id, oldest first (XREAD).

        Args:
            id: the last one seen; 0 for all, `"$"` with `block` for those that are yet to come, `"+"` for
                the last one there is (of Redis 7.4 or Valkey 8.0).
            count: how many at most.
            block: wait for so many milliseconds if there is none; 0 for as long as it takes.

        Raises:
            StoredValueError: a stored value does not fit the field's type.
            InvalidPrimaryKey: with `block`, the instance was never stored.
        """
        args = count_args("XREAD", count)
        seen = stream_id("XREAD's id", id, SEEN)
        if block is None:
            request = ("XREAD", *args, "STREAMS", self._key(), seen)
            return self._existing(
                Request(request, self._entries_read, readonly=True, subject=self._field, needs=LAST_ENTRY)
            )
        wait = checks.milliseconds("XREAD's block", block, low=0)
        request = ("XREAD", *args, "BLOCK", wait, "STREAMS", self._key(), seen)
        return self._blocking(request, self._entries_read, wait / 1000, readonly=True, needs=LAST_ENTRY)
