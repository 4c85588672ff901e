"""Access to the items of a collection by position, which depends on its order."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from limpyd.fields.checks import as_bytes
from limpyd.query.ordering import SortKey, from_end_of, scored_order, sort_keys
from limpyd.query.planning.single_command import Span
from limpyd.query.slices import NOTHING, span_of
from limpyd.requests.request import Request, resolved

if TYPE_CHECKING:
    from limpyd.query.query import ModelSchema, Query

Item = TypeVar("Item")


class ItemAccess(Generic[Item]):
    """The order of a collection, and its items by position."""

    __slots__ = ()

    if TYPE_CHECKING:
        _query: Query
        _schema: ModelSchema

        def _items(self, span: Span = ..., order: tuple[SortKey, ...] | None = ...) -> Request[list[Item]]: ...

    @property
    def _order(self) -> tuple[SortKey, ...]:
        """The order that was asked for, or that an index brings along; a stored collection has its own."""
        query, schema = self._query, self._schema
        if query.order or query.stored_key is not None or not schema.composites(schema.keys.partitions[0]):
            return query.order
        return scored_order(schema, query.conditions)

    def _at_position(self, index: Any) -> Request[Any]:
        """Returns the request for an item or a slice; from the end on, if that is nearer and there is an order."""
        span = span_of(index)
        if type(span) is Span:
            if span is NOTHING:
                return resolved([])
            items = self._items(span)
            return items.then(itemgetter(0)) if isinstance(index, int) else items
        backwards = self._backwards()
        if span is None or not backwards:
            return self._items().then(itemgetter(index))
        items = self._items(Span(*span), backwards)
        return items.then(itemgetter(0)) if isinstance(index, int) else items.then(lambda found: found[::-1])

    def _first(self, *, last: bool = False) -> Request[Item | None]:
        if last:
            order = self._backwards() or tuple(key.turned() for key in self._by_pk())
        elif self._query.stored_key is not None:
            order = self._query.order
        else:
            order = self._order or self._by_pk()
        return self._items(Span(0, 1), order).then(lambda items: items[0] if items else None)

    def _backwards(self) -> tuple[SortKey, ...]:
        """The order of the collection from its end on; empty if it has none."""
        query = self._query
        if query.stored_key is not None and not query.order:
            return (from_end_of(as_bytes("a key", query.stored_key)),)
        return tuple(key.turned() for key in self._order)

    def _by_pk(self) -> tuple[SortKey, ...]:
        """The order in which primary keys that nobody ordered are."""
        return sort_keys(self._schema, None, False, not self._schema.mints_pks, None)
