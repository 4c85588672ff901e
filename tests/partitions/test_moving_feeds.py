"""Feeds of changes of models whose objects move to more partitions while they are in use."""

from __future__ import annotations

import pytest

from limpyd import ChangeFeed, InstanceHashField, RedisDatabase, RedisModel
from limpyd.exceptions import ChangesLost, InvalidValue, ObjectsOnTheirWay
from tests.support.slow_moves import move_few_at_once, moved_until

COUNT = 12


class Sync:
    """The face of movers in these tests."""

    Database, Model = RedisDatabase, RedisModel


@pytest.fixture(autouse=True)
def small_slices(monkeypatch):
    move_few_at_once(monkeypatch)


@pytest.fixture
async def process(any_face):
    """Makes the model as a process sees it that has sent nothing yet; closes its database at the end."""
    made = []

    def make(count, face=any_face, patience=0, **more):
        database = face.Database(port=any_face.server.port, patience=patience)
        made.append((face, database))
        body = {"database": database, "partitions": count, "changes": ChangeFeed(), "__module__": __name__}
        return type("Fed", (face.Model,), {**body, "status": InstanceHashField(indexable=True), **more})

    yield make
    for face, database in made:
        if face is any_face:
            await any_face.do(database.close())
        else:
            database.close()


async def filled(face, model):
    """Creates objects; returns their primary keys."""
    return [await face.do((await face.do(model.create(status="x"))).pk.get()) for _ in range(COUNT)]


def moved_half(model):
    return moved_until(model, lambda records: records.get(0) == "-4 2 2 4")


def end(steps):
    for _ in steps:
        pass


async def read(face, reader):
    """The primary keys and kinds of changes."""
    return [(change.pk, change.kind) for change in await face.all(reader)]


async def changed(face, model, pks, status):
    for pk in pks:
        await face.do(model.lazy_connect(pk).status.hset(status))
    return sorted((pk, "changed") for pk in pks)


async def test_readers_that_do_nothing_else_follow(any_face, process):
    """In processes of the former number, which only read: the records tell them of each slice."""
    pks = await filled(any_face, process(2))
    writer, running, saved = process(4), process(2), process(2)
    reader, worker = running.changes(count=2), saved.changes(group="g", count=2)
    plain = process(2).changes()
    for each in (reader, worker, plain):
        assert len(await read(any_face, each)) == COUNT
    steps = moved_half(process(4, Sync))
    for status in "abc":
        expected = await changed(any_face, writer, pks, status)
        for each in (reader, worker):
            assert sorted(await read(any_face, each)) == expected
        if status == "a":
            continue
        end(steps)
    assert len(reader.position.split(",")) == 4
    for model in (process(4), running):
        assert len(await read(any_face, model.changes(plain.position))) == 3 * COUNT
        assert await read(any_face, model.changes(reader.position)) == []
    assert list(await any_face.do(writer.check())) == []


async def test_positions_in_the_middle_of_a_move(any_face, process):
    pks = await filled(any_face, process(2))
    steps = moved_half(process(4, Sync))
    middle = process(2).changes()
    assert len(await read(any_face, middle)) == COUNT
    expected = await changed(any_face, process(4), pks, "a")
    for count in (2, 4):
        assert sorted(await read(any_face, process(count).changes(middle.position))) == expected
    end(steps)
    assert sorted(await read(any_face, process(4).changes(middle.position))) == expected


@pytest.mark.parametrize("looks", [True, False])
async def test_what_is_read_from_now_on(any_face, process, looks):
    """Nothing is missed in new partitions, whether the reader looks in the middle or not."""
    former = process(2)
    pks = await filled(any_face, former)
    reader, group = process(2).changes("$"), process(2).changes("$", group="g")
    for each in (reader, group):
        assert await read(any_face, each) == []
    steps = moved_half(process(4, Sync))
    expected = await changed(any_face, former, pks, "a")
    if looks:
        for each in (reader, group):
            assert sorted(await read(any_face, each)) == expected
    end(steps)
    missing = [] if looks else expected
    expected = sorted(missing + await changed(any_face, former, pks, "b"))
    for each in (reader, process(4).changes("$", group="g")):
        assert sorted(await read(any_face, each)) == expected


