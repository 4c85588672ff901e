"""Fields that hold a value in Redis: where it is, how it is indexed, and how commands reach it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple, Self, TypeVar

from limpyd.command_table import TABLE, Needs
from limpyd.exceptions import InvalidValue, UnsupportedCommand
from limpyd.faces import Face
from limpyd.fields.base import MOST_PASSED_ON, BoundField, Field, Owner, existing_only
from limpyd.fields.versions import MayBeVersion
from limpyd.indexes.base import Declared
from limpyd.indexes.defaults import indexes_for
from limpyd.indexes.equal import EqualIndex
from limpyd.indexes.kept import Kept
from limpyd.indexes.limpyd2 import keep_apart
from limpyd.keys import Partition, placed
from limpyd.keys.limpyd2 import Limpyd2Partition
from limpyd.lua.arguments import IndexRow, packed
from limpyd.requests import Argument, Request, returned
from limpyd.scripts import calls, writes
from limpyd.scripts.leaves import Stored
from limpyd.scripts.writes import SCOPES, Change, Indexes, MembersStep, Other
from limpyd.statements.plain import plain_write
from limpyd.statements.statement import Prepared
from limpyd.types import Untyped, Use

T = TypeVar("T")
R = TypeVar("R")

MOST_ARGUMENTS = MOST_PASSED_ON - 1000
"""How many members stand in one command, with room for what comes before them; more are several commands of a step."""


class Place(NamedTuple):
    """Where a field's values are kept in one partition of its model.

    Attributes:
        prefix: the start of the keys that hold them; the primary key follows.
        stored: how the scripts read them (see lua/library/values.lua and look_at_all.lua).
        indexes: its indexes there.
        described: those, as writes know them, and at the end those of several fields that it is one of.
        alone: those of this field alone, as a deletion knows them.
        escalates: whether the indexes of its members must look at all of them to follow what happens to one.
        statements: the prepared statements of commands on them, by their names, once used; None where there is none.
    """

    prefix: bytes
    stored: bytes
    indexes: tuple[Kept, ...]
    described: Indexes
    alone: Indexes
    escalates: bool
    statements: dict[str, Any]

    @property
    def followed(self) -> bool:
        """Whether anything follows what happens to the values."""
        return len(self.described) > 1


class ValueField(MayBeVersion, Field[T]):
    """The declaration of a field that holds a value in Redis.

    Args:
        type: the Python type of the value, or of its members. Without it what redis-py takes is taken,
            and text returned.
        indexable: objects can be found by the value, or by any of its members.
        unique: no two objects have the same value, or a member in common; implies indexable.
        indexes: the indexes to keep instead of the type's default one, each a class or an instance; implies indexable.
        lockable: accepted for limpyd 2's sake; no write needs a lock, so it changes nothing.
    """

    stored_as: ClassVar[bytes]
    has_subkeys: ClassVar[bool] = False
    """Whether filters name a sub-key after the field: `headers__from="x"`."""
    many: ClassVar[bool] = False
    """Whether it holds many members; the values of a field with sub-keys are one for each."""
    has_places: ClassVar[bool] = False
    """Whether its members are places."""

    decoded: ClassVar[bool] = True
    """Whether what is stored becomes values of its type."""

    default_indexes: ClassVar[Sequence[Declared] | None] = None
    """The indexes of fields of the class that are indexable and declare none; None for those of the model."""

    refers: ClassVar[bool] = False
    """Whether its values refer to objects."""

    def __init__(
        self,
        type: Any = Untyped,
        *,
        indexable: bool = False,
        unique: bool = False,
        indexes: Sequence[Declared] = (),
        lockable: bool = True,
    ) -> None:
        super().__init__(type, lockable=lockable)
        self.indexable = indexable or unique or bool(indexes)
        self.unique = unique
        self.declared_indexes = indexes
        self.default: Any = None
        self._places: dict[Partition, Place] = {}
        self.together = False
        """Whether it is one of the fields of an index of several."""

    @property
    def indexed(self) -> bool:
        return self.indexable or self.together

    def attach(self, model: Owner) -> Self:
        mine = super().attach(model)
        mine._places = {}
        return mine

    def sibling(self, name: str) -> ValueField[Any] | None:
        """Another field of the model, if it has such a one."""
        field = self.model.fields.get(name)
        return field if isinstance(field, ValueField) else None

    def stored_in(self, where: Partition) -> Stored:
        """Where the scripts find its values in a partition."""
        return Stored(self._prefix(where), self.stored_as)

    def kept_in(self, where: Partition) -> tuple[Kept, ...]:
        """The indexes that it declares, in a partition; once all fields of the model are known.

        Raises:
            DeclarationError: one does not fit the field, or the others that it names.
        """
        declared = indexes_for(self, self.indexes_in(where), unique=self.unique) if self.indexable else ()
        kept = tuple(index.keep(self, where) for index in declared)
        if isinstance(where, Limpyd2Partition):
            keep_apart(kept)
        return kept

    def indexes_in(self, where: Partition) -> Sequence[Declared]:
        """The indexes that are declared, on the field or as `default_indexes`; none for that of the field's type."""
        if self.declared_indexes:
            return self.declared_indexes
        known = self.inherited_indexes()
        if known is not None:
            return known
        return (EqualIndex,) if isinstance(where, Limpyd2Partition) else ()  # limpyd 2 knows no types

    def inherited_indexes(self) -> Sequence[Declared] | None:
        """The first `default_indexes` of the field's class, of the class that declares it, and of its database."""
        declaring = self.declared_in
        database = getattr(declaring, "database", None) or getattr(self.model.model, "database", None)
        for each in (type(self), declaring, database):
            known: Sequence[Declared] | None = getattr(each, "default_indexes", None)
            if known is not None:
                return known
        return None

    def settle(self, where: Partition, indexes: tuple[Kept, ...], together: Sequence[Kept]) -> None:
        """Notes its indexes in a partition, and those of several fields that it is one of."""
        alone = [index for index in indexes if index.index.alone]
        self.together = bool(together)
        self._places[where] = Place(
            self._prefix(where),
            self.stored_as,
            indexes,
            _described([*alone, *together], self.checks_in(where), self.listing_in(where)),
            _described(alone),
            self.many and not all(index.tells_apart for index in alone),
            {},
        )

    def checks_in(self, where: Partition) -> Sequence[IndexRow]:
        """What new values must meet in a partition."""
        return ()

    def place(self, pk: bytes | None) -> Place:
        """Where the value of an object is kept."""
        return self._places[self.model.keys.partition(pk)]

    def place_in(self, partition: Partition) -> Place:
        """Where the values of a partition's objects are kept."""
        return self._places[partition]

    @property
    def sub_key(self) -> bytes:
        """The sub-key of its value in the hash of the instance; empty for a field with a key of its own."""
        return b""

    @property
    def readable(self) -> bool:
        """Whether a query can read its values together with those of others."""
        return type(self).decode_reply is not ValueField.decode_reply

    decodes_plainly: ClassVar[bool] = False
    """Whether that reply is one stored value."""

    def decode_reply(self, reply: Any) -> Any:
        """The value that a query's reply stands for; ValueError if it does not fit the field's type."""
        raise NotImplementedError

    def default_value(self) -> Any:
        """The value of a new object when none is given, or None."""
        return None

    def usable(self, use: Use, command: str) -> None:
        """Refuses a command that would make no sense on the field's type.

        Raises:
            UnsupportedCommand: it makes none.
        """
        if not self.codec.use & use:
            name = self.codec.name
            msg = f"{self} holds {name}; {command} would store what is no {name}, or cut it"
            raise UnsupportedCommand(msg)

    def add_to(self, new: calls.NewObject, place: Place, value: Any) -> None:
        """Makes a value part of a new object.

        Raises:
            InvalidValue: the value does not fit the field's type.
        """
        raise NotImplementedError

    def _claim(self, new: calls.NewObject, place: Place, stored: bytes, sub: bytes | None = None) -> None:
        """Enters a value, or a member of it, into the indexes together with a new object."""
        for index in place.indexes:
            if index.of_values:
                for entry in index.entries(stored, sub):
                    new.entries += entry
                    new.claims.append((self, stored, sub))

    def _prefix(self, where: Partition) -> bytes:
        return where.field_prefix(self.key_name)


