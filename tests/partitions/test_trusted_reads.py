"""Plain reads compare no epoch for some seconds, and a process that runs with a former number notices it then."""

from __future__ import annotations

import pytest

from limpyd import InstanceHashField, ListField, StringField
from limpyd.exceptions import DifferentPartitions
from limpyd.indexes.maintenance.trusted_reads import TRUSTED
from limpyd.repartitioning import fences, mover
from limpyd.requests.scattered import Pause, Scattered
from limpyd.utils import clock
from tests.support.blocks import block
from tests.support.calls_of_models import CALLS

READS = {
    "a field": lambda model, pk: model.lazy_connect(pk).note.get(),
    "a field that is read again": lambda model, pk: model.known[pk].note.get(),
    "an entry of the hash": lambda model, pk: model.known[pk].title.hget(),
    "a list": lambda model, pk: model.known[pk].log.lrange(0, -1),
    "a length": lambda model, pk: model.known[pk].log.llen(),
    "several fields": lambda model, pk: model.known[pk].hmget("title"),
    "get": lambda model, pk: model.get(pk),
    "exists": lambda model, pk: model.exists(pk),
    "exists of an object": lambda model, pk: model.known[pk].pk.exists(),
    "values": lambda model, pk: model.known[pk].values(),
    "a key": lambda model, pk: model.known[pk].note.exists(),
    "expiry": lambda model, pk: model.known[pk].note.ttl(),
}
QUERIES = {
    "count": lambda model: model.collection().count(),
    "all": lambda model: model.collection().all(),
    "instances": lambda model: model.collection().instances().all(),
    "rows": lambda model: model.collection().values("note").all(),
    "sort": lambda model: model.collection().sort("note", alpha=True).all(),
    "exists": lambda model: model.collection().exists(),
    "primary keys": lambda model: model.collection(pk__in=[1, 2, 3, 4]).all(),
    "the first ones": lambda model: model.collection()[:3],
}


class Time:
    """The time that processes see, which passes when a test says so."""

    def __init__(self):
        self.seconds = 0.0
        self.passes = 0.0
        """How long each look at the clock takes."""

    def now(self):
        self.seconds += self.passes
        return self.seconds


@pytest.fixture
def time(monkeypatch):
    time = Time()
    monkeypatch.setattr(clock, "now", time.now)
    return time


@pytest.fixture
async def another_process(any_face):
    """Makes the model as a process sees it that has sent nothing yet; closes its database at the end."""
    databases = []

    def make(count):
        databases.append(any_face.Database(port=any_face.server.port))

        class Trusting(any_face.Model):
            database = databases[-1]
            partitions = count
            title = InstanceHashField(indexable=True)
            note = StringField()
            log = ListField()

        return Trusting

    yield make
    for database in databases:
        await any_face.do(database.close())


async def filled(face, model, read=READS["a list"]):
    """Creates eight objects, and reads each twice; returns their primary keys."""
    model.known = {}
    for number in range(8):
        made = await face.do(model.create(title=f"t{number}", note="n", log=["x"]))
        model.known[await face.do(made.pk.get())] = made
    for pk in [*model.known] * 2:
        await face.do(read(model, pk))
    return sorted(model.known, key=int)


@pytest.mark.parametrize("read", READS.values(), ids=READS)
async def test_a_read_is_one_round_trip(any_face, another_process, time, read):
    """Whether the trust has ended or not."""
    model = another_process(4)
    pk = (await filled(any_face, model, read))[0]
    with any_face.sent() as expected:
        result = await any_face.do(read(model, pk))
    time.seconds += TRUSTED + 1
    for _ in range(3):
        with any_face.sent() as sent:
            again = await any_face.do(read(model, pk))
        assert sent.names == expected.names
        assert again == result


async def looks(face, call):
    """How often the epoch is looked at during a call."""
    with face.server.client() as client:
        before = client.info("commandstats").get("cmdstat_hget", {"calls": 0})["calls"]
        await face.do(call())
        return client.info("commandstats").get("cmdstat_hget", {"calls": 0})["calls"] - before


async def test_the_epoch_is_looked_at_once_in_a_while(any_face, another_process, time):
    model = another_process(4)
    pk = (await filled(any_face, model, lambda model, pk: model.known[pk].log.llen()))[0]
    thing = model.known[pk]
    assert await looks(any_face, thing.log.llen) == 0
    time.seconds += TRUSTED + 1
    assert await looks(any_face, thing.log.llen) == 1
    assert await looks(any_face, thing.log.llen) == 0
    time.seconds += TRUSTED - 1
    assert await looks(any_face, thing.log.llen) == 0


