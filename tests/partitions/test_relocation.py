"""The objects of a model move to another database, while they are in use."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta

import pytest

from limpyd import (
    DeadlineField,
    DynamicInstanceHashField,
    EqualIndex,
    FKInstanceHashField,
    InstanceHashField,
    PKField,
    StringField,
)
from limpyd.acl import acl_rules
from limpyd.exceptions import (
    DifferentPartitions,
    IndexNotBuilt,
    InvalidValue,
    MoveConflict,
    Relocated,
    ServerError,
    UniquenessError,
    UnsupportedCommand,
)
from tests.support.interrupted_moves import Interrupted, stop_at, stops
from tests.support.moving_models import COUNT, ODD, agrees, declared, filled
from tests.support.servers import BINARIES, NEWEST

THERE = 1
"""The number of the database that the objects go to."""
ONE_FACE = pytest.mark.parametrize("any_face", ["sync"], indirect=True)
"""For tests of the steps, which are the same on both faces."""


@pytest.fixture
async def at(any_face):
    """Makes a model as a process sees it that has sent nothing yet, on one of two databases; closes its database."""
    databases = []

    def make(db, count, **more):
        databases.append(any_face.Database(port=any_face.server.port, db=db))
        return declared(any_face, databases[-1], count, **more)

    yield make
    for database in databases:
        await any_face.do(database.close())
    any_face.client.flushall()


def interrupt_after(steps):
    """Returns a function for `progress` that raises at a step, and lets writers act before."""
    calls = []

    def interrupt(*done):
        calls.append(done)
        if len(calls) == steps:
            raise Interrupted

    return interrupt


@pytest.mark.parametrize(("before", "after"), [(1, 1), (1, 8), (4, 8), (8, 2), (4, 1)])
async def test_objects_move(any_face, at, before, after):
    made = await filled(any_face, at(0, before))
    mover, model, seen = at(0, after), at(THERE, after), []
    moved = await any_face.do(mover.migrate_to(model.database, progress=lambda *done: seen.append(done)))
    assert (moved.objects, moved.copied, moved.unindexed) == (COUNT, COUNT, [])
    assert 0 < moved.pause < 60
    assert seen[-1] == (2 * COUNT, 2 * COUNT)
    assert seen == sorted(seen)
    await agrees(any_face, model, made)
    minted = {await any_face.do((await any_face.do(model.create(title="t9"))).pk.get()) for _ in range(3 * after)}
    assert len(minted) == 3 * after
    assert not minted & made.keys()
    assert list(await any_face.do(model.check())) == []
    assert await any_face.do(mover.migrate_to(model.database)) == (0, 0, 0, [])
    assert await any_face.do(mover.delete_migrated(model.database)) > COUNT
    assert len(any_face.client.keys()) == 1
    error = await any_face.refused(Relocated, lambda: at(0, before).create(title="x"))
    assert (error.has_left, error.place.endswith(f"/{THERE}")) == (True, True)


@ONE_FACE
@pytest.mark.parametrize(("before", "after"), [(1, 4), (4, 1)])
async def test_any_primary_key_moves(any_face, at, before, after):
    made = await filled(any_face, at(0, before, pk=PKField()), 0, ODD)
    model = at(THERE, after, pk=PKField())
    await any_face.do(at(0, after, pk=PKField()).migrate_to(model.database))
    await agrees(any_face, model, made)


@pytest.mark.parametrize(("before", "after"), [(1, 1), (1, 4), (4, 4)])
async def test_what_changes_meanwhile_arrives(any_face, at, before, after, monkeypatch):
    """Also unique values that objects exchange, in whatever order they are copied."""
    monkeypatch.setattr("limpyd.relocation.copies.FOUND", 1)
    monkeypatch.setattr("limpyd.relocation.copies.BYTES", 1)
    former = at(0, before)
    made = await filled(any_face, former)
    pks = sorted(made)
    with pytest.raises(Interrupted):
        await any_face.do(at(0, after).migrate_to(at(THERE, after).database, progress=interrupt_after(1)))
    values = {pk: made[pk]["email"] for pk in pks[:12]}
    for pk in values:
        await any_face.do(former.lazy_connect(pk).email.hset(f"{pk} has none"))
    for pk, value in zip(values, reversed(values.values()), strict=True):
        await any_face.do(former.lazy_connect(pk).email.hset(value))
        made[pk]["email"] = value
    for pk in pks[12:15]:
        await any_face.do(former.lazy_connect(pk).delete())
        del made[pk]
    for pk in pks[15:20]:
        await any_face.do(former.lazy_connect(pk).note.set("new"))
        made[pk]["note"] = "new"
    made |= {
        await any_face.do((await any_face.do(former.create(**values))).pk.get()): values
        for values in [{"title": "t1", "age": 99, "email": "later@x", "note": "n", "tags": ["x"], "log": ["1", "1"]}]
        if values.update(scores={"m": 99}, facts={"k": "v"}) is None
    }
    model = at(THERE, after)
    moved = await any_face.do(at(0, after).migrate_to(model.database))
    assert (moved.objects, moved.unindexed) == (len(made), [])
    await agrees(any_face, model, made)


@pytest.mark.parametrize(("before", "after"), [(1, 1), (2, 4)])
async def test_a_move_is_abandoned(any_face, at, before, after):
    former = at(0, before)
    made = await filled(any_face, former)
    mover, model = at(0, after), at(THERE, after)
    with pytest.raises(Interrupted):
        await any_face.do(mover.migrate_to(model.database, progress=interrupt_after(1)))
    error = await any_face.refused(Relocated, lambda: at(THERE, after).create(title="early"))
    assert not error.has_left
    assert "cannot be used here" in str(error)
    await any_face.do(former.create(title="t1", age=1, email="while@x"))
    assert await any_face.do(mover.abandon_migration(model.database)) > COUNT
    assert await any_face.do(model.database.connection.keys()) == []
    assert await any_face.do(mover.abandon_migration(model.database)) == 0
    assert len(made) + 1 == await any_face.do(at(0, before).collection().count())
    await any_face.do(mover.migrate_to(model.database))
    assert await any_face.do(at(THERE, after).collection().count()) == len(made) + 1
    await any_face.refused(MoveConflict, lambda: mover.abandon_migration(model.database), match="delete_migrated")


async def stopped_at(face, mover, database, step):
    return await stop_at([mover.database, database], step, lambda: face.do(mover.migrate_to(database)))


@ONE_FACE
@pytest.mark.parametrize(("before", "after", "step"), stops([(1, 1), (2, 2)], [*range(8, 31, 2), *range(9, 32, 6)]))
async def test_a_move_that_was_stopped_goes_on_or_is_abandoned(any_face, at, before, after, step, monkeypatch):
    """Whatever step was the last one, and whether it was executed or not."""
    monkeypatch.setattr("limpyd.relocation.copies.FOUND", 5)
    former = at(0, before)
    made = await filled(any_face, former, 10)
    stopped = await stopped_at(any_face, at(0, after), at(THERE, after).database, step)
    try:
        await any_face.do(at(0, after).abandon_migration(at(THERE, after).database))
    except MoveConflict:
        assert stopped in {"open_partition", "swap_state"}
    else:
        await agrees(any_face, at(0, before), made)
        await stopped_at(any_face, at(0, after), at(THERE, after).database, step)
    model = at(THERE, after)
    await any_face.do(at(0, after).migrate_to(model.database))
    await agrees(any_face, model, made)


async def test_places_that_cannot_take_the_objects(any_face, at, servers):
    made = await filled(any_face, at(0, 1), 10)
    mover, model = at(0, 4), at(THERE, 4)
    to = {"the same": any_face.Database(port=any_face.server.port), "a port": any_face.server.port}
    await any_face.refused(InvalidValue, lambda: mover.migrate_to(to["the same"]), match="where the objects are")
    await any_face.refused(InvalidValue, lambda: mover.migrate_to(mover.database), match="another database")
    await any_face.refused(InvalidValue, lambda: mover.migrate_to(to["a port"]), match="takes the")
    await any_face.refused(InvalidValue, lambda: mover.migrate_to(model.database, progress=3), match="function")
    await any_face.do(to["the same"].close())
    stored = sorted(any_face.client.keys())
    await any_face.do(model.create(title="here already"))
    await any_face.refused(MoveConflict, lambda: mover.migrate_to(model.database), match="already")
    assert sorted(any_face.client.keys()) == stored
    await any_face.do(model.collection().delete())
    with pytest.raises(Interrupted):
        await any_face.do(mover.migrate_to(model.database, progress=interrupt_after(1)))
    third = at(2, 4).database
    await any_face.refused(MoveConflict, lambda: mover.migrate_to(third), match="/1")
    await any_face.refused(MoveConflict, lambda: mover.abandon_migration(third), match="/1")
    await any_face.refused(MoveConflict, lambda: at(3, 4).migrate_to(model.database), match="/0")
    await any_face.refused(DifferentPartitions, lambda: at(THERE, 4).migrate_to(third))
    await any_face.refused(MoveConflict, lambda: mover.delete_migrated(model.database), match="not all")
    await any_face.do(mover.migrate_to(model.database))
    await agrees(any_face, model, made)


@ONE_FACE
async def test_a_destination_that_was_flushed(any_face, at):
    made = await filled(any_face, at(0, 2), 10)
    mover, model = at(0, 2), at(THERE, 2)
    with pytest.raises(Interrupted):
        await any_face.do(mover.migrate_to(model.database, progress=interrupt_after(1)))
    any_face.client.execute_command("SELECT", THERE)
    any_face.client.flushdb()
    any_face.client.execute_command("SELECT", 0)
    await any_face.refused(MoveConflict, lambda: mover.migrate_to(model.database), match="lost its data")
    await any_face.do(mover.abandon_migration(model.database))
    await any_face.do(mover.migrate_to(model.database))
    await agrees(any_face, model, made)


@ONE_FACE
async def test_an_origin_that_was_flushed(any_face, at):
    """The copies are not removed as those of objects that are gone."""
    await filled(any_face, at(0, 2), 10)
    mover, model = at(0, 2), at(THERE, 2)
    with pytest.raises(Interrupted):
        await any_face.do(mover.migrate_to(model.database, progress=interrupt_after(1)))
    any_face.client.flushdb()
    await any_face.refused(MoveConflict, lambda: mover.migrate_to(model.database), match="lost its data")
    assert await any_face.do(mover.abandon_migration(model.database)) > 10
    await filled(any_face, at(0, 2), 10)
    flush = lambda *_: any_face.client.flushdb()  # noqa: E731 - after the first partition
    await any_face.refused(MoveConflict, lambda: mover.migrate_to(model.database, progress=flush), match="has lost")
    copied = [each.copied.decode() for each in model._schema.keys.partitions]
    assert sum([await any_face.do(model.database.connection.hlen(key)) for key in copied]) > 3


@ONE_FACE
async def test_there_and_back(any_face, at):
    made = await filled(any_face, at(0, 1), 10)
    await any_face.do(at(0, 4).migrate_to(at(THERE, 4).database))
    values = {"title": "t1", "age": 9, "email": "new@x", "note": "n", "tags": ["x"], "log": ["1", "1"]}
    created = await any_face.do(at(THERE, 4).create(**values, scores={"m": 9}, facts={"k": "v"}))
    made[await any_face.do(created.pk.get())] = values
    await any_face.refused(MoveConflict, lambda: at(THERE, 1).migrate_to(at(0, 1).database), match="already")
    await any_face.do(at(0, 4).delete_migrated(at(THERE, 4).database))
    await any_face.do(at(THERE, 1).migrate_to(at(0, 1).database))
    await agrees(any_face, at(0, 1), made)
    await any_face.refused(Relocated, lambda: at(THERE, 4).create(title="x"))


@pytest.mark.parametrize("other", [name for name in BINARIES if name.split("-")[0] != NEWEST.split("-")[0]][:1])
async def test_a_server_that_cannot_restore_the_dumps(any_face, at, servers, other):
    await filled(any_face, at(0, 1), 3)
    server = servers(other)
    with server.client() as client:
        client.flushall()
        there = any_face.Database(port=server.port)
        await any_face.refused(ServerError, lambda: at(0, 1).migrate_to(there), match="export")
        assert client.keys() == []
    await any_face.do(there.close())


@ONE_FACE
async def test_a_server_without_enough_memory(any_face, at):
    former = at(0, 1)
    for _ in range(20):
        await any_face.do(former.create(title="t", note=os.urandom(10_000).hex()))
    most = any_face.client.info("memory")["used_memory"] + 50_000
    any_face.client.config_set("maxmemory", most)
    try:
        await any_face.refused(InvalidValue, lambda: at(0, 1).migrate_to(at(THERE, 1).database), match="maxmemory")
    finally:
        any_face.client.config_set("maxmemory", 0)


async def test_models_that_cannot_be_moved(any_face, at):
    class Versions(any_face.Model):
        database = any_face.database
        namespace = "moving"
        partitions = 2
        only = DynamicInstanceHashField(unique=True)

    there = at(THERE, 1).database
    await any_face.refused(UnsupportedCommand, lambda: Versions.migrate_to(there))
    old = any_face.Database(port=any_face.server.port, layout="limpyd2")
    await any_face.refused(InvalidValue, lambda: declared(any_face, old, 1).migrate_to(there), match="limpyd migrate")
    await any_face.do(old.close())


@ONE_FACE
async def test_a_model_to_which_others_have_referred(any_face, at):
    """Also if this process does not declare them."""
    model = at(0, 1)

    class Referring(any_face.Model):
        database = model.database
        to = FKInstanceHashField(model)

    await any_face.do(Referring.create(to=await any_face.do(model.create(title="t"))))
    there = at(THERE, 1).database
    await any_face.refused(UnsupportedCommand, lambda: at(0, 1).migrate_to(there), match="Referring.to may do so")
    index = model._schema.keys.first.meta.replace(b"moving", b"referring")
    assert any_face.client.hdel(index, "eq:to") == 1  # as the error says for a reference that no code declares
    await any_face.do(at(0, 1).migrate_to(there))


@ONE_FACE
async def test_what_an_index_refuses_arrives_without_it(any_face, at):
    former = at(0, 2)
    made = await filled(any_face, former, 10)
    pk = min(made)
    any_face.client.hset(former._schema.keys.partition(pk.encode()).hash_prefix + pk.encode(), "age", "no number")
    model = at(THERE, 4)
    moved = await any_face.do(at(0, 4).migrate_to(model.database))
    ((found, error),) = moved.unindexed
    assert (moved.objects, found, "age" in str(error)) == (10, pk, True)
    assert await any_face.do(model.lazy_connect(pk).title.hget()) is not None
    await any_face.refused(IndexNotBuilt, lambda: model.collection(age__gt=3).all())


@ONE_FACE
async def test_what_the_mover_does_not_declare_arrives(any_face, at):
    """And is deleted with its object, by whoever deletes that."""
    former = at(0, 1, more=StringField(), parts=DynamicInstanceHashField())
    made = await any_face.do(former.create(title="t", more="x", parts_a="b"))
    pk = await any_face.do(made.pk.get())
    model = at(THERE, 2)
    await any_face.do(at(0, 2).migrate_to(model.database))
    full = at(THERE, 2, more=StringField(), parts=DynamicInstanceHashField())
    assert await any_face.do(full.lazy_connect(pk).more.get()) == "x"
    assert await any_face.do(full.lazy_connect(pk).parts_a.hget()) == "b"
    await any_face.do(at(THERE, 2).lazy_connect(pk).delete())
    keys = await any_face.do(model.database.connection.keys("*:[fh]*"))
    assert [key for key in keys if pk in key.split(":")] == []


@ONE_FACE
async def test_values_keep_their_expiry(any_face, at):
    former = at(0, 1, kept=StringField())
    pk = await any_face.do((await any_face.do(former.create(title="t", kept="x"))).pk.get())
    assert await any_face.do(former.lazy_connect(pk).kept.expire(1000))
    await any_face.do(at(0, 2, kept=StringField()).migrate_to(at(THERE, 2).database))
    assert 900 < await any_face.do(at(THERE, 2, kept=StringField()).lazy_connect(pk).kept.ttl()) <= 1000


@ONE_FACE
async def test_objects_with_deadlines(any_face, at):
    """Those that have passed are not found, and are swept, as where they were."""
    former = at(0, 1, until=DeadlineField())
    soon = datetime.now(UTC) + timedelta(milliseconds=20)
    kept = await any_face.do(former.create(title="t1", email="kept@x", until=datetime.now(UTC) + timedelta(hours=1)))
    await any_face.do(former.create(title="t1", email="gone@x", until=soon))
    model = at(THERE, 1, until=DeadlineField())
    await any_face.do(at(0, 1, until=DeadlineField()).migrate_to(model.database))
    await asyncio.sleep(max(0, (soon - datetime.now(UTC)).total_seconds()) + 0.003)
    found = await any_face.do(model.collection(title="t1").all())
    assert found == [await any_face.do(kept.pk.get())]
    await any_face.do(model.create(title="t2", email="gone@x"))
    await any_face.do(model.sweep())
    assert list(await any_face.do(model.check())) == []


def lower(value):
    return value.lower()


@ONE_FACE
async def test_values_that_only_python_can_index(any_face, at):
    more = {"name": InstanceHashField(indexes=[EqualIndex(transform=lower)])}
    for number in range(10):
        await any_face.do(at(0, 1, **more).create(title="t", name=f"N{number % 2}"))
    await any_face.do(at(0, 4, **more).migrate_to(at(THERE, 4, **more).database))
    assert await any_face.do(at(THERE, 4, **more).collection(name="n1").count()) == 5


async def test_an_account_with_the_rules_of_the_model_may_move_it(any_face, at):
    made = await filled(any_face, at(0, 1), 10)
    model = at(0, 4)
    await any_face.do(model.database.connect())
    any_face.client.execute_command("ACL", "SETUSER", "mover", "on", ">secret", *acl_rules(model))
    of_mover = {"port": any_face.server.port, "username": "mover", "password": "secret"}
    here, there = any_face.Database(**of_mover), any_face.Database(**of_mover, db=THERE)
    await any_face.do(declared(any_face, here, 4).migrate_to(there))
    await any_face.do(declared(any_face, here, 4).delete_migrated(there))
    any_face.client.execute_command("ACL", "SETUSER", "mover", "-restore")
    another = any_face.Database(**of_mover, db=2)
    await any_face.refused(ServerError, lambda: at(THERE, 4).migrate_to(another), match="(?i)restore")
    any_face.client.execute_command("ACL", "SETUSER", "mover", "+restore", "-dump")
    await any_face.refused(ServerError, lambda: declared(any_face, there, 4).migrate_to(another), match="(?i)dump")
    for each in (here, there, another):
        await any_face.do(each.close())
    any_face.client.execute_command("ACL", "DELUSER", "mover")
    await agrees(any_face, at(THERE, 4), made)


@ONE_FACE
@pytest.mark.parametrize("count", [10, 1000])
async def test_requests_of_a_move(any_face, at, count):
    """Few for each object, and no more than a constant for a model of few of them."""
    former = at(0, 1)
    await any_face.do(former.bulk_create([{"title": "t", "email": f"e{number}"} for number in range(count)]))
    mover, there = at(0, 4), at(THERE, 4).database
    await any_face.do(there.connect())
    with any_face.sent() as sent:
        await any_face.do(mover.migrate_to(there))
    assert len(sent.commands) < 150 + 0.2 * count
    await any_face.refused(UniquenessError, lambda: at(THERE, 4).create(email="e3"))
