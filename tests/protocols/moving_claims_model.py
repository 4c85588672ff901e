"""The model of claims that move to another partition, with the slice of their values (`limpyd.repartitioning.slices`).

Registers, each atomic by itself:

- two partitions that keep the claim of the value `v`: the one that gives it, and the one that gets it. Of each what its
  record says (how much it has given, whether it is closed), its clock, and the claim, if it has it
- `held[p]`: a primary key and a nonce, or None; in the partitions of the objects, which do not move here. Of each the
  epoch, and the times before which claims of the two keepers are void
- whether the move has ended

The objects that move are explored by `online_model`. A partition that keeps the claims of its own objects has one epoch
for both, so it needs no model of its own.

`python -m tests.protocols.moving_claims_model` explores all cases, and then each broken variant until a fault shows.
"""

from __future__ import annotations

from typing import NamedTuple

from tests.protocols.exploration import Case, Client, Names, know, put, ranks, report, unused, with_renamed

GIVING, GETTING = 0, 1
PARTITION_OF = {"a": 0, "a2": 0, "b": 1, "z": 1, "z0": 0}
"""The partition of each object; `z` and `z0` belong to the new client that acts while all others are stopped."""
NONCES = {"nonce", "seen_nonce", "epoch"}
TIMES = {"time", "tick", "at_least"}
ENDED = 2
"""What a process knows of the move once it has ended; before that, the number of slices that were given: 0 or 1."""

VARIANTS = (
    "requests do not compare the record",
    "only the present keeper is barred",
    "the clock does not move",
    "only the giving partition is closed",
    "late movers are not refused",
    "the move ends without new epochs",
)


class Keeper(NamedTuple):
    given: int = 0
    closed: bool = False
    claim: tuple[int, int] | None = None
    """A partition of objects, and a nonce."""
    clock: int = 0

    @property
    def record(self):
        return self.given, self.closed


class Holder(NamedTuple):
    held: tuple[str, int] | None = None
    epoch: int = 0
    barred: tuple[int, int] = (0, 0)


class State(NamedTuple):
    keepers: tuple[Keeper, Keeper]
    holders: tuple[Holder, Holder]
    ended: bool
    values: tuple[tuple[str, str | None], ...]
    """The value of each object."""
    clients: tuple[Client, ...]


