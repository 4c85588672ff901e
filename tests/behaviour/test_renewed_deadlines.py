"""Deadlines that each write sets anew: DeadlineField(ttl=…, renew_on="write")."""

from datetime import timedelta

import pytest

from limpyd import (
    AutoPKField,
    DeadlineField,
    FKInstanceHashField,
    HashField,
    InstanceHashField,
    ListField,
    RedisDatabase,
    RedisModel,
    SetField,
    StringField,
    UniquenessError,
    VersionField,
)
from limpyd.exceptions import DeclarationError, StaleObject

TTL, SHORT = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture(params=[1, 4])
def session(face, request):
    count = request.param

    class Session(face.Model):
        database = face.database
        partitions = count
        id = AutoPKField()
        expires = DeadlineField(ttl=TTL, renew_on="write")
        user = InstanceHashField(type=int, indexable=True)
        number = InstanceHashField(type=int, unique=count == 1)
        text = InstanceHashField()
        tags = SetField(indexable=True)
        data = StringField()
        more = HashField()
        waiting = ListField()
        version = VersionField()

    return Session


async def left(face, one):
    """Which time an object has left: that of a renewal, or one that it had before."""
    seconds = await face.do(one.expires.ttl())
    known = {"none": -1, "short": 60, "renewed": 3600, "long": 7200}
    return next((name for name, given in known.items() if seconds <= given < seconds + 20), seconds)


WRITES = {
    "an indexed value": lambda one: one.user.set(2),
    "a plain value": lambda one: one.text.set("x"),
    "a computed one": lambda one: one.user.hincrby(1),
    "a removed one": lambda one: one.text.delete(),
    "a key": lambda one: one.data.set("x"),
    "a part of a key": lambda one: one.data.append("x"),
    "its expiry": lambda one: one.data.expire(10),
    "a member": lambda one: one.tags.sadd("b"),
    "a removed member": lambda one: one.tags.srem("a"),
    "an item": lambda one: one.waiting.rpush("x"),
    "a sub-key": lambda one: one.more.hset("a", "b"),
    "several": lambda one: one.update(user=3, data="y"),
    "in bulk": lambda one: type(one).bulk_update([(one, {"user": 3})]),
    "by a query": lambda one: type(one).collection(user=1).update(text="z"),
    "by a class": lambda one: type(one).update(one._pk, text="z"),
}
OTHERS = {
    "a read": lambda one: one.user.get(),
    "a query": lambda one: type(one).collection(user=1).count(),
    "a check": lambda one: type(one).check(repair=True),
    "an unmet condition": lambda one: one.expires.expire(9999, lt=True),
    "an update of others": lambda one: type(one).collection(user=7).update(text="z"),
    "a creation": lambda one: type(one).create(user=2),
    "a rebuild": lambda one: type(one).rebuild_indexes(),
}


async def created(face, session, **values):
    one = await face.do(session.create(user=1, number=1, data="d", tags={"a"}, **values))
    await face.do(one.text.exists())
    return one


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
async def test_by_writes(face, session, write):
    one = await created(face, session, text="t", expires=SHORT)
    other = await face.do(session.create(user=5, expires=SHORT))
    assert await left(face, one) == "short"
    await face.do(write(one))
    assert await left(face, one) == "renewed"
    assert await left(face, other) == "short"
    assert not (await face.do(session.check())).found
    assert await face.do(one.data.ttl()) in {10, 9, 3601, 3600}


@pytest.mark.parametrize("act", OTHERS.values(), ids=OTHERS)
async def test_not_by_others(face, session, act):
    one = await created(face, session, expires=SHORT)
    await face.do(act(one))
    assert await left(face, one) == "short"


async def test_only_to_what_is_later(face, session):
    one = await created(face, session, expires=timedelta(hours=2))
    await face.do(one.user.set(2))
    assert await left(face, one) == "long"
    await face.do(one.expires.persist())
    await face.do(one.user.set(3))
    assert await left(face, one) == "none"
    endless = await face.do(session.create(user=1, expires=None))
    assert await left(face, endless) == "none"


async def test_not_if_the_write_sets_it(face, session):
    one = await created(face, session)
    await face.do(one.update(user=4, expires=SHORT))
    assert await left(face, one) == "short"
    await face.do(one.update(user=5, expires=None))
    assert await left(face, one) == "none"


async def test_not_by_what_is_refused(face, session):
    if session._schema.keys.count > 1:
        return
    one = await created(face, session, expires=SHORT)
    await face.do(session.create(number=2))
    for call in (
        lambda: one.number.set(2),
        lambda: one.number.hincrby(1),
        lambda: one.update(data="x", number=2),
        lambda: one.update(data="x", if_version=9),
        lambda: session.collection(user=1).update(number=2),
    ):
        with pytest.raises((UniquenessError, StaleObject)):
            await face.do(call())
        assert await left(face, one) == "short"


@pytest.mark.parametrize("refused", [False, True])
async def test_in_transactions(face, session, refused):
    if session._schema.keys.count > 1:
        return

    one = await created(face, session, expires=SHORT)
    other = await face.do(session.create(number=2, expires=SHORT))
    try:
        if face.is_async:
            async with face.database.transaction():
                await one.data.append("x")
                await other.number.set(1 if refused else 3)
        else:
            with face.database.transaction():
                one.data.append("x")
                other.number.set(1 if refused else 3)
    except UniquenessError:
        assert refused
    assert {await left(face, one), await left(face, other)} == {"short" if refused else "renewed"}


async def test_not_by_deletions_of_others(face):
    class User(face.Model):
        database = face.database
        name = StringField()

    class Login(face.Model):
        database = face.database
        until = DeadlineField(ttl=TTL, renew_on="write")
        user = FKInstanceHashField(User, on_delete="clear")

    user = await face.do(User.create(name="x"))
    one = await face.do(Login.create(user=user, until=SHORT))
    await face.do(user.delete())
    assert await face.do(one.user.get()) is None
    assert await face.do(one.until.ttl()) <= 60


async def test_are_no_more_requests(face, session):
    one = await created(face, session)
    for call in (lambda: one.user.set(2), lambda: one.data.append("x"), lambda: one.update(user=3, data="y")):
        await face.do(call())
        with face.sent() as sent:
            await face.do(call())
        assert sent.names == ["EVALSHA"]


def test_declarations(one_server):
    with pytest.raises(DeclarationError, match="declare a ttl"):
        DeadlineField(renew_on="write")
    with pytest.raises(DeclarationError, match="renew_on='read'"):
        DeadlineField(ttl=TTL, renew_on="read")  # type: ignore[arg-type]

    class Plain(RedisModel):
        database = RedisDatabase(port=one_server.port)
        until = DeadlineField(ttl=TTL)

    assert Plain._schema.renewal is None
