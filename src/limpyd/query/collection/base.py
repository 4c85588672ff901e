"""The base of collections: an immutable query, and the requests that it becomes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, Self, TypeVar

from limpyd.expressions import too_deep
from limpyd.fields.checks import as_bytes
from limpyd.query.filters.conditions import Condition
from limpyd.query.ordering import SortKey, by_keys, order_of_stored, scored_order
from limpyd.query.planning.plans import AnyPlan, plan_for
from limpyd.query.query import ModelSchema, Query
from limpyd.requests.request import Request
from limpyd.utils.conversion import OF_COLLECTION

Item = TypeVar("Item")
M = TypeVar("M")


class CollectionBase(Generic[Item, M]):
    """A query on a model, and what each match is turned into."""

    __slots__ = ("__weakref__", "_model", "_query", "_schema", "_unread")

    def __init__(self, model: type[M], schema: ModelSchema, query: Query) -> None:
        self._model = model
        self._schema = schema
        self._query = query
        self._unread: Any = None
        if type(self).__dictoffset__:
            OF_COLLECTION.add_to(self)

    def _with(self, query: Query) -> Any:
        return type(self)(self._model, self._schema, query)

    def _narrowed(self, *conditions: Condition) -> Self:
        found: Self = self._with(self._query._replace(conditions=(*self._query.conditions, *conditions)))
        return found

    @property
    def _order(self) -> tuple[SortKey, ...]:
        """The order that was asked for, or that an index brings along; a stored collection has its own."""
        query, schema = self._query, self._schema
        if query.stored_key is not None and not query.order and schema.keys.count > 1:
            return (order_of_stored(as_bytes("a key", query.stored_key)),)
        if query.order or query.stored_key is not None or not schema.composites(schema.keys.first):
            return query.order
        return scored_order(schema, query.conditions)

    def _plan(
        self,
        order: tuple[SortKey, ...] | None = None,
        conditions: Sequence[Condition] | None = None,
        existing: bool | None = None,
    ) -> AnyPlan:
        try:
            return plan_for(
                self._schema,
                self._query.conditions if conditions is None else conditions,
                self._order if order is None else order,
                sorts_by_pattern=self._database._capabilities.sorts_by_pattern,
                joins_keys=self._database._capabilities.joins_keys,
                existing=self._query.projection.existing if existing is None else existing,
            )
        except RecursionError:
            raise too_deep() from None

    def _request(
        self,
        asked: tuple[Hashable, ...],
        ask: Callable[[AnyPlan], Request[Any]],
        order: tuple[SortKey, ...] | None = None,
    ) -> Request[Any]:
        """Returns the request of a plan, from a template if there was one for other values before."""
        try:
            return self._planned(asked, ask, order)
        except RecursionError:
            raise too_deep() from None

    def _planned(
        self, asked: tuple[Hashable, ...], ask: Callable[[AnyPlan], Request[Any]], order: tuple[SortKey, ...] | None
    ) -> Request[Any]:
        conditions, sorted_by, projection, *_ = self._query
        schema = self._schema
        if not projection.is_reusable or by_keys(sorted_by if order is None else order) or schema.keys.count > 1:
            return ask(self._plan(order))
        key = (*asked, projection, projection.sparse, order, sorted_by, self._database._capabilities.sorts_by_pattern)
        return schema.queries.templates.request(key, conditions, lambda others: ask(self._plan(order, others)))

    def _run(self, describe: Callable[[], Request[Any]]) -> Any:
        return self._database._described(describe)

    def _at_once(self, what: str, instead: str) -> None:
        self._database._at_once(what, instead)

    @property
    def _database(self) -> Any:
        model: Any = self._model
        return model.database
