"""The move of a model's objects to the number of partitions that it declares.

The progress is not recorded: objects that are not where they belong have to be moved. So after any interruption, and
beside other movers, the next call goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from limpyd.exceptions import DifferentPartitions, InvalidValue, LimpydError, UnsupportedCommand, shorten
from limpyd.indexes.maintenance.generators import OnProgress, sizes
from limpyd.indexes.maintenance.trusted_reads import TRUSTED
from limpyd.keys import ModelKeys, Partition
from limpyd.relations.references import ReferenceField
from limpyd.repartitioning import fences, parcels
from limpyd.repartitioning.moved_claims import move_claims
from limpyd.repartitioning.schemas import while_moving
from limpyd.requests.request import MAX_TRIES, Program, Request
from limpyd.requests.walks import Origin, attempt
from limpyd.schema.schema import Schema

NOTICED = 2 * TRUSTED
"""The seconds after which no process trusts any more that the objects have not moved, also one whose clock is slow."""
FOUND = 500
"""About how many objects a step finds."""


class Repartitioned(NamedTuple):
    """The result of `repartition`.

    Attributes:
        objects: the number of objects that this call has moved to another partition.
        unindexed: the primary keys of objects that an index refused, each with the error. The indexes of their
            partitions count as not built; put the values right, and call `rebuild_indexes`.
    """

    objects: int
    unindexed: list[tuple[str, LimpydError]]


def repartition(schema: Schema, progress: OnProgress | None) -> Program[Repartitioned]:
    """Moves the objects of a model from the recorded number of partitions to the declared one, which is greater.

    Raises:
        InvalidValue: `progress` is no function, or the model is declared with one partition or in another layout.
        UnsupportedCommand: the model has references, or others refer to it.
        DifferentPartitions: the objects are in more partitions, or are being moved to another number.
    """
    _check_movable(schema, progress)
    mover = _Mover(schema, progress)
    for tries in range(MAX_TRIES):
        try:
            if (yield from mover.run()):
                break
        except DifferentPartitions as error:
            # Another mover has come further meanwhile, so this one looks again.
            if error.stored not in {mover.before, schema.keys.count, 1} or tries + 1 == MAX_TRIES:
                raise
    return Repartitioned(mover.objects, mover.unindexed)


def _check_movable(schema: Schema, progress: Any) -> None:
    name = schema.name
    if progress is not None and not callable(progress):
        msg = f"{name}.repartition: progress takes a function, not {shorten(progress)}"
        raise InvalidValue(msg)
    if schema.keys.layout != ModelKeys.layout:
        msg = (
            f"{name}.repartition: the layout {schema.keys.layout!r} has no partitions. Move the data to the layout "
            f"{ModelKeys.layout!r} first: declare {name} without a layout, and call migrate_from_limpyd2"
        )
        raise InvalidValue(msg)
    if schema.keys.count == 1:
        msg = f"{name}.repartition: {name} is declared with one partition; declare the number to move to"
        raise InvalidValue(msg)
    fields = [*schema.value_fields.values(), *(dynamic.template for dynamic in schema.dynamic.values())]
    if schema.incoming or any(isinstance(field, ReferenceField) for field in fields):
        raise _has_references(schema)
    if schema.parent is not None or schema.children:
        msg = f"{name}.repartition: models in the same partitions (colocate_with) cannot be moved yet"
        raise UnsupportedCommand(msg)
    versions = [index for index in schema.maintenance.at(schema.keys.first).indexes if b"\0" in index.field_index.key]
    if any(index.is_claimed for index in versions):
        msg = f"{name}.repartition: models with unique values of dynamic fields cannot be moved yet"
        raise UnsupportedCommand(msg)


def _has_references(schema: Schema) -> UnsupportedCommand:
    msg = (
        f"{schema.name}.repartition: a model with references, or to which another model has ever referred, cannot be "
        "moved to another number of partitions yet. Export its objects, and import them into a model of another name"
    )
    return UnsupportedCommand(msg)


class _Mover:
    """One call of `repartition`.

    Attributes:
        before: the former number of partitions, once it is known.
        objects: how many objects were moved.
        unindexed: those that an index refused.
    """

    def __init__(self, schema: Schema, progress: OnProgress | None) -> None:
        self._schema = schema
        self._target = while_moving(schema, schema.keys.count)
        self._progress = progress
        self._looked = self._all = 0
        self.before = 0
        self.objects = 0
        self.unindexed: list[tuple[str, LimpydError]] = []

    def run(self) -> Program[bool]:
        """Does what is to be done; returns whether all is done."""
        target = self._target
        count = target.keys.count
        if any((yield [fences.is_referred(target, each) for each in (target.keys.root, *target.keys.partitions)])):
            raise _has_references(target)
        stored, self.before = yield fences.begin(target)
        if stored != -count:
            return True
        closed = yield [fences.fence(target, partition, self.before) for partition in target.keys.partitions]
        states = [state for state, _ in closed]
        for state in states:
            if state not in {count, -count}:
                raise DifferentPartitions(target.name, count, state)
        source = while_moving(self._schema, self.before)
        if count not in states:  # else all objects have moved
            left = NOTICED - min(seconds for _, seconds in closed)
            if left > 0 and self.before > 1:
                yield fences.pause(target, left)
            yield from self._move_all(source)
            yield from move_claims(target)
        yield from self._settle(source, states)
        ended: int = yield fences.end(target, self.before)
        return ended != -count

    def _move_all(self, source: Schema) -> Program[None]:
        target = self._target
        if self._progress is not None:
            self._all = sum((yield from sizes(source, source.keys.partitions)))
        for old in source.keys.partitions:
            homes = [new for new in target.keys.partitions[old.number :: source.keys.count] if new.pks != old.pks]
            origin, cursor, again = Origin(), b"0", True
            while again or cursor != b"0":
                (after, pks), again = yield from attempt(origin, _find(source, old, cursor), cursor)
                cursor = b"0" if again else after
                leaving: dict[Partition, list[bytes]] = {new: [] for new in homes}
                for pk in pks:
                    leaving.get(target.keys.partition(pk), []).append(pk)
                yield from self._deliver(source, old, {new: some for new, some in leaving.items() if some})
                self._report(len(pks))
            # What is on its way now, which others have packed, was not found. Nothing else can be packed any more.
            yield from self._deliver(source, old, {new: [] for new in homes})

    def _deliver(self, source: Schema, old: Partition, leaving: Mapping[Partition, list[bytes]]) -> Program[None]:
        """Moves objects of a partition, by the partitions where they belong, and what is on its way there."""
        waiting = dict(leaving)
        while waiting:
            packed = yield [parcels.pack(source, old, new, pks[: parcels.OBJECTS]) for new, pks in waiting.items()]
            sent = {new: parcel for new, parcel in zip(waiting, packed, strict=True) if parcel is not None}
            for new in [new for new in waiting if new not in sent]:
                waiting[new] = waiting[new][parcels.OBJECTS :]
                if not waiting[new]:
                    del waiting[new]
            if sent:
                arrived = yield [parcels.unpack(self._target, new, parcel) for new, parcel in sent.items()]
                for each in arrived:
                    self.objects += each.objects
                    self.unindexed += each.unindexed
                yield [parcels.drop(source, old, new, parcel) for new, parcel in sent.items()]

    def _report(self, looked: int) -> None:
        self._looked += looked
        if self._progress is not None:
            self._progress(min(self._looked, self._all), self._all)

    def _settle(self, source: Schema, states: list[int]) -> Program[None]:
        """Opens the partitions: the counter of each goes on after the greatest number that was given out."""
        target = self._target
        count, before = target.keys.count, source.keys.count
        counters = yield [fences.counter(source, old) for old in source.keys.partitions]
        yield [
            fences.settle(target, new, _next_in(counters[new.number % before], new.number + 1, count))
            for new, state in zip(target.keys.partitions, states, strict=True)
            if state != count
        ]


def _find(source: Schema, partition: Partition, cursor: bytes) -> Request[tuple[bytes, list[bytes]]]:
    args = (b"SSCAN", partition.pks, cursor, b"COUNT", FOUND)
    return Request(args, tuple, readonly=True, subject=source)


def _next_in(counter: int | None, first: int, step: int) -> int | None:
    """Returns the least number of a partition that is not less than a counter."""
    return None if counter is None else max(first, counter + (first - counter) % step)
