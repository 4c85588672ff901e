"""Collections on the async face."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine
from typing import Any, NoReturn, TypeVar, cast, overload

from limpyd.keys import to_text
from limpyd.query.core import CollectionCore, instance_of

Item = TypeVar("Item")
M = TypeVar("M")


class AsyncCollection(CollectionCore[Item, M]):
    """The objects that match some filters: their primary keys, or their instances.

    It holds no results: iterating, counting or slicing it asks the server anew, in one request.
    Without a sort the order is the server's own, and may differ from one evaluation to the next.
    """

    async def __aiter__(self) -> AsyncIterator[Item]:
        for item in await self._evaluate():
            yield item

    @overload
    def __getitem__(self, index: int) -> Coroutine[Any, Any, Item]: ...
    @overload
    def __getitem__(self, index: slice) -> Coroutine[Any, Any, list[Item]]: ...
    def __getitem__(self, index: int | slice) -> Coroutine[Any, Any, Item | list[Item]]:
        """One item, or a list of some, by position as in a list of all; to be awaited.

        Raises:
            IndexError: there is no such position.
        """
        return self._at(index)

    def __iter__(self) -> NoReturn:
        # Without this, Python would ask for item after item, which never ends.
        msg = "the items of this collection are asked of the server; use `async for`, or `await collection.all()`"
        raise TypeError(msg)

    def __contains__(self, _item: object) -> NoReturn:
        msg = "the items of this collection are asked of the server; use `in await collection.all()`"
        raise TypeError(msg)

    def __bool__(self) -> bool:
        msg = "whether a collection has items is asked of the server; use `await collection.exists()`"
        raise TypeError(msg)

    async def count(self) -> int:
        """How many match (SCARD, SINTERCARD or a script)."""
        return cast("int", await self._run(self._count()))

    async def exists(self) -> bool:
        """Whether any matches; it stops looking at the first."""
        return cast("int", await self._run(self._count(limit=1))) > 0

    async def all(self) -> list[Item]:
        """A list of all that match."""
        return await self._evaluate()

    def instances(self, lazy: bool = False) -> AsyncCollection[M, M]:
        """The same collection, of instances. With `lazy` each checks at its first use that it still exists."""
        shape = ".instances(lazy=True)" if lazy else ".instances()"
        return cast("AsyncCollection[M, M]", self._as(instance_of(self._model, lazy=lazy), shape))

    def primary_keys(self) -> AsyncCollection[str, M]:
        """The same collection, of primary keys as text."""
        return cast("AsyncCollection[str, M]", self._as(to_text, ""))

    async def _at(self, index: Any) -> Any:
        return (await self._evaluate())[index]

    async def _evaluate(self) -> list[Item]:
        return cast("list[Item]", await self._run(self._find()))
