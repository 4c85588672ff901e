"""What filters mean: `name="x"`, `name__in=[…]` become the leaves of a plan, or an error at the call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from limpyd.exceptions import InvalidFilter, UnknownField, shorten
from limpyd.fields import Field, SingleValueField
from limpyd.keys import Partition
from limpyd.scripts.calls import Leaf

SEPARATOR = "__"


class Queried(Protocol):
    """What a filter needs to know of a model."""

    name: str

    @property
    def fields(self) -> Mapping[str, Field[Any]]: ...

    def field(self, name: str) -> Field[Any]: ...


class Condition:
    """One filter: a field has one of some values.

    Args:
        field: the field.
        name: the filter's name, as it was written.
        value: its value, as it was given.
        stored: the values that are meant, as they are stored.
    """

    __slots__ = ("_field", "_name", "_stored", "_value")

    def __init__(self, field: Field[Any], name: str, value: Any, stored: tuple[bytes, ...]) -> None:
        self._field = field
        self._name = name
        self._value = value
        self._stored = stored

    def __str__(self) -> str:
        return f"{self._name}={shorten(self._value)}"

    def leaf(self, where: Partition) -> Leaf:
        """The condition on the objects of a partition."""
        field = self._field
        if isinstance(field, SingleValueField):
            return field.place_in(where).indexes[0].leaf(self._stored)
        return Leaf(b"pk", where.pks, self._stored)


def parse(model: Queried, filters: Mapping[str, Any]) -> tuple[Condition, ...]:
    """The conditions that keyword filters stand for.

    Raises:
        UnknownField: a name is no field.
        InvalidFilter: the field has no index for it.
        InvalidValue: the value does not fit the field's type.
    """
    return tuple(_condition(model, name, value) for name, value in filters.items())


def _condition(model: Queried, name: str, value: Any) -> Condition:
    field_name, separator, operator = name.rpartition(SEPARATOR)
    if not separator:
        field_name, operator = name, "eq"
    field = model.field(field_name)
    served = field.operators
    if operator not in served:
        raise InvalidFilter(_unserved(field, name, operator))
    if operator != "in":
        return Condition(field, name, value, (_stored(field, name, value),))
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        msg = f"{name}={shorten(value)}: `in` takes several values, such as a list"
        raise InvalidFilter(msg)
    values = list(value)
    return Condition(field, name, values, tuple(dict.fromkeys(_stored(field, name, each) for each in values)))


def _unserved(field: Field[Any], name: str, operator: str) -> str:
    if field.operators:
        return (
            f"{name}: {field} has no index that answers {operator!r}; it answers {', '.join(sorted(field.operators))}"
        )
    return f"{name}: {field} has no index, so objects cannot be found by it; declare it with indexable=True"


def _stored(field: Field[Any], name: str, value: Any) -> bytes:
    if value is None:
        msg = f"{name}=None: None is no value that an index holds"
        raise InvalidFilter(msg)
    return field.encode(value)


def unknown_field(model: Queried, name: str) -> UnknownField:
    """The error for a name that is no field of the model."""
    return UnknownField(f"{model.name} has no field {name!r}; it has {', '.join(model.fields)}")
