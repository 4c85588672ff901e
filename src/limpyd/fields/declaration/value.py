"""Fields with a value in Redis: its keys, its indexes, and the statements of its commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple, Self, TypeVar

from limpyd.exceptions import UnsupportedCommand
from limpyd.fields.declaration import constrained
from limpyd.fields.declaration.dynamic_version import MayBeVersion
from limpyd.fields.declaration.field import Field
from limpyd.fields.declaration.protocols import FieldModel
from limpyd.indexes.base import Declared
from limpyd.indexes.defaults import indexes_for
from limpyd.indexes.equality import EqualIndex
from limpyd.indexes.field_index import FieldIndex
from limpyd.indexes.limpyd2 import separate_keys
from limpyd.keys import Partition
from limpyd.keys.by_partition import ByPartition
from limpyd.keys.limpyd2 import Limpyd2Partition
from limpyd.lua.arguments import IndexRow, Value, packed
from limpyd.scripts import object_requests
from limpyd.scripts.query_values import Stored
from limpyd.scripts.writes import Indexes, WriteLayout
from limpyd.statements.read import ReadStatement
from limpyd.statements.statement import Statement
from limpyd.statements.unindexed_write import plain_write
from limpyd.types import Untyped, Use

T = TypeVar("T")
R = TypeVar("R")


class FieldPlace(NamedTuple):
    """The place of a field's values in one partition of its model.

    Attributes:
        prefix: the prefix of their keys; the primary key follows.
        stored: how scripts read them (see lua/library/values.lua and lua/library/whole_value.lua).
        indexes: the indexes of the field alone.
        checks: the checks that new values must pass.
        write_rows: the rows of these indexes for writes, then those of the composite indexes of the field.
        deletion_rows: the rows of these indexes for deletions.
        only_constrained: true if the values have constraints, but no index or anything else to update.
        needs_whole_value: true if the indexes need all members when one of them changes.
        statements: the prepared statements of write commands that were used, by name; None if a command has none.
        reads: the same for commands that only read.
    """

    prefix: bytes
    stored: bytes
    indexes: tuple[FieldIndex, ...]
    checks: Sequence[IndexRow]
    write_rows: Indexes
    deletion_rows: Indexes
    only_constrained: bool
    needs_whole_value: bool
    statements: dict[str, Statement | None]
    reads: dict[str, ReadStatement]

    @property
    def follows_writes(self) -> bool:
        """True if a change of the values updates or checks anything else."""
        return len(self.write_rows) > 1


class ValueField(MayBeVersion, Field[T]):
    """The declaration of a field that holds a value in Redis.

    Args:
        type: the Python type of the value, or of its members. Without it, the field takes the same values as redis-py,
            and returns text.
        indexable: objects can be found by the value, or by any of its members.
        unique: no two objects have the same value, or a member in common; implies indexable.
        indexes: the indexes, instead of the default one of the type, each a class or an instance; implies indexable.
        lockable: accepted for compatibility with limpyd 2; has no effect, because no write needs a lock.
    """

    stored_as: ClassVar[bytes]
    has_subkeys: ClassVar[bool] = False
    """True if filters name a sub-key after the field: `headers__from="x"`."""
    many: ClassVar[bool] = False
    """True if it has many members. False for a field with sub-keys, which has one value for each."""
    has_places: ClassVar[bool] = False
    """True if its members are places."""
    decoded: ClassVar[bool] = True
    """True if stored values are decoded to the type of the field."""
    default_indexes: ClassVar[Sequence[Declared] | None] = None
    """The indexes of fields of the class that are indexable and declare none; None for those of the model."""

    is_deadline: ClassVar[bool] = False
    """True if its values say when objects expire."""

    refers: ClassVar[bool] = False
    """True if its values refer to objects."""

    def __init__(
        self,
        type: Any = Untyped,
        *,
        indexable: bool = False,
        unique: bool = False,
        indexes: Sequence[Declared] = (),
        lockable: bool = True,
        **constraints: Any,
    ) -> None:
        super().__init__(type, lockable=lockable, **constraints)
        self.indexable = indexable or unique or bool(indexes)
        self.unique = unique
        self.declared_indexes = indexes
        self.default: Any = None
        self._places: dict[Partition, FieldPlace] = {}
        self.direct: dict[Any, Any] = {}
        """The calls that take the fast path, by command (see statements/fast_path.py)."""
        self._usable_by: set[str] = set()
        """The commands that were checked, and can be used with its type."""
        self.in_composite = False
        """True if it is one of the fields of a composite index."""

    @property
    def indexed(self) -> bool:
        return self.indexable or self.in_composite

    def attach(self, model: FieldModel) -> Self:
        mine = super().attach(model)
        mine._places, mine.direct = ByPartition(mine._settled_place), {}
        if mine.unique and model.keys.count > 1:
            from limpyd.scripts.named_claims import naming  # noqa: PLC0415 - few models have several partitions

            mine.encode_new = naming(mine, mine.encode_new)  # type: ignore[assignment,method-assign]
        return mine

    @property
    def unchecked_encode(self) -> Callable[[Any], bytes]:
        """An encoder like `encode`, which may raise what its codec does; `encode` itself where a class has its own."""
        return self.encode_new if self.constraints or type(self).encode is not Field.encode else self.codec.encode

    def sibling(self, name: str) -> ValueField[Any] | None:
        """Another field of the model, if it has such a one."""
        field = self.model.fields.get(name)
        return field if isinstance(field, ValueField) else None

    def stored_in(self, partition: Partition) -> Stored:
        """Returns where the scripts find its values in a partition."""
        return Stored(self._prefix(partition), self.stored_as)

    def field_indexes(self, partition: Partition) -> tuple[FieldIndex, ...]:
        """The indexes that it declares, in a partition; once all fields of the model are known.

        Raises:
            DeclarationError: one does not fit the field, or the others that it names.
        """
        declared = indexes_for(self, self.indexes_in(partition), unique=self.unique) if self.indexable else ()
        indexes = tuple(index.field_index(self, partition) for index in declared)
        if isinstance(partition, Limpyd2Partition):
            separate_keys(indexes)
        return indexes

    def indexes_in(self, partition: Partition) -> Sequence[Declared]:
        """The indexes that are declared, on the field or as `default_indexes`; none for that of the field's type."""
        if self.declared_indexes:
            return self.declared_indexes
        known = self.inherited_indexes()
        if known is not None:
            return known
        return (EqualIndex,) if isinstance(partition, Limpyd2Partition) else ()  # limpyd 2 knows no types

    def inherited_indexes(self) -> Sequence[Declared] | None:
        """The first `default_indexes` of the field's class, of the class that declares it, and of its database."""
        declaring = self.declared_in
        database = getattr(declaring, "database", None) or getattr(self.model.model, "database", None)
        for each in (type(self), declaring, database):
            known: Sequence[Declared] | None = getattr(each, "default_indexes", None)
            if known is not None:
                return known
        return None

    def _settled_place(self, partition: Partition) -> FieldPlace:
        """Settles the field in a partition; returns its place there."""
        dynamic = self.version_of or self.template_of
        if dynamic is None:
            self.model.settle(partition)
        else:
            dynamic.settle_version(self, partition)
        return self._places[partition]

    def settle(self, partition: Partition, indexes: tuple[FieldIndex, ...], composites: Sequence[FieldIndex]) -> None:
        """Notes its indexes in a partition, and those of several fields that it is one of."""
        alone = [index for index in indexes if index.index.alone]
        self.in_composite = bool(composites)
        listing, checks = self.listing_in(partition), self.checks_in(partition)
        self._places[partition] = FieldPlace(
            self._prefix(partition),
            self.stored_as,
            indexes,
            checks,
            _described([*alone, *composites], [*self.constraint_rows, *checks], listing),
            _described(alone),
            bool(self.constraint_rows) and not (alone or composites or checks or listing),
            self.many and not all(index.distinguishes_members for index in alone),
            {},
            {},
        )

    def checks_in(self, partition: Partition) -> Sequence[IndexRow]:
        """Returns the checks that new values must pass in a partition."""
        return ()

    def place(self, pk: bytes | None) -> FieldPlace:
        """Returns the place of the value of an object."""
        return self._places[self.model.keys.partition(pk)]

    def leave(self, partition: Partition) -> None:
        """Forgets what is known for a partition, which the model has no more."""
        for known in (self._places, *(calls.learned for calls in list(self.direct.values()))):
            known.pop(partition, None)

    def place_in(self, partition: Partition) -> FieldPlace:
        """Returns the place of the values of a partition's objects."""
        return self._places[partition]

    def layout_in(self, partition: Partition) -> WriteLayout:
        """Returns the layout of the field in a partition, as scripts/write.lua reads it."""
        place = self.place_in(partition)
        return packed(Value(place.prefix, place.stored, b"", place.write_rows))

    def prepared(self, partition: Partition, place: FieldPlace, command: str) -> Statement | None:
        """The prepared statement of a write command on its values; None if only the general script can run it.

        Raises:
            UnsupportedCommand: the field has a constraint that only Python checks, and the server makes the value.
        """
        to_check = bool(self.constraints) and constrained.has_to_check(self, command)
        followed = place.follows_writes and not (place.only_constrained and not to_check)
        if followed or " " in command:  # the key of a command of two words stands after both
            return None
        return plain_write(self.model, partition, place.prefix, command, self)

    @property
    def sub_key(self) -> bytes:
        """The sub-key of its value in the hash of the instance; empty for a field with a key of its own."""
        return b""

    @property
    def readable(self) -> bool:
        """True if a query can read its values together with those of others."""
        return type(self).decode_reply is not ValueField.decode_reply

    decodes_plainly: ClassVar[bool] = False
    """True if that reply is one stored value."""

    def decode_reply(self, reply: Any) -> Any:
        """The value that a query's reply stands for; ValueError if it does not fit the field's type."""
        raise NotImplementedError

    def default_value(self) -> Any:
        """The value of a new object when none is given, or None."""
        return None

    def usable(self, use: Use, command: str) -> None:
        """Refuses a command that could leave a value that is not of the field's type.

        Raises:
            UnsupportedCommand: the command could.
        """
        if command in self._usable_by:
            return
        if not self.codec.use & use:
            name = self.codec.name
            msg = f"{self} holds {name}; {command} could store a value that is not a valid {name}"
            raise UnsupportedCommand(msg)
        self._usable_by.add(command)

    def add_to(self, new: object_requests.NewObject, place: FieldPlace, value: Any) -> None:
        """Adds a value to a new object.

        Raises:
            InvalidValue: the value does not fit the field's type.
        """
        raise NotImplementedError

    def _claim(
        self, new: object_requests.NewObject, place: FieldPlace, stored: bytes, sub: bytes | None = None
    ) -> None:
        """Adds the index entries of a value, or of a member, to a new object."""
        for index in place.indexes:
            if index.of_values:
                for entry in index.entries(stored, sub):
                    new.entries += entry
                    new.claims.append((self, stored, sub))

    def _prefix(self, partition: Partition) -> bytes:
        return partition.field_prefix(self.key_name)


def _described(
    indexes: Sequence[FieldIndex], checks: Sequence[IndexRow] = (), listing: IndexRow | None = None
) -> Indexes:
    """The rows of indexes, as the scripts read them, after the row of the inventory and those of checks."""
    return packed(([*([listing] if listing else []), *checks, *(index.row for index in indexes)],))
