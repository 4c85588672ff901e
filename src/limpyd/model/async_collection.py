"""`Model.collection` on the async face."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

from limpyd.model.collection_attribute import CollectionAttribute, WithManager
from limpyd.query.asynchronous import AsyncCollection

C = TypeVar("C")
M = TypeVar("M")


class AsyncModelCollection(CollectionAttribute):
    """`Model.collection`: the collection of all objects of a model, in the default scope of its class."""

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: object, owner: type[WithManager[C]]) -> C: ...
        @overload
        def __get__(self, instance: object, owner: type[M]) -> AsyncCollection[str, M]: ...
        def __get__(self, instance: object, owner: Any) -> Any: ...
