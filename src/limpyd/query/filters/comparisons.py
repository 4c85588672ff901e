"""Comparisons: a field with an operator and a value becomes a condition, by the index that answers it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from limpyd.exceptions import InvalidFilter
from limpyd.expressions import SEPARATOR, Comparison
from limpyd.fields import BoundField, Field, ValueField
from limpyd.fields.checks import as_bytes
from limpyd.indexes.numbers import NeverStored
from limpyd.query.filters.combined_conditions import Negated
from limpyd.query.filters.conditions import ByIndex, ByPk, Condition, Missing, NoObject
from limpyd.query.filters.errors import of_none, unserved
from limpyd.query.filters.lookups import serving
from limpyd.query.filters.operands import FilterOperands

MULTI_VALUE_OPERATORS = frozenset({"in", "between", "within", "box"})
"""Operators that take several values."""
UNCONVERTED_TYPES = frozenset({str, int, float})
"""Types of values that are just values, as most are."""


def compared(field: Field[Any], comparison: Comparison) -> Condition:
    """The condition that a comparison with a field stands for. Raises as `parse`."""
    if not isinstance(field, ValueField):
        return _by_pk(field, comparison)
    sub, prefix = _sub_key_and_prefix(field, comparison)
    operator, value = comparison.operator, comparison.value
    if operator == "isnull":
        return _missing(field, sub, prefix, comparison)
    if operator == "ne":
        return Negated(_by_index(field, sub, prefix, "eq", value, comparison), comparison)
    if operator == "contains" and (field.many or field.has_subkeys):
        operator = "eq"
    return _by_index(field, sub, prefix, operator, value, comparison)


def _by_index(
    field: ValueField[Any], sub: bytes | None, prefix: str, operator: str, value: Any, written: Comparison
) -> Condition:
    serves = serving(field).get((prefix, operator))
    if serves is None:
        raise unserved(field, serving(field), prefix, written)
    if value is None:
        raise of_none(written)
    index, lookup = serves.field_index, serves.with_sub_key(sub)
    try:
        if type(value) in UNCONVERTED_TYPES and operator not in MULTI_VALUE_OPERATORS:
            return ByIndex(lookup, (index.filter_text(operator, value),), (), written)
        values = FilterOperands(field, index, operator, written)
        texts = index.index.filter_values(index, operator, values.wrapped(value), values.text)
    except NeverStored:
        return NoObject(written)
    return ByIndex(lookup, texts, values.elsewhere, written)


def _by_pk(field: Field[Any], comparison: Comparison) -> Condition:
    operator, value = comparison.operator, comparison.value
    if comparison.path or operator not in {"eq", "in", "ne"}:
        msg = f"{comparison}: a primary key supports only eq, ne and in"
        raise InvalidFilter(msg)
    values = FilterOperands(field, None, operator, comparison)
    if operator == "in":
        if isinstance(value, str | bytes) or not isinstance(value, Iterable | BoundField):
            msg = f"{comparison}: `in` takes several values, such as a list"
            raise InvalidFilter(msg)
        pks = [values.pk(each) for each in values.wrapped(value)]
        return ByPk(pks, values.elsewhere, comparison)
    one = ByPk([values.pk(value)], values.elsewhere, comparison)
    return Negated(one, comparison) if operator == "ne" else one


def _missing(field: ValueField[Any], sub: bytes | None, prefix: str, comparison: Comparison) -> Condition:
    if not field.indexable:
        raise unserved(field, serving(field), "", comparison)
    if prefix and not any(prefix == each for each, _ in serving(field)):
        raise unserved(field, serving(field), prefix, comparison)
    if not isinstance(comparison.value, bool):
        msg = f"{comparison}: isnull takes True or False"
        raise InvalidFilter(msg)
    found = Missing(field, sub, comparison)
    return found if comparison.value else Negated(found, comparison)


def _sub_key_and_prefix(field: ValueField[Any], comparison: Comparison) -> tuple[bytes | None, str]:
    """The sub-key and the prefix that the path of an expression means."""
    path = comparison.path
    if not field.has_subkeys:
        if "" in path:
            raise unserved(field, serving(field), SEPARATOR, comparison)
        return None, SEPARATOR.join(part if isinstance(part, str) else part.decode() for part in path)
    if not path:
        if comparison.operator == "isnull":
            return None, ""
        msg = f"{comparison}: {field} has a value for each key; add the key: {field.name}{SEPARATOR}<key>=…"
        raise InvalidFilter(msg)
    sub, *prefix = path
    return as_bytes(str(comparison), sub), SEPARATOR.join(str(part) for part in prefix)
