"""The expiry of single InstanceHashFields: on both faces and all servers, of which some do not know it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import redis

from limpyd import InstanceHashField, RedisDatabase, RedisModel
from limpyd.commands.table import TABLE
from limpyd.exceptions import (
    DoesNotExist,
    InvalidValue,
    ServerTooOld,
    StoredValueError,
    UniquenessError,
    UnsupportedCommand,
)
from tests.support import command_calls as calls
from tests.support.expected_indexes import inconsistencies, state
from tests.support.server_versions import knows

pytestmark = pytest.mark.each_server

MOMENT = datetime(2100, 1, 1, tzinfo=UTC)
SECONDS = int(MOMENT.timestamp())
ODD = ["", "a\0b", "\N{PILE OF POO} ü", "*[a-z]?", "{x}:y"]

SETTING = {"hexpire", "hpexpire", "hexpireat", "hpexpireat"}


@pytest.fixture
def thing(face):
    class Thing(face.Model):
        database = face.database
        text = InstanceHashField()
        number = InstanceHashField(type=int)
        indexed = InstanceHashField(indexable=True)
        only = InstanceHashField(unique=True)

    return Thing


@pytest.fixture
async def one(face, thing):
    return await face.do(thing.create(text="a", number=1, only="one"))


async def offers(face, one, name, *args, **kwargs):
    """Whether the server knows a command; if not, it is refused as it should be."""
    if knows(face, TABLE[name.upper()].needs):
        return True
    before = state(face.client)
    await face.refused(ServerTooOld, lambda: getattr(one.text, name)(*args, **kwargs), match="Thing.*needs Redis")
    assert state(face.client) == before
    return False


async def test_servers_that_do_not_know_it(face, thing, one):
    for name, args in calls.INSTANCE_HASH_EXPIRY.items():
        await offers(face, one, name, *args)
        await offers(face, thing.lazy_connect(1), name, *args)


async def test_expire(face, one):
    if not await offers(face, one, "hexpire", 100):
        return
    text = one.text
    assert await face.do(text.hexpire(100)) is True
    assert 98 <= await face.do(text.httl()) <= 100
    assert 98_000 <= await face.do(text.hpttl()) <= 100_000
    assert await face.do(one.number.httl()) == -1
    assert await face.do(text.hexpire(200, nx=True)) is False
    assert await face.do(text.hexpire(50, gt=True)) is False
    assert await face.do(text.hexpire(timedelta(seconds=50), lt=True)) is True
    assert await face.do(text.hpexpire(70_000, xx=True)) is True
    assert 68 <= await face.do(text.httl()) <= 70
    assert await face.do(text.hexpireat(MOMENT)) is True
    assert await face.do(text.hexpiretime()) == SECONDS
    assert await face.do(text.hpexpireat(SECONDS * 1000 + 1)) is True
    assert await face.do(text.hpexpiretime()) == SECONDS * 1000 + 1
    assert await face.do(text.hpersist()) is True
    assert await face.do(text.hpersist()) is False
    assert await face.do(text.httl()) == -1
    assert await face.do(text.get()) == "a"


async def test_expired(face, thing, one):
    if not await offers(face, one, "hexpire", 100):
        return
    assert await face.do(one.text.hpexpire(1)) is True
    assert await face.do(one.number.hexpire(0)) is True
    assert await face.do(one.number.hget()) is None
    await asyncio.sleep(0.01)
    assert await face.do(one.text.hget()) is None
    assert await face.do(one.text.httl()) == -2
    assert await face.do(one.hgetall()) == {"only": "one"}
    assert await face.do(one.text.hset("b")) is True
    assert await face.do(one.text.hexpireat(1)) is True
    assert await face.do(one.text.hexists()) is False
    assert await face.do(one.only.hget()) == "one"
    assert inconsistencies(face.client, thing) == []


async def test_absent(face, thing, one):
    if not await offers(face, one, "hexpire", 100):
        return
    empty = await face.do(thing.create(only="other"))
    await face.do(empty.only.hdel())
    for nothing in (empty, await face.do(thing.create())):
        for name in ("httl", "hpttl", "hexpiretime", "hpexpiretime"):
            assert await face.do(getattr(nothing.text, name)()) == -2
        assert await face.do(nothing.text.hexpire(100)) is False
        assert await face.do(nothing.text.hpexpireat(MOMENT)) is False
        assert await face.do(nothing.text.hpersist()) is False
    assert await face.do(thing.collection().count()) == 2


async def test_hsetex(face, thing, one):
    if not await offers(face, one, "hsetex", "b", ex=100):
        return
    text = one.text
    assert await face.do(text.hsetex("b", ex=100)) is True
    assert 98 <= await face.do(text.httl()) <= 100
    assert await face.do(text.hsetex("c", keepttl=True)) is True
    assert await face.do(text.httl()) >= 98
    assert await face.do(text.hsetex("d")) is True
    assert await face.do(text.httl()) == -1
    assert await face.do(text.hsetex("e", fnx=True)) is False
    assert await face.do(text.hsetex("e", fxx=True, pxat=MOMENT)) is True
    assert await face.do(text.hexpiretime()) == SECONDS
    assert await face.do(one.number.hsetex(5, px=timedelta(hours=1))) is True
    assert await face.do(one.number.hget()) == 5
    for odd in ODD:
        await face.do(text.hsetex(odd, exat=SECONDS))
        assert await face.do(text.hget()) == odd
    assert await face.do(text.hset("plain")) is False
    assert await face.do(text.httl()) == -1
    new = await face.do(thing.create())
    assert await face.do(new.text.hsetex("new", ex=100)) is True
    assert await face.do(new.pk.get()) == "2"


async def test_hsetex_on_an_indexed_field(face, thing, one):
    if not await offers(face, one, "hsetex", "b"):
        return
    other = await face.do(thing.create(only="other", indexed="a"))
    assert await face.do(other.indexed.hsetex("*", fxx=True)) is True
    assert await face.do(other.indexed.hsetex("x", fnx=True)) is False
    assert await face.all(thing.collection(indexed="*")) == ["2"]
    assert inconsistencies(face.client, thing) == []
    before = state(face.client)
    error = await face.refused(UniquenessError, lambda: other.only.hsetex("one"))
    assert (error.field, error.value, error.owner) == ("only", "one", "1")
    assert state(face.client) == before


async def test_hgetex(face, one):
    if not await offers(face, one, "hgetex"):
        return
    text, number = one.text, one.number
    assert await face.do(number.hgetex(ex=100)) == 1
    assert await face.do(number.httl()) >= 98
    assert await face.do(number.hgetex()) == 1
    assert await face.do(number.httl()) >= 98
    assert await face.do(number.hgetex(persist=True)) == 1
    assert await face.do(number.httl()) == -1
    assert await face.do(text.hgetex(pxat=MOMENT)) == "a"
    assert await face.do(text.hexpiretime()) == SECONDS
    await face.do(text.hdel())
    assert await face.do(text.hgetex(ex=100)) is None
    assert await face.do(one.indexed.hgetex(persist=True)) is None
    face.client.hset("{thing}:hash:1", "number", "x")
    await face.refused(StoredValueError, number.hgetex)


async def test_hgetdel(face, thing, one):
    if not await offers(face, one, "hgetdel"):
        return
    assert await face.do(one.number.hgetdel()) == 1
    assert await face.do(one.number.hgetdel()) is None
    assert await face.do(one.only.hgetdel()) == "one"
    assert await face.do(one.only.hgetdel()) is None
    assert await face.do(thing.create(only="one", text="b"))
    assert inconsistencies(face.client, thing) == []


async def test_indexed_fields_do_not_expire(face, one):
    with face.sent() as sent:
        for field in (one.indexed, one.only):
            for name in SETTING:
                call = getattr(field, name)
                await face.refused(UnsupportedCommand, lambda call=call: call(100), match="is indexed")
            for given in ({"ex": 1}, {"px": 1}, {"exat": MOMENT}, {"pxat": MOMENT}):
                await face.refused(UnsupportedCommand, lambda f=field, g=given: f.hsetex("a", **g), match="is indexed")
                await face.refused(UnsupportedCommand, lambda f=field, g=given: f.hgetex(**g), match="is indexed")
    assert sent.names == []
    if knows(face, TABLE["HPERSIST"].needs):
        assert await face.do(one.only.hpersist()) is False
        assert await face.do(one.only.httl()) == -1


async def test_wrong_arguments(face, one):
    text = one.text
    with face.sent() as sent:
        for wrong in (
            lambda: text.hexpire(-1),
            lambda: text.hexpire("x"),
            lambda: text.hexpire(1.5),
            lambda: text.hexpire(timedelta(milliseconds=1)),
            lambda: text.hexpire(1, nx=True, xx=True),
            lambda: text.hexpire(1, xx=True, gt=True),
            lambda: text.hpexpire(1, gt=True, lt=True),
            lambda: text.hexpireat("tomorrow"),
            lambda: text.hpexpireat(-1),
            lambda: text.hsetex("a", ex=1, px=1),
            lambda: text.hsetex("a", ex=0),
            lambda: text.hsetex("a", ex=1, keepttl=True),
            lambda: text.hsetex("a", fnx=True, fxx=True),
            lambda: text.hsetex(True),
            lambda: text.hgetex(ex=1, persist=True),
            lambda: text.hgetex(exat="tomorrow"),
        ):
            await face.refused(InvalidValue, wrong)
    assert sent.names == []


async def test_deleted_object(face, thing, one):
    await face.do(one.delete())
    for name, args in calls.INSTANCE_HASH_EXPIRY.items():
        if knows(face, TABLE[name.upper()].needs):
            for instance in (thing.lazy_connect(1), one)[: 1 if TABLE[name.upper()].scope.name == "READ" else 2]:
                call = getattr(instance.text, name)
                await face.refused(DoesNotExist, lambda call=call, args=args: call(*args))
    assert face.keys() <= {"{thing}:seq"}


async def test_a_refused_hmset_leaves_expiries_as_they_were(face, thing, one):
    if not await offers(face, one, "hexpire", 100):
        return
    other = await face.do(thing.create(text="b", number=2, only="other"))
    await face.do(other.text.hexpire(100))
    await face.do(other.number.hpexpireat(SECONDS * 1000 + 7))
    before = state(face.client), face.client.hpexpiretime("{thing}:hash:2", "text", "number", "only")
    await face.refused(UniquenessError, lambda: other.hmset(text="c", number=3, indexed="new", only="one"))
    await face.refused(UniquenessError, lambda: other.hmset(only="one", text="c"))
    assert (state(face.client), face.client.hpexpiretime("{thing}:hash:2", "text", "number", "only")) == before
    assert await face.do(other.hmset(text="c", only="fine")) is True
    assert await face.do(other.text.httl()) == -1
    assert await face.do(other.number.hpexpiretime()) == SECONDS * 1000 + 7
    assert inconsistencies(face.client, thing) == []


def test_resp3(one_server):
    class Thing(RedisModel):
        database = RedisDatabase(client=redis.Redis(port=one_server.port, protocol=3))
        text = InstanceHashField()

    one = Thing.create(text="a")
    assert one.text.hexpireat(SECONDS) is True
    assert one.text.hexpiretime() == SECONDS
    assert Thing.lazy_connect(1).text.hexpiretime() == SECONDS
    assert one.text.hgetex(persist=True) == "a"
    assert one.text.hgetdel() == "a"
    assert one.text.httl() == -2


@pytest.mark.parametrize("lazy", [False, True])
async def test_one_call_is_one_request(any_face, lazy):
    class Thing(any_face.Model):
        database = any_face.database
        text = InstanceHashField()
        indexed = InstanceHashField(indexable=True)

    made = await any_face.do(Thing.create(text="1", indexed="1"))
    for warm in range(2):  # the first time the server learns the scripts
        for field in ("text", "indexed"):
            for name in calls.INSTANCE_HASH_EXPIRY.keys() - (SETTING if field == "indexed" else set()):
                await any_face.do(made.hmset(text="1", indexed="1"))
                instance = Thing.lazy_connect(1) if lazy else made
                with any_face.sent() as sent:
                    await any_face.do(getattr(getattr(instance, field), name)(*calls.INSTANCE_HASH_EXPIRY[name]))
                assert len(sent.names) == 1 or not warm, (field, name)
