"""DeadlineField: the moment when an object expires."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, Self, TypeVar, overload

from limpyd.commands.descriptor import command, operation
from limpyd.commands.faces import Async, Face, Faced, Sync
from limpyd.exceptions import DeclarationError, UnsupportedCommand
from limpyd.fields import checks
from limpyd.fields.bound.deadline_checks import SET_DEADLINE, with_time_left
from limpyd.fields.bound.single_value import BoundSingleValue
from limpyd.fields.bound.single_value_writes import write_single_values
from limpyd.fields.bound.value import FIRST_REPLY
from limpyd.fields.instancehash import InstanceHashField
from limpyd.indexes.deadlines import DeadlineIndex
from limpyd.indexes.field_index import FieldIndex
from limpyd.keys import Partition
from limpyd.keys.limpyd2 import Limpyd2Partition
from limpyd.requests.decoders import to_bool
from limpyd.requests.request import Request
from limpyd.requests.step_results import Result
from limpyd.scripts.object_requests import read_existing
from limpyd.scripts.writes import WriteStep
from limpyd.types import Codec
from limpyd.types.moments import DEADLINE, LATEST, LONGEST, MILLISECOND, from_now

R = TypeVar("R")
SECOND = 1000


class BoundDeadline(BoundSingleValue[Face]):
    """The deadline of one object, after which it does not exist."""

    __slots__ = ()

    @command("HGET")
    def hget(self) -> Request[datetime | None]:
        """The deadline (HGET), in UTC; None if the object does not expire.

        Raises:
            DoesNotExist: the object was deleted, or has expired.
        """
        return self._read("HGET", (self._field.sub,), self._value)

    get = hget

    @command("HSET")
    def hset(self, value: datetime | timedelta) -> Request[bool]:
        """Sets the deadline, to a moment or to a duration from now (HSET); True if there was none before.

        Raises:
            InvalidValue: the value is neither, or a moment without a time zone.
            DoesNotExist: the object was deleted, or has expired.
        """
        return self._write("HSET", (self._field.sub, self._field.encode_new(value)), to_bool)

    set = hset

    @operation
    def touch(self) -> Request[None]:
        """Sets the deadline to the `ttl` of the field from now.

        Raises:
            UnsupportedCommand: the field declares no ttl.
            DoesNotExist: the object was deleted, or has expired.
        """
        ttl = self._field.ttl
        if ttl is None:
            cure = ", or declare DeadlineField(ttl=…)" if self._field.is_deadline else ""
            msg = f"{self._field} declares no ttl, which touch needs; use expire{cure}"
            raise UnsupportedCommand(msg)
        return self._write("HSET", (self._field.sub, from_now(ttl)), lambda _: None)

    @operation
    def expire(
        self, seconds: int | timedelta, *, nx: bool = False, xx: bool = False, gt: bool = False, lt: bool = False
    ) -> Request[bool]:
        """Lets the object expire after a number of seconds, by the clock of the server; True if the deadline was set.

        Args:
            seconds: or a timedelta; with 0 the object is gone at once.
            nx: only if it has no deadline yet.
            xx: only if it has one.
            gt: only if the new one is later; no deadline is the latest.
            lt: only if the new one is earlier.

        Raises:
            InvalidValue: the time is negative, or above 365,000 days; or more than one condition is given.
            DoesNotExist: the object was deleted, or has expired.
        """
        duration = checks.seconds("expire's seconds", seconds, low=0, high=LONGEST // timedelta(seconds=1)) * SECOND
        return self._limited("expire", from_now(timedelta(milliseconds=duration)), nx=nx, xx=xx, gt=gt, lt=lt)

    @operation
    def pexpire(
        self, milliseconds: int | timedelta, *, nx: bool = False, xx: bool = False, gt: bool = False, lt: bool = False
    ) -> Request[bool]:
        """Lets the object expire after a number of milliseconds; otherwise like `expire`."""
        duration = checks.milliseconds("pexpire's milliseconds", milliseconds, low=0, high=LONGEST // MILLISECOND)
        return self._limited("pexpire", from_now(timedelta(milliseconds=duration)), nx=nx, xx=xx, gt=gt, lt=lt)

    @operation
    def expireat(
        self,
        unix_time_seconds: int | datetime,
        *,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Request[bool]:
        """Lets the object expire at a moment, in Unix seconds or a datetime; otherwise like `expire`."""
        moment = checks.timestamp("expireat's unix_time_seconds", unix_time_seconds, low=0, high=LATEST // SECOND)
        return self._limited("expireat", b"%d" % (moment * SECOND), nx=nx, xx=xx, gt=gt, lt=lt)

    @operation
    def pexpireat(
        self,
        unix_time_milliseconds: int | datetime,
        *,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Request[bool]:
        """Lets the object expire at a moment, in milliseconds since 1970 or a datetime; otherwise like `expire`."""
        moment = checks.timestamp_ms("pexpireat's unix_time_milliseconds", unix_time_milliseconds, low=0, high=LATEST)
        return self._limited("pexpireat", b"%d" % moment, nx=nx, xx=xx, gt=gt, lt=lt)

    @command("HDEL")
    def persist(self) -> Request[bool]:
        """Removes the deadline, so that the object does not expire (HDEL); True if there was one.

        Raises:
            DoesNotExist: the object was deleted, or has expired.
        """
        return self._write("HDEL", (self._field.sub,), to_bool)

    hdel = delete = persist

    @operation
    def ttl(self) -> Request[int]:
        """Seconds until the object expires, rounded as TTL rounds them; -1 without a deadline.

        Raises:
            DoesNotExist: the object was deleted, or has expired.
        """
        return self._left(lambda left: -1 if left is None else (left + SECOND // 2) // SECOND)

    @operation
    def pttl(self) -> Request[int]:
        """Milliseconds until the object expires; otherwise like `ttl`."""
        return self._left(lambda left: -1 if left is None else left)

    @operation
    def expiretime(self) -> Request[int]:
        """The deadline, in seconds since 1970; otherwise like `ttl`."""
        return self._read("HGET", (self._field.sub,), lambda stored: -1 if stored is None else int(stored) // SECOND)

    @operation
    def pexpiretime(self) -> Request[int]:
        """The deadline, in milliseconds since 1970; otherwise like `ttl`."""
        return self._read("HGET", (self._field.sub,), lambda stored: -1 if stored is None else int(stored))

    def _left(self, decode: Callable[[int | None], int]) -> Request[int]:
        request: Request[int] = self._read("HGET", (self._field.sub,), decode)
        pk = self._instance._pk_bytes
        if pk is not None:
            left = Request(("DEADLINELEFT", self._key(), self._field.sub), decode, readonly=True, subject=self._field)
            request = with_time_left(request, self._field.model.keys.partition(pk))
            request.transactional = lambda: read_existing([self._instance], self._key(), left)
        return request

    def _limited(self, method: str, deadline: bytes, **conditions: bool) -> Request[bool]:
        """The request that sets the deadline under a condition."""
        checks.at_most_one(method, **conditions)
        field, instance = self._field, self._instance
        given = checks.flags(method, **conditions)
        if instance._pk_bytes is None or not given:
            return self._write("HSET", (field.sub, deadline), lambda _: True)
        step = WriteStep(field.name, field.layout(instance._pk_bytes), SET_DEADLINE, (field.sub, deadline, *given))
        request = write_single_values(field.model, instance, [step], lambda replies: bool(replies[0]), field)
        request.result = Result(FIRST_REPLY, bool)
        return request


class DeadlineField(InstanceHashField[datetime]):
    """The moment when an object expires: from then on it does not exist, for anybody.

    A model has at most one. The value is a datetime. A timedelta may be passed instead: so long from now, by the clock
    of the server.

    Args:
        ttl: how long from its creation a new object exists, if no deadline is passed; None for no limit.
        renew_on: "write" to have each write to an object with a deadline set it to the ttl from then, as `touch` does,
            unless it is later already.
    """

    takes = frozenset({"renew_on", "ttl"})
    is_deadline = True

    def __init__(self, *, ttl: timedelta | None = None, renew_on: Literal["write"] | None = None) -> None:
        if ttl is not None and (not isinstance(ttl, timedelta) or not timedelta() < ttl <= LONGEST):
            msg = f"DeadlineField: ttl={ttl!r} is not a positive timedelta of at most {LONGEST.days:,} days"
            raise DeclarationError(msg)
        if renew_on not in {None, "write"} or (renew_on is not None and ttl is None):
            cure = "declare a ttl, which it sets" if renew_on == "write" else 'it is "write", or None'
            msg = f"DeadlineField: renew_on={renew_on!r}: {cure}"
            raise DeclarationError(msg)
        default: Any = ttl
        super().__init__(datetime, default=default, indexes=[DeadlineIndex])
        self.ttl, self.renew_on = ttl, renew_on

    def _codec_for(self, declared: Any) -> Codec[Any]:
        return DEADLINE

    # Its commands are fewer than those of what it is stored as.
    @overload  # type: ignore[override]
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundDeadline[Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundDeadline[Async]: ...
    def __get__(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, instance: Any, owner: Any = None
    ) -> Any:
        return self if instance is None else BoundDeadline(self, instance)

    def settle(self, partition: Partition, indexes: tuple[FieldIndex, ...], composites: Sequence[FieldIndex]) -> None:
        if isinstance(partition, Limpyd2Partition):
            msg = f"{self}: objects in the layout of limpyd 2 cannot expire; declare the model on another database"
            raise DeclarationError(msg)
        if composites:
            msg = f"{self} is the deadline of objects, and cannot be part of another index: {composites[0].index}"
            raise DeclarationError(msg)
        super().settle(partition, indexes, composites)
