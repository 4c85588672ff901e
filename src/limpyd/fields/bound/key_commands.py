"""The commands of every field with a Redis key of its own: delete, exists, expiry, copy, OBJECT."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from limpyd.commands.descriptor import command
from limpyd.commands.faces import Face
from limpyd.commands.replies import optional_int
from limpyd.exceptions import InvalidValue
from limpyd.fields import checks
from limpyd.fields.bound.expiry import BoundExpiry
from limpyd.fields.bound.multi_key import BoundMultiKey
from limpyd.keys import to_text
from limpyd.requests.decoders import to_bool
from limpyd.requests.request import Argument, Request


class BoundKey(BoundExpiry[Face], BoundMultiKey[Face]):
    """A field with a key of its own, of one instance."""

    __slots__ = ()

    @command("DEL")
    def delete(self) -> Request[bool]:
        """Removes the value (DEL), and its index entries; True if there was one.

        Raises:
            DoesNotExist: the object was deleted.
        """
        return self._write("DEL", (), to_bool)

    @command("UNLINK")
    def unlink(self) -> Request[bool]:
        """Removes the value (UNLINK) as `delete` does, but has the server free its memory later."""
        return self._write("UNLINK", (), to_bool)

    @command("COPY")
    def copy(self, destination: BoundKey[Any], *, replace: bool = False) -> Request[bool]:
        """Copies the value and its expiry to a field of another instance (COPY); True if it was copied.

        Args:
            destination: a bound field of the same kind and type. If it is indexed, the copy does not expire.
            replace: overwrite the value that it has; without, nothing is copied if it has one.

        Raises:
            InvalidValue: the destination is of another kind, type or database, or this very field.
            WrongTypeError: the key of this field holds something else than its type.
            UniquenessError: another object has the value; nothing is changed.
            InvalidPrimaryKey: the destination's instance has no primary key yet.
            DoesNotExist: one of the objects was deleted.
        """
        (target,) = self._checked_fields("COPY", (destination,), self._field.stored_as)
        if target._key() == self._key():
            msg = f"COPY needs a destination that is not the source; both are {self!r}"
            raise InvalidValue(msg)
        args: list[Argument] = [target._key(), *checks.flags("COPY", replace=replace)]
        return self._write_multi_key("COPY", *args, decode=to_bool, changes=target, scopes=(b"nothing", b"whole"))

    @command("EXISTS")
    def exists(self) -> Request[bool]:
        """Returns whether there is a value (EXISTS)."""
        return self._read("EXISTS", (), to_bool)

    @command("EXPIRE")
    def expire(
        self,
        time: int | timedelta,
        *,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Request[bool]:
        """Lets the value expire after a number of seconds (EXPIRE); True if the expiry was set.

        Args:
            time: seconds, or a timedelta; not positive removes the value at once.
            nx: only if it has no expiry yet.
            xx: only if it has one.
            gt: only if the new one is later.
            lt: only if the new one is earlier.

        Raises:
            UnsupportedCommand: the field is indexed.
            DoesNotExist: the object was deleted.
        """
        return self._expiry("EXPIRE", checks.seconds("EXPIRE's time", time), nx, xx, gt, lt)

    @command("PEXPIRE")
    def pexpire(
        self,
        time: int | timedelta,
        *,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Request[bool]:
        """Lets the value expire after a number of milliseconds (PEXPIRE). Otherwise like `expire`."""
        return self._expiry("PEXPIRE", checks.milliseconds("PEXPIRE's time", time), nx, xx, gt, lt)

    @command("EXPIREAT")
    def expireat(
        self,
        when: int | datetime,
        *,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Request[bool]:
        """Lets the value expire at a moment (EXPIREAT), in Unix seconds or a datetime. Otherwise like `expire`."""
        return self._expiry("EXPIREAT", checks.timestamp("EXPIREAT's when", when), nx, xx, gt, lt)

    @command("PEXPIREAT")
    def pexpireat(
        self,
        when: int | datetime,
        *,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Request[bool]:
        """Lets the value expire at a time (PEXPIREAT), in Unix milliseconds or a datetime. Otherwise like `expire`."""
        return self._expiry("PEXPIREAT", checks.timestamp_ms("PEXPIREAT's when", when), nx, xx, gt, lt)

    @command("PERSIST")
    def persist(self) -> Request[bool]:
        """Removes the expiry (PERSIST); True if there was one.

        Raises:
            DoesNotExist: the object was deleted.
        """
        if (value := self._lapsing) is not None:
            return value.persisted()
        return self._write("PERSIST", (), to_bool)

    @command("TTL")
    def ttl(self) -> Request[int]:
        """Seconds until the value expires (TTL); -1 without expiry, -2 without a value."""
        if (value := self._lapsing) is not None:
            return value.seconds("PTTL")
        return self._read("TTL", (), int)

    @command("PTTL")
    def pttl(self) -> Request[int]:
        """Milliseconds until the value expires (PTTL); -1 without expiry, -2 without a value."""
        if (value := self._lapsing) is not None:
            return value.milliseconds("PTTL")
        return self._read("PTTL", (), int)

    @command("EXPIRETIME")
    def expiretime(self) -> Request[int]:
        """The moment the value expires, in seconds since 1970 (EXPIRETIME); -1 without expiry, -2 without a value."""
        if (value := self._lapsing) is not None:
            return value.seconds("PEXPIRETIME")
        return self._read("EXPIRETIME", (), int)

    @command("PEXPIRETIME")
    def pexpiretime(self) -> Request[int]:
        """The moment the value expires, in milliseconds since 1970 (PEXPIRETIME); -1 and -2 as for `expiretime`."""
        if (value := self._lapsing) is not None:
            return value.milliseconds("PEXPIRETIME")
        return self._read("PEXPIRETIME", (), int)

    # --- how the server keeps it ---

    @command("TYPE")
    def type(self) -> Request[str]:
        """The Redis type of the value (TYPE), such as "string"; "none" if there is nothing."""
        return self._read("TYPE", (), to_text)

    @command("TOUCH")
    def touch(self) -> Request[bool]:
        """Sets the time of the last access to now (TOUCH), which matters for eviction; True if there is a value."""
        return self._read("TOUCH", (), to_bool)

    @command("DUMP")
    def dump(self) -> Request[bytes | None]:
        """The value in the server's own form, for its RESTORE (DUMP), or None if there is none."""
        return self._read("DUMP", ())

    @command("OBJECT ENCODING")
    def object_encoding(self) -> Request[str | None]:
        """Returns the encoding of the value, such as "listpack" (OBJECT ENCODING), or None if there is no value."""
        return self._read("OBJECT ENCODING", (), lambda reply: None if reply is None else to_text(reply))

    @command("OBJECT FREQ")
    def object_freq(self) -> Request[int | None]:
        """Returns how often the value was used, on a logarithmic scale (OBJECT FREQ), or None if there is none.

        Raises:
            ServerError: the server's maxmemory-policy is none of the LFU ones, so it does not count.
        """
        return self._read("OBJECT FREQ", (), optional_int)

    @command("OBJECT IDLETIME")
    def object_idletime(self) -> Request[int | None]:
        """Seconds since the value was last used (OBJECT IDLETIME), or None if there is none.

        Raises:
            ServerError: the server's maxmemory-policy is one of the LFU ones, so it keeps no times.
        """
        return self._read("OBJECT IDLETIME", (), optional_int)

    @command("OBJECT REFCOUNT")
    def object_refcount(self) -> Request[int | None]:
        """Returns how many references the server holds to the value (OBJECT REFCOUNT), or None if there is none."""
        return self._read("OBJECT REFCOUNT", (), optional_int)

    @command("MEMORY USAGE")
    def memory_usage(self, samples: int | None = None) -> Request[int | None]:
        """Bytes of memory that the key and its value take (MEMORY USAGE), or None if there is none.

        Args:
            samples: how many members to measure and take for the rest; 0 for all. The server's default is 5.
        """
        args: list[Argument] = []
        if samples is not None:
            args = ["SAMPLES", checks.integer("MEMORY USAGE's samples", samples, low=0)]
        return self._read("MEMORY USAGE", tuple(args), optional_int)

    def _expiry(self, command: str, when: int, nx: bool, xx: bool, gt: bool, lt: bool) -> Request[bool]:
        self._may_expire(command)
        checks.at_most_one(command, gt=gt, lt=lt)
        if nx and (xx or gt or lt):
            msg = f"{command}: nx excludes xx, gt and lt"
            raise InvalidValue(msg)
        if (value := self._lapsing) is not None:
            return value.expiring(command, when, nx=nx, xx=xx, gt=gt, lt=lt)
        return self._write(command, (when, *checks.flags(command, nx=nx, xx=xx, gt=gt, lt=lt)), to_bool)
