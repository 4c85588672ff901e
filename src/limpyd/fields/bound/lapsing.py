"""The commands of fields whose values lapse: each write also sets or removes the deadline of the value, in one step.

Redis has no part in that: the deadline is a field of its own (limpyd.fields.value_deadline).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from limpyd.commands.deadline_changes import DROPPING, Change, deadline_after, parsed, rewritten
from limpyd.commands.faces import Face
from limpyd.fields.bound.deadline_checks import SET_DEADLINE
from limpyd.fields.bound.settled_reads import settled_read
from limpyd.fields.bound.single_value_writes import write_single_values
from limpyd.fields.bound.value import FIRST_REPLY, BoundValue
from limpyd.keys import key_from_template
from limpyd.requests.request import Argument, Request
from limpyd.requests.step_results import Result
from limpyd.scripts.writes import WriteStep
from limpyd.server import Needs

R = TypeVar("R")


class LapsingValue(Generic[Face]):
    """The value of one object that lapses, and its deadline.

    Args:
        bound: the field, bound to the instance.
    """

    def __init__(self, bound: BoundValue[Face]) -> None:
        self._bound = bound
        self._field: Any = bound._field
        self._instance = bound._instance
        self._deadline: Any = self._field.deadline

    def written(
        self, command: str, args: tuple[Argument, ...], decode: Callable[[Any], R], needs: Needs | None
    ) -> Request[R] | None:
        """Returns a write that changes the deadline, too; None if the command does not."""
        found = rewritten(command, args)
        if found is None:
            return None
        steps = [*self._change(found.change), self._field.step(self._instance._pk_bytes, found.command, *found.args)]
        number = len(steps) - 1

        def decode_last(replies: list[Any]) -> R:
            return decode(found.reply(replies[number]))

        request = write_single_values(self._field.model, self._instance, steps, decode_last, self._field, needs)
        request.result = Result(FIRST_REPLY + number, lambda reply: decode(found.reply(reply)))
        return request

    def _change(self, change: Change) -> list[WriteStep]:
        """Returns the command that changes the deadline, before the value is written."""
        deadline, pk = self._deadline, self._instance._pk_bytes
        if change.deadline is None:
            return []
        if pk is None:  # a new object, which has no value yet
            is_set = change.deadline and change.condition in {"", "NX"}
            return [deadline.step(pk, "HSET", deadline.sub, change.deadline)] if is_set else []
        if change.condition:
            args = (change.deadline, change.condition, *deadline.place_of_value(pk), change.compared)
            return [deadline.step(pk, "SETNEXTDEADLINE", deadline.sub, *args)]
        if change.deadline:
            return [deadline.step(pk, "HSET", deadline.sub, change.deadline)]
        return [deadline.step(pk, "HDEL", deadline.sub)]

    def got_and_changed(
        self, command: str, args: tuple[Argument, ...], words: tuple[Argument, ...], decode: Callable[[Any], R]
    ) -> Request[R]:
        """Returns the read of the value while its deadline is changed, as GETEX and HGETEX do it.

        Args:
            command: the command that reads it.
            args: its arguments.
            words: what GETEX has for the expiry.
            decode: turns the reply into the result.
        """
        if not words:
            return self._bound._read(command, args, decode)
        field, deadline, pk = self._field, self._deadline, self._instance._pk_bytes
        steps = [field.step(pk, command, *args)]
        if words == (DROPPING,):
            steps.append(deadline.step(pk, "HDEL", deadline.sub))
        else:
            new = parsed(words)[0].deadline
            steps.append(deadline.step(pk, SET_DEADLINE, deadline.sub, new, "", *deadline.place_of_value(pk)))
        request = write_single_values(field.model, self._instance, steps, lambda replies: decode(replies[0]), field)
        request.result = Result(FIRST_REPLY, decode)
        return request

    def expiring(self, command: str, when: int, **conditions: bool) -> Request[bool]:
        """Returns the request that sets the deadline, as EXPIRE, HPEXPIREAT and the like do it."""
        request: Request[bool] = self._deadline.of(self._instance)._limited(
            command, deadline_after(command, when), **conditions
        )
        return request

    def persisted(self) -> Request[bool]:
        """Returns the request that removes the deadline; True if there was one."""
        request: Request[bool] = self._deadline.of(self._instance)._write("HDEL", (self._deadline.sub,), bool)
        return request

    def milliseconds(self, command: str, decode: Callable[[int], int] = int) -> Request[int]:
        """Returns the read of the milliseconds until the value lapses (PTTL), or of those since 1970 (PEXPIRETIME).

        Args:
            command: one of these.
            decode: turns them into the result; -1 without a deadline, -2 without a value.
        """
        pk, field = self._instance._pk_bytes, self._field
        if pk is None:
            return Request(("PTTL", self._bound._key()), decode, readonly=True, subject=field)
        key = key_from_template(self._deadline.place(pk).prefix, pk)
        args = ("VALUE" + command, key, self._deadline.sub, *self._deadline.place_of_value(pk))
        return settled_read(Request(args, decode, readonly=True, subject=field), key, self._instance)

    def seconds(self, command: str, *, rounded_up: bool = False) -> Request[int]:
        """The same in seconds, rounded as TTL rounds them, or up as HTTL does."""

        def in_seconds(milliseconds: int) -> int:
            more = 999 if rounded_up else 500
            return milliseconds if milliseconds < 0 else (milliseconds + more) // 1000

        return self.milliseconds(command, in_seconds)
