"""limpyd 2's names for what collections have."""

from __future__ import annotations

from typing import Any, Final, Self

DEFAULT_STORE_TTL: Final = 60
"""For how many seconds a collection is stored."""


class Limpyd2CollectionNames:
    """The part of a collection with limpyd 2's names."""

    __slots__ = ()
    _model: type[Any]

    @property
    def model(self) -> type[Any]:
        """The class whose objects are found."""
        return self._model

    @property
    def connection(self) -> Any:
        """The client of redis-py on the database of the model, `database.connection`."""
        return self._model.database.connection

    def clone(self) -> Self:
        """The collection itself, which does not change: limpyd 2's name for a copy of it."""
        return self
