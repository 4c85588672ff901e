"""Collections on the sync face."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar, cast, overload

from limpyd.iteration import Items, Unread
from limpyd.keys import to_text
from limpyd.query.core import CollectionCore, instance_of

Item = TypeVar("Item")
M = TypeVar("M")


class Collection(CollectionCore[Item, M]):
    """The objects that match some filters: their primary keys, or their instances.

    It holds no results: iterating, counting or slicing it asks the server anew, in one request.
    Without a sort the order is the server's own, and may differ from one evaluation to the next.
    """

    _unread: Unread | None = None

    def __iter__(self) -> Iterator[Item]:
        items = Items(self._evaluate())
        self._unread = Unread(items)
        return items

    def __len__(self) -> int:
        unread, self._unread = self._unread, None
        hinted = unread.length() if unread is not None else None
        return self.count() if hinted is None else hinted

    def __bool__(self) -> bool:
        return self.exists()

    def __reversed__(self) -> Iterator[Item]:
        return reversed(self._evaluate())

    def __contains__(self, item: object) -> bool:
        return item in self._evaluate()

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> list[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | list[Item]:
        """One item, or a list of some, by position as in a list of all.

        Raises:
            IndexError: there is no such position.
        """
        return self._evaluate()[index]

    def count(self) -> int:
        """How many match (SCARD, SINTERCARD or a script)."""
        return cast("int", self._run(self._count()))

    def exists(self) -> bool:
        """Whether any matches; it stops looking at the first."""
        return cast("int", self._run(self._count(limit=1))) > 0

    def all(self) -> list[Item]:
        """A list of all that match."""
        return self._evaluate()

    def instances(self, lazy: bool = False) -> Collection[M, M]:
        """The same collection, of instances. With `lazy` each checks at its first use that it still exists."""
        shape = ".instances(lazy=True)" if lazy else ".instances()"
        return cast("Collection[M, M]", self._as(instance_of(self._model, lazy=lazy), shape))

    def primary_keys(self) -> Collection[str, M]:
        """The same collection, of primary keys as text."""
        return cast("Collection[str, M]", self._as(to_text, ""))

    def _evaluate(self) -> list[Item]:
        return cast("list[Item]", self._run(self._find()))
