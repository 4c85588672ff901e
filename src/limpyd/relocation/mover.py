"""The move of a model's objects to another database."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from limpyd.exceptions import DifferentPartitions, LimpydError
from limpyd.indexes.maintenance.generators import OnProgress
from limpyd.keys import Partition
from limpyd.relocation import copies, states
from limpyd.relocation.beginning import Beginning, overtaken
from limpyd.relocation.declarations import check_movable
from limpyd.relocation.passes import Passes
from limpyd.relocation.places import Place, Steps
from limpyd.relocation.probes import check_place
from limpyd.relocation.states import (
    ARRIVED,
    FORMER,
    FROM,
    LEAVING,
    OPENING,
    RECORD,
    TO,
    Relocation,
    State,
    root_first,
)
from limpyd.repartitioning.fences import counter
from limpyd.repartitioning.moved_claims import move_claims
from limpyd.schema.schema import Schema


class Migrated(NamedTuple):
    """The result of `migrate_to`.

    Attributes:
        objects: how many objects there are at the destination; 0 if they had all arrived before this call.
        copied: how many copies this call made, more than one of an object that changed meanwhile.
        pause: the seconds for which writers were refused during this call, up to the opening of the destination.
        unindexed: the primary keys of objects that an index refused, each with the error. The indexes of their
            partitions count as not built; put the values right, and call `rebuild_indexes`.
    """

    objects: int
    copied: int
    pause: float
    unindexed: list[tuple[str, LimpydError]]


def migrate(schema: Schema, database: Any, destination: Any, progress: OnProgress | None) -> Steps[Migrated]:
    """Copies the objects of a model to another database, closes it here, and opens it there.

    Args:
        schema: the model, with the number of partitions that it is to have there.
        database: where its objects are.
        destination: where they go.
        progress: called with the numbers of objects that were compared, and are to be compared.
    """
    check_movable(schema, database, destination, progress)
    here = Place(schema, database, 1)
    [root] = yield here.ask(states.state(here.schema, here.schema.keys.root))
    origin = Place(schema, database, partitions_at(schema, root))
    there = Place(schema, destination, schema.keys.count)
    return (yield from _Mover(schema, origin, there, progress).run())


def partitions_at(schema: Schema, root: State) -> int:
    """Returns the number of partitions that the objects of a model are in, from the state of its root.

    Raises:
        DifferentPartitions: they are being moved to another number, arrive from another database themselves, or are in
            the partitions of another model.
    """
    relocation = root.relocation
    record = root.record if relocation is None else root.former if relocation.stage == TO else b"0"
    if record and not (record.isdigit() and int(record) > 0):
        raise states.different_partitions(schema.name, b"%d" % schema.keys.count, root.record)
    return int(record or 1)


class _Mover:
    """One call of `migrate_to`."""

    def __init__(self, schema: Schema, origin: Place, destination: Place, progress: OnProgress | None) -> None:
        self._name = schema.name
        self._record = schema.keys.record.encode()
        self._origin = origin
        self._destination = destination
        self._passes = Passes(origin, destination, progress)
        self._move = Relocation(FROM, b"", 0, b"")

    def run(self) -> Steps[Migrated]:
        origin, destination = self._origin, self._destination
        root, arrival = yield from self._roots()
        departure = root.departure
        if departure is not None and arrival.arrived == departure.token:
            return Migrated(0, 0, 0.0, [])
        if departure is None and arrival.relocation is None:
            yield from check_place(origin, destination)
        objects, pause = 0, time.monotonic()
        self._move = yield from Beginning(self._record, origin, destination).run(root, arrival)
        self._passes.mark = self._move._replace(place=destination.name.encode()).mark
        try:
            if self._move.stage == FROM:
                if root.relocation is None:
                    yield from self._passes.while_in_use()
                pause = time.monotonic()
                yield from self._close_origin()
                objects = yield from self._passes.last()
                yield destination.run(move_claims(destination.schema))
            yield from self._open()
        except DifferentPartitions as error:
            raise overtaken(self._name) from error
        return Migrated(objects, self._passes.copied, time.monotonic() - pause, self._passes.unindexed)

    def _roots(self) -> Steps[tuple[State, State]]:
        """Reads the root of the destination; and then that of the origin, which knows of all moves that have ended."""
        origin, destination = self._origin, self._destination
        [arrival] = yield destination.ask(states.state(destination.schema, destination.schema.keys.root))
        [root] = yield origin.ask(states.state(origin.schema, origin.schema.keys.root))
        return root, arrival

    def _close_origin(self) -> Steps[None]:
        """Closes the origin to all writers: first the root, so that no process begins, and then the partitions."""
        here, move = self._origin, self._move._replace(place=self._destination.name.encode())
        for some in root_first(here.schema):
            found = yield here.ask(*(states.state(here.schema, each) for each in some))
            requests = []
            for partition, state in zip(some, found, strict=True):
                closed = state.relocation
                if closed is None or closed.token != move.token:
                    expected = {RECORD: state.record, LEAVING: move.mark}
                    self._check_number(state)
                    changes = {RECORD: move.at(TO).record, FORMER: state.record}
                    requests.append(states.swap(here.schema, partition, expected, changes))
            if not all(done for done, _ in (yield here.ask(*requests))):
                raise overtaken(self._name)

    def _check_number(self, state: State) -> None:
        """Refuses to go on if objects were moved to another number of partitions meanwhile."""
        if state.record not in {b"", b"%d" % self._origin.schema.keys.count}:
            raise overtaken(self._name)

    def _open(self) -> Steps[None]:
        """Decides that the objects are at the destination from now on, and opens it."""
        here, move = self._destination, self._move
        keys = here.schema.keys
        if keys.root.meta != keys.first.meta:
            yield from self._decide(move)
        closed = yield from self._still_closed()
        counters = yield from self._counters()
        yield here.ask(*(copies.open_partition(here.schema, each, counters[each], move.token) for each in closed))
        if keys.root.meta != keys.first.meta:
            expected = {RECORD: move.at(OPENING).record}
            changes = {RECORD: self._record, ARRIVED: move.token, LEAVING: b"", FORMER: b"", states.EMPTIED: b""}
            yield here.ask(states.swap(here.schema, keys.root, expected, changes))

    def _still_closed(self) -> Steps[list[Partition]]:
        """Returns the partitions that have to be opened, after closing those again that a late call has closed anew.

        That was one of a move that had been abandoned. It took only partitions that have no objects.
        """
        here, record = self._destination, self._move.at(FROM).record
        partitions = here.schema.keys.partitions
        found = yield here.ask(*(states.state(here.schema, each) for each in partitions))
        pairs = zip(partitions, found, strict=True)
        closed = {each: state for each, state in pairs if state.arrived != self._move.token}
        taken = {each: state for each, state in closed.items() if state.record != record}
        requests = [
            states.swap(here.schema, each, {RECORD: state.record}, {RECORD: record}, empty=True)
            for each, state in taken.items()
        ]
        if not all(done for done, _ in (yield here.ask(*requests))):
            raise overtaken(self._name)
        return list(closed)

    def _decide(self, move: Relocation) -> Steps[None]:
        here = self._destination
        expected, changes = {RECORD: move.at(FROM).record}, {RECORD: move.at(OPENING).record}
        [(done, state)] = yield here.ask(states.swap(here.schema, here.schema.keys.root, expected, changes))
        if not done and state.record != move.at(OPENING).record:
            raise overtaken(self._name)

    def _counters(self) -> Steps[dict[Partition, int | None]]:
        """Returns the last automatic primary key of each partition of the destination: no number is given out twice."""
        old = self._origin.schema.keys.partitions
        found = yield self._origin.ask(*(counter(self._origin.schema, each) for each in old))
        return {new: _counter_of(new, old, found) for new in self._destination.schema.keys.partitions}


def _counter_of(new: Partition, old: Sequence[Partition], counters: Sequence[int | None]) -> int | None:
    """Returns the least number of a new partition that is not less than any that its numbers were given out with."""
    both = min(new.count, len(old))
    given = [
        last
        for each, last in zip(old, counters, strict=True)
        if last is not None and each.number % both == new.number % both
    ]
    if not given:
        return None
    last, first = max(given), new.number + 1
    return max(first, last + (first - last) % new.count)