def _described(indexes: Sequence[Kept], checks: Sequence[IndexRow] = (), listing: IndexRow | None = None) -> Indexes:
    """Indexes as the scripts know them, after what lists the field and what is checked."""
    return packed(([*([listing] if listing else []), *checks, *(index.upkeep for index in indexes)],))


class BoundValue(BoundField[Face]):
    """A field that holds a value in Redis, of one instance."""

    __slots__ = ()

    def _key(self) -> bytes:
        pk = self._instance._pk_bytes
        if pk is None:
            nothing: bytes = self._field.model.keys.partition(None).nothing
            return nothing
        prefix: bytes = self._field.place(pk).prefix
        return placed(prefix, pk)

    def _ask(self, command: str, sub_command: str, *args: Argument, decode: Callable[[Any], R]) -> Request[R]:
        """A command of two words that changes nothing."""
        request = Request((command, sub_command, self._key(), *args), decode, readonly=True, subject=self._field)
        return self._existing(request)

    def _existing(self, request: Request[R]) -> Request[R]:
        """The read, if the object exists."""
        instance = self._instance
        return request if instance._checked else existing_only(request, self._key(), [instance])

    # --- writes, on values of any kind ---

    def _write(
        self,
        command: str,
        *args: Argument,
        decode: Callable[[Any], R] = returned,
        needs: Needs | None = None,
    ) -> Request[R]:
        """A command that may change something, on an object that must exist."""
        return self._write_members(command, *args, decode=decode, needs=needs)

    def _alone(
        self,
        command: str,
        args: Sequence[Argument],
        decode: Callable[[Any], R],
        part: Callable[[], Request[R]],
        needs: Needs | None = None,
    ) -> Request[R]:
        """A command that may change something: by itself where nothing follows the value, else `part`.

        Args:
            command: the command.
            args: its arguments beside the key, which stands before them.
            decode: turns the reply into the result.
            part: the request that can be a part of something.
            needs: the servers that know the arguments, if not all that know the command do.
        """
        field, instance = self._field, self._instance
        pk = instance._pk_bytes
        if pk is None or " " in command:  # the key of a command of two words stands after both
            return part()
        where = field.model.keys.partition(pk)
        place: Place = field.place_in(where)
        if place.followed:
            return part()
        statement = place.statements.get(command)
        if statement is None:
            statement = place.statements[command] = plain_write(field.model, where, place.prefix, command, field)
        return Prepared(statement, pk, args, decode, part, instance, needs)

    def _change(self, scope: bytes, instance_number: int = 0, *, first: int = 1, step: int = 1) -> Change:
        """What a command may do to this field."""
        field = self._field
        place: Place = field.place(self._instance._pk_bytes)
        if place.escalates and scope not in {b"nothing", b"expiry"}:
            scope = b"whole"
        return Change(
            field.model, field.name, instance_number, place.prefix, place.stored, place.described, scope, first, step
        )

    def _write_members(
        self,
        command: str,
        *args: Argument,
        decode: Callable[[Any], R] = returned,
        first: int = 1,
        step: int = 1,
        key_at: int = 1,
        needs: Needs | None = None,
    ) -> Request[R]:
        """A command that may change something, on an object that must exist.

        Args:
            command: the command.
            args: its arguments beside the key.
            decode: turns the reply into the result.
            first: which argument is the first member, for a command whose scope is its members.
            step: how many arguments further the next one is.
            key_at: where among all arguments the key stands.
            needs: the servers that know the arguments, if not all that know the command do.
        """
        self._not_too_many(command, args)

        def part() -> Request[R]:
            change = self._change(SCOPES[TABLE[command].scope], first=first, step=step)
            steps = [MembersStep((change,), command, args, key_at)]
            return self._writing(steps, lambda replies: decode(replies[0]), needs=needs)

        return self._alone(command, args, decode, part, needs) if key_at == 1 else part()

    def _not_too_many(self, command: str, args: Sequence[Argument]) -> None:
        if len(args) > MOST_PASSED_ON:
            msg = f"{command} on {self._field} takes at most {MOST_PASSED_ON} arguments, not {len(args)}"
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
            members: the arguments that tell the members.
            tail: its arguments after them, if none of them is a member.
            counted: the word that announces how many members there are, if one does.
            step: how many of those there are for each member.
            member: which of those is the member itself; by default the last.
            combine: turns the replies, one for each part that it was cut into, into the result.
        """
        size = MOST_ARGUMENTS - MOST_ARGUMENTS % step
        parts = []
        for start in range(0, len(members), size):
            some = members[start : start + size]
            announced = (counted, len(some) // step) if counted else ()
            parts.append((*head, *announced, *some, *tail))

        def in_steps() -> Request[R]:
            before = len(head) + (2 if counted else 0)
            change = self._change(SCOPES[TABLE[command].scope], first=before + (member or step), step=step)
            return self._writing([MembersStep((change,), command, args) for args in parts], combine)

        if len(parts) == 1:
            return self._alone(command, parts[0], lambda reply: combine([reply]), in_steps)
        return in_steps()

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
        model.must_have_or_mint(pk)
        request = writes.write_members(
            model, model.keys.partition(pk), pk, others, elsewhere, steps, decode, instance._made, field, needs
        )
        if pk is None:
            request.makes = instance
        return request

    def _values(self, stored: Any) -> list[Any]:
        """Decode: several stored values."""
        decode, key = self._field.decode, self._key()
        return [decode(one, key) for one in stored or ()]