class MovingClaims:
    def __init__(self, broken=None):
        self.broken = broken

    def first(self, case):
        holders, keepers, values = [Holder(), Holder()], [Keeper(), Keeper()], {}
        for pk in case.start or ():
            values[pk] = "v"
            keepers[GIVING] = Keeper(claim=(PARTITION_OF[pk], 9))
            holders[PARTITION_OF[pk]] = Holder((pk, 9))
        clients = tuple(Client("start", operations) for operations in case.clients)
        return canonical(State(tuple(keepers), tuple(holders), False, tuple(sorted(values.items())), clients))

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
            (name, *facts), operations = operations[0], operations[1:]
            if name == "move":
                outcomes = [("close0", ())]
            else:
                outcomes = [("ask", know(pk=facts[0], value="v" if name == "set" else None))]
        else:
            outcomes = getattr(self, client.step.rstrip("01"))(state, client, dict(client.known))
        for step, known, *registers in outcomes:
            following = Client(step, operations, known)
            changed = registers[0] if registers else {}
            yield canonical(state._replace(clients=put(state.clients, number, following), **changed))

    # --- processes that write ---

    def ask(self, state, _client, known):
        """The process learns the epoch of its partition, and how far the move has come, from either keeper."""
        epoch = state.holders[PARTITION_OF[known["pk"]]].epoch
        step = "claim" if known["value"] else "write"
        views = {keeper.given for keeper in state.keepers if not keeper.closed} if not state.ended else {ENDED}
        for view in sorted(views):
            yield step, know(**{**known, "epoch": epoch, "view": view})

    def keeper(self, state, known):
        """The partition that keeps the claim, as a process takes it to be; None if that one refuses."""
        at = GETTING if known["view"] else GIVING
        found = state.keepers[at]
        is_so = found.record == (min(known["view"], 1), False)
        return (at, found) if is_so or self.broken == VARIANTS[0] else None

    def again(self, known):
        """The operation begins anew, with the nonce of the claim that it may have made."""
        kept = ("pk", "value", "nonce", "at_least")
        return "ask", know(**{name: some for name, some in known.items() if name in kept})

    def claim(self, state, _client, known):
        found = self.keeper(state, known)
        if found is None:
            yield self.again(known)
            return
        at, keeper = found
        own, record, barred = PARTITION_OF[known["pk"]], keeper.claim, known.pop("nonce", None)
        time = max(keeper.clock + 1, known.pop("at_least", 0))
        keeper = keeper._replace(clock=time)
        if record is None or record[1] == barred:
            nonce = fresh_name(state)
            keeper = keeper._replace(claim=(own, nonce))
            yield "write", know(**known, nonce=nonce, at=at, time=time), kept(state, at, keeper)
        else:
            seen = {"seen_partition": record[0], "seen_nonce": record[1], "tick": time, "at": at}
            yield "verify", know(**known, **seen), kept(state, at, keeper)

    def verify(self, state, _client, known):
        at = known["seen_partition"]
        found = state.holders[at]
        if found.held is not None:
            if found.held[0] == known["pk"]:
                yield "write", know(**{name: known[name] for name in ("pk", "value", "epoch", "view")})
            else:
                yield "done", know(result="taken")
            return
        yield self.again(known)  # a young claim: the process waits, and looks again
        barred = found.barred
        former = known["view"] == 1 and self.broken != VARIANTS[1]
        for keeper in (GIVING, GETTING) if former else (known["at"],):
            barred = put(barred, keeper, max(barred[keeper], known["tick"]))
        holders = put(state.holders, at, found._replace(barred=barred))
        yield "takeover", know(**known), {"holders": holders}

    def takeover(self, state, _client, known):
        found = self.keeper(state, known)
        seen = (known.pop("seen_partition"), known.pop("seen_nonce"))
        known.pop("tick")
        if found is None or found[1].claim != seen:
            yield self.again(known)
            return
        at, keeper = found
        nonce, time = fresh_name(state), keeper.clock + 1
        keeper = keeper._replace(claim=(PARTITION_OF[known["pk"]], nonce), clock=time)
        yield "write", know(**{**known, "nonce": nonce, "time": time, "at": at}), kept(state, at, keeper)

    def write(self, state, _client, known):
        pk, value, own = known["pk"], known["value"], PARTITION_OF[known["pk"]]
        holder, former = state.holders[own], dict(state.values).get(known["pk"])
        if holder.epoch != known["epoch"]:
            yield self.again(known)
        elif value == former:
            yield "done", know(result="ok")
        elif value and holder.held is not None:
            yield from self.given_up(known, known.get("nonce"), "taken", {})
        elif value and "nonce" not in known:
            yield self.again(known)
        elif value and holder.barred[known["at"]] > known["time"]:
            yield self.again({**known, "at_least": holder.barred[known["at"]]})
        else:
            nonce = holder.held[1] if former else None
            holder = holder._replace(held=(pk, known["nonce"]) if value else None)
            values = tuple(sorted({**dict(state.values), pk: value}.items()))
            changed = {"holders": put(state.holders, own, holder), "values": values}
            yield from self.given_up(known, nonce, "ok", changed)

    def given_up(self, known, nonce, result, changed):
        if nonce is None:
            yield "done", know(result=result), changed
        else:
            yield "release", know(nonce=nonce, view=known["view"], result=result), changed

    def release(self, state, _client, known):
        """The claim is removed; or left, if it is not where the process takes it to be."""
        found = self.keeper(state, known)
        changed = {}
        if found is not None and found[1].claim and found[1].claim[1] == known["nonce"]:
            changed = kept(state, found[0], found[1]._replace(claim=None))
        yield "done", know(result=known["result"]), changed

    # --- movers ---

    def close(self, state, client, _known):
        at = int(client.step[-1])
        found = state.keepers[at]
        if found.given:
            yield ("epoch0" if at == GIVING else "open0"), ()
            return
        skipped = at == GETTING and self.broken == VARIANTS[3]
        changed = {} if skipped else kept(state, at, found._replace(closed=True))
        yield ("close1" if at == GIVING else "carry"), (), changed

    def refuses(self, found):
        """Whether what a mover sends to a partition is refused, as others have opened it."""
        return found.record != (0, True) and self.broken not in {VARIANTS[3], VARIANTS[4]}

    def carry(self, state, _client, _known):
        """The mover reads the claim and the clock."""
        giving = state.keepers[GIVING]
        yield "arrive", know(carried=giving.claim, tick=giving.clock)

    def arrive(self, state, _client, known):
        getting, carried = state.keepers[GETTING], known["carried"]
        if self.refuses(getting):
            yield "close0", ()
            return
        clock = getting.clock if self.broken == VARIANTS[2] else max(getting.clock, known["tick"])
        getting = getting._replace(claim=carried or getting.claim, clock=clock)
        yield "drop", know(carried=carried), kept(state, GETTING, getting)

    def drop(self, state, _client, known):
        giving, carried = state.keepers[GIVING], known["carried"]
        if self.refuses(giving):
            yield "close0", ()
            return
        if carried is not None and giving.claim == carried:
            giving = giving._replace(claim=None)
        yield "open1", (), kept(state, GIVING, giving)

    def open(self, state, client, _known):
        at = int(client.step[-1])
        keeper = state.keepers[at]._replace(given=1, closed=False)
        yield ("open0" if at == GETTING else "epoch0"), (), kept(state, at, keeper)

    def epoch(self, state, client, _known):
        """What was promised before is not sent any more."""
        at = int(client.step[-1])
        changed = {}
        if self.broken != VARIANTS[5]:
            holder = state.holders[at]._replace(epoch=fresh_name(state))
            changed = {"holders": put(state.holders, at, holder)}
        yield ("epoch1" if at == 0 else "end"), (), changed

    def end(self, _state, _client, _known):
        yield "done", know(result="moved"), {"ended": True}

    # --- what is wrong ---

    def fault(self, state):
        owners = [(number, found.held) for number, found in enumerate(state.holders) if found.held is not None]
        if len(owners) > 1:
            return "two owners"
        giving, getting = state.keepers
        places = {giving.claim} if not getting.given and not giving.given and not giving.closed else {getting.claim}
        if giving.closed and not getting.given:
            places = {giving.claim, getting.claim}
        for number, (_, nonce) in owners:
            if (number, nonce) not in places:
                return "an owner without its claim"
        return None

    def fault_alone(self, state):
        """Lets a mover end, and then a new client claim the value, while all others are stopped for good."""
        for pk in ("z", "z0"):
            new = Client("start", (("move",), ("set", pk)))
            end = canonical(state._replace(clients=(*state.clients, new)))
            for _ in range(60):
                after = list(self.moves(end, len(state.clients)))
                if not after:
                    break
                end = after[-1]  # it does not wait for ever: it takes over
            if end.clients[-1].step != "done":
                return "a new client does not end"
            fault = self.fault(end)
            if fault:
                return f"after a new client: {fault}"
            owned = any(found.held is not None for found in state.holders)
            if (dict(end.clients[-1].known)["result"] == "taken") != owned:
                return "a new client is told wrongly whether the value is free"
        return None


