"""The model of claims whose node fails over, once or twice, to a replica that lacks its last writes.

As `claims_model.py`. Beside the clients, the replica may catch up with the claims, and the node may fail over to it.
Scripts notice a failover, because the node's id is not the one in `home`: here, `lost`. Whoever then claims a value
restores the claims first: reads the bars of all partitions; then bars, in each partition, all claims made before a time
far in the future, and reads which values are held there whose claims were made since the time that the replica's clock
shows; then enters these as claims, and sets the clock to that time.

`python -m tests.protocols.claims_failover` explores all cases, and then each broken variant until a fault shows.
"""

from __future__ import annotations

from tests.protocols.claims_model import A2V, AV, AW, BV, PARTITION_OF, VALUES, Claims, canonical, clear
from tests.protocols.exploration import Case, know, put, report

JUMP = 1000
"""The distance of the far time: more than any number of claims that a replica may lack."""

CLAIMS = "claims"
"""Stands for the partition of the claims among those on the node that fails; the others are numbers."""

VARIANTS = (
    "nobody restores",
    "claims of one time",
    "nothing is entered",
    "restoring without a bar",
    "small jump",
    "bars stay lost",
    "an older restoring counts",
)


class ClaimsWithFailovers(Claims):
    def __init__(self, broken=None):
        super().__init__(broken)
        self.tick = 0 if broken == "claims of one time" else 1
        for name in ("learn0", "learn1", "restore0", "restore1", "restored"):
            self.steps[name] = getattr(self, name[:-1] if name[-1].isdigit() else name)

    def first(self, case):
        start, failovers, self.failing = case.start
        state = super().first(case._replace(start=start))
        held = tuple(tuple(holder and (*holder, 0) for holder in each) for each in state.held)
        state = state._replace(held=held, failovers=failovers)
        return state._replace(replica=self.replicated(state))

    def replicated(self, state):
        """What the replica gets of a state: all that is on the node."""
        held = tuple(each if number in self.failing else None for number, each in enumerate(state.held))
        barred = tuple(each if number in self.failing else None for number, each in enumerate(state.barred))
        values = tuple((pk, value) for pk, value in state.values if PARTITION_OF[pk] in self.failing)
        claims, clock = (state.claims, state.clock) if CLAIMS in self.failing else ((), 0)
        return claims, clock, state.lost, held, barred, values

    def entry(self, pk, nonce, known):
        """Partitions know the times of claims, so as to give those which a replica lacks."""
        return pk, nonce, known["time"]

    def successors(self, state):
        if state.failovers:
            now = self.replicated(state)
            if state.replica != now:
                yield canonical(state._replace(replica=now))
            yield canonical(self.failed(state))
        yield from super().successors(state)

    def failed(self, state):
        """The state after a failover."""
        claims, clock, _, held, barred, values = state.replica
        others = ((pk, value) for pk, value in state.values if PARTITION_OF[pk] not in self.failing)
        return state._replace(
            claims=claims if CLAIMS in self.failing else state.claims,
            clock=clock if CLAIMS in self.failing else state.clock,
            held=tuple(now if was is None else was for was, now in zip(held, state.held, strict=True)),
            barred=tuple(now if was is None else was for was, now in zip(barred, state.barred, strict=True)),
            values=tuple(sorted((*others, *values))),
            lost=True,
            replica=state.replica if state.failovers > 1 else None,
            failovers=state.failovers - 1,
        )

    def claim(self, state, client, known):
        if state.lost and CLAIMS in self.failing and self.broken != "nobody restores":
            yield self.restoring(state, known)
        else:
            yield from super().claim(state, client, known)

    def write(self, state, client, known):
        is_lost = state.lost and PARTITION_OF[known["pk"]] in self.failing
        if is_lost and known.get("nonce") is not None and self.broken not in {"nobody restores", "bars stay lost"}:
            yield self.restoring(state, known)
        else:
            yield from super().write(state, client, known)

    def restoring(self, state, known):
        """Begins to restore what was lost; what is written has to be claimed anew."""
        again = {name: known[name] for name in ("pk", "value")}
        return "learn0", know(**again, far=state.clock, since=state.clock, node=state.failovers)

    def learn(self, state, client, known):
        number = int(client.step[-1])
        far = max(known["far"], state.barred[number])
        if number == 0:
            yield "learn1", know(**{**known, "far": far})
        else:
            if CLAIMS in self.failing:
                far += 1 if self.broken == "small jump" else JUMP
            yield "restore0", know(**{**known, "far": far}, found=())

    def restore(self, state, client, known):
        number, far = int(client.step[-1]), known["far"]
        held = enumerate(state.held[number])
        lacking = ((index, holder) for index, holder in held if holder and holder[2] > known["since"])
        found = known["found"] + tuple((VALUES[index], number, holder[1]) for index, holder in lacking)
        barred = put(state.barred, number, max(state.barred[number], far))
        registers = {} if self.broken == "restoring without a bar" else {"barred": barred}
        yield ("restore1", "restored")[number], know(**{**known, "found": found}), registers

    def restored(self, state, _client, known):
        again = know(pk=known["pk"], value=known["value"])
        if not state.lost or (known["node"] != state.failovers and self.broken != "an older restoring counts"):
            yield "claim", again
            return
        claims = state.claims
        if self.broken != "nothing is entered" and CLAIMS in self.failing:
            for value, number, nonce in known["found"]:
                claims = put(claims, VALUES.index(value), (number, nonce))
        yield "claim", again, {"claims": claims, "clock": max(state.clock, known["far"]), "lost": False}

    def may_take_over(self, state):
        return not (state.lost and CLAIMS in self.failing)

    def fault_of_claim(self, state, index, number):
        if state.lost and CLAIMS in self.failing:
            return None
        fault = super().fault_of_claim(state, index, number)
        return None if fault == "a claim with another nonce" else fault  # a claim of the replica may be an older one


START = {"a": "v"}
CASES = [
    Case("two claim one value", [(AV,), (BV,)], (None, 1, (CLAIMS,))),
    Case("two claim one value, one on the node that fails", [(AV,), (BV,)], (None, 1, (CLAIMS, 0))),
    Case("two claim one value, two failovers", [(AV,), (BV,)], (None, 2, (CLAIMS,))),
    Case("given up and taken", [(AW,), (BV,)], (START, 1, (CLAIMS,))),
    Case("given up, taken again, taken by another", [(clear("a"), AV), (BV,)], (START, 1, (CLAIMS,))),
    Case("two swap by way of nothing", [(clear("a"), AW), (clear("b"), BV)], ({"a": "v", "b": "w"}, 1, (CLAIMS,))),
    Case("given up and taken, two failovers", [(AW,), (BV,)], (START, 2, (CLAIMS,))),
    Case("given up, taken again, taken by another, two failovers", [(clear("a"), AV), (BV,)], (START, 2, (CLAIMS,))),
    Case("three claim one value", [(AV,), (BV,), (A2V,)], (None, 1, (CLAIMS,))),
    Case("two claim one value, one on the node that fails twice", [(AV,), (BV,)], (None, 2, (CLAIMS, 0))),
    Case("two claim one value, only one of them is on the node that fails", [(AV,), (BV,)], (None, 2, (0,))),
    Case("three claim one value, two on the node that fails", [(AV,), (BV,), (A2V,)], (None, 1, (CLAIMS, 0))),
]

if __name__ == "__main__":
    report(ClaimsWithFailovers, CASES, VARIANTS)
