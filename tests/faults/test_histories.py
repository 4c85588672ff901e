"""What many clients see at the same time is what they would see one after the other, in some order."""

from __future__ import annotations

import random
from dataclasses import replace
from math import inf

import pytest

from tests.support.amounts import amount
from tests.support.histories.linearizability import UNKNOWN, Claims, Counter, History, Links, Operation, Page
from tests.support.histories.recording import record, unexplained
from tests.support.servers import NEWEST_AND_OLDEST

pytestmark = pytest.mark.each_face

ROUNDS = amount("LIMPYD_HISTORIES", 1)
WORKERS, STEPS = 6, 200


def explained(model, *operations):
    """Whether a history is; each operation is its kind, its arguments, the times of call and reply, and the result."""
    return not History(model(), [Operation(*operation) for operation in operations]).unexplained()


def possible(model, operations, state):
    """Whether some order explains the operations; found by trying every order."""
    answered = [one for one in operations if one.result != UNKNOWN]
    until = min((one.reply for one in answered), default=inf)
    for one in operations:
        if one.call <= until:
            result, after = getattr(model, one.kind)(state, *one.args)
            rest = [other for other in operations if other is not one]
            if one.result != UNKNOWN:
                rest = [other for other in rest if other.result != UNKNOWN or other.reply >= one.call]
            if one.result in {UNKNOWN, result} and possible(model, rest, after):
                return True
    return not answered


def judgements(rng):
    """What the two judges say of a random history: results of some order, of which one is perhaps wrong."""
    model, kinds = rng.choice([
        (Counter, [("incr", ()), ("get", ())]),
        (Claims, [("claim", ("a", "x")), ("claim", ("b", "x")), ("claim", ("a", "y")), ("release", ("a",)),
                  ("release", ("b",)), ("owner", ("x",)), ("owner", ("y",))]),
        (Links, [("add", ("g", "p")), ("remove", ("g", "p")), ("add", ("g", "q")), ("members", ("g",)),
                 ("groups", ("p",))]),
        (Page, [("update", (1, "a")), ("update", (1, "b")), ("update", (2, "a")), ("read", ())]),
    ])  # fmt: skip
    state, operations = model.start, []
    for moment in range(10, 10 * rng.randint(3, 6), 10):
        kind, args = rng.choice(kinds)
        result, after = getattr(model(), kind)(state, *args)
        call = moment - rng.randrange(20)
        if rng.random() < 0.4:
            operations.append(Operation(kind, args, call, rng.choice([moment + rng.randrange(1, 10), inf])))
            state = after if rng.random() < 0.5 else state
        else:
            state = after
            operations.append(Operation(kind, args, call, moment + rng.randrange(1, 20), result))
    if rng.random() < 0.6:
        number = rng.randrange(len(operations))
        wrong = rng.choice([1, 2, 0, None, "a", True, False, frozenset("p"), frozenset(), ("updated", 2), ("stale", 2)])
        if model is not Page or isinstance(wrong, tuple):
            operations[number] = replace(operations[number], result=wrong)
    return not History(model(), operations).unexplained(), possible(model(), operations, model.start)


