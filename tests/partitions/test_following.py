"""A process that declares the former number of partitions goes on with the new one after its objects have moved."""

from __future__ import annotations

import pytest

from limpyd import InstanceHashField, ListField, PKField, SetField, StringField
from limpyd.exceptions import DifferentPartitions, ObjectsMoved, UniquenessError
from limpyd.indexes.maintenance.trusted_reads import TRUSTED
from limpyd.utils import clock
from tests.support.blocks import block
from tests.support.calls_of_models import CALLS

COUNT = 12


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

    def make(count, **more):
        databases.append(any_face.Database(port=any_face.server.port))
        body = {
            "database": databases[-1],
            "partitions": count,
            "title": InstanceHashField(indexable=True),
            "note": StringField(),
            "email": InstanceHashField(unique=True),
            "log": ListField(),
            "tags": SetField(indexable=True),
            "__module__": __name__,
            **more,
        }
        return type("Followed", (any_face.Model,), body)

    yield make
    for database in databases:
        await any_face.do(database.close())


async def filled(face, model):
    """Creates objects, and uses each as calls do that take the fast path; returns them by primary key."""
    made = {}
    for number in range(COUNT):
        values = {"title": f"t{number % 2}", "note": "n", "email": f"e{number}", "log": ["x"], "tags": ["y"]}
        thing = await face.do(model.create(**values))
        for _ in range(2):
            await face.do(thing.note.get())
            await face.do(thing.title.hset(f"t{number % 2}"))
            await face.do(thing.log.llen())
        made[await face.do(thing.pk.get())] = thing
    return made


CALLS_OF_OBJECTS = {
    "a read": (lambda thing: thing.note.get(), "n"),
    "a length": (lambda thing: thing.log.llen(), 1),
    "a write": (lambda thing: thing.note.set("m"), True),
    "a write of an index": (lambda thing: thing.title.hset("t7"), 0),
    "a unique value": (lambda thing: thing.email.hset("another"), 0),
    "a member": (lambda thing: thing.tags.sadd("z"), 1),
    "several": (lambda thing: thing.hmset(title="t8", email="one more"), True),
    "some": (lambda thing: thing.hmget("title"), None),
    "values": (lambda thing: thing.values("note"), {"note": "n"}),
    "update": (lambda thing: thing.update(note="k"), None),
    "delete": (lambda thing: thing.delete(), None),
}


@pytest.mark.parametrize(("call", "result"), CALLS_OF_OBJECTS.values(), ids=CALLS_OF_OBJECTS)
async def test_calls_of_objects_go_on(any_face, another_process, time, call, result):
    """Of those that have moved, and of those that have stayed."""
    former, model = another_process(2), another_process(4)
    made = await filled(any_face, former)
    await any_face.do(model.repartition())
    time[0] += TRUSTED
    pks = sorted(made, key=int)
    for pk in (pks[0], pks[-1]):
        if call is CALLS_OF_OBJECTS["a unique value"][0]:
            await any_face.do(made[pk].email.hset(f"former {pk}"))
        found = await any_face.do(call(made[pk]))
        if result is not None:
            assert found == result
        if call in {CALLS_OF_OBJECTS[name][0] for name in ("a unique value", "several")}:
            await any_face.do(made[pk].email.hset(f"own {pk}"))
    assert former._schema.keys.count == 4
    assert list(await any_face.do(another_process(4).check())) == []


ONE_REQUEST = [name for name in CALLS if name not in {"rebuild", "check", "delete all", "update all", "sort"}]


@pytest.mark.parametrize("name", ONE_REQUEST)
async def test_calls_of_models_go_on(any_face, another_process, time, name):
    former, model = another_process(2), another_process(4)
    await filled(any_face, former)
    expected = another_process(4)
    await any_face.do(model.repartition())
    time[0] += TRUSTED
    await any_face.refused(DifferentPartitions, lambda: CALLS[name](another_process(2)))  # which starts now
    if name in {"create", "delete"}:
        await any_face.do(CALLS[name](former))
    else:
        found, wanted = await any_face.do(CALLS[name](former)), await any_face.do(CALLS[name](expected))
        assert str(found) == str(wanted) if not isinstance(found, list) else sorted(found) == sorted(wanted)
    assert former._schema.keys.count == 4


