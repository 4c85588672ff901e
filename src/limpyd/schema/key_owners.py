"""The owners of a model's keys: the field, or the index, that a key belongs to."""

from __future__ import annotations

from typing import Any

from limpyd.fields import Field, InstanceHashField, ValueField
from limpyd.indexes.composite import CompositeFieldIndex
from limpyd.indexes.field_index import FieldIndex
from limpyd.keys import ModelKeys, Partition, matches
from limpyd.keys.limpyd2 import Limpyd2Partition
from limpyd.keys.partition import TYPES
from limpyd.schema.dynamic import DynamicFields


class KeyOwners:
    """The part of a schema that finds what a key belongs to."""

    model: Any
    keys: ModelKeys
    value_fields: dict[str, ValueField[Any]]
    dynamic: DynamicFields

    def field(self, name: str) -> Field[Any]:
        """A field by its name."""
        raise NotImplementedError

    def composites(self, partition: Partition) -> list[CompositeFieldIndex]:
        """The indexes of several fields in a partition."""
        raise NotImplementedError

    def index_at(self, key: bytes) -> FieldIndex | None:
        """The index that a key belongs to."""
        for partition in self.keys.partitions:
            for field in self.value_fields.values():
                for index in field.place_in(partition).indexes:
                    if index.owns(key):
                        return index
            of_version = self.dynamic.index_at(partition, key)
            if of_version is not None:
                return of_version
        return None

    def field_at(self, key: bytes, sub: bytes | None) -> Any:
        """The field whose value is under a key, or under a sub-key of an object's hash; of that hash, the model."""
        for partition in self.keys.partitions:
            for field in self.value_fields.values():
                of_entry = isinstance(field, InstanceHashField)
                if matches(key, field.place_in(partition).prefix) and (not of_entry or field.sub_key == sub):
                    return field
            version = self.dynamic.version_at(partition, key, sub)
            if version is not None:
                return version
        return self

    def value_of(self, field: str, stored: bytes) -> Any:
        """A stored value as its field's type, or as it is stored if it does not fit.

        Of fields that have an index together (`"name, city"`): the value of each, from the index's entry.
        """
        for partition in self.keys.partitions:
            for index in self.composites(partition):
                if index.name == field:
                    return index.values(stored)
        try:
            return self.field(field).codec.decode(stored)
        except ValueError:
            return stored

    def type_of(self, key: bytes) -> str:
        """The Redis type that a key should have, one of the model or of another one on its database."""
        expected: str = self.owner_of(key)._own_type_of(key)
        return expected

    def owner_of(self, key: bytes) -> Any:
        """The schema of the model that a key belongs to: this one, or another one on its database."""
        if not self._is_own(key):
            for model in self.model.database._models:
                if model._schema._is_own(key):
                    return model._schema
        return self

    def _is_own(self, key: bytes) -> bool:
        return self.keys.has(key)

    def _own_type_of(self, key: bytes) -> str:
        for partition in self.keys.partitions:
            for field in self.value_fields.values():
                if matches(key, field.place_in(partition).prefix):
                    return field.redis_type
            version = self.dynamic.version_at(partition, key, None)
            if version is not None:
                return version.redis_type
            if key == partition.seq:
                return "string"
            if key == partition.meta:
                return "hash"
            parts = None if isinstance(partition, Limpyd2Partition) else partition.parts(key)
            if parts is not None and parts.kind in TYPES:
                return TYPES[parts.kind].decode()
        if key == self.keys.root.meta:
            return "hash"
        index = self.index_at(key)
        return index.kind.redis_type if index is not None else "set"
