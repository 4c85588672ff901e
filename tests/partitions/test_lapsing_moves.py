"""Deadlines of values go where the values go."""

import json
from datetime import timedelta

import pytest

from limpyd import InstanceHashField, PKField, StringField, UniquenessError
from limpyd.exceptions import IndexNotBuilt
from tests.support.clocks import passed

HOUR, SHORT = timedelta(hours=1), timedelta(milliseconds=1)


@pytest.fixture
async def at(any_face):
    """Makes the model as a process sees it that has sent nothing yet; closes its database at the end."""
    databases = []

    def make(count=1, db=0, name="Ticket", *, expires=True, field="code", **more):
        databases.append(any_face.Database(port=any_face.server.port, db=db))
        fields = {
            "id": PKField(),
            "city": InstanceHashField(),
            field: InstanceHashField(unique=True, expires=expires),
            "level": StringField(type=int, indexable=True, expires=expires),
            **more,
        }
        place = {"database": databases[-1], "partitions": count, "namespace": "lapsing", "__module__": __name__}
        return type(name, (any_face.Model,), {**place, **fields})

    yield make
    for database in databases:
        await any_face.do(database.close())


async def filled(face, model, count=8):
    """Creates objects, whose values last for an hour, or have lapsed; all have numbers for codes and levels."""
    for number in range(count):
        deadline = HOUR if number % 2 else SHORT
        values = {
            "city": "x",
            "code": str(number),
            "code_deadline": deadline,
            "level": number,
            "level_deadline": deadline,
        }
        await face.do(model.create(id=str(number), **values))
    passed(face)


async def agrees(face, model, count=8, field="code"):
    """Compares what a model finds with what `filled` has created."""
    for number in range(count):
        one = model.lazy_connect(str(number))
        assert await face.do(getattr(one, field).hget()) == (str(number) if number % 2 else None)
        assert await face.do(one.level.get()) == (number if number % 2 else None)
        if number % 2:
            assert 3500 < await face.do(getattr(one, field).httl()) <= 3600
            assert 3500 < await face.do(one.level.ttl()) <= 3600
            await face.refused(UniquenessError, lambda number=number: model.create(id="x", **{field: str(number)}))
    assert await face.do(model.collection(model.level >= 0).count()) == count // 2
    assert dict((await face.do(model.check())).found) == {}


@pytest.mark.parametrize(("before", "after"), [(1, 4), (2, 4)])
async def test_to_more_partitions(any_face, at, before, after):
    await filled(any_face, at(before))
    model = at(after)
    await any_face.do(model.repartition())
    await agrees(any_face, model)


async def test_to_another_database(any_face, at):
    await filled(any_face, at())
    model = at(db=1)
    await any_face.do(at().migrate_to(model.database))
    await agrees(any_face, model)


async def test_to_another_name(any_face, at):
    await filled(any_face, at())
    model = at(name="Voucher")
    await any_face.do(model.rename_from("lapsing:ticket"))
    await agrees(any_face, model)


async def test_to_another_field(any_face, at):
    await filled(any_face, at())
    model = at(field="secret")
    await any_face.do(model.rename_field("code", "secret"))
    await any_face.do(model.rebuild_indexes())
    await agrees(any_face, model, field="secret")


async def test_to_a_file(any_face, at):
    former = at()
    await filled(any_face, former)
    lines = await any_face.all(former.export())
    assert not any("expires at" in json.loads(line) for line in lines)
    model = at(db=1)
    await any_face.do(model.import_(lines))
    await agrees(any_face, model)


async def test_code_that_does_not_know_that_values_lapse(any_face, at):
    """It does not drop deadlines; so whoever relies on them is refused until the indexes are built again."""
    new, old = at(), at(expires=False)
    one = await any_face.do(new.create(id="1", code="a", code_deadline=HOUR))
    await any_face.do(old.lazy_connect("1").code.hset("b"))
    await any_face.refused(IndexNotBuilt, lambda: new.collection(code="b").all())
    await any_face.do(new.rebuild_indexes())
    assert await any_face.all(new.collection(code="b")) == ["1"]
    assert await any_face.do(one.code.httl()) > 3500  # which the other code has left


async def test_a_declared_model_with_objects_is_rebuilt(any_face, at):
    old, new = at(expires=False), at()
    await any_face.do(old.create(id="1", code="a"))
    await any_face.refused(IndexNotBuilt, lambda: new.collection(code="a").all())
    await any_face.do(new.rebuild_indexes())
    await any_face.do(new.lazy_connect("1").code.hpexpire(1))
    passed(any_face)
    assert await any_face.all(new.collection(code="a")) == []
    await any_face.do(new.create(id="2", code="a"))


async def test_an_index_that_the_process_does_not_know(any_face, at):
    """Whoever removes a value removes it from all indexes that were declared for it, by any process."""
    old = at()
    await any_face.do(old.create(id="1", level=1))
    new = at(level=StringField(type=int, unique=True, expires=True))
    await any_face.do(new.rebuild_indexes())
    await any_face.do(new.lazy_connect("1").level.pexpire(1))
    passed(any_face)
    assert await any_face.do(old.lazy_connect("1").level.get()) is None
    assert list(any_face.client.scan_iter("*:level*")) == []


async def test_readers_without_an_index_leave_it_as_it_is(any_face, at):
    old, new = at(), at(city=InstanceHashField(indexable=True))
    await any_face.do(old.create(id="1", level=1, city="x"))
    assert await any_face.do(old.collection(level=1).count()) == 1
    await any_face.do(new.rebuild_indexes())
    assert await any_face.do(old.collection(level=1).count()) == 1
    assert await any_face.do(new.collection(city="x").count()) == 1


async def test_a_field_that_was_stored_elsewhere(any_face, at):
    """What is recorded of the former key does not keep the value from lapsing."""
    old, new = at(), at(level=InstanceHashField(type=int, unique=True, expires=True))
    await any_face.do(old.create(id="0", level=1, level_deadline=HOUR))
    await any_face.do(old.lazy_connect("0").delete())
    for pk in ("1", "2"):
        await any_face.do(new.create(id=pk, level=1, level_deadline=SHORT))
        passed(any_face)
        assert await any_face.do(new.collection(level=1).count()) == 0
        assert await any_face.do(new.lazy_connect(pk).hgetall()) == {}
    assert (await any_face.do(new.check())).ok
