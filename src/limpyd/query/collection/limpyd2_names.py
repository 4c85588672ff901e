"""limpyd 2's names for what collections have."""

from __future__ import annotations

from typing import Any, Final, Self, TypeVar

from limpyd.query.collection.base import CollectionBase

Item = TypeVar("Item")
M = TypeVar("M")

DEFAULT_STORE_TTL: Final = 60
"""For how many seconds a collection is stored."""


class Limpyd2CollectionNames(CollectionBase[Item, M]):
    """The part of a collection with limpyd 2's names."""

    __slots__ = ()

    @property
    def model(self) -> type[Any]:
        """The class whose objects are found."""
        return self._model

    @property
    def connection(self) -> Any:
        """The client of redis-py on the database of the model, `database.connection`."""
        return self._database.connection

    def clone(self) -> Self:
        """The collection itself, which does not change: limpyd 2's name for a copy of it."""
        return self
