"""The catalog of a model: the server's record of its indexes, as this process last read it.

The server keeps it in a hash (see indexes/maintenance/declare.lua) with an epoch, a random text that each change
replaces. A process reads it once, and from then on sends the epoch with each request that rests on it: a script
refuses to run under another epoch, and a plain command is followed by a read of the epoch, in the same packet. So
the knowledge of a process may be out of date without harm: the process asks again, and sends the request again.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple, Protocol, Self

from limpyd.exceptions import IndexNotBuilt
from limpyd.requests.guards import Guard
from limpyd.requests.request import Request


class Catalog(NamedTuple):
    """The server's record of a model's indexes at an epoch.

    Attributes:
        guard: the hash, and the epoch.
        as_declared: true if it contains all declarations of this process.
        unbuilt: the names of the indexes that are not built.
    """

    guard: Guard
    as_declared: bool
    unbuilt: frozenset[bytes]


class CatalogOwner(Hashable, Protocol):
    """The attributes that an assumption uses of `PartitionIndexes`."""

    catalog: Catalog | None

    def asking(self, *, may_write: bool) -> Request[Catalog]:
        """Returns the request for the catalog."""
        ...

    def index_facts(self, name: bytes) -> tuple[str, str, str]:
        """Returns the model, the field and the index with a name in the catalog, for messages."""
        ...

    def invalidate(self) -> None:
        """Forgets the catalog; the next request that needs it asks for it."""
        ...


class Assumed:
    """The assumption that indexes of a model are built, and that the catalog contains this process's declarations.

    Args:
        maintenance: the state of the indexes of the model in a partition.
        writes: true for a write, before which the catalog must contain all declarations.
        indexes: the names of the indexes that must be built.
    """

    __slots__ = ("_indexes", "_known", "_writes", "maintenance")

    def __init__(
        self, maintenance: CatalogOwner, indexes: frozenset[bytes] = frozenset(), *, writes: bool = False
    ) -> None:
        self.maintenance = maintenance
        self._writes = writes
        self._indexes = indexes
        self._known: tuple[Catalog | None, Guard | None] = (None, None)
        """A catalog, and the guard that follows from it."""

    @property
    def about(self) -> Hashable:
        return self.maintenance

    def guard(self) -> Guard | None:
        known, guard = self._known
        catalog = self.maintenance.catalog
        if catalog is known:
            return guard
        guard = None
        if catalog is not None and (catalog.as_declared or not self._writes):
            guard = catalog.guard if catalog.unbuilt.isdisjoint(self._indexes) else None
        self._known = catalog, guard
        return guard

    def question(self) -> Request[None]:
        return self.maintenance.asking(may_write=self._writes).then(lambda _: None)

    def check(self) -> None:
        catalog = self.maintenance.catalog
        if catalog is not None:
            for name in catalog.unbuilt & self._indexes:
                raise IndexNotBuilt(*self.maintenance.index_facts(name))

    def merged(self, other: Self) -> Self:
        return type(self)(self.maintenance, self._indexes | other._indexes, writes=self._writes or other._writes)

    def invalidate(self) -> None:
        self.maintenance.invalidate()
