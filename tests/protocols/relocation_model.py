"""The model of relocation: the objects of a model move from one server to another while they are in use.

Registers, each atomic by itself: the catalogs of the model at its origin and at its destination. A model of one
partition has one catalog on either side. A model of two has three: the first one, the root, is the record of their
number. Two models of one partition that move together have two, of which the first one is the root of both.
A catalog has the record, with which the epoch changes, so a request that rests on an epoch is one that is
refused unless the record is as its client has read it. Beside it are the objects of the partition; at the origin the
mark of a move; at the destination the digests of copies, and the token of a move that has ended.

Clients are writers on either side, movers, and those who abandon the move. Values that begin with `u` are unique within
a partition. An object of the first of two models may refer to one of the second, whose deletion takes two steps, and
leaves a tomb until the second one. A step is one request of the implementation; a read of a catalog and the change that
compares what it has read count as one.

`python -m tests.protocols.relocation_model` explores all cases, and then each broken variant until a fault shows.
"""

from __future__ import annotations

from tests.protocols.exploration import Client, know, put, report
from tests.protocols.relocation_cases import CASES, VARIANTS
from tests.protocols.relocation_movers import Movers
from tests.protocols.relocation_removal import Removal
from tests.protocols.relocation_states import (
    HOMES,
    OPEN,
    PKS,
    REFERS,
    Catalog,
    State,
    changed,
    copies_in,
    decided,
    is_group,
    refused,
    result_of,
    stage,
    swept,
    uniques,
)