class TestTheJudge:
    def test_nothing(self):
        assert explained(Counter)

    def test_one_after_the_other(self):
        assert explained(Counter, ("incr", (), 1, 2, 1), ("get", (), 3, 4, 1), ("incr", (), 5, 6, 2))

    def test_at_the_same_time_any_order_will_do(self):
        assert explained(Counter, ("incr", (), 1, 9, 2), ("incr", (), 2, 8, 1), ("get", (), 3, 4, 1))
        assert explained(Counter, ("incr", (), 1, 9, 1), ("get", (), 2, 3, 0), ("get", (), 4, 5, 1))

    def test_a_lost_update(self):
        assert not explained(Counter, ("incr", (), 1, 4, 1), ("incr", (), 2, 5, 1))
        assert not explained(
            Page, ("update", (1, "a"), 1, 4, ("updated", 2)), ("update", (1, "b"), 2, 5, ("updated", 2))
        )

    def test_a_stale_read(self):
        assert not explained(Counter, ("incr", (), 1, 2, 1), ("get", (), 3, 4, 0))
        assert not explained(Counter, ("incr", (), 1, 9, 1), ("get", (), 2, 3, 1), ("get", (), 4, 5, 0))
        assert not explained(Links, ("add", ("g", "p"), 1, 2, 1), ("groups", ("p",), 3, 4, frozenset()))

    def test_a_double_execution(self):
        assert not explained(Counter, ("incr", (), 1, 2, 1), ("get", (), 3, 4, 2))
        assert not explained(Counter, ("incr", (), 1, inf), ("get", (), 3, 4, 2))
        assert not explained(Page, ("update", (1, "a"), 1, 2, ("updated", 3)))
        assert not explained(Links, ("add", ("g", "p"), 1, 2, 0))

    def test_an_unknown_outcome(self):
        unknown = ("incr", (), 3, inf)
        assert explained(Counter, unknown, ("incr", (), 5, 6, 1))
        assert explained(Counter, unknown, ("incr", (), 5, 6, 2))
        assert explained(Counter, unknown, ("get", (), 5, 6, 0), ("get", (), 7, 8, 1))
        assert not explained(Counter, unknown, ("get", (), 5, 6, 1), ("get", (), 7, 8, 0))
        assert not explained(Counter, unknown, ("get", (), 1, 2, 1))
        late = ("incr", (), 3, 4)
        assert explained(Counter, late, ("get", (), 5, 6, 0), ("get", (), 7, 8, 0))
        assert explained(Counter, late, ("get", (), 5, 6, 1), ("get", (), 7, 8, 1))
        assert not explained(Counter, late, ("get", (), 5, 6, 0), ("get", (), 7, 8, 1))

    def test_many_unknown_outcomes(self):
        unknown = [("incr", (), number, inf) for number in range(50)]
        assert explained(Counter, *unknown, ("get", (), 60, 61, 50))
        assert not explained(Counter, *unknown, ("get", (), 60, 61, 51))

    def test_two_owners(self):
        first, second = ("claim", ("a", "x"), 1, 2, True), ("claim", ("b", "x"), 3, 4, True)
        assert not explained(Claims, first, second)
        assert explained(Claims, first, ("release", ("a",), 2, 5, True), second)
        assert explained(Claims, first, ("claim", ("b", "x"), 3, 4, False), ("owner", ("x",), 5, 6, "a"))
        assert not explained(Claims, first, ("owner", ("x",), 3, 4, None))
        assert not explained(Claims, ("claim", ("b", "x"), 3, 4, False))

    def test_both_sides_of_a_link(self):
        add, remove = ("add", ("g", "p"), 1, 9, 1), ("remove", ("g", "p"), 2, 8, 1)
        seen, gone = ("members", ("g",), 3, 4, frozenset("p")), ("groups", ("p",), 5, 6, frozenset())
        assert explained(Links, add, remove, seen, gone)
        assert not explained(
            Links, add, ("groups", ("p",), 3, 4, frozenset("g")), ("members", ("g",), 5, 6, frozenset())
        )

    def test_a_stale_version(self):
        update = ("update", (1, "a"), 1, 2, ("updated", 2))
        assert explained(Page, update, ("update", (1, "b"), 3, 4, ("stale", 2)), ("read", (), 5, 6, (2, "a")))
        assert not explained(Page, update, ("read", (), 5, 6, (2, "b")))

    def test_it_judges_like_one_that_tries_every_order(self):
        rng = random.Random(1)
        judged = [judgements(rng) for _ in range(5000)]
        assert [(quick, slow) for quick, slow in judged if quick != slow] == []
        assert 1000 < sum(quick for quick, _ in judged) < 4000

    def test_it_tells_where_it_was_stuck(self):
        wrong = Operation("get", (), 3, 4, 7)
        assert History(Counter(), [Operation("incr", (), 1, 2, 1), wrong]).unexplained() == [wrong]


@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize("face", ["sync", "async"])
@pytest.mark.parametrize("name", NEWEST_AND_OLDEST)
def test_what_clients_see(servers, name, face, cut):
    operations, unknown, failed = 0, 0, 0
    for number in range(ROUNDS):
        recorded = record(face, servers(name), WORKERS, STEPS, f"{name} {face} {number}", cut=cut)
        assert unexplained(recorded) == []
        every = [operation for history in recorded.values() for operation in history]
        operations += len(every)
        unknown += sum(operation.result == UNKNOWN for operation in every)
        failed += sum(operation.result is False or "stale" in str(operation.result) for operation in every)
    assert operations > 0
    assert failed > 0  # they were in each other's way
    assert cut or unknown == 0
    print(f"{name} {face}: {operations} operations, {unknown} of them of unknown outcome")
