"""The removal of what a move leaves: copies at the destination if it is abandoned, data at the origin if it ended."""

from __future__ import annotations

from typing import Any

from limpyd.exceptions import MoveConflict
from limpyd.keys import Partition
from limpyd.lua.script import Script, evalsha
from limpyd.relocation import states
from limpyd.relocation.declarations import check_movable
from limpyd.relocation.mover import partitions_at
from limpyd.relocation.places import Place, Steps
from limpyd.relocation.states import (
    ABANDONED,
    EMPTIED,
    FORMER,
    FROM,
    LEAVING,
    OPENING,
    RECORD,
    TO,
    Relocation,
    State,
    root_first,
    swap,
)
from limpyd.requests.key_scan import KeyScan
from limpyd.requests.request import Request
from limpyd.requests.walks import Origin, attempt
from limpyd.schema.schema import Schema

REMOVE_KEYS = Script("remove_keys")
FOUND = 1000
"""About how many keys a step looks at."""


def abandon(schema: Schema, database: Any, destination: Any) -> Steps[int]:
    """Gives up a move before its end: opens the model at its origin again, and removes all copies.

    Returns the number of keys that were removed at the destination.

    Raises:
        MoveConflict: the objects are at the destination already, or another call does something else.
    """
    check_movable(schema, database, destination)
    here, there = Place(schema, database, 1), Place(schema, destination, schema.keys.count)
    [root] = yield here.ask(states.state(here.schema, here.schema.keys.root))
    [arrival] = yield there.ask(states.state(there.schema, there.schema.keys.root))
    move = _move_to_abandon(schema.name, here, there, root, arrival)
    if move is None:
        return 0
    here = Place(schema, database, partitions_at(schema, root))
    yield from _void(there, move)
    removed = yield from _remove_all(there, move.at(ABANDONED).record)
    yield from _reopen(here, move.token)
    yield from _forget(there, move.at(ABANDONED).record)
    return removed


def delete_migrated(schema: Schema, database: Any, destination: Any) -> Steps[int]:
    """Removes the data of a model from the database that its objects have left.

    The record stays, so that processes that still use this database are refused. Returns the number of keys that were
    removed.

    Raises:
        MoveConflict: its objects have not left this database for that one, or not all have arrived.
    """
    check_movable(schema, database, destination)
    here, there = Place(schema, database, 1), Place(schema, destination, schema.keys.count)
    [root] = yield here.ask(states.state(here.schema, here.schema.keys.root))
    [arrival] = yield there.ask(states.state(there.schema, there.schema.keys.root))
    left = root.relocation
    if left is None or left.stage != TO or arrival.arrived != left.token:
        msg = (
            f"{schema.name}: nothing is deleted at {here.name}, because its objects have not all been moved from there "
            f"to {there.name}. Call migrate_to first"
        )
        raise MoveConflict(msg)
    here = Place(schema, database, partitions_at(schema, root))
    found = yield here.ask(*(states.state(here.schema, each) for each in here.schema.keys.partitions))
    removed = 0
    for record in {state.record for state in found} - {b""}:
        removed += yield from _remove_all(here, record)
        yield from _forget(here, record, with_root=False)
    names = yield here.ask(_names(here))
    kept = {RECORD, LEAVING, FORMER, b":epoch"}
    changes = {name: b"" for name in names[0] if name not in kept}
    yield here.ask(swap(here.schema, here.schema.keys.root, {RECORD: root.record}, {**changes, EMPTIED: b"1"}))
    return removed


def _move_to_abandon(name: str, here: Place, there: Place, root: State, arrival: State) -> Relocation | None:
    """Returns the move that is to be abandoned; None if there is none."""
    departure, found = root.departure, arrival.relocation
    if departure is not None and departure.place != there.name.encode():
        msg = f"{name}: its objects are being moved from {here.name} to {departure.place.decode()}; pass that database"
        raise MoveConflict(msg)
    if departure is None and (found is None or found.place != here.name.encode()):
        return None
    token = found.token if departure is None and found is not None else departure.token if departure else b""
    if arrival.arrived == token or (found is not None and found.token == token and found.stage == OPENING):
        msg = (
            f"{name}: the move to {there.name} has ended, or can only go on: objects may have been written there. To "
            "bring them back, call delete_migrated, which removes the former data here, and then migrate_to with this "
            "database, where the model is declared on that one"
        )
        raise MoveConflict(msg)
    if found is not None and found.token == token:
        return found
    return Relocation(FROM, token, 0, here.name.encode())


