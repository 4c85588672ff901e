"""Narrowing of a collection: each method returns another one, of fewer objects."""

from __future__ import annotations

from typing import Any, Self, TypeVar

from limpyd.exceptions import InvalidFilter, shorten
from limpyd.expressions import Expression
from limpyd.fields.bound.value import BoundValue
from limpyd.fields.checks import as_bytes
from limpyd.query.collection.base import CollectionBase
from limpyd.query.filters.combined_conditions import AllOf, Negated
from limpyd.query.filters.conditions import ByPk, Condition, Member
from limpyd.query.filters.operands import FilterOperands, key_of, same_database
from limpyd.query.filters.parsing import parse

Item = TypeVar("Item")
M = TypeVar("M")


class Narrowing(CollectionBase[Item, M]):
    """The part of a collection that says which objects it is of."""

    __slots__ = ()

    def filter(self, *expressions: Expression, **filters: Any) -> Self:
        """The same collection, narrowed: all expressions and filters must hold.

        Raises:
            UnknownField: a name is no field.
            InvalidFilter: the field has no index for it.
            InvalidValue: a value does not fit the field's type.
        """
        return self._narrowed(*parse(self._schema, filters, expressions))

    def exclude(self, *expressions: Expression, **filters: Any) -> Self:
        """The same collection without the objects for which all of these hold; those without a value stay.

        Raises as `filter`.
        """
        conditions = parse(self._schema, filters, expressions)
        if not conditions:
            msg = f"{self._schema.name}: exclude needs an expression or a filter"
            raise InvalidFilter(msg)
        return self._narrowed(Negated(conditions[0] if len(conditions) == 1 else AllOf(conditions)))

    def intersect(self, *sets: Any) -> Self:
        """The same collection, narrowed to the primary keys that are in each of some sets.

        Args:
            sets: primary keys or instances in a list, set or tuple; the key of a set, list or sorted set; a field of
                an instance that is one; or a stored collection.

        Raises:
            InvalidFilter: something is none of these.
        """
        return self._narrowed(*map(self._membership, sets))

    def _membership(self, given: Any) -> Condition:
        if isinstance(given, BoundValue) and given._field.stored_as in {b"set", b"list", b"zset"}:
            same_database(self._schema, given._instance.database, given)
            return Member(key_of(given), repr(given), given._field.stored_as)
        if isinstance(given, CollectionBase) and given._query.stored_key is not None:
            same_database(self._schema, given._database, given)
            if len(given._query.conditions) > 1 and given._schema is not self._schema:
                msg = (
                    f"{self._schema.name}: intersect takes a stored collection of another model only without "
                    f"further filters; store {given!r} first"
                )
                raise InvalidFilter(msg)
            return AllOf(given._query.conditions)
        if isinstance(given, str | bytes):
            return Member(as_bytes("a key", given), f"in {given!r}")
        if isinstance(given, list | tuple | set | frozenset):
            shown = f"pk in {shorten(given)}"
            values = FilterOperands(self._schema.field("pk"), None, "in", shown)
            return ByPk([values.pk(each) for each in given], values.elsewhere, shown)
        msg = (
            f"{self._schema.name}: intersect takes lists, sets and tuples of primary keys, names of keys, fields of "
            f"instances that are a set, list or sorted set, and stored collections; not {shorten(given)}"
        )
        raise InvalidFilter(msg)
