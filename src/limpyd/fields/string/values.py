"""Commands that set and get a Redis string as a whole."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from limpyd.commands.calls import Direct
from limpyd.commands.descriptor import command
from limpyd.commands.faces import Face
from limpyd.commands.set_command import set_command
from limpyd.fields import checks
from limpyd.fields.bound.key_commands import BoundKey
from limpyd.fields.bound.single_value import BoundSingleValue
from limpyd.requests.decoders import to_bool
from limpyd.requests.request import Argument, Request
from limpyd.server import Needs

T = TypeVar("T")
V = TypeVar("V")

IFEQ = Needs(redis=(8, 4), valkey=(8, 1))
"""The servers that compare in SET."""


class BoundWholeString(BoundSingleValue[Face], BoundKey[Face], Generic[T, V, Face]):
    """The commands of a Redis string that set it and get it as a whole."""

    __slots__ = ()

    @command("GET", Direct.WITHOUT_ARGUMENTS)
    def get(self) -> Request[T | None]:
        """The value (GET), or None if there is none.

        Raises:
            StoredValueError: what is stored does not fit the field's type.
        """
        return self._read("GET", (), self._value)

    @set_command
    def set(
        self,
        value: V,
        ex: int | timedelta | None = None,
        px: int | timedelta | None = None,
        *,
        nx: bool = False,
        xx: bool = False,
        keepttl: bool = False,
        get: bool = False,
        exat: int | datetime | None = None,
        pxat: int | datetime | None = None,
        ifeq: Any = None,  # a V, as SetCommand says; here it would keep pyright from inferring V
    ) -> Request[T | None]:
        """Stores a value (SET); True if it was stored, or with `get` the old value, or None.

        Args:
            value: the new value.
            ex: expire after a number of seconds.
            px: expire after a number of milliseconds.
            nx: only if there is no value.
            xx: only if there is a value.
            keepttl: keep the expiry that the old value has.
            get: return the old value instead.
            exat: expire at this moment, in seconds since 1970.
            pxat: expire at this moment, in milliseconds since 1970.
            ifeq: only if this is the value. Needs Valkey 8.1 or Redis 8.4.

        Raises:
            InvalidValue: the value does not fit the field's type, or arguments exclude each other.
            UniquenessError: another object has the value; nothing is changed.
            UnsupportedCommand: an expiry on an indexed field.
            DoesNotExist: the object was deleted.
            ServerTooOld: the server does not know `ifeq`.
        """
        args: list[Argument] = [self._field.encode_new(value)]
        if not (nx is xx is keepttl is get is False and ex is px is exat is pxat is ifeq is None):
            checks.at_most_one("SET", nx=nx, xx=xx, ifeq=ifeq)
            if ifeq is not None:
                args += ("IFEQ", self._field.encode(ifeq))
            args += checks.flags("SET", nx=nx, xx=xx, get=get)
            args += self._expiry_args("SET", ex=ex, px=px, exat=exat, pxat=pxat, keepttl=keepttl)
        decode: Any = self._value if get else to_bool
        if self._field.lapses and args[1:2] in (["EX"], ["PX"]):  # the same, for which there is a statement
            stored, unit, time = args
            return self._write("SETEX" if unit == "EX" else "PSETEX", (time, stored), decode)
        return self._write("SET", tuple(args), decode, needs=None if ifeq is None else IFEQ)

    @command("SETNX")
    def setnx(self, value: V) -> Request[bool]:
        """Stores a value if there is none (SETNX); True if it was stored. Raises as `set`."""
        return self._write("SETNX", (self._field.encode_new(value),), to_bool)

    @command("SETEX")
    def setex(self, time: int | timedelta, value: V) -> Request[bool]:
        """Stores a value that expires after a number of seconds (SETEX); True. Raises as `set`."""
        self._may_expire("SETEX")
        return self._write(
            "SETEX", (checks.seconds("SETEX's time", time, low=1), self._field.encode_new(value)), to_bool
        )

    @command("PSETEX")
    def psetex(self, time_ms: int | timedelta, value: V) -> Request[bool]:
        """Stores a value that expires after a number of milliseconds (PSETEX); True. Raises as `set`."""
        self._may_expire("PSETEX")
        duration = checks.milliseconds("PSETEX's time_ms", time_ms, low=1)
        return self._write("PSETEX", (duration, self._field.encode_new(value)), to_bool)

    @command("GETSET")
    def getset(self, value: V) -> Request[T | None]:
        """Stores a value and returns the old one, or None (GETSET). Raises as `set`."""
        return self._write("GETSET", (self._field.encode_new(value),), self._value)

    @command("GETDEL")
    def getdel(self) -> Request[T | None]:
        """Removes the value and returns it, or None (GETDEL).

        Raises:
            DoesNotExist: the object was deleted.
        """
        return self._write("GETDEL", (), self._value)

    @command("GETEX")
    def getex(
        self,
        ex: int | timedelta | None = None,
        px: int | timedelta | None = None,
        exat: int | datetime | None = None,
        pxat: int | datetime | None = None,
        *,
        persist: bool = False,
    ) -> Request[T | None]:
        """The value, or None, while its expiry is changed (GETEX).

        Args:
            ex: expire after a number of seconds.
            px: expire after a number of milliseconds.
            exat: expire at this moment, in seconds since 1970.
            pxat: expire at this moment, in milliseconds since 1970.
            persist: take the expiry away.

        Raises:
            UnsupportedCommand: an expiry on an indexed field.
            DoesNotExist: the object was deleted.
        """
        args = self._expiry_args("GETEX", ex=ex, px=px, exat=exat, pxat=pxat, persist=persist)
        if (value := self._lapsing) is not None:
            return value.got_and_changed("GET", (), tuple(args), self._value)
        return self._write("GETEX", tuple(args), self._value)

    @command("STRLEN")
    def strlen(self) -> Request[int]:
        """Length of the value in bytes (STRLEN); 0 if there is none."""
        return self._read("STRLEN", (), int)
