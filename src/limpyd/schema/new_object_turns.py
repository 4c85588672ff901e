"""The partition that a new object is made in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limpyd.fields import ValueField
from limpyd.indexes.field_index import FieldIndex
from limpyd.keys import ModelKeys
from limpyd.utils.cached_properties import cached_property


class NewObjectTurns:
    """The part of a schema that chooses the partition of a new object whose primary key is minted."""

    model: Any
    keys: ModelKeys
    mints_pks: bool
    maintenance: Any
    value_fields: dict[str, ValueField[Any]]

    @cached_property
    def claimed_index(self) -> FieldIndex | None:
        """An index whose values are unique over several partitions, if there is one."""
        declared = self.maintenance.at(self.keys.first).indexes
        return next((each.field_index for each in declared if each.is_claimed), None)

    def take_turn(self, values: Mapping[str, Any]) -> None:
        """Has this thread or task make its next object in another partition, if there are several.

        It is the one that keeps the claim of its first unique value, which then needs no request more; else the next in
        turn. Within a transaction it is the partition of the transaction, once there is one.

        Args:
            values: the values of the object.
        """
        if self.keys.count > 1 and self.mints_pks:
            pipeline = self.model.database._pipeline()
            if pipeline is None or not pipeline.stays():
                self.keys.turn(self._first_unique_text(values))

    def _first_unique_text(self, values: Mapping[str, Any]) -> bytes | None:
        """Returns the text of the first value of a new object that is unique, if an index keeps one text of it."""
        for name in self._unique_names:
            if values.get(name) is not None:
                field = self.value_fields[name]
                index = next(one for one in field.place_in(self.keys.first).indexes if one.kind.only_one)
                texts = index.indexed_texts(field.encode_new(values[name]))
                return texts[0] if texts else None
        return None

    @cached_property
    def _unique_names(self) -> list[str]:
        """The names of the fields of one value that are unique by themselves."""
        return [
            name
            for name, field in self.value_fields.items()
            if field.unique and not field.many and not field.has_subkeys
        ]
