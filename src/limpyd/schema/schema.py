"""The declarations of a model class, collected once when the class is made."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from limpyd.exceptions import DeclarationError, InvalidPrimaryKey
from limpyd.fields import Field, InstanceHashField, ValueField
from limpyd.fields.declaration.setters import has_own_setter
from limpyd.fields.declaration.value import FieldPlace
from limpyd.indexes.composite import CompositeFieldIndex
from limpyd.indexes.maintenance.index_maintenance import IndexMaintenance
from limpyd.keys import Partition, to_text
from limpyd.keys.by_partition import ByPartition
from limpyd.keys.layouts import model_keys
from limpyd.query.filters.model import unknown_field
from limpyd.query.results.columns import SORTED_SCORE
from limpyd.relations.awaited_deletions import AwaitedDeletions
from limpyd.relations.references import ReferenceField
from limpyd.relations.reverse_index import recorded
from limpyd.requests.request import Argument
from limpyd.schema.declared_fields import ARGUMENT_NAMES, collect
from limpyd.schema.dynamic import DynamicFields
from limpyd.schema.feeds import Fed
from limpyd.schema.key_owners import KeyOwners
from limpyd.schema.moved_objects import MovedObjects
from limpyd.schema.new_object_turns import NewObjectTurns
from limpyd.schema.only_fields import only_deadline, only_version
from limpyd.schema.settled import Settled
from limpyd.schema.statements import PartitionStatements
from limpyd.utils.cached_properties import cached_property
from limpyd.utils.conversion import Era
from limpyd.utils.pickling import Unchanging, check_importable, schema_of

FieldLayout = tuple[str, ValueField[Any], FieldPlace, bytes | None]
"""A field of a new object: its name and declaration, and where its value is kept; the sub-key if in the hash."""


class Schema(KeyOwners, NewObjectTurns, AwaitedDeletions, MovedObjects, Fed, Settled, Unchanging):
    """The fields of a model, and where its data is."""

    renewal: bytes | None = None  # how writes renew deadlines; only an ExpiringSchema has one

    def __init__(
        self,
        model: type,
        name: str,
        namespace: str,
        lockable: bool,
        layout: str = "limpyd",
        partitions: int = 1,
        parent: Schema | None = None,
    ) -> None:
        self.model, self.name, self.parent = model, model.__name__, parent
        self.children: list[Schema] = []
        pk, values = collect(model)
        above = None if parent is None else parent.keys
        with naming(model):
            self.keys = model_keys(layout, namespace, name, partitions, mints=pk.mints, parent=above)
        self.lockable = lockable
        self.fields: dict[str, Field[Any]] = {}
        self.pk_field = pk.attach(self)
        self.pk_name, self.mints_pks = pk.name, pk.mints
        self.fields[pk.name] = self.pk_field
        self.fields.update((field.name, field.attach(self)) for field in values if not field.dynamic)
        dynamic: Any = (field.attach(self) for field in values if field.dynamic)
        self.dynamic = DynamicFields(self, dynamic, ARGUMENT_NAMES | {SORTED_SCORE})
        """The dynamic fields, which are no fields themselves: their versions are."""
        with naming(model):
            self.keys.know([*self.fields, *self.dynamic])
            self.keys.know_versions({field.template.key_name: field.names.accepts for field in self.dynamic.values()})
        self.value_fields = {name: field for name, field in self.fields.items() if isinstance(field, ValueField)}
        self.hash_fields = {name: field for name, field in self.fields.items() if isinstance(field, InstanceHashField)}
        self.version, self.deadline = only_version(self.value_fields), only_deadline(self.value_fields)
        self.objects_expire = self.deadline is not None
        self.expires = self.objects_expire
        self.version_sub = None if self.version is None else self.version.sub
        self.forget_indexes()
        self.settle(self.keys.first)  # which checks the indexes
        self.settable = self.fields.keys() | {"pk"}
        self.pk_names = frozenset({"pk", self.pk_name})
        self.incoming: list[ReferenceField[Any]] = []
        """The references of other models, and of itself, to this one."""
        self.crosses_slots = False
        self.targets: dict[bytes, Schema] = {}
        """The models to whose objects those of this one refer, although these may be in another partition, by tag."""
        self.era = Era(self.name)
        """Another one after each deletion in this process; an instance keeps the one in which its object was there."""
        self.unseen = Era(self.name)
        """None that there was: what an instance keeps whose object was never looked for."""
        self.renew()
        self.maintenance = IndexMaintenance(self)

    @cached_property
    def required(self) -> tuple[str, ...]:
        """The fields that an object must have values of."""
        return tuple(name for name, field in self.value_fields.items() if field.required)

    @cached_property
    def has_defaults(self) -> bool:
        """True if a field has a default."""
        return any(field.default is not None for field in self.value_fields.values())

    @property
    def needs_promises(self) -> bool:
        """True if writes may need promises of other partitions (claims, checks of objects), or wait for deletions."""
        return self.keys.count > 1 or bool(self.targets or self.awaited) or self.deletions.leave_tombs

    def renew(self) -> None:
        """Lays out anew what is known of the fields, of which one has just learnt what it refers to."""
        self._layouts = ByPartition(self._layout)
        self.statements = ByPartition(partial(PartitionStatements, self))
        self.forget_plans()

    def forget(self) -> None:
        """Forgets what is known of the database, which is another from now on, or may be."""
        if self.keys.count != self.keys.declared:
            self.follow(self.keys.declared)
        self.maintenance.forget()
        self.era = Era(self.name)

    @cached_property
    def own_setters(self) -> list[Any]:
        """The fields, and what stands for versions of dynamic ones, whose values go through a method of a user's."""
        templates = (each.template for each in self.dynamic.values())
        return [field for field in (*self.value_fields.values(), *templates) if has_own_setter(field)]

    def is_same_model(self, other: Schema) -> bool:
        """Returns whether another schema is this one, or that of a class that was declared again."""
        return other is self or (other.keys.tag == self.keys.tag and self.model.database is other.model.database)

    def __str__(self) -> str:
        return self.name

    def __reduce__(self) -> Any:
        check_importable(self.model)
        return schema_of, (self.model,)

    def field(self, name: str) -> Field[Any]:
        """A field by its name, or the primary key as `pk`; also a version of a dynamic field.

        Raises:
            UnknownField: there is no such field.
        """
        if name == "pk":
            return self.pk_field
        if name not in self.fields:
            version = self.dynamic.version(name)
            if version is None:
                raise unknown_field(self, name)
            return version
        return self.fields[name]

    def hash_field(self, name: str) -> InstanceHashField[Any]:
        """An InstanceHashField by its name.

        Raises:
            UnknownField: there is no such field, or it is of another kind.
        """
        if not isinstance(name, str):
            raise unknown_field(self, name)
        if name not in self.hash_fields:
            version = None if name in self.fields else self.dynamic.version(name)
            if isinstance(version, InstanceHashField):
                return version
            if name in self.fields:
                error = unknown_field(self, name)
                msg = f"{self.fields[name]} is not an InstanceHashField; {self.name} has {', '.join(self.hash_fields)}"
                raise type(error)(msg)
            raise unknown_field(self, name)
        return self.hash_fields[name]

    def entry(self, sub: bytes) -> InstanceHashField[Any] | None:
        """The field whose value is under a sub-key of the hash of an object, if it is one of the model's."""
        known = self.hash_fields.get(to_text(sub))
        if known is not None or not self.dynamic:
            return known
        version = self.dynamic.version_at(self.keys.first, b"", sub)
        return version if isinstance(version, InstanceHashField) else None

    def forget_indexes(self) -> None:
        """Forgets the indexes of each field in all partitions."""
        self._composites = ByPartition(self._settled)

    def leave(self, partition: Partition) -> None:
        """Forgets what is known for a partition, which the model has no more."""
        for known in (self._composites, self._layouts, self.statements):
            known.pop(partition, None)
        for field in self.value_fields.values():
            field.leave(partition)

    def settle(self, partition: Partition) -> None:
        """Sets the indexes of each field in a partition."""
        self._composites[partition] = self._settled(partition)

    def _settled(self, partition: Partition) -> list[CompositeFieldIndex]:
        """Sets the indexes of each field in a partition; returns those of several fields."""
        indexes = {name: field.field_indexes(partition) for name, field in self.value_fields.items()}
        composites = [index for own in indexes.values() for index in own if isinstance(index, CompositeFieldIndex)]
        for name, field in self.value_fields.items():
            field.settle(partition, indexes[name], [index for index in composites if index.has(field)])
        return composites

    def composites(self, partition: Partition) -> list[CompositeFieldIndex]:
        """The indexes of several fields in a partition."""
        return self._composites[partition]

    def layout(self, partition: Partition) -> list[FieldLayout]:
        """Returns the layout of the values of a new object."""
        return self._layouts[partition]

    def _layout(self, partition: Partition) -> list[FieldLayout]:
        subs = {name: field.sub for name, field in self.hash_fields.items()}
        return [(name, field, field.place_in(partition), subs.get(name)) for name, field in self.value_fields.items()]

    def key_prefixes(self, partition: Partition) -> list[bytes]:
        """The prefixes of all keys of an object, that of its hash first; without the keys of dynamic fields."""
        prefixes = (place.prefix for _, _, place, _ in self.layout(partition))
        return list(dict.fromkeys((partition.hash_prefix, *prefixes)))

    def references(self, partition: Partition) -> list[tuple[Argument, ...]]:
        """The references to other models, as the catalogs of those keep them (see indexes/maintenance/declare.lua)."""
        fields = [field for field in self.value_fields.values() if isinstance(field, ReferenceField)]
        local = [field for field in fields if field.has_target and field.is_local]
        return [(field.target.keys.beside(partition).meta, *recorded(field, partition)) for field in local]

    def references_to(self, target: Schema) -> list[Argument]:
        """The references to a model, as its catalogs keep them if it is in other slots (see targets/record.lua)."""
        args: list[Argument] = []
        for field in self.value_fields.values():
            if isinstance(field, ReferenceField) and field.has_target and field.target is target:
                args += (*recorded(field, self.keys.first), self.keys.count)
        return args

    @property
    def max_changes(self) -> Argument:
        """The most changes of a step, as scripts take it."""
        max_changes: int | None = self.model.database.max_changes
        return b"" if max_changes is None else max_changes

    def check_required(self, values: Container[str] | Mapping[str, Any]) -> None:
        """Refuses a new object without a value of a field that is required.

        Args:
            values: its values, or the names of the fields that get one.

        Raises:
            ConstraintError: it has none.
        """
        name = self.missing_required(values)
        if name is not None:
            raise self.fields[name].without_value()

    def missing_required(self, values: Container[str] | Mapping[str, Any]) -> str | None:
        """Returns the first required field without a value; None if there is none."""
        for name in self.required:
            if name not in values or (isinstance(values, Mapping) and values[name] is None):
                return name
        return None

    def must_have_or_mint(self, pk: bytes | None, written: Container[str] = ()) -> None:
        """Refuses a write to an instance that has no primary key, and gets none by itself.

        Args:
            pk: the primary key of the instance.
            written: the fields that are written to.

        Raises:
            InvalidPrimaryKey: it has none.
            ConstraintError: the object would come into being without a value of a field that is required.
        """
        if pk is None and self.required:
            self.check_required(written)
        if pk is None and self.keys.parent is not None and self.keys.count > 1:
            self.partition_beside({})
        if pk is None and not self.mints_pks:
            msg = (
                f"this {self.name} has no primary key yet and its key is not automatic; set "
                f"{self.pk_name} first, or create it with {self.name}({self.pk_name}=…, …)"
            )
            raise InvalidPrimaryKey(msg)


@contextmanager
def naming(model: type) -> Iterator[None]:
    """Has errors of declarations within a block name the model."""
    try:
        yield
    except DeclarationError as error:
        msg = f"{model.__name__}: {error}"
        raise DeclarationError(msg) from None
