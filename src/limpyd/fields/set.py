"""SetField: a Redis set."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Never, Self, TypeVar, Unpack, overload

from limpyd.commands.calls import Direct
from limpyd.commands.descriptor import command, walk
from limpyd.commands.faces import Async, Face, Faced, Sync
from limpyd.commands.iteration import awaited
from limpyd.commands.overloads import overloaded
from limpyd.fields import checks
from limpyd.fields.bound.arguments import scan_args, scanned, unpacked
from limpyd.fields.bound.multi_key import BoundMultiKey
from limpyd.fields.bound.sort import BoundSort
from limpyd.fields.declaration.members import MembersField
from limpyd.fields.declaration.options import MemberConstraints
from limpyd.fields.declaration.value import FieldPlace
from limpyd.indexes.base import Declared
from limpyd.requests.decoders import to_bool
from limpyd.requests.request import Argument, Request, Walk
from limpyd.scripts.object_requests import NewObject
from limpyd.types import Encodable, Untyped

T = TypeVar("T")
V = TypeVar("V")


class BoundSet(BoundSort[T, V, Face]):
    """The commands of a Redis set. On the sync face also `len()`, `in` and iteration, one request each."""

    __slots__ = ()
    proxy_getter, proxy_setter = "smembers", "sadd"

    # --- members ---

    @command("SADD", Direct.WITH_VALUE)
    def sadd(self, *values: V) -> Request[int]:
        """Adds members (SADD); returns how many are new.

        Raises:
            InvalidValue: there is none, or one does not fit the field's type.
            UniquenessError: another object has one of them; nothing is changed.
            DoesNotExist: the object was deleted.
        """
        return self._write_some("SADD", self._some("SADD", values, self._field.encode_new), int)

    @command("SREM", Direct.WITH_VALUE)
    def srem(self, *values: V) -> Request[int]:
        """Removes members (SREM); returns how many there were.

        Raises:
            InvalidValue: there is none, or one does not fit the field's type.
            DoesNotExist: the object was deleted.
        """
        return self._write_some("SREM", self._some("SREM", values), int)

    @command("SPOP")
    def spop_many(self, count: int) -> Request[set[T]]:
        """The same as `spop` with `count` (SPOP with a count)."""
        return self._write("SPOP", (checks.integer("SPOP's count", count, low=0),), self._set)

    @overloaded("SPOP", ("count", spop_many))
    def spop(self, count: None = None) -> Request[T | None]:
        """Removes a random member and returns it, or None (SPOP).

        Args:
            count: remove up to so many, and return them as a set.

        Raises:
            DoesNotExist: the object was deleted.
        """
        return self._write("SPOP", (), self._value)

    @command("SMEMBERS", Direct.WITHOUT_ARGUMENTS)
    def smembers(self) -> Request[set[T]]:
        """All members (SMEMBERS).

        Raises:
            StoredValueError: a stored member does not fit the field's type.
        """
        return self._read("SMEMBERS", (), self._set)

    @command("SCARD", Direct.WITHOUT_ARGUMENTS)
    def scard(self) -> Request[int]:
        """Returns the number of members (SCARD)."""
        return self._read("SCARD", (), int)

    @command("SISMEMBER")
    def sismember(self, value: V) -> Request[bool]:
        """Returns whether a value is a member (SISMEMBER)."""
        return self._read("SISMEMBER", (self._field.encode(value),), to_bool)

    @command("SMISMEMBER")
    def smismember(self, *values: V | list[T] | list[V]) -> Request[list[bool]]:
        """Returns for each of some values whether it is a member, in their order (SMISMEMBER). It takes a list, too."""
        members = self._some("SMISMEMBER", unpacked(values))
        return self._read("SMISMEMBER", tuple(members), lambda reply: [*map(bool, reply)])

    @command("SRANDMEMBER")
    def srandmember_many(self, number: int) -> Request[list[T]]:
        """The same as `srandmember` with `number` (SRANDMEMBER with a count)."""
        return self._read("SRANDMEMBER", (checks.count("SRANDMEMBER's number", number),), self._values)

    @overloaded("SRANDMEMBER", ("number", srandmember_many))
    def srandmember(self, number: None = None) -> Request[T | None]:
        """A random member, or None (SRANDMEMBER).

        Args:
            number: return a list of up to so many members; if negative, of so many, some perhaps repeated.
        """
        return self._read("SRANDMEMBER", (), self._value)

    @walk("SSCAN")
    def sscan(self, match: str | bytes | None = None, count: int | None = None) -> Walk[T]:
        """Yields the members in chunks (SSCAN), a request each, without blocking the server; some perhaps twice.

        If another server process takes over meanwhile, the walk begins again, so that it misses nothing.

        Args:
            match: a glob pattern that the stored members must match.
            count: about how many a chunk looks at.
        """
        args = scan_args("SSCAN", match, count)
        return lambda cursor: self._read("SSCAN", (cursor, *args), scanned(self._values))

    # --- with other sets ---

    @command("SMOVE")
    def smove(self, destination: BoundSet[T, Any, Any], value: V) -> Request[bool]:
        """Moves a member to another set (SMOVE); True if it was one.

        Raises:
            UniquenessError: a third object has it; nothing is changed.
            DoesNotExist: one of the objects was deleted.
        """
        (target,) = self._checked_fields("SMOVE", (destination,), b"set")
        args = (target._key(), self._field.encode(value))
        return self._write_multi_key(
            "SMOVE", *args, decode=to_bool, changes=target, scopes=(b"members", b"members"), first=2
        )

    @command("SINTER")
    def sinter(self, *others: BoundSet[T, Any, Any] | Sequence[BoundSet[T, Any, Any]]) -> Request[set[T]]:
        """The members that this set and all others have in common (SINTER)."""
        return self._combined("SINTER", others)

    @command("SUNION")
    def sunion(self, *others: BoundSet[T, Any, Any] | Sequence[BoundSet[T, Any, Any]]) -> Request[set[T]]:
        """The members that this set or any of the others has (SUNION)."""
        return self._combined("SUNION", others)

    @command("SDIFF")
    def sdiff(self, *others: BoundSet[T, Any, Any] | Sequence[BoundSet[T, Any, Any]]) -> Request[set[T]]:
        """The members that this set has and none of the others (SDIFF)."""
        return self._combined("SDIFF", others)

    @command("SINTERCARD")
    def sintercard(
        self, *others: BoundSet[T, Any, Any] | Sequence[BoundSet[T, Any, Any]], limit: int = 0
    ) -> Request[int]:
        """Returns how many members this set and all others have in common (SINTERCARD).

        Args:
            others: the other sets.
            limit: stop counting there; 0 for no limit.
        """
        fields = [self, *self._checked_fields("SINTERCARD", unpacked(others), b"set")]
        stop: list[Argument] = ["LIMIT", checks.integer("SINTERCARD's limit", limit, low=0)] if limit else []
        args = [len(fields), *(field._key() for field in fields), *stop]
        return self._read_multi_key("SINTERCARD", args, fields, decode=int)

    @command("SINTERSTORE")
    def sinterstore(self, *sources: BoundSet[T, Any, Any] | Sequence[BoundSet[T, Any, Any]]) -> Request[int]:
        """Stores the intersection of sets (SINTERSTORE); returns its number of members.

        What it held is replaced; it takes part only if it is named among the sources.

        Raises:
            UniquenessError: another object has one of the members; nothing is changed.
            DoesNotExist: one of the objects was deleted.
        """
        return self._stored("SINTERSTORE", sources)

    @command("SUNIONSTORE")
    def sunionstore(self, *sources: BoundSet[T, Any, Any] | Sequence[BoundSet[T, Any, Any]]) -> Request[int]:
        """Stores the union of sets (SUNIONSTORE); otherwise like `sinterstore`."""
        return self._stored("SUNIONSTORE", sources)

    @command("SDIFFSTORE")
    def sdiffstore(self, *sources: BoundSet[T, Any, Any] | Sequence[BoundSet[T, Any, Any]]) -> Request[int]:
        """Stores the difference of the first set and the others (SDIFFSTORE); otherwise like `sinterstore`."""
        return self._stored("SDIFFSTORE", sources)

    # --- as in Python ---

    def __len__(self: BoundSet[T, V, Sync]) -> int:
        self._sync_only("await ….scard()")
        hinted = self._hinted()
        return self.scard() if hinted is None else hinted

    def __contains__(self: BoundSet[T, V, Sync], value: V) -> bool:
        self._sync_only("await ….sismember(value)")
        return self.sismember(value)

    def __aiter__(self: BoundSet[T, V, Async]) -> AsyncIterator[T]:
        self._async_only()
        return awaited(self.smembers())

    def __iter__(self: BoundSet[T, V, Sync]) -> Iterator[T]:
        self._sync_only("`async for … in ….sscan()`, or await ….smembers()")
        return self._iterate(list(self.smembers()))

    def _combined(self, name: str, others: tuple[Any, ...]) -> Request[set[T]]:
        fields = [self, *self._checked_fields(name, unpacked(others), b"set")]
        return self._read_multi_key(name, [field._key() for field in fields], fields, decode=self._set)

    def _stored(self, name: str, sources: tuple[Any, ...]) -> Request[int]:
        fields: list[BoundMultiKey[Any]] = list(
            self._checked_fields(name, checks.some(name, unpacked(sources)), b"set")
        )
        return self._write_multi_key(name, *(field._key() for field in fields), decode=int, reads=fields)

    def _set(self, reply: Any) -> set[T]:
        return set(self._values(reply))


class SetField(MembersField[T]):
    """Members in a Redis set.

    Args:
        type: the Python type of the members. Without it what redis-py takes is taken, and text returned.
        indexable: objects can be found by any of their members.
        unique: no two objects have a member in common; implies indexable.
        lockable: accepted for limpyd 2's sake; see ValueField.
    """

    redis_type = "set"
    stored_as = b"set"

    @overload
    def __init__(
        self: SetField[Untyped],
        *,
        indexable: bool = False,
        unique: bool = False,
        indexes: Sequence[Declared] = (),
        lockable: bool = True,
        **constraints: Unpack[MemberConstraints],
    ) -> None: ...
    @overload
    def __init__(
        self,
        type: type[T],
        *,
        indexable: bool = False,
        unique: bool = False,
        indexes: Sequence[Declared] = (),
        lockable: bool = True,
        **constraints: Unpack[MemberConstraints],
    ) -> None: ...
    def __init__(self, type: Any = Untyped, **options: Any) -> None:
        super().__init__(type, **options)

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(
        self: SetField[Untyped], instance: Faced[Sync], owner: Any = None
    ) -> BoundSet[str, Encodable, Sync]: ...
    @overload
    def __get__(
        self: SetField[Untyped], instance: Faced[Async], owner: Any = None
    ) -> BoundSet[str, Encodable, Async]: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundSet[T, T, Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundSet[T, T, Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundSet(self, instance)

    if TYPE_CHECKING:

        def __set__(self, instance: Never, value: Iterable[T] | None) -> None: ...

    def decode_reply(self, reply: list[bytes]) -> set[T]:
        return set(map(self.codec.decode, reply))

    def add_to(self, new: NewObject, place: FieldPlace, value: Any) -> None:
        self._add_members(new, place, "SADD", self.members(value))
