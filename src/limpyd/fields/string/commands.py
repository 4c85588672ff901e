"""StringField: a Redis string of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Generic, Literal, NamedTuple, Self, TypeVar, overload

from limpyd.commands.descriptor import Direct, command, set_command
from limpyd.commands.faces import Async, Face, Faced, Sync
from limpyd.commands.overloads import overloaded
from limpyd.commands.replies import mapping
from limpyd.exceptions import InvalidValue, shorten
from limpyd.fields import checks
from limpyd.fields.bound.key_commands import BoundKey
from limpyd.fields.declaration.single_value import BoundSingleValue, SingleValueField
from limpyd.fields.declaration.value import Place
from limpyd.fields.string.bitfield import LONGEST
from limpyd.fields.string.bits import BoundBits
from limpyd.indexes.base import Declared
from limpyd.requests.request import Argument, Request, to_bool
from limpyd.scripts.object_requests import NewObject
from limpyd.server import Needs
from limpyd.types import Encodable, Untyped, Use

T = TypeVar("T")
V = TypeVar("V")
R = TypeVar("R")

IFEQ = Needs(redis=(8, 4), valkey=(8, 1))
"""The servers that compare in SET."""


class Match(NamedTuple):
    """A part that two texts have in common, by the positions in bytes of its first and last byte.

    Attributes:
        start: where it begins in the field.
        end: where it ends in the field, included.
        other_start: where it begins in the other one.
        other_end: where it ends in the other one, included.
        length: its length in bytes.
    """

    start: int
    end: int
    other_start: int
    other_end: int
    length: int


class CommonSubsequence(NamedTuple):
    """The longest common subsequence of two texts.

    Attributes:
        matches: the parts that it consists of, from the last one to the first.
        length: its length in bytes; that of matches too short to be listed included.
    """

    matches: list[Match]
    length: int


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
            ifeq: only if this is the value. Needs Valkey 8.1 or Redis 8.4.

        Raises:
            InvalidValue: the value does not fit the field's type, or arguments exclude each other.
            UniquenessError: another object has the value; nothing is changed.
            UnsupportedCommand: an expiry on an indexed field.
            DoesNotExist: the object was deleted.
            ServerTooOld: the server does not know `ifeq`.
        """
        args: list[Argument] = [self._field.encode(value)]
        if not (nx is xx is keepttl is get is False and ex is px is exat is pxat is ifeq is None):
            checks.at_most_one("SET", nx=nx, xx=xx, ifeq=ifeq)
            if ifeq is not None:
                args += ("IFEQ", self._field.encode(ifeq))
            args += checks.flags("SET", nx=nx, xx=xx, get=get)
            args += self._expiry_args("SET", ex=ex, px=px, exat=exat, pxat=pxat, keepttl=keepttl)
        decode: Any = self._value if get else to_bool
        return self._write("SET", tuple(args), decode, needs=None if ifeq is None else IFEQ)

    @command("SETNX")
    def setnx(self, value: V) -> Request[bool]:
        """Stores a value if there is none (SETNX); True if it was stored. Raises as `set`."""
        return self._write("SETNX", (self._field.encode(value),), to_bool)

    @command("SETEX")
    def setex(self, time: int | timedelta, value: V) -> Request[bool]:
        """Stores a value that expires after so many seconds (SETEX); True. Raises as `set`."""
        self._may_expire("SETEX")
        return self._write("SETEX", (checks.seconds("SETEX's time", time, low=1), self._field.encode(value)), to_bool)

    @command("PSETEX")
    def psetex(self, time_ms: int | timedelta, value: V) -> Request[bool]:
        """Stores a value that expires after so many milliseconds (PSETEX); True. Raises as `set`."""
        self._may_expire("PSETEX")
        duration = checks.milliseconds("PSETEX's time_ms", time_ms, low=1)
        return self._write("PSETEX", (duration, self._field.encode(value)), to_bool)

    @command("GETSET")
    def getset(self, value: V) -> Request[T | None]:
        """Stores a value and returns the one before, or None (GETSET). Raises as `set`."""
        return self._write("GETSET", (self._field.encode(value),), self._value)

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
        return self._write("GETEX", tuple(args), self._value)

    @command("STRLEN")
    def strlen(self) -> Request[int]:
        """Length of the value in bytes (STRLEN); 0 if there is none."""
        return self._read("STRLEN", (), int)


