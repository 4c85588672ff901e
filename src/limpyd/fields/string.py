"""StringField: a Redis string of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Generic, Literal, Self, TypeVar, overload

from limpyd.commands import Scope, read, set_command, write
from limpyd.exceptions import InvalidValue, shorten
from limpyd.faces import Async, Face, Faced, Sync
from limpyd.fields import checks
from limpyd.fields.keyed import BoundKey
from limpyd.fields.single import BoundSingleValue, SingleValueField
from limpyd.keys import Partition
from limpyd.requests import Argument, Request, to_bool
from limpyd.types import Use

T = TypeVar("T")

LONGEST = 512 * 1024 * 1024
"""Bytes in the largest string that Redis takes by default."""


class BoundString(BoundSingleValue[Face], BoundKey[Face], Generic[T, Face]):
    """The commands of a Redis string."""

    __slots__ = ()

    @read("GET")
    def get(self) -> Request[T | None]:
        """The value (GET), or None if there is none.

        Raises:
            StoredValueError: what is stored does not fit the field's type.
        """
        return self._read("GET", decode=self._value)

    @set_command
    def set(
        self,
        value: T,
        ex: int | timedelta | None = None,
        px: int | timedelta | None = None,
        nx: bool = False,
        xx: bool = False,
        keepttl: bool = False,
        get: bool = False,
        exat: int | datetime | None = None,
        pxat: int | datetime | None = None,
    ) -> Request[Any]:
        """Stores a value (SET); True if it was stored, or with `get` the value before, or None.

        Args:
            value: the new value.
            ex: expire after so many seconds.
            px: expire after so many milliseconds.
            nx: only if there is no value.
            xx: only if there is a value.
            keepttl: keep the expiry that the old value has.
            get: return the old value instead.
            exat: expire at this moment, in seconds since 1970.
            pxat: expire at this moment, in milliseconds since 1970.

        Raises:
            InvalidValue: the value does not fit the field's type, or arguments exclude each other.
            UniquenessError: another object has the value; nothing is changed.
            UnsupportedCommand: an expiry on an indexed field.
            DoesNotExist: the object was deleted.
        """
        checks.at_most_one("SET", nx=nx, xx=xx)
        args: list[Argument] = [self._field.encode(value)]
        args += [flag for flag, wanted in (("NX", nx), ("XX", xx), ("GET", get)) if wanted]
        args += self._expiry_args("SET", ex=ex, px=px, exat=exat, pxat=pxat, keepttl=keepttl)
        return self._write("SET", *args, decode=self._value if get else to_bool)

    @write("SETNX", Scope.WHOLE)
    def setnx(self, value: T) -> Request[bool]:
        """Stores a value if there is none (SETNX); True if it was stored. Raises as `set`."""
        return self._write("SETNX", self._field.encode(value), decode=to_bool)

    @write("SETEX", Scope.WHOLE)
    def setex(self, time: int | timedelta, value: T) -> Request[bool]:
        """Stores a value that expires after so many seconds (SETEX); True. Raises as `set`."""
        self._may_expire("SETEX")
        return self._write(
            "SETEX", checks.seconds("SETEX's time", time, low=1), self._field.encode(value), decode=to_bool
        )

    @write("PSETEX", Scope.WHOLE)
    def psetex(self, time_ms: int | timedelta, value: T) -> Request[bool]:
        """Stores a value that expires after so many milliseconds (PSETEX); True. Raises as `set`."""
        self._may_expire("PSETEX")
        duration = checks.milliseconds("PSETEX's time_ms", time_ms, low=1)
        return self._write("PSETEX", duration, self._field.encode(value), decode=to_bool)

    @write("GETSET", Scope.WHOLE)
    def getset(self, value: T) -> Request[T | None]:
        """Stores a value and returns the one before, or None (GETSET). Raises as `set`."""
        return self._write("GETSET", self._field.encode(value), decode=self._value)

    @write("GETDEL", Scope.WHOLE)
    def getdel(self) -> Request[T | None]:
        """Removes the value and returns it, or None (GETDEL).

        Raises:
            DoesNotExist: the object was deleted.
        """
        return self._write("GETDEL", decode=self._value)

    @write("GETEX", Scope.NOTHING)
    def getex(
        self,
        ex: int | timedelta | None = None,
        px: int | timedelta | None = None,
        exat: int | datetime | None = None,
        pxat: int | datetime | None = None,
        persist: bool = False,
    ) -> Request[T | None]:
        """The value, or None, while its expiry is changed (GETEX).

        Args:
            ex: expire after so many seconds.
            px: expire after so many milliseconds.
            exat: expire at this moment, in seconds since 1970.
            pxat: expire at this moment, in milliseconds since 1970.
            persist: take the expiry away.

        Raises:
            UnsupportedCommand: an expiry on an indexed field.
            DoesNotExist: the object was deleted.
        """
        args = self._expiry_args("GETEX", ex=ex, px=px, exat=exat, pxat=pxat, persist=persist)
        return self._write("GETEX", *args, decode=self._value)

    @write("APPEND", Scope.WHOLE)
    def append(self, value: str | bytes) -> Request[int]:
        """Adds text at the end; returns the length in bytes after it (APPEND).

        Raises:
            UnsupportedCommand: the field's type is not str or bytes.
            UniquenessError: another object has the resulting value; nothing is changed.
            DoesNotExist: the object was deleted.
        """
        return self._write("APPEND", self._text("APPEND", value), decode=int)

    @read("STRLEN")
    def strlen(self) -> Request[int]:
        """Length of the value in bytes (STRLEN); 0 if there is none."""
        return self._read("STRLEN", decode=int)

    @read("GETRANGE")
    def getrange(self, start: int, end: int) -> Request[T]:
        """Part of the value, by the positions of its first and last byte (GETRANGE).

        Args:
            start: position of the first byte; negative counts from the end.
            end: position of the last byte, which is included.

        Raises:
            UnsupportedCommand: the field's type is not str or bytes.
            StoredValueError: the cut goes through a character of several bytes.
        """
        self._usable(Use.TEXT, "GETRANGE")
        args = (checks.integer("GETRANGE's start", start), checks.integer("GETRANGE's end", end))
        return self._read("GETRANGE", *args, decode=self._value)

    @write("SETRANGE", Scope.WHOLE)
    def setrange(self, offset: int, value: str | bytes) -> Request[int]:
        """Overwrites part of the value from a position on; returns the length in bytes after it (SETRANGE).

        Raises as `append`, and InvalidValue if the result would exceed 512 MB.
        """
        text = self._text("SETRANGE", value)
        return self._write(
            "SETRANGE", checks.integer("SETRANGE's offset", offset, low=0, high=LONGEST - len(text)), text, decode=int
        )

    @write("INCRBY", Scope.WHOLE)
    def incr(self, amount: int = 1) -> Request[int]:
        """Adds to the number that is stored, 0 if there is none, and returns it (INCRBY).

        Raises:
            UnsupportedCommand: the field's type holds no integer.
            ServerError: what is stored is no integer, or the result exceeds 64 bits.
            UniquenessError: another object has the resulting value; nothing is changed.
            DoesNotExist: the object was deleted.
        """
        self._usable(Use.INTEGER, "INCRBY")
        return self._write("INCRBY", checks.integer("INCRBY's amount", amount), decode=int)

    incrby = incr

    @write("DECRBY", Scope.WHOLE)
    def decr(self, amount: int = 1) -> Request[int]:
        """Subtracts from the number that is stored, 0 if there is none, and returns it (DECRBY). Raises as `incr`."""
        self._usable(Use.INTEGER, "DECRBY")
        return self._write("DECRBY", checks.integer("DECRBY's amount", amount, low=-checks.LARGEST), decode=int)

    decrby = decr

    @write("INCRBYFLOAT", Scope.WHOLE)
    def incrbyfloat(self, amount: float = 1.0) -> Request[float]:
        """Adds to the number that is stored, 0 if there is none, and returns it (INCRBYFLOAT).

        Raises:
            UnsupportedCommand: the field's type holds no fractions.
            ServerError: what is stored is no number.
            UniquenessError: another object has the resulting value; nothing is changed.
            DoesNotExist: the object was deleted.
        """
        self._usable(Use.NUMBER, "INCRBYFLOAT")
        return self._write("INCRBYFLOAT", checks.number("INCRBYFLOAT's amount", amount), decode=float)

    @read("GETBIT")
    def getbit(self, offset: int) -> Request[int]:
        """The bit at a position: 0 or 1 (GETBIT)."""
        self._usable(Use.TEXT, "GETBIT")
        return self._read("GETBIT", self._bit_offset("GETBIT", offset), decode=int)

    @write("SETBIT", Scope.WHOLE)
    def setbit(self, offset: int, value: int) -> Request[int]:
        """Sets the bit at a position to 0 or 1 and returns the one before (SETBIT). Raises as `append`."""
        self._usable(Use.TEXT, "SETBIT")
        bit = checks.integer("SETBIT's value", value if type(value) is not bool else int(value), low=0, high=1)
        return self._write("SETBIT", self._bit_offset("SETBIT", offset), bit, decode=int)

    @read("BITCOUNT")
    def bitcount(
        self,
        start: int | None = None,
        end: int | None = None,
        mode: Literal["BYTE", "BIT"] | None = None,
    ) -> Request[int]:
        """How many bits are 1 (BITCOUNT).

        Args:
            start: where to begin; negative counts from the end. Needs `end`.
            end: where to end, included.
            mode: whether start and end count bytes (the default) or bits.
        """
        self._usable(Use.TEXT, "BITCOUNT")
        if (start is None) != (end is None):
            msg = "BITCOUNT takes both start and end, or neither"
            raise InvalidValue(msg)
        return self._read("BITCOUNT", *self._bit_range("BITCOUNT", start, end, mode), decode=int)

    @read("BITPOS")
    def bitpos(
        self,
        bit: int,
        start: int | None = None,
        end: int | None = None,
        mode: Literal["BYTE", "BIT"] | None = None,
    ) -> Request[int]:
        """Position of the first bit that is 0 or 1, or -1 (BITPOS).

        Args:
            bit: which to look for.
            start: where to begin; negative counts from the end.
            end: where to end, included. Needs `start`.
            mode: whether start and end count bytes (the default) or bits. Needs both.
        """
        self._usable(Use.TEXT, "BITPOS")
        if end is not None and start is None:
            msg = "BITPOS takes end only with start"
            raise InvalidValue(msg)
        wanted = checks.integer("BITPOS's bit", bit, low=0, high=1)
        return self._read("BITPOS", wanted, *self._bit_range("BITPOS", start, end, mode), decode=int)

    def _text(self, command: str, value: str | bytes) -> bytes:
        self._usable(Use.TEXT, command)
        if isinstance(value, str):
            try:
                return value.encode()
            except UnicodeEncodeError as error:
                msg = f"{command} on {self._field} cannot take {shorten(value)}: {error}"
                raise InvalidValue(msg) from error
        if isinstance(value, bytes):
            return value
        msg = f"{command} on {self._field} takes str or bytes, not {type(value).__name__}"
        raise InvalidValue(msg)

    @staticmethod
    def _bit_offset(command: str, offset: int) -> int:
        return checks.integer(f"{command}'s offset", offset, low=0, high=LONGEST * 8 - 1)

    @staticmethod
    def _bit_range(command: str, start: int | None, end: int | None, mode: str | None) -> list[Argument]:
        args: list[Argument] = [
            checks.integer(f"{command}'s {name}", value)
            for name, value in (("start", start), ("end", end))
            if value is not None
        ]
        if mode is not None:
            if end is None:
                msg = f"{command} takes mode only with start and end"
                raise InvalidValue(msg)
            args.append(checks.one_of(f"{command}'s mode", mode, ("BYTE", "BIT")))
        return args

    def _expiry_args(self, command: str, **given: Any) -> list[Argument]:
        """The arguments for an expiry, of which at most one may be given."""
        checks.at_most_one(command, **given)
        for name, value in given.items():
            if value is None or value is False:
                continue
            if name in {"keepttl", "persist"}:
                return [name.upper()]
            self._may_expire(f"{command} with {name}")
            return [name.upper(), EXPIRIES[name](f"{command}'s {name}", value)]
        return []


EXPIRIES: dict[str, Callable[[str, Any], int]] = {
    "ex": lambda what, value: checks.seconds(what, value, low=1),
    "px": lambda what, value: checks.milliseconds(what, value, low=1),
    "exat": lambda what, value: checks.timestamp(what, value, low=1),
    "pxat": lambda what, value: checks.timestamp_ms(what, value, low=1),
}


class StringField(SingleValueField[T]):
    """A value in a Redis string of its own."""

    redis_type = "string"
    stored_as = b"string"

    @overload
    def __init__(
        self: StringField[str],
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

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundString[T, Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundString[T, Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundString(self, instance)

    def _prefix(self, where: Partition) -> bytes:
        return where.field_prefix(self.name)

    def _sub(self) -> bytes:
        return b""