def kept(state, at, keeper):
    return {"keepers": put(state.keepers, at, keeper)}


def fresh_name(state):
    """A nonce or an epoch that nobody has."""
    known = [keeper.claim[1] for keeper in state.keepers if keeper.claim]
    known += [name for found in state.holders for name in (found.epoch, *(found.held or ())[1:])]
    for client in state.clients:
        facts = dict(client.known)
        known += [facts[name] for name in NONCES if name in facts]
        known += (facts.get("carried") or ())[1:]
    return unused(known)


def canonical(state):
    """The state with its names numbered in their order of appearance, and its times by rank."""
    names = Names()
    times = {keeper.clock for keeper in state.keepers} | {time for found in state.holders for time in found.barred}
    times |= {known for client in state.clients for name, known in client.known if name in TIMES}
    rank = ranks(times)

    def named(pair):
        return pair and (pair[0], names[pair[1]])

    def renamed(name, known):
        if name in NONCES:
            return name, names[known]
        if name in TIMES:
            return name, rank[known]
        return name, named(known) if name == "carried" else known

    return state._replace(
        keepers=tuple(one._replace(claim=named(one.claim), clock=rank[one.clock]) for one in state.keepers),
        holders=tuple(
            Holder(named(one.held), names[one.epoch], tuple(rank[time] for time in one.barred)) for one in state.holders
        ),
        clients=with_renamed(state.clients, renamed),
    )


MOVE = (("move",),)
A, A2, B, CLEAR_A, CLEAR_B = ("set", "a"), ("set", "a2"), ("set", "b"), ("clear", "a"), ("clear", "b")
CASES = [
    Case("one claims", [MOVE, (A,)]),
    Case("it is given up", [MOVE, (CLEAR_A,)], ["a"]),
    Case("two movers", [MOVE, MOVE, (A,)]),
    Case("two claim", [MOVE, (A,), (B,)]),
    Case("it is given up and wanted", [MOVE, (CLEAR_A,), (B,)], ["a"]),
    Case("it is given up and wanted again", [MOVE, (CLEAR_A, A)], ["a"]),
    Case("two movers, and it is wanted by another", [MOVE, MOVE, (B,)], ["a"]),
    Case("two of one partition claim", [MOVE, (A,), (A2,)]),
    Case("two claim and give up", [MOVE, (A, CLEAR_A), (B,)]),
    Case("two movers, and two claim", [MOVE, MOVE, (A,), (B,)]),
]

if __name__ == "__main__":
    report(MovingClaims, CASES, VARIANTS)
