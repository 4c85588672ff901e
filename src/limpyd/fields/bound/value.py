"""The base of fields that are bound to an instance and hold a value: how their commands reach the server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from limpyd.commands.faces import Face
from limpyd.commands.table import TABLE
from limpyd.exceptions import InvalidValue
from limpyd.fields.bound.existence import MAX_PASSED_ON, require_existing
from limpyd.fields.bound.field import BoundField
from limpyd.fields.declaration.value import FieldPlace
from limpyd.keys import Partition, key_from_template
from limpyd.requests.decoders import returned
from limpyd.requests.request import Argument, Request
from limpyd.requests.step_results import Result
from limpyd.scripts import writes
from limpyd.scripts.writes import SCOPES, CommandChange, MembersStep, Other
from limpyd.server import Needs
from limpyd.statements.fast_call import PLAIN_TYPES
from limpyd.statements.fast_path import PartitionedCall, fast_call
from limpyd.statements.prepared_requests import PreparedWrite
from limpyd.statements.read import Read, ReadStatement

R = TypeVar("R")


def last(replies: list[R]) -> R:
    """The last reply, of those to the parts of a command."""
    return replies[-1]


OF_ONE: dict[Any, Callable[[Any], Any]] = {any: bool, last: int, sum: int}
"""The decoders of one reply for functions of a list of replies."""

FIRST_REPLY = 3
"""The position of the first command's reply in the reply of the general scripts."""
MAX_ARGUMENTS = MAX_PASSED_ON - 1000
"""The most members in one command, with room for what comes before them; more are several commands of a step."""


def _spread(method: Callable[..., R]) -> Callable[[Any, Any], R]:
    """Returns the method that takes its arguments as one."""
    return lambda bound, args: method(bound, *args)


def _learning(command: Any, describe: Any, otherwise: Any, count: int) -> Callable[[Any, Any], Any]:
    """Returns the function that makes a call with so many arguments, passed as one, and learns from it."""
    return lambda bound, args: bound._call_and_learn(command, describe, otherwise, *((args,) if count == 1 else args))


