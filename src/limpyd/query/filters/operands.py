"""Operands of filters: a value, an instance, or a field of an instance."""

from __future__ import annotations

from typing import Any

from limpyd.exceptions import InvalidFilter
from limpyd.fields import BoundField, Field, ValueField
from limpyd.fields.bound.value import BoundValue
from limpyd.query.filters.errors import of_none
from limpyd.query.filters.model import check_lasting_operand
from limpyd.scripts.query_values import Key, LaterKey, ReadValue, Text


class FilterOperands:
    """Makes texts of what a filter is given.

    Args:
        field: the field that is filtered on.
        field_index: the index that is used, a FieldIndex; None for the primary key.
        operator: the operator.
        shown: how messages show the filter.
    """

    def __init__(self, field: Field[Any], field_index: Any, operator: str, shown: Any) -> None:
        self._field = field
        self._field_index = field_index
        self._operator = operator
        self._shown = shown
        self.elsewhere: list[Key] = []

    def wrapped(self, value: Any) -> Any:
        """The value; of `in`, a field of many members stands for those."""
        if self._operator == "in" and isinstance(value, BoundValue):
            return [value]
        return value

    def text(self, value: Any, operator: str = "") -> Text:
        """Returns the text that one value is compared as, by the filter's operator or by another one.

        Raises:
            InvalidFilter: it is an instance without a primary key, or a field that cannot be compared with.
            InvalidValue: it does not fit the field's type.
            NeverStored: it is a number that no object can have.
        """
        if isinstance(value, BoundValue):
            return self._read(value)
        if isinstance(value, BoundField):
            value = value._instance
        if is_instance(value):
            stored: bytes = self._field_index.filter_pk(self._pk_of(value))
            return stored
        if value is None:
            raise of_none(self._shown)
        text: bytes = self._field_index.filter_text(operator or self._operator, value)
        return text

    def pk(self, value: Any) -> Text:
        """A primary key, given as such, as an instance, or as a field of an instance that holds it."""
        if isinstance(value, BoundValue):
            return self._reference(value, b"text")
        if isinstance(value, BoundField):
            value = value._instance
        if is_instance(value):
            return self._pk_of(value)
        if value is None:
            msg = f"{self._shown}: None is not a primary key"
            raise InvalidFilter(msg)
        return self._field.encode(value)

    def _pk_of(self, instance: Any) -> bytes:
        pk: bytes | None = instance._pk_bytes
        if isinstance(self._field, ValueField) and self._field.refers:
            return self._field.encode(instance)
        if pk is None:
            msg = f"{self._shown}: {instance!r} has no primary key yet"
            raise InvalidFilter(msg)
        return pk

    def _read(self, bound: BoundValue[Any]) -> Text:
        """A value that the server reads in the same step."""
        field_index = self._field_index
        if not field_index.compares_on_server:
            msg = f"{self._shown}: {field_index.index} cannot be compared with a field; get the field's value first"
            raise InvalidFilter(msg)
        return self._reference(bound, field_index.final_name)

    def _reference(self, bound: BoundValue[Any], form: bytes) -> ReadValue:
        other: ValueField[Any] = bound._field
        same_database(self._field.model, bound._instance.database, bound)
        if other.has_subkeys or (other.many and self._operator != "in"):
            msg = f"{self._shown}: {bound!r} has many values; compare with `in`, or with one of them"
            raise InvalidFilter(msg)
        check_lasting_operand(self._shown, self._field.model, other)
        key = key_of(bound)
        self.elsewhere.append(key)
        return ReadValue(key, other.stored_as, other.sub_key, form)


def key_of(bound: BoundValue[Any]) -> Key:
    """The key of a field of an instance, or what stands for it until that has a primary key."""
    return LaterKey(bound) if bound._instance._pk_bytes is None else bound._key()


def same_database(model: Any, database: Any, what: object) -> None:
    """Refuses what is in another database than a model.

    Raises:
        InvalidFilter: it is.
    """
    if database is not model.model.database:
        msg = f"{model.name}: {what!r} is in another database, where no query of this one can read it"
        raise InvalidFilter(msg)


def is_instance(value: Any) -> bool:
    """Returns whether a value is an object of a model."""
    return hasattr(type(value), "_schema") and hasattr(value, "_pk_bytes")
