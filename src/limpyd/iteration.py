"""Iterating over what one request returned, at no more than one request."""

from __future__ import annotations

import threading
import weakref
from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator, Sequence
from itertools import chain
from operator import length_hint
from typing import Any, Self, TypeVar

Item = TypeVar("Item")


class Items(chain[Item]):
    """Iterates over a result, as fast as over a list, and tells how much of it is left."""

    __slots__ = ("__weakref__", "_rest", "items")

    def __new__(cls, items: Sequence[Item]) -> Self:
        rest = iter(items)
        self = super().__new__(cls, rest)
        self.items = items
        self._rest = rest
        return self

    items: Sequence[Item]
    _rest: Iterator[Item]

    @property
    def started(self) -> bool:
        """Whether any item was given."""
        return length_hint(self._rest) < len(self.items)


async def awaited(members: Awaitable[Iterable[Item]]) -> AsyncIterator[Item]:
    """Iterates over a result that is to be awaited."""
    for member in await members:
        yield member


class Unread:
    """Remembers the last iterator that was asked for, for as long as it was not begun.

    list(c) and its like ask iter(c) and then, before the first item, len(c), as a hint of how much room
    they need. That must not cost another request, nor may any other len() be answered so.
    """

    __slots__ = ("_items", "_thread")

    def __init__(self, items: Items[Any]) -> None:
        self._items = weakref.ref(items)
        self._thread = threading.get_ident()

    def length(self) -> int | None:
        """The length of what is about to be read in this thread, if something is."""
        items = self._items()
        if items is None or items.started or self._thread != threading.get_ident():
            return None
        return len(items.items)
