"""The states of the model of relocation (relocation_model.py), and the changes of its registers."""

from __future__ import annotations

from typing import NamedTuple

from tests.protocols.exploration import Client, put

PKS = (1, 2)
HOMES = {"one": (0, 0), "two": (1, 2), "group": (0, 1)}
"""The catalog of each object: in a model of one partition, or of two; or in two models of one partition each."""
REFERS, CLEARED = "r", "none"
"""The value of an object of the first model that refers to the one of the second; and what it is without that."""
OPEN = ("open",)


class Catalog(NamedTuple):
    record: tuple | None = None
    """`("open",)`; or the stage, the token and the number of the call."""
    mark: tuple | None = None
    """The token and the number of the call of a move that has begun from here."""
    arrived: object = None
    """The token of the move that has ended here."""
    objects: tuple = (None,) * len(PKS)
    digests: tuple = (None,) * len(PKS)


class State(NamedTuple):
    kind: str
    origin: tuple[Catalog, ...]
    destination: tuple[Catalog, ...]
    truth: tuple
    """The value of each object, by its last confirmed write."""
    foreign: tuple
    """The objects at the destination that were written there before the move, and do not belong to it."""
    clients: tuple[Client, ...]
    wrong: str | None = None
    """What a client got that is not true."""
    tomb: bool = False
    """True while the deletion of the object that is referred to has not been finished at the origin."""


def stage(record):
    return record and record[0]


def result_of(state):
    client = state.clients[-1]
    return dict(client.known).get("result") if client.step == "done" else None


def refused():
    return "done", {"result": "refused"}, {}


def decided(state):
    root = state.destination[0]
    return stage(root.record) == "opening" or root.arrived is not None


def is_group(state):
    return state.kind == "group"


def changed(state, side, at, **changes):
    catalogs = getattr(state, side)
    return {side: put(catalogs, at, catalogs[at]._replace(**changes))}


def swept(state):
    """The changes that take the reference away to an object that was deleted."""
    found = state.origin[0].objects
    if found[0] != REFERS:
        return {}
    return {**changed(state, "origin", 0, objects=put(found, 0, CLEARED)), "truth": put(state.truth, 0, CLEARED)}


def copied(state, at, pk, value, digest):
    found = state.destination[at]
    objects, digests = put(found.objects, pk - 1, value), put(found.digests, pk - 1, digest)
    return changed(state, "destination", at, objects=objects, digests=digests)


def opened(state, at, call):
    return changed(state, "destination", at, record=OPEN, arrived=call[0], digests=(None,) * len(PKS))


def uniques(state):
    return [
        [each for each in found.objects if each and each[0] == "u"] for found in (*state.origin, *state.destination)
    ]


def copies_in(state):
    return [found.digests for found in state.destination]
