"""The model of the feeds of changes of a partition that gives its objects to another one, in slices.

Registers, each atomic by itself:

- the two partitions, P that gives and Q that gets. In the catalog of each: how many slices have been given, and whether
  one is on its way; this is also the epoch. With them the objects and the entries of the feed; and of Q the note of up
  to where the feed of P comes first
- the group in each partition: the last entry that was given to a worker, the worker who has each of those that are not
  acknowledged, and in Q the last note that the group was found to have finished

Each slice has one object. A write makes one entry. A plain reader reads the partitions in any order, one message each,
and passes by the changes one by one; it reads a bounded number at a time. A worker of a group takes entries from the
partitions in any order, and works on them one by one; others may take over all that it has at any moment.

`python -m tests.protocols.moving_feeds_model` explores all cases, and then each broken variant until a fault shows.
"""

from __future__ import annotations

from itertools import permutations
from typing import NamedTuple

from tests.protocols.exploration import Case, Client, know, put, report

P, Q = 0, 1
READER, GROUP = 0, 1
SLICES = 2

VARIANTS = (
    "nothing is noted",
    "only the first end is noted",
    "the end is noted before the partition is closed",
    "the end is noted after the slice has opened",
    "groups are not carried",
    "readers hold nothing back",
    "readers learn of the note once",
    "readers pass what comes first in the same batch",
    "what is read does not rest on the record",
    "groups hold nothing back",
    "groups wait only until all is given",
    "late movers are not refused",
)


class Partition(NamedTuple):
    given: int = 0
    closed: bool = False
    feed: tuple[tuple[int, int], ...] = ()
    """The entries: the object, and the number of the change."""
    note: int = 0
    """Of Q, how many entries of P come first."""

    @property
    def record(self):
        """What the catalog says, which is also its epoch: each change makes another."""
        return self.given, self.closed


class Group(NamedTuple):
    """A group in a partition; None if there is none."""

    given: int = 0
    """How many entries were given to workers."""
    pending: tuple[tuple[int, int], ...] = ()
    """The entries that are not acknowledged, each with its worker."""
    finished: int = 0
    """Of Q, the note that the group was found to have finished."""


class State(NamedTuple):
    partitions: tuple[Partition, Partition]
    groups: tuple[Group | None, Group | None]
    written: tuple[int, ...]
    """How many changes of each object there are."""
    seen: tuple[tuple[int, ...], ...]
    """Of each reader, and of the group, how many changes of each object it has got: all up to there."""
    clients: tuple[Client, ...]
    wrong: str | None = None


