"""The creation of many objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limpyd.fields.declaration.setters import with_own_setters
from limpyd.keys import Partition, to_text
from limpyd.keys.by_partition import ByPartition
from limpyd.model.bulk import Bulk, BulkCreated, OnConflict, OnProgress, one_of
from limpyd.model.bulk_chunk import Chunk, outcomes_of
from limpyd.model.create_plan import Plain, plain
from limpyd.model.crud import known, new_object, nothing_to_store
from limpyd.model.primary_keys import given_pk
from limpyd.model.updates import assigned
from limpyd.requests.request import Request
from limpyd.schema.schema import Schema
from limpyd.scripts import bulk
from limpyd.scripts.bulk_create import Created, NewObjects

MAX_PLANS = 500
"""The most combinations of fields whose layouts are kept, in each partition."""

Plans = dict[tuple[str, ...], Plain | None]


class CreateChunk(Chunk[Created]):
    """New objects, and with `on_conflict="update"` the values for those that exist.

    Attributes:
        objects: the new objects.
        updates: their values as an update; None if nothing is to be updated.
        plans: the layouts of new objects, by the names of the fields that get values.
    """

    def __init__(
        self, schema: Schema, partition: Partition, on_conflict: OnConflict, plans: Plans, *, give_pks: bool
    ) -> None:
        super().__init__(schema, partition)
        self.objects = NewObjects(schema, partition)
        self.updates = bulk.Updates(schema, partition, schema.version_sub) if on_conflict == "update" else None
        self.plans = plans
        self._skip = on_conflict == "skip"
        self._give_pks = give_pks

    @property
    def size(self) -> int:
        return self.objects.size + (self.updates.size if self.updates is not None else 0)

    def _request(self) -> Request[Created]:
        if self.updates is None:
            return self.objects.create(skip=self._skip, give_pks=self._give_pks)
        return self.objects.create_or_update(self.updates.fields, self.updates.args, give_pks=self._give_pks)

    def placed_pks(self) -> list[tuple[int, bytes]]:
        """Returns the primary keys of the outcome, which were passed, with the positions of their objects."""
        passed = zip(self.positions, self.objects.pks, strict=True)
        found = self.outcome.pks if self.outcome is not None else []
        return [(next(position for position, pk in passed if pk in {None, one}), one) for one in found]

    def plan(self, given: tuple[str, ...]) -> Plain | None:
        """Returns the layout of objects with values of these fields; None if they have none in common.

        Raises:
            UnknownField: a name is no field.
        """
        if given in self.plans:
            return self.plans[given]
        known(self.schema, dict.fromkeys(given))
        if len(self.plans) == MAX_PLANS:
            self.plans.clear()
        plan = plain(self.schema, self.partition, given)
        if plan is not None and plan.stores_nothing:
            plan = None
        self.plans[given] = plan
        return plan


class BulkCreate(Bulk[BulkCreated, CreateChunk]):
    """Creates objects."""

    operation = "bulk_create"

    def __init__(
        self, schema: Schema, chunk: int, on_conflict: OnConflict, pks: bool, progress: OnProgress | None
    ) -> None:
        self._on_conflict = one_of("on_conflict", on_conflict, ("raise", "skip", "update"))
        self._give_pks = pks
        self._plans: ByPartition[Plans] = ByPartition(lambda _: {})
        self.result = BulkCreated(pks=[] if pks else None)
        super().__init__(schema, chunk, progress)

    def _empty(self) -> None:
        super()._empty()
        if self._schema.parent is None:
            self._schema.take_turn({})
        self._minting = self._schema.keys.partition(None)  # all minted primary keys of a chunk are of one partition

    def _new_chunk(self, partition: Partition) -> CreateChunk:
        plans = self._plans[partition]
        return CreateChunk(self._schema, partition, self._on_conflict, plans, give_pks=self._give_pks)

    def _chunk_of(self, pk: bytes | None, values: Mapping[str, Any]) -> CreateChunk:
        if pk is None and self._schema.parent is not None:
            self._schema.take_turn(values)
            return self._chunks[self._schema.keys.partition(None)]
        return self._chunks[self._minting if pk is None else self._schema.keys.partition(pk)]

    def _add(self, item: Any) -> CreateChunk:
        values = to_set = item if type(item) is dict else self._values(item)
        if self._schema.own_setters:
            values = with_own_setters(self._schema, values)
        pk = given_pk(self._schema, values)
        chunk = self._chunk_of(pk, values)
        plan = chunk.plan(tuple(values))
        update = None if chunk.updates is None else self._to_update(to_set)
        if plan is None or not plan.add_to(chunk.objects, pk, values):
            new = new_object(self._schema, values, chunk.partition)
            if pk is None and new.empty:
                raise nothing_to_store(self._schema)
            chunk.objects.add_any(new)
        if chunk.updates is not None and update is not None:
            chunk.updates.add(None, update)
        return chunk

    def _to_update(self, values: Mapping[str, Any]) -> list[Any]:
        names = {"pk", self._schema.pk_name}
        others = {name: value for name, value in values.items() if name not in names}
        return assigned(self._schema, others) if others else []

    def _take(self, chunks: list[CreateChunk]) -> None:
        pks = self.result.pks
        if pks is not None and len(chunks) > 1:
            pks += [to_text(pk) for _, pk in sorted(one for chunk in chunks for one in chunk.placed_pks())]
        for created, skipped, updated, found, _ in outcomes_of(chunks):
            if pks is not None and len(chunks) == 1:
                pks += map(to_text, found)
            before = self.result
            self.result = BulkCreated(before.created + created, before.skipped + skipped, before.updated + updated, pks)
