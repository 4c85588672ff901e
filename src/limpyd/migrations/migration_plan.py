"""The plan of a migration: which keys get which names, and which indexes lose and gain entries."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from limpyd.fields.declaration.value import FieldPlace
from limpyd.indexes.field_index import FieldIndex
from limpyd.indexes.maintenance.declarations import DeclaredIndex, declared_indexes
from limpyd.keys import Partition
from limpyd.lua.arguments import packed
from limpyd.requests.request import Argument
from limpyd.schema.schema import Schema
from limpyd.scripts.object_requests import deletion_layout
from limpyd.scripts.writes import Indexes


class MigrationPlan(NamedTuple):
    """The difference between a model as it was and as it is.

    Attributes:
        source: the schema as it was.
        source_partition: its partition.
        target: the schema as it is.
        target_partition: its partition.
        keys: the old and the new prefix of each key of an object that gets another name.
        subs: the old and the new sub-key of each entry of its hash that gets another name.
        dynamic: the old and the new description of each dynamic field that has other keys.
        names: the former names of fields, by their names now.
        leaves: the arguments for the old indexes, which lose its entries.
        enters: the arguments for the new indexes, which gain some.
        gaining: the new indexes.
    """

    source: Schema
    source_partition: Partition
    target: Schema
    target_partition: Partition
    keys: list[tuple[bytes, bytes]]
    subs: list[tuple[bytes, bytes]]
    dynamic: list[tuple[bytes, bytes]]
    names: Mapping[str, str]
    leaves: tuple[Argument, ...]
    enters: tuple[Argument, ...]
    gaining: list[DeclaredIndex]

    @property
    def to_another_set(self) -> bool:
        """True if the objects get another set of primary keys."""
        return self.source_partition.pks != self.target_partition.pks

    @property
    def from_other_layout(self) -> bool:
        """True if the keys are made otherwise here, so that only those of objects have a name there."""
        return self.source.keys.layout != self.target.keys.layout

    def __str__(self) -> str:
        return str(self.target)


def migration_plans(source: Schema, target: Schema, names: Mapping[str, str]) -> list[MigrationPlan]:
    """Compares a schema with another of as many partitions, and returns the plan for each partition.

    Args:
        source: the schema as it was.
        target: the schema as it is.
        names: what fields were called, by their names now; the others have the same name.
    """
    pairs = zip(source.keys.partitions, target.keys.partitions, strict=True)
    return [_plan_for(source, old, target, new, names) for old, new in pairs]


def _plan_for(
    source: Schema, old: Partition, target: Schema, new: Partition, names: Mapping[str, str]
) -> MigrationPlan:
    was = {name: (place.prefix, sub) for name, _, place, sub in source.layout(old)}
    keys, subs = {old.hash_prefix: new.hash_prefix}, []
    for name, _, place, sub in target.layout(new):
        prefix, old_sub = was[names.get(name, name)]
        keys[prefix] = place.prefix
        if sub is not None and old_sub is not None and sub != old_sub:
            subs.append((old_sub, sub))
    dynamic = [
        (source.dynamic[names.get(name, name)].family_in(old), field.family_in(new))
        for name, field in target.dynamic.items()
    ]
    losing, gaining = declared_indexes(source, old), declared_indexes(target, new)
    same = {_identity(index) for index in losing} & {_identity(index) for index in gaining}
    return MigrationPlan(
        source,
        old,
        target,
        new,
        [pair for pair in keys.items() if pair[0] != pair[1]],
        subs,
        [pair for pair in dynamic if pair[0] != pair[1]],
        names,
        index_args(source, old, {index.field_index for index in losing if _identity(index) not in same}),
        index_args(
            target,
            new,
            {index.field_index for index in gaining if _identity(index) not in same},
            {*target.value_fields, *target.dynamic} if old.pks != new.pks else names.keys(),
        ),
        [index for index in gaining if _identity(index) not in same],
    )


def _identity(index: DeclaredIndex) -> tuple[Any, ...]:
    return (*index.field_index.row, index.place.prefix, index.place.stored, index.sub)


def index_args(
    schema: Schema, partition: Partition, indexes: set[FieldIndex], checked: Collection[str] = ()
) -> tuple[Argument, ...]:
    """Some indexes of a model, as lua/library/unindex_object.lua and lua/library/index_object.lua read them.

    Args:
        schema: the model.
        partition: the partition.
        indexes: the indexes.
        checked: the names of the fields whose constraints are checked.
    """

    def rows(name: str, field: Any, place: FieldPlace) -> Indexes:
        own = [index.row for index in place.indexes if index in indexes and (field.dynamic or index.index.alone)]
        declaring = field.template if field.dynamic else field
        return packed(([*(declaring.constraint_rows if name in checked else ()), *own],))

    fields = [(place, sub, rows(name, field, place)) for name, field, place, sub in schema.layout(partition)]
    places = [(name, field, field.place_in(partition)) for name, field in schema.dynamic.items()]
    dynamic = [(place, rows(name, field, place)) for name, field, place in places]
    indexed = [(place, sub, described) for place, sub, described in fields if described[0]]
    return deletion_layout(
        schema.key_prefixes(partition),
        [arg for index in schema.composites(partition) if index in indexes for arg in index.row],
        [(sub, described) for _, sub, described in indexed if sub is not None],
        [
            *((place.prefix, place.stored, described) for place, sub, described in indexed if sub is None),
            *((place.prefix, place.stored, described) for place, described in dynamic if described[0]),
        ],
    )
