"""The states of the model of references, with names and times that compare equal if they mean the same."""

from __future__ import annotations

from typing import NamedTuple

from tests.protocols.exploration import Client, Names, ranks, unused

AT_ONCE = "at once"
"""The decision of a deletion that closed nothing."""


class Closing(NamedTuple):
    token: int
    parent: int | None
    """The thing that it goes with; None if somebody deletes the thing itself."""


class Tomb(NamedTuple):
    token: int
    """That of whoever finishes the deletion now."""
    decision: int | str
    """The token with which the deletion closed what goes with the thing."""


class Thing(NamedTuple):
    """What the partition of a thing knows.

    Attributes:
        incarnation: which one of those that had its name in turn; None if there is none.
        closing: set while a deletion asks whether it may.
        tomb: set from the decision until nobody refers to it any more.
        clock: counts closings and decisions.
        reference: the incarnation that it refers to.
        barred: the time before which checks of what it refers to are void.
        renewed: the time before which sweeps of what it refers to are void, since somebody took them over.
        confirmed: the incarnation that a writer was told it refers to, while there is that one.
    """

    incarnation: int | None
    closing: Closing | None = None
    tomb: Tomb | None = None
    clock: int = 0
    reference: int | None = None
    barred: int = 0
    renewed: int = 0
    confirmed: int | None = None


class Tree(NamedTuple):
    """Which things there are, at the start of a case.

    Attributes:
        targets: the number of the thing that each may refer to; None for the first.
        policies: what the deletion of that one means for it.
        referring: the things that refer at the start.
    """

    targets: tuple[int | None, ...]
    policies: tuple[str, ...]
    referring: tuple[int, ...] = ()

    def holders(self, thing):
        return [number for number, target in enumerate(self.targets) if target == thing]

    def restricts(self, thing):
        """Returns whether the deletion of a thing may be forbidden."""
        return any(
            self.policies[holder] == "restrict" or (self.policies[holder] == "cascade" and self.restricts(holder))
            for holder in self.holders(thing)
        )


class Sweep(NamedTuple):
    """A tomb that a client finishes.

    Attributes:
        is_renewed: true if it took that over.
        holder: the number of holders that have been swept.
    """

    thing: int
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
        used |= {thing.incarnation, thing.reference, thing.confirmed, *(thing.tomb or ()), *(thing.closing or ())}
    for client in state.clients:
        known = dict(client.known)
        used |= {known.get("token"), known.get("other"), known.get("incarnation")}
        for sweep in known.get("sweeps", ()):
            used |= {sweep.token, sweep.decision}
    return unused(used)


def canonical(state):
    """The state with incarnations and tokens numbered in their order of appearance, and times by rank."""
    tokens, incarnations = Names(), Names()
    times = times_of(state)
    rank = {number: ranks(some) for number, some in times.items()}
    targets = state.tree.targets

    def decided(decision):
        return decision if decision == AT_ONCE else tokens.of(decision)

    def known_again(client, name, value):
        if name in {"time", "at_least"}:
            return rank[targets[dict(client.known)["operation"][1]]][value]
        if name in {"token", "other"}:
            return tokens.of(value)
        if name == "incarnation":
            return incarnations.of(value)
        if name == "ask":
            return tuple((target, rank[target][time], holder) for target, time, holder in value)
        if name == "sweeps":
            return tuple(
                one._replace(token=tokens.of(one.token), decision=decided(one.decision), time=rank[one.thing][one.time])
                for one in value
            )
        return value

    things = tuple(
        Thing(
            incarnations.of(thing.incarnation),
            thing.closing and thing.closing._replace(token=tokens.of(thing.closing.token)),
            thing.tomb and Tomb(tokens.of(thing.tomb.token), decided(thing.tomb.decision)),
            rank[number][thing.clock],
            incarnations.of(thing.reference),
            *((0, 0) if targets[number] is None else (rank[targets[number]][one] for one in thing[5:7])),
            incarnations.of(thing.confirmed),
        )
        for number, thing in enumerate(state.things)
    )
    clients = tuple(
        client._replace(known=tuple((name, known_again(client, name, value)) for name, value in client.known))
        for client in state.clients
    )
    return State(state.tree, things, clients)


def times_of(state):
    """The times of each clock that anybody knows."""
    times = {number: {thing.clock} for number, thing in enumerate(state.things)}
    targets = state.tree.targets
    for number, thing in enumerate(state.things):
        if targets[number] is not None:
            times[targets[number]] |= {thing.barred, thing.renewed}
    for client in state.clients:
        known = dict(client.known)
        for name in ("time", "at_least"):
            if name in known:
                times[targets[known["operation"][1]]].add(known[name])
        for target, time, _ in known.get("ask", ()):
            times[target].add(time)
        for sweep in known.get("sweeps", ()):
            times[sweep.thing].add(sweep.time)
    return times
