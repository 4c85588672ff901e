"""The partition that a new object is made in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limpyd.exceptions import InvalidValue, shorten
from limpyd.fields import ValueField
from limpyd.indexes.field_index import FieldIndex
from limpyd.keys import ModelKeys, Partition, to_text
from limpyd.keys.turns import stay_in
from limpyd.requests.step_results import is_result
from limpyd.utils.cached_properties import cached_property


class NewObjectTurns:
    """The part of a schema that chooses the partition of a new object whose primary key is minted."""

    name: str
    model: Any
    keys: ModelKeys
    mints_pks: bool
    maintenance: Any
    value_fields: dict[str, ValueField[Any]]
    parent: Any
    """The model in whose partitions its objects are, if it is declared with `colocate_with`."""
    children: list[Any]
    """The models that are declared with `colocate_with` this one."""

    @property
    def top(self) -> Any:
        """The model whose partitions these are: itself, or the first one that it is declared with `colocate_with`."""
        return self if self.parent is None else self.parent.top

    @cached_property
    def claimed_index(self) -> FieldIndex | None:
        """An index whose values are unique over several partitions, if there is one."""
        declared = self.maintenance.at(self.keys.first).indexes
        return next((each.field_index for each in declared if each.is_claimed), None)

    def take_turn(self, values: Mapping[str, Any]) -> None:
        """Has this thread or task make its next object in another partition, if there are several.

        It is that of the objects that it refers to, if the model is declared with `colocate_with`. Else it is the one
        that keeps the claim of its first unique value, which then needs no request more, or the next in turn. Within a
        transaction it is the partition of the transaction, once there is one.

        Args:
            values: the values of the object.

        Raises as `partition_beside`.
        """
        if self.keys.count == 1 or not self.mints_pks:
            return
        if self.keys.parent is not None:
            stay_in(self.partition_beside(values).number)
        else:
            pipeline = self.model.database._pipeline()
            if pipeline is None or not pipeline.stays():
                self.keys.turn(self._first_unique_text(values))

    def partition_beside(self, values: Mapping[str, Any]) -> Partition:
        """Returns the partition of a new object of a model that is declared with `colocate_with`.

        Args:
            values: the values of the object; its foreign keys to objects beside it determine the partition.

        Raises:
            InvalidValue: it refers to none, or to objects in different partitions.
            DeclarationError: what it could refer to is not declared, or is on another database.
        """
        found: dict[int, str] = {}
        beside = self.foreign_keys_beside
        given = {name: value for name, value in values.items() if name in beside and value is not None}
        for name, value in given.items():
            field = beside[name]
            if not is_result(value):
                referred = field.encode(value)
                number = field.target.keys.partition(referred).number
                found.setdefault(number, f"{field} = {shorten(to_text(referred))} is in partition {number}")
        if len(found) == 1:
            return self.keys.partitions[next(iter(found))]
        pipeline = self.model.database._pipeline()
        if not found and (given or (pipeline is not None and pipeline.stays())):
            return self.keys.partition(None)  # that of the transaction, which creates what it refers to
        raise self._not_beside(list(found.values()))

    def _not_beside(self, places: list[str]) -> InvalidValue:
        """Returns the error for a new object that refers to objects in several partitions, or to none."""
        parent, count = self.top.name, self.keys.count
        if places:
            return InvalidValue(
                f"{' and '.join(places)}: a {self.name} refers only to objects in its own partition of {parent}"
            )
        name = next(iter(self.foreign_keys_beside), None)
        for field in self._foreign_keys.values() if name is None else ():
            _ = field.target  # which raises the reason if it is not there
        cure = "declare a foreign key, and create it" if name is None else f"create it with {self.name}({name}=…, …)"
        return InvalidValue(
            f"a new {self.name} is in the partition of what it refers to, one of {count} of {parent}, and it refers to "
            f"nothing there; {cure}"
        )

    @property
    def foreign_keys_beside(self) -> dict[str, Any]:
        """The foreign keys to objects that are always in the same partition, by name."""
        return {name: field for name, field in self._foreign_keys.items() if field.has_target and field.is_local}

    @cached_property
    def _foreign_keys(self) -> dict[str, Any]:
        return {name: field for name, field in self.value_fields.items() if field.refers and not field.many}

    def partition_for(self, values: Mapping[str, Any]) -> Partition | None:
        """Returns the partition for a new object, by its first unique value, whose claim is kept there if possible.

        None if the object has none.
        """
        text = None if self.claimed_index is None else self._first_unique_text(values)
        return None if text is None else self.keys.creating(text)

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
