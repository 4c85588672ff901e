"""The dynamic fields of a model: whose version a name is, and where all of them are."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, Protocol

from limpyd.exceptions import DeclarationError, UnknownField
from limpyd.keys import ModelKeys, Partition, to_text
from limpyd.keys.templates import part_in

if TYPE_CHECKING:
    from limpyd.fields import DynamicField, Field, ValueField
    from limpyd.indexes.field_index import FieldIndex


class Declaring(Protocol):
    """The attributes that the dynamic fields use of their model."""

    name: str
    model: Any
    keys: ModelKeys
    fields: dict[str, Field[Any]]


class DynamicFields(dict[str, "DynamicField[Any]"]):
    """The dynamic fields of a model, by name.

    Args:
        model: the model, with its other fields.
        declared: the dynamic fields, attached to it.
        reserved: names that no version may have.

    Raises:
        DeclarationError: another field has a name that a version could have.
    """

    def __init__(self, model: Declaring, declared: Iterable[DynamicField[Any]], reserved: AbstractSet[str]) -> None:
        super().__init__((field.name, field) for field in declared)
        self._model = model
        self._reserved = reserved
        for field in self.values():
            taken = next((name for name in (*model.fields, *self) if field.names.accepts(name)), None)
            if taken is not None:
                msg = (
                    f"{model.name}.{taken} has the name of a version of the dynamic field {field.name}, whose pattern "
                    f"is {field.names.pattern.pattern!r}; rename one of them, or change the pattern"
                )
                raise DeclarationError(msg)
            field.settle()

    def version(self, name: Any) -> ValueField[Any] | None:
        """The version that has a name; None if none can.

        Raises:
            UnknownField: it is the name of a dynamic field, matches the patterns of two, or is that of something else.
        """
        if not self or not isinstance(name, str):
            return None
        if name in self:
            msg = (
                f"{self._model.name}.{name} is a dynamic field, which has no value itself: name a version of it, "
                f"{self[name].names.name_for('…')}"
            )
            raise UnknownField(msg)
        for field in self.values():
            part = field.names.part_of(name)
            if part is None:
                continue
            version: ValueField[Any] = field.get_for(part)
            if version.name != name:
                msg = (
                    f"{self._model.name} has no field {name!r}: the version of {field} with that part is "
                    f"{version.name!r}"
                )
                raise UnknownField(msg)
            return version
        return None

    def reason_against(self, field: DynamicField[Any], name: str) -> str:
        """Returns the reason why a version of one of them cannot have a name; empty if it can."""
        model = self._model
        other = next((each for each in self.values() if each is not field and each.names.accepts(name)), None)
        if other is not None:
            return f"{name!r} would be the name of a version of {other}, too; change one of the patterns"
        if name in self._reserved:
            return f"{name!r} is reserved for the library"
        if name in model.fields or name in self or (name.isidentifier() and hasattr(model.model, name)):
            return f"{name!r} is another attribute of {model.name}"
        return ""

    def version_at(self, partition: Partition, key: bytes, sub: bytes | None) -> ValueField[Any] | None:
        """The version whose value is under a key, or under a sub-key of the hash of an object; None if it is none's."""
        for field in self.values():
            part = field.part_at(partition, key, sub)
            if part is not None:
                try:
                    version: ValueField[Any] = field.get_for(part)
                except UnknownField:  # something other than limpyd has written it
                    continue
                return version
        return None

    def index_at(self, partition: Partition, key: bytes) -> FieldIndex | None:
        """The index of a version that a key belongs to; None if it belongs to none."""
        for field in self.values():
            for number, index in enumerate(field.template.place_in(partition).indexes):
                part = part_in(index.key, key, open_ended=True)
                if part is not None:
                    try:
                        version: ValueField[Any] = field.get_for(to_text(part))
                    except UnknownField:  # something other than limpyd has written it
                        return index
                    return version.place_in(partition).indexes[number]
        return None

    def families(self, partition: Partition) -> list[bytes]:
        """Returns their families, in the place of prefixes (see lua/library/dynamic_parts.lua)."""
        return [field.family_in(partition) for field in self.values()]

    def inventories(self, partition: Partition) -> list[bytes]:
        """Returns the beginnings of the keys that list an object's versions."""
        return [field.inventory_prefix(partition) for field in self.values()]


def set_attribute(instance: Any, name: str, value: Any) -> None:
    """Sets an attribute of an instance of a model with dynamic fields, unless it has the name of a version.

    Raises:
        AttributeError: it has, as is raised for other fields.
    """
    model = type(instance)
    if not name.startswith("_") and not hasattr(model, name):
        version = model._schema.dynamic.version(name)
        if version is not None:
            version.__set__(instance, value)
    object.__setattr__(instance, name, value)
