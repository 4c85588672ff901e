"""The beginning of a call: the destination is closed to all others, and the move is noted at the origin."""

from __future__ import annotations

import os

from limpyd.exceptions import MoveConflict
from limpyd.keys import Partition, to_text
from limpyd.relocation import copies, states
from limpyd.relocation.places import Place, Steps
from limpyd.relocation.states import (
    ABANDONED,
    ARRIVED,
    FORMER,
    FROM,
    LEAVING,
    OPENING,
    RECORD,
    Relocation,
    State,
    root_first,
)

TOKEN = 8
"""The bytes of a token."""


def overtaken(name: str) -> MoveConflict:
    """Returns the error of a call that cannot go on."""
    return MoveConflict(
        f"{name}: another call goes on with this move, or has abandoned it, or the objects were moved to another "
        "number of partitions meanwhile, or the server that they leave has lost its data. This call has stopped; call "
        "migrate_to again if no other one is running"
    )


class Beginning:
    """The beginning of a call.

    Args:
        record: the record of the number of partitions that the model is to have at the destination.
        origin: where the objects are.
        destination: where they go.
    """

    def __init__(self, record: bytes, origin: Place, destination: Place) -> None:
        self._name = origin.schema.name
        self._record = record
        self._origin = origin
        self._destination = destination
        self._move = Relocation(FROM, b"", 0, b"")

    def run(self, root: State, arrival: State) -> Steps[Relocation]:
        """Closes the destination to all but this call, and notes the move at the origin; returns the move.

        Args:
            root: the state of the root of the origin.
            arrival: that of the destination, which was read before.
        """
        origin, destination, departure = self._origin, self._destination, root.departure
        if departure is not None and departure.place != destination.name.encode():
            msg = (
                f"{self._name}: its objects are being moved from {origin.name} to {departure.place.decode()}. Go on "
                "there, or call abandon_migration with that database"
            )
            raise MoveConflict(msg)
        self._move = yield from self._next_call(arrival, departure)
        destination.close_to_others(self._move.at(FROM).record)
        if self._move.stage == FROM:
            yield from self._close_destination()
            yield from self._mark_origin()
            yield from self._prepare()
        return self._move

    def _next_call(self, arrival: State, departure: Relocation | None) -> Steps[Relocation]:
        """Records this call at the root of the destination, and returns it."""
        here, found = self._destination, arrival.relocation
        if found is not None and found.stage == OPENING and departure and departure.token == found.token:
            return found
        if found is not None and found.stage == FROM:
            self._check_same(found, departure)
            if departure is None:
                yield from self._check_not_lost()
            call = found._replace(call=found.call + 1)
        elif departure is not None:
            raise self._nothing_there(arrival)
        else:
            self._check_free(arrival)
            call = Relocation(FROM, os.urandom(TOKEN).hex().encode(), 1, self._origin.name.encode())
        changes = {RECORD: call.record, LEAVING: b"", FORMER: b"", states.EMPTIED: b""}
        expected = {RECORD: arrival.record, ARRIVED: arrival.arrived}
        [(done, _)] = yield here.ask(
            states.swap(here.schema, here.schema.keys.root, expected, changes, empty=found is None)
        )
        if not done:
            raise overtaken(self._name)
        return call

    def _check_same(self, found: Relocation, departure: Relocation | None) -> None:
        if (departure is not None and departure.token != found.token) or found.place != self._origin.name.encode():
            msg = (
                f"{self._name}: other objects arrive at {self._destination.name} already, from {found.place.decode()}. "
                "Finish that move, or call abandon_migration where the model is declared on that database"
            )
            raise MoveConflict(msg)

    def _check_not_lost(self) -> Steps[None]:
        """Refuses to go on if there are copies, but the origin knows nothing of the move: they may be all there is."""
        here = self._destination
        counts = yield here.ask(*(copies.count(here.schema, each) for each in here.schema.keys.partitions))
        if any(counts):
            msg = (
                f"{self._name}: {self._origin.name} knows nothing any more of the move to {here.name}, so it may have "
                "lost its data; or the objects have got another number of partitions there. Nothing is removed: there "
                f"are {sum(counts):,} copies of objects at {here.name}. If data is lost, restore it; or call "
                "abandon_migration, which removes the copies"
            )
            raise MoveConflict(msg)

    def _check_free(self, arrival: State) -> None:
        is_free = arrival.emptied or (arrival.record in {b"", self._record} and not arrival.arrived)
        if arrival.has_objects or not is_free:
            msg = (
                f"{self._name} has objects or a record at {self._destination.name} already "
                f"({self._described(arrival)}). Choose a database without objects of {self._name}, or delete them "
                f"there, and the key {to_text(self._destination.schema.keys.root.meta)!r}"
            )
            raise MoveConflict(msg)

    @staticmethod
    def _described(state: State) -> str:
        return (
            f"in {state.record.decode()} partitions" if state.record.isdigit() else state.record.decode() or "objects"
        )

    def _nothing_there(self, arrival: State) -> MoveConflict:
        msg = (
            f"{self._name}: a move from {self._origin.name} to {self._destination.name} has begun, but nothing of it "
            f"is there ({self._described(arrival)}). If that server lost its data, or the move is being abandoned, "
            "call abandon_migration, and begin again"
        )
        return MoveConflict(msg)

    def _close_destination(self) -> Steps[None]:
        here, move = self._destination, self._move
        partitions = [each for each in here.schema.keys.partitions if each.meta != here.schema.keys.root.meta]
        found = yield here.ask(*(states.state(here.schema, each) for each in partitions))
        requests = []
        for partition, state in zip(partitions, found, strict=True):
            before = state.relocation
            is_own = before is not None and before.token == move.token
            if state.arrived == move.token or (is_own and before is not None and before.call >= move.call):
                raise overtaken(self._name)
            if before is None or before.stage not in {FROM, ABANDONED}:  # else of a call that came late
                self._check_free(state)
            changes = {RECORD: move.record, LEAVING: b"", FORMER: b"", states.EMPTIED: b""}
            expected = {RECORD: state.record, ARRIVED: state.arrived}
            requests.append(states.swap(here.schema, partition, expected, changes, empty=not is_own))
        if not all(done for done, _ in (yield here.ask(*requests))):
            raise overtaken(self._name)
        [root] = yield here.ask(states.state(here.schema, here.schema.keys.root))
        if root.record != move.record:  # whoever has abandoned the move has not seen all partitions closed
            changes = {RECORD: b""}
            yield here.ask(
                *(states.swap(here.schema, each, {RECORD: move.record}, changes, empty=True) for each in partitions)
            )
            raise overtaken(self._name)

    def _mark_origin(self) -> Steps[None]:
        """Notes the move in all catalogs of the origin, first at the root."""
        here, mark = self._origin, self._move._replace(place=self._destination.name.encode()).mark
        for some in root_first(here.schema):
            found = yield here.ask(*(states.state(here.schema, each) for each in some))
            requests = []
            for each, state in zip(some, found, strict=True):
                self._check_mark(each, state)
                requests.append(states.swap(here.schema, each, {LEAVING: state.leaving}, {LEAVING: mark}, closes=False))
            if not all(done for done, _ in (yield here.ask(*requests))):
                raise overtaken(self._name)

    def _check_mark(self, partition: Partition, state: State) -> None:
        """Refuses to mark a catalog that a later call has marked; or a root that another move has marked."""
        departure, is_root = state.departure, partition.meta == self._origin.schema.keys.root.meta
        same = departure is not None and departure.token == self._move.token
        if departure is not None and ((same and departure.call >= self._move.call) or (is_root and not same)):
            raise overtaken(self._name)

    def _prepare(self) -> Steps[None]:
        here, there = self._destination, self._origin
        partitions = there.schema.keys.partitions
        known = yield there.ask(*(copies.known_keys(there.schema, each) for each in partitions))
        keys = [text for each, packed in zip(partitions, known, strict=True) for text in (each.prefix, packed or b"")]
        prepared = yield here.ask(
            *(copies.prepare(here.schema, each, self._move.record, keys) for each in here.schema.keys.partitions)
        )
        if not all(prepared):  # the move was abandoned before it was marked at the origin
            raise overtaken(self._name)
