"""The creation of many objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from limpyd.fields.declaration.setters import with_own_setters
from limpyd.keys import Partition, to_text
from limpyd.keys.by_partition import ByPartition
from limpyd.model.bulk import Bulk, BulkCreated, OnConflict, OnProgress, one_of
from limpyd.model.bulk_chunk import Chunk, outcomes_of
from limpyd.model.create_plan import Plain, plain
from limpyd.model.crud import known, new_object, nothing_to_store
from limpyd.model.primary_keys import given_pk
from limpyd.model.updates import assigned
from limpyd.requests.request import Program, Request
from limpyd.schema.schema import Schema
from limpyd.scripts import bulk
from limpyd.scripts.bulk_create import Created, NewObjects
from limpyd.scripts.object_requests import NewObject

MAX_PLANS = 500
"""The most combinations of fields whose layouts are kept, in each partition."""

Plans = dict[tuple[str, ...], Plain | None]


class Row(NamedTuple):
    """An object as it was added to a chunk.

    Attributes:
        item: what was passed.
        update: its values as an update.
        more: what an update of them leaves out, and an import restores.
    """

    item: Any
    update: Sequence[Any]
    more: Sequence[Any] = ()


class CreateChunk(Chunk[Created]):
    """New objects, and with `on_conflict="update"` the values for those that exist.

    Args:
        schema: their model.
        partition: their partition.
        on_conflict: `raise`, `skip` or `update`.
        plans: the layouts of new objects, by the names of the fields that get values.
        give_pks: whether to return the primary keys.
        updates_only: whether none is created: the objects with the primary keys are updated.

    Attributes:
        objects: the new objects.
        updates: their values as an update; None if nothing is to be updated.
        plans: as passed.
        rows: the objects as they were added, if they may conflict with objects of other partitions that are to be
            updated.
    """

    def __init__(
        self,
        schema: Schema,
        partition: Partition,
        on_conflict: OnConflict,
        plans: Plans,
        *,
        give_pks: bool,
        updates_only: bool = False,
    ) -> None:
        super().__init__(schema, partition)
        self.objects = NewObjects(schema, partition, None if self.claims is None else self._claim)
        self.updates = bulk.Updates(schema, partition, schema.version_sub) if on_conflict == "update" else None
        self.plans = plans
        self.rows: list[Row] | None = [] if self.claims is not None and self.updates is not None else None
        self._skip = on_conflict == "skip"
        self._give_pks = give_pks
        self.updates_only = updates_only

    @property
    def size(self) -> int:
        return self.objects.size + (self.updates.size if self.updates is not None else 0)

    def _request(self) -> Request[Created]:
        if self.updates is None:
            return self.objects.create(skip=self._skip, give_pks=self._give_pks)
        return self.objects.create_or_update(
            self.updates.fields, self.updates.args, give_pks=self._give_pks, updates_only=self.updates_only
        )

    def _claim(self, key: bytes, text: bytes, pk: bytes | None) -> None:
        # Most objects to update have their values already: for others the script asks.
        self.claims.add(key, text, pk, within_write_only=self.updates is not None)

    def add_existing(self, pk: bytes, row: Row) -> None:
        """Adds an existing object that is to be updated."""
        new = NewObject(pk)
        for each in row.more:
            new.entries += each.entry(self.partition)
        self.objects.add_any(new)
        if self.updates is not None:
            self.updates.add(None, row.update)
        self.keep_row(row)

    def keep_row(self, row: Row) -> None:
        """Keeps an object as it was added, if it may have to be moved."""
        if self.rows is not None:
            self.rows.append(row)

    def moved(self) -> list[tuple[int, Row, bytes]]:
        """Returns the objects that conflict with others elsewhere: position, row, and the primary key of the other."""
        if self.outcome is None or self.rows is None:
            return []
        return [(self.positions[number], self.rows[number], owner) for number, owner in self.outcome.elsewhere]

    def remove_processed(self) -> list[int]:
        moved = {position for position, _, _ in self.moved()}
        processed = super().remove_processed()
        return [position for position in processed if position not in moved] if moved else processed

    def placed_pks(self) -> list[tuple[int, bytes]]:
        """Returns the primary keys of the outcome, with the positions of their objects."""
        found = self.outcome.pks if self.outcome is not None else []
        return [(position, pk) for position, pk in zip(self.positions, found, strict=False) if pk is not None]

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
        self._placed: list[tuple[int, bytes]] = []
        self._pks_before = len(self.result.pks or ())

    def _begin_chunks(self) -> None:
        super()._begin_chunks()
        if self._schema.parent is None:
            self._schema.take_turn({})
        self._minting = self._schema.keys.partition(None)  # all minted primary keys of a chunk are of one partition
        self._moved: dict[Partition, CreateChunk] = {}

    def _new_chunk(self, partition: Partition, *, updates_only: bool = False) -> CreateChunk:
        return CreateChunk(
            self._schema,
            partition,
            self._on_conflict,
            self._plans[partition],
            give_pks=self._give_pks,
            updates_only=updates_only,
        )

    def _sent(self, chunks: list[CreateChunk]) -> Program[None]:
        schema: Any = self._schema
        if schema.is_swept_by_creations:
            sweeping = schema.sweeping.before_chunk
            yield [sweeping(each.partition, each.objects.given_pks, len(each.positions)) for each in chunks]
        yield from super()._sent(chunks)

    def _all_chunks(self) -> Iterable[CreateChunk]:
        return (*self._chunks.values(), *self._moved.values())

    def _chunk_of(self, pk: bytes | None, values: Mapping[str, Any]) -> CreateChunk:
        schema = self._schema
        if pk is not None:
            partition = schema.keys.partition(pk)
        elif schema.parent is not None:
            schema.take_turn(values)
            partition = schema.keys.partition(None)
        else:
            partition = schema.partition_for(values) or self._minting
        if self._chunks[partition].outcome is not None:  # it was sent already, and this one is added anew
            del self._chunks[partition]
        return self._chunks[partition]

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
            chunk.keep_row(Row(item, update))
        return chunk

    def _to_update(self, values: Mapping[str, Any]) -> list[Any]:
        names = {"pk", self._schema.pk_name}
        others = {name: value for name, value in values.items() if name not in names}
        return assigned(self._schema, others) if others else []

    def _take(self, chunks: list[CreateChunk]) -> None:
        pks = self.result.pks
        if pks is not None:
            self._placed += [one for chunk in chunks for one in chunk.placed_pks()]
            self._placed.sort()
            pks[self._pks_before :] = [to_text(pk) for _, pk in self._placed]
        for created, skipped, updated, *_ in outcomes_of(chunks):
            before = self.result
            self.result = BulkCreated(before.created + created, before.skipped + skipped, before.updated + updated, pks)
        for chunk in chunks:
            for position, row, owner in chunk.moved():
                self._move(chunk, position, row, owner)

    def _move(self, chunk: CreateChunk, position: int, row: Row, owner: bytes) -> None:
        """Has an object of a chunk updated in the partition of the object that it conflicts with, or added anew."""
        if chunk.updates_only:  # that object does not exist any more
            self._add(row.item).positions.append(position)
            return
        partition = self._schema.keys.partition(owner)
        other = self._moved.get(partition)
        if other is None or other.outcome is not None:
            other = self._moved[partition] = self._new_chunk(partition, updates_only=True)
        other.add_existing(owner, row)
        other.positions.append(position)
