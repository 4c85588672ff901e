"""A model of several partitions is in use while its objects move to more of them."""

from __future__ import annotations

import contextlib
import threading
from binascii import crc32

import pytest

from limpyd import (
    ChangeFeed,
    FKStringField,
    InstanceHashField,
    ListField,
    RedisDatabase,
    RedisModel,
    SetField,
    StringField,
)
from limpyd.exceptions import DifferentPartitions, ObjectsMoved, ObjectsOnTheirWay, UnsupportedCommand
from limpyd.indexes.maintenance.trusted_reads import TRUSTED
from limpyd.repartitioning import announcing, delivery, fences, slices
from limpyd.requests import waiting
from limpyd.requests.request import resolved
from limpyd.utils import clock
from tests.support.blocks import block
from tests.support.calls_of_models import CALLS
from tests.support.slow_moves import given_by, moved_until, steps_of

COUNT = 24


@pytest.fixture(autouse=True)
def small_slices(monkeypatch):
    monkeypatch.setattr(announcing, "IN_SLICE", 2)
    monkeypatch.setattr(announcing, "SLICES", 4)
    monkeypatch.setattr(delivery, "FOUND", 3)


@pytest.fixture
def time(monkeypatch):
    """The seconds that processes see pass."""
    seconds = [0.0]
    monkeypatch.setattr(clock, "now", lambda: seconds[0])
    return seconds


@pytest.fixture
async def another_process(any_face):
    """Makes the model as a process sees it that has sent nothing yet; closes its database at the end."""
    databases = []

    def make(count, face=any_face, patience=0, **more):
        database = face.Database(port=any_face.server.port, patience=patience)
        databases.append((face, database))
        body = {
            "database": database,
            "partitions": count,
            "title": InstanceHashField(indexable=True),
            "note": StringField(),
            "log": ListField(),
            "tags": SetField(indexable=True),
            "__module__": __name__,
            **more,
        }
        return type("Online", (face.Model,), body)

    yield make
    for face, database in databases:
        if face is any_face:
            await any_face.do(database.close())
        else:
            database.close()


class Sync:
    """The face of movers in these tests."""

    Database, Model = RedisDatabase, RedisModel


async def filled(face, model):
    """Creates objects, and uses each as calls do that take the fast path; returns them by primary key."""
    made = {}
    for number in range(COUNT):
        thing = await face.do(model.create(title=f"t{number % 2}", note="n", log=["x"], tags=["y"]))
        for _ in range(2):
            await face.do(thing.note.get())
            await face.do(thing.title.hset(f"t{number % 2}"))
        made[await face.do(thing.pk.get())] = thing
    return made


def is_half(records):
    """The first partition has given half of its slices, the second one none."""
    return records.get(0) == "-4 2 2 4" and records.get(1) == "-4 2 0 4"


def is_closed(records):
    return records.get(0, "").endswith("closed")


CALLS_OF_OBJECTS = {
    "a read": (lambda thing: thing.note.get(), "n"),
    "a length": (lambda thing: thing.log.llen(), 1),
    "a write": (lambda thing: thing.note.set("m"), True),
    "a write of an index": (lambda thing: thing.title.hset("t7"), 0),
    "a member": (lambda thing: thing.tags.sadd("z"), 1),
    "several": (lambda thing: thing.hmset(title="t8"), None),
    "values": (lambda thing: thing.values("note"), {"note": "n"}),
    "update": (lambda thing: thing.update(note="k"), None),
    "delete": (lambda thing: thing.delete(), None),
}


@pytest.mark.parametrize(("call", "result"), CALLS_OF_OBJECTS.values(), ids=CALLS_OF_OBJECTS)
async def test_calls_of_objects(any_face, another_process, call, result):
    """Of a process that has run before, and of one that begins in the middle, whichever number it declares."""
    former = another_process(2)
    made = await filled(any_face, former)
    steps = moved_until(another_process(4, Sync), is_half)
    for model in (former, another_process(2), another_process(4)):
        for pk in list(made)[:8]:
            found = await any_face.do(call(model.lazy_connect(pk)))
            assert result is None or found == result or model is not former
            made.pop(pk)
    for _ in steps:
        pass
    assert list(await any_face.do(another_process(4).check())) == []


SEVERAL = {"rebuild", "check", "delete all", "update all", "sort"}


