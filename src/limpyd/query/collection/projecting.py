"""Projections of a collection: what each object that is found becomes, and what is read with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self, TypeVar, get_args

from limpyd.exceptions import InvalidFilter, shorten
from limpyd.fields import ValueField
from limpyd.keys import to_bytes
from limpyd.query.collection.argument_errors import check_lazy
from limpyd.query.collection.base import CollectionBase
from limpyd.query.filters.conditions import ByPk
from limpyd.query.ordering import by_keys
from limpyd.query.planning.plan import PKS
from limpyd.query.planning.plans import plan_for
from limpyd.query.query import ModelSchema, Query
from limpyd.query.results.columns import Column, columns_of
from limpyd.query.results.prefetch import Follow, check_followed, following, split_follows, with_follows
from limpyd.query.results.projections import (
    Dicts,
    Flat,
    Instances,
    Prefetched,
    Projection,
    Tuples,
)
from limpyd.query.results.row_classes import row_projection
from limpyd.query.results.unreadable_values import Errors
from limpyd.requests.decoders import returned
from limpyd.requests.request import Request
from limpyd.requests.scattered import Scattered

Item = TypeVar("Item")
M = TypeVar("M")
PLAIN_NAMES = frozenset({str})


class Projecting(CollectionBase[Item, M]):
    """The part of a collection that says what its items are."""

    __slots__ = ()

    def errors(self, errors: Errors) -> Self:
        """The same collection, which goes on after a stored value that does not fit its field's type.

        It is about the values that are read with `values`, `values_list`, `rows` or `instances` with `prefetch`, before
        this or after it.

        Args:
            errors: `"skip"` leaves objects with such a value out, so that a page may be shorter; `"none"` has None in
                its place; `"raise"`, the default, raises StoredValueError, which names the object. The same applies to
                the objects that `prefetch` reads through references: with `"skip"`, one with such a value counts as one
                that does not exist.

        Raises:
            InvalidFilter: it is none of these.
        """
        if errors not in get_args(Errors):
            known = ", ".join(map(repr, get_args(Errors)))
            msg = f"{self._schema.name}: errors takes {known}, not {shorten(errors)}"
            raise InvalidFilter(msg)
        found: Self = self._projected(self._query.projection.with_errors(errors))
        return found

    def _projected(self, projection: Projection) -> Any:
        return self._with(self._query._replace(projection=projection))

    def _with_errors(self, errors: Errors, asked: Sequence[Any]) -> Any:
        method, *arguments = asked
        return getattr(self, method)(*arguments).errors(errors)

    def _primary_keys(self) -> Any:
        return self._projected(self._keeping_errors(PKS))

    def _keeping_errors(self, projection: Projection) -> Projection:
        """Returns a projection, with errors treated as before."""
        errors = self._query.projection.errors
        return projection if errors == "raise" else projection.with_errors(errors)

    def _instances(self, lazy: bool, prefetch: Iterable[str] | None) -> Any:
        check_lazy(self._schema.name, lazy)
        names = (prefetch,) if isinstance(prefetch, str) else tuple(prefetch or ())
        if not names:
            kind = "instances, lazy" if lazy else "instances"
            return self._shaped(kind, (), lambda _: Instances(self._model, lazy=lazy))

        own, follows = split_follows(self._schema, names)
        check_followed(follows)
        return self._prefetched(own, follows, lazy=lazy)

    def _prefetched(self, names: Sequence[str], follows: Sequence[Follow] = (), *, lazy: bool = False) -> Any:
        def make(columns: list[Column]) -> Projection:
            (pk,) = columns_of(self._schema, ("pk",), scored=False)
            projection = Prefetched(self._model, columns, pk, lazy=lazy)
            projection.follows = tuple(follows)
            projection.asked = ("_instances", lazy, with_follows(names, follows))
            return projection

        kind = "prefetch, lazy" if lazy else "prefetch"
        return self._shaped(f"{kind} {follows}" if follows else kind, tuple(names), make)

    def _values(self, names: tuple[str, ...]) -> Any:
        return self._shaped("values", names, Dicts)

    def _values_list(self, names: tuple[str, ...], flat: bool) -> Any:
        if flat and len(names) != 1:
            msg = f"{self._schema.name}: values_list with flat=True takes one name, not {len(names)}"
            raise InvalidFilter(msg)
        if flat:
            return self._shaped("flat", names, Flat)
        return self._shaped("values_list", names, Tuples)

    def _rows(self, row: Any) -> Any:
        queries, key = self._schema.queries, ("rows", row)
        projection = queries.projections.get(key) if isinstance(row, type) else None
        if projection is None:
            projection = queries.remember(key, row_projection(self._schema, row))
        return self._projected(self._keeping_errors(projection))

    def _shaped(self, kind: str, names: tuple[str, ...], make: Callable[[list[Column]], Projection]) -> Any:
        """The same collection in a shape, which is made once for the names of a model: most are asked for again."""
        conditions, order, _, stored_key, scope = self._query
        schema = self._schema
        known = not by_keys(order) and PLAIN_NAMES.issuperset(map(type, names))
        projection = schema.queries.projections.get((kind, names)) if known else None
        if projection is None:
            projection = make(columns_of(schema, names, scored=True))
            if known:
                schema.queries.remember((kind, names), projection)
        projection = self._keeping_errors(projection)
        return type(self)(self._model, schema, Query(conditions, order, projection, stored_key, scope))

    def _followed(self, request: Request[Any], instances_of: Callable[[Any], list[Any]] = returned) -> Request[Any]:
        """The request, followed by those for what its objects refer to, if that is asked."""
        projection = self._query.projection
        if projection.planned is not projection:
            from limpyd.query.merging.away_columns import completed  # noqa: PLC0415 - most read no values elsewhere

            return completed(request, projection, instances_of, plan_for)
        follows = projection.follows
        if not follows or not (request.args or isinstance(request, Scattered)):
            return request
        return following(request, follows, self._related, instances_of)

    def _related(self, schema: ModelSchema, pks: Sequence[str], names: Sequence[str]) -> Request[list[Any]]:
        """The request for objects that others refer to, with some fields read along, or all."""
        if not names:
            fields = (field for field in schema.fields.values() if isinstance(field, ValueField))
            names = [field.name for field in fields if field.readable]
        several = ByPk([to_bytes(pk) for pk in pks], (), "")
        found = type(self)(schema.model, schema, Query((several,)))._prefetched(names)
        if self._query.projection.errors != "raise":
            found = found.errors(self._query.projection.errors)
        request: Request[list[Any]] = found._plan().items(found._query.projection)
        return request