@pytest.mark.parametrize("name", ["delete all", "update all"])
async def test_changes_of_what_is_found_go_on(any_face, another_process, name):
    former, model = another_process(2), another_process(4)
    await filled(any_face, former)
    await any_face.do(model.repartition())
    assert await any_face.do(CALLS[name](former)) == COUNT
    assert await any_face.do(another_process(4).collection().count()) == (0 if name == "delete all" else COUNT)


@pytest.mark.parametrize("name", ["rebuild", "check"])
async def test_operations_of_several_requests_can_be_called_again(any_face, another_process, name):
    former, model = another_process(2), another_process(4)
    await filled(any_face, former)
    await any_face.do(model.repartition())
    if name != "rebuild":
        error = await any_face.refused(ObjectsMoved, lambda: CALLS[name](former))
        assert (error.model, error.partitions) == ("Followed", 4)
    else:
        await any_face.do(former.collection(title="t1").count())
    await any_face.do(CALLS[name](former))
    assert await any_face.do(another_process(4).collection().count()) == COUNT


async def test_pipelines_go_on(any_face, another_process):
    former, model = another_process(2), another_process(4)
    made = await filled(any_face, former)
    await any_face.do(model.repartition())
    async with block(any_face, former.database.pipeline()):
        written = [thing.note.set("new") for thing in made.values()]
        read = [thing.note.get() for thing in made.values()]
    assert [each.value for each in written] == [True] * COUNT
    assert [each.value for each in read] == ["new"] * COUNT


async def test_transactions_can_be_executed_again(any_face, another_process):
    former, model = another_process(2), another_process(4)
    made = await filled(any_face, former)
    await any_face.do(model.repartition())
    thing = list(made.values())[-1]
    with pytest.raises(ObjectsMoved):
        async with block(any_face, former.database.transaction()):
            thing.note.set("new")
    assert await any_face.do(thing.note.get()) == "n"
    async with block(any_face, former.database.transaction()):
        thing.note.set("new")
    assert await any_face.do(thing.note.get()) == "new"


async def test_what_is_created_is_found_by_both(any_face, another_process):
    former, model = another_process(2), another_process(4)
    made = await filled(any_face, former)
    await any_face.do(model.repartition())
    pks = set(made)
    for number in range(8):
        for each in (former, model):
            thing = await any_face.do(each.create(title="t5", email=f"{each._schema.keys.count} {number} {id(each)}"))
            pks.add(await any_face.do(thing.pk.get()))
    assert len(pks) == COUNT + 16
    for each in (former, model):
        assert set(await any_face.do(each.collection().all())) == pks
        assert len(await any_face.do(each.collection(title="t5").all())) == 16
        await any_face.refused(UniquenessError, lambda each=each: each.create(email="e3"))
        assert await any_face.do((await any_face.do(each.get(email="e3"))).title.hget()) == "t1"
    assert list(await any_face.do(former.check())) == []


async def test_round_trips(any_face, another_process, time):
    """What a call costs that meets the end of a move: the refused request, the record, the catalog and the request."""
    former, model = another_process(2), another_process(4)
    made = await filled(any_face, former)
    await any_face.do(model.repartition())
    time[0] += TRUSTED
    thing = list(made.values())[-1]
    costs = []
    for _ in range(2):
        with any_face.sent() as sent:
            await any_face.do(thing.title.hset("t3"))
        costs.append(len(sent.commands))
    assert costs == [5, 1]
    with any_face.sent() as sent:
        await any_face.do(thing.note.get())
    assert len(sent.commands) == 1


async def test_a_process_follows_from_one_move_to_the_next(any_face, another_process):
    former = another_process(2, key=PKField())
    for number in range(COUNT):
        await any_face.do(former.create(key=f"k{number}", title="t"))
    for count in (4, 16):
        await any_face.do(another_process(count, key=PKField()).repartition())
        await any_face.do(former.create(key=f"of {count}", title="t"))
        assert await any_face.do(former.collection(title="t").count()) == COUNT + (1 if count == 4 else 2)
    assert former._schema.keys.count == 16
    assert list(await any_face.do(former.check())) == []


