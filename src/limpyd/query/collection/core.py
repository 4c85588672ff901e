"""The base of collections on both faces: an immutable query, evaluated anew each time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, Generic, Self, TypeVar
from uuid import uuid4

from limpyd.exceptions import InvalidFilter, InvalidValue, shorten
from limpyd.expressions import Expression, too_deep
from limpyd.fields import ValueField
from limpyd.fields.bound.value import BoundValue
from limpyd.fields.checks import as_bytes, integer
from limpyd.keys import to_bytes, to_text
from limpyd.query.bulk_writes import at_once, finds_by, in_chunks, indexes_of, steps_of
from limpyd.query.collection.aggregate_methods import WithTotals
from limpyd.query.collection.argument_errors import check_lazy, values_by_name
from limpyd.query.collection.dynamic_filter import WithDynamicFilter
from limpyd.query.collection.item_access import ItemAccess
from limpyd.query.collection.limpyd2_names import Limpyd2CollectionNames
from limpyd.query.collection.pickling import Copied
from limpyd.query.explanation import Explanation, explanation
from limpyd.query.filters.combined_conditions import AllOf, Negated
from limpyd.query.filters.conditions import ByPk, Condition, Member, Missing
from limpyd.query.filters.operands import Values, key_of, same_database
from limpyd.query.filters.parsing import parse
from limpyd.query.ordering import NOWHERE, SortKey, by_keys, sort_keys
from limpyd.query.paging import Page, at_position, position_of
from limpyd.query.planning.plan import EVERYTHING, PKS, Plan, plan_for
from limpyd.query.planning.single_command import Span
from limpyd.query.query import ModelSchema, Query
from limpyd.query.results.columns import Column, columns_of
from limpyd.query.results.prefetch import Follow, followed, following, with_followed
from limpyd.query.results.projections import (
    Dicts,
    Flat,
    Instances,
    Prefetched,
    Shape,
    Tuples,
    check_followed,
    row_shape,
)
from limpyd.query.scanning.chunks import chunk_of
from limpyd.query.scanning.scans import indexed_first, paged, unordered
from limpyd.query.single_object import the_one
from limpyd.requests.request import Program, Request, Walk, returned
from limpyd.scripts.analysis import analyzed
from limpyd.scripts.queries import Search
from limpyd.scripts.query_writes import update_found
from limpyd.utils.conversion import NoMapping

Item = TypeVar("Item")
M = TypeVar("M")
A_PAGE = Span(0, 20)
"""The page of a collection in order that an explanation assumes."""
PLAIN_NAMES = frozenset({str})
MOST_SHAPES = 1000
"""The most shapes and orders that are kept of a model; their names may come from outside."""


class CollectionCore(
    ItemAccess[Item], WithDynamicFilter, WithTotals, Limpyd2CollectionNames, Copied, NoMapping, Generic[Item, M]
):
    """A query on a model, and what each match is turned into."""

    __slots__ = ("__weakref__", "_model", "_query", "_schema", "_unread")

    def __init__(self, model: type[M], schema: ModelSchema, query: Query) -> None:
        self._model = model
        self._schema = schema
        self._query = query
        self._unread: Any = None

    # --- narrowing ---

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
            return Member(key_of(given), repr(given), is_set=given._field.stored_as == b"set")
        if isinstance(given, CollectionCore) and given._query.stored_key is not None:
            same_database(self._schema, given._database, given)
            if len(given._query.conditions) > 1 and given._schema is not self._schema:
                msg = f"{self._schema.name}: intersect takes a stored collection as it is; store {given!r} first"
                raise InvalidFilter(msg)
            return AllOf(given._query.conditions)
        if isinstance(given, str | bytes):
            return Member(as_bytes("a key", given), f"in {given!r}")
        if isinstance(given, list | tuple | set | frozenset):
            shown = f"pk in {shorten(given)}"
            values = Values(self._schema.field("pk"), None, "in", shown)
            return ByPk([values.pk(each) for each in given], values.elsewhere, shown)
        msg = (
            f"{self._schema.name}: intersect takes lists, sets and tuples of primary keys, names of keys, fields of "
            f"instances that are a set, list or sorted set, and stored collections; not {shorten(given)}"
        )
        raise InvalidFilter(msg)

    # --- order ---

    def sort(
        self,
        by: str | Sequence[str] | None = None,
        desc: bool = False,
        alpha: bool | None = None,
        by_score: Any = None,
    ) -> Self:
        """The same collection in order; it replaces the order that it had.

        Numbers and dates are compared as such; texts and primary keys as numbers, as SORT does, or with `alpha` by
        their bytes. What has no value comes last. Where values are equal primary keys decide.

        Args:
            by: a field's name, or several; by default the primary key. "-name": largest first; "nosort": no order.
            desc: the largest first.
            alpha: texts are compared as texts.
            by_score: a field of an instance that is a sorted set, or the key of one: its scores give the order.

        Raises:
            UnknownField: a name is no field.
            InvalidFilter: a field has many values.
        """
        orders = self._schema.queries.orders
        plain = by_score is None and type(by) in {str, type(None)} and type(desc) is bool
        asked = (by, desc, alpha) if plain and type(alpha) in {bool, type(None)} else None
        keys = None if asked is None else orders.get(asked)
        if keys is None:
            keys = sort_keys(self._schema, by, desc, alpha, by_score)
            if asked is not None and len(orders) < MOST_SHAPES:
                orders[asked] = keys
        conditions, _, shape, stored_key = self._query
        found: Self = self._with(Query(conditions, keys, shape, stored_key))
        return found

    # --- what has been asked ---

    @property
    def stored_key(self) -> str | None:
        """The key of the stored collection that this is, or None."""
        return self._query.stored_key

    def __repr__(self) -> str:
        try:
            filters = ", ".join(map(str, self._query.conditions))
        except RecursionError:
            filters = "…"
        order = f".sort({', '.join(map(repr, map(str, self._query.order)))})" if self._query.order else ""
        return f"<{self._schema.name}.collection({filters}){order}{self._query.shape.text}>"

    # --- for the faces ---

    def _with(self, query: Query) -> Any:
        return type(self)(self._model, self._schema, query)

    def _narrowed(self, *conditions: Condition) -> Self:
        found: Self = self._with(self._query._replace(conditions=(*self._query.conditions, *conditions)))
        return found

    def _primary_keys(self) -> Any:
        return self._with(self._query._replace(shape=PKS))

    def _instances(self, lazy: bool, prefetch: Iterable[str] | None) -> Any:
        check_lazy(self._schema.name, lazy)
        names = (prefetch,) if isinstance(prefetch, str) else tuple(prefetch or ())
        if not names:
            kind = "instances, lazy" if lazy else "instances"
            return self._shaped(kind, (), lambda _: Instances(self._model, lazy=lazy))

        own, follows = followed(self._schema, names)
        check_followed(follows)
        return self._prefetched(own, follows, lazy=lazy)

    def _prefetched(self, names: Sequence[str], follows: Sequence[Follow] = (), *, lazy: bool = False) -> Any:
        def make(columns: list[Column]) -> Shape:
            (pk,) = columns_of(self._schema, ("pk",), scored=False)
            shape = Prefetched(self._model, columns, pk, lazy=lazy)
            shape.follows = tuple(follows)
            shape.asked = ("_instances", lazy, with_followed(names, follows))
            return shape

        kind = "prefetch, lazy" if lazy else "prefetch"
        return self._shaped(f"{kind} {follows}" if follows else kind, tuple(names), make)

    def _related(self, schema: ModelSchema, pks: Sequence[str], names: Sequence[str]) -> Request[list[Any]]:
        """The request for objects that others refer to, with some fields read along, or all."""
        if not names:
            fields = (field for field in schema.fields.values() if isinstance(field, ValueField))
            names = [field.name for field in fields if field.readable]
        several = ByPk([to_bytes(pk) for pk in pks], (), "")
        found = type(self)(schema.model, schema, Query((several,)))._prefetched(names)
        request: Request[list[Any]] = found._plan().items(found._query.shape)
        return request

    def _followed(self, request: Request[Any], instances_of: Callable[[Any], list[Any]] = returned) -> Request[Any]:
        """The request, followed by those for what its objects refer to, if that is asked."""
        follows = self._query.shape.follows
        if not follows or not request.args:
            return request
        return following(request, follows, self._related, instances_of)

    def _values(self, names: tuple[str, ...]) -> Any:
        return self._shaped("values", names, Dicts)

    def _values_list(self, names: tuple[str, ...], flat: bool) -> Any:
        if flat and len(names) != 1:
            msg = f"{self._schema.name}: values_list with flat=True takes one name, not {len(names)}"
            raise InvalidFilter(msg)
        if flat:
            return self._shaped("flat", names, Flat)
        return self._shaped("values_list", names, Tuples)

    def _shaped(self, kind: str, names: tuple[str, ...], make: Callable[[list[Column]], Shape]) -> Any:
        """The same collection in a shape, which is made once for the names of a model: most are asked for again."""
        conditions, order, _, stored_key = self._query
        schema = self._schema
        known = not by_keys(order) and PLAIN_NAMES.issuperset(map(type, names))
        shape = schema.queries.projections.get((kind, names)) if known else None
        if shape is None:
            shape = make(columns_of(schema, names, scored=True))
            if known and len(schema.queries.projections) < MOST_SHAPES:
                shape.recurs = True
                schema.queries.projections[kind, names] = shape
        return type(self)(self._model, schema, Query(conditions, order, shape, stored_key))

    def _rows(self, row: Any) -> Any:
        return self._with(self._query._replace(shape=row_shape(self._schema, row)))

    def _plan(
        self,
        order: tuple[SortKey, ...] | None = None,
        conditions: Sequence[Condition] | None = None,
        existing: bool | None = None,
    ) -> Plan:
        try:
            return plan_for(
                self._schema,
                self._query.conditions if conditions is None else conditions,
                self._order if order is None else order,
                sorts_by_pattern=self._database._capabilities.sorts_by_pattern,
                joins_keys=self._database._capabilities.joins_keys,
                existing=self._query.shape.existing if existing is None else existing,
            )
        except RecursionError:
            raise too_deep() from None

    def _request(
        self, asked: tuple[Hashable, ...], ask: Callable[[Plan], Request[Any]], order: tuple[SortKey, ...] | None = None
    ) -> Request[Any]:
        """Returns the request of a plan, from a template if there was one for other values before."""
        try:
            return self._planned(asked, ask, order)
        except RecursionError:
            raise too_deep() from None

    def _planned(
        self, asked: tuple[Hashable, ...], ask: Callable[[Plan], Request[Any]], order: tuple[SortKey, ...] | None
    ) -> Request[Any]:
        conditions, sorted_by, shape, _ = self._query
        schema = self._schema
        if not shape.recurs or by_keys(sorted_by if order is None else order):
            return ask(self._plan(order))
        key = (*asked, shape, shape.sparse, order, sorted_by, self._database._capabilities.sorts_by_pattern)
        return schema.queries.templates.request(key, conditions, lambda others: ask(self._plan(order, others)))

    def _items(self, span: Span = EVERYTHING, order: tuple[SortKey, ...] | None = None) -> Request[list[Item]]:
        shape = self._query.shape
        return self._followed(self._request((span,), lambda plan: plan.items(shape, span), order))

    def _count(self, limit: int = 0) -> Request[int]:
        return self._request(("count", limit), lambda plan: plan.count(limit), ())

    def _the_one(self) -> Request[Item]:
        shape = self._query.shape
        return the_one(self._items(Span(0, 2)), lambda: self._followed(self._plan().only(shape)), self)

    def _page(self, size: int, after: str | None) -> Request[Page[Item]]:
        integer("page's size", size, low=1)
        if self._query.stored_key is not None and not self._query.order:
            cursor = position_of(after, as_bytes("a key", self._query.stored_key))
            found = chunk_of(self._plan(), self._query.shape, size, cursor)
            page = found.then(lambda chunk: Page(chunk.items, at_position(chunk.cursor)))
        else:
            page = self._plan(self._order or self._by_pk()).page(self._query.shape, size, after)
        return self._followed(page, lambda page: page.items)

    def _steps(self, chunk: int) -> Walk[Item]:
        """The steps of a walk through all that matches."""
        step = self._own_steps(chunk)
        return lambda cursor: self._followed(step(cursor), lambda found: found[1])

    def _own_steps(self, chunk: int) -> Walk[Item]:
        integer("iterate's chunk", chunk, low=1)
        plan, shape, order = self._plan(), self._query.shape, self._order
        if not order:
            return unordered(plan, shape, chunk)
        key = order[0]
        if len(order) > 1 or key.index_number is None or not isinstance(key.field, ValueField):
            return paged(plan, shape, chunk)
        indexed = self._plan((key._replace(missing=NOWHERE),))
        missing = Missing(key.field, key.sub, f"{key.name}__isnull=True")
        return indexed_first(indexed, self._narrowed(missing)._plan((key,)), shape, chunk)

    def _store(self, key: str | bytes | None, ttl: int | None) -> Request[Any]:
        if ttl is not None:
            integer("store's ttl", ttl, low=1)
        if key is None:
            key = self._schema.keys.partitions[0].stored_collection(uuid4().hex)
        name = as_bytes("store's key", key)
        if not name:
            msg = f"{self._schema.name}: store takes a key, or None for a new one; not {key!r}"
            raise InvalidValue(msg)
        where = self._schema.keys.partitions[0]
        if where.owns(name):
            msg = f"{self._schema.name}: {key!r} is a key of the model itself; store the collection under another"
            raise InvalidValue(msg)
        return self._plan().store(name, ttl or 0).then(lambda _: self._stored_as(name, ()))

    def _from_stored(self, key: str | bytes) -> Any:
        return self._stored_as(as_bytes("a stored collection's key", key), self._query.conditions)

    def _stored_as(self, key: bytes, conditions: tuple[Condition, ...]) -> Any:
        listed = Member(key, f"stored as {to_text(key)!r}", required=True)
        return self._with(Query((*conditions, listed), (), self._query.shape, to_text(key)))

    def _deletion(self, chunk: int) -> Program[int]:
        schema = self._schema
        return self._changing(chunk, lambda search: schema.deletions.delete_found(search.where, search))

    def _update(self, chunk: int, values: Mapping[str, Any]) -> Program[int]:
        values_by_name(self._schema.name, chunk)
        schema, steps = self._schema, steps_of(self._schema, values)
        changing = indexes_of(schema, values)
        return self._changing(chunk, lambda search: update_found(schema, search, steps), changing)

    def _changing(
        self, chunk: int, change: Callable[[Search], Request[int]], changing: Collection[bytes] = ()
    ) -> Program[int]:
        integer("chunk", chunk, low=1)
        plan = self._plan((), existing=True)
        if any(True for condition in self._query.conditions for _ in condition.references()):
            return at_once(plan, change)
        return in_chunks(plan, chunk, change, moving=finds_by(self._query.conditions, changing))

    def _explain(self) -> Request[Explanation]:
        plan = self._plan(existing=False)
        items = self._explained_items()

        def explained(reply: list[Any]) -> Explanation:
            try:
                return explanation(repr(self), plan, items, reply)
            except RecursionError:
                raise too_deep() from None

        return plan.explained(self._explained_span()).then(explained)

    def _analysis(self) -> Program[Explanation]:
        explained: Explanation = yield self._explain()
        items = self._explained_items()
        return explained._replace(ran=(yield analyzed(items))) if items.args else explained

    def _explained_items(self) -> Request[list[Any]]:
        return self._plan().items(self._query.shape, self._explained_span())

    def _explained_span(self) -> Span:
        return A_PAGE if self._query.order else EVERYTHING

    @property
    def _database(self) -> Any:
        model: Any = self._model
        return model.database

    def _run(self, request: Request[Any]) -> Any:
        return self._database._run(request)

    def _at_once(self, what: str, instead: str) -> None:
        self._database._at_once(what, instead)
