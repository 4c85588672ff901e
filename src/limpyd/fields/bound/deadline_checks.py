"""Questions whether the deadline of an object is over, in the packet of a read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from limpyd.keys import Partition
from limpyd.requests.request import Argument, Request
from limpyd.requests.subjects import Subject

SECOND, MILLISECOND = 1000, 1000
"""The milliseconds of a second, and the microseconds of a millisecond."""
SET_DEADLINE = "SETDEADLINE"
"""The command that sets a deadline under a condition, which scripts of such models know (lua/expiring.lua)."""


def deadline_checks(
    subject: Subject, partition: Partition, pk: bytes, expired: Callable[[Any], Any]
) -> tuple[Request[Any], ...]:
    """The questions for the deadline of an object and for the time of the server (ZSCORE, TIME), sent after a read.

    The time comes after the read. So if the deadline is not over then, it was not when the read ran.

    Args:
        subject: the model.
        partition: the partition of the object.
        pk: its primary key.
        expired: returns what becomes of the reply to the read if the deadline is over, or raises.
    """
    deadline = _Deadline(("ZSCORE", partition.deadlines, pk), subject)

    def judged(reply: Any, now: int) -> Any:
        return expired(reply) if deadline.found is not None and deadline.found <= now else reply

    return deadline, _Clock(partition.slot, subject, judged)


def with_time_left(request: Request[Any], partition: Partition) -> Request[Any]:
    """Has a read of a deadline reply with the milliseconds until then."""

    def left(reply: Any, now: int) -> Any:
        return None if reply is None else max(0, int(reply) - now)

    request.followups = (*request.followups, _Clock(partition.slot, request.subject, left))
    return request


def lasting(request: Request[Any], partition: Partition, milliseconds: Callable[[bytes], int]) -> Request[Any]:
    """Has a read of a value and its deadline reply with the value, or with None if the deadline is over.

    Args:
        request: the read.
        partition: the partition of the object.
        milliseconds: returns those since 1970 of a stored deadline.
    """

    def judged(reply: Any, now: int) -> Any:
        value, deadline = reply
        return None if deadline is not None and milliseconds(deadline) <= now else value

    request.followups = (*request.followups, _Clock(partition.slot, request.subject, judged))
    return request


class _Deadline(Request[Any]):
    """The question for the deadline of an object.

    Attributes:
        found: the deadline in the last reply, in milliseconds since 1970; None if there is none.
    """

    __slots__ = ("found",)

    def __init__(self, args: tuple[Argument, ...], subject: Subject | None) -> None:
        super().__init__(args, lambda reply: reply, readonly=True, may_be_stale=True, subject=subject)
        self.found: float | None = None

    def amend_reply(self, reply: Any, own: Any) -> Any:
        self.found = None if own is None else float(own)
        return reply


class _Clock(Request[Any]):
    """The question for the time of the server that serves a slot."""

    __slots__ = ("_judged", "_slot")

    def __init__(self, slot: int, subject: Subject | None, judged: Callable[[Any, int], Any]) -> None:
        super().__init__(("TIME",), lambda reply: reply, readonly=True, may_be_stale=True, subject=subject)
        self._slot = slot
        self._judged = judged

    @property
    def slot(self) -> int:
        return self._slot

    def amend_reply(self, reply: Any, own: Any) -> Any:
        seconds, microseconds = own
        return self._judged(reply, int(seconds) * SECOND + int(microseconds) // MILLISECOND)
