"""The indexes of a model as they are in the catalog: each has a name and a signature."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from limpyd.indexes.base import Index
from limpyd.indexes.field_index import FieldIndex, IndexedField
from limpyd.indexes.kind import IndexKind
from limpyd.keys import ModelKeys, Partition
from limpyd.keys.limpyd2 import is_made_of
from limpyd.keys.moving import Given, Move
from limpyd.keys.templates import without_marks
from limpyd.requests.request import Argument, Request
from limpyd.scripts.error_mapping import Model


class IndexedPlace(Protocol):
    """The attributes that index maintenance uses of the place of a field's values."""

    @property
    def prefix(self) -> bytes: ...
    @property
    def stored(self) -> bytes: ...
    @property
    def indexes(self) -> Sequence[FieldIndex]: ...


class IndexedModel(Model, Protocol):
    """The attributes that index maintenance uses of a model."""

    keys: ModelKeys
    model: Any
    dynamic: Any

    @property
    def claimed_index(self) -> Any: ...
    @property
    def feed(self) -> Any: ...
    def follow(self, place: int | Move) -> None: ...
    def learn(self, number: int, given: Given | None) -> None: ...
    def forget_plans(self) -> None: ...
    def layout(self, partition: Partition) -> Sequence[tuple[str, Any, IndexedPlace, bytes | None]]: ...
    def key_prefixes(self, partition: Partition) -> list[bytes]: ...
    def references(self, partition: Partition) -> list[tuple[Argument, ...]]: ...
    def overdue_records(self, partition: Partition) -> Iterable[tuple[bytes, bytes]]: ...
    def sweeps(self, partition: Partition) -> Iterable[Request[Any]]: ...


class DeclaredIndex(NamedTuple):
    """An index of a model in one partition.

    Attributes:
        name: its key without the prefix of the model, and without a colon at the end.
        signature: a text that changes when the entries of the index would change.
        field_index: the index itself.
        place: the place of the values of its field.
        sub: the sub-key of the values, in the hash of an instance.
    """

    name: bytes
    signature: bytes
    field_index: FieldIndex
    place: IndexedPlace
    sub: bytes

    @property
    def keys(self) -> list[bytes]:
        """Its keys with known names."""
        return [] if self._has_keys_by_value or b"\0" in self.field_index.key else [self.field_index.key]

    @property
    def beginnings(self) -> list[bytes]:
        """The prefixes of its other keys."""
        if self._has_keys_by_value or b"\0" in self.field_index.key:
            return [self.field_index.template]
        by_sub_key = self.place.stored == b"hash" and not self.field_index.kind.sub_key_in_entry
        return [self.field_index.key + b":"] if by_sub_key else []

    def has(self, key: bytes) -> bool:
        """Returns whether a key in the layout of limpyd 2 belongs to it."""
        template = self.field_index.template
        if self._has_keys_by_value and b"\0" not in template:
            return key.startswith(template)
        return is_made_of(template, key) if b"\0" in template else key == template

    @property
    def is_claimed(self) -> bool:
        """True if its values are unique over several partitions, so that only writes enter them (limpyd.claims)."""
        return self.field_index.kind_name.startswith(b"@")

    @property
    def spared(self) -> list[bytes]:
        """The keys, or prefixes, of other indexes of the field that begin like its own."""
        others = (other.template for other in self.place.indexes if other is not self.field_index)
        return [key for key in others if any(key.startswith(beginning) for beginning in self.beginnings)]

    @property
    def given(self) -> tuple[Argument, ...]:
        """The arguments for lua/library/expected_entries.lua."""
        return (*self.field_index.row, self.place.prefix, self.place.stored, self.sub)

    @property
    def fields(self) -> Sequence[IndexedField]:
        """Its fields; the field of the declaration first."""
        return self.field_index.fields

    @property
    def description(self) -> str:
        """The name of the index in messages."""
        index = self.field_index.index
        settings = [f"{name}={value!r}" for name, value in (("prefix", index.prefix), ("key", index.key)) if value]
        return f"{index}({', '.join(settings)})" if settings else str(index)

    def as_a(self, index_class: type[Index] | None) -> Index:
        """Returns its declaration; of a unique index that of the unique texts, if only that is of the class."""
        index: Index = self.field_index.index
        return index.as_a(index_class)

    @property
    def _has_keys_by_value(self) -> bool:
        kind: IndexKind = self.field_index.kind
        return kind.keys_by_value


def declared_indexes(model: IndexedModel, partition: Partition) -> list[DeclaredIndex]:
    """Returns all indexes of a model; a composite index comes with the field on which it is declared."""
    found = [
        DeclaredIndex(
            _name(index.key, partition) + index.ending, index.signature(place.stored), index, place, sub or b""
        )
        for _, _, place, sub in model.layout(partition)
        for index in place.indexes
    ]
    for field in model.dynamic.values():
        place = field.place_in(partition)
        found += (
            DeclaredIndex(_name(index.key, partition), index.signature(place.stored), index, place, b"")
            for index in place.indexes
        )
    return found


def _name(key: bytes, partition: Partition) -> bytes:
    """Returns the name of the index of a key, or of a template of keys."""
    return without_marks(key.removeprefix(partition.prefix).removesuffix(b":"))