@pytest.mark.parametrize("name", [name for name in CALLS if name not in {*SEVERAL, "create", "delete"}])
async def test_calls_of_models(any_face, another_process, name):
    former = another_process(2)
    await filled(any_face, former)
    expected = await any_face.do(CALLS[name](former))
    steps = moved_until(another_process(4, Sync), is_half)
    for model in (former, another_process(2), another_process(4)):
        found = await any_face.do(CALLS[name](model))
        assert str(found) == str(expected) if not isinstance(found, list) else sorted(found) == sorted(expected)
    for _ in steps:
        pass


async def test_what_is_created_is_found_by_all(any_face, another_process):
    former = another_process(2)
    pks = set(await filled(any_face, former))
    model = another_process(4)
    steps = steps_of(another_process(4, Sync))
    for _ in range(3):
        next(steps)
    for _ in steps:
        for each in (former, model):
            try:
                thing = await any_face.do(each.create(title="new"))
            except ObjectsOnTheirWay:
                continue
            pks.add(await any_face.do(thing.pk.get()))
    for each in (former, model, another_process(4)):
        assert set(await any_face.do(each.collection().all())) == pks
        assert len(await any_face.do(each.collection(title="new").all())) == len(pks) - COUNT > 30
        assert list(await any_face.do(each.check())) == []


async def test_other_processes_are_refused(any_face, another_process):
    """Those that declare another number."""
    await filled(any_face, another_process(2))
    steps = moved_until(another_process(4, Sync), is_half)
    for model in (another_process(8), another_process(16)):
        for name in ("query", "write", "read"):
            error = await any_face.refused(DifferentPartitions, lambda model=model, name=name: CALLS[name](model))
            assert (error.stored, error.is_moving) == (4, True)
    for count in (8, 2):
        await any_face.refused(DifferentPartitions, another_process(count).repartition)
    for _ in steps:
        pass


UNIQUE = {"email": InstanceHashField(unique=True)}


async def test_references_that_come_in_the_last_moment(any_face, another_process):
    """A process that declares them goes on."""
    former = another_process(2)
    made = await filled(any_face, former)
    steps = steps_of(another_process(4, Sync))
    for _ in range(3):
        next(steps)  # the mover has seen no references
    body = {"partitions": 2, "note": StringField(), "__module__": __name__}
    referring = type("Referring", (any_face.Model,), {**body, "database": former.database, "of": FKStringField(former)})
    await any_face.do(referring.create(of=made["1"], note="n"))
    with pytest.raises(UnsupportedCommand, match=r"Referring\.of may refer to Online objects"):
        for _ in steps:
            pass
    assert set(given_by(another_process(4, Sync)).values()) == {"-4 2 0 4"}
    for model in (former, another_process(2), another_process(4)):
        assert len(await any_face.do(model.collection().all())) == COUNT
    mover = another_process(4, Sync)
    type("Referring", (RedisModel,), {**body, "database": mover.database, "of": FKStringField(mover)})
    assert mover.repartition().objects
    for model in (former, referring):
        await any_face.do(model.collection().count())
        assert list(await any_face.do(model.check())) == []


async def test_a_unique_value_that_comes_in_the_last_moment(any_face, another_process):
    """A class that declares it goes on."""
    made = await filled(any_face, another_process(2))
    steps = steps_of(another_process(4, Sync))
    for _ in range(3):
        next(steps)
    new = another_process(2, **UNIQUE)
    await any_face.do(new.create(email="x", note="n"))
    with pytest.raises(UnsupportedCommand, match="that are unique"):
        for _ in steps:
            pass
    assert (await any_face.do(another_process(4, **UNIQUE).repartition())).objects
    assert len(await any_face.do(new.collection().all())) == len(made) + 1


@pytest.mark.parametrize("counts", [(2, 4), (4, 2)])
async def test_processes_with_a_feed_and_without_use_the_model(any_face, another_process, counts):
    """And either goes on with the move."""
    made = await filled(any_face, another_process(2))
    steps = moved_until(another_process(4, Sync), is_half)
    plain, fed = another_process(counts[0]), another_process(counts[1], changes=ChangeFeed())
    for pk in list(made)[:8]:
        await any_face.do(plain.lazy_connect(pk).note.set("m"))
        await any_face.do(fed.lazy_connect(pk).note.set("k"))
        assert await any_face.do(plain.lazy_connect(pk).note.get()) == "k"
    assert {change.pk for change in await any_face.all(fed.changes())} == {*list(made)[:8]}
    assert (await any_face.do(another_process(4, changes=ChangeFeed()).repartition())).objects
    for _ in steps:
        pass
    model = another_process(4)
    assert set(await any_face.do(model.collection().all())) == set(made)
    assert list(await any_face.do(model.check())) == []


