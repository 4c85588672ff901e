"""The beginning of a call: the destination is closed to all others, and the move is noted at the origin."""

from __future__ import annotations

import os

from limpyd.exceptions import MoveConflict
from limpyd.keys import to_text
from limpyd.relocation import copies, states
from limpyd.relocation.places import Catalog, Place, Steps
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


def with_other_models(origin: Place, name: str, place: bytes) -> MoveConflict:
    """Returns the error of a call for other models than those that a move has begun with."""
    return MoveConflict(
        f"{origin.models}: a move of {name} between {origin.name} and {place.decode()} has begun with other models "
        "than are connected by references or colocate_with now. Go on, or call abandon_migration, with a version of "
        "the program that declares the models as they were"
    )


class Beginning:
    """The beginning of a call.

    Args:
        origin: where the objects are.
        destination: where they go.
    """

    def __init__(self, origin: Place, destination: Place) -> None:
        self._name = origin.models
        self._origin = origin
        self._destination = destination
        self._move = Relocation(FROM, b"", 0, b"")

    def run(self, root: State, arrival: State) -> Steps[Relocation]:
        """Closes the destination to all but this call, and notes the move at the origin; returns the move.

        Args:
            root: the state of the origin's root.
            arrival: that of the destination's, which was read before.
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
            self._check_free(here.root, arrival)
            token = os.urandom(TOKEN).hex().encode() + self._origin.group
            call = Relocation(FROM, token, 1, self._origin.name.encode())
        changes = {RECORD: call.record, LEAVING: b"", FORMER: b"", states.EMPTIED: b""}
        expected = {RECORD: arrival.record, ARRIVED: arrival.arrived}
        [(done, _)] = yield here.ask(states.swap(here.root, expected, changes, empty=found is None))
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
        if not self._origin.is_of_these(found.token):
            raise with_other_models(self._origin, self._destination.root.schema.name, found.place)

    def _check_not_lost(self) -> Steps[None]:
        """Refuses to go on if there are copies, but the origin knows nothing of the move: they may be all there is."""
        here = self._destination
        counts = yield here.ask(*(copies.count(*each) for each in here.catalogs))
        if any(counts):
            msg = (
                f"{self._name}: {self._origin.name} knows nothing any more of the move to {here.name}, so it may have "
                "lost its data; or the objects have got another number of partitions there. Nothing is removed: there "
                f"are {sum(counts):,} copies of objects at {here.name}. If data is lost, restore it; or call "
                "abandon_migration, which removes the copies"
            )
            raise MoveConflict(msg)

    def _check_free(self, catalog: Catalog, arrival: State) -> None:
        is_free = arrival.emptied or (arrival.record in {b"", catalog.record} and not arrival.arrived)
        if arrival.has_objects or not is_free:
            name = catalog.schema.name
            msg = (
                f"{name} has objects or a record at {self._destination.name} already "
                f"({self._described(arrival)}). Choose a database without objects of {name}, or delete them "
                f"there, and the key {to_text(catalog.schema.keys.root.meta)!r}"
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
        for some in here.stages[1:]:
            yield from self._close(some)
        [root] = yield here.ask(states.state(here.root))
        if root.record != move.record:  # whoever has abandoned the move has not seen all catalogs closed
            changes = {RECORD: b""}
            for some in here.stages[1:]:
                yield here.ask(*(states.swap(each, {RECORD: move.record}, changes, empty=True) for each in some))
            raise overtaken(self._name)

    def _close(self, catalogs: list[Catalog]) -> Steps[None]:
        here, move = self._destination, self._move
        found = yield here.ask(*(states.state(each) for each in catalogs))
        requests = []
        for catalog, state in zip(catalogs, found, strict=True):
            before = state.relocation
            is_own = before is not None and before.token == move.token
            if state.arrived == move.token or (is_own and before is not None and before.call >= move.call):
                raise overtaken(self._name)
            came_late = before is not None and before.stage in {FROM, ABANDONED} and not state.has_objects
            if not (is_own or came_late):
                self._check_free(catalog, state)
            changes = {RECORD: move.record, LEAVING: b"", FORMER: b"", states.EMPTIED: b""}
            expected = {RECORD: state.record, ARRIVED: state.arrived}
            requests.append(states.swap(catalog, expected, changes, empty=not is_own))
        if not all(done for done, _ in (yield here.ask(*requests))):
            raise overtaken(self._name)

    def _mark_origin(self) -> Steps[None]:
        """Notes the move in all catalogs of the origin, first at the root."""
        here, mark = self._origin, self._move._replace(place=self._destination.name.encode()).mark
        for some in here.stages:
            found = yield here.ask(*(states.state(each) for each in some))
            requests = []
            for each, state in zip(some, found, strict=True):
                self._check_mark(each, state)
                requests.append(states.swap(each, {LEAVING: state.leaving}, {LEAVING: mark}, closes=False))
            if not all(done for done, _ in (yield here.ask(*requests))):
                raise overtaken(self._name)

    def _check_mark(self, catalog: Catalog, state: State) -> None:
        """Refuses to mark a catalog that a later call has marked; or the root of all if another move has marked it."""
        departure, is_root = state.departure, catalog == self._origin.root
        same = departure is not None and departure.token == self._move.token
        if departure is not None and ((same and departure.call >= self._move.call) or (is_root and not same)):
            raise overtaken(self._name)

    def _prepare(self) -> Steps[None]:
        here, there = self._destination, self._origin
        for source, target in zip(there.schemas, here.schemas, strict=True):
            partitions = source.keys.partitions
            known = yield there.ask(*(copies.known_keys(source, each) for each in partitions))
            keys = [
                text for each, packed in zip(partitions, known, strict=True) for text in (each.prefix, packed or b"")
            ]
            prepared = yield here.ask(
                *(copies.prepare(target, each, self._move.record, keys) for each in target.keys.partitions)
            )
            if not all(prepared):  # the move was abandoned before it was marked at the origin
                raise overtaken(self._name)