async def test_a_group_finishes_what_comes_first(any_face, process):
    """An object's changes in its new partition wait for those in the former one that another worker has."""
    former = process(2)
    pks = await filled(any_face, former)
    end(moved_until(process(4, Sync), lambda records: not any(" " in text for text in records.values())))
    model = process(4)
    moved = [pk for pk in pks if model._schema.keys.partition(pk.encode()).number >= 2]
    expected = await changed(any_face, model, moved, "a")
    other = model.changes(group="g", consumer="other", count=100)._reading
    await any_face.do(model.database._run_program(other.next()))  # it has all that was in the former partitions
    assert await read(any_face, model.changes(group="g")) == []
    created = sorted((pk, "created") for pk in pks)
    for reader in (model.changes(), model.changes(group="g", consumer="other")):
        found = await read(any_face, reader)
        assert (sorted(found[:COUNT]), sorted(found[COUNT:])) == (created, expected)


async def test_who_falls_behind_in_a_new_partition_is_told(any_face, process):
    former = process(2)
    pks = await filled(any_face, former)
    early = former.changes()
    await read(any_face, early)
    end(moved_half(process(4, Sync)))
    model = process(4)
    await changed(any_face, model, pks, "a")
    await changed(any_face, model, pks, "b")
    key = model._schema.keys.at(3).changes
    assert any_face.client.xtrim(key, maxlen=1, approximate=False)
    for position in (early.position, f"{early.position},0-0,0-0"):
        with pytest.raises(ChangesLost, match="the first entries were removed"):
            await read(any_face, model.changes(position))
    assert ("12", "changed") in await read(any_face, model.changes())


async def test_what_others_have_removed_is_not_waited_for(any_face, process):
    """The entries of the former partitions, which come first."""
    former = process(2)
    pks = await filled(any_face, former)
    end(moved_half(process(4, Sync)))
    model = process(4)
    await changed(any_face, model, pks, "a")
    there = [model._schema.keys.at(number).changes for number in (0, 1)]
    for key in there:
        any_face.client.xtrim(key, maxlen=0, approximate=False)
    expected = sorted((pk, "changed") for pk in pks if model._schema.keys.partition(pk.encode()).number >= 2)
    assert sorted(await read(any_face, model.changes(group="g"))) == expected
    any_face.client.delete(*there)
    assert sorted(await read(any_face, model.changes())) == expected
    assert sorted(await read(any_face, model.changes(group="h"))) == expected


async def test_behind_a_fence_the_order_stays_too(any_face, process):
    """With a class that lacks a unique value."""
    pks = await filled(any_face, process(2))
    await any_face.do(process(2, code=InstanceHashField(unique=True)).lazy_connect(pks[0]).status.hset("x"))
    model = process(4)
    await any_face.do(model.repartition())
    keys, client = model._schema.keys, any_face.client
    for number in (2, 3):
        last = client.xrevrange(keys.at(number - 2).changes, count=1)[0][0]
        assert client.hget(keys.at(number).feed_origin, "after") == b"%d %b" % (number - 2, last)


async def test_positions_in_more_partitions_than_there_are(any_face, process):
    model = process(2)
    pks = await filled(any_face, model)
    assert len(await read(any_face, model.changes("0,0,0-0"))) == len(pks)
    with pytest.raises(InvalidValue, match=r"Fed\.changes: .* is a position in 3 partitions, and the model has 2"):
        await read(any_face, model.changes("0,0,5-1"))
    with pytest.raises(InvalidValue, match="is a position in 257 partitions"):
        model.changes(",".join(["0"] * 257))


@pytest.mark.parametrize("group", [False, True])
async def test_readers_wait_for_a_slice(any_face, process, group):
    """No longer than the database has patience, each time; whoever waits for a second brings the slice to its end."""
    former = process(2)
    await filled(any_face, former)
    steps = moved_until(process(4, Sync), lambda records: records.get(0, "").endswith("closed"))
    more = {"group": "g"} if group else {}
    with pytest.raises(ObjectsOnTheirWay):
        await read(any_face, former.changes(**more))
    assert len(await read(any_face, process(2, patience=5).changes(**more))) == COUNT
    end(steps)


async def test_round_trips(any_face, process):
    """Readers of models that have not moved: a command for each partition, and at first one more for new partitions."""
    model = process(4)
    await filled(any_face, model)
    await read(any_face, model.changes(group="g"))
    reader = model.changes()
    with any_face.sent() as sent:
        await read(any_face, reader)
    assert [one[0] for one in sent.commands] == ["XRANGE"] * 4 + ["HGET"] * 3 + ["XRANGE"] * 4
    with any_face.sent() as sent:
        await read(any_face, reader)
    assert [one[0] for one in sent.commands] == ["XRANGE"] * 4
    with any_face.sent() as sent:
        await read(any_face, model.changes(group="g"))
    assert [one[0] for one in sent.commands] == ["EVALSHA"] * 4
