"""What every field with a Redis key of its own can do: be deleted, exist, expire."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from limpyd.commands import Scope, read, write
from limpyd.exceptions import InvalidValue, UnsupportedCommand
from limpyd.faces import Face
from limpyd.fields import checks
from limpyd.fields.base import BoundField
from limpyd.requests import Argument, Request, to_bool


class BoundKey(BoundField[Face]):
    """A field with a key of its own, of one instance."""

    __slots__ = ()

    @write("DEL", Scope.WHOLE)
    def delete(self) -> Request[bool]:
        """Removes the value (DEL), and its index entries; True if there was one.

        Raises:
            DoesNotExist: the object was deleted.
        """
        return self._write("DEL", decode=to_bool)

    @read("EXISTS")
    def exists(self) -> Request[bool]:
        """Whether there is a value (EXISTS)."""
        return self._read("EXISTS", decode=to_bool)

    @write("EXPIRE", Scope.NOTHING)
    def expire(
        self,
        time: int | timedelta,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Request[bool]:
        """Lets the value expire after so many seconds (EXPIRE); True if that was set.

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

    @write("PEXPIRE", Scope.NOTHING)
    def pexpire(
        self,
        time: int | timedelta,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Request[bool]:
        """Lets the value expire after so many milliseconds (PEXPIRE); True if that was set. Else like `expire`."""
        return self._expiry("PEXPIRE", checks.milliseconds("PEXPIRE's time", time), nx, xx, gt, lt)

    @write("EXPIREAT", Scope.NOTHING)
    def expireat(
        self,
        when: int | datetime,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Request[bool]:
        """Lets the value expire at a moment (EXPIREAT), in seconds since 1970 or a datetime. Else like `expire`."""
        return self._expiry("EXPIREAT", checks.timestamp("EXPIREAT's when", when), nx, xx, gt, lt)

    @write("PEXPIREAT", Scope.NOTHING)
    def pexpireat(
        self,
        when: int | datetime,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Request[bool]:
        """Lets the value expire at a moment (PEXPIREAT), in milliseconds since 1970 or a datetime. Else as `expire`."""
        return self._expiry("PEXPIREAT", checks.timestamp_ms("PEXPIREAT's when", when), nx, xx, gt, lt)

    @write("PERSIST", Scope.NOTHING)
    def persist(self) -> Request[bool]:
        """Takes the expiry away (PERSIST); True if there was one.

        Raises:
            DoesNotExist: the object was deleted.
        """
        return self._write("PERSIST", decode=to_bool)

    @read("TTL")
    def ttl(self) -> Request[int]:
        """Seconds until the value expires (TTL); -1 without expiry, -2 without a value."""
        return self._read("TTL", decode=int)

    @read("PTTL")
    def pttl(self) -> Request[int]:
        """Milliseconds until the value expires (PTTL); -1 without expiry, -2 without a value."""
        return self._read("PTTL", decode=int)

    @read("EXPIRETIME")
    def expiretime(self) -> Request[int]:
        """The moment the value expires, in seconds since 1970 (EXPIRETIME); -1 without expiry, -2 without a value."""
        return self._read("EXPIRETIME", decode=int)

    @read("PEXPIRETIME")
    def pexpiretime(self) -> Request[int]:
        """The moment the value expires, in milliseconds since 1970 (PEXPIRETIME); -1 and -2 as for `expiretime`."""
        return self._read("PEXPIRETIME", decode=int)

    def _expiry(self, command: str, when: int, nx: bool, xx: bool, gt: bool, lt: bool) -> Request[bool]:
        self._may_expire(command)
        checks.at_most_one(command, gt=gt, lt=lt)
        if nx and (xx or gt or lt):
            msg = f"{command}: nx excludes xx, gt and lt"
            raise InvalidValue(msg)
        chosen: dict[str, Any] = {"NX": nx, "XX": xx, "GT": gt, "LT": lt}
        conditions: list[Argument] = [name for name, wanted in chosen.items() if wanted]
        return self._write(command, when, *conditions, decode=to_bool)

    def _may_expire(self, command: str) -> None:
        """An index is kept by writes; when a value expires there is none."""
        if self._field.indexed:
            msg = (
                f"{self._field} is indexed: when its value expired, its index entry would stay. "
                f"{command} needs a field without an index; or delete the value yourself"
            )
            raise UnsupportedCommand(msg)
