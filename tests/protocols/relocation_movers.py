"""The movers of the model of relocation (relocation_model.py)."""

from __future__ import annotations

from tests.protocols.relocation_states import (
    HOMES,
    OPEN,
    PKS,
    changed,
    copied,
    is_group,
    opened,
    refused,
    stage,
    swept,
)


class Movers:
    """The steps of a mover."""

    def look(self, state, known):
        """Reads the root of the destination; and then that of the origin, which knows of all moves that have ended."""
        root = state.destination[0]
        yield "look_at_origin", {**known, "seen": (root.record, root.arrived)}, {}

    def look_at_origin(self, state, known):
        root = state.origin[0]
        if stage(root.record) in {"open", "to"}:
            yield "begin", {**known, "mark": root.mark}, {}
        else:
            yield refused()

    def begin(self, state, known):
        """Records the call at the root of the destination."""
        root, mark = state.destination[0], known["mark"]
        if (root.record, root.arrived) != known["seen"] and not self.is_broken(12):
            yield refused()
        elif mark and root.arrived == mark[0]:
            yield "done", {"result": "moved"}, {}
        elif stage(root.record) == "opening" and mark and mark[0] == root.record[1]:
            yield "open_0", {"call": root.record[1:]}, {}
        elif stage(root.record) == "from" and (not mark or mark[0] == root.record[1]):
            call = (root.record[1], root.record[2] + (not self.is_broken(3)))
            yield "close_1", {"call": call}, changed(state, "destination", 0, record=("from", *call))
        elif not mark and root.record in {None, OPEN} and not any(root.objects) and self.is_free(root):
            call = (known["fresh"], 1)
            record = root.record if self.is_broken(9) else ("from", *call)
            yield "close_1", {"call": call}, changed(state, "destination", 0, record=record)
        else:
            yield refused()

    def is_free(self, root):
        return not root.arrived or self.is_broken(12)

    def close(self, state, known, at):
        """Closes another catalog of the destination."""
        if at == len(state.destination):
            yield "check_root", known, {}
            return
        found, call = state.destination[at], known["call"]
        before = found.record
        earlier = stage(before) == "from" and before[1] == call[0] and (before[2] < call[1] or self.is_broken(3))
        stale = stage(before) in {"from", "abandoned"} and before[1] != call[0]
        free = (before in {None, OPEN} or stale) and not any(found.objects)
        if earlier or (free and (found.arrived is None or self.is_broken(10))):
            record = before if self.is_broken(9) else ("from", *call)
            yield f"close_{at + 1}", known, changed(state, "destination", at, record=record)
        else:
            yield refused()

    def check_root(self, state, known):
        """If the move was abandoned meanwhile, those who did that have not seen all catalogs closed."""
        is_own = state.destination[0].record == ("from", *known["call"]) or self.is_broken(9)
        yield ("mark_0" if is_own or self.is_broken(13) else "leave_1"), known, {}

    def leave(self, state, known, at):
        """Opens a catalog again that was closed too late."""
        if at == len(state.destination):
            yield refused()
            return
        found = state.destination[at]
        closed = found.record == ("from", *known["call"]) and not any(found.objects)
        yield f"leave_{at + 1}", known, changed(state, "destination", at, record=None) if closed else {}

    def mark(self, state, known, at):
        """Notes the move in a catalog of the origin."""
        if at == len(state.origin):
            yield "prepare", known, {}
            return
        mark, call = state.origin[at].mark, known["call"]
        same = mark and mark[0] == call[0]
        if mark and ((same and mark[1] >= call[1] and not self.is_broken(3)) or (at == 0 and not same)):
            yield refused()
        else:
            yield f"mark_{at + 1}", known, changed(state, "origin", at, mark=call)

    def prepare(self, state, known):
        """Once the move is marked, it must not have been abandoned, or those who did that have not seen the marks."""
        if not self.is_current(state.destination[-1], known) and not self.is_broken(14):
            yield refused()
            return
        closed = stage(state.origin[0].record) == "to"
        yield ("shut_0" if closed else "read_1"), {**known, "last": closed}, {}

    def read(self, state, known, pk):
        """Looks at an object, in a pass."""
        if pk > len(PKS):
            yield from self.after_pass(known)
            return
        yield f"drop_{pk}", {**known, "value": state.origin[HOMES[state.kind][pk - 1]].objects[pk - 1]}, {}

    def after_pass(self, known):
        waiting = known.pop("waiting", ())
        if not known["last"] and self.is_broken(0):
            yield "read_1", {**known, "last": True}, {}
        elif not known["last"]:
            yield "shut_0", known, {}
        elif waiting and not self.is_broken(6):
            yield f"read_{waiting[0]}", {**known, "only": waiting[1:]}, {}
        else:
            yield ("shut_0" if self.is_broken(0) and "shut" not in known else "decide"), known, {}

    def next_object(self, known, pk):
        if "only" not in known:
            return f"read_{pk + 1}"
        only = known["only"]
        known["only"] = only[1:]
        return f"read_{only[0] if only else len(PKS) + 1}"

    def drop(self, state, known, pk):
        """Compares the digest of a copy, and removes the copy if the object is not as it was."""
        at, value = HOMES[state.kind][pk - 1], known.pop("value")
        found = state.destination[at]
        if found.digests[pk - 1] == value:
            yield self.next_object(known, pk), known, {}
        elif not self.is_current(found, known):
            yield refused()
        elif value is None:
            keep = self.is_broken(11)
            following = self.next_object(known, pk)
            yield following, known, {} if keep else copied(state, at, pk, None, None)
        elif self.is_broken(5):
            yield f"pack_{pk}", {**known, "digest": value}, {}
        else:
            yield f"pack_{pk}", {**known, "digest": value}, copied(state, at, pk, None, None)

    def pack(self, state, known, pk):
        digest, value = known.pop("digest"), state.origin[HOMES[state.kind][pk - 1]].objects[pk - 1]
        if value is None:
            yield self.next_object(known, pk), known, {}
        else:
            copy = (value, digest if self.is_broken(4) else value)
            yield f"add_{pk}", {**known, "copy": copy}, {}

    def add(self, state, known, pk):
        at, (value, digest) = HOMES[state.kind][pk - 1], known.pop("copy")
        found = state.destination[at]
        if not self.is_current(found, known):
            yield refused()
            return
        registers, waiting = {}, known.get("waiting", ())
        if found.objects[pk - 1] is None:
            if value[0] == "u" and value in found.objects:
                known["waiting"] = (*waiting, pk)
            else:
                registers = copied(state, at, pk, value, digest)
        yield self.next_object(known, pk), known, registers

    def is_current(self, found, known):
        if self.is_broken(9):
            return True
        return found.record and found.record[0] == "from" and found.record[1:] == known["call"]

    def shut(self, state, known, at):
        """Closes a catalog of the origin."""
        found, call = state.origin[min(at, len(state.origin) - 1)], known["call"]
        if at == len(state.origin) or (self.is_broken(1) and at == 1):
            following = "decide" if self.is_broken(0) else "settle" if is_group(state) else "read_1"
            yield following, {**known, "last": True}, {}
        elif stage(found.record) == "to" and found.record[1] == call[0]:
            yield f"shut_{at + 1}", known, {}
        elif found.record == OPEN and found.mark == call:
            yield f"shut_{at + 1}", known, changed(state, "origin", at, record=("to", *call))
        else:
            yield refused()

    def settle(self, state, known):
        """Goes on with a deletion that was decided: its sweep."""
        if not state.tomb or self.is_broken(15):
            yield "read_1", known, {}
        elif stage(state.origin[0].record) == "to" and state.origin[0].record[1] == known["call"][0]:
            yield "bury", known, swept(state)
        else:
            yield refused()

    def bury(self, _state, known):
        """Removes the tomb."""
        yield "read_1", known, {"tomb": False}

    def decide(self, state, known):
        """The objects are at the destination from now on. In a model of one partition that opens it."""
        root, call = state.destination[0], known["call"]
        if self.is_broken(16) and root.record == ("from", *call):
            yield "open_1", {"call": call}, opened(state, 0, call)
            return
        if root.record == ("from", *call) or self.is_broken(7) or self.is_broken(9):
            if len(state.destination) == 1:
                yield "done", {"result": "moved"}, opened(state, 0, call)
            else:
                yield "open_0", {"call": call}, changed(state, "destination", 0, record=("opening", *call))
        else:
            yield refused()

    def open(self, state, known, at):
        """Opens a partition of the destination, and last the root."""
        call, last = known["call"], len(state.destination) - 1
        found = state.destination[at + 1 if at < last else 0]
        if at == last:
            registers = opened(state, 0, call) if found.record == ("opening", *call) else {}
            yield "done", {"result": "moved"}, registers
        elif found.arrived == call[0]:
            yield f"open_{at + 1}", known, {}
        elif self.is_current(found, known):
            yield f"open_{at + 1}", known, opened(state, at + 1, call)
        elif not any(found.objects):  # a call came late, whose move was abandoned
            yield f"open_{at}", known, changed(state, "destination", at + 1, record=("from", *call))
        else:
            yield refused()