class BoundString(BoundBits[Face], BoundWholeString[T, V, Face], Generic[T, V, Face]):
    """The commands of a Redis string."""

    __slots__ = ()

    @command("DELIFEQ")
    def delifeq(self, value: V) -> Request[bool]:
        """Removes the value if it is this one (DELIFEQ); True if it was. The stored forms are compared.

        Raises:
            InvalidValue: the value does not fit the field's type.
            DoesNotExist: the object was deleted.
            ServerTooOld: the server does not know the command, which is Valkey's from 9.0 on.
        """
        return self._write("DELIFEQ", (self._field.encode(value),), to_bool)

    @command("APPEND")
    def append(self, value: V | str | bytes) -> Request[int]:
        """Adds text at the end; returns the length in bytes after it (APPEND).

        Raises:
            UnsupportedCommand: the field's type is not str or bytes.
            UniquenessError: another object has the resulting value; nothing is changed.
            DoesNotExist: the object was deleted.
        """
        return self._write("APPEND", (self._text("APPEND", value),), int)

    @command("GETRANGE")
    def getrange(self, start: int, end: int) -> Request[T]:
        """Part of the value, by the positions of its first and last byte (GETRANGE).

        Args:
            start: position of the first byte; negative counts from the end.
            end: position of the last byte, which is included.

        Raises:
            UnsupportedCommand: the field's type is not str or bytes.
            StoredValueError: the cut goes through a character of several bytes, and the field has type=str.
        """
        return self._part("GETRANGE", start, end)

    @command("GETRANGE")
    def substr(self, start: int, end: int = -1) -> Request[T]:
        """The same as `getrange`, to the end by default (GETRANGE, as SUBSTR is called today)."""
        return self._part("SUBSTR", start, end)

    @command("SETRANGE")
    def setrange(self, offset: int, value: V | str | bytes) -> Request[int]:
        """Overwrites part of the value from a position on; returns the length in bytes after it (SETRANGE).

        Raises as `append`, and InvalidValue if the result would exceed 512 MB.
        """
        text = self._text("SETRANGE", value)
        return self._write(
            "SETRANGE", (checks.integer("SETRANGE's offset", offset, low=0, high=LONGEST - len(text)), text), int
        )

    @command("INCRBY", Direct.WITHOUT_ARGUMENTS)
    def incr(self, amount: int = 1) -> Request[int]:
        """Adds to the number that is stored, 0 if there is none, and returns it (INCRBY).

        Raises:
            UnsupportedCommand: the field's type holds no integer.
            ServerError: what is stored is no integer, or the result exceeds 64 bits.
            UniquenessError: another object has the resulting value; nothing is changed.
            DoesNotExist: the object was deleted.
        """
        self._usable(Use.INTEGER, "INCRBY")
        return self._write("INCRBY", (checks.integer("INCRBY's amount", amount),), int)

    incrby = incr

    @command("DECRBY")
    def decr(self, amount: int = 1) -> Request[int]:
        """Subtracts from the number that is stored, 0 if there is none, and returns it (DECRBY). Raises as `incr`."""
        self._usable(Use.INTEGER, "DECRBY")
        return self._write("DECRBY", (checks.integer("DECRBY's amount", amount, low=-checks.LARGEST),), int)

    decrby = decr

    @command("INCRBYFLOAT")
    def incrbyfloat(self, amount: float | str = 1.0) -> Request[float]:
        """Adds to the number that is stored, 0 if there is none, and returns it (INCRBYFLOAT).

        Raises:
            UnsupportedCommand: the field's type holds no fractions.
            ServerError: what is stored is no number.
            UniquenessError: another object has the resulting value; nothing is changed.
            DoesNotExist: the object was deleted.
        """
        self._usable(Use.NUMBER, "INCRBYFLOAT")
        return self._write("INCRBYFLOAT", (checks.number("INCRBYFLOAT's amount", amount),), float)

    @command("LCS")
    def lcs_len(self, other: BoundString[T, Any, Any], *, len: Literal[True] = True) -> Request[int]:
        """Length in bytes of the longest common subsequence with another field's value (LCS with LEN)."""
        return self._common(other, checks.on("LCS", "len", len), decode=int)

    @command("LCS")
    def lcs_idx(
        self,
        other: BoundString[T, Any, Any],
        *,
        idx: Literal[True] = True,
        minmatchlen: int | None = None,
        withmatchlen: bool = True,
    ) -> Request[CommonSubsequence]:
        """Returns the positions of the longest common subsequence with another field's value (LCS with IDX).

        Args:
            other: the other field.
            idx: as `lcs(other, idx=True)`.
            minmatchlen: list no matches that are shorter, in bytes.
            withmatchlen: as redis-py has it; each match has its length in any case.
        """
        checks.flag("LCS's withmatchlen", withmatchlen)
        args: list[Argument] = [checks.on("LCS", "idx", idx), "WITHMATCHLEN"]
        if minmatchlen is not None:
            args += ("MINMATCHLEN", checks.integer("LCS's minmatchlen", minmatchlen, low=0))
        return self._common(other, *args, decode=_common_subsequence)

    @overloaded("LCS", ("len", lcs_len), ("idx", lcs_idx))
    def lcs(
        self, other: BoundString[T, Any, Any], *, len: Literal[False] = False, idx: Literal[False] = False
    ) -> Request[T]:
        """The longest common subsequence with another field's value (LCS).

        It is made of bytes that both have in the same order, but not necessarily one after the other.

        Args:
            other: the other field.
            len: return its length in bytes, as `lcs_len`.
            idx: return where it is, as `lcs_idx`.

        Raises:
            UnsupportedCommand: the field's type is not str or bytes.
            InvalidValue: the other is no StringField of the same type and database.
            StoredValueError: it cuts through a character of several bytes, and the field has type=str.
        """
        return self._common(other, decode=self._value)

    def _common(self, other: Any, *args: Argument, decode: Callable[[Any], R]) -> Request[R]:
        self._usable(Use.TEXT, "LCS")
        fields = [self, *self._together("LCS", (other,), b"string")]
        return self._read_together("LCS", [*(field._key() for field in fields), *args], fields, decode)

    def _part(self, command: str, start: int, end: int) -> Request[T]:
        self._usable(Use.TEXT, command)
        args = (checks.integer(f"{command}'s start", start), checks.integer(f"{command}'s end", end))
        return self._read("GETRANGE", args, self._value)

    def _text(self, command: str, value: object) -> bytes:
        self._usable(Use.TEXT, command)
        if not self._field.typed:
            stored: bytes = self._field.encode(value)
            return stored
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


def _common_subsequence(reply: Any) -> CommonSubsequence:
    found = mapping(reply)
    matches = [Match(own[0], own[1], other[0], other[1], length) for own, other, length in found["matches"]]
    return CommonSubsequence(matches, found["len"])


class WholeStringField(SingleValueField[T]):
    """The declaration of a field whose value is a Redis string of its own."""

    redis_type = "string"
    stored_as = b"string"

    def add_to(self, new: NewObject, place: Place, value: Any) -> None:
        stored = self.encode(value)
        new.strings += (place.prefix, stored)
        if place.indexes:
            self._claim(new, place, stored)


class StringField(WholeStringField[T]):
    """A value in a Redis string of its own."""

    @overload
    def __init__(
        self: StringField[Untyped],
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

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(
        self: StringField[Untyped], instance: Faced[Sync], owner: Any = None
    ) -> BoundString[str, Encodable, Sync]: ...
    @overload
    def __get__(
        self: StringField[Untyped], instance: Faced[Async], owner: Any = None
    ) -> BoundString[str, Encodable, Async]: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundString[T, T, Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundString[T, T, Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundString(self, instance)
