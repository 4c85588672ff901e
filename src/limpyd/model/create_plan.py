"""Bulk-create layouts for scalar fields, made once for all objects with values of the same fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from limpyd.fields import SingleValueField, ValueField
from limpyd.indexes.field_index import FieldIndex
from limpyd.keys import Partition
from limpyd.schema.schema import Schema
from limpyd.scripts.bulk_create import IndexKey, NewObjects, ObjectShape
from limpyd.scripts.error_mapping import Claim

PlannedField = tuple[str, ValueField[Any], Callable[[Any], bytes]]


class Plain:
    """Objects with values of some fields, each of one value and with one text for each of its indexes."""

    def __init__(self, schema: Schema, partition: Partition, given: tuple[str, ...]) -> None:
        self._schema = schema
        layout = schema.layout(partition)
        names = {name for name, field, _, _ in layout if name in given or field.default is not None}
        hashed = [planned for planned in layout if planned[0] in names and planned[3] is not None]
        alone = [planned for planned in layout if planned[0] in names and planned[3] is None]
        self.mints_pk = schema.mints_pks and not {"pk", schema.pk_name} & set(given)
        """True if its primary key is not given, but minted."""
        self.stores_nothing = self.mints_pk and not names
        """True if only the existence of the object is stored."""
        self._planned: list[PlannedField] = []
        self._texts: list[tuple[int, FieldIndex]] = []
        self._claims: list[tuple[str, int]] = []
        entries: list[tuple[IndexKey, int]] = []
        for number, (name, field, place, _) in enumerate((*hashed, *alone)):
            self._planned.append((name, field, field.unchecked_encode))
            for kind, _, key in field.checks_in(partition):
                self._claims.append((name, number))
                entries.append(((kind, key), number + 1))
            for index in place.indexes:
                self._claims.append((name, number))
                at = number + 1
                if index.form != b"text":
                    self._texts.append((number, index))
                    at = len(names) + len(self._texts)
                entries.append(((index.kind_name, index.key), at))
        self.shape = ObjectShape(
            tuple(sub for _, _, _, sub in hashed if sub is not None),
            tuple(place.prefix for _, _, place, _ in alone),
            (
                *(place.prefix for name, _, place, sub in layout if sub is None and name not in names),
                *schema.dynamic.inventories(partition),
            ),
            len(self._texts),
            tuple(entries),
        )

    def add_to(self, objects: NewObjects, pk: bytes | None, values: Mapping[str, Any]) -> bool:
        """Adds an object, unless a default is None; whether it was added.

        Raises:
            InvalidValue: a value does not fit its field's type.
        """
        stored = []
        for name, field, encode in self._planned:
            value = values[name] if name in values else field.default_value()
            if value is None:
                return False
            try:
                stored.append(encode(value))
            except (TypeError, ValueError, OverflowError):
                stored.append(field.encode_new(value))  # raises the reason
        if self._texts:
            stored += [index.indexed_texts(stored[number])[0] for number, index in self._texts]
        objects.add(self.shape, pk, stored, self._claimed)
        return True

    def _claimed(self, stored: Sequence[bytes]) -> list[Claim]:
        return [Claim(self._schema, name, stored[number]) for name, number in self._claims]


def plain(schema: Schema, partition: Partition, given: tuple[str, ...]) -> Plain | None:
    """Returns the layout of objects with values of these fields; None if they have none in common."""
    if schema.composites(partition) or (schema.dynamic and any(name not in schema.settable for name in given)):
        return None
    if any(name not in given and schema.value_fields[name].default is None for name in schema.required):
        return None
    for name, field, place, _ in schema.layout(partition):
        has_value = name in given or field.default is not None
        if has_value and not (
            isinstance(field, SingleValueField) and all(index.one_plain_text for index in place.indexes)
        ):
            return None
    return Plain(schema, partition, given)
