"""The removal of what a move leaves: copies at the destination if it is abandoned, data at the origin if it ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from limpyd.exceptions import MoveConflict
from limpyd.lua.script import Script, evalsha
from limpyd.relocation import states
from limpyd.relocation.declarations import models_to_move
from limpyd.relocation.mover import place_of
from limpyd.relocation.places import Catalog, Place, Steps
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
    swap,
)
from limpyd.requests.key_scan import KeyScan
from limpyd.requests.request import Request
from limpyd.requests.walks import Origin, attempt

REMOVE_KEYS = Script("remove_keys")
FOUND = 1000
"""About how many keys a step looks at."""


def abandon(models: Sequence[Any], database: Any, destination: Any) -> Steps[int]:
    """Gives up a move before its end: opens the models at their origin again, and removes all copies.

    Returns the number of keys that were removed at the destination.

    Raises:
        MoveConflict: the objects are at the destination already, or another call does something else.
    """
    schemas = models_to_move("abandon_migration", models, database, destination)
    there = Place({schema: schema.keys.count for schema in schemas}, destination)
    here, (root, *_) = yield from place_of(schemas, database)
    [arrival] = yield there.ask(states.state(there.root))
    move = _move_to_abandon(here, there, root, arrival)
    if move is None:
        return 0
    yield from _void(there, move)
    removed = yield from _remove_all(there, move.at(ABANDONED).record)
    yield from _reopen(here, move.token)
    yield from _forget(there, move.at(ABANDONED).record)
    return removed


def delete_migrated(models: Sequence[Any], database: Any, destination: Any) -> Steps[int]:
    """Removes the data of models from the database that their objects have left.

    The record stays, so that processes that still use this database are refused. Returns the number of keys that were
    removed.

    Raises:
        MoveConflict: its objects have not left this database for that one, or not all have arrived.
    """
    schemas = models_to_move("delete_migrated", models, database, destination)
    there = Place({schema: schema.keys.count for schema in schemas}, destination)
    here, (root, *_) = yield from place_of(schemas, database)
    [arrival] = yield there.ask(states.state(there.root))
    left = root.relocation
    if left is None or left.stage != TO or arrival.arrived != left.token:
        msg = (
            f"{here.models}: nothing is deleted at {here.name}, because not all objects have been moved from there to "
            f"{there.name}. Call migrate_to first"
        )
        raise MoveConflict(msg)
    found = yield here.ask(*(states.state(each) for each in here.catalogs))
    removed = 0
    for record in {state.record for state in found} - {b""}:
        removed += yield from _remove_all(here, record)
        yield from _forget(here, record, with_roots=False)
    yield from _empty_roots(here)
    return removed


def _empty_roots(here: Place) -> Steps[None]:
    """Leaves nothing in the catalogs of the roots but what refuses other processes, and a note of that."""
    roots = [each for each in here.catalogs if _is_root(each)]
    found = yield here.ask(*(states.state(each) for each in roots))
    names = yield here.ask(*(_names(each) for each in roots))
    kept = {RECORD, LEAVING, FORMER, b":epoch"}
    requests = []
    for catalog, state, some in zip(roots, found, names, strict=True):
        changes = {name: b"" for name in some if name not in kept}
        requests.append(swap(catalog, {RECORD: state.record}, {**changes, EMPTIED: b"1"}))
    yield here.ask(*requests)


def _is_root(catalog: Catalog) -> bool:
    return catalog.partition.meta == catalog.schema.keys.root.meta


def _move_to_abandon(here: Place, there: Place, root: State, arrival: State) -> Relocation | None:
    """Returns the move that is to be abandoned; None if there is none."""
    name, departure, found = here.models, root.departure, arrival.relocation
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
    """Has the destination refuse all calls that copy, the root of all first."""
    for some in there.stages:
        found = yield there.ask(*(states.state(each) for each in some))
        requests = []
        for catalog, state in zip(some, found, strict=True):
            before = state.relocation
            if before is not None and before.token == move.token and state.record != move.at(ABANDONED).record:
                changes = {RECORD: move.at(ABANDONED).record}
                requests.append(swap(catalog, {RECORD: state.record}, changes))
        if not all(done for done, _ in (yield there.ask(*requests))):
            msg = f"{there.models}: another call goes on with this move; stop that, and abandon the move again"
            raise MoveConflict(msg)


def _reopen(here: Place, token: bytes) -> Steps[None]:
    """Opens the origin again, the root of all last."""
    for some in reversed(here.stages):
        found = yield here.ask(*(states.state(each) for each in some))
        requests = []
        for catalog, state in zip(some, found, strict=True):
            closed, mark = state.relocation, state.departure
            if closed is not None and closed.token == token:
                changes = {RECORD: state.former, FORMER: b"", LEAVING: b""}
                requests.append(swap(catalog, {RECORD: state.record}, changes))
            elif mark is not None and mark.token == token:
                expected = {LEAVING: state.leaving, RECORD: state.record}
                requests.append(swap(catalog, expected, {LEAVING: b""}, closes=False))
        yield here.ask(*requests)


def _remove_all(place: Place, record: bytes) -> Steps[int]:
    """Removes all data but the catalogs of the partitions that have a record."""
    by_prefix = {each.partition.prefix: each for each in place.catalogs}
    patterns = [schema.keys.pattern for schema in place.schemas]
    pattern = patterns[0] if len(patterns) == 1 else b"{*"
    walk, cursor, again, removed = Origin(), b"0", True, 0
    while again or cursor != b"0":
        (after, keys), again = yield place.run(attempt(walk, _scan(pattern, cursor), cursor))
        cursor = b"0" if again else after
        found: dict[Catalog, list[bytes]] = {}
        for key in keys:
            catalog = by_prefix.get(key[: key.find(b":", key.find(b"}")) + 1])
            if catalog is not None and catalog.partition.owns(key) and key != catalog.partition.meta:
                found.setdefault(catalog, []).append(key)
        counts = yield place.ask(*(_remove(each, record, some) for each, some in found.items()))
        removed += sum(count for count in counts if count > 0)
    return removed


def _forget(place: Place, record: bytes, *, with_roots: bool = True) -> Steps[None]:
    """Removes the catalogs that have a record, that of the root of all last."""
    for some in reversed(place.stages):
        yield place.ask(
            *(_remove(each, record, [each.partition.meta]) for each in some if with_roots or not _is_root(each))
        )


def _remove(catalog: Catalog, record: bytes, keys: list[bytes]) -> Request[int]:
    args = evalsha(REMOVE_KEYS, (catalog.partition.meta,), (record, *keys))
    return Request(args, int, readonly=True, script=REMOVE_KEYS, subject=catalog.schema)


def _scan(pattern: bytes, cursor: bytes) -> Request[tuple[bytes, list[bytes]]]:
    args = (b"SCAN", cursor, b"MATCH", pattern, b"COUNT", FOUND)
    return KeyScan(args, lambda reply: (reply[0], reply[1]), readonly=True)


def _names(catalog: Catalog) -> Request[list[bytes]]:
    """Returns the names of all entries of a catalog (HKEYS)."""
    return Request((b"HKEYS", catalog.partition.meta), list, readonly=True, subject=catalog.schema)
