"""The deletions of a model's objects: their arguments for scripts, and their requests."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, TypeVar

from limpyd.keys import Partition
from limpyd.keys.by_partition import ByPartition
from limpyd.relations import deletion as cascading
from limpyd.relations.deletion import Cascade
from limpyd.relations.references import ReferenceField
from limpyd.requests.request import Argument, Request
from limpyd.requests.scattered import Rounds
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
        self._relatives: tuple[int, Any] | None = None
        self._are_steps: tuple[int, bool] | None = None
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

    @property
    def relatives(self) -> Any:
        """The models and references that the deletion of an object concerns, if others refer to the model."""
        from limpyd.deletions.relatives import Relatives  # noqa: PLC0415 - many programs have no references

        if self._relatives is None or self._relatives[0] != Deletions._generation:
            self._relatives = (Deletions._generation, Relatives(self._schema))
        return self._relatives[1]

    @property
    def _roots(self) -> Any:
        """The deletions over several partitions."""
        from limpyd.deletions import roots  # noqa: PLC0415 - few models have several partitions

        return roots

    @property
    def take_steps(self) -> bool:
        """True if a deletion takes several steps, since objects of other partitions may refer to what it deletes."""
        return bool(self._schema.incoming) and not self.relatives.is_local

    @property
    def are_steps(self) -> bool:
        """True if a deletion may be a step of another one, or takes several: that of an object that others go with."""
        known = self._are_steps
        if known is None or known[0] != Deletions._generation:
            found = any(model.deletions.take_steps for model in cascading.models_gone_with(self._schema))
            known = self._are_steps = (Deletions._generation, found)
        return known[1]

    @property
    def leave_tombs(self) -> bool:
        """True if deleted objects may leave tombs, since others may still refer to them."""
        return bool(self._schema.incoming) and self.are_steps

    @property
    def are_awaited(self) -> bool:
        """True if writes of the model may have to wait for deletions of objects in their slot."""
        return bool(self._schema.awaited)

    def finished(self, partition: Partition, pks: list[bytes], age: int | None = None) -> Rounds[None]:
        """Finishes deletions of objects that are decided, unless somebody else does.

        Args:
            partition: the partition of the objects.
            pks: their primary keys.
            age: the milliseconds after which somebody else has ended; None for those of all deletions.
        """
        from limpyd.deletions.sweep import finish  # noqa: PLC0415 - few programs need it
        from limpyd.targets.closings import TOKEN  # noqa: PLC0415 - few deletions have to be finished

        met = {(self._schema, partition): pks}
        return finish(self.relatives, met, os.urandom(TOKEN), age=age)

    def referred_at(self, tag: bytes) -> Any:
        """Returns the model to which this one refers, by the hash tag that one of its partitions has, or has had."""
        references = (field for field in self._schema.value_fields.values() if isinstance(field, ReferenceField))
        targets = dict.fromkeys(field.target for field in references if field.has_target)
        return next(model for model in targets if model.keys.has_tag(tag))

    def delete(self, partition: Partition, pk: bytes) -> Request[None]:
        """The request that deletes an object."""
        if self._schema.incoming:
            if self.take_steps:
                request: Request[None] = self._roots.delete_one(self.relatives, partition, pk)
                return request.then(self.noted)
            return cascading.delete_one(self._schema, partition, pk).then(self.noted)
        statement, general = self._schema.statements[partition].deletion, self._delete_in_general
        return general(pk) if statement is None else delete.request(statement, pk, self.noted, general)

    def _delete_in_general(self, pk: bytes) -> Request[None]:
        """The same by the general script, of an object to which none refers."""
        partition = self._schema.keys.partition(pk)
        return object_requests.delete(self._schema, partition, pk, self.layout(partition)).then(self.noted)

    def bulk_delete(self, partition: Partition, pks: Sequence[bytes], *, skip: bool) -> Request[bulk.Changed]:
        """The request that deletes objects as far as the first that is refused."""
        if self._schema.incoming:
            if self.take_steps:
                request: Request[bulk.Changed] = self._roots.delete_many(self.relatives, partition, pks, skip=skip)
                return request.then(self.noted)
            return cascading.delete_many(self._schema, partition, pks, skip=skip).then(self.noted)
        return bulk.delete(self._schema, partition, pks, self.layout(partition), skip=skip).then(self.noted)

    def delete_found(self, partition: Partition, search: Search) -> Request[int]:
        """The request that deletes the objects that a query finds."""
        if self._schema.incoming:
            if self.take_steps:
                request: Request[int] = self._roots.delete_found(self.relatives, search)
                return request.then(self.noted)
            return cascading.delete_found(self._schema, search, partition).then(self.noted)
        return query_writes.delete_found(self._schema, search, self.layout(partition)).then(self.noted)

    def noted(self, result: R) -> R:
        """Has instances ask for their objects at the next read: those of all models whose objects may be gone."""
        schema = self._schema
        for model in self.relatives.models if schema.incoming else (schema,):
            model.era = Era(model.name)
        return result
