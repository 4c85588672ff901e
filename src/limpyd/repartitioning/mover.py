"""The move of a model's objects to the number of partitions that it declares.

The progress is not recorded: objects that are not where they belong have to be moved. So after any interruption, and
beside other movers, the next call goes on.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from limpyd.exceptions import DifferentPartitions, InvalidValue, LimpydError, UnsupportedCommand, shorten
from limpyd.indexes.maintenance.generators import OnProgress, sizes
from limpyd.keys import ModelKeys
from limpyd.keys.moving import Move
from limpyd.relations.references import ReferenceField
from limpyd.repartitioning import fences
from limpyd.repartitioning.announcing import next_in
from limpyd.repartitioning.carried_claims import redirect_claims
from limpyd.repartitioning.continued_feeds import continue_feed
from limpyd.repartitioning.delivery import Delivery
from limpyd.repartitioning.moved_claims import move_claims
from limpyd.repartitioning.promises import check_references, unknown_reference
from limpyd.repartitioning.schemas import while_moving
from limpyd.repartitioning.slices import MoveInSlices
from limpyd.requests.request import MAX_TRIES, Program
from limpyd.schema.schema import Schema
from limpyd.schema.sweeping import sweep_before_move


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
        UnsupportedCommand: the model is connected with others by references, and has one partition; or one refers to it
            that this process does not declare.
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
    return Repartitioned(mover.delivery.objects, mover.delivery.unindexed)


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
    if schema.parent is not None or schema.children:
        msg = f"{name}.repartition: models in the same partitions (colocate_with) cannot be moved yet"
        raise UnsupportedCommand(msg)
    versions = [index for index in schema.maintenance.at(schema.keys.first).indexes if b"\0" in index.field_index.key]
    if any(index.is_claimed for index in versions):
        msg = f"{name}.repartition: models with unique values of dynamic fields cannot be moved yet"
        raise UnsupportedCommand(msg)


def _is_single(schema: Schema) -> UnsupportedCommand:
    msg = (
        f"{schema.name}.repartition: a model with references, or to which others refer, cannot be moved from one "
        f"partition. {_ELSEWHERE}"
    )
    return UnsupportedCommand(msg)


_ELSEWHERE = (
    "Move it, with the models that it is connected with, to another database, where they have the numbers that you "
    "want: limpyd migrate --to"
)


def _has_references(schema: Schema) -> bool:
    """Returns whether a model refers to others, or they to it."""
    fields = [*schema.value_fields.values(), *(dynamic.template for dynamic in schema.dynamic.values())]
    return bool(schema.incoming) or any(isinstance(field, ReferenceField) for field in fields)


class _Mover:
    """One call of `repartition`.

    Attributes:
        before: the former number of partitions, once it is known.
        delivery: what was moved.
    """

    def __init__(self, schema: Schema, progress: OnProgress | None) -> None:
        self._schema = schema
        self._target = while_moving(schema, schema.keys.count)
        self._progress = progress
        self._looked = self._all = 0
        self._has_references = _has_references(schema)
        self.before = 0
        self.delivery = Delivery(self._target)

    def run(self) -> Program[bool]:
        """Does what is to be done; returns whether all is done."""
        target = self._target
        count = target.keys.count
        in_use = yield from self._may_be_used()
        record, self.before = yield fences.begin(target, in_use=in_use, has_references=self._has_references)
        if record in {b"", b"%d" % count}:
            return True
        move = Move.of(record)
        if move is None:
            if self._has_references:
                raise _is_single(target)
            return (yield from self._move_behind_fence(record))
        slices = MoveInSlices(self._schema, target, move, self.delivery, self._progress)
        if in_use:
            yield from slices.announce()
        if not in_use or not (yield from self._may_be_used()):
            msg = (
                f"{target.name}.repartition: the objects are being moved while the model is in use. Go on with a class "
                "that declares all values that are unique"
            )
            raise UnsupportedCommand(msg)
        yield from slices.run()
        yield from slices.tell()  # so what was promised before is not sent any more
        if target.claimed_index is not None:
            yield from redirect_claims(target, move)
        has_ended: bool = yield fences.end(target, record, self.before)
        yield from slices.tell()
        return has_ended

    def _may_be_used(self) -> Program[bool]:
        """Returns whether the model can be used while its objects move: all claims are known.

        Raises:
            UnsupportedCommand: models may refer to it that this process does not know.
        """
        target = self._target
        root, partitions = target.keys.root, (target.keys.root, *target.keys.partitions)
        if self._has_references and (yield from unknown_reference(self._schema, target, [root])):
            raise _is_single(target)  # references within one partition are recorded in another way
        yield from check_references(self._schema, target, partitions)
        known = yield [fences.declared(target, each) for each in partitions]
        self._has_references = self._has_references or any(each.is_referred for each in known)
        own = {each.name for each in target.maintenance.at(target.keys.first).indexes if each.is_claimed}
        return all(each.claimed <= own for each in known)

    def _move_behind_fence(self, record: bytes) -> Program[bool]:
        """Moves the objects while nobody else can use the model."""
        target = self._target
        count = target.keys.count
        closed = yield [fences.fence(target, partition, self.before) for partition in target.keys.partitions]
        states = [state for state, _ in closed]
        for state in states:
            if state not in {count, -count}:
                raise DifferentPartitions(target.name, count, state)
        source = while_moving(self._schema, self.before)
        if count not in states:  # else all objects have moved
            left = fences.NOTICED - min(seconds for _, seconds in closed)
            if left > 0 and self.before > 1:
                yield fences.pause(target, left)
            yield from sweep_before_move(source)
            yield from self._move_all(source)
            yield from move_claims(target)
        yield from self._settle(source, states)
        has_ended: bool = yield fences.end(target, record, self.before)
        return has_ended

    def _move_all(self, source: Schema) -> Program[None]:
        target = self._target
        if self._progress is not None:
            self._all = sum((yield from sizes(source, source.keys.partitions)))
        for old in source.keys.partitions:
            homes = [new for new in target.keys.partitions[old.number :: source.keys.count] if new.pks != old.pks]
            if self.before > 1:  # else no reader can go on: it knows a position in that partition alone
                yield from continue_feed(target, source, old, homes)
            yield from self.delivery.move(source, old, homes, target.keys.partition, self._report)

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
            fences.settle(target, new, next_in(counters[new.number % before], new.number + 1, count))
            for new, state in zip(target.keys.partitions, states, strict=True)
            if state != count
        ]
