"""Pickling of a collection: its conditions, its order and its projection, never its results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from limpyd.query.collection.base import CollectionBase
from limpyd.query.query import Query, Scope
from limpyd.utils.pickling import Unchanging, check_importable, schema_of

Item = TypeVar("Item")
M = TypeVar("M")


class Copied(CollectionBase[Item, M], Unchanging):
    """A collection, as far as it is pickled and copied."""

    __slots__ = ()

    def __reduce__(self) -> Any:
        check_importable(self._model)
        conditions, order, projection, stored_key, scope = self._query
        return _restored, (type(self), self._model, conditions, order, stored_key, scope, projection.asked)


def _restored(
    kind: Any,
    model: Any,
    conditions: Any,
    order: Any,
    stored_key: str | None,
    scope: Scope | None,
    asked: Sequence[Any],
) -> Any:
    """The collection, whose shape is asked for anew: the model may have other fields here."""
    collection = kind(model, schema_of(model), Query(conditions, order, stored_key=stored_key, scope=scope))
    method, *arguments = asked
    return getattr(collection, method)(*arguments)
