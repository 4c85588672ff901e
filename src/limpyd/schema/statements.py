"""The prepared statements of a model in a partition, and the fields that they support."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from limpyd.fields import VersionField
from limpyd.fields.declaration.single_value import SingleValueField
from limpyd.fields.version import FIRST
from limpyd.indexes.field_index import FieldIndex
from limpyd.keys import Partition
from limpyd.requests.request import Argument
from limpyd.schema.instance_hash import InstanceHash
from limpyd.scripts.object_requests import NewObject
from limpyd.statements.composite_entries import follows_composite
from limpyd.statements.create import Creation
from limpyd.statements.creation_source import (
    MAX_ENTRIES,
    MAX_FIELDS,
    MAX_KEYS,
    Gathered,
    Layout,
    enters,
    is_entered,
)
from limpyd.statements.delete import Deletion, deletion
from limpyd.statements.index_entries import NoRoom, follows
from limpyd.statements.read import ExistsStatement, LoadStatement, ReadStatement
from limpyd.statements.scalar_field import ScalarField
from limpyd.statements.scalar_write import FieldChange
from limpyd.statements.statement_cache import StatementCache
from limpyd.statements.update import Update
from limpyd.utils.cached_properties import cached_property

Combination = tuple[str, tuple[str, ...], tuple[str, ...]]
"""An operation, the names of the fields that it names, and those of the fields that lose their value."""

MAX_LOADS = 128
"""The largest number of combinations of fields that a model has statements for, to read them together."""


class PartitionStatements:
    """The statements that create, delete and load objects of a partition. Each is compiled when it is first used.

    Those of all partitions have the same scripts, which differ in their keys only.

    Args:
        schema: the model.
        partition: the partition.
    """

    def __init__(self, schema: Any, partition: Partition) -> None:
        self._schema = schema
        self._partition = partition
        self._scalar_fields: dict[str, ScalarField] = {}
        self.subject = InstanceHash(schema)
        """The hash of an object, in messages."""
        self._reads: dict[str, ReadStatement] = {}
        self._loads: dict[tuple[str, ...], LoadStatement] = {}
        self.exists = ExistsStatement(partition.pks, schema)
        """The statement that asks whether an object exists."""

    def read(self, command: str) -> ReadStatement:
        """The statement of a command that reads the hash of an object."""
        try:
            return self._reads[command]
        except KeyError:
            prefix = self._partition.hash_prefix
            statement = self._reads[command] = ReadStatement(command, prefix, self.subject)
        return statement

    def load(self, names: tuple[str, ...]) -> LoadStatement:
        """The statement that reads some fields in the hash of an object.

        Raises:
            UnknownField: a name is no InstanceHashField.
        """
        try:
            return self._loads[names]
        except (KeyError, TypeError):  # or a name is none
            fields = [self._schema.hash_field(name) for name in names]
        statement = LoadStatement(self._partition, self.subject, fields)
        if len(self._loads) >= MAX_LOADS:
            self._loads.clear()
        self._loads[names] = statement
        return statement

    @cached_property
    def creation(self) -> Creation | None:
        """The statement that creates an object; None if only the general script can.

        The statement cannot set a field with an index for which only Python knows the number of entries of a value. It
        cannot set a field of many members with references, or with an index that is not an `EqualIndex`.
        """
        schema, partition = self._schema, self._partition
        composites = schema.composites(partition)
        scalar_fields, gathered, taken = [], [], set()
        for name, field, place, _ in schema.layout(partition):
            if field is schema.version:
                continue
            if isinstance(field, SingleValueField) and self._can_enter(field):
                scalar_fields.append(self._scalar_field(field))
            elif (field.many or field.has_subkeys) and not field.checks_in(partition) and _are_sets(place.indexes):
                gathered.append(Gathered(name, place.prefix, partial(_gathered, field, place)))
            else:
                continue
            taken.add(name)
        left = [place for name, _, place, _ in schema.layout(partition) if name not in taken]
        others = [place.prefix for place in left if place.prefix != partition.hash_prefix]
        others += schema.dynamic.inventories(partition)
        names = {scalar_field.name for scalar_field in scalar_fields}
        fits = all(is_entered(index) and {field.name for field in index.fields} <= names for index in composites)
        if not fits or len(others) + len(gathered) > MAX_KEYS or not _fit(scalar_fields):
            return None
        version = None if schema.version is None else (schema.version.sub, schema.version.encode(FIRST))
        try:
            return Creation(
                schema, partition, Layout(scalar_fields, composites, gathered, others, version, schema.mints_pks)
            )
        except NoRoom:
            return None

    @cached_property
    def stay(self) -> bool:
        """True if all objects are in this partition, with no record of that to compare, until they are deleted."""
        schema = self._schema
        return not (schema.keys.count > 1 or schema.keys.has_record or schema.expires)

    @cached_property
    def direct_creation(self) -> Any:
        """The function that creates objects without a `Request` (drivers/fast_path.py); None if there is none.

        It takes a class or an instance, and the values. There is one for a model of one partition that mints primary
        keys, and has only plain fields of one value.
        """
        schema, creation = self._schema, self.creation
        if not self.stay or not schema.mints_pks:
            return None
        if schema.has_defaults or schema.required or schema.own_setters or creation is None or not creation.is_plain:
            return None
        return schema.model.database._directly(
            creation.fast_call(),
            lambda holder, values: holder._creation(values),
            lambda holder, values: holder._created(values),
        )

    @cached_property
    def deletion(self) -> Deletion | None:
        """The statement that deletes an object to which no other object refers; None if only the general script can.

        The general script deletes objects of a model that has dynamic fields, an index of a field of many members, or
        an index with a Python transform.
        """
        schema, partition = self._schema, self._partition
        composites = schema.composites(partition)
        if schema.dynamic or not all(map(follows_composite, composites)):
            return None
        indexed = [
            scalar_field
            for scalar_field in schema.layout(partition)
            if scalar_field[2].indexes or scalar_field[1].in_composite
        ]
        prefixes = schema.key_prefixes(partition)
        fits = all(
            isinstance(field, SingleValueField) and all(map(follows, self._scalar_field(field).indexes))
            for _, field, _, _ in indexed
        )
        if not fits or len(prefixes) > MAX_KEYS:
            return None
        scalar_fields = [self._scalar_field(field) for _, field, _, _ in indexed]
        try:
            return deletion(schema, partition, scalar_fields, composites, prefixes) if _fit(scalar_fields) else None
        except NoRoom:
            return None

    def update(self, operation: str, values: Mapping[str, Any]) -> Update | None:
        """Returns the statement of an `update`, `hmset` or `hdel`; None if the general script is used.

        Each combination of fields gets a statement after a few uses.

        Args:
            operation: which of these.
            values: the values by the names of their fields; None removes one.
        """
        removed = [name for name, value in values.items() if value is None]
        return self._updates.get((operation, tuple(values), tuple(removed)))

    def direct_update(self, operation: str, values: Mapping[str, Any]) -> Update | None:
        """Returns the statement of a frequent `update` or `hmset`, if it can be called without a request."""
        schema = self._schema
        if operation == "update" and (schema.version is not None or schema.own_setters):
            return None
        return self._updates.known((operation, tuple(values), ()))

    def direct_load(self, names: tuple[str, ...]) -> LoadStatement | None:
        """Returns the statement that reads some fields, if they have been read before, and no values lapse."""
        try:
            return self._loads.get(names) if self._schema.lapses is None else None
        except TypeError:  # a name is none
            return None

    def _scalar_field(self, field: Any) -> ScalarField:
        """The `ScalarField` of a field, which all statements share."""
        known = self._scalar_fields.get(field.name)
        if known is None:
            known = self._scalar_fields[field.name] = field.scalar_field(self._partition)
        return known

    @cached_property
    def _updates(self) -> StatementCache[Combination, Update]:
        return StatementCache(self._combined)

    def _combined(self, combination: Combination) -> Update | None:
        schema, partition = self._schema, self._partition
        operation, names, removed = combination
        known = schema.value_fields if operation == "update" else schema.hash_fields
        fields = [known.get(name) for name in names]
        if any(field.required for field in fields if field is not None and field.name in removed):
            return None  # the general script refuses what removes the value
        if not names or not all(map(self._can_write, fields)) or (operation == "hmset" and removed):
            return None
        if not all(self._scalar_field(field).can_be_set for field in fields if field.name not in removed):
            return None
        order = list(known)
        fields.sort(key=lambda field: order.index(field.name))
        changes = [FieldChange(self._scalar_field(field), field.name in removed) for field in fields]
        composites = [index for index in schema.composites(partition) if any(map(index.has, fields))]
        if not all(map(follows_composite, composites)):
            return None
        version = schema.version_sub if operation == "update" else None
        try:
            return Update(operation, schema, partition, changes, version, composites)
        except NoRoom:
            return None

    def _can_enter(self, field: Any) -> bool:
        """Returns whether the statement for new objects can set a field of one value."""
        scalar_field = self._scalar_field(field)
        return scalar_field.can_be_set and all(map(enters, scalar_field.indexes))

    def _can_write(self, field: Any) -> bool:
        """Returns whether a statement for several fields can write to a field."""
        if not isinstance(field, SingleValueField) or isinstance(field, VersionField):
            return False
        return all(map(follows, self._scalar_field(field).indexes))


def _fit(scalar_fields: Sequence[ScalarField]) -> bool:
    """Returns whether a Lua function can have enough local variables for the fields and their indexes."""
    entries = sum(len(scalar_field.checks) + len(scalar_field.indexes) for scalar_field in scalar_fields)
    return len(scalar_fields) <= MAX_FIELDS and entries <= MAX_ENTRIES


def _are_sets(indexes: Sequence[FieldIndex]) -> bool:
    """Returns whether all indexes have a set of primary keys for each text."""
    return all(index.kind.redis_type == "set" and index.kind_name == index.kind.name for index in indexes)


def _gathered(field: Any, place: Any, value: Any) -> tuple[str, Sequence[Argument], Sequence[bytes]] | None:
    """Returns the command that stores the members of a field of a new object (see Gathered)."""
    new = NewObject(None)
    field.add_to(new, place, value)
    for _, command, args in new.members:
        return command, args, [key + entry for key, entry in zip(new.entries[1::3], new.entries[2::3], strict=True)]
    return None
