"""Those who abandon a move in the model of relocation (relocation_model.py)."""

from __future__ import annotations

from tests.protocols.relocation_states import OPEN, PKS, changed, refused, stage


class Removal:
    """The steps of one who abandons a move."""

    def look_to_abandon(self, state, _known):
        yield "check", {"mark": state.origin[0].mark}, {}

    def check(self, state, known):
        root, mark = state.destination[0], known["mark"]
        token = mark[0] if mark else root.record[1] if stage(root.record) in {"from", "abandoned"} else None
        if token is None:
            yield "done", {"result": "nothing"}, {}
        elif root.arrived == token or (stage(root.record) == "opening" and root.record[1] == token):
            yield "done", {"result": "ended"}, {}
        else:
            yield ("reopen_0" if self.is_broken(8) else "void_0"), {"token": token, "seen": root.record}, {}

    def void(self, state, known, at):
        """Has a catalog of the destination refuse all calls."""
        if at == len(state.destination):
            yield "empty_0", known, {}
            return
        found, token = state.destination[at], known["token"]
        if stage(found.record) == "from" and found.record[1] == token:
            record = ("abandoned", *found.record[1:])
            yield f"void_{at + 1}", known, changed(state, "destination", at, record=record)
        elif stage(found.record) in {"opening", "open"} and (
            found.arrived == token or stage(found.record) == "opening"
        ):
            yield refused()
        else:
            yield f"void_{at + 1}", known, {}

    def empty(self, state, known, at):
        if at == len(state.destination):
            yield ("forget_0" if self.is_broken(8) else "reopen_0"), known, {}
            return
        none, registers = (None,) * len(PKS), {}
        if self.is_abandoned(state.destination[at], known):
            registers = changed(state, "destination", at, objects=none, digests=none)
        yield f"empty_{at + 1}", known, registers

    def reopen(self, state, known, count):
        """Opens the origin again, the root last."""
        if count == len(state.origin):
            yield ("void_0" if self.is_broken(8) else "forget_0"), known, {}
            return
        at = len(state.origin) - 1 - count
        found, registers = state.origin[at], {}
        if stage(found.record) == "to" and found.record[1] == known["token"]:
            registers = changed(state, "origin", at, record=OPEN, mark=None)
        elif found.mark and found.mark[0] == known["token"]:
            registers = changed(state, "origin", at, mark=None)
        yield f"reopen_{count + 1}", known, registers

    def forget(self, state, known, count):
        """Removes the catalogs of the destination, the root last."""
        if count == len(state.destination):
            yield "done", {"result": "abandoned"}, {}
            return
        at = len(state.destination) - 1 - count
        registers = {}
        if self.is_abandoned(state.destination[at], known):
            registers = changed(state, "destination", at, record=None)
        yield f"forget_{count + 1}", known, registers

    @staticmethod
    def is_abandoned(found, known):
        return stage(found.record) == "abandoned" and found.record[1] == known["token"]
