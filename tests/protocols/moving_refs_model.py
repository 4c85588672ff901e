"""The model of references over partitions whose objects move meanwhile.

It is that of `refs_model`, in which each thing is in a partition of its own. Here a thing may be given to another
partition, with all that is known of it by its name: it, who has closed it, and its tomb. The record of each of the two
partitions says whether it has the thing, and what rests on another record is refused. A process knows where it takes
each thing to be; it may learn that a thing has moved at any moment, as another thread of it may find out.

A promise of the former partition is not barred by those who delete the thing at its new one. So the mover bars all that
the former one has promised, and all sweeps that it has begun, wherever anybody may refer to the thing, before the new
partition opens. And it brings the bars of the former partition to the new one.

`python -m tests.protocols.moving_refs_model` explores all cases, and then each broken variant until a fault shows.
"""

from __future__ import annotations

from tests.protocols.exploration import Case, Client, know, put, report
from tests.protocols.moving_refs_states import (
    AFTER,
    BEFORE,
    CLOSED,
    NEW,
    OLD,
    Home,
    Object,
    State,
    Sweep,
    Thing,
    canonical,
    fresh_name,
)
from tests.protocols.refs_cases import chain, clear, create, delete, refer, two
from tests.protocols.refs_states import AT_ONCE, Closing, Tomb, Tree

VARIANTS = (
    "a move does not bar what was promised",
    "a move does not bar sweeps",
    "bars stay",
    "closings stay",
    "tombs stay",
    "checks do not compare the record",
    "it is not barred where a holder is moving to",
    "late movers are not refused",
    "the clock does not tick",
    "it is barred after the new partition has opened",
)


