"""The decision that the objects are at their destination from now on, and the opening of the models there."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from limpyd.keys import Partition
from limpyd.relocation import copies, states
from limpyd.relocation.beginning import overtaken
from limpyd.relocation.places import Catalog, Place, Steps
from limpyd.relocation.states import ARRIVED, FORMER, FROM, LEAVING, OPENING, RECORD, Relocation, State
from limpyd.repartitioning.fences import counter
from limpyd.requests.request import Request
from limpyd.schema.schema import Schema
from limpyd.targets.requests import record


class Opening:
    """The opening of all models at their destination.

    Args:
        move: the move.
        origin: where their objects were.
        destination: where they are.
    """

    def __init__(self, move: Relocation, origin: Place, destination: Place) -> None:
        self._move = move
        self._origin = origin
        self._destination = destination

    def run(self) -> Steps[None]:
        """Decides, at the root of all, and opens all catalogs, that of the root last.

        A model that moves alone, and has one partition, is open when it is decided.
        """
        here, move = self._destination, self._move
        root, others = here.root, [each for some in here.stages[1:] for each in some]
        if others:
            yield from self._decide()
        closed = yield from self._still_closed(others)
        yield from self._record_references({each.partition for each in others} - {each.partition for each in closed})
        counters = yield from self._counters()
        yield here.ask(*(self._open(each, counters) for each in closed if each.partition in counters))
        roots = (self._open_root(each, FROM) for each in closed if each.partition not in counters)
        yield here.ask(*roots)
        if others and root.partition in counters:
            root.partition.recorded = move.at(OPENING).record
            root.schema.maintenance.at(root.partition).forget()
        yield here.ask(self._open(root, counters) if root.partition in counters else self._open_root(root, OPENING))

    def _decide(self) -> Steps[None]:
        here, move = self._destination, self._move
        expected, changes = {RECORD: move.at(FROM).record}, {RECORD: move.at(OPENING).record}
        [(done, state)] = yield here.ask(states.swap(here.root, expected, changes))
        if not done and state.record != move.at(OPENING).record:
            raise overtaken(here.models)

    def _still_closed(self, catalogs: Sequence[Catalog]) -> Steps[list[Catalog]]:
        """Returns the catalogs that have to be opened, after closing those again that a late call has closed anew.

        That was one of a move that had been abandoned. It took only partitions that have no objects.
        """
        here, record = self._destination, self._move.at(FROM).record
        found = yield here.ask(*(states.state(each) for each in catalogs))
        closed = [
            (each, state) for each, state in zip(catalogs, found, strict=True) if state.arrived != self._move.token
        ]
        requests = [
            states.swap(each, {RECORD: state.record}, {RECORD: record}, empty=True)
            for each, state in closed
            if state.record != record
        ]
        if not all(done for done, _ in (yield here.ask(*requests))):
            raise overtaken(here.models)
        return [each for each, _ in closed]

    def _record_references(self, opened: AbstractSet[Partition]) -> Steps[None]:
        """Records references to other partitions, as writes would; those within a partition are recorded already.

        A call that was stopped has recorded those to the partitions that it has opened. They have another record now.
        """
        yield self._destination.ask(
            *(
                record(schema, target, partition)
                for schema in self._destination.schemas
                for target in schema.targets.values()
                for partition in target.keys.partitions
                if partition not in opened
            )
        )

    def _open(self, catalog: Catalog, counters: dict[Partition, int | None]) -> Request[int]:
        return copies.open_partition(*catalog, counters[catalog.partition], self._move.token)

    def _open_root(self, catalog: Catalog, stage: bytes) -> Request[tuple[bool, State]]:
        changes = {
            RECORD: catalog.record,
            ARRIVED: self._move.token,
            LEAVING: b"",
            FORMER: b"",
            states.EMPTIED: b"",
        }
        return states.swap(catalog, {RECORD: self._move.at(stage).record}, changes)

    def _counters(self) -> Steps[dict[Partition, int | None]]:
        """Returns the last automatic primary key of each partition of the destination: no number is given out twice."""
        counters: dict[Partition, int | None] = {}
        for source, target in zip(self._origin.schemas, self._destination.schemas, strict=True):
            counters.update((yield from self._counters_of(source, target)))
        return counters

    def _counters_of(self, source: Schema, target: Schema) -> Steps[dict[Partition, int | None]]:
        old = source.keys.partitions
        found = yield self._origin.ask(*(counter(source, each) for each in old))
        return {new: counter_of(new, old, found) for new in target.keys.partitions}


def counter_of(new: Partition, old: Sequence[Partition], counters: Sequence[int | None]) -> int | None:
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
