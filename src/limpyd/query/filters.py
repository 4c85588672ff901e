"""What filters mean: `name="x"`, `name__in=[…]` become the leaves of a plan, or an error at the call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from limpyd.exceptions import InvalidFilter, UnknownField, shorten
from limpyd.fields import Field, ValueField
from limpyd.fields.checks import as_bytes
from limpyd.keys import Partition
from limpyd.scripts.calls import Leaf

SEPARATOR = "__"
OPERATORS = frozenset({"between", "contains", "eq", "gt", "gte", "in", "isnull", "lt", "lte", "ne", "startswith"})
"""What a filter's name may end with; whether a field serves it is its indexes' affair."""


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
        sub: the sub-key that has them, of a field that has sub-keys.
    """

    __slots__ = ("_field", "_name", "_stored", "_sub", "_value")

    def __init__(
        self, field: Field[Any], name: str, value: Any, stored: tuple[bytes, ...], sub: bytes | None = None
    ) -> None:
        self._field = field
        self._name = name
        self._value = value
        self._stored = stored
        self._sub = sub

    def __str__(self) -> str:
        return f"{self._name}={shorten(self._value)}"

    def leaf(self, where: Partition) -> Leaf:
        """The condition on the objects of a partition."""
        field = self._field
        if isinstance(field, ValueField):
            return field.place_in(where).indexes[0].leaf(self._stored, self._sub)
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
    field, rest = _field_of(model, name)
    sub, operator = _meaning(field, name, rest)
    served = field.operators
    if operator not in served:
        raise InvalidFilter(_unserved(field, name, operator))
    if operator != "in":
        return Condition(field, name, value, (_stored(field, name, value),), sub)
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        msg = f"{name}={shorten(value)}: `in` takes several values, such as a list"
        raise InvalidFilter(msg)
    values = list(value)
    return Condition(field, name, values, tuple(dict.fromkeys(_stored(field, name, each) for each in values)), sub)


def _field_of(model: Queried, name: str) -> tuple[Field[Any], str | None]:
    """The field that a filter begins with, and what follows it; None if nothing does."""
    if name == "pk" or name in model.fields:
        return model.field(name), None
    with_subkeys = [
        known
        for known, field in model.fields.items()
        if isinstance(field, ValueField) and field.has_subkeys and name.startswith(known + SEPARATOR)
    ]
    if with_subkeys:
        known = max(with_subkeys, key=len)
        return model.field(known), name[len(known + SEPARATOR) :]
    field_name, separator, operator = name.rpartition(SEPARATOR)
    return model.field(field_name if separator else name), operator


def _meaning(field: Field[Any], name: str, rest: str | None) -> tuple[bytes | None, str]:
    """The sub-key and the operator in what follows the name of a field."""
    if not (isinstance(field, ValueField) and field.has_subkeys):
        return None, "eq" if rest is None else rest
    if rest is None:
        msg = f"{name}: {field} has values by key; name the key: {field.name}{SEPARATOR}<key>=…"
        raise InvalidFilter(msg)
    sub, separator, operator = rest.rpartition(SEPARATOR)
    if separator and operator in OPERATORS:
        return as_bytes(name, sub), operator
    return as_bytes(name, rest), "eq"


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