def _void(there: Place, move: Relocation) -> Steps[None]:
    """Has the destination refuse all calls that copy, the root first."""
    for some in root_first(there.schema):
        found = yield there.ask(*(states.state(there.schema, each) for each in some))
        requests = []
        for partition, state in zip(some, found, strict=True):
            before = state.relocation
            if before is not None and before.token == move.token and state.record != move.at(ABANDONED).record:
                changes = {RECORD: move.at(ABANDONED).record}
                requests.append(swap(there.schema, partition, {RECORD: state.record}, changes))
        if not all(done for done, _ in (yield there.ask(*requests))):
            msg = f"{there.schema.name}: another call goes on with this move; stop that, and abandon the move again"
            raise MoveConflict(msg)


def _reopen(here: Place, token: bytes) -> Steps[None]:
    """Opens the origin again, the root last."""
    for some in reversed(root_first(here.schema)):
        found = yield here.ask(*(states.state(here.schema, each) for each in some))
        requests = []
        for partition, state in zip(some, found, strict=True):
            closed, mark = state.relocation, state.departure
            if closed is not None and closed.token == token:
                changes = {RECORD: state.former, FORMER: b"", LEAVING: b""}
                requests.append(swap(here.schema, partition, {RECORD: state.record}, changes))
            elif mark is not None and mark.token == token:
                expected = {LEAVING: state.leaving, RECORD: state.record}
                requests.append(swap(here.schema, partition, expected, {LEAVING: b""}, closes=False))
        yield here.ask(*requests)


def _remove_all(place: Place, record: bytes) -> Steps[int]:
    """Removes all data but the catalogs of the partitions that have a record."""
    by_prefix = {each.prefix: each for each in (place.schema.keys.root, *place.schema.keys.partitions)}
    walk, cursor, again, removed = Origin(), b"0", True, 0
    while again or cursor != b"0":
        (after, keys), again = yield place.run(attempt(walk, _scan(place, cursor), cursor))
        cursor = b"0" if again else after
        found: dict[Partition, list[bytes]] = {}
        for key in keys:
            partition = by_prefix.get(key[: key.find(b":", key.find(b"}")) + 1])
            if partition is not None and partition.owns(key) and key != partition.meta:
                found.setdefault(partition, []).append(key)
        counts = yield place.ask(*(_remove(place, each, record, some) for each, some in found.items()))
        removed += sum(count for count in counts if count > 0)
    return removed


def _forget(place: Place, record: bytes, *, with_root: bool = True) -> Steps[None]:
    """Removes the catalogs that have a record, that of the root last."""
    for some in reversed(root_first(place.schema)):
        is_root = some == [place.schema.keys.root]
        if with_root or not is_root:
            yield place.ask(*(_remove(place, each, record, [each.meta]) for each in some))


def _remove(place: Place, partition: Partition, record: bytes, keys: list[bytes]) -> Request[int]:
    args = evalsha(REMOVE_KEYS, (partition.meta,), (record, *keys))
    return Request(args, int, readonly=True, script=REMOVE_KEYS, subject=place.schema)


def _scan(place: Place, cursor: bytes) -> Request[tuple[bytes, list[bytes]]]:
    args = (b"SCAN", cursor, b"MATCH", place.schema.keys.pattern, b"COUNT", FOUND)
    return KeyScan(args, lambda reply: (reply[0], reply[1]), readonly=True)


def _names(place: Place) -> Request[list[bytes]]:
    """Returns the names of all entries of the catalog of the root (HKEYS)."""
    return Request((b"HKEYS", place.schema.keys.root.meta), list, readonly=True, subject=place.schema)
