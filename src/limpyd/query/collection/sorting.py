"""The order of a collection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self, TypeVar

from limpyd.fields.checks import as_bytes
from limpyd.query.collection.base import CollectionBase
from limpyd.query.ordering import SortKey, order_of_stored, sort_keys
from limpyd.query.query import Query

Item = TypeVar("Item")
M = TypeVar("M")
MAX_ORDERS = 1000
"""The largest number of orders in the cache of a model; names may come from users."""


class Sorting(CollectionBase[Item, M]):
    """The part of a collection that sorts it."""

    __slots__ = ()

    def sort(
        self,
        by: str | Sequence[str] | None = None,
        desc: bool = False,
        alpha: bool | None = None,
        by_score: Any = None,
    ) -> Self:
        """The same collection in another order, which replaces its former order.

        Numbers, dates, and text with `type=str` are sorted by their type. Untyped text and primary keys are sorted as
        numbers, as SORT does, or with `alpha` by their bytes. Objects without a value come last. Objects with equal
        values are in the order of their primary keys.

        Args:
            by: the name of a field, or several names; by default the primary key. "-name" sorts in descending order;
                "nosort" removes the order.
            desc: sort in descending order.
            alpha: sort untyped text and primary keys as text.
            by_score: a sorted set of primary keys, as a field of an instance or a key; sorts by its scores.

        Raises:
            UnknownField: a name is not a field.
            InvalidFilter: a field has many values.
        """
        orders = self._schema.queries.orders
        plain = by_score is None and type(by) in {str, type(None)} and type(desc) is bool
        asked = (by, desc, alpha) if plain and type(alpha) in {bool, type(None)} else None
        keys = None if asked is None else orders.get(asked)
        if keys is None:
            keys = sort_keys(self._schema, by, desc, alpha, by_score)
            if asked is not None and len(orders) < MAX_ORDERS:
                orders[asked] = keys
        conditions, _, projection, stored_key, scope = self._query
        if scope is not None:
            scope = scope._replace(sorts=False)
        found: Self = self._with(Query(conditions, keys, projection, stored_key, scope))
        return found

    def _backwards(self) -> tuple[SortKey, ...]:
        """The order of the collection, reversed; empty if it has none."""
        query = self._query
        if query.stored_key is not None and not query.order:
            return (order_of_stored(as_bytes("a key", query.stored_key), desc=True),)
        return tuple(key.inverted() for key in self._order)

    def _by_pk(self) -> tuple[SortKey, ...]:
        """The order by primary key, for collections without an order."""
        return sort_keys(self._schema, None, False, not self._schema.mints_pks, None)
