"""The states of the model of references while a model moves, with names and times that compare equal if they mean the
same."""

from __future__ import annotations

from typing import NamedTuple

from tests.protocols.exploration import Client, Names, ranks
from tests.protocols.refs_states import AT_ONCE, Closing, Tomb, Tree

OLD, NEW = 0, 1
"""The partition that a thing is in at first, and the one that it moves to."""
BEFORE, CLOSED, AFTER = range(3)
"""The records of a partition in turn, each with an epoch of its own."""


class Object(NamedTuple):
    """A thing, as it moves.

    Attributes:
        incarnation: which one of those that had its name in turn.
        reference: the incarnation that it refers to.
    """

    incarnation: int
    reference: int | None = None


class Home(NamedTuple):
    """What a partition knows of a thing; see `refs_states.Thing`.

    Attributes:
        record: how far the move of the thing has come.
        barred, renewed: by the home of what it refers to.
        parcel: the thing on its way to the other home.
    """

    record: int = BEFORE
    object: Object | None = None
    closing: Closing | None = None
    tomb: Tomb | None = None
    clock: int = 0
    barred: tuple[int, int] = (0, 0)
    renewed: tuple[int, int] = (0, 0)
    parcel: Object | None = None


class Thing(NamedTuple):
    homes: tuple[Home, Home]
    confirmed: int | None = None
    """The incarnation that a writer was told it refers to, while there is that one."""

    @property
    def object(self):
        """The thing itself, wherever it is; None if it does not exist."""
        old, new = self.homes
        return new.object or old.object or old.parcel

    @property
    def tomb(self):
        return self.homes[OLD].tomb or self.homes[NEW].tomb


class Sweep(NamedTuple):
    """A tomb that a client finishes; see `refs_states.Sweep`. It was found in a home."""

    thing: int
    home: int
    token: int
    decision: int | str
    time: int
    is_renewed: bool = False
    holder: int = 0


class State(NamedTuple):
    tree: Tree
    things: tuple[Thing, ...]
    clients: tuple[Client, ...]


def fresh_name(state):
    """A number that is neither an incarnation nor a token of the state."""
    used = set()
    for thing in state.things:
        used.add(thing.confirmed)
        for home in thing.homes:
            for some in (home.object, home.parcel, home.tomb, home.closing and home.closing[:1]):
                used |= {*(some or ())}
    for client in state.clients:
        known = dict(client.known)
        used |= {known.get("token"), known.get("other"), known.get("incarnation"), *known.get("parcel", ())}
        for sweep in known.get("sweeps", ()):
            used |= {sweep.token, sweep.decision}
    return max((name for name in used if isinstance(name, int)), default=-1) + 1


def canonical(state):
    """The state with incarnations and tokens numbered in their order of appearance, and times by rank."""
    tokens, incarnations = Names(), Names()
    rank = {place: ranks(some) for place, some in times_of(state).items()}
    targets = state.tree.targets

    def decided(decision):
        return decision if decision == AT_ONCE else tokens.of(decision)

    def named(some):
        return some and Object(incarnations.of(some.incarnation), incarnations.of(some.reference))

    def times(number, some):
        if targets[number] is None:
            return some
        return tuple(rank[targets[number], home][time] for home, time in enumerate(some))

    def known_again(name, value):
        if name in {"time", "at_least", "ticked"}:
            thing, home, time = value
            return thing, home, rank[thing, home][time]
        if name in {"token", "other"}:
            return tokens.of(value)
        if name == "parcel":
            return named(value)
        if name == "incarnation":
            return incarnations.of(value)
        if name == "ask":
            return tuple((thing, home, rank[thing, home][time], holder) for thing, home, time, holder in value)
        if name == "sweeps":
            return tuple(
                one._replace(
                    token=tokens.of(one.token),
                    decision=decided(one.decision),
                    time=rank[one.thing, one.home][one.time],
                )
                for one in value
            )
        return value

    things = tuple(
        Thing(
            tuple(
                Home(
                    home.record,
                    named(home.object),
                    home.closing and home.closing._replace(token=tokens.of(home.closing.token)),
                    home.tomb and Tomb(tokens.of(home.tomb.token), decided(home.tomb.decision)),
                    rank[number, at][home.clock],
                    times(number, home.barred),
                    times(number, home.renewed),
                    named(home.parcel),
                )
                for at, home in enumerate(thing.homes)
            ),
            incarnations.of(thing.confirmed),
        )
        for number, thing in enumerate(state.things)
    )
    clients = tuple(
        client._replace(known=tuple((name, known_again(name, value)) for name, value in client.known))
        for client in state.clients
    )
    return State(state.tree, things, clients)


def times_of(state):
    """The times of each clock that anybody knows: those of both homes of each thing."""
    times = {
        (number, at): {home.clock} for number, thing in enumerate(state.things) for at, home in enumerate(thing.homes)
    }
    for number, thing in enumerate(state.things):
        target = state.tree.targets[number]
        if target is not None:
            for home in thing.homes:
                for at in (OLD, NEW):
                    times[target, at] |= {home.barred[at], home.renewed[at]}
    for client in state.clients:
        known = dict(client.known)
        for name in ("time", "at_least", "ticked"):
            if name in known:
                thing, home, time = known[name]
                times[thing, home].add(time)
        for target, home, time, _ in known.get("ask", ()):
            times[target, home].add(time)
        for sweep in known.get("sweeps", ()):
            times[sweep.thing, sweep.home].add(sweep.time)
    return times
