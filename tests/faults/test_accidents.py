"""Each accident a few times: what limpyd promised its callers was kept (`make faults` does it hundreds of times)."""

from __future__ import annotations

import pytest

from limpyd import RedisModel
from tests.faults.programs.fault_suite import accident
from tests.support.amounts import amount
from tests.support.face import Face
from tests.support.promises import DONE, REFUSED, UNKNOWN, Promises, declare, key_of

TIMES = amount("LIMPYD_FAULT_TIMES", 2)
REFUSING = {"full", "busy", "demoted"}
"""Those in which a server refuses, which must have come up."""


@pytest.mark.parametrize("face", ["sync", "async"])
@pytest.mark.parametrize("kind", ["restart", "cut", "killed", "flushed", "paused", "full", "busy", "demoted"])
def test_promises_are_kept(kind, face):
    times = max(TIMES, 5) if kind in REFUSING else TIMES
    code, figures = accident("accidents", kind, times, face)
    assert code == 0, figures
    assert figures["done"] + figures["refused"] + figures["unknown"] > times  # each fell into work
    if kind in REFUSING:
        assert figures["refused"] > 0


class TestTheJudge:
    """It notices each way in which a promise can be broken."""

    @pytest.fixture(params=[1, 4])
    def judged(self, one_server, request):
        face = Face("sync", one_server)
        models = declare(RedisModel, face.database, related=request.param == 1, partitions_=request.param)
        account = models[0](owner="a", name="a")
        promises = Promises()

        def judge():
            return promises.judged(face.client, models)

        yield account, models[1], promises, judge
        face.database.close()
        face.client.close()

    def test_what_was_kept(self, judged):
        account, items, promises, judge = judged
        account.queue.rpush("t1", "t2")
        promises.note("t1", "push", "a", DONE)
        promises.note("t2", "push", "a", UNKNOWN)
        promises.note("t3", "push", "a", UNKNOWN)
        promises.note("t4", "push", "a", REFUSED)
        items(token="t5", note="t5", holder="a")
        promises.note("t5", "create", "a", DONE)
        promises.note("t6", "incr", "a", DONE, account.count.incr())
        assert judge().broken() == 0

    def test_lost_doubled_and_ghosts(self, judged):
        account, _, promises, judge = judged
        account.queue.rpush("twice", "twice", "refused")
        promises.note("lost", "push", "a", DONE)
        promises.note("twice", "push", "a", DONE)
        promises.note("refused", "push", "a", REFUSED)
        account.count.set(3)
        promises.note("counted", "incr", "a", DONE, 1)
        account.name.hset("other")
        promises.note("named", "name", "a", DONE)
        found = judge()
        assert (found.lost, found.doubled, found.ghosts) == (2, 3, 1)

    def test_halves_and_inconsistencies(self, judged, one_server):
        _, items, promises, judge = judged
        items(token="half", note="half", holder="a")
        promises.note("half", "create", "a", DONE)
        with one_server.client() as client:
            client.delete(key_of(items._schema.keys, "half", "field:note:"))
        found = judge()
        assert found.halves == 1
        assert found.inconsistent > 0

    @pytest.mark.parametrize("judged", [4], indirect=True)
    def test_values_of_two_owners(self, judged, one_server):
        _, items, _, judge = judged
        partitions = items._schema.keys.partitions
        first = items(token="one", note="same", holder="a")
        assert judge().inconsistent == 0
        other = next(each for each in partitions if each is not items._schema.keys.partition(b"one"))
        with one_server.client() as client:
            client.hset(other.prefix + b"uniq:note", "same", "another")
        assert any("two owners" in example for example in judge().examples)
        assert first.note.get() == "same"
