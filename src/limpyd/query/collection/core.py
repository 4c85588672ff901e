"""The base of collections on both faces: an immutable query, evaluated anew each time."""

from __future__ import annotations

from functools import partial
from typing import Any, TypeVar

from limpyd.exceptions import InvalidFilter
from limpyd.fields import ValueField
from limpyd.fields.checks import as_bytes, integer
from limpyd.query.collection.aggregate_methods import WithTotals
from limpyd.query.collection.bulk_write_methods import BulkWrites
from limpyd.query.collection.default_scope import Scoped
from limpyd.query.collection.dynamic_filter import WithDynamicFilter
from limpyd.query.collection.explaining import Explaining
from limpyd.query.collection.item_access import ItemAccess
from limpyd.query.collection.limpyd2_names import Limpyd2CollectionNames
from limpyd.query.collection.pickling import Copied
from limpyd.query.collection.projecting import Projecting
from limpyd.query.collection.storing import Storing
from limpyd.query.filters.conditions import Missing
from limpyd.query.ordering import OMITTED
from limpyd.query.paging import Page, at_position, position_of
from limpyd.requests.request import Request, Walk
from limpyd.utils.conversion import NoMapping

Item = TypeVar("Item")
M = TypeVar("M")


class CollectionCore(
    Scoped[Item, M],
    WithDynamicFilter[Item, M],
    ItemAccess[Item, M],
    Projecting[Item, M],
    WithTotals[Item, M],
    Storing[Item, M],
    BulkWrites[Item, M],
    Explaining[Item, M],
    Limpyd2CollectionNames[Item, M],
    Copied[Item, M],
    NoMapping,
):
    """All that both faces of a collection have in common."""

    __slots__ = ()

    def __repr__(self) -> str:
        try:
            filters = ", ".join(map(str, self._query.conditions))
        except RecursionError:
            filters = "…"
        order = f".sort({', '.join(map(repr, map(str, self._query.order)))})" if self._query.order else ""
        return f"<{self._schema.name}.collection({filters}){order}{self._query.projection.text}>"

    def _page(self, size: int, after: str | None, before: str | None) -> Request[Page[Item]]:
        integer("page's size", size, low=1)
        if before is not None and after is not None:
            msg = f"{self._schema.name}: page takes the cursor that it is after, or the one that it is before, not both"
            raise InvalidFilter(msg)
        if self._query.stored_key is not None and not self._order:
            if before is not None:
                msg = (
                    f"{self._schema.name}: pages of a stored collection in its own order only go forwards; sort it, or "
                    f"take slices, such as collection[-40:-20]"
                )
                raise InvalidFilter(msg)
            from limpyd.query.scanning.chunks import chunk_of  # noqa: PLC0415 - most programs store no collections

            cursor = position_of(after, as_bytes("a key", self._query.stored_key))
            plan: Any = self._plan()  # of one partition: of several, a stored collection has an order
            found = chunk_of(plan, self._query.projection.planned, size, cursor)
            page = found.then(lambda chunk: Page(chunk.items, at_position(chunk.cursor)))
        else:
            order, backwards = self._order or self._by_pk(), before is not None
            plan = self._plan(tuple(key.inverted() for key in order) if backwards else order)
            page = plan.page(self._query.projection.planned, size, before if backwards else after, backwards=backwards)
        return self._followed(page, lambda page: page.items)

    def _steps(self, chunk: int) -> Walk[Item]:
        """The steps of a walk through all that matches."""
        step = self._own_steps(chunk)
        return lambda cursor: self._followed(step(cursor), lambda found: found[1])

    def _own_steps(self, chunk: int) -> Walk[Item]:
        from limpyd.query.scanning.current_plan import CurrentPlan  # noqa: PLC0415 - many walk nothing
        from limpyd.query.scanning.scans import indexed_first, paged, unordered  # noqa: PLC0415

        integer("iterate's chunk", chunk, low=1)
        current, projection, order = (
            partial(CurrentPlan, self._schema.keys),
            self._query.projection.planned,
            self._order,
        )
        if not order:
            return unordered(current(self._plan), projection, chunk)
        key = order[0]
        if len(order) > 1 or key.index_number is None or not isinstance(key.field, ValueField):
            return paged(current(self._plan), projection, chunk)
        indexed = partial(self._plan, (key._replace(missing=OMITTED),))
        missing = self._narrowed(Missing(key.field, key.sub, f"{key.name}__isnull=True"))
        return indexed_first(current(indexed), current(partial(missing._plan, (key,))), projection, chunk)