class MovingReferences:
    def __init__(self, broken=None):
        self.broken = broken

    def first(self, case):
        tree = case.start
        things = tuple(
            Thing((Home(object=Object(0, 0 if number in tree.referring else None)), Home()))
            for number in range(len(tree.targets))
        )
        things = tuple(
            thing._replace(confirmed=0) if number in tree.referring else thing for number, thing in enumerate(things)
        )
        return State(tree, things, tuple(Client("start", operations) for operations in case.clients))

    def successors(self, state):
        for number in range(len(state.clients)):
            yield from self.moves(state, number)

    def moves(self, state, number):
        """The states that the next step of a client may lead to: at last that of one that does not wait."""
        client = state.clients[number]
        known = dict(client.known)
        view = known.pop("view", (OLD,) * len(state.things))
        if client.step in {"start", "done"}:
            if client.operations:
                operation, *operations = client.operations
                following = Client(
                    self.begin(state, operation), tuple(operations), know(operation=operation, view=view)
                )
                yield canonical(state._replace(clients=put(state.clients, number, following)))
            return
        for where in dict.fromkeys((view, where_all_is(state))):  # it may learn that first, from another thread
            for name, after, *changed in getattr(self, client.step)(state, dict(known), where):
                is_last = name == "done" and not client.operations
                following = Client(name, client.operations, () if is_last else know(**dict(after), view=where))
                things = changed_things(state.things, *changed)
                yield canonical(State(state.tree, things, put(state.clients, number, following)))

    @staticmethod
    def begin(state, operation):
        name, thing = operation
        if name == "delete":
            return "close" if state.tree.restricts(thing) else "commit"
        return {"refer": "check", "move": "shut"}.get(name, name)

    # --- writers ---

    def check(self, state, known, where):
        operation = known["operation"]
        target = state.tree.targets[operation[1]]
        at = where[target]
        home = state.things[target].homes[at]
        if not in_place(home, at) and self.broken != VARIANTS[5]:
            return
        *place, at_least = known.get("at_least", (target, at, 0))
        time = max(home.clock, at_least) if place == [target, at] else home.clock
        if home.object is None:
            yield "done", know(result="absent")
        elif home.closing is not None:
            yield "check", know(operation=operation)  # it waits
            yield self.settling(operation, target, home.closing, "check")
        else:
            seen = know(operation=operation, time=(target, at, time), incarnation=home.object.incarnation)
            yield "write", seen, {(target, at): home._replace(clock=time)}

    def write(self, state, known, where):
        operation, seen = known["operation"], known["incarnation"]
        number, (target, by, time) = operation[1], known["time"]
        at = where[number]
        home = state.things[number].homes[at]
        if not in_place(home, at):
            yield "check", know(operation=operation)  # it is described again
        elif home.object is None:
            yield "done", know(result="gone")
        elif home.barred[by] > time:
            yield "check", know(operation=operation, at_least=(target, by, home.barred[by]))
        else:
            there = state.things[target].object
            is_there = there is not None and there.incarnation == seen
            written = home._replace(object=home.object._replace(reference=seen))
            yield "done", know(result="ok"), {(number, at): written}, {number: seen if is_there else None}

    def clear(self, state, known, where):
        number = known["operation"][1]
        at = where[number]
        home = state.things[number].homes[at]
        if not in_place(home, at):
            return
        cleared = home._replace(object=home.object and home.object._replace(reference=None))
        yield "done", know(result="ok"), {(number, at): cleared}, {number: None}

    def create(self, state, known, where):
        operation = known["operation"]
        number = operation[1]
        at = where[number]
        home = state.things[number].homes[at]
        if not in_place(home, at):
            return
        if home.object is not None:
            yield "done", know(result="taken")
        elif home.tomb is not None:
            yield self.renewing(operation, number, "create")
        else:
            new = home._replace(object=Object(fresh_name(state)), closing=None)
            yield "done", know(result="ok"), {(number, at): new}, {number: None}

    # --- deletions: the decision ---

    def close(self, state, known, where):
        operation = known["operation"]
        number = operation[1]
        at = where[number]
        home = state.things[number].homes[at]
        if not in_place(home, at):
            return
        if home.object is None:
            yield self.absent(operation, number, home)
        elif home.closing is not None:
            yield "close", know(operation=operation)  # it waits for the other deletion
            yield self.settling(operation, number, home.closing, "close")
        else:
            token, time = fresh_name(state), home.clock + 1
            ask = tuple((number, at, time, holder) for holder in state.tree.holders(number))
            closed = {(number, at): home._replace(closing=Closing(token, None), clock=time)}
            yield "find", know(operation=operation, token=token, ask=ask, closed=(number,), found=False), closed

    def absent(self, operation, number, home):
        if home.tomb is None:
            return "done", know(result="gone")
        return self.renewing(operation, number, "gone")

    def find(self, state, known, where):
        (target, by, time, number), *ask = known["ask"]
        at = where[number]
        home = state.things[number].homes[at]
        if not in_place(home, at):
            yield "open", know(**{**known, "ask": (), "then": "close"})
            return
        home = home._replace(barred=raised(home.barred, by, time))
        again, policy = {**known, "ask": tuple(ask)}, state.tree.policies[number]
        if home.object is None or home.object.reference is None:
            pass
        elif policy == "restrict":
            yield "open", know(**{**known, "ask": (), "then": "restricted"}), {(number, at): home}
            return
        elif policy == "clear":
            again["found"] = True
        elif home.closing is not None:
            yield "open", know(**{**known, "ask": (), "then": "close", "met": number}), {(number, at): home}
            return
        else:
            later = home.clock + 1
            home = home._replace(closing=Closing(known["token"], target), clock=later)
            again["ask"] += tuple((number, at, later, next_one) for next_one in state.tree.holders(number))
            again["closed"] += (number,)
            again["found"] = True
        yield "find" if again["ask"] else "commit", know(**again), {(number, at): home}

    def open(self, state, known, where):
        """Opens one after the other what it closed, and that is still there, the last one first."""
        *left, number = known["closed"]
        at = where[number]
        home = state.things[number].homes[at]
        if not in_place(home, at):
            return
        if home.closing is not None and home.closing.token == known["token"]:
            home = home._replace(closing=None)
        operation = known["operation"]
        if left:
            after = "open", know(**{**known, "closed": tuple(left)})
        elif known["then"] == "close":
            met = known.get("met")
            closing = None if met is None else state.things[met].homes[where[met]].closing
            after = "close", know(operation=operation)
            if closing is not None and met != number:
                after = self.settling(operation, met, closing, "close")
        else:
            after = "done", know(result=known["then"])
        yield *after, {(number, at): home}

    def commit(self, state, known, where):
        operation = known["operation"]
        number = operation[1]
        at = where[number]
        home = state.things[number].homes[at]
        closes = "token" in known
        if not in_place(home, at):
            if closes:
                yield "open", know(**{**known, "then": "close"})
            return
        holders, token = state.tree.holders(number), known["token"] if closes else fresh_name(state)
        if home.object is None and not closes:
            yield self.absent(operation, number, home)
            return
        if closes and (home.closing is None or home.closing.token != token):
            yield "open", know(**{**known, "then": "close"})
            return
        time = home.clock + (self.broken != VARIANTS[8])
        decision = token if closes else AT_ONCE
        tomb = Tomb(token, decision) if holders and (not closes or known["found"]) else None
        gone = {(number, at): home._replace(object=None, closing=None, tomb=tomb, clock=time)}
        sweeps = () if tomb is None else (Sweep(number, at, token, decision, time),)
        left = tuple(one for one in known.get("closed", ()) if one != number)
        swept = know(operation=operation, sweeps=sweeps, then="ok", token=token, closed=left)
        yield *self.next_sweep(swept), gone, dict.fromkeys((number, *holders))

    # --- deletions: what follows ---

    @staticmethod
    def next_sweep(known):
        """The step after one that may have been the last."""
        now = dict(known)
        if now["sweeps"]:
            return "sweep", known
        if now.get("closed"):
            return "open", know(**{**now, "then": now["then"]})
        if now["then"] in {"ok", "gone"}:
            return "done", know(result=now["then"])
        return now["then"], know(operation=now["operation"])

    @staticmethod
    def renewing(operation, at, then):
        return "renew", know(operation=operation, at=at, then=then, sweeps=())

    def renew(self, state, known, where):
        """Whoever goes on with a sweep takes it over, with a later time."""
        number = known.pop("at")
        at = where[number]
        home = state.things[number].homes[at]
        if not in_place(home, at):
            return
        if home.tomb is None:
            yield self.next_sweep(know(**known))
            return
        yield "renew", know(**known, at=number)  # it waits
        token, time = fresh_name(state), home.clock + 1
        sweep = Sweep(number, at, token, home.tomb.decision, time, is_renewed=True)
        renewed = {(number, at): home._replace(tomb=home.tomb._replace(token=token), clock=time)}
        yield "sweep", know(**{**known, "sweeps": (*known["sweeps"], sweep)}), renewed

    def sweep(self, state, known, where):
        """Sweeps a holder, or finishes any tomb whose holders were swept."""
        sweeps = known["sweeps"]
        for number, sweep in enumerate(sweeps):
            holders = state.tree.holders(sweep.thing)
            if sweep.holder < len(holders):
                yield self.swept(state, known, number, holders[sweep.holder], where)
                return
        for number, sweep in enumerate(sweeps):
            left = {**known, "sweeps": (*sweeps[:number], *sweeps[number + 1 :])}
            home = state.things[sweep.thing].homes[sweep.home]
            is_there = sweep.home == where[sweep.thing] and in_place(home, sweep.home)
            if not is_there or (home.tomb is not None and home.tomb.token != sweep.token):
                yield "renew", know(**left, at=sweep.thing)
            else:
                yield *self.next_sweep(know(**left)), {(sweep.thing, sweep.home): home._replace(tomb=None)}

    def swept(self, state, known, number, holder, where):
        sweeps, at = known["sweeps"], where[holder]
        sweep, home = sweeps[number], state.things[holder].homes[at]
        left = {**known, "sweeps": (*sweeps[:number], *sweeps[number + 1 :])}
        if not in_place(home, at) or home.renewed[sweep.home] > sweep.time:
            return "renew", know(**left, at=sweep.thing)
        if sweep.is_renewed:
            home = home._replace(renewed=raised(home.renewed, sweep.home, sweep.time))
        home = home._replace(barred=raised(home.barred, sweep.home, sweep.time))
        more, confirmed = (), {}
        if home.object is not None and home.object.reference is not None:
            if goes(sweep, state.tree.policies[holder], home):
                token, time, holders = fresh_name(state), home.clock + 1, state.tree.holders(holder)
                tomb = Tomb(token, sweep.decision) if holders else None
                more = () if tomb is None else (Sweep(holder, at, token, sweep.decision, time),)
                confirmed = dict.fromkeys((holder, *holders))
                home = home._replace(object=None, closing=None, tomb=tomb, clock=time)
            elif state.tree.policies[holder] == "clear":
                home = home._replace(object=home.object._replace(reference=None))
        here = sweep._replace(holder=sweep.holder + 1)
        known = {**known, "sweeps": (*sweeps[:number], here, *sweeps[number + 1 :], *more)}
        return "sweep", know(**known), {(holder, at): home}, confirmed

    # --- a closing that is in the way ---

    @staticmethod
    def settling(operation, at, closing, then):
        """Before a thing is opened, it is looked up whether the deletion that closed it was decided."""
        asked = at if closing.parent is None else closing.parent
        return "settle", know(operation=operation, at=at, other=closing.token, asked=asked, then=then)

    def settle(self, state, known, where):
        asked, token, then = known["asked"], known["other"], known["then"]
        at, operation = where[asked], known["operation"]
        home = state.things[asked].homes[at]
        if not in_place(home, at):
            yield then, know(operation=operation)
            return
        known = know(**known)
        if home.tomb is not None and home.tomb.decision == token:
            yield self.renewing(operation, asked, then)
        elif home.closing is not None and home.closing.token == token:
            if home.closing.parent is None:
                yield "settle", known  # it waits
                yield "reopen", known, {(asked, at): home._replace(closing=None)}
            else:
                yield "settle", know(**{**dict(known), "asked": home.closing.parent})
        else:
            yield "reopen", known

    def reopen(self, state, known, where):
        number, token = known["at"], known["other"]
        at = where[number]
        home = state.things[number].homes[at]
        after = known["then"], know(operation=known["operation"])
        if not in_place(home, at):
            yield after
            return
        opened = home.closing is not None and home.closing.token == token
        yield *after, {(number, at): home._replace(closing=None) if opened else home}

    # --- movers ---

    def shut(self, state, known, _where):
        """The partition that gives the thing is closed, then the one that gets it."""
        number = known["operation"][1]
        old, new = state.things[number].homes
        if old.record == AFTER:
            yield "done", know(result="moved")
        elif old.record == BEFORE:
            yield "shut", know(**known), {(number, OLD): old._replace(record=CLOSED)}
        elif new.record == BEFORE:
            yield "tick", know(**known), {(number, NEW): new._replace(record=CLOSED)}
        else:
            yield "tick" if new.record == CLOSED else "release", know(**known)

    def late(self, home):
        """Returns whether a mover is too late, as another one has opened a partition."""
        return home.record != CLOSED and self.broken != VARIANTS[7]

    def tick(self, state, known, _where):
        number = known["operation"][1]
        old = state.things[number].homes[OLD]
        if self.late(old):
            yield "shut", know(operation=known["operation"])
            return
        time, left = old.clock + 1, tuple((holder, OLD) for holder in state.tree.holders(number))
        known = know(operation=known["operation"], ticked=(number, OLD, time), left=left)
        ticked = {(number, OLD): old._replace(clock=time)}
        yield "bar" if left and self.broken != VARIANTS[9] else "carry", known, ticked

    def bar(self, state, known, _where):
        """What the partition has promised becomes void wherever anybody may refer to the thing; and so do sweeps.

        That is barred in open partitions and in closed ones; and if the record of one says that it gives things away,
        in that which gets them, too.
        """
        ((holder, at), *left), (_, _, time) = known["left"], known["ticked"]
        home = state.things[holder].homes[at]
        if at == OLD and home.record != BEFORE and self.broken != VARIANTS[6]:
            left = [(holder, NEW), *left]
        if self.broken != VARIANTS[0]:
            home = home._replace(barred=raised(home.barred, OLD, time))
        if self.broken != VARIANTS[1]:
            home = home._replace(renewed=raised(home.renewed, OLD, time))
        after = "release" if self.broken == VARIANTS[9] else "carry"
        yield "bar" if left else after, know(**{**known, "left": tuple(left)}), {(holder, at): home}

    def carry(self, state, known, _where):
        """The new partition gets the bars of the former one, whose tombs and closings go there."""
        number = known["operation"][1]
        old, new = state.things[number].homes
        if self.late(old) or self.late(new):
            yield "shut", know(operation=known["operation"])
            return
        if self.broken != VARIANTS[2]:
            barred, renewed = (tuple(map(max, a, b)) for a, b in zip(old[5:7], new[5:7], strict=True))
            new = new._replace(barred=barred, renewed=renewed)
        if self.broken != VARIANTS[3]:
            new, old = new._replace(closing=old.closing or new.closing), old._replace(closing=None)
        if self.broken != VARIANTS[4]:
            new, old = new._replace(tomb=old.tomb or new.tomb), old._replace(tomb=None)
        yield "leave", know(**known), {(number, OLD): old, (number, NEW): new}

    def leave(self, state, known, _where):
        number = known["operation"][1]
        old = state.things[number].homes[OLD]
        if self.late(old):
            yield "shut", know(operation=known["operation"])
            return
        packed = old._replace(parcel=old.parcel or old.object, object=None)
        sent = know(**known, parcel=packed.parcel) if packed.parcel else know(**known)
        yield "arrive" if packed.parcel else "release", sent, {(number, OLD): packed}

    def arrive(self, state, known, _where):
        number = known["operation"][1]
        new, parcel = state.things[number].homes[NEW], known.pop("parcel")
        if self.late(new):
            yield "shut", know(operation=known["operation"])
            return
        yield "drop", know(**known), {(number, NEW): new._replace(object=new.object or parcel)}

    def drop(self, state, known, _where):
        number = known["operation"][1]
        old = state.things[number].homes[OLD]
        if self.late(old):
            yield "shut", know(operation=known["operation"])
            return
        yield "release", know(**known), {(number, OLD): old._replace(parcel=None)}

    def release(self, state, known, _where):
        """The new partition opens, then the former one."""
        number = known["operation"][1]
        old, new = state.things[number].homes
        if new.record == CLOSED:
            late = self.broken == VARIANTS[9] and known.get("left")
            yield "bar" if late else "release", know(**known), {(number, NEW): new._replace(record=AFTER)}
        elif old.record == CLOSED and new.record == AFTER:
            yield "shut", know(operation=known["operation"]), {(number, OLD): old._replace(record=AFTER)}
        else:
            yield "shut", know(operation=known["operation"])

    # --- what must hold ---

    def fault(self, state):
        tree = state.tree
        for number, thing in enumerate(state.things):
            if sum(home.object is not None for home in thing.homes) > 1:
                return "a thing is in two partitions"
            if tree.targets[number] is None:
                continue
            target, holder = state.things[tree.targets[number]], thing.object
            there = target.object and target.object.incarnation
            if thing.confirmed is not None and thing.confirmed == there != (holder and holder.reference):
                return "a confirmed reference was lost"
            if holder is None or holder.reference is None or holder.reference == there:
                continue
            if there is not None:
                return "a reference leads to another object of the same name"
            if target.tomb is None:
                return "a reference to nobody, and nothing notes it"
            if tree.policies[number] == "restrict":
                return "deleted although referred to"
        return None

    def fault_alone(self, state):
        """With all others stopped, what moves arrives, and all can be deleted, created and referred to again."""
        numbers = range(len(state.things))
        moving = [number for number in numbers if any(home.record != BEFORE for home in state.things[number].homes)]
        operations = (
            *(("move", number) for number in moving),
            *(("delete", number) for number in reversed(numbers)),
            *(("create", number) for number in numbers),
            *(("refer", number) for number in numbers if state.tree.targets[number] is not None),
        )
        end = canonical(state._replace(clients=(*state.clients, Client("start", operations))))
        for _ in range(200):
            after = list(self.moves(end, len(state.clients)))
            if not after:
                break
            end = after[-1]
        client = end.clients[-1]
        if client.step != "done" or client.operations:
            return f"a new client does not end: {client}"
        for thing, target in zip(end.things, state.tree.targets, strict=True):
            there = None if target is None else end.things[target].object
            closed = any(home.closing for home in thing.homes)
            if thing.object is None or thing.tomb or closed:
                return "a new client ends wrongly"
            if thing.object.reference != (there and there.incarnation):
                return "a new client refers to another one"
        return None


