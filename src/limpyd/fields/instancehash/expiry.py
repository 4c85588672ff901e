"""The expiry of an entry of the hash of an instance."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from limpyd.commands.descriptor import command
from limpyd.commands.faces import Face
from limpyd.fields import checks
from limpyd.fields.bound.expiry import BoundExpiry, persist_args
from limpyd.fields.bound.single_value import BoundSingleValue
from limpyd.requests.decoders import to_bool
from limpyd.requests.request import Argument, Request

if TYPE_CHECKING:
    from redis.commands.core import HashDataPersistOptions

T = TypeVar("T")
V = TypeVar("V")

NO_VALUE = -2


class BoundHashEntryExpiry(BoundSingleValue[Face], BoundExpiry[Face], Generic[T, V, Face]):
    """The commands with which an entry expires on its own, from Redis 7.4 and Valkey 9.0 on."""

    __slots__ = ()

    @command("HEXPIRE")
    def hexpire(
        self, seconds: int | timedelta, *, nx: bool = False, xx: bool = False, gt: bool = False, lt: bool = False
    ) -> Request[bool]:
        """Lets the value expire after a number of seconds (HEXPIRE); True if the expiry was set, or is in the past.

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
        """Lets the value expire after a number of milliseconds (HPEXPIRE); otherwise like `hexpire`."""
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
        """Lets the value expire at a moment, in Unix seconds or a datetime (HEXPIREAT); otherwise like `hexpire`."""
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
        """Removes the expiry (HPERSIST); True if there was one.

        Raises:
            DoesNotExist: the object was deleted.
            ServerTooOld: the server does not know the command.
        """
        if (value := self._lapsing) is not None:
            return value.persisted()
        return self._write("HPERSIST", self._named(), _done)

    @command("HTTL")
    def httl(self) -> Request[int]:
        """Seconds until the value expires (HTTL); -1 without expiry, -2 without a value.

        Raises:
            ServerTooOld: the server does not know the command.
        """
        if (value := self._lapsing) is not None:
            return value.seconds("PTTL", rounded_up=True)
        return self._read("HTTL", self._named(), _number)

    @command("HPTTL")
    def hpttl(self) -> Request[int]:
        """Milliseconds until the value expires (HPTTL); otherwise like `httl`."""
        if (value := self._lapsing) is not None:
            return value.milliseconds("PTTL")
        return self._read("HPTTL", self._named(), _number)

    @command("HEXPIRETIME")
    def hexpiretime(self) -> Request[int]:
        """The moment the value expires, in seconds since 1970 (HEXPIRETIME); otherwise like `httl`."""
        if (value := self._lapsing) is not None:
            return value.seconds("PEXPIRETIME", rounded_up=True)
        return self._read("HEXPIRETIME", self._named(), _number)

    @command("HPEXPIRETIME")
    def hpexpiretime(self) -> Request[int]:
        """The moment the value expires, in milliseconds since 1970 (HPEXPIRETIME); otherwise like `httl`."""
        if (value := self._lapsing) is not None:
            return value.milliseconds("PEXPIRETIME")
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
        """Stores a value with an expiry (HSETEX, from Redis 8.0 and Valkey 9.0 on); True if it was stored.

        Args:
            value: the new value.
            ex: expire after a number of seconds.
            px: expire after a number of milliseconds.
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
        return self._write("HSETEX", (*args, *self._named(), self._field.encode_new(value)), to_bool)

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
            ex: expire after a number of seconds.
            px: expire after a number of milliseconds.
            exat: expire at this moment, in seconds since 1970.
            pxat: expire at this moment, in milliseconds since 1970.
            persist: take the expiry away.

        Raises:
            UnsupportedCommand: an expiry on an indexed field.
            DoesNotExist: the object was deleted.
            ServerTooOld: the server does not know the command.
        """
        args = self._expiry_args("HGETEX", ex=ex, px=px, exat=exat, pxat=pxat, persist=persist)
        if (value := self._lapsing) is not None:
            return value.got_and_changed("HGET", (self._field.sub,), tuple(args), self._value)
        return self._write("HGETEX", (*args, *self._named()), self._only)

    def _expiry(self, command: str, when: int, nx: bool, xx: bool, gt: bool, lt: bool) -> Request[bool]:
        self._may_expire(command)
        checks.at_most_one(command, nx=nx, xx=xx, gt=gt, lt=lt)
        if (value := self._lapsing) is not None:
            return value.expiring(command, when, nx=nx, xx=xx, gt=gt, lt=lt)
        return self._write(command, (when, *checks.flags(command, nx=nx, xx=xx, gt=gt, lt=lt), *self._named()), _done)

    def _named(self) -> tuple[Argument, ...]:
        """This entry, as the commands name it that take several."""
        return "FIELDS", 1, self._field.sub

    def _only(self, reply: Any) -> Any:
        """Decode: one value, or None."""
        return self._value(reply[0]) if reply else None


def _number(reply: Any) -> int:
    """Decode: one number; some servers reply nothing at all where there is no hash."""
    return int(reply[0]) if reply else NO_VALUE


def _done(reply: Any) -> bool:
    """Decode: 1 for done, 2 for expired at once; 0 for refused by a condition, and negative for nothing there."""
    return _number(reply) > 0