class MovingFeeds:
    """Clients write to an object, move, read so many entries at a time from the first one, or work under a number."""

    def __init__(self, broken=None):
        self.broken = broken

    def first(self, case):
        start = dict(case.start or {})
        objects = SLICES
        entries = tuple(start.get("feed", ()))
        written = tuple(sum(entry[0] == one for entry in entries) for one in range(objects))
        group = Group(given=start.get("acknowledged", 0)) if "acknowledged" in start else None
        before = entries[: start.get("acknowledged", 0)]
        seen = ((0,) * objects, tuple(sum(entry[0] == one for entry in before) for one in range(objects)))
        clients = tuple(Client("start", operations) for operations in case.clients)
        return State((Partition(feed=entries), Partition()), (group, None), written, seen, clients)

    def successors(self, state):
        for number in range(len(state.clients)):
            yield from self.moves(state, number)

    def moves(self, state, number):
        client = state.clients[number]
        operations = client.operations
        if client.step in {"start", "done"}:
            if not operations:
                return
            first, operations = operations[0], operations[1:]
            step = {"write": "ask", "move": "close0", "read": "round", "work": "take"}[first[0]]
            outcomes = [(step, know(operation=first))]
        else:
            outcomes = getattr(self, client.step.rstrip("0123"))(state, client, dict(client.known))
        for step, known, *registers in outcomes:
            changed = registers[0] if registers else {}
            yield state._replace(clients=put(state.clients, number, Client(step, operations, known)), **changed)

    # --- writers ---

    def ask(self, state, _client, known):
        """The process learns where the object is; it waits while that is on its way."""
        for at, found in enumerate(state.partitions):
            there = known["operation"][1] < found.given
            if not found.closed and there == (at == Q):
                yield "write", know(**known, at=at, record=found.record)

    def write(self, state, _client, known):
        at, one = known["at"], known["operation"][1]
        found = state.partitions[at]
        if found.record != known["record"]:
            yield "ask", know(operation=known["operation"])
            return
        number = state.written[one] + 1
        found = found._replace(feed=(*found.feed, (one, number)))
        yield "done", (), {"partitions": put(state.partitions, at, found), "written": put(state.written, one, number)}

    # --- movers ---

    def close(self, state, client, known):
        """P is closed, then Q; then the end of the feed of P is noted in Q, and the groups are carried."""
        at = int(client.step[-1])
        found = state.partitions[at]
        number = known.get("slice", found.given)
        if number == SLICES:
            yield "done", ()
            return
        if at == P and self.broken == VARIANTS[2] and "end" not in known:
            yield "close0", know(slice=number, end=len(found.feed))
            return
        if found.given != number:
            yield ("open0", know(slice=number)) if at == Q else ("close0", ())
            return
        registers = {"partitions": put(state.partitions, at, found._replace(closed=True))}
        known = {**known, "slice": number}
        yield "close1" if at == P else "end", know(**known), registers

    def refused(self, state, known, at):
        return self.broken != VARIANTS[11] and state.partitions[at].record != (known["slice"], True)

    def end(self, state, _client, known):
        if self.refused(state, known, P):
            yield "close0", ()
            return
        ends = known.get("end", len(state.partitions[P].feed))
        yield "note", know(slice=known["slice"], end=ends, groups=state.groups[P] is not None)

    def note(self, state, _client, known):
        if self.refused(state, known, Q):
            yield "close0", ()
            return
        found, group = state.partitions[Q], state.groups[Q]
        skips = self.broken in {VARIANTS[0], VARIANTS[3]} or (self.broken == VARIANTS[1] and found.note)
        note = found.note if skips else known["end"]
        if known["groups"] and group is None and not found.feed and self.broken != VARIANTS[4]:
            group = Group()
        registers = {
            "partitions": put(state.partitions, Q, found._replace(note=note)),
            "groups": put(state.groups, Q, group),
        }
        yield "open1", know(slice=known["slice"], end=known["end"]), registers

    def open(self, state, client, known):
        at = int(client.step[-1])
        found = state.partitions[at]
        registers = {}
        if found.record == (known["slice"], True):
            found = found._replace(given=known["slice"] + 1, closed=False)
            registers = {"partitions": put(state.partitions, at, found)}
        if at == P and self.broken == VARIANTS[3] and "end" in known:
            yield "late", know(end=known["end"]), registers
        else:
            yield "open0" if at == Q else "close0", know(**known) if at == Q else (), registers

    def late(self, state, _client, known):
        found = state.partitions[Q]
        yield "close0", (), {"partitions": put(state.partitions, Q, found._replace(note=known["end"]))}

    # --- plain readers ---

    def round(self, state, _client, known):
        """A round begins: the process reads what it knows of; it learns of records when a read is refused."""
        records = known.get("records", ((0, False), None))
        places = (P, Q) if records[Q] else (P,)
        for order in permutations(places):
            yield "look", know(**{**known, "records": records, "order": order, "found": ()})

    def look(self, state, _client, known):
        """One message: it reads a partition, under its record, with the note that belongs to that."""
        at, *order = known["order"]
        found, last = state.partitions[at], known.get("last", (0, 0))
        is_believed = at == Q and self.broken == VARIANTS[8]
        if found.record != known["records"][at] and not is_believed:
            if not found.closed:  # else it waits
                yield "round", know(**{**without(known, "order", "found"), "records": learned(state, known, at)})
            return
        notes = known.get("note")
        if at == Q and (notes is None or notes[0] != known["records"][Q]):
            is_known = notes is not None and self.broken == VARIANTS[6]
            notes = notes if is_known else (known["records"][Q], found.note)
        batch = found.feed[last[at] : last[at] + known["operation"][1]]
        got = (*known["found"], (at, batch))
        more = {} if notes is None else {"note": notes}
        yield "look" if order else "sort", know(**{**known, "order": tuple(order), "found": got, **more})

    def sort(self, state, _client, known):
        """Q's entries count only if all of P's up to the note were passed by before."""
        last, got = known.get("last", (0, 0)), dict(known["found"])
        reached = last[P] + (len(got[P]) if self.broken == VARIANTS[7] else 0)
        if Q in got and known["note"][1] > reached and self.broken != VARIANTS[5]:
            got[Q] = ()
        batches = tuple((at, entry) for at in (Q, P) if at in got for entry in got[at])
        kept = {**without(known, "order", "found"), "last": last}
        if batches:
            yield "pass_by", know(**kept, left=batches)
        else:
            yield "round", know(**kept)

    def pass_by(self, state, _client, known):
        """A change is passed by. Those of the partitions come in any order but for their own."""
        left, last = known["left"], known["last"]
        for at in {place for place, _ in left}:
            number = next(number for number, (place, _) in enumerate(left) if place == at)
            rest = left[:number] + left[number + 1 :]
            registers = self.got(state, READER, left[number][1])
            kept = know(**{**known, "last": put(last, at, last[at] + 1), "left": rest})
            following = ("pass_by", kept) if rest else ("round", know(**without(dict(kept), "left")))
            yield (*following, registers)

    # --- workers of the group ---

    def take(self, state, _client, known):
        """A worker takes from one partition, or finds whether the group has finished what comes first."""
        records, worker = known.get("records", ((0, False), None)), known["operation"][1]
        kept = {**known, "records": records}
        for at in (P, Q) if records[Q] else (P,):
            found, group = state.partitions[at], state.groups[at]
            if found.record != records[at]:
                if not found.closed:
                    yield "take", know(**{**kept, "records": learned(state, kept, at)})
                continue
            if group is None:  # from now on
                yield "take", know(**kept), {"groups": put(state.groups, at, Group(len(found.feed)))}
                continue
            own = [entry for entry, other in group.pending if other == worker]
            if at == Q and kept.get("finished") == found.note:
                group = group._replace(finished=found.note)
            is_held = at == Q and found.note > group.finished and self.broken != VARIANTS[9]
            after = state.groups
            if not own and not is_held and group.given < len(found.feed):
                one = found.feed[group.given][0]
                owner = next((other for entry, other in group.pending if found.feed[entry][0] == one), worker)
                group = group._replace(given=group.given + 1, pending=(*group.pending, (group.given, owner)))
                own = [entry for entry, other in group.pending if other == worker]
            after = put(after, at, group)
            if own:
                yield "work", know(**kept, at=at, entry=own[0]), {"groups": after}
            elif after != state.groups:
                yield "take", know(**kept), {"groups": after}
            if is_held and not own:
                yield "finish", know(**{**kept, "note": found.note}), {"groups": after}
            others = {other for _, other in group.pending} - {worker}
            for other in others if not own else ():  # it counts as dead
                pending = tuple((entry, worker if each == other else each) for entry, each in group.pending)
                yield "take", know(**kept), {"groups": put(after, at, group._replace(pending=pending))}

    def finish(self, state, _client, known):
        group, note = state.groups[P], known.pop("note")
        is_finished = group.given >= note and (
            self.broken == VARIANTS[10] or all(entry >= note for entry, _ in group.pending)
        )
        yield "take", know(**{**known, "finished": note} if is_finished else known)

    def work(self, state, _client, known):
        """It does what the change needs, and then acknowledges it, if it still has it."""
        entry = state.partitions[known["at"]].feed[known["entry"]]
        yield "acknowledge", know(**known), self.got(state, GROUP, entry)

    def acknowledge(self, state, _client, known):
        at, worker = known["at"], known["operation"][1]
        group = state.groups[at]
        left = tuple(each for each in group.pending if each != (known["entry"], worker))
        kept = know(**without(known, "at", "entry"))
        yield "take", kept, {"groups": put(state.groups, at, group._replace(pending=left))}

    # --- what is wrong ---

    def got(self, state, who, entry):
        """What changes when a reader, or the group, gets a change: it may have had it, but none before is missing."""
        one, number = entry
        seen = state.seen[who]
        if number > seen[one] + 1:
            return {"wrong": "a change came before an earlier one of its object"}
        return {"seen": put(state.seen, who, put(seen, one, max(seen[one], number)))}

    def fault(self, state):
        return state.wrong

    def fault_alone(self, state):
        """Nothing is lost: whoever reads goes on to the end, after a new mover, while all others are stopped."""
        kinds = {}
        for number, client in enumerate(state.clients):
            first = dict(client.known).get("operation") or (client.operations or ((),))[0]
            kinds.setdefault(first[0] if first else None, []).append(number)
        state = state._replace(clients=(*state.clients, Client("start", (("move",),))))
        state = self.alone(state, len(state.clients) - 1)
        for number in kinds.get("read", ()):
            end = self.alone(state, number)
            if end.wrong or end.seen[READER] != state.written:
                return end.wrong or "a change is lost to a reader"
        if "work" in kinds:
            worker = Client("start", (("work", 99),))
            end = self.alone(state._replace(clients=(*state.clients, worker)), len(state.clients))
            if end.wrong or end.seen[GROUP] != state.written:
                return end.wrong or "a change is lost to the group"
        return None

    def alone(self, state, number):
        """The state in which a client can do nothing more, if only it acts, and does what is new to it."""
        seen = {state}
        while True:
            after = next((each for each in self.moves(state, number) if each not in seen), None)
            if after is None or after.wrong:
                return after or state
            seen.add(after)
            state = after


