"""The model of claims whose node fails over, once or twice, to a replica that lacks its last writes.

As `claims_model.py`. Beside the clients, the replica may catch up with the claims, and the node may fail over to it.
Scripts notice a failover, because the node's id is not the one in `home`: here, `lost`. Whoever then claims a value
restores the claims first: reads the bars of all partitions; then bars, in each partition, all claims made before a time
far in the future, and reads which values are held there; then enters these as claims, and sets the clock to that time.

`python -m tests.protocols.claims_failover` explores all cases, and then each broken variant until a fault shows.
"""

from __future__ import annotations

from tests.protocols.claims_model import A2V, AV, AW, BV, VALUES, Claims, canonical, clear
from tests.protocols.exploration import Case, know, put, report

JUMP = 1000
"""The distance of the far time: more than any number of claims that a replica may lack."""

VARIANTS = (
    "nobody restores",
    "restoring without a bar",
    "small jump",
    "an older restoring counts",
)


class ClaimsWithFailovers(Claims):
    def __init__(self, broken=None):
        super().__init__(broken)
        for name in ("learn0", "learn1", "restore0", "restore1", "restored"):
            self.steps[name] = getattr(self, name[:-1] if name[-1].isdigit() else name)

    def first(self, case):
        start, failovers = case.start
        state = super().first(case._replace(start=start))
        return state._replace(replica=(state.claims, state.clock, False), failovers=failovers)

    def successors(self, state):
        if state.failovers:
            now = (state.claims, state.clock, state.lost)
            if state.replica != now:
                yield canonical(state._replace(replica=now))
            claims, clock, _ = state.replica
            replica = state.replica if state.failovers > 1 else None
            failed = {"lost": True, "replica": replica, "failovers": state.failovers - 1}
            yield canonical(state._replace(claims=claims, clock=clock, **failed))
        yield from super().successors(state)

    def claim(self, state, client, known):
        if state.lost and self.broken != "nobody restores":
            known = {name: known[name] for name in ("pk", "value")}
            yield "learn0", know(**known, far=state.clock, node=state.failovers)
        else:
            yield from super().claim(state, client, known)

    def learn(self, state, client, known):
        number = int(client.step[-1])
        far = max(known["far"], state.barred[number])
        if number == 0:
            yield "learn1", know(**{**known, "far": far})
        else:
            far += 1 if self.broken == "small jump" else JUMP
            yield "restore0", know(**{**known, "far": far}, found=())

    def restore(self, state, client, known):
        number, far = int(client.step[-1]), known["far"]
        held = enumerate(state.held[number])
        found = known["found"] + tuple((VALUES[index], number, holder[1]) for index, holder in held if holder)
        barred = put(state.barred, number, max(state.barred[number], far))
        registers = {} if self.broken == "restoring without a bar" else {"barred": barred}
        yield ("restore1", "restored")[number], know(**{**known, "found": found}), registers

    def restored(self, state, _client, known):
        again = know(pk=known["pk"], value=known["value"])
        if not state.lost or (known["node"] != state.failovers and self.broken != "an older restoring counts"):
            yield "claim", again
        else:
            claims = state.claims
            for value, number, nonce in known["found"]:
                claims = put(claims, VALUES.index(value), (number, nonce))
            yield "claim", again, {"claims": claims, "clock": max(state.clock, known["far"]), "lost": False}

    def may_take_over(self, state):
        return not state.lost

    def fault_of_claim(self, state, index, number):
        if state.lost:
            return None
        fault = super().fault_of_claim(state, index, number)
        return None if fault == "a claim with another nonce" else fault  # a claim of the replica may be an older one


START = {"a": "v"}
CASES = [
    Case("two claim one value", [(AV,), (BV,)], (None, 1)),
    Case("two claim one value, two failovers", [(AV,), (BV,)], (None, 2)),
    Case("given up and taken", [(AW,), (BV,)], (START, 1)),
    Case("given up, taken again, taken by another", [(clear("a"), AV), (BV,)], (START, 1)),
    Case("two swap by way of nothing", [(clear("a"), AW), (clear("b"), BV)], ({"a": "v", "b": "w"}, 1)),
    Case("given up and taken, two failovers", [(AW,), (BV,)], (START, 2)),
    Case("given up, taken again, taken by another, two failovers", [(clear("a"), AV), (BV,)], (START, 2)),
    Case("three claim one value", [(AV,), (BV,), (A2V,)], (None, 1)),
]

if __name__ == "__main__":
    report(ClaimsWithFailovers, CASES, VARIANTS)