async def test_only_the_last_number_is_followed(any_face, another_process):
    """Not one before it, nor any other, nor by a process that starts afterwards."""
    running = {count: another_process(count) for count in (2, 4)}
    await filled(any_face, running[2])
    for count in (4, 8):
        await any_face.do(another_process(count).repartition())
        if count == 4:
            await any_face.do(running[4].create(title="x"))
    for model in (running[2], another_process(2), another_process(4), another_process(16)):
        await any_face.refused(DifferentPartitions, lambda model=model: model.create(title="x"))
    await any_face.do(running[4].create(title="x"))


async def test_one_partition_is_not_followed(any_face, another_process):
    former = another_process(1)
    await filled(any_face, former)
    await any_face.do(another_process(4).repartition())
    await any_face.refused(DifferentPartitions, lambda: former.create(title="x"))


async def test_cursors_stay_valid(any_face, another_process):
    former, model = another_process(2), another_process(4)
    await filled(any_face, former)
    query = former.collection().sort("title", alpha=True).values_list("pk", flat=True)
    page = await any_face.do(query.page(5))
    await any_face.do(model.repartition())
    found = list(page.items)
    while page.cursor is not None:
        page = await any_face.do(query.page(5, after=page.cursor))
        found += page.items
    assert len(found) == len(set(found)) == COUNT


async def test_after_a_flush_the_declared_number_counts_again(any_face, another_process):
    """Of several processes the first one that writes."""
    former = another_process(2)
    await filled(any_face, former)
    await any_face.do(another_process(4).repartition())
    await any_face.do(former.collection(title="t1").count())
    any_face.client.flushall()
    for _ in range(6):
        await any_face.do(former.create(title="x"))
    assert (former._schema.keys.count, await any_face.do(former.collection(title="x").count())) == (2, 6)
    await any_face.refused(DifferentPartitions, lambda: another_process(4).create(title="x"))


async def test_another_database_has_the_declared_number(any_face, another_process):
    former = another_process(2)
    await filled(any_face, former)
    await any_face.do(another_process(4).repartition())
    assert await any_face.do(former.collection(title="t1").count()) == COUNT // 2
    await any_face.do(former.database.reset(port=any_face.server.port, db=1))
    await any_face.do(former.create(title="x"))
    assert former._schema.keys.count == 2
    await any_face.do(former.database.reset(port=any_face.server.port))
    assert await any_face.do(former.collection(title="t1").count()) == COUNT // 2
    any_face.client.execute_command("FLUSHALL")


@pytest.mark.parametrize("recorded", [b"8", b"-8 4 1 4", b"-8 4 1 4 closed"])
async def test_late_replies_about_partitions_that_another_thread_has_left(another_process, recorded):
    schema = another_process(4, email=InstanceHashField())._schema
    left, record = schema.keys.at(0), schema.maintenance.record
    schema.follow(8)
    assert record.follows(left, recorded)  # so that the call is described again
    assert not record.follows(schema.keys.at(0), b"16")


async def test_what_another_thread_has_planned_before_is_not_sent(any_face, another_process, time):
    """It plans with the partitions that the model had, and keeps the plan when the model has others: nobody uses it."""
    former, model = another_process(2), another_process(4)
    made = await filled(any_face, former)
    schema = former._schema

    async def asked():
        for _ in range(3):
            assert set(await any_face.all(former.collection(title="t1"))) == set(list(made)[1::2])
            assert await any_face.do(former.collection(tags="y").count()) == COUNT

    await asked()
    plans, partition = schema.queries, schema.keys.first
    await any_face.do(model.repartition())
    time[0] += TRUSTED
    await asked()
    assert schema.keys.count == 4
    schema.queries = plans
    await asked()
    assert schema.maintenance.at(partition).has_moved
    assert not schema.maintenance.at(schema.keys.first).has_moved
