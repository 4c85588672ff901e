"""The model of references over partitions: writers that refer to things, deletions of these, and creations anew.

A case has a few things, each in its own partition, and says which one each of them refers to, and what its deletion
means for those who refer to it: they lose the reference (`clear`), go too (`cascade`), or forbid it (`restrict`). If
anybody could forbid a deletion, all that are to go are closed before it is decided; otherwise it is decided at once.

`python -m tests.protocols.refs_model` explores all cases, and then each broken variant until a fault shows.
"""

from __future__ import annotations

from tests.protocols.exploration import Client, know, put, report
from tests.protocols.refs_cases import CASES
from tests.protocols.refs_states import AT_ONCE, Closing, State, Sweep, Thing, Tomb, canonical, fresh_name

VARIANTS = (
    "no bar",
    "no tick",
    "commit without comparing",
    "no tomb",
    "creation over a tomb",
    "a late sweep",
    "anyone finishes",
    "opened although it was decided",
)


class References:
    def __init__(self, broken=None):
        self.broken = broken

    def first(self, case):
        tree = case.start
        things = tuple(
            Thing(0, reference=0, confirmed=0) if number in tree.referring else Thing(0)
            for number in range(len(tree.targets))
        )
        return State(tree, things, tuple(Client("start", operations) for operations in case.clients))

    def successors(self, state):
        for number in range(len(state.clients)):
            yield from self.moves(state, number)

    def moves(self, state, number):
        """The states that the next step of a client may lead to: at last that of one that does not wait."""
        client = state.clients[number]
        operations = client.operations
        if client.step in {"start", "done"}:
            if not operations:
                return
            operation, operations = operations[0], operations[1:]
            outcomes = [(self.begin(state, operation), know(operation=operation))]
        else:
            outcomes = getattr(self, client.step)(state, dict(client.known))
        for name, known, *changed in outcomes:
            things = list(state.things)
            for at, thing in changed[0].items() if changed else ():
                things[at] = thing
            clients = put(state.clients, number, Client(name, operations, known))
            yield canonical(State(state.tree, tuple(things), clients))

    @staticmethod
    def begin(state, operation):
        name, thing = operation
        if name == "delete":
            return "close" if state.tree.restricts(thing) else "commit"
        return {"refer": "check"}.get(name, name)

    # --- writers ---

    def check(self, state, known):
        operation = known["operation"]
        at = state.tree.targets[operation[1]]
        target = state.things[at]
        time = max(target.clock, known.get("at_least", 0))
        if target.incarnation is None:
            yield "done", know(result="absent")
        elif target.closing is not None:
            yield "check", know(operation=operation)  # it waits
            yield self.settling(operation, at, target.closing, "check")
        else:
            seen = know(operation=operation, time=time, incarnation=target.incarnation)
            yield "write", seen, {at: target._replace(clock=time)}

    def write(self, state, known):
        operation, seen = known["operation"], known["incarnation"]
        at = operation[1]
        holder = state.things[at]
        if holder.incarnation is None:
            yield "done", know(result="gone")
        elif holder.barred > known["time"] and self.broken != "no bar":
            yield "check", know(operation=operation, at_least=holder.barred)
        else:
            alive = state.things[state.tree.targets[at]].incarnation == seen
            written = holder._replace(reference=seen, confirmed=seen if alive else None)
            yield "done", know(result="ok"), {at: written}

    def clear(self, state, known):
        at = known["operation"][1]
        yield "done", know(result="ok"), {at: state.things[at]._replace(reference=None, confirmed=None)}

    def create(self, state, known):
        operation = known["operation"]
        at = operation[1]
        thing = state.things[at]
        if thing.incarnation is not None:
            yield "done", know(result="taken")
        elif thing.tomb is not None and self.broken != "creation over a tomb":
            yield self.renewing(operation, at, "create")
        else:
            new = thing._replace(incarnation=fresh_name(state), closing=None, reference=None, confirmed=None)
            yield "done", know(result="ok"), {at: new}

    # --- deletions: the decision ---

    def close(self, state, known):
        operation = known["operation"]
        at = operation[1]
        thing = state.things[at]
        if thing.incarnation is None:
            yield self.absent(operation, at, thing)
        elif thing.closing is not None:
            yield "close", know(operation=operation)  # it waits for the other deletion
            yield self.settling(operation, at, thing.closing, "close")
        else:
            token, time = fresh_name(state), thing.clock + 1
            ask = tuple((at, time, holder) for holder in state.tree.holders(at))
            closed = {at: thing._replace(closing=Closing(token, None), clock=time)}
            yield "find", know(operation=operation, token=token, ask=ask, closed=(at,), found=False), closed

    def absent(self, operation, at, thing):
        if thing.tomb is None:
            return "done", know(result="gone")
        return self.renewing(operation, at, "gone")

    def find(self, state, known):
        (target, time, at), *ask = known["ask"]
        holder = state.things[at]
        holder = holder._replace(barred=max(holder.barred, time))
        again, policy = {**known, "ask": tuple(ask)}, state.tree.policies[at]
        if holder.incarnation is None or holder.reference is None:
            pass
        elif policy == "restrict":
            yield "open", know(**{**known, "ask": (), "then": "restricted"}), {at: holder}
            return
        elif policy == "clear":
            again["found"] = True
        elif holder.closing is not None:
            met = know(**{**known, "ask": (), "then": "close", "met": at}), {at: holder}
            yield "open", *met
            return
        else:
            later = holder.clock + 1
            holder = holder._replace(closing=Closing(known["token"], target), clock=later)
            again["ask"] += tuple((at, later, next_one) for next_one in state.tree.holders(at))
            again["closed"] += (at,)
            again["found"] = True
        yield "find" if again["ask"] else "commit", know(**again), {at: holder}

    def open(self, state, known):
        """Opens one after the other what it closed, and that is still there, the last one first."""
        *left, at = known["closed"]
        thing = state.things[at]
        if thing.closing is not None and thing.closing.token == known["token"]:
            thing = thing._replace(closing=None)
        if left:
            after = "open", know(**{**known, "closed": tuple(left)})
        elif known["then"] == "close":
            met = known.get("met")
            closing = None if met is None else state.things[met].closing
            after = "close", know(operation=known["operation"])
            if closing is not None and met != at:
                after = self.settling(known["operation"], met, closing, "close")
        else:
            after = "done", know(result=known["then"])
        yield *after, {at: thing}

    def commit(self, state, known):
        operation = known["operation"]
        at = operation[1]
        thing = state.things[at]
        holders, closes = state.tree.holders(at), "token" in known
        token = known["token"] if closes else fresh_name(state)
        if thing.incarnation is None and not closes:
            yield self.absent(operation, at, thing)
            return
        is_ours = thing.closing is not None and thing.closing.token == token
        if closes and not is_ours and (self.broken != "commit without comparing" or thing.incarnation is None):
            yield "open", know(**{**known, "then": "close"})
            return
        time = thing.clock + (self.broken != "no tick")
        gone = dict(enumerate(state.things))
        for holder in holders:
            gone[holder] = gone[holder]._replace(confirmed=None)
        decision = token if closes else AT_ONCE
        tomb = Tomb(token, decision) if holders and (not closes or known["found"]) else None
        gone[at] = thing._replace(
            incarnation=None,
            closing=None,
            tomb=None if self.broken == "no tomb" else tomb,
            clock=time,
            reference=None,
            confirmed=None,
        )
        sweeps = () if tomb is None else (Sweep(at, token, decision, time),)
        left = tuple(one for one in known.get("closed", ()) if one != at)
        swept = know(operation=operation, sweeps=sweeps, then="ok", token=token, closed=left)
        yield self.next_sweep(swept, gone)

    # --- deletions: what follows ---

    @staticmethod
    def next_sweep(known, changed=None):
        """The step after one that may have been the last."""
        now = dict(known)
        if now["sweeps"]:
            after = "sweep", known
        elif now.get("closed"):
            after = "open", know(**{**now, "then": now["then"]})
        elif now["then"] in {"ok", "gone"}:
            after = "done", know(result=now["then"])
        else:
            after = now["then"], know(operation=now["operation"])
        return after if changed is None else (*after, changed)

    @staticmethod
    def renewing(operation, at, then):
        return "renew", know(operation=operation, at=at, then=then, sweeps=())

    def renew(self, state, known):
        """Whoever goes on with a sweep takes it over, with a later time."""
        at = known.pop("at")
        thing = state.things[at]
        if thing.tomb is None:
            yield self.next_sweep(know(**known))
            return
        yield "renew", know(**known, at=at)  # it waits
        token, time = fresh_name(state), thing.clock + 1
        sweep = Sweep(at, token, thing.tomb.decision, time, is_renewed=True)
        renewed = {at: thing._replace(tomb=thing.tomb._replace(token=token), clock=time)}
        yield "sweep", know(**{**known, "sweeps": (*known["sweeps"], sweep)}), renewed

    def sweep(self, state, known):
        """Sweeps a holder, or finishes any tomb whose holders were swept."""
        sweeps = known["sweeps"]
        for number, sweep in enumerate(sweeps):
            holders = state.tree.holders(sweep.thing)
            if sweep.holder < len(holders):
                yield self.swept(state, known, number, holders[sweep.holder])
                return
        for number, sweep in enumerate(sweeps):
            left = {**known, "sweeps": (*sweeps[:number], *sweeps[number + 1 :])}
            thing = state.things[sweep.thing]
            if thing.tomb is not None and thing.tomb.token != sweep.token and self.broken != "anyone finishes":
                yield "renew", know(**left, at=sweep.thing)
            else:
                yield self.next_sweep(know(**left), {sweep.thing: thing._replace(tomb=None)})

    def swept(self, state, known, number, at):
        sweeps, holder = known["sweeps"], state.things[at]
        sweep = sweeps[number]
        left = {**known, "sweeps": (*sweeps[:number], *sweeps[number + 1 :])}
        if holder.renewed > sweep.time and self.broken != "a late sweep":
            return "renew", know(**left, at=sweep.thing)
        renewed = max(holder.renewed, sweep.time) if sweep.is_renewed else holder.renewed
        holder = holder._replace(barred=max(holder.barred, sweep.time), renewed=renewed)
        more = ()
        if holder.incarnation is not None and holder.reference is not None:
            policy, changed = state.tree.policies[at], {}
            if goes(sweep, policy, holder):
                token, time = fresh_name(state), holder.clock + 1
                tomb = Tomb(token, sweep.decision) if state.tree.holders(at) else None
                more = () if tomb is None else (Sweep(at, token, sweep.decision, time),)
                for one in state.tree.holders(at):
                    changed[one] = state.things[one]._replace(confirmed=None)
                holder = holder._replace(incarnation=None, closing=None, tomb=tomb, clock=time, reference=None)
            elif policy == "clear":
                holder = holder._replace(reference=None)
        else:
            changed = {}
        here = sweep._replace(holder=sweep.holder + 1)
        known = {**known, "sweeps": (*sweeps[:number], here, *sweeps[number + 1 :], *more)}
        return "sweep", know(**known), {**changed, at: holder}

    # --- a closing that is in the way ---

    @staticmethod
    def settling(operation, at, closing, then):
        """Before a thing is opened, it is looked up whether the deletion that closed it was decided."""
        asked = at if closing.parent is None else closing.parent
        return "settle", know(operation=operation, at=at, other=closing.token, asked=asked, then=then)

    def settle(self, state, known):
        at, asked, token, then = known["at"], known["asked"], known["other"], known["then"]
        operation = known["operation"]
        thing = state.things[asked]
        known = know(**known)
        if asked != at and self.broken == "opened although it was decided":
            yield "reopen", known
        elif thing.tomb is not None and thing.tomb.decision == token:
            yield self.renewing(operation, asked, then)
        elif thing.closing is not None and thing.closing.token == token:
            if thing.closing.parent is None:
                yield "settle", known  # it waits
                yield "reopen", known, {asked: thing._replace(closing=None)}
            else:
                yield "settle", know(**{**dict(known), "asked": thing.closing.parent})
        else:
            yield "reopen", known

    def reopen(self, state, known):
        at, token = known["at"], known["other"]
        thing = state.things[at]
        opened = thing.closing is not None and thing.closing.token == token
        after = known["then"], know(operation=known["operation"])
        yield *after, {at: thing._replace(closing=None) if opened else thing}

    # --- what must hold ---

    def fault(self, state):
        tree = state.tree
        for number, holder in enumerate(state.things):
            if tree.targets[number] is None:
                continue
            target = state.things[tree.targets[number]]
            if holder.confirmed is not None and holder.confirmed == target.incarnation != holder.reference:
                return "a confirmed reference was lost"
            if holder.incarnation is None:
                continue
            if holder.reference is None or holder.reference == target.incarnation:
                continue
            if target.incarnation is not None:
                return "a reference leads to another object of the same name"
            if target.tomb is None:
                return "a reference to nobody, and nothing notes it"
            if tree.policies[number] == "restrict":
                return "deleted although referred to"
        return None

    def fault_alone(self, state):
        """With all others stopped, all can be deleted, the last one first, and created and referred to again."""
        numbers = range(len(state.things))
        operations = (
            *(("delete", number) for number in reversed(numbers)),
            *(("create", number) for number in numbers),
            *(("refer", number) for number in numbers if state.tree.targets[number] is not None),
        )
        end = canonical(state._replace(clients=(*state.clients, Client("start", operations))))
        for _ in range(100):
            after = list(self.moves(end, len(state.clients)))
            if not after:
                break
            end = after[-1]
        client = end.clients[-1]
        if client.step != "done" or client.operations:
            return f"a new client does not end: {client}"
        for thing, target in zip(end.things, state.tree.targets, strict=True):
            refers_to = None if target is None else end.things[target].incarnation
            if thing.incarnation is None or thing.reference != refers_to or thing.tomb or thing.closing:
                return "a new client ends wrongly"
        return None


def goes(sweep, policy, holder):
    """Returns whether a holder goes with what it refers to."""
    if sweep.decision == AT_ONCE:
        return policy == "cascade"
    return holder.closing is not None and holder.closing.token == sweep.decision


if __name__ == "__main__":
    report(References, CASES, VARIANTS)
