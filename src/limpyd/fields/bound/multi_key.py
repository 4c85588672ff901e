"""Commands on several fields, each bound to an instance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from limpyd.commands.faces import Face
from limpyd.commands.table import TABLE
from limpyd.exceptions import InvalidPrimaryKey, InvalidValue, UnsupportedCommand, shorten
from limpyd.fields.bound.existence import require_existing
from limpyd.fields.bound.value import FIRST_REPLY, BoundValue
from limpyd.fields.declaration import constrained
from limpyd.keys import turns
from limpyd.requests.decoders import returned
from limpyd.requests.request import Argument, Request
from limpyd.requests.step_results import Result
from limpyd.scripts.writes import SCOPES, MembersStep, Other
from limpyd.server import Needs

R = TypeVar("R")


class BoundMultiKey(BoundValue[Face]):
    """A field that commands on several keys take, of one instance."""

    __slots__ = ()

    def _checked_fields(self, command: str, others: Sequence[Any], *kinds: bytes) -> Sequence[BoundMultiKey[Any]]:
        """The other fields that a command takes, each checked.

        Args:
            command: the command.
            others: what it was given.
            kinds: how their values may be stored.

        Raises:
            InvalidValue: one is no bound field of a fitting kind and type, or of another database.
            UnsupportedCommand: their objects are in several partitions of a model, or values of one expire by a
                deadline (`expires=True`).
        """
        mine = self._field
        for each in (self, *others):
            if isinstance(each, BoundMultiKey) and each._field.lapses:
                msg = (
                    f"{command} is none of the commands of {each._field}, whose values expire: it would know no "
                    "deadlines; get the value, and set it where it is to be"
                )
                raise UnsupportedCommand(msg)
        for other in others:
            if not isinstance(other, BoundMultiKey) or other._field.stored_as not in kinds:
                msg = (
                    f"{command} on {mine} takes fields of instances, such as other.{mine.name}, that are stored as "
                    f"{' or '.join(kind.decode() for kind in kinds)}; not {shorten(other)}"
                )
                raise InvalidValue(msg)
            if other._instance.database is not self._instance.database:
                msg = f"{command} works within one database; {other!r} is in {other._instance.database!r}"
                raise InvalidValue(msg)
            if other._field.codec.name != mine.codec.name:
                msg = f"{command}: {mine} holds {mine.codec.name}, {other._field} holds {other._field.codec.name}"
                raise InvalidValue(msg)
        if turns.partitions_exist:
            from limpyd.fields.bound.partitions import check_one_partition  # noqa: PLC0415 - as models of several

            check_one_partition(command, [self, *others])
        return others

    def _read_multi_key(
        self,
        command: str,
        args: Sequence[Argument],
        fields: Sequence[BoundMultiKey[Any]],
        decode: Callable[[Any], R] = returned,
    ) -> Request[R]:
        """A command that reads several fields, whose keys are among its arguments."""
        request = Request((command, *args), decode, readonly=True, may_be_stale=True, subject=self._field)
        unsure = [field._instance for field in fields if not field._instance._checked]
        return require_existing(request, self._key(), unsure) if unsure else request

    def _write_multi_key(
        self,
        command: str,
        *args: Argument,
        decode: Callable[[Any], R] = returned,
        reads: Sequence[BoundMultiKey[Any]] = (),
        changes: BoundMultiKey[Any] | None = None,
        scopes: tuple[bytes, bytes | None] | None = None,
        first: int = 1,
        key_at: int = 1,
        needs: Needs | None = None,
    ) -> Request[R]:
        """A command on several fields that may change this one, and perhaps one more.

        Args:
            command: the command.
            args: its arguments without this field's key, but with the keys of other fields.
            decode: turns the reply into the result.
            reads: other fields that it reads.
            changes: the other field that it may change.
            scopes: what it can change of this one and of the other; by default what the table says of this one.
            first: which argument is the first member, for a command whose scope is its members.
            key_at: where among all arguments this field's key stands.
            needs: the servers that support the arguments, if fewer than support the command.
        """
        self._not_too_many(command, args)
        target = self._field if changes is None else changes._field
        if target.constraints:
            sources = [each._field for each in (reads if changes is None else (self,))]
            constrained.refuse_values_of(target, command, sources)
        own, of_other = scopes or (SCOPES[TABLE[command].scope], None)
        involved: list[Any] = []
        step = [self._change(own, first=first)]
        if changes is not None and of_other is not None:
            involved += self._other_instance(command, changes)
            step.append(changes._change(of_other, len(involved), first=first))
        involved += [field._instance for field in reads if not field._instance._checked]
        stored = ((one._schema, one._pk_bytes) for one in involved)
        others = [Other(schema, schema.keys.partition(pk), pk) for schema, pk in stored if pk is not None]

        # A cluster must know of every slot beforehand, to refuse what is not on one node.
        elsewhere = {field._field.model.keys.partition(field._instance._pk_bytes).pks for field in reads}

        def decode_and_note(replies: list[Any]) -> R:
            for one in involved:
                one._mark_existing()
            return decode(replies[0])

        steps = [MembersStep(tuple(step), command, args, key_at)]
        request = self._writing(steps, decode_and_note, others=others, elsewhere=tuple(elsewhere), needs=needs)
        request.result = Result(FIRST_REPLY, decode)
        return request

    def _other_instance(self, command: str, changed: BoundMultiKey[Any]) -> list[Any]:
        """The instance of another field that a command changes; None if it is the same object.

        Raises:
            InvalidPrimaryKey: it has no primary key yet.
        """
        instance, own = changed._instance, self._instance
        if instance._pk_bytes is None:
            msg = f"{command} writes to {changed!r}, whose instance has no primary key yet; set one of its fields first"
            raise InvalidPrimaryKey(msg)
        same = instance is own or (instance._pk_bytes == own._pk_bytes and changed._field.model is self._field.model)
        return [] if same else [instance]