class BoundValue(BoundField[Face]):
    """A field that holds a value in Redis, of one instance."""

    __slots__ = ()

    def _key(self) -> bytes:
        pk = self._instance._pk_bytes
        if pk is None:
            nothing: bytes = self._field.model.keys.partition(None).nothing
            return nothing
        prefix: bytes = self._field.place(pk).prefix
        return key_from_template(prefix, pk)

    # --- reads ---

    def _read(
        self,
        command: str,
        args: tuple[Argument, ...] = (),
        decode: Callable[[Any], R] = returned,
        needs: Needs | None = None,
    ) -> Request[R]:
        """A command that changes nothing, on an object that must exist.

        Args:
            command: the command.
            args: its arguments after the key.
            decode: turns the reply into the result.
            needs: the servers that support the arguments, if fewer than support the command.
        """
        field, instance = self._field, self._instance
        pk = instance._pk_bytes
        if pk is None:
            return Request((*command.split(), self._key(), *args), decode, readonly=True, subject=field, needs=needs)
        if field.lapses:
            from limpyd.fields.bound.settled_reads import read_of_lapsing  # noqa: PLC0415 - most values do not lapse

            return read_of_lapsing(self, command, args, decode, needs)
        model = field.model
        place: FieldPlace = field._places[model.keys.partition(pk)]
        try:
            statement = place.reads[command]
        except KeyError:
            statement = place.reads[command] = ReadStatement(command, place.prefix, field)
        request = Read(statement, pk, args, decode, needs)
        return request if instance._seen is model.era else require_existing(request, self._key(), [instance])

    def _existing(self, request: Request[R]) -> Request[R]:
        """The read, if the object exists."""
        instance = self._instance
        return request if instance._checked else require_existing(request, self._key(), [instance])

    def _value(self, stored: bytes | None) -> Any:
        """Decode: a stored value, or None where there is none."""
        if stored is None:
            return None
        try:
            return self._field.codec.decode(stored)
        except (ValueError, OverflowError):
            return self._field.decode(stored, self._key(), self._instance._pk_bytes)  # which says what is wrong

    def _values(self, stored: Any) -> list[Any]:
        """Decode: several stored values."""
        decode = self._field.codec.decode
        try:
            return [decode(one) for one in stored or ()]
        except (ValueError, OverflowError):
            key = self._key()
            return [self._field.decode(one, key) for one in stored]  # which says what is wrong

    def _call_and_learn(self, command: Any, describe: Any, otherwise: Any, *args: Any) -> Any:
        """Calls a command, and learns how to call it without describing a request.

        Args:
            command: the command.
            describe: returns the request of a call.
            otherwise: calls it by such a request.
            args: its arguments, in the order in which they are sent.
        """
        result = otherwise(self, *args)
        instance = self._instance
        if vars(instance).get("_pk_bytes") is not None and PLAIN_TYPES.issuperset(map(type, args)):
            keys = self._field.model.keys
            partition = keys.partition(instance._pk_bytes)
            try:
                known = fast_call(describe(self, *args), self, args)
            except Exception:  # noqa: BLE001 - a user's `encode` may; the call itself was made
                known = None
            describe_one, call_one = (describe, otherwise) if len(args) == 1 else map(_spread, (describe, otherwise))
            direct = call_one if known is None else instance.database._directly(known, describe_one, call_one)
            if keys.partition(instance._pk_bytes) is partition:  # else another thread has learned that it has moved
                self._keep_call(partition, command, direct, _learning(command, describe, otherwise, len(args)))
        return result

    def _keep_call(self, partition: Partition, command: Any, direct: Any, learn: Callable[[Any, Any], Any]) -> None:
        """Notes the function that makes further calls of a command, with as many arguments, in a partition."""
        field = self._field
        keys = field.model.keys
        if keys.count == 1:
            field.direct[command] = direct
            return
        calls = field.direct.get(command)
        if calls is None:
            calls = field.direct[command] = PartitionedCall(keys, learn)
        calls.learned[partition] = direct

    # --- writes, on values of any kind ---

    def _write(
        self,
        command: str,
        args: tuple[Argument, ...] = (),
        decode: Callable[[Any], R] = returned,
        first: int = 1,
        step: int = 1,
        needs: Needs | None = None,
    ) -> Request[R]:
        """A command that may change something, on an object that must exist.

        It is a prepared statement, if there is one, else the general script runs it.

        Args:
            command: the command.
            args: its arguments after the key.
            decode: turns the reply into the result.
            first: which argument is the first member, for a command whose scope is its members.
            step: how many arguments further the next one is.
            needs: the servers that support the arguments, if fewer than support the command.
        """
        pk = self._instance._pk_bytes
        if pk is not None:
            field = self._field
            partition = field.model.keys.partition(pk)
            place: FieldPlace = field._places[partition]
            try:
                statement = place.statements[command]
            except KeyError:
                statement = place.statements[command] = field.prepared(partition, place, command)
            if statement is not None:
                given = statement.given(args)
                if given is not None and len(args) <= MAX_PASSED_ON:
                    return PreparedWrite(statement, self, pk, args, given, decode, (first, step), needs)
        return self._in_general(command, args, decode, first=first, step=step, needs=needs)

    def _in_general(
        self,
        command: str,
        args: tuple[Argument, ...],
        decode: Callable[[Any], R],
        *,
        first: int = 1,
        step: int = 1,
        key_at: int = 1,
        needs: Needs | None = None,
    ) -> Request[R]:
        """The same by the general script, which can be a part of something.

        Args:
            command: the command.
            args: its arguments without the key.
            decode: turns the reply into the result.
            first: as above.
            step: as above.
            key_at: where among all arguments the key stands.
            needs: as above.
        """
        self._not_too_many(command, args)
        change = self._change(SCOPES[TABLE[command].scope], first=first, step=step)
        steps = [MembersStep((change,), command, args, key_at)]
        request = self._writing(steps, lambda replies: decode(replies[0]), needs=needs)
        request.result = Result(FIRST_REPLY, decode)
        return request

    def _change(self, scope: bytes, instance_number: int = 0, *, first: int = 1, step: int = 1) -> CommandChange:
        """Returns the change that a command may make to this field."""
        field = self._field
        place: FieldPlace = field.place(self._instance._pk_bytes)
        if place.needs_whole_value and scope not in {b"nothing", b"expiry"}:
            scope = b"whole"
        return CommandChange(
            field.model, field.name, instance_number, place.prefix, place.stored, place.write_rows, scope, first, step
        )

    def _not_too_many(self, command: str, args: Sequence[Argument]) -> None:
        if len(args) > MAX_PASSED_ON:
            msg = f"{command} on {self._field} takes at most {MAX_PASSED_ON} arguments, not {len(args)}"
            raise InvalidValue(msg)

    def _write_many(
        self,
        command: str,
        head: Sequence[Argument],
        members: Sequence[Argument],
        *,
        tail: Sequence[Argument] = (),
        counted: str = "",
        step: int = 1,
        member: int | None = None,
        combine: Callable[[list[Any]], R],
    ) -> Request[R]:
        """A command on any number of members, all in one step.

        Args:
            command: the command.
            head: its arguments before the members.
            members: the arguments that are members.
            tail: its arguments after them, if none of them is a member.
            counted: the word that announces how many members there are, if one does.
            step: how many of those there are for each member.
            member: which of those is the member itself; by default the last.
            combine: turns the replies, one for each part that it was cut into, into the result.
        """
        first = len(head) + (2 if counted else 0) + (member or step)
        if len(members) <= MAX_ARGUMENTS:
            announced = (counted, len(members) // step) if counted else ()
            decode = OF_ONE.get(combine) or (lambda reply: combine([reply]))
            return self._write(command, (*head, *announced, *members, *tail), decode, first, step)
        size = MAX_ARGUMENTS - MAX_ARGUMENTS % step
        parts = [members[start : start + size] for start in range(0, len(members), size)]
        args = [(*head, *((counted, len(some) // step) if counted else ()), *some, *tail) for some in parts]
        change = self._change(SCOPES[TABLE[command].scope], first=first, step=step)
        return self._writing([MembersStep((change,), command, each) for each in args], combine)

    def _writing(
        self,
        steps: Sequence[MembersStep],
        decode: Callable[[list[Any]], R],
        *,
        others: Sequence[Other] = (),
        elsewhere: Sequence[bytes] = (),
        needs: Needs | None = None,
    ) -> Request[R]:
        field, instance = self._field, self._instance
        model, pk = field.model, instance._pk_bytes
        if pk is None:
            model.must_have_or_mint(pk, [change.field for step in steps for change in step.changes])
        request = writes.write_members(
            model, model.keys.partition(pk), pk, others, elsewhere, steps, decode, instance._set_pk, field, needs
        )
        if pk is None:
            request.creates = instance
        return request
