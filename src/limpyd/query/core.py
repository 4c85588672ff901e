"""What a collection is on both faces: an immutable query, evaluated anew each time it is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Protocol, Self, TypeVar, cast

from limpyd.query.filters import Condition, Queried, parse
from limpyd.query.plan import Plan, Planned, plan_for
from limpyd.requests import Request

Item = TypeVar("Item")
M = TypeVar("M")


class ModelSchema(Queried, Planned, Protocol):
    """What a collection needs to know of its model."""


class CollectionCore(Generic[Item, M]):
    """A query on a model, and what each match is turned into."""

    def __init__(
        self,
        model: type[M],
        schema: ModelSchema,
        conditions: tuple[Condition, ...],
        *,
        item: Callable[[bytes], Item],
        shape: str = "",
    ) -> None:
        self._model = model
        self._schema = schema
        self._conditions = conditions
        self._item = item
        self._shape = shape

    def filter(self, **filters: Any) -> Self:
        """The same collection, narrowed: all filters must hold.

        Raises:
            UnknownField: a name is no field.
            InvalidFilter: the field has no index for it.
            InvalidValue: a value does not fit the field's type.
        """
        conditions = (*self._conditions, *parse(self._schema, filters))
        return type(self)(self._model, self._schema, conditions, item=self._item, shape=self._shape)

    def __repr__(self) -> str:
        filters = ", ".join(map(str, self._conditions))
        return f"<{self._schema.name}.collection({filters}){self._shape}>"

    def _as(self, item: Callable[[bytes], Any], shape: str) -> Any:
        return type(self)(self._model, self._schema, self._conditions, item=item, shape=shape)

    def _plan(self) -> Plan:
        return plan_for(self._schema, self._conditions)

    def _find(self) -> Request[list[Item]]:
        item = self._item
        return self._plan().pks().then(lambda pks: [item(pk) for pk in pks])

    def _count(self, limit: int = 0) -> Request[int]:
        return self._plan().count(limit)

    def _run(self, request: Request[Any]) -> Any:
        return cast("Any", self._model).database._run(request)


def instance_of(model: Any, *, lazy: bool) -> Callable[[bytes], Any]:
    """What makes the instances of a collection."""
    return cast("Callable[[bytes], Any]", model._lazy if lazy else model._connected)
