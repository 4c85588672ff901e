"""InstanceHashField: an entry of the hash that all such fields of an instance share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

from limpyd.commands.descriptor import Direct, command
from limpyd.commands.faces import Async, Face, Faced, Sync
from limpyd.fields import checks
from limpyd.fields.bound.expiry import BoundExpiry, persist_args
from limpyd.fields.declaration.field import Owner
from limpyd.fields.declaration.single_value import BoundSingleValue, SingleValueField
from limpyd.fields.declaration.value import Place
from limpyd.indexes.base import Declared
from limpyd.keys import Partition, to_bytes
from limpyd.requests.request import Argument, Request, to_bool
from limpyd.scripts.object_requests import NewObject
from limpyd.types import Encodable, Untyped, Use

if TYPE_CHECKING:
    from redis.commands.core import HashDataPersistOptions

T = TypeVar("T")
V = TypeVar("V")


class BoundHashEntry(BoundSingleValue[Face], BoundExpiry[Face], Generic[T, V, Face]):
    """The commands of one entry of a Redis hash. It can expire on its own from Redis 7.4 and Valkey 9.0 on."""

    __slots__ = ()
    proxy_getter, proxy_setter = "hget", "hset"

    @command("HGET", Direct.WITHOUT_ARGUMENTS)
    def hget(self) -> Request[T | None]:
        """The value (HGET), or None if there is none.

        Raises:
            StoredValueError: what is stored does not fit the field's type.
        """
        return self._read("HGET", (self._field.sub,), self._value)

    get = hget

    @command("HSET", Direct.WITH_VALUE)
    def hset(self, value: V) -> Request[bool]:
        """Stores a value (HSET); True if there was none before.

        Raises:
            InvalidValue: the value does not fit the field's type.
            UniquenessError: another object has the value; nothing is changed.
            DoesNotExist: the object was deleted.
        """
        return self._write("HSET", (self._field.sub, self._field.encode(value)), to_bool)

    set = hset

    @command("HSETNX")
    def hsetnx(self, value: V) -> Request[bool]:
        """Stores a value if there is none (HSETNX); True if it was stored. Raises as `hset`."""
        return self._write("HSETNX", (self._field.sub, self._field.encode(value)), to_bool)

    @command("HDEL")
    def hdel(self) -> Request[bool]:
        """Removes the value (HDEL), and its index entry; True if there was one.

        Raises:
            DoesNotExist: the object was deleted.
        """
        return self._write("HDEL", (self._field.sub,), to_bool)

    delete = hdel

    @command("HEXISTS")
    def hexists(self) -> Request[bool]:
        """Returns whether there is a value (HEXISTS)."""
        return self._read("HEXISTS", (self._field.sub,), to_bool)

    exists = hexists

    @command("HINCRBY", Direct.WITHOUT_ARGUMENTS)
    def hincrby(self, amount: int = 1) -> Request[int]:
        """Adds to the number that is stored, 0 if there is none, and returns it (HINCRBY).

        Raises:
            UnsupportedCommand: the field's type holds no integer.
            ServerError: what is stored is no integer, or the result exceeds 64 bits.
            UniquenessError: another object has the resulting value; nothing is changed.
            DoesNotExist: the object was deleted.
        """
        self._usable(Use.INTEGER, "HINCRBY")
        return self._write("HINCRBY", (self._field.sub, checks.integer("HINCRBY's amount", amount)), int)

    @command("HINCRBYFLOAT")
    def hincrbyfloat(self, amount: float | str = 1.0) -> Request[float]:
        """Adds to the number that is stored, 0 if there is none, and returns it (HINCRBYFLOAT).

        Raises:
            UnsupportedCommand: the field's type holds no fractions.
            ServerError: what is stored is no number.
            UniquenessError: another object has the resulting value; nothing is changed.
            DoesNotExist: the object was deleted.
        """
        self._usable(Use.NUMBER, "HINCRBYFLOAT")
        added = checks.number("HINCRBYFLOAT's amount", amount)
        return self._write("HINCRBYFLOAT", (self._field.sub, added), float)

    @command("HSTRLEN")
    def hstrlen(self) -> Request[int]:
        """Length of the value in bytes (HSTRLEN); 0 if there is none."""
        return self._read("HSTRLEN", (self._field.sub,), int)

    # --- expiry ---

    @command("HEXPIRE")
    def hexpire(
        self, seconds: int | timedelta, *, nx: bool = False, xx: bool = False, gt: bool = False, lt: bool = False
    ) -> Request[bool]:
        """Lets the value expire after so many seconds (HEXPIRE); True if that was set, or it expired at once.

        Args:
            seconds: or a timedelta; 0 removes the value at once.
            nx: only if it has no expiry yet.
            xx: only if it has one.
            gt: only if the new one is later.
            lt: only if the new one is earlier.

        Raises:
            InvalidValue: the time is negative, or more than one condition is given.
            UnsupportedCommand: the field is indexed.
            DoesNotExist: the object was deleted.
            ServerTooOld: the server does not know the command.
        """
        return self._expiry("HEXPIRE", checks.seconds("HEXPIRE's seconds", seconds, low=0), nx, xx, gt, lt)

    @command("HPEXPIRE")
    def hpexpire(
        self, milliseconds: int | timedelta, *, nx: bool = False, xx: bool = False, gt: bool = False, lt: bool = False
    ) -> Request[bool]:
        """Lets the value expire after so many milliseconds (HPEXPIRE); else as `hexpire`."""
        duration = checks.milliseconds("HPEXPIRE's milliseconds", milliseconds, low=0)
        return self._expiry("HPEXPIRE", duration, nx, xx, gt, lt)

    @command("HEXPIREAT")
    def hexpireat(
        self,
        unix_time_seconds: int | datetime,
        *,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Request[bool]:
        """Lets the value expire at a moment, in seconds since 1970 or a datetime (HEXPIREAT); else as `hexpire`."""
        moment = checks.timestamp("HEXPIREAT's unix_time_seconds", unix_time_seconds, low=0)
        return self._expiry("HEXPIREAT", moment, nx, xx, gt, lt)

    @command("HPEXPIREAT")
    def hpexpireat(
        self,
        unix_time_milliseconds: int | datetime,
        *,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Request[bool]:
        """Lets the value expire at a moment, in milliseconds since 1970 or a datetime (HPEXPIREAT); as `hexpire`."""
        moment = checks.timestamp_ms("HPEXPIREAT's unix_time_milliseconds", unix_time_milliseconds, low=0)
        return self._expiry("HPEXPIREAT", moment, nx, xx, gt, lt)

    @command("HPERSIST")
    def hpersist(self) -> Request[bool]:
        """Takes the expiry away (HPERSIST); True if there was one.

        Raises:
            DoesNotExist: the object was deleted.
            ServerTooOld: the server does not know the command.
        """
        return self._write("HPERSIST", self._named(), _done)

    @command("HTTL")
    def httl(self) -> Request[int]:
        """Seconds until the value expires (HTTL); -1 without expiry, -2 without a value.

        Raises:
            ServerTooOld: the server does not know the command.
        """
        return self._read("HTTL", self._named(), _number)

    @command("HPTTL")
    def hpttl(self) -> Request[int]:
        """Milliseconds until the value expires (HPTTL); else as `httl`."""
        return self._read("HPTTL", self._named(), _number)

    @command("HEXPIRETIME")
    def hexpiretime(self) -> Request[int]:
        """The moment the value expires, in seconds since 1970 (HEXPIRETIME); else as `httl`."""
        return self._read("HEXPIRETIME", self._named(), _number)

    @command("HPEXPIRETIME")
    def hpexpiretime(self) -> Request[int]:
        """The moment the value expires, in milliseconds since 1970 (HPEXPIRETIME); else as `httl`."""
        return self._read("HPEXPIRETIME", self._named(), _number)

    @command("HSETEX")
    def hsetex(
        self,
        value: V,
        ex: int | timedelta | None = None,
        px: int | timedelta | None = None,
        exat: int | datetime | None = None,
        pxat: int | datetime | None = None,
        data_persist_option: HashDataPersistOptions | None = None,
        *,
        fnx: bool = False,
        fxx: bool = False,
        keepttl: bool = False,
    ) -> Request[bool]:
        """Stores a value, and when it expires (HSETEX, from Redis 8.0 and Valkey 9.0 on); True if it was stored.

        Args:
            value: the new value.
            ex: expire after so many seconds.
            px: expire after so many milliseconds.
            exat: expire at this moment, in seconds since 1970.
            pxat: expire at this moment, in milliseconds since 1970.
            data_persist_option: `fnx` or `fxx`, as redis-py has them.
            fnx: only if there is no value.
            fxx: only if there is a value.
            keepttl: keep the expiry that the old value has.

        Raises:
            InvalidValue: the value does not fit the field's type, or arguments exclude each other.
            UniquenessError: another object has the value; nothing is changed.
            UnsupportedCommand: an expiry on an indexed field.
            DoesNotExist: the object was deleted.
            ServerTooOld: the server does not know the command.
        """
        args = persist_args("HSETEX", data_persist_option, fnx, fxx)
        args += self._expiry_args("HSETEX", ex=ex, px=px, exat=exat, pxat=pxat, keepttl=keepttl)
        return self._write("HSETEX", (*args, *self._named(), self._field.encode(value)), to_bool)

    @command("HGETEX")
    def hgetex(
        self,
        ex: int | timedelta | None = None,
        px: int | timedelta | None = None,
        exat: int | datetime | None = None,
        pxat: int | datetime | None = None,
        *,
        persist: bool = False,
    ) -> Request[T | None]:
        """The value, or None, while its expiry is changed (HGETEX, from Redis 8.0 and Valkey 9.0 on).

        Args:
            ex: expire after so many seconds.
            px: expire after so many milliseconds.
            exat: expire at this moment, in seconds since 1970.
            pxat: expire at this moment, in milliseconds since 1970.
            persist: take the expiry away.

        Raises:
            UnsupportedCommand: an expiry on an indexed field.
            DoesNotExist: the object was deleted.
            ServerTooOld: the server does not know the command.
        """
        args = self._expiry_args("HGETEX", ex=ex, px=px, exat=exat, pxat=pxat, persist=persist)
        return self._write("HGETEX", (*args, *self._named()), self._only)

    @command("HGETDEL")
    def hgetdel(self) -> Request[T | None]:
        """Removes the value and returns it, or None (HGETDEL, from Redis 8.0 and Valkey 9.1 on).

        Raises:
            DoesNotExist: the object was deleted.
            ServerTooOld: the server does not know the command.
        """
        return self._write("HGETDEL", self._named(), self._only)

    def _expiry(self, command: str, when: int, nx: bool, xx: bool, gt: bool, lt: bool) -> Request[bool]:
        self._may_expire(command)
        checks.at_most_one(command, nx=nx, xx=xx, gt=gt, lt=lt)
        return self._write(command, (when, *checks.flags(command, nx=nx, xx=xx, gt=gt, lt=lt), *self._named()), _done)

    def _named(self) -> tuple[Argument, ...]:
        """This entry, as the commands name it that take several."""
        return "FIELDS", 1, self._field.sub

    def _only(self, reply: Any) -> Any:
        """Decode: one value, or None."""
        return self._value(reply[0]) if reply else None


NO_VALUE = -2


def _number(reply: Any) -> int:
    """Decode: one number; some servers reply nothing at all where there is no hash."""
    return int(reply[0]) if reply else NO_VALUE


def _done(reply: Any) -> bool:
    """Decode: 1 for done, 2 for expired at once; 0 for refused by a condition, and negative for nothing there."""
    return _number(reply) > 0


class InstanceHashField(SingleValueField[T]):
    """A value in the hash of its instance."""

    redis_type = "hash"
    stored_as = b"entry"

    @overload
    def __init__(
        self: InstanceHashField[Untyped],
        *,
        default: Encodable | Callable[[], Encodable] | None = None,
        indexable: bool = False,
        unique: bool = False,
        indexes: Sequence[Declared] = (),
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
        indexes: Sequence[Declared] = (),
        lockable: bool = True,
    ) -> None: ...
    def __init__(self, type: Any = Untyped, **options: Any) -> None:
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
    def __get__(
        self: InstanceHashField[Untyped], instance: Faced[Sync], owner: Any = None
    ) -> BoundHashEntry[str, Encodable, Sync]: ...
    @overload
    def __get__(
        self: InstanceHashField[Untyped], instance: Faced[Async], owner: Any = None
    ) -> BoundHashEntry[str, Encodable, Async]: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundHashEntry[T, T, Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundHashEntry[T, T, Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundHashEntry(self, instance)

    def add_to(self, new: NewObject, place: Place, value: Any) -> None:
        stored = self.encode(value)
        new.hash += (self.sub, stored)
        if place.indexes:
            self._claim(new, place, stored)

    def _prefix(self, where: Partition) -> bytes:
        return where.hash_prefix

    @property
    def sub_key(self) -> bytes:
        return self.sub

    def _sub(self) -> bytes:
        return to_bytes(self.key_name)