async def moved_twice(face, another_process):
    """Moves the objects so that the number before is not followed any more."""
    for count in (4, 8):
        await face.do(another_process(count).repartition())


@pytest.mark.parametrize("read", READS.values(), ids=READS)
async def test_after_a_move_reads_are_refused(any_face, another_process, time, read):
    """They find nothing, or what is no more, for as long as the mover waits, and never later."""
    former = another_process(2)
    pks = await filled(any_face, former, read)
    await moved_twice(any_face, another_process)
    time.seconds += TRUSTED
    for pk in pks:
        await any_face.refused(DifferentPartitions, lambda pk=pk: read(former, pk))


@pytest.mark.parametrize("read", READS.values(), ids=READS)
async def test_a_process_that_sleeps_during_a_read_does_not_believe_the_reply(any_face, another_process, time, read):
    former = another_process(2)
    pks = await filled(any_face, former, read)
    await moved_twice(any_face, another_process)
    time.passes = TRUSTED - 1  # the first look finds that there is trust, the next one that it has ended
    await any_face.refused(DifferentPartitions, lambda: read(former, pks[-1]))


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
async def test_queries_are_refused_at_once(any_face, another_process, time, query):
    former = another_process(2)
    await filled(any_face, former)
    await any_face.do(query(former))
    await moved_twice(any_face, another_process)
    await any_face.refused(DifferentPartitions, lambda: query(former))


@pytest.mark.parametrize("kind", ["pipeline", "transaction"])
async def test_reads_in_blocks_are_refused(any_face, another_process, time, kind):
    former = another_process(2)
    pks = await filled(any_face, former)
    await moved_twice(any_face, another_process)
    time.seconds += TRUSTED
    with pytest.raises(DifferentPartitions):
        async with block(any_face, getattr(former.database, kind)()):
            former.known[pks[0]].note.get()
            former.known[pks[0]].log.lrange(0, -1)


async def test_a_transaction_of_reads_is_refused_at_once(any_face, another_process, time):
    """None of its reads could be sent again alone."""
    former = another_process(2)
    pks = await filled(any_face, former)
    await moved_twice(any_face, another_process)
    with pytest.raises(DifferentPartitions):
        async with block(any_face, former.database.transaction()):
            former.known[pks[0]].note.get()


@pytest.mark.parametrize("call", [call for name, call in CALLS.items() if name != "rebuild"])
async def test_nothing_is_executed_after_a_move(any_face, another_process, time, call):
    former = another_process(2)
    await filled(any_face, former)
    await moved_twice(any_face, another_process)
    time.seconds += TRUSTED
    stored = sorted(any_face.client.keys())
    await any_face.refused(DifferentPartitions, lambda: call(former))
    assert sorted(any_face.client.keys()) == stored


def steps(model):
    """What a mover sends, with the results; returns the seconds of its pauses."""
    program, pauses = mover.repartition(model._schema, None), []
    try:
        asked = next(program)
        while True:
            if isinstance(asked, Scattered):
                pause = next(asked.begin())
                assert isinstance(pause, Pause)
                pauses.append(pause.seconds)
                asked = program.send(None)
            else:
                asked = program.send(model.database._send_step(asked))
    except StopIteration:
        return pauses


@pytest.mark.parametrize("before", [1, 2])
def test_movers_wait(one_server, before, monkeypatch):
    """Until no process trusts any more that the objects have not moved; one of one partition does not compare that."""
    monkeypatch.setattr(fences, "NOTICED", 2 * TRUSTED)
    from limpyd import RedisDatabase, RedisModel  # noqa: PLC0415 - the other tests have a face

    databases = [RedisDatabase(port=one_server.port) for _ in range(2)]
    former, model = (
        type("Waiting", (RedisModel,), {"database": database, "partitions": count, "note": StringField()})
        for database, count in zip(databases, (before, 4), strict=True)
    )
    for _ in range(8):
        former(note="n")
    pauses = steps(model)
    assert [round(pause) for pause in pauses] == ([] if before == 1 else [2 * TRUSTED])
    assert model.collection().count() == 8
    for database in databases:
        database.close()
