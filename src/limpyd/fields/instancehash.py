"""InstanceHashField: an entry of the hash that all such fields of an instance share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

from limpyd.commands import Scope, read, write
from limpyd.faces import Async, Face, Faced, Sync
from limpyd.fields import checks
from limpyd.fields.base import Owner
from limpyd.fields.single import BoundSingleValue, SingleValueField
from limpyd.keys import Partition, to_bytes
from limpyd.requests import Request, to_bool
from limpyd.types import Use

T = TypeVar("T")


class BoundHashEntry(BoundSingleValue[Face], Generic[T, Face]):
    """The commands of one entry of a Redis hash."""

    __slots__ = ()

    @read("HGET")
    def hget(self) -> Request[T | None]:
        """The value (HGET), or None if there is none.

        Raises:
            StoredValueError: what is stored does not fit the field's type.
        """
        return self._read("HGET", self._field.sub, decode=self._value)

    get = hget

    @write("HSET", Scope.WHOLE)
    def hset(self, value: T) -> Request[bool]:
        """Stores a value (HSET); True if there was none before.

        Raises:
            InvalidValue: the value does not fit the field's type.
            UniquenessError: another object has the value; nothing is changed.
            DoesNotExist: the object was deleted.
        """
        return self._write("HSET", self._field.sub, self._field.encode(value), decode=to_bool)

    set = hset

    @write("HSETNX", Scope.WHOLE)
    def hsetnx(self, value: T) -> Request[bool]:
        """Stores a value if there is none (HSETNX); True if it was stored. Raises as `hset`."""
        return self._write("HSETNX", self._field.sub, self._field.encode(value), decode=to_bool)

    @write("HDEL", Scope.WHOLE)
    def hdel(self) -> Request[bool]:
        """Removes the value (HDEL), and its index entry; True if there was one.

        Raises:
            DoesNotExist: the object was deleted.
        """
        return self._write("HDEL", self._field.sub, decode=to_bool)

    delete = hdel

    @read("HEXISTS")
    def hexists(self) -> Request[bool]:
        """Whether there is a value (HEXISTS)."""
        return self._read("HEXISTS", self._field.sub, decode=to_bool)

    exists = hexists

    @write("HINCRBY", Scope.WHOLE)
    def hincrby(self, amount: int = 1) -> Request[int]:
        """Adds to the number that is stored, 0 if there is none, and returns it (HINCRBY).

        Raises:
            UnsupportedCommand: the field's type holds no integer.
            ServerError: what is stored is no integer, or the result exceeds 64 bits.
            UniquenessError: another object has the resulting value; nothing is changed.
            DoesNotExist: the object was deleted.
        """
        self._usable(Use.INTEGER, "HINCRBY")
        return self._write("HINCRBY", self._field.sub, checks.integer("HINCRBY's amount", amount), decode=int)

    @write("HINCRBYFLOAT", Scope.WHOLE)
    def hincrbyfloat(self, amount: float = 1.0) -> Request[float]:
        """Adds to the number that is stored, 0 if there is none, and returns it (HINCRBYFLOAT).

        Raises:
            UnsupportedCommand: the field's type holds no fractions.
            ServerError: what is stored is no number.
            UniquenessError: another object has the resulting value; nothing is changed.
            DoesNotExist: the object was deleted.
        """
        self._usable(Use.NUMBER, "HINCRBYFLOAT")
        added = checks.number("HINCRBYFLOAT's amount", amount)
        return self._write("HINCRBYFLOAT", self._field.sub, added, decode=float)

    @read("HSTRLEN")
    def hstrlen(self) -> Request[int]:
        """Length of the value in bytes (HSTRLEN); 0 if there is none."""
        return self._read("HSTRLEN", self._field.sub, decode=int)


class InstanceHashField(SingleValueField[T]):
    """A value in the hash of its instance."""

    redis_type = "hash"
    stored_as = b"hash"

    @overload
    def __init__(
        self: InstanceHashField[str],
        *,
        default: str | Callable[[], str] | None = None,
        indexable: bool = False,
        unique: bool = False,
        lockable: bool = True,
    ) -> None: ...
    @overload
    def __init__(
        self,
        type: type[T],
        *,
        default: T | Callable[[], T] | None = None,
        indexable: bool = False,
        unique: bool = False,
        lockable: bool = True,
    ) -> None: ...
    def __init__(self, type: Any = str, **options: Any) -> None:  # noqa: A002 - the name users know
        super().__init__(type, **options)

    sub = b""
    """The entry's name in the hash."""

    def attach(self, model: Owner) -> Self:
        mine = super().attach(model)
        mine.sub = mine._sub()
        return mine

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundHashEntry[T, Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundHashEntry[T, Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundHashEntry(self, instance)

    def _prefix(self, where: Partition) -> bytes:
        return where.hash_prefix

    def _sub(self) -> bytes:
        return to_bytes(self.name)