def in_place(home, at):
    """Returns whether the record of a partition says that it has its thing."""
    return home.record == (BEFORE, AFTER)[at]


def where_all_is(state):
    """The homes of all things, as their records say."""
    return tuple(NEW if thing.homes[NEW].record == AFTER else OLD for thing in state.things)


def raised(times, by, time):
    """The times of two partitions, of which one is not before another."""
    return put(times, by, max(times[by], time))


def changed_things(things, homes=None, confirmed=None):
    """The things with other homes, and other confirmed references."""
    for (number, at), home in (homes or {}).items():
        things = put(things, number, things[number]._replace(homes=put(things[number].homes, at, home)))
    for number, incarnation in (confirmed or {}).items():
        things = put(things, number, things[number]._replace(confirmed=incarnation))
    return things


def goes(sweep, policy, home):
    """Returns whether a holder goes with what it refers to."""
    if sweep.decision == AT_ONCE:
        return policy == "cascade"
    return home.closing is not None and home.closing.token == sweep.decision


def move(number=0):
    return ("move", number)


def one(policy, referring=()):
    """A holder of a thing."""
    return Tree((None, 0), ("", policy), referring)


CASES = [
    Case("a target moves (clear)", [(move(),), (refer(1),), (delete(),)], one("clear")),
    Case("a target moves (restrict)", [(move(),), (refer(1),), (delete(),)], one("restrict")),
    Case("a target moves (cascade)", [(move(),), (refer(1),), (delete(),)], one("cascade")),
    Case("a holder moves (clear)", [(move(1),), (refer(1),), (delete(),)], one("clear")),
    Case("a holder moves (restrict)", [(move(1),), (refer(1),), (delete(),)], one("restrict")),
    Case("a holder moves (cascade)", [(move(1),), (refer(1),), (delete(),)], one("cascade")),
    Case("a target moves and comes again", [(move(),), (delete(),), (create(), refer(1))], one("clear", (1,))),
    Case("a holder moves, a target comes again", [(move(1),), (delete(),), (create(), refer(1))], one("clear", (1,))),
    Case("both move (clear)", [(move(),), (move(1),), (refer(1),), (delete(),)], one("clear")),
    Case("both move (restrict)", [(move(),), (move(1),), (refer(1),), (delete(),)], one("restrict")),
    Case("two movers of a target", [(move(),), (move(),), (refer(1),), (delete(),)], one("clear")),
    Case("two movers of a holder", [(move(1),), (move(1),), (clear(1),), (delete(),)], one("clear", (1,))),
    Case(
        "two deletions of a target that moves, and comes again",
        [(move(),), (delete(), create()), (delete(),), (refer(1),)],
        one("clear", (1,)),
    ),
    Case(
        "two deletions of a target of a holder that moves",
        [(move(1),), (delete(), create()), (delete(),), (refer(1),)],
        one("clear", (1,)),
    ),
    Case("the middle of a cascade moves", [(move(1),), (delete(),), (refer(2),)], chain("clear", (1,))),
    Case("the middle of a cascade moves (restrict)", [(move(1),), (delete(),), (refer(2),)], chain("restrict", (1,))),
    Case("the target of a cascade moves (restrict)", [(move(),), (delete(),), (refer(2),)], chain("restrict", (1,))),
    Case("the end of a cascade moves (restrict)", [(move(2),), (delete(),), (refer(2),)], chain("restrict", (1,))),
    Case("the middle moves, and comes again", [(move(1),), (delete(),), (create(1), refer(2))], chain("clear", (1, 2))),
    Case("two holders of what moves", [(move(),), (refer(1),), (delete(),), (clear(2), refer(2))], two("restrict")),
]

SHOWN_BY = {
    "a move does not bar what was promised": "a target moves (clear)",
    "a move does not bar sweeps": "a target moves and comes again",
    "bars stay": "a holder moves (clear)",
    "closings stay": "the middle of a cascade moves (restrict)",
    "tombs stay": "a target moves and comes again",
    "checks do not compare the record": "a target moves (clear)",
    "the clock does not tick": "a target moves (clear)",
    "it is barred after the new partition has opened": "a target moves (clear)",
}
"""Cases that soon show what is wrong with a broken protocol."""


if __name__ == "__main__":
    report(MovingReferences, CASES, VARIANTS)
