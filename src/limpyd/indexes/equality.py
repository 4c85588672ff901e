"""Indexes that find an exact value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

from limpyd.expressions import EQUALITY
from limpyd.indexes.base import Index
from limpyd.indexes.encoding import Transform
from limpyd.indexes.field_index import FieldIndex, IndexedField
from limpyd.indexes.kind import IndexKind
from limpyd.indexes.limpyd2 import IndexStorage, Limpyd2Entries, limpyd2_storage
from limpyd.keys import Partition, key_from_template
from limpyd.keys.limpyd2 import Limpyd2Partition
from limpyd.scripts.index_nodes import OneOf
from limpyd.scripts.query_nodes import Node
from limpyd.scripts.query_values import Stored, Text

SETS = IndexKind(b"eq", "set", keys_by_value=True, sub_key_in_entry=True, values_tested_from=2, owners_rank=1)
OWNERS = IndexKind(b"uniq", "hash", sub_key_in_entry=True, owners_rank=2, only_one=True)


class EqualIndex(Index):
    """A set of primary keys per value (SADD); finds the objects with one of some values."""

    kind = SETS
    limpyd2 = Limpyd2Entries("", "text")
    only_equality = True
    reuses_plans = True
    operators = EQUALITY

    def final_form(self, field: IndexedField) -> str:
        return "text" if self.all_steps(field) else field.codec.normal

    def node(self, index: FieldIndex, operator: str, values: Sequence[Text], sub: bytes | None, stored: Stored) -> Node:
        return has_one_of(index, operator, values, sub, stored)


class UniqueIndex(Index):
    """A hash from each value to its only owner (HSETNX); each unique field has one.

    Args:
        of: the index whose texts are unique; by default the values of the field are.
        scored: true if it replaces an index by score, for which limpyd 2 has separate sets.
    """

    kind = OWNERS
    reuses_plans = True
    operators = EQUALITY
    settings: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, of: Index | None = None, *, scored: bool = False) -> None:
        self.scored = scored
        self._of = of or EqualIndex()
        self.prefix, self.key, self.name = self._of.prefix, self._of.key, self._of.name
        self.limpyd2_key = self._of.limpyd2_key

    def attached(self, field: IndexedField, partition: Partition) -> Self:
        mine = super().attached(field, partition)
        mine._of = self._of.attached(field, partition)
        mine.encode_result = mine._of.encode_result
        return mine

    def storage(self, field: IndexedField, partition: Partition) -> IndexStorage:
        if isinstance(partition, Limpyd2Partition):
            return limpyd2_storage(self._of, field, partition, unique=True, scored=self.scored)
        return super().storage(field, partition)

    def as_a(self, index_class: type[Index] | None) -> Index:
        return self if index_class is None or isinstance(self, index_class) else self._of

    def check_field(self, field: IndexedField) -> None:
        self._of.check_field(field)

    def all_steps(self, field: IndexedField) -> tuple[Transform, ...]:
        return self._of.all_steps(field)

    def final_form(self, field: IndexedField) -> str:
        return self._of.final_form(field)

    @property
    def normalizes(self) -> bool:
        return self._of.normalizes

    def encode_normalized(self, value: Any) -> bytes:
        return self._of.encode_normalized(value)

    def encode_filter(self, field: IndexedField, operator: str, value: Any) -> bytes:
        return self._of.encode_filter(field, operator, value)

    def node(self, index: FieldIndex, operator: str, values: Sequence[Text], sub: bytes | None, stored: Stored) -> Node:
        return has_one_of(index, operator, values, sub, stored)


def has_one_of(index: FieldIndex, _operator: str, values: Sequence[Text], sub: bytes | None, stored: Stored) -> Node:
    """Returns the condition that a field, or a sub-key of it, has one of some values."""
    key = index.key
    if sub is not None and (b"\0" in key or index.kind.keys_by_value):
        key = key_from_template(key, sub) if b"\0" in key else key + index.key_and_text(b"", sub)[1]
    elif sub is not None:
        values = [
            index.key_and_text(text, sub)[1] if isinstance(text, bytes) else text._replace(under=b":" + sub)
            for text in values
        ]
    tells = stored.stored and not index.asks_python
    many = index.field.many or not index.one_text_per_value
    return OneOf(index.kind, key, values, stored._replace(form=index.form) if tells else None, many=many)
