"""The move of objects in slices, while the model is in use.

The partition that gives a slice and those that get it are closed while it is on its way; requests to them wait.
`tests/protocols/online_model.py` explores all interleavings of these steps.
"""

from __future__ import annotations

from binascii import crc32

from limpyd.exceptions import DifferentPartitions
from limpyd.indexes.maintenance.generators import OnProgress, sizes
from limpyd.keys import Partition
from limpyd.keys.moving import Given, Move, Told
from limpyd.keys.partitioned import PartitionedKeys
from limpyd.keys.places import slice_of
from limpyd.repartitioning import fences
from limpyd.repartitioning.announcing import announce, change, next_in, record_of
from limpyd.repartitioning.carried_claims import carry_claims
from limpyd.repartitioning.continued_feeds import continue_feed
from limpyd.repartitioning.delivery import Delivery
from limpyd.repartitioning.promises import carry_promises, check_references
from limpyd.repartitioning.schemas import while_moving
from limpyd.requests.request import MAX_TRIES, Program
from limpyd.schema.schema import Schema

REST = 0.1
"""The seconds between two slices of a partition. Calls that wait look again within half of that, and go on."""


class MoveInSlices:
    """The move of the objects of a model that is in use, as far as a mover has come with it.

    Args:
        schema: the model as it is declared.
        target: the model as movers see it, with the new number of partitions.
        move: the move.
        delivery: what was moved.
        progress: called from time to time with the numbers of objects looked at, and of all.
    """

    def __init__(
        self, schema: Schema, target: Schema, move: Move, delivery: Delivery, progress: OnProgress | None
    ) -> None:
        self._schema = schema
        self._target = target
        self._move = move
        self._delivery = delivery
        self._progress = progress
        self._sizes: list[int] = []

    def _homes(self, old: Partition) -> tuple[Partition, ...]:
        """The partitions that get objects from another one."""
        return self._target.keys.partitions[old.number + self._move.before :: self._move.before]

    def announce(self) -> Program[None]:
        """Notes in all partitions that the move begins, and waits until no process trusts any more that it does not."""
        target, move = self._target, self._move
        olds = target.keys.partitions[: move.before]
        found = yield [announce(target, old, move) for old in olds]
        waited = []
        for old, known in zip(olds, found, strict=True):
            told = Told.of(known.record)
            if told is None and known.record != b"%d" % move.to:
                raise DifferentPartitions(target.name, move.to, move.before)
            if told is not None:
                waited.append(known.seconds)
                yield [
                    announce(target, each, move, told.given.all, next_in(known.counter, each.number + 1, move.to))
                    for each in (old, *self._homes(old))
                ]
        left = fences.NOTICED - min(waited, default=fences.NOTICED)
        if left > 0:
            yield fences.pause(target, left)

    def finish(self, number: int) -> Program[None]:
        """Moves the slice that is on its way from, or to, the partition of a number, if one is."""
        old = self._target.keys.partitions[number & (self._move.before - 1)]
        told = Told.of((yield record_of(self._target, old)))
        if told is not None and told.move == self._move and told.closed:
            yield from self._move_slice(old, told.given)

    def run(self) -> Program[None]:
        """Moves all slices that have not moved yet."""
        olds = self._target.keys.partitions[: self._move.before]
        if self._progress is not None:
            self._sizes = yield from sizes(self._target, olds)
        for old in olds:
            yield from self._move_from(old)
            self._report(old, None)

    def _move_from(self, old: Partition) -> Program[None]:
        known, tries = None, 0
        while True:
            told = Told.of((yield record_of(self._target, old)))
            if told is None or told.move != self._move:
                return
            tries = tries + 1 if told == known else 0
            if tries == MAX_TRIES:  # the catalogs contradict each other, as after a loss of data
                raise DifferentPartitions(self._target.name, self._move.to, -self._move.to)
            known = told
            yield from self._move_slice(old, told.given)
            self._report(old, told.given)
            if REST and not told.given.next.is_all:
                yield fences.pause(self._target, REST)

    def tell(self) -> Program[None]:
        """Has all processes look at the records again, when they use a partition the next time."""
        record = b"%d" % self._move.to
        for partition in self._target.keys.partitions:
            partition.recorded = record
            self._target.maintenance.at(partition).forget()
        yield [change(self._target, each, record, record) for each in self._target.keys.partitions]

    def _move_slice(self, old: Partition, given: Given) -> Program[None]:
        """Moves the next slice of a partition; or less, if another mover comes further."""
        move = self._move
        before, closed, after = given.text(move), given.text(move, closed=True), given.next.text(move)
        yield from check_references(self._schema, self._target, [old])  # before anything is closed
        if (yield change(self._target, old, before, closed)) != closed:
            return
        homes = self._homes(old)
        records = yield [change(self._target, home, before, closed) for home in homes]
        if not set(records) <= {closed, after}:
            return
        if after not in records:  # else all objects of the slice have arrived
            yield from self._deliver(old, homes, given, closed)
        yield [change(self._target, home, closed, after) for home in homes]
        yield change(self._target, old, closed, after)

    def _deliver(self, old: Partition, homes: tuple[Partition, ...], given: Given, closed: bytes) -> Program[None]:
        target = self._target
        for partition in (old, *homes):
            partition.recorded = closed
            target.maintenance.at(partition).forget()
        keys: PartitionedKeys = target.keys  # type: ignore[assignment]

        def home_at(spread: int) -> Partition | None:
            is_in_slice = slice_of(spread, self._move.to, given.all) == given.slices
            return keys.at(spread & (self._move.to - 1)) if is_in_slice else None

        def home_of(pk: bytes) -> Partition | None:
            return home_at(keys.spread(pk))

        yield from carry_promises(self._schema, target, old, homes, home_of)
        yield from continue_feed(target, target, old, homes)
        yield from self._delivery.move(target, old, homes, home_of, lambda _: None)
        if target.claimed_index is not None:
            yield from carry_claims(target, old, homes, lambda text: home_at(crc32(text)))

    def _report(self, old: Partition, given: Given | None) -> None:
        """Reports the objects of all partitions before one, and of its slices that have moved."""
        if self._progress is None:
            return
        share = 1.0 if given is None else given.next.slices / given.all
        done = sum(self._sizes[: old.number]) + share * self._sizes[old.number]
        self._progress(int(done), sum(self._sizes))


def finish_slice(schema: Schema, move: Move, number: int) -> Program[None]:
    """Moves the slice of a model that is on its way from, or to, a partition, as its mover may have died.

    Args:
        schema: the model.
        move: the move.
        number: the number of the partition.
    """
    target = while_moving(schema, move.to)
    yield from MoveInSlices(schema, target, move, Delivery(target), None).finish(number)
