"""The deletions of a model's objects: their arguments for scripts, and their requests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from limpyd.exceptions import UnsupportedCommand
from limpyd.keys import Partition
from limpyd.keys.by_partition import ByPartition
from limpyd.relations import deletion as cascading
from limpyd.relations.deletion import Cascade
from limpyd.requests.request import Argument, Request
from limpyd.scripts import bulk, object_requests, query_writes
from limpyd.scripts.object_requests import deletion_layout
from limpyd.scripts.queries import Search
from limpyd.statements import delete
from limpyd.utils.conversion import Era

R = TypeVar("R")


class Deletions:
    """The builder of a model's deletions, with all that comes of them in other models.

    Args:
        schema: the model.
    """

    _generation = 0
    """Changes whenever a reference finds its model: the cascades of all models are out of date then."""

    def __init__(self, schema: Any) -> None:
        self._schema = schema
        self._cascades: dict[Partition, tuple[int, Cascade]] = {}
        self._layouts = ByPartition(self._layout)
        Deletions._generation += 1

    def layout(self, partition: Partition) -> tuple[Argument, ...]:
        """Returns the arguments of the deletion of an object after its primary key."""
        return self._layouts[partition]

    def _layout(self, partition: Partition) -> tuple[Argument, ...]:
        schema = self._schema
        indexed = [(place, sub) for _, _, place, sub in schema.layout(partition) if place.indexes]
        return partition.meta, *deletion_layout(
            [*schema.key_prefixes(partition), *schema.dynamic.families(partition)],
            [arg for index in schema.composites(partition) for arg in index.row],
            [(sub, place.deletion_rows) for place, sub in indexed if sub is not None],
            [
                *((place.prefix, place.stored, place.deletion_rows) for place, sub in indexed if sub is None),
                *(field.deletion_in(partition) for field in schema.dynamic.values() if field.indexed),
            ],
        )

    def cascade(self, partition: Partition) -> Cascade:
        """Returns the cascade of the deletion of an object, if others refer to the model."""
        known = self._cascades.get(partition)
        if known is None or known[0] != Deletions._generation:
            known = self._cascades[partition] = (Deletions._generation, cascading.cascade(self._schema, partition))
        return known[1]

    def _refuse_referred(self) -> None:
        """Refuses the deletion of objects to which those of other partitions may refer.

        Raises:
            UnsupportedCommand: there is such a reference.
        """
        for reference in self._schema.incoming:
            if not reference.is_local:
                msg = f"{reference} refers to {self._schema.name} over partitions, so its objects cannot be deleted yet"
                raise UnsupportedCommand(msg)

    def delete(self, partition: Partition, pk: bytes) -> Request[None]:
        """The request that deletes an object."""
        if self._schema.incoming:
            self._refuse_referred()
            return cascading.delete_one(self._schema, partition, pk).then(self._deleted)
        statement, general = self._schema.statements[partition].deletion, self._delete_in_general
        return general(pk) if statement is None else delete.request(statement, pk, self._deleted, general)

    def _delete_in_general(self, pk: bytes) -> Request[None]:
        """The same by the general script, of an object to which none refers."""
        partition = self._schema.keys.partition(pk)
        return object_requests.delete(self._schema, partition, pk, self.layout(partition)).then(self._deleted)

    def bulk_delete(self, partition: Partition, pks: Sequence[bytes], *, skip: bool) -> Request[bulk.Changed]:
        """The request that deletes objects as far as the first that is refused."""
        if self._schema.incoming:
            self._refuse_referred()
            return cascading.delete_many(self._schema, partition, pks, skip=skip).then(self._deleted)
        return bulk.delete(self._schema, partition, pks, self.layout(partition), skip=skip).then(self._deleted)

    def delete_found(self, partition: Partition, search: Search) -> Request[int]:
        """The request that deletes the objects that a query finds."""
        if self._schema.incoming:
            self._refuse_referred()
            return cascading.delete_found(self._schema, search, partition).then(self._deleted)
        return query_writes.delete_found(self._schema, search, self.layout(partition)).then(self._deleted)

    def _deleted(self, result: R) -> R:
        """Has instances ask for their objects at the next read: those of all models whose objects may be gone."""
        schema = self._schema
        for model in self.cascade(schema.keys.partitions[0]).models if schema.incoming else (schema,):
            model.era = Era(model.name)
        return result
