"""The indexes of a model in one partition: the knowledge of which are built."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from limpyd.exceptions import ObjectsMoved
from limpyd.indexes.field_index import FieldIndex
from limpyd.indexes.maintenance import requests
from limpyd.indexes.maintenance.catalog import Assumed, Catalog
from limpyd.indexes.maintenance.declarations import DeclaredIndex, IndexedModel, declared_indexes
from limpyd.keys import Partition
from limpyd.requests.request import Assumption, Request

R = TypeVar("R")


NEVER = float("-inf")


class Record(Protocol):
    """The record of the number of partitions (see indexes/maintenance/partition_record.py)."""

    compared: bool

    def forget(self) -> None: ...
    def question(self, *, may_write: bool) -> Request[None]: ...
    def begun(self, request: Request[R], *, is_atomic: bool) -> Request[R]: ...
    def is_trusted_until(self, time: float) -> bool: ...
    def follows(self, partition: Partition, recorded: bytes) -> bool: ...


class PartitionIndexes:
    """The indexes of a model in a partition, as far as this process knows.

    Attributes:
        model: the model.
        partition: the partition.
        catalog: the server's record of them; None before it was read, or if it has changed.
        declared: the assumption of each write: the catalog contains the declarations of this process.
        trusted_until: the time until which plain reads trust that the objects are where they have been found to be.
        has_moved: true once the model has other partitions, so that what was described for this one is not sent.
    """

    def __init__(self, model: IndexedModel, partition: Partition) -> None:
        self.model = model
        self.partition = partition
        self._indexes = {index.field_index.declared_key: index for index in declared_indexes(model, partition)}
        self.declared = Assumed(self, writes=True)
        self.has_moved = False
        self.forget()

    @property
    def indexes(self) -> list[DeclaredIndex]:
        """All indexes of the model."""
        return list(self._indexes.values())

    def named(self, names: Sequence[bytes]) -> list[DeclaredIndex]:
        """Returns the indexes with some names in the catalog, which are the same in all partitions."""
        return [index for index in self._indexes.values() if index.name in names]

    def forget(self) -> None:
        """Forgets the catalog, because the database is, or may be, another one."""
        self._database = object()
        self.catalog: Catalog | None = None
        self.trusted_until = NEVER
        self._is_doubted = False

    def invalidate(self) -> None:
        """Forgets the catalog; the next request that needs it asks for it."""
        self.catalog, self.trusted_until, self._is_doubted = None, NEVER, True
        self.model.maintenance.recorded_at.clear()
        record = self.model.maintenance.record
        if record is not None:
            record.forget()

    def built(self, indexes: Iterable[FieldIndex]) -> tuple[Assumption, ...]:
        """Returns the assumptions of a query that uses some indexes; if it uses none, and there is one partition, none.

        With several partitions it assumes that the objects have not moved.
        """
        names = frozenset(self._indexes[index.declared_key].name for index in indexes)
        return (Assumed(self, names),) if names or self.partition.count > 1 else ()

    def assumed(self, *, writes: bool) -> Assumption:
        """Returns the assumption of a request that uses no index by name; `writes` if it may change something."""
        return self.declared if writes else Assumed(self)

    @property
    def is_trusted(self) -> bool:
        """True as long as plain reads trust that the objects have not moved."""
        record = self.model.maintenance.record
        return not self.has_moved and record is not None and record.is_trusted_until(self.trusted_until)

    def index_facts(self, name: bytes) -> tuple[str, str, str]:
        """Returns the model, the field and the index with a name in the catalog, for messages."""
        index = next(index for index in self._indexes.values() if index.name == name)
        return self.model.name, index.field_index.field.name, str(index.field_index.index)

    def asking(self, *, may_write: bool) -> Request[Catalog]:
        """Returns the request for the catalog; before a write it also sends the declarations of this process."""
        # A script may have been refused because it could not remove all that is over.
        request = self.declaring(may_write=may_write)
        for sweep in self.model.sweeps(self.partition) if self._is_doubted else ():
            request = request.after(sweep)
        return request

    def declaring(self, *, may_write: bool = True) -> Request[Catalog]:
        """Returns the same request, which removes nothing first."""
        if self.has_moved:
            self.model.forget_plans()  # one for this partition may have been kept after it had been left
            raise ObjectsMoved(self.model.name, self.model.keys.count)
        database = self._database

        def learn(catalog: Catalog) -> None:
            if self._database is database:
                self.catalog = catalog

        record = self.model.maintenance.record
        compare = record is not None and not record.compared
        return requests.declare(
            self.model, self.partition, self.indexes, may_write=may_write, compare=compare, learn=learn
        )
