"""The model of claims: unique values of objects in several partitions (`limpyd.claims`).

Registers, each atomic by itself:

- `claims[v]`: a partition and a nonce, or None; in the partition of the value's hash, which also has a clock
- `held[p][v]`: a primary key and a nonce, or None; in the partition of the object: its unique index
- `barred[p]`: claims made before this time of the clock are void in partition p

`python -m tests.protocols.claims_model` explores all cases, and then each broken variant until a fault shows.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.protocols.exploration import Case, Client, Names, know, put, ranks, report, unused, with_renamed

VALUES = ("v", "w")
PARTITION_OF = {"a": 0, "a2": 0, "b": 1, "z": 1, "z0": 0}
"""The partition of each object; `z` and `z0` belong to the new client that acts while all others are stopped."""
NONCES = {"nonce", "seen_nonce"}
TIMES = {"time", "tick", "at_least", "far", "since"}

VARIANTS = (
    "no bar",
    "takeover without comparing",
    "release without comparing",
    "same nonce again",
    "own partition is overwritten",
    "a barred claim is adopted",
)


class State(NamedTuple):
    claims: tuple[Any, ...]
    clock: int
    barred: tuple[int, ...]
    held: tuple[tuple[Any, ...], ...]
    values: tuple[tuple[str, str | None], ...]
    """The value of each object."""
    clients: tuple[Client, ...]
    lost: bool = False
    """The node of the claims has failed over, and nobody has restored its claims yet."""
    replica: Any = None
    """Claims, clock, `lost`, and what else is on their node, as a replica has them; None if there is none."""
    failovers: int = 0
    """How many failovers may still happen."""


class Claims:
    tick = 1
    """The steps of the clock with each claim, so that no two claims have the same time."""

    def __init__(self, broken=None):
        self.broken = broken
        self.steps = {
            name: getattr(self, name) for name in ("claim", "verify", "takeover", "write", "release", "done", "start")
        }

    def first(self, case):
        claims, held, values = [None] * len(VALUES), [[None] * len(VALUES) for _ in (0, 1)], {}
        for nonce, (pk, value) in enumerate((case.start or {}).items()):
            index = VALUES.index(value)
            claims[index] = (PARTITION_OF[pk], nonce)
            held[PARTITION_OF[pk]][index] = (pk, nonce)
            values[pk] = value
        clients = tuple(Client("start", operations) for operations in case.clients)
        entries = tuple(sorted(values.items()))
        return canonical(State(tuple(claims), 0, (0, 0), tuple(map(tuple, held)), entries, clients))

    def successors(self, state):
        for number in range(len(state.clients)):
            yield from self.moves(state, number)

    def moves(self, state, number):
        """The states that the next step of a client may lead to."""
        client = state.clients[number]

        def after(step, known=(), operations=client.operations, **registers):
            following = Client(step, operations, known)
            return canonical(state._replace(clients=put(state.clients, number, following), **registers))

        for step, known, *registers in self.steps[client.step](state, client, dict(client.known)):
            if step == "next":
                operation, pk, value = client.operations[0]
                first = "claim" if operation == "set" else "write"
                yield after(first, know(pk=pk, value=value), client.operations[1:])
            else:
                yield after(step, known, **(registers[0] if registers else {}))

    def start(self, _state, client, _known):
        if client.operations:
            yield "next", ()

    done = start

    def claim(self, state, _client, known):
        pk, value = known["pk"], known["value"]
        index, own = VALUES.index(value), PARTITION_OF[pk]
        record, time = state.claims[index], max(state.clock, known.get("at_least", 0)) + self.tick
        barred = known.get("nonce")  # the nonce of a claim of this operation that was barred
        nonce = fresh_nonce(state)
        if barred is not None and record and record[1] == barred:
            record = None
            nonce = barred if self.broken == "same nonce again" else nonce
        if self.broken == "own partition is overwritten" and record and record[0] == own:
            record = None
        if record is None:
            claims = put(state.claims, index, (own, nonce))
            yield "write", know(pk=pk, value=value, nonce=nonce, time=time), {"claims": claims, "clock": time}
        else:  # the clock ticks with the look at what is in the way, too
            tick = max(time, state.clock + 1)
            seen = know(pk=pk, value=value, seen_partition=record[0], seen_nonce=record[1], tick=tick)
            yield "verify", seen, {"clock": tick}

    def verify(self, state, _client, known):
        pk, value, other = known["pk"], known["value"], known["seen_partition"]
        holder = state.held[other][VALUES.index(value)]
        if holder is None:
            yield "claim", know(pk=pk, value=value)  # a young claim: the client waits, and looks again
            barred = put(state.barred, other, max(state.barred[other], known["tick"]))
            yield "takeover", know(**known), {} if self.broken == "no bar" else {"barred": barred}
        elif holder[0] == pk:
            yield "write", know(pk=pk, value=value)
        else:
            yield "done", know(result="taken")

    def takeover(self, state, _client, known):
        pk, value = known["pk"], known["value"]
        index = VALUES.index(value)
        seen = (known["seen_partition"], known["seen_nonce"])
        if self.may_take_over(state) and (state.claims[index] == seen or self.broken == "takeover without comparing"):
            nonce, time = fresh_nonce(state), state.clock + self.tick
            claims = put(state.claims, index, (PARTITION_OF[pk], nonce))
            yield "write", know(pk=pk, value=value, nonce=nonce, time=time), {"claims": claims, "clock": time}
        else:
            yield "claim", know(pk=pk, value=value)

    def may_take_over(self, _state):
        return True

    def write(self, state, _client, known):
        pk, value, nonce = known["pk"], known["value"], known.get("nonce")
        own = PARTITION_OF[pk]
        held, former = state.held[own], dict(state.values).get(pk)
        barred = nonce is not None and state.barred[own] > known["time"]
        index = None if value is None else VALUES.index(value)
        holder = None if value is None else held[index]
        if value == former:
            adopts = nonce is not None and nonce != holder[1] and (not barred or self.broken == VARIANTS[-1])
            entry = self.entry(pk, nonce, known) if adopts else holder
            yield (
                "done",
                know(result="ok"),
                {} if value is None else {"held": put(state.held, own, put(held, index, entry))},
            )
        elif holder is not None:
            yield self.refused(pk, value, nonce)
        elif value is not None and nonce is None:
            yield "claim", know(pk=pk, value=value)
        elif barred:
            yield "claim", know(pk=pk, value=value, nonce=nonce, at_least=state.barred[own])
        else:
            released = ()
            if former is not None:
                released = ((former, held[VALUES.index(former)][1]),)
                held = put(held, VALUES.index(former), None)
            if value is not None:
                held = put(held, index, self.entry(pk, nonce, known))
            values = tuple(sorted({**dict(state.values), pk: value}.items()))
            following = ("release", know(released=released, pk=pk)) if released else ("done", know(result="ok"))
            yield *following, {"held": put(state.held, own, held), "values": values}

    def entry(self, pk, nonce, _known):
        """Returns what the index of a partition keeps of a value."""
        return pk, nonce

    @staticmethod
    def refused(pk, value, nonce):
        if nonce is None:
            return "done", know(result="taken")
        return "release", know(pk=pk, released=((value, nonce),), then="taken")

    def release(self, state, _client, known):
        ((value, nonce),) = known["released"]
        index = VALUES.index(value)
        record, claims = state.claims[index], state.claims
        if record is not None and (record[1] == nonce or self.broken == "release without comparing"):
            claims = put(claims, index, None)
        yield "done", know(result=known.get("then", "ok")), {"claims": claims}

    def fault(self, state):
        for index, value in enumerate(VALUES):
            holders = [number for number in (0, 1) if state.held[number][index] is not None]
            if len(holders) > 1:
                return f"two owners of {value}"
            for number in holders:
                fault = self.fault_of_claim(state, index, number)
                if fault:
                    return f"{fault}: {value}"
        return fault_of_index(state)

    def fault_of_claim(self, state, index, number):
        record = state.claims[index]
        if record is None:
            return "an owner without a claim"
        if record[0] != number:
            return "a claim that leads elsewhere"
        if record[1] != state.held[number][index][1]:
            return "a claim with another nonce"
        return None

    def fault_alone(self, state):
        """Lets a new client claim a value, while all others are stopped for good; it must end, and rightly."""
        for pk in ("z", "z0"):
            new = Client("start", (("set", pk, "v"),))
            end = canonical(state._replace(clients=(*state.clients, new), failovers=0))
            for _ in range(40):
                after = list(self.moves(end, len(state.clients)))
                if not after:
                    break
                end = after[-1]  # it does not wait for ever: it takes over
            client = end.clients[-1]
            if client.step != "done":
                return "a new client does not end"
            fault = self.fault(end)
            if fault:
                return f"after a new client: {fault}"
            owned = any(held[0] is not None for held in state.held)
            if (dict(client.known)["result"] == "taken") != owned:
                return "a new client is told wrongly whether the value is free"
        return None


def fault_of_index(state):
    values = dict(state.values)
    for held in state.held:
        for index, value in enumerate(VALUES):
            if held[index] and values.get(held[index][0]) != value:
                return "an index entry without a value"
    for pk, value in state.values:
        holder = value and state.held[PARTITION_OF[pk]][VALUES.index(value)]
        if value and (holder is None or holder[0] != pk):
            return "a value without an index entry"
    return None


def fresh_nonce(state):
    """A nonce that is nowhere in the state."""
    replica = state.replica[0] if state.replica else ()
    nonces = [record[1] for record in (*state.claims, *replica) if record]
    held = (*state.held, *(state.replica[3] if state.replica else ()))
    nonces += [holder[1] for each in held if each for holder in each if holder]
    for client in state.clients:
        for name, known in client.known:
            if name in NONCES:
                nonces.append(known)
            elif name in {"released", "found"}:
                nonces += [nonce for *_, nonce in known]
    return unused(nonces)


def canonical(state):
    """The state with its nonces numbered in their order of appearance, and its times by rank."""
    names, replica = Names(), state.replica
    times = {state.clock, *state.barred} | ({replica[1]} if replica else set())
    times |= {time for time in (replica[4] if replica else ()) if time is not None}
    times |= {time for client in state.clients for name, time in client.known if name in TIMES}
    held = (*state.held, *(replica[3] if replica else ()))
    times |= {time for each in held if each for holder in each if holder for time in holder[2:]}
    rank = ranks(times)

    def renamed(records):
        return tuple(one and (one[0], names[one[1]], *(rank[time] for time in one[2:])) for one in records)

    def known_again(name, known):
        if name in NONCES:
            return name, names.of(known)
        if name in TIMES:
            return name, rank[known]
        if name in {"released", "found"}:
            return name, tuple((*rest, names[nonce]) for *rest, nonce in known)
        return name, known

    return state._replace(
        claims=renamed(state.claims),
        clock=rank[state.clock],
        barred=tuple(rank[time] for time in state.barred),
        held=tuple(map(renamed, state.held)),
        replica=replica
        and (
            renamed(replica[0]),
            rank[replica[1]],
            replica[2],
            tuple(each and renamed(each) for each in replica[3]),
            tuple(time if time is None else rank[time] for time in replica[4]),
            replica[5],
        ),
        clients=with_renamed(state.clients, known_again),
    )


def give(pk, value):
    return ("set", pk, value)


def clear(pk):
    return ("clear", pk, None)


AV, AW, BV, BW, A2V = give("a", "v"), give("a", "w"), give("b", "v"), give("b", "w"), give("a2", "v")
CASES = [
    Case("two claim one value", [(AV,), (BV,)]),
    Case("three claim one value, two of them in one partition", [(AV,), (A2V,), (BV,)]),
    Case("given up and taken", [(AW,), (BV,)], {"a": "v"}),
    Case("given up, taken, taken again by the first", [(AW, AV), (BV,)], {"a": "v"}),
    Case("one gives up, one takes for the same object, one takes", [(clear("a"),), (AV,), (BV,)], {"a": "v"}),
    Case("two swap", [(AW,), (BV,)], {"a": "v", "b": "w"}),
    Case("two swap by way of nothing", [(clear("a"), AW), (clear("b"), BV)], {"a": "v", "b": "w"}),
    Case("back and forth, three clients", [(AV, clear("a")), (BV, clear("b")), (A2V,)]),
    Case("the same object from two sides", [(AV, AW), (AW, AV)]),
    Case("the same object from three sides", [(AV,), (AW,), (AV,)]),
    Case("the same object from two sides, and another that also gives up", [(AV, clear("a")), (AV,), (BV, clear("b"))]),
    Case("three objects of two partitions swap and take", [(AW, AV), (BV, BW), (A2V,)]),
    Case("the same object from two sides, and another", [(AV, AW), (AV,), (BV,)]),
]

if __name__ == "__main__":
    report(Claims, CASES, VARIANTS)
