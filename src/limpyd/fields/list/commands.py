"""The commands of a Redis list."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Literal, TypeVar, overload

from limpyd.commands.calls import Direct
from limpyd.commands.descriptor import command, operation
from limpyd.commands.faces import Async, Face, Sync
from limpyd.commands.iteration import awaited
from limpyd.commands.overloads import overloaded
from limpyd.exceptions import InvalidValue
from limpyd.fields import checks
from limpyd.fields.bound.sort import SortDestination
from limpyd.fields.bound.value import last
from limpyd.fields.list.moves import BoundListMoves
from limpyd.fields.list.pops import BoundListPops
from limpyd.requests.decoders import to_bool
from limpyd.requests.request import Argument, Request, resolved

T = TypeVar("T")
V = TypeVar("V")


class BoundList(BoundListPops[T, V, Face], BoundListMoves[T, V, Face], SortDestination[T]):
    """The commands of a Redis list. On the sync face also `len()`, `in`, iteration and `[…]`, one request each."""

    __slots__ = ()
    proxy_getter, proxy_setter = "lmembers", "rpush"

    # --- adding ---

    @command("LPUSH", Direct.WITH_VALUE)
    def lpush(self, *values: V) -> Request[int]:
        """Adds members before the first, one after the other (LPUSH); returns the new length.

        Raises:
            InvalidValue: there is none, or one does not fit the field's type.
            UniquenessError: another object has one of them; nothing is changed.
            DoesNotExist: the object was deleted.
        """
        return self._write_some("LPUSH", self._some("LPUSH", values, self._field.encode_new), int, last)

    @command("RPUSH", Direct.WITH_VALUE)
    def rpush(self, *values: V) -> Request[int]:
        """Adds members after the last (RPUSH); returns the new length. Raises as `lpush`."""
        return self._write_some("RPUSH", self._some("RPUSH", values, self._field.encode_new), int, last)

    @command("LPUSHX")
    def lpushx(self, *values: V) -> Request[int]:
        """As `lpush`, if the list has any member (LPUSHX); returns the new length."""
        return self._write_some("LPUSHX", self._some("LPUSHX", values, self._field.encode_new), int, last)

    @command("RPUSHX")
    def rpushx(self, *values: V) -> Request[int]:
        """As `rpush`, if the list has any member (RPUSHX); returns the new length."""
        return self._write_some("RPUSHX", self._some("RPUSHX", values, self._field.encode_new), int, last)

    @command("LINSERT")
    def linsert(self, where: Literal["BEFORE", "AFTER"], refvalue: V, value: V) -> Request[int]:
        """Inserts a member before or after the first one that equals another (LINSERT); returns the new length.

        -1 if there is no such member, 0 if the list is empty. Raises as `lpush`.

        Args:
            where: on which side of it.
            refvalue: the member beside which it is put.
            value: the new member.
        """
        side = checks.one_of("LINSERT's where", where, ("BEFORE", "AFTER"))
        args = side, self._field.encode(refvalue), self._field.encode_new(value)
        return self._write("LINSERT", args, int, first=3)

    @command("LSET")
    def lset(self, index: int, value: V) -> Request[bool]:
        """Replaces the member at a position (LSET); True. Negative positions count from the end.

        Raises:
            ServerError: there is no such position.
            UniquenessError: another object has the value; nothing is changed.
            DoesNotExist: the object was deleted.
        """
        return self._write("LSET", (checks.integer("LSET's index", index), self._field.encode_new(value)), to_bool)

    # --- removing ---

    @command("LREM")
    def lrem(self, count: int, value: V) -> Request[int]:
        """Removes members that equal a value (LREM); returns how many.

        Args:
            count: how many at the most, from the first on; if negative, from the last on; 0 for all.
            value: the value.

        Raises:
            DoesNotExist: the object was deleted.
        """
        args = (checks.integer("LREM's count", count), self._field.encode(value))
        return self._write("LREM", args, int, first=2)

    @command("LTRIM")
    def ltrim(self, start: int, end: int) -> Request[bool]:
        """Keeps only the members from one position to another, both included (LTRIM); True.

        Raises:
            DoesNotExist: the object was deleted.
        """
        return self._write("LTRIM", tuple(self._positions("LTRIM", start, end)), to_bool)

    # --- reading ---

    @command("LLEN", Direct.WITHOUT_ARGUMENTS)
    def llen(self) -> Request[int]:
        """Returns the number of members (LLEN)."""
        return self._read("LLEN", (), int)

    @command("LRANGE")
    def lmembers(self) -> Request[list[T]]:
        """All members in their order (LRANGE): limpyd 2's name for `lrange(0, -1)`."""
        return self._read("LRANGE", (0, -1), self._values)

    @command("LINDEX")
    def lindex(self, index: int) -> Request[T | None]:
        """The member at a position, or None (LINDEX). Negative positions count from the end."""
        return self._read("LINDEX", (checks.integer("LINDEX's index", index),), self._value)

    @command("LRANGE")
    def lrange(self, start: int, end: int) -> Request[list[T]]:
        """The members from one position to another, both included (LRANGE).

        Raises:
            StoredValueError: a stored member does not fit the field's type.
        """
        return self._read("LRANGE", tuple(self._positions("LRANGE", start, end)), self._values)

    @command("LPOS")
    def lpos_many(
        self, value: V, rank: int | None = None, count: int = 0, maxlen: int | None = None
    ) -> Request[list[int]]:
        """The same as `lpos` with `count`; by default 0, for all positions (LPOS with a count)."""
        args = (*self._pos_args(value, rank, maxlen), "COUNT", checks.integer("LPOS's count", count, low=0))
        return self._read("LPOS", args)

    @overloaded("LPOS", ("count", lpos_many))
    def lpos(
        self, value: V, rank: int | None = None, count: None = None, maxlen: int | None = None
    ) -> Request[int | None]:
        """The position of a value, or None (LPOS).

        Args:
            value: the value.
            rank: the position of its 2nd, 3rd…; if negative, of the last, the one before…
            count: return a list of up to so many positions; 0 for all.
            maxlen: compare so many members at the most; 0 for all.
        """
        return self._read("LPOS", tuple(self._pos_args(value, rank, maxlen)))

    @operation
    def lcontains(self, value: V) -> Request[bool]:
        """Returns whether a value is among the members (LPOS)."""
        return self._read("LPOS", (self._field.encode(value),), lambda position: position is not None)

    @operation
    def lrank(self, value: V) -> Request[int | None]:
        """The position of the first member that equals a value, or None (LPOS)."""
        return self._read("LPOS", (self._field.encode(value),))

    @operation
    def lcount(self, value: V) -> Request[int]:
        """Returns how many members equal a value (LPOS with a count)."""
        return self._read("LPOS", (self._field.encode(value), "COUNT", 0), len)

    # --- as in Python ---

    def __len__(self: BoundList[T, V, Sync]) -> int:
        self._sync_only("await ….llen()")
        hinted = self._hinted()
        return self.llen() if hinted is None else hinted

    def __contains__(self: BoundList[T, V, Sync], value: V) -> bool:
        self._sync_only("await ….lcontains(value)")
        return self.lcontains(value)

    def __aiter__(self: BoundList[T, V, Async]) -> AsyncIterator[T]:
        self._async_only()
        return awaited(self.lrange(0, -1))

    def __iter__(self: BoundList[T, V, Sync]) -> Iterator[T]:
        self._sync_only("await ….lrange(0, -1)")
        return self._iterate(self.lrange(0, -1))

    def __reversed__(self: BoundList[T, V, Sync]) -> Iterator[T]:
        self._sync_only("await ….lrange(0, -1)")
        return reversed(self.lrange(0, -1))

    @overload
    def __getitem__(self: BoundList[T, V, Sync], index: int) -> T: ...
    @overload
    def __getitem__(self: BoundList[T, V, Sync], index: slice) -> list[T]: ...
    def __getitem__(self: BoundList[T, V, Sync], index: int | slice) -> T | list[T]:
        """The member at a position (LINDEX), or those of a slice (LRANGE).

        Raises:
            IndexError: there is no such position.
        """
        self._sync_only("await ….lindex(…) or ….lrange(…)")
        if isinstance(index, slice):
            members: list[T] = self._asked(lambda: self._sliced(index))
            return members
        position = checks.integer("a position", index)
        stored = self._asked(lambda: self._read("LINDEX", (position,)))
        if stored is None:
            msg = f"{self!r} has no position {index}"
            raise IndexError(msg)
        member: T = self._value(stored)
        return member

    def _sliced(self, index: slice) -> Request[list[T]]:
        if index.step not in {None, 1}:
            msg = f"a slice of {self._field} cannot have a step; got {index.step}"
            raise InvalidValue(msg)
        if index.stop == 0:
            return resolved([])
        start = 0 if index.start is None else checks.integer("a slice's start", index.start)
        end = -1 if index.stop is None else checks.integer("a slice's stop", index.stop) - 1
        return self._read("LRANGE", (start, end), self._values)

    # --- arguments ---

    def _positions(self, name: str, start: int, end: int) -> tuple[int, int]:
        return checks.integer(f"{name}'s start", start), checks.integer(f"{name}'s end", end)

    def _pos_args(self, value: V, rank: int | None, maxlen: int | None) -> list[Argument]:
        args: list[Argument] = [self._field.encode(value)]
        if rank is not None:
            if rank == 0:
                msg = "LPOS's rank counts from 1, or from -1 for the last; it cannot be 0"
                raise InvalidValue(msg)
            args += ("RANK", checks.integer("LPOS's rank", rank, low=-checks.LARGEST))
        if maxlen is not None:
            args += ("MAXLEN", checks.integer("LPOS's maxlen", maxlen, low=0))
        return args