def learned(state, known, at):
    """What a process knows of the records of both partitions when one has told that it is another."""
    given = state.partitions[at].given
    return ((given, False), (given, False) if given else None)


def without(known, *names):
    return {name: value for name, value in known.items() if name not in names}


MOVE = (("move",),)
WRITE = (("write", 0),)
TWICE = (("write", 0), ("write", 0))
READ, READ_FAST = (("read", 1),), (("read", 3),)
BEHIND = {"feed": ((0, 1), (1, 1)), "acknowledged": 0}
NOTHING_LEFT = {"feed": ((0, 1),), "acknowledged": 1}
WORKER, OTHER = (("work", 1),), (("work", 2),)
CASES = [
    Case("a reader", [MOVE, WRITE, READ_FAST], NOTHING_LEFT),
    Case("a worker", [MOVE, WRITE, WORKER], NOTHING_LEFT),
    Case("a reader that is behind", [MOVE, WRITE, READ], BEHIND),
    Case("a reader of many that is behind", [MOVE, TWICE, READ_FAST], BEHIND),
    Case("a reader, and the other object", [MOVE, (("write", 0), ("write", 1), ("write", 1)), READ_FAST], None),
    Case("a reader, and two movers", [MOVE, MOVE, (("write", 1),), READ_FAST], BEHIND),
    Case("a worker that is behind", [MOVE, TWICE, WORKER], BEHIND),
    Case("a worker, and the other object", [MOVE, (("write", 1), ("write", 1)), WORKER], BEHIND),
    Case("two workers", [MOVE, WRITE, WORKER, OTHER], BEHIND),
    Case("a worker, and two movers", [MOVE, MOVE, (("write", 1), ("write", 1)), WORKER], NOTHING_LEFT),
]

SHOWN_BY = {
    **dict.fromkeys((VARIANTS[0], VARIANTS[3], VARIANTS[5], VARIANTS[7]), "a reader"),
    VARIANTS[1]: "a reader, and the other object",
    VARIANTS[2]: "a reader of many that is behind",
    VARIANTS[4]: "a worker that is behind",
    VARIANTS[6]: "a reader, and the other object",
    VARIANTS[8]: "a reader, and the other object",
    VARIANTS[9]: "a worker that is behind",
    VARIANTS[10]: "two workers",
}
"""The case that shows what is wrong with a broken variant, of those that are soon found."""

if __name__ == "__main__":
    report(MovingFeeds, CASES, VARIANTS)