@pytest.mark.parametrize("name", ["write", "query", "read"])
async def test_calls_wait_for_objects_on_their_way(any_face, another_process, time, name):
    """No longer than the database has patience; nothing is executed."""
    former = another_process(2, patience=0.02)
    await filled(any_face, former)
    time[0] += TRUSTED
    model = another_process(4, Sync)
    steps = moved_until(model, is_closed)
    stored = sorted(any_face.client.keys())
    error = await any_face.refused(ObjectsOnTheirWay, lambda: CALLS[name](former))
    assert (error.model, error.partitions) == ("Online", 4)
    assert sorted(any_face.client.keys()) == stored
    ended = threading.Timer(0.05, lambda: [None for _ in steps])
    ended.start()
    await any_face.do(CALLS[name](another_process(2, patience=20)))
    ended.join()


@pytest.mark.parametrize("name", ["write", "query", "read", "pipeline"])
async def test_calls_finish_the_slice_of_a_dead_mover(any_face, another_process, monkeypatch, time, name):
    """Wherever it stopped; the claims of unique values arrive, too."""
    monkeypatch.setattr(waiting, "UNFINISHED", 0)
    former = another_process(2, patience=20, **UNIQUE)
    made = await filled(any_face, former)
    values = {pk: f"e{pk}" for pk in made}
    for pk, email in values.items():
        await any_face.do(made[pk].email.hset(email))
    time[0] += TRUSTED
    looking = another_process(4, Sync)
    for stop in range(3):  # the mover stops earlier or later
        steps = moved_until(another_process(4, Sync, **UNIQUE), is_closed)
        for _ in range(4 * stop):
            next(steps)
        before = given_by(looking)[0]
        if name == "pipeline":
            async with block(any_face, former.database.pipeline()):
                written = [thing.title.hset("t5") for thing in made.values()]
            assert [each.value for each in written] == [0] * COUNT
        else:
            await any_face.do(CALLS[name](former))
        after = given_by(looking)[0]
        assert before.endswith(" closed")
        assert after == "4" or int(after.split()[2]) == int(before.split()[2]) + 1
    await any_face.do(another_process(4, **UNIQUE).repartition())
    for pk, email in values.items():
        assert await any_face.do(another_process(4, **UNIQUE).collection(email=email).all()) == [pk]
    assert list(await any_face.do(another_process(4, **UNIQUE).check())) == []


async def test_a_mover_rests_between_slices(another_process, monkeypatch):
    """So that calls which wait for one, and look again from time to time, go on before the next one."""
    model, rests = another_process(2, Sync), []
    for number in range(COUNT):
        model(title=f"t{number}")
    monkeypatch.setattr(slices, "REST", 2 * waiting.LONGEST)
    monkeypatch.setattr(fences, "pause", lambda schema, seconds: rests.append(seconds) or resolved(None))
    another_process(4, Sync).repartition()
    assert rests == [2 * waiting.LONGEST] * 2 * 3  # of two partitions with four slices


async def test_pipelines_go_on(any_face, another_process):
    """Each operation is described again that meets objects which have moved, also in a process that begins."""
    former = another_process(2)
    pks = list(await filled(any_face, former))
    steps = moved_until(another_process(4, Sync), is_half)
    for model in (former, another_process(2), another_process(4)):
        things = [model.lazy_connect(pk) for pk in pks]
        async with block(any_face, model.database.pipeline()):
            written = [thing.title.hset("t5") for thing in things]
            read = [thing.title.hget() for thing in things]
            found = model.collection(title="t5").all()
            model.create(title="new")
            things[0].delete()
            count = model.collection(title="t5").count()
        assert [each.value for each in written] == [0] * len(pks)
        assert [each.value for each in read] == ["t5"] * len(pks)
        assert set(found.value) <= set(pks)
        assert count.value == len(pks) - 1
        new = await any_face.do(model.get(title="new"))
        await any_face.do(new.delete())
        pks.pop(0)
    for _ in steps:
        pass


async def test_pipelines_wait(any_face, another_process):
    former = another_process(2, patience=0.02)
    await filled(any_face, former)
    steps = moved_until(another_process(4, Sync), is_closed)
    with pytest.raises(ObjectsOnTheirWay):
        async with block(any_face, former.database.pipeline()):
            written = [former.lazy_connect(pk).title.hset("t5") for pk in ("1", "2")]
    assert written[1].value == 0
    ended = threading.Timer(0.05, lambda: [None for _ in steps])
    ended.start()
    model = another_process(2, patience=20)
    async with block(any_face, model.database.pipeline()):
        written = [model.lazy_connect(pk).title.hset("t6") for pk in ("1", "2")]
        found = model.collection(title="t6").count()
    assert ([each.value for each in written], found.value) == ([0, 0], 2)
    ended.join()


