"""StreamField: a Redis stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Literal, Never, Self, TypeVar, overload

from limpyd.commands.descriptor import command
from limpyd.commands.faces import Async, Face, Faced, Sync
from limpyd.commands.overloads import overloaded
from limpyd.exceptions import DeclarationError, InvalidValue
from limpyd.fields import checks
from limpyd.fields.declaration.value import Place, ValueField
from limpyd.fields.stream.entries import BOUND, NEW, SEEN, StreamEntry, StreamId, count_args, numbers, stream_id
from limpyd.fields.stream.groups import POLICIES, BoundGroups, RefPolicy
from limpyd.keys import to_text
from limpyd.requests.request import Argument, Request, to_bool
from limpyd.scripts.object_requests import NewObject
from limpyd.server import Needs
from limpyd.types import Encodable, SupportsItems, Untyped

T = TypeVar("T")
V = TypeVar("V")
R = TypeVar("R")

REF_POLICY = Needs(redis=(8, 2), valkey=None)
LAST_ENTRY = Needs(redis=(7, 4), valkey=(8, 0))
"""The servers that know the id `+`. Others are checked before they are sent."""


class BoundStream(BoundGroups[T, V, Face]):
    """The commands of a Redis stream. On the sync face also `len()` and iteration, one request each."""

    __slots__ = ()

    # --- entries ---

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
        options = _trimming("XADD", maxlen, approximate, minid, limit)
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
        options = _trimming("XADD", maxlen, approximate, minid, limit)
        return self._add((), options, ref_policy, id, fields, decode=to_text)

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
        """The entries from one id back to another, newest first (XREVRANGE); else as `xrange`."""
        high, low = stream_id("XREVRANGE's max", max, BOUND), stream_id("XREVRANGE's min", min, BOUND)
        return self._read("XREVRANGE", (high, low, *count_args("XREVRANGE", count)), self._entries)

    @command("XREAD")
    def xread(
        self,
        id: StreamId,
        count: int | None = None,
        block: int | timedelta | None = None,
    ) -> Request[list[StreamEntry[T]]]:
        """The entries after one that was seen, oldest first (XREAD).

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

    @command("XDEL")
    def xdel(self, *ids: StreamId) -> Request[int]:
        """Deletes entries (XDEL); returns how many there were. They stay pending in the groups that got them.

        Raises:
            DoesNotExist: the object was deleted.
        """
        return self._write_many("XDEL", (), self._ids("XDEL", ids), combine=sum)

    @command("XDELEX")
    def xdelex(self, *ids: StreamId, ref_policy: RefPolicy = "KEEPREF") -> Request[list[int]]:
        """Deletes entries (XDELEX).

        Returns for each id 1 if the entry was deleted, -1 if there is none, 2 if it was kept, as
        `ref_policy` says.

        Args:
            ids: those of the entries.
            ref_policy: what becomes of entries that groups refer to: KEEPREF deletes them and leaves them
                pending there, DELREF deletes them there too, ACKED keeps those that a group has not
                read and acknowledged.

        Raises:
            ServerTooOld: the server is older than Redis 8.2.
            DoesNotExist: the object was deleted.
        """
        policy = checks.one_of("XDELEX's ref_policy", ref_policy, POLICIES)
        return self._write_many("XDELEX", (policy,), self._ids("XDELEX", ids), counted="IDS", combine=numbers)

    @command("XTRIM")
    def xtrim(
        self,
        maxlen: int | None = None,
        *,
        approximate: bool = True,
        minid: StreamId | None = None,
        limit: int | None = None,
        ref_policy: RefPolicy | None = None,
    ) -> Request[int]:
        """Takes the oldest entries away (XTRIM); returns how many. One of `maxlen` and `minid` is needed.

        Args:
            maxlen: keep no more than so many entries.
            approximate: keep some more where that is quicker.
            minid: keep no entries whose id is smaller.
            limit: take away so many at most; only if `approximate`.
            ref_policy: as for `xadd`.

        Raises:
            ServerTooOld: `ref_policy`, on a server older than Redis 8.2.
            DoesNotExist: the object was deleted.
        """
        args = _trimming("XTRIM", maxlen, approximate, minid, limit)
        if not args:
            msg = f"XTRIM on {self._field} needs maxlen or minid: how many entries stay, or from which id on"
            raise InvalidValue(msg)
        if ref_policy is None:
            return self._write("XTRIM", tuple(args), int)
        policy = checks.one_of("XTRIM's ref_policy", ref_policy, POLICIES)
        return self._write("XTRIM", (*args, policy), int, needs=REF_POLICY)

    @command("XSETID")
    def xsetid(
        self,
        last_id: StreamId,
        entries_added: int | None = None,
        max_deleted_id: StreamId | None = None,
    ) -> Request[bool]:
        """Sets what the stream remembers of its past, after which ids go on (XSETID); True.

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
        return bool(self._run(self._read("XLEN", ())))

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


class StreamField(ValueField[T]):
    """Entries of names and values in a Redis stream.

    Args:
        type: the Python type of the values. Without it what redis-py takes is taken, and text returned.
        lockable: accepted for limpyd 2's sake; see ValueField.
    """

    redis_type = "stream"
    takes = frozenset({"lockable", "type"})
    stored_as = b"stream"

    @overload
    def __init__(self: StreamField[Untyped], *, lockable: bool = True) -> None: ...
    @overload
    def __init__(self, type: type[T], *, lockable: bool = True) -> None: ...
    def __init__(self, type: Any = Untyped, **options: Any) -> None:
        if not options.keys().isdisjoint({"indexable", "indexes", "unique"}):
            msg = (
                "a StreamField cannot be indexable or unique: a stream is a log to be read in its order, and no index "
                "is kept of its entries. Keep what objects are to be found by in a field of its own"
            )
            raise DeclarationError(msg)
        super().__init__(type, **options)

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(
        self: StreamField[Untyped], instance: Faced[Sync], owner: Any = None
    ) -> BoundStream[str, Encodable, Sync]: ...
    @overload
    def __get__(
        self: StreamField[Untyped], instance: Faced[Async], owner: Any = None
    ) -> BoundStream[str, Encodable, Async]: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundStream[T, T, Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundStream[T, T, Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundStream(self, instance)

    def add_to(self, new: NewObject, place: Place, value: Any) -> Never:
        msg = f"{self} is a stream, which a new object begins without; create the object, then add entries with xadd"
        raise InvalidValue(msg)


def _trimming(
    name: str, maxlen: int | None, approximate: bool, minid: StreamId | None, limit: int | None
) -> list[Argument]:
    """Returns the arguments that say which entries a command removes."""
    checks.at_most_one(name, maxlen=maxlen, minid=minid)
    args: list[Argument] = []
    about: list[Argument] = ["~"] if checks.flag(f"{name}'s approximate", approximate) else []
    if maxlen is not None:
        args += ("MAXLEN", *about, checks.integer(f"{name}'s maxlen", maxlen, low=0))
    if minid is not None:
        args += ("MINID", *about, stream_id(f"{name}'s minid", minid))
    if limit is not None:
        if not args or not approximate:
            msg = f"{name}'s limit is of an approximate trimming: give maxlen or minid with it, and approximate=True"
            raise InvalidValue(msg)
        args += ("LIMIT", checks.integer(f"{name}'s limit", limit, low=0))
    return args


def _optional_text(reply: bytes | None) -> str | None:
    return None if reply is None else to_text(reply)
