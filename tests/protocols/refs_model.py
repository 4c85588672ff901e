"""The model of references over partitions: writers that refer to X, deletions of X, and creations of it anew.

Registers, each atomic by itself:

- in the partition of X: its incarnation, the token of a deletion that closed it, the tomb of a decided one; and a clock
- in the partition of each holder: the incarnation of X that it refers to, or None; and the time before which checks of
  X are void

`python -m tests.protocols.refs_model` explores all cases, and then each broken variant until a fault shows.
"""

from __future__ import annotations

from typing import NamedTuple

from tests.protocols.exploration import Case, Client, Names, know, put, ranks, report

HOLDERS = 2
VARIANTS = (
    "no bar",
    "commit without comparing",
    "no tomb",
    "creation over a tomb",
    "a late sweep",
    "anyone finishes",
)


class Target(NamedTuple):
    incarnation: int | None
    closing: int | None = None
    tomb: int | None = None


class State(NamedTuple):
    target: Target
    clock: int
    references: tuple[int | None, ...]
    barred: tuple[int, ...]
    confirmed: tuple[int | None, ...]
    """The incarnation of each holder's last confirmed reference, while it exists."""
    policies: frozenset[str]
    clients: tuple[Client, ...]


class References:
    def __init__(self, broken=None):
        self.broken = broken

    def first(self, case):
        references = tuple(0 if refers else None for refers in case.start or (False, False))
        policies = frozenset(op[1] for operations in case.clients for op in operations if op[0] == "delete")
        clients = tuple(Client("start", operations) for operations in case.clients)
        return State(Target(0), 0, references, (0,) * HOLDERS, references, policies, clients)

    def successors(self, state):
        for number in range(len(state.clients)):
            yield from self.moves(state, number)

    def moves(self, state, number):
        """The states that the next step of a client may lead to."""
        client = state.clients[number]
        operations = client.operations
        if client.step in {"start", "done"}:
            if not operations:
                return
            first, operations = operations[0], operations[1:]
            outcomes = [({"refer": "check", "delete": "close"}.get(first[0], first[0]), know(operation=first))]
        else:
            step = getattr(self, client.step.rstrip("01"))
            outcomes = step(state, client, dict(client.known))
        for name, known, *registers in outcomes:
            clients = put(state.clients, number, Client(name, operations, known))
            yield canonical(state._replace(clients=clients, **(registers[0] if registers else {})))

    def check(self, state, _client, known):
        target, again = state.target, know(operation=known["operation"])
        time = max(state.clock, known.get("at_least", 0))
        if target.incarnation is None:
            yield "done", know(result="absent")
        elif target.closing is not None:
            yield "check", again  # it waits
            yield "check", again, {"target": target._replace(closing=None)}  # or calls off an undecided deletion
        else:
            seen = know(operation=known["operation"], time=time, incarnation=target.incarnation)
            yield "write", seen, {"clock": time}

    def write(self, state, _client, known):
        holder, seen = known["operation"][1], known["incarnation"]
        if state.barred[holder] > known["time"] and self.broken != "no bar":
            yield "check", know(operation=known["operation"], at_least=state.barred[holder])
        else:
            yield (
                "done",
                know(result="ok"),
                {
                    "references": put(state.references, holder, seen),
                    "confirmed": put(state.confirmed, holder, seen),
                },
            )

    def clear(self, state, _client, known):
        holder = known["operation"][1]
        emptied = {name: put(getattr(state, name), holder, None) for name in ("references", "confirmed")}
        yield "done", know(result="ok"), emptied

    def close(self, state, _client, known):
        target, operation = state.target, known["operation"]
        if target.incarnation is None:
            if target.tomb is None:
                yield "done", know(result="gone")
            else:
                yield "renew", know(operation=operation, token=target.tomb, then="gone")
            return
        if target.closing is not None:
            yield "close", know(operation=operation)  # it waits for the other deletion
        token, time = fresh_name(state), state.clock + 1
        closed = {"target": target._replace(closing=token), "clock": time}
        yield "find0", know(operation=operation, token=token, time=time, found=False), closed

    def find(self, state, client, known):
        holder = int(client.step[-1])
        known["found"] = known["found"] or state.references[holder] is not None
        barred = {"barred": put(state.barred, holder, max(state.barred[holder], known["time"]))}
        if holder + 1 < HOLDERS:
            yield f"find{holder + 1}", know(**known), barred
        elif known["found"] and known["operation"][1] == "restrict":
            yield "open", know(**known), barred
        else:
            yield "commit", know(**known), barred

    def open(self, state, _client, known):
        target = state.target
        opened = target._replace(closing=None) if target.closing == known["token"] else target
        yield "done", know(result="restricted"), {"target": opened}

    def commit(self, state, _client, known):
        target, token = state.target, known["token"]
        if target.closing != token and self.broken != "commit without comparing":
            yield "close", know(operation=known["operation"])
            return
        gone = tuple(None if seen == target.incarnation else seen for seen in state.confirmed)
        if not known["found"]:
            yield "done", know(result="ok"), {"target": Target(None), "confirmed": gone}
        else:
            tomb = None if self.broken == "no tomb" else token
            swept = know(operation=known["operation"], token=token, then="ok", time=known["time"])
            yield "sweep0", swept, {"target": Target(None, None, tomb), "confirmed": gone}

    def renew(self, state, _client, known):
        """Whoever goes on with a sweep takes it over, with a later time."""
        if state.target.tomb is None:
            yield self.finished(known)
        else:
            yield "renew", know(**known)  # it waits
            token, time = fresh_name(state), state.clock + 1
            renewed = {"target": state.target._replace(tomb=token), "clock": time}
            yield "sweep0", know(**{**known, "token": token, "time": time}), renewed

    @staticmethod
    def finished(known):
        if known["then"] == "create":
            return "create", know(operation=known["operation"])
        return "done", know(result=known["then"])

    def sweep(self, state, client, known):
        holder = int(client.step[-1])
        if state.barred[holder] > known["time"] and self.broken != "a late sweep":
            yield "renew", know(**known)
        else:
            yield (
                f"sweep{holder + 1}" if holder + 1 < HOLDERS else "finish",
                know(**known),
                {
                    "references": put(state.references, holder, None),
                    "barred": put(state.barred, holder, max(state.barred[holder], known["time"])),
                },
            )

    def finish(self, state, _client, known):
        tomb = state.target.tomb
        if tomb is not None and tomb != known["token"] and self.broken != "anyone finishes":
            yield "renew", know(**known)
        else:
            yield *self.finished(known), {"target": state.target._replace(tomb=None)}

    def create(self, state, _client, known):
        target, operation = state.target, known["operation"]
        if target.incarnation is not None:
            yield "done", know(result="taken")
        elif target.tomb is not None and self.broken != "creation over a tomb":
            yield "renew", know(operation=operation, token=target.tomb, then="create")
        else:
            yield "done", know(result="ok"), {"target": target._replace(incarnation=fresh_name(state), closing=None)}

    def fault(self, state):
        target = state.target
        for seen, reference in zip(state.confirmed, state.references, strict=True):
            if seen is not None and seen == target.incarnation and reference != seen:
                return "a confirmed reference was lost"
        for reference in state.references:
            if reference is None or reference == target.incarnation:
                continue
            if target.incarnation is not None:
                return "a reference leads to another object of the same name"
            if target.tomb is None:
                return "a reference to nobody, and nothing notes it"
            if state.policies == {"restrict"}:
                return "deleted although referred to"
        return None

    def fault_alone(self, state):
        """With all others stopped, a deletion ends, nothing refers to X, and X can be created and referred to."""
        new = Client("start", (("delete", "clear"), ("create",), ("refer", 0)))
        end = canonical(state._replace(clients=(*state.clients, new)))
        for _ in range(40):
            after = list(self.moves(end, len(state.clients)))
            if not after:
                break
            end = after[-1]
        client, incarnation = end.clients[-1], end.target.incarnation
        if client.step != "done" or client.operations:
            return "a new client does not end"
        if dict(client.known)["result"] != "ok" or incarnation is None or end.references != (incarnation, None):
            return "a new client ends wrongly"
        return None


