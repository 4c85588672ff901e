"""The expiry of single keys of a hash."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from limpyd.commands.descriptor import command
from limpyd.commands.faces import Face
from limpyd.exceptions import InvalidValue
from limpyd.fields import checks
from limpyd.fields.bound.expiry import persist_args
from limpyd.fields.bound.value import MAX_ARGUMENTS
from limpyd.fields.hash.keys import BoundHashKeys, Key, each
from limpyd.requests.decoders import to_bool
from limpyd.requests.request import Argument, Request
from limpyd.types import SupportsItems

if TYPE_CHECKING:
    from redis.commands.core import HashDataPersistOptions

T = TypeVar("T")
V = TypeVar("V")

NO_SUCH_KEY = -2


class BoundHashExpiry(BoundHashKeys[T, V, Face]):
    """Each key of a hash can expire on its own, from Redis 7.4 and Valkey 9.0 on."""

    __slots__ = ()

    @command("HEXPIRE")
    def hexpire(
        self,
        seconds: int | timedelta,
        *keys: Key,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Request[list[int]]:
        """Lets keys expire after a number of seconds (HEXPIRE).

        Args:
            seconds: or a timedelta.
            keys: the keys.
            nx: only those that have no expiry yet.
            xx: only those that have one.
            gt: only where the new one is later.
            lt: only where the new one is earlier.

        Returns:
            For each key 1 if that was set, 0 if a condition forbids it, 2 if it expired at once, -2 if there is none.

        Raises:
            UnsupportedCommand: the field is indexed.
            ServerTooOld: the server does not know the command.
            DoesNotExist: the object was deleted.
        """
        return self._expire("HEXPIRE", checks.seconds("HEXPIRE's seconds", seconds, low=0), keys, nx, xx, gt, lt)

    @command("HPEXPIRE")
    def hpexpire(
        self,
        milliseconds: int | timedelta,
        *keys: Key,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Request[list[int]]:
        """Lets keys expire after a number of milliseconds (HPEXPIRE); otherwise like `hexpire`."""
        duration = checks.milliseconds("HPEXPIRE's milliseconds", milliseconds, low=0)
        return self._expire("HPEXPIRE", duration, keys, nx, xx, gt, lt)

    @command("HEXPIREAT")
    def hexpireat(
        self,
        unix_time_seconds: int | datetime,
        *keys: Key,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Request[list[int]]:
        """Lets keys expire at a moment (HEXPIREAT), in seconds since 1970 or a datetime; otherwise like `hexpire`."""
        moment = checks.timestamp("HEXPIREAT's unix_time_seconds", unix_time_seconds, low=0)
        return self._expire("HEXPIREAT", moment, keys, nx, xx, gt, lt)

    @command("HPEXPIREAT")
    def hpexpireat(
        self,
        unix_time_milliseconds: int | datetime,
        *keys: Key,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Request[list[int]]:
        """Lets keys expire at a moment (HPEXPIREAT), in Unix milliseconds or a datetime; otherwise like `hexpire`."""
        moment = checks.timestamp_ms("HPEXPIREAT's unix_time_milliseconds", unix_time_milliseconds, low=0)
        return self._expire("HPEXPIREAT", moment, keys, nx, xx, gt, lt)

    @command("HPERSIST")
    def hpersist(self, *keys: Key) -> Request[list[int]]:
        """Removes the expiry of keys (HPERSIST): for each 1, or -1 if it has none, -2 if there is no such key.

        Raises:
            ServerTooOld: the server does not know the command.
            DoesNotExist: the object was deleted.
        """
        return self._write_named("HPERSIST", (), keys)

    @command("HTTL")
    def httl(self, *keys: Key) -> Request[list[int]]:
        """Seconds until keys expire (HTTL): for each -1 without expiry, -2 if there is no such key.

        Raises:
            ServerTooOld: the server does not know the command.
        """
        return self._read_named("HTTL", keys)

    @command("HPTTL")
    def hpttl(self, *keys: Key) -> Request[list[int]]:
        """Milliseconds until keys expire (HPTTL); otherwise like `httl`."""
        return self._read_named("HPTTL", keys)

    @command("HEXPIRETIME")
    def hexpiretime(self, *keys: Key) -> Request[list[int]]:
        """The moments keys expire, in seconds since 1970 (HEXPIRETIME); -1 and -2 as for `httl`."""
        return self._read_named("HEXPIRETIME", keys)

    @command("HPEXPIRETIME")
    def hpexpiretime(self, *keys: Key) -> Request[list[int]]:
        """The moments keys expire, in milliseconds since 1970 (HPEXPIRETIME); -1 and -2 as for `httl`."""
        return self._read_named("HPEXPIRETIME", keys)

    @command("HSETEX")
    def hsetex(
        self,
        key: Key | None = None,
        value: V | None = None,
        mapping: SupportsItems[Key, V] | None = None,
        items: Sequence[Any] | None = None,
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
        """Stores values by key, and when they expire (HSETEX, from Redis 8.0 and Valkey 9.0 on); True if stored.

        Args:
            key: a key.
            value: its value.
            mapping: more values, by key.
            items: more keys and values in turn, in one list.
            ex: expire after a number of seconds.
            px: expire after a number of milliseconds.
            exat: expire at this moment, in seconds since 1970.
            pxat: expire at this moment, in milliseconds since 1970.
            data_persist_option: `fnx` or `fxx`, as redis-py has them.
            fnx: only if none of the keys has a value.
            fxx: only if all of them have one.
            keepttl: keep the expiry that old values have.

        Raises:
            InvalidValue: there is nothing to store, or arguments exclude each other.
            UniquenessError: another object has one of the values under the same key; nothing is changed.
            UnsupportedCommand: an expiry on an indexed field.
            ServerTooOld: the server does not know the command.
            DoesNotExist: the object was deleted.
        """
        head: list[Argument] = persist_args("HSETEX", data_persist_option, fnx, fxx)
        head += self._expiry_args("HSETEX", ex=ex, px=px, exat=exat, pxat=pxat, keepttl=keepttl)
        pairs = self._item_args("HSETEX", key, value, mapping, items)
        if len(pairs) > MAX_ARGUMENTS:
            msg = f"HSETEX on {self._field} takes from 1 to {MAX_ARGUMENTS // 2} values, not {len(pairs) // 2}"
            raise InvalidValue(msg)
        head += ("FIELDS", len(pairs) // 2)
        return self._write("HSETEX", (*head, *pairs), to_bool, first=len(head) + 1, step=2)

    @command("HGETEX")
    def hgetex(
        self,
        *keys: Key,
        ex: int | timedelta | None = None,
        px: int | timedelta | None = None,
        exat: int | datetime | None = None,
        pxat: int | datetime | None = None,
        persist: bool = False,
    ) -> Request[list[T | None]]:
        """The values under some keys while their expiry is changed (HGETEX, from Redis 8.0 and Valkey 9.0 on).

        Args:
            keys: the keys.
            ex: expire after a number of seconds.
            px: expire after a number of milliseconds.
            exat: expire at this moment, in seconds since 1970.
            pxat: expire at this moment, in milliseconds since 1970.
            persist: take the expiry away.

        Raises:
            UnsupportedCommand: an expiry on an indexed field.
            ServerTooOld: the server does not know the command.
            DoesNotExist: the object was deleted.
        """
        expiry = self._expiry_args("HGETEX", ex=ex, px=px, exat=exat, pxat=pxat, persist=persist)
        subs = self._keys("HGETEX", keys)
        return self._write_many("HGETEX", expiry, subs, counted="FIELDS", combine=self._optional_of(keys))

    def _expire(
        self, name: str, when: int, keys: tuple[Key, ...], nx: bool, xx: bool, gt: bool, lt: bool
    ) -> Request[list[int]]:
        self._may_expire(name)
        checks.at_most_one(name, nx=nx, xx=xx, gt=gt, lt=lt)
        return self._write_named(name, (when, *checks.flags(name, nx=nx, xx=xx, gt=gt, lt=lt)), keys)

    def _write_named(self, name: str, args: tuple[Argument, ...], keys: tuple[Key, ...]) -> Request[list[int]]:
        return self._write_many(
            name,
            args,
            self._keys(name, keys),
            counted="FIELDS",
            combine=lambda replies: each(replies, keys, NO_SUCH_KEY),
        )

    def _read_named(self, name: str, keys: tuple[Key, ...]) -> Request[list[int]]:
        subs = self._keys(name, keys)
        return self._read(name, ("FIELDS", len(subs), *subs), lambda reply: list(reply or [NO_SUCH_KEY] * len(keys)))
