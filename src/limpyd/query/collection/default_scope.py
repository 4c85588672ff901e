"""The default scope of a class of collections: conditions and an order that all collections of a model begin with."""

from __future__ import annotations

from typing import Any, Self, TypeVar

from limpyd.exceptions import DeclarationError, shorten
from limpyd.expressions import Expression
from limpyd.query.collection.manager import checked_manager
from limpyd.query.collection.narrowing import Narrowing
from limpyd.query.collection.sorting import Sorting
from limpyd.query.filters.parsing import parse
from limpyd.query.planning.plan import PKS
from limpyd.query.query import Query, Scope

Item = TypeVar("Item")
M = TypeVar("M")
EVERYTHING = Query()


class Scoped(Narrowing[Item, M], Sorting[Item, M]):
    """The part of a collection that has a default scope, and can leave it."""

    __slots__ = ()

    def __call__(self, *expressions: Expression, **filters: Any) -> Self:
        """The same collection, narrowed: all expressions and filters must hold. Nothing is sent yet.

        `Post.collection(…)` is the way to write a query on a model; it is `filter` by another name.

        Raises:
            UnknownField: a name is no field.
            InvalidFilter: the field has no index for it.
            InvalidValue: a value does not fit the field's type.
        """
        found: Self
        if "manager" in filters and "manager" not in self._schema.fields and self.unscoped()._query == EVERYTHING:
            model: Any = self._model
            manager = checked_manager(model, filters.pop("manager"), model.collection_manager)
            found = collection_of(model, manager)(*expressions, **filters)
            return found
        conditions = parse(self._schema, filters, expressions)
        if not conditions:
            return self
        query = self._query
        if query is EVERYTHING:
            query = Query(conditions)
        else:
            query = query._replace(conditions=(*query.conditions, *conditions))
        return type(self)(self._model, self._schema, query)

    def default_scope(self) -> Self:
        """Returns the collection that `Model.collection` and reverse sides begin with; override it to narrow or sort.

        `def default_scope(self): return self.filter(deleted=False)` leaves out deleted objects. The method is called on
        the collection of all objects, each time that a collection is begun. `unscoped` removes the scope.
        """
        return self

    def unscoped(self) -> Self:
        """The same collection without its default scope. Conditions and an order from other calls stay."""
        query = self._query
        if query.scope is None:
            return self
        size, sorts = query.scope
        order = () if sorts else query.order
        found: Self = self._with(query._replace(conditions=query.conditions[size:], order=order, scope=None))
        return found


def collection_of(model: Any, manager: type[Any]) -> Any:
    """The collection of all objects of a model in the default scope of a class of collections.

    Args:
        model: the model.
        manager: the class of collections.

    Raises:
        DeclarationError: the default scope is not a collection of the model, or is more than conditions and an order.
    """
    everything = manager(model, model._schema, EVERYTHING)
    return everything if manager.default_scope is Scoped.default_scope else _in_default_scope(everything)


def _in_default_scope(everything: Any) -> Any:
    manager = type(everything)
    asked = f"{manager.__name__}.default_scope"
    try:
        found = everything.default_scope()
    except RecursionError as error:
        msg = f"{asked} begins a new collection of its model, and so calls itself; narrow self: return self.filter(…)"
        raise DeclarationError(msg) from error
    if type(found) is not manager or found._schema is not everything._schema:
        msg = f"{asked} returned {shorten(found)}; it must narrow and return self: return self.filter(…)"
        raise DeclarationError(msg)
    query = found._query
    if query.projection is not PKS or query.stored_key is not None:
        msg = (
            f"{asked} returned {found!r}; it may only narrow and sort self, without instances(), values() and the like"
        )
        raise DeclarationError(msg)
    return found._with(query._replace(scope=Scope(len(query.conditions), bool(query.order))))
