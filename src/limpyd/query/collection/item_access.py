"""The items of a collection: all of them, how many there are, and those at positions, which depend on its order."""

from __future__ import annotations

from operator import itemgetter
from typing import Any, TypeVar

from limpyd.query.collection.projecting import Projecting
from limpyd.query.collection.sorting import Sorting
from limpyd.query.ordering import SortKey
from limpyd.query.planning.single_command import EVERYTHING, Span
from limpyd.query.single_object import the_one
from limpyd.query.slices import EMPTY_SPAN, span_of
from limpyd.requests.request import Request, resolved

Item = TypeVar("Item")
M = TypeVar("M")


class ItemAccess(Sorting[Item, M], Projecting[Item, M]):
    """The part of a collection that reads its items."""

    __slots__ = ()

    def _items(self, span: Span = EVERYTHING, order: tuple[SortKey, ...] | None = None) -> Request[list[Item]]:
        projection = self._query.projection.planned
        return self._followed(self._request((span,), lambda plan: plan.items(projection, span), order))

    def _count(self, limit: int = 0) -> Request[int]:
        return self._request(("count", limit), lambda plan: plan.count(limit), ())

    def _the_one(self) -> Request[Item]:
        projection = self._query.projection.planned
        return the_one(self._items(Span(0, 2)), lambda: self._followed(self._plan().only(projection)), self)

    def _at_position(self, index: Any) -> Request[Any]:
        """Returns the request for an item or a slice; from the end on, if that is nearer and there is an order."""
        span = span_of(index)
        if type(span) is Span:
            if span is EMPTY_SPAN:
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
            order = self._backwards() or tuple(key.inverted() for key in self._by_pk())
        elif self._query.stored_key is not None:
            order = self._order
        else:
            order = self._order or self._by_pk()
        return self._items(Span(0, 1), order).then(lambda items: items[0] if items else None)
