"""Objects that have expired, and whose unique values others have by now, keep no index from being built or moved."""

from datetime import timedelta

import pytest

from limpyd import DeadlineField, InstanceHashField, PKField, UniquenessError
from limpyd.relocation.passes import Passes

HOUR = timedelta(hours=1)
OBJECTS = 20
"""So many that some of them are in the same partitions as the ones whose values they get, before and after."""


@pytest.fixture
async def at(any_face):
    """Makes the model as a process sees it that has sent nothing yet; closes its database at the end."""
    databases = []

    def make(count=1, db=0, name="Session", mail="mail"):
        databases.append(any_face.Database(port=any_face.server.port, db=db))
        body = {
            "database": databases[-1],
            "partitions": count,
            "namespace": "expired",
            "__module__": __name__,
            "token": PKField(),
            "user": InstanceHashField(indexable=True),
            mail: InstanceHashField(unique=True),
            "until": DeadlineField(ttl=HOUR),
        }
        return type(name, (any_face.Model,), body)

    yield make
    for database in databases:
        await any_face.do(database.close())


async def filled(face, model):
    """Creates objects that expire, and others that get their values; nothing removes the first ones."""
    do = face.do
    for number in range(OBJECTS):
        one = await do(model.create(token=f"x{number}", user="u", mail=f"m{number}"))
        await do(one.until.expire(0))
        await do(model.create(token=f"second {number}", user="u", mail=f"m{number}"))
    assert any(face.client.exists(key) for key in face.client.scan_iter("*hash:x*", count=1000))


async def agrees(face, model, mail="mail"):
    """Compares what there is with what `filled` has created."""
    do = face.do
    assert sorted(await face.all(model.collection(user="u"))) == sorted(f"second {number}" for number in range(OBJECTS))
    for number in range(OBJECTS):
        assert await face.all(model.collection(**{mail: f"m{number}"})) == [f"second {number}"]
        values = {mail: f"m{number}"}
        await face.refused(UniquenessError, lambda values=values: model.create(token="z", **values))
    assert (await do(model.check())).found == {}
    await do(model.sweep())
    assert (await do(model.check())).found == {}


@pytest.mark.parametrize(("before", "after"), [(1, 4), (2, 4)])
async def test_to_more_partitions(any_face, at, before, after):
    await filled(any_face, at(before))
    model = at(after)
    assert (await any_face.do(model.repartition())).unindexed == []
    await agrees(any_face, model)


@pytest.mark.parametrize(("before", "after"), [(1, 1), (1, 4), (4, 1), (4, 2)])
async def test_to_another_database(any_face, at, before, after):
    await filled(any_face, at(before))
    model = at(after, db=1)
    moved = await any_face.do(at(after).migrate_to(model.database))
    assert (moved.objects, moved.unindexed) == (OBJECTS, [])
    await agrees(any_face, model)


async def test_what_expires_while_it_moves(any_face, at, monkeypatch):
    """The last removal is that after the origin was closed."""
    model, there = at(), at(db=1)
    await any_face.do(model.create(token="x", user="u", mail="m"))

    while_in_use = Passes.while_in_use

    def expire(passes, mark):
        yield from while_in_use(passes, mark)
        any_face.client.hset("{expired:session}:hash:x", "until", 1)
        any_face.client.zadd("{expired:session}:deadline:object", {"x": 1})
        any_face.client.hset("{expired:session}:hash:y", mapping={"user": "u", "mail": "m"})
        any_face.client.sadd("{expired:session}:pks", "y")
        any_face.client.sadd("{expired:session}:eq:user:u", "y")
        any_face.client.hset("{expired:session}:uniq:mail", "m", "y")

    monkeypatch.setattr(Passes, "while_in_use", expire)
    moved = await any_face.do(at().migrate_to(there.database))
    assert (moved.objects, moved.unindexed) == (1, [])
    assert await any_face.all(there.collection(mail="m")) == ["y"]
    assert (await any_face.do(there.check())).found == {}


@pytest.mark.parametrize("is_cleared", [False, True])
@pytest.mark.parametrize("count", [1, 4])
async def test_rebuilds(any_face, at, count, is_cleared):
    model = at(count)
    await filled(any_face, model)
    if is_cleared:
        await any_face.do(model.clear_indexes())
    await any_face.do(model.rebuild_indexes())
    await agrees(any_face, model)


async def test_to_another_name(any_face, at):
    await filled(any_face, at())
    model = at(name="Login")
    await any_face.do(model.rename_from("expired:session"))
    await agrees(any_face, model)


@pytest.mark.parametrize("count", [1, 4])
async def test_to_another_name_of_the_field(any_face, at, count):
    await filled(any_face, at(count))
    model = at(count, mail="email")
    moved = await any_face.do(model.rename_field("mail", "email"))
    assert moved.conflicts == []
    await agrees(any_face, model, mail="email")
