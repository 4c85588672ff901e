"""Python's own syntax on a collection, which differs between the faces: `for`, `in`, `len` and truth."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar
from weakref import ref

from limpyd.commands.iteration import Items, Unread, unread_length
from limpyd.query.collection.core import CollectionCore

Item = TypeVar("Item")
M = TypeVar("M")


class Iteration(CollectionCore[Item, M]):
    """Iteration, length, truth and `in`, each of which asks the server."""

    __slots__ = ()
    _unread: Unread | None

    if TYPE_CHECKING:

        def all(self) -> list[Item]: ...
        def count(self) -> int: ...
        def exists(self) -> bool: ...

    def __iter__(self) -> Iterator[Item]:
        self._at_once("iterating a collection", "ask for .all()")
        items = Items(self.all())
        self._unread = ref(items)
        return items

    def __len__(self) -> int:
        unread, self._unread = self._unread, None
        hinted = unread_length(unread)
        if hinted is not None:
            return hinted
        self._at_once("the length of a collection", "ask for .count()")
        return self.count()

    def __bool__(self) -> bool:
        self._at_once("whether a collection is true", "ask for .exists()")
        return self.exists()

    def __reversed__(self) -> Iterator[Item]:
        self._at_once("iterating a collection", "ask for .all()")
        return reversed(self.all())

    def __contains__(self, item: object) -> bool:
        self._at_once("`in` a collection", "ask for .all()")
        return item in self.all()

    def _repr_html_(self) -> str:
        from limpyd.query.display import collection_html  # noqa: PLC0415 - only notebooks call this

        return collection_html(self)


class AsyncIteration(CollectionCore[Item, M]):
    """Iteration by `async for`, and the refusal of what cannot await the server."""

    __slots__ = ()

    if TYPE_CHECKING:

        def all(self) -> Coroutine[Any, Any, list[Item]]: ...

    async def __aiter__(self) -> AsyncIterator[Item]:
        self._at_once("iterating a collection", "ask for .all()")
        for item in await self.all():
            yield item

    def __iter__(self) -> NoReturn:
        # Without this, Python would ask for item after item, which never ends.
        msg = "reading the items of this collection sends a request; use `async for`, or `await collection.all()`"
        raise TypeError(msg)

    def __contains__(self, _item: object) -> NoReturn:
        msg = "reading the items of this collection sends a request; use `in await collection.all()`"
        raise TypeError(msg)

    def __bool__(self) -> bool:
        msg = "testing whether a collection has items sends a request; use `await collection.exists()`"
        raise TypeError(msg)

    def _repr_html_(self) -> str:
        from limpyd.query.display import query_html  # noqa: PLC0415 - only notebooks call this

        return query_html(self)