class Relocation(Movers, Removal):
    def __init__(self, broken=None):
        self.broken = broken

    def is_broken(self, number):
        return self.broken == VARIANTS[number]

    def first(self, case):
        kind, values = case.start
        objects = tuple(dict(values).get(pk) for pk in PKS)
        count = max(HOMES[kind]) + 1
        origin = [Catalog(OPEN)] * count
        for pk, value in zip(PKS, objects, strict=True):
            at = HOMES[kind][pk - 1]
            origin[at] = origin[at]._replace(objects=put(origin[at].objects, pk - 1, value))
        clients = tuple(Client("start", operations) for operations in case.clients)
        return State(kind, tuple(origin), (Catalog(),) * count, objects, (None,) * len(PKS), clients)

    def successors(self, state):
        for number in range(len(state.clients)):
            yield from self.moves(state, number)

    def moves(self, state, number):
        """The states that the next step of a client may lead to."""
        client = state.clients[number]
        operations, step, known = client.operations, client.step, dict(client.known)
        if step in {"start", "done"}:
            if not operations:
                return
            first, operations = operations[0], operations[1:]
            names = {"move": "look", "abandon": "look_to_abandon"}
            step, known = names.get(first[0], "compare"), {"operation": first}
            if first[0] == "move":
                known["fresh"] = (number, len(operations))
        for following, facts, registers in getattr(self, step)(state, known):
            after = Client(following, operations, know(**facts))
            yield state._replace(clients=put(state.clients, number, after), **registers)

    # --- processes that write and read ---

    def compare(self, state, known):
        _, side, pk, *_ = known["operation"]
        catalogs = getattr(state, side)
        at = HOMES[state.kind][pk - 1]
        root, following = (at, "act") if is_group(state) else (0, "compare_partition")
        if catalogs[root].record is None:
            yield following, {**known, "at": at}, changed(state, side, root, record=OPEN)
        elif catalogs[root].record == OPEN:
            yield following, {**known, "at": at}, {}
        else:
            yield refused()

    def compare_partition(self, state, known):
        side, at = known["operation"][1], known["at"]
        found = getattr(state, side)[at]
        if found.record is None and not any(found.objects):
            yield "act", known, changed(state, side, at, record=OPEN)
        elif found.record == OPEN:
            yield "act", known, {}
        else:
            yield refused()

    def act(self, state, known):
        (name, side, pk, *value), at = known["operation"], known["at"]
        found = getattr(state, side)[at]
        if found.record != OPEN and not self.is_broken(2):
            yield "compare", {"operation": known["operation"]}, {}
            return
        is_foreign = side == "destination" and not decided(state)
        truth = state.foreign if is_foreign else state.truth
        if name == "read":
            wrong = None if found.objects[pk - 1] == truth[pk - 1] else "a read finds what is not true"
            yield "done", {"result": "ok"}, {"wrong": wrong or state.wrong}
            return
        if name == "remove":
            registers = changed(state, side, at, objects=put(found.objects, pk - 1, None))
            yield "sweep", {}, {**registers, "truth": put(truth, pk - 1, None), "tomb": True}
            return
        new = value[0] if value else None
        if new and new[0] == "u" and new in found.objects:
            yield refused()
            return
        registers = changed(state, side, at, objects=put(found.objects, pk - 1, new))
        yield "done", {"result": "ok"}, {**registers, "foreign" if is_foreign else "truth": put(truth, pk - 1, new)}

    def sweep(self, state, _known):
        """Takes the reference away to an object that was deleted."""
        if state.origin[0].record == OPEN:
            yield "finish", {}, swept(state)
        else:
            yield refused()

    def finish(self, _state, _known):
        yield "done", {"result": "ok"}, {"tomb": False}

    def __getattr__(self, name):
        """A step that is done for one catalog or object after the other has its number after the name."""
        step, _, number = name.rpartition("_")
        act = getattr(self, step) if step else None
        if act is None:
            raise AttributeError(name)
        return lambda state, known: act(state, known, int(number))

    # --- what is wrong ---

    def fault(self, state):
        if state.wrong:
            return state.wrong
        homes = HOMES[state.kind]
        stored = [
            (state.destination if decided(state) else state.origin)[at].objects[pk - 1]
            for pk, at in zip(PKS, homes, strict=True)
        ]
        if tuple(stored) != state.truth:
            return "a confirmed write is lost, or undone"
        if decided(state) and stored[0] == REFERS and stored[1] is None:
            return "a reference leads to nobody"
        if any(state.foreign):
            if decided(state):
                return "objects were moved to where others are"
            if any(
                value and state.destination[at].objects != state.foreign
                for at, value in zip(homes, state.foreign, strict=True)
            ):
                return "objects that do not belong to the move are removed, or mixed with it"
        if decided(state) and any(found.record == OPEN for found in state.origin):
            return "both are open"
        if state.origin[0].record == OPEN and any(stage(found.record) == "to" for found in state.origin):
            return "a partition is closed, and the root is open"
        roots = {stage(state.origin[0].record), stage(state.destination[0].record)}
        if roots == {"open", None} and not state.origin[0].mark and any(map(any, copies_in(state))):
            return "copies are left where no move is"
        if state.destination[0].arrived and any(found.record != OPEN for found in state.destination):
            return "the destination is closed again"
        if any(len(set(have)) < len(have) for have in uniques(state)):
            return "two objects have a unique value"
        return None

    def fault_alone(self, state):
        """Lets a new mover act, or one who abandons the move, while all others are stopped."""
        moved = self.alone(state, (("move",),))
        if result_of(moved) not in {"moved", "refused"}:
            return "a new mover does not end"
        if result_of(moved) == "moved" and any(found.record != OPEN for found in moved.destination):
            return "the destination is not open after the move"
        given_up = self.alone(state, (("abandon",), ("abandon",)))
        if result_of(given_up) not in {"abandoned", "ended", "nothing"}:
            return "abandoning does not end"
        for end in (moved, given_up):
            if self.fault(end):
                return f"after a new call: {self.fault(end)}"
        if result_of(given_up) != "ended":
            if any(found.record != OPEN for found in given_up.origin) or given_up.origin[0].mark:
                return "the origin is not open after the move was abandoned"
            again = self.alone(given_up, (("move",),))
            if result_of(again) != "moved" and not any(state.foreign):
                return "no move can begin after one was abandoned"
        elif result_of(moved) == "refused":
            return "nobody can end the move"
        return None

    def alone(self, state, operations):
        """The state after a new client has done some operations."""
        end = state._replace(clients=(*state.clients, Client("start", operations)))
        for _ in range(200):
            after = list(self.moves(end, len(state.clients)))
            if not after:
                break
            end = after[0]
        return end


if __name__ == "__main__":
    report(Relocation, CASES, VARIANTS)
