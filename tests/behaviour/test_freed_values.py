"""Values of objects that expire, which the server frees by itself: the keys of fields without an index."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from limpyd import (
    DeadlineField,
    HashField,
    InstanceHashField,
    ListField,
    PKField,
    SetField,
    StringField,
    UniquenessError,
)

GRACE = 1000
"""Values are freed so many milliseconds after the deadline of their object."""


@pytest.fixture
def models(face):
    return SimpleNamespace(Session=declared(face))


def declared(face, *indexed):
    """The model, with indexes of some fields."""

    class Session(face.Model):
        database = face.database
        token = PKField()
        expires = DeadlineField(ttl=timedelta(hours=1))
        user = InstanceHashField(type=int, unique=True)
        tags = SetField(indexable=True)
        data = StringField(indexable="data" in indexed)
        waiting = ListField(indexable="waiting" in indexed)
        other = ListField()

    return Session


def kept(face, pk="t"):
    """How long after the deadline of an object the server keeps each key of a field, in milliseconds; -1 for ever."""
    deadline = face.client.zscore("{session}:deadline:object", pk)
    found = {}
    for key in face.client.scan_iter(f"{{session}}:field:*:{pk}"):
        at = face.client.pexpiretime(key)
        found[key.split(b":")[2].decode()] = at if at < 0 or deadline is None else at - int(deadline)
    return found


async def created(face, models, **values):
    values = {"user": 1, "tags": {"a"}, "data": "d", "waiting": ["x"], **values}
    return await face.do(models.Session.create(token="t", **values))


async def test_expire_with_their_object(face, models):
    await created(face, models)
    assert kept(face) == {"tags": -1, "data": GRACE, "waiting": GRACE}
    assert face.client.pexpiretime("{session}:hash:t") == -1


@pytest.mark.parametrize("how", ["expire", "gt", "touch", "update", "bulk_update", "collection", "transaction"])
async def test_follow_the_deadline(face, models, how):
    one = await created(face, models, expires=timedelta(minutes=1))
    later = timedelta(hours=2)
    match how:
        case "expire":
            await face.do(one.expires.expire(later))
        case "gt":
            await face.do(one.expires.expire(later, gt=True))
        case "touch":
            await face.do(one.expires.touch())
        case "update":
            await face.do(one.update(expires=later, user=3))
        case "bulk_update":
            await face.do(models.Session.bulk_update([("t", {"expires": later})]))
        case "collection":
            await face.do(models.Session.collection(user=1).update(expires=later))
        case "transaction" if face.is_async:
            async with face.database.transaction():
                await one.expires.expire(later)
                await one.data.append("e")
        case _:
            with face.database.transaction():
                one.expires.expire(later)
                one.data.append("e")
    assert await face.do(one.expires.ttl()) > 3500
    assert kept(face) == {"tags": -1, "data": GRACE, "waiting": GRACE}
    await face.do(one.expires.persist())
    assert kept(face) == {"tags": -1, "data": -1, "waiting": -1}
    await face.do(one.expires.expire(60))
    assert kept(face) == {"tags": -1, "data": GRACE, "waiting": GRACE}


async def test_that_come_later_or_are_set_anew_do(face, models):
    one = await created(face, models)
    for call in (
        lambda: one.data.set("e"),
        lambda: one.data.getset("f"),
        lambda: one.other.rpush("y"),
        lambda: one.waiting.delete(),
        lambda: one.waiting.lmove(one.other, "LEFT", "LEFT"),
        lambda: one.other.lmove(one.waiting, "LEFT", "LEFT"),
        lambda: one.waiting.sort(alpha=True, store=one.other),
        lambda: one.update(data="g", waiting=["z"]),
        lambda: models.Session.bulk_update([("t", {"data": "h"})]),
        lambda: one.data.persist(),
    ):
        await face.do(call())
        found = kept(face)
        assert found.pop("tags") == -1
        assert set(found.values()) == {GRACE}, found
    new = await face.do(models.Session.create(token="u", user=2))
    await face.do(one.data.copy(new.data))
    assert kept(face, "u") == {"data": GRACE}


async def test_of_refused_writes_keep_their_expiry(face, models):
    one = await created(face, models)
    await face.do(models.Session.create(token="u", user=2))
    await face.refused(UniquenessError, lambda: one.update(data="e", waiting=["n"], user=2))
    await face.refused(UniquenessError, lambda: one.update(expires=timedelta(minutes=1), user=2))
    assert kept(face) == {"tags": -1, "data": GRACE, "waiting": GRACE}
    assert await face.do(one.data.get()) == "d"


async def test_with_an_earlier_expiry_of_their_own_keep_it(face, models):
    one = await created(face, models)
    assert not await face.do(one.data.persist())  # it has none itself
    assert await face.do(one.data.expire(60, nx=True))
    await face.do(one.waiting.expire(100_000))
    await face.do(one.expires.expire(7200))
    assert 0 < await face.do(one.data.ttl()) <= 60
    assert kept(face)["waiting"] == GRACE
    await face.do(one.data.persist())
    assert kept(face)["data"] == GRACE


@pytest.mark.parametrize("how", ["expire", "persist", "clear"])
async def test_of_deadlines_without_an_entry(face, models, how):
    """No value is gone before its object is, even if the index of deadlines was cleared or lost."""
    one = await created(face, models, expires=timedelta(minutes=1))
    if how == "clear":
        await face.do(models.Session.clear_indexes())
    else:
        face.client.delete("{session}:deadline:object")
    if how == "persist":
        await face.do(one.expires.persist())
        assert kept(face) == {"tags": -1, "data": -1, "waiting": -1}
    else:
        await face.do(one.expires.expire(3600))
        assert kept(face) == {"tags": -1, "data": GRACE, "waiting": GRACE}


async def test_of_new_objects_keep_an_expiry_that_comes_with_them(face, models):
    one = await created(face, models)
    at = int(face.client.zscore("{session}:deadline:object", "t"))
    await face.do(one.data.pexpireat(at - 5000))
    lines = await face.all(models.Session.export())
    await face.do(one.delete())
    await face.do(models.Session.import_(lines))
    assert kept(face) == {"tags": -1, "data": -5000, "waiting": GRACE}


async def test_are_gone_and_the_rest_is_swept(face, models):
    await created(face, models)
    entries = {"{session}:deadline:object": "zset", "{session}:field:data:t": "string"}
    face.client.zadd("{session}:deadline:object", {"t": 5})
    face.client.hset("{session}:hash:t", "expires", 5)
    face.client.delete("{session}:field:data:t", "{session}:field:waiting:t")  # as the server does
    assert (await face.do(models.Session.check())).ok
    assert await face.do(models.Session.sweep()) == 1
    assert not any(face.client.exists(key) for key in entries)
    assert face.client.hlen("{session}:uniq:user") == 0


async def test_at_the_deadline(face, models):
    """The server removes the value, and nobody else."""
    one = await created(face, models)
    await face.do(one.expires.expire(0))
    at = face.client.pexpiretime("{session}:field:data:t")
    seconds, micros = face.client.time()
    assert 0 < at - seconds * 1000 - micros // 1000 <= GRACE


async def test_are_indexed_later(face, models):
    """The values of a field stay once it has an index, whether it is built or not."""
    one = await created(face, models)

    Session = declared(face, "data", "waiting")  # noqa: N806 - a class
    again = Session.lazy_connect("t")
    await face.do(again.waiting.rpush("y"))
    assert kept(face) == {"tags": -1, "data": GRACE, "waiting": -1}
    await face.do(one.expires.expire(9))
    assert kept(face) == {"tags": -1, "data": -1, "waiting": -1}
    await face.do(models.Session.create(token="u", user=2, data="d"))
    assert kept(face, "u") == {"data": -1}


async def test_rebuilding_keeps_what_expired(face, models):
    await created(face, models)

    Session = declared(face, "data")  # noqa: N806 - a class
    await face.do(Session.rebuild_indexes())
    assert await face.all(Session.collection(data="d")) == ["t"]
    assert kept(face) == {"tags": -1, "data": -1, "waiting": GRACE}
    assert (await face.do(Session.check())).ok


async def test_check(face, models):
    await created(face, models)
    face.client.persist("{session}:field:data:t")
    face.client.expire("{session}:field:waiting:t", 1_000_000)
    report = await face.do(models.Session.check())
    assert dict(report.found) == {"unfreed": 2}
    await face.do(models.Session.check(repair=True))
    assert kept(face) == {"tags": -1, "data": GRACE, "waiting": GRACE}
    assert not (await face.do(models.Session.check())).found


async def test_of_models_that_do_not_expire(face, models):
    class Plain(face.Model):
        database = face.database
        data = StringField()
        more = HashField()

    one = await face.do(Plain.create(data="x", more={"a": "b"}))
    assert await face.do(one.data.ttl()) == -1
    assert not face.client.hexists("{plain}:meta", ":freed")


def test_statements_have_only_the_parts_that_they_need(models):
    """Entries of the hash are not freed, and only deadlines are moments from now."""
    session = models.Session

    def script(field, command):
        partition = session._declared().keys.first
        return field.prepared(partition, field.place_in(partition), command).script.source

    assert b"settle_expiries" not in script(session.user, "HSET")
    assert b"settle_expiries" in script(session.data, "SET")
    assert b"settle_expiries" in script(session.expires, "HSET")
    assert b"local mark" not in script(session.user, "HSET")
    assert b"local mark" in script(session.expires, "HSET")
