"""Iterating over what one request returned, at no more than one request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator, Sequence
from itertools import chain
from operator import length_hint
from threading import get_ident
from typing import Any, Self, TypeVar
from weakref import ReferenceType

Item = TypeVar("Item")


class Items(chain[Item]):
    """Iterates over a result, as fast as over a list, and has a length before it is begun."""

    __slots__ = ("__weakref__", "_items", "_rest", "_thread")
    _items: Sequence[Item]
    _rest: Iterator[Item]
    _thread: int

    def __new__(cls, items: Sequence[Item]) -> Self:
        rest = iter(items)
        self = super().__new__(cls, rest)
        self._items = items
        self._rest = rest
        self._thread = get_ident()
        return self


Unread = ReferenceType[Items[Any]]
"""Remembers the last iterator that was asked for, for as long as it is somebody's.

list(c) and its like ask iter(c) and then, before the first item, len(c), as a hint of how much room they need. That
must not cost another request, nor may any other len() be answered so.
"""


def unread_length(unread: Unread | None) -> int | None:
    """The length of what is about to be read in this thread, if something is."""
    items = unread() if unread is not None else None
    if items is None or items._thread != get_ident():
        return None
    length = len(items._items)
    return length if length_hint(items._rest) == length else None


async def awaited(members: Awaitable[Iterable[Item]]) -> AsyncIterator[Item]:
    """Iterates over a result that is to be awaited."""
    for member in await members:
        yield member