def fresh_name(state):
    """A number that is neither an incarnation nor a token of the state."""
    used = {*state.target, *state.references, *state.confirmed}
    for client in state.clients:
        used |= {value for name, value in client.known if name in {"token", "incarnation"}}
    return max((name for name in used if name is not None), default=-1) + 1


def canonical(state):
    """The state with incarnations and tokens numbered in their order of appearance, and times by rank."""
    times = {state.clock, *state.barred}
    times |= {value for client in state.clients for name, value in client.known if name in {"time", "at_least"}}
    rank, tokens, incarnations = ranks(times), Names(), Names()

    def known_again(name, value):
        if name in {"time", "at_least"}:
            return name, rank[value]
        if name in {"token", "incarnation"}:
            return name, (tokens if name == "token" else incarnations).of(value)
        return name, value

    target = state.target
    return state._replace(
        target=Target(incarnations.of(target.incarnation), tokens.of(target.closing), tokens.of(target.tomb)),
        clock=rank[state.clock],
        references=tuple(map(incarnations.of, state.references)),
        barred=tuple(rank[time] for time in state.barred),
        confirmed=tuple(map(incarnations.of, state.confirmed)),
        clients=tuple(
            client._replace(known=tuple(known_again(*pair) for pair in client.known)) for client in state.clients
        ),
    )


R0, R1, C0, C1, CREATE = ("refer", 0), ("refer", 1), ("clear", 0), ("clear", 1), ("create",)
CLEAR, RESTRICT = ("delete", "clear"), ("delete", "restrict")
CASES = [
    Case("a reference, a deletion (restrict)", [(R0,), (RESTRICT,)]),
    Case("a reference, a deletion (clear)", [(R0,), (CLEAR,)]),
    Case("two references, a deletion (clear)", [(R0,), (R1,), (CLEAR,)]),
    Case("two references, a deletion (restrict), one taken away", [(R0,), (C1, R1), (RESTRICT,)], (False, True)),
    Case("two deletions, a reference", [(R0,), (CLEAR,), (RESTRICT,)]),
    Case("deletion, creation anew, references", [(CLEAR, CREATE), (R0,), (R1,)], (True, False)),
    Case("deletion and creation by others, references", [(CLEAR,), (CREATE, R1), (R0,)], (True, False)),
    Case("two deletions and creations, a reference", [(CLEAR, CREATE), (CLEAR, CREATE), (R0,)], (True, False)),
    Case("deletion, creation by another, reference to the new one", [(CLEAR,), (CREATE, R0)], (True, False)),
    Case(
        "two deletions, creation by another, references to the new one",
        [(CLEAR,), (CLEAR, CREATE, R0), (CREATE, R1)],
        (True, False),
    ),
    Case("four at once", [(RESTRICT,), (R0, C0), (R1,), (RESTRICT,)]),
]

if __name__ == "__main__":
    report(References, CASES, VARIANTS)