async def test_transactions_can_be_executed_again(any_face, another_process):
    former = another_process(2)
    made = await filled(any_face, former)
    steps = moved_until(another_process(4, Sync), is_half)
    thing = made["3"]
    with pytest.raises(ObjectsMoved):
        async with block(any_face, former.database.transaction()):
            thing.note.set("new")
    await any_face.do(thing.note.get())
    async with block(any_face, former.database.transaction()):
        thing.note.set("new")
    for _ in steps:
        pass
    assert await any_face.do(thing.note.get()) == "new"


async def test_plain_reads_compare_the_epoch(any_face, another_process, time):
    """A process that has trusted for too long that nothing moves asks where the object is."""
    former = another_process(2)
    made = await filled(any_face, former)
    steps = moved_until(another_process(4, Sync), is_half)
    time[0] += TRUSTED
    assert [await any_face.do(thing.note.get()) for thing in made.values()] == ["n"] * COUNT
    for _ in steps:
        for pk in ("1", "2", "3", "4"):
            with contextlib.suppress(ObjectsOnTheirWay):
                assert await any_face.do(made[pk].note.get()) == "n"
    time[0] += TRUSTED
    assert [await any_face.do(thing.note.get()) for thing in made.values()] == ["n"] * COUNT


async def test_round_trips(any_face, another_process):
    """What a call costs while objects move, once the process knows how far they have come."""
    former = another_process(2)
    made = await filled(any_face, former)
    steps = moved_until(another_process(4, Sync), is_half)
    costs = {}
    for name, call in {
        "write": lambda: made["1"].title.hset("t3"),
        "read": lambda: made["1"].note.get(),
        "query": lambda: former.collection(title="t1").count(),
    }.items():
        await any_face.do(call())
        await any_face.do(call())
        with any_face.sent() as sent:
            await any_face.do(call())
        costs[name] = len(sent.commands)
    assert costs == {"write": 1, "read": 1, "query": 1}
    for _ in steps:
        pass
    await any_face.do(made["1"].title.hset("t3"))
    await any_face.do(made["1"].note.get())
    with any_face.sent() as sent:
        await any_face.do(made["1"].note.get())
    assert len(sent.commands) == 1


async def test_round_trips_of_unique_values(any_face, another_process):
    """While objects move, they take as many requests as before; a query asks those that a partition gave to, too."""
    former = another_process(2, **UNIQUE)
    made = await filled(any_face, former)
    thing = made["1"]  # in partition 0; the claims of these values are in 1 or 3
    nobodys, *values = [text for text in map(str, range(60)) if crc32(text.encode()) % 2]

    async def costs():
        found, value = [], values.pop()
        for call in (
            lambda: thing.email.hset(value),
            lambda: former.collection(email=value).all(),
            lambda: former.collection(email=nobodys).all(),
        ):
            with any_face.sent() as sent:
                await any_face.do(call())
            found.append(len(sent.commands))
        return found

    for _ in range(5):  # from then on each removes the claim of a value that was given up
        before = await costs()
    steps = moved_until(another_process(4, Sync, **UNIQUE), is_half)
    for _ in range(4):  # the process finds out
        await costs()
    meanwhile = await costs()
    for _ in steps:
        pass
    for _ in range(4):
        await costs()
    assert await costs() == before
    assert [more - less for more, less in zip(meanwhile, before, strict=True)] == [0, 1, 0]


async def test_new_objects_are_spread_evenly_after_a_move(any_face, another_process):
    """Those with unique values are made where the claims are, so that takes one request."""
    await filled(any_face, another_process(2, **UNIQUE))
    model = another_process(4, **UNIQUE)
    await any_face.do(model.repartition())
    await any_face.do(model.create(email="first"))
    partitions = set()
    for number in range(12):
        thing = await any_face.do(model.create(email=f"e{number}"))
        partitions.add((int(await any_face.do(thing.pk.get())) - 1) % 4)
    assert partitions == {0, 1, 2, 3}


async def test_progress(any_face, another_process):
    made = await filled(any_face, another_process(2))
    seen = []
    moved = await any_face.do(another_process(4).repartition(progress=lambda *done: seen.append(done)))
    assert seen == sorted(seen)
    assert seen[-1] == (COUNT, COUNT)
    assert len(seen) > 8
    assert moved.objects == sum(int(pk) % 4 in {3, 0} for pk in made)
    assert set(given_by(another_process(4, Sync)).values()) == {"4"}
