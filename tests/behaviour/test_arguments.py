"""Arguments as redis-py has them: those that choose another result, numbers as text, moments of local time."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime, timedelta

import pytest
import redis

from limpyd import (
    GeoField,
    HashField,
    InstanceHashField,
    ListField,
    SetField,
    SortedSetField,
    StreamField,
    StringField,
)
from limpyd.exceptions import InvalidValue, ServerTooOld


@pytest.fixture
def model(any_face):
    class Thing(any_face.Model):
        database = any_face.database
        text = StringField()
        entry = InstanceHashField(type=float)
        count = StringField(type=int)
        number = StringField(type=float)
        tags = SetField(indexable=True)
        queue = ListField(indexable=True)
        board = SortedSetField(indexable=True)
        other = SortedSetField()
        bag = SetField()
        heads = HashField(indexable=True)
        places = GeoField()
        log = StreamField()

    return Thing


@pytest.fixture
async def thing(any_face, model):
    thing = await any_face.do(model.create(text="ohmytext", tags=["a", "b", "c"], board={"a": 1, "b": 2, "c": 3}))
    await any_face.do(thing.queue.rpush("x", "y", "x", "z", "x"))
    await any_face.do(thing.heads.hset("a", "1", items=["b", "2"], mapping={"c": "3"}))
    await any_face.do(thing.other.zadd({"b": 10, "d": 4}))
    await any_face.do(thing.bag.sadd("b", "c"))
    return thing


async def test_with_scores(any_face, thing):
    do, board = any_face.do, thing.board
    everything = [("a", 1.0), ("b", 2.0), ("c", 3.0)]
    assert await do(board.zrange(0, -1, withscores=True)) == everything
    assert await do(board.zrange(0, -1, withscores=False)) == ["a", "b", "c"]
    assert await do(board.zrange(2, 3, byscore=True, withscores=True, offset=1, num=5)) == [("c", 3.0)]
    assert await do(board.zrange(0, 0, desc=True, withscores=True)) == [("c", 3.0)]
    assert await do(board.zrevrange(0, -1, withscores=True)) == everything[::-1]
    assert await do(board.zrangebyscore("-inf", "(3", withscores=True)) == everything[:2]
    assert await do(board.zrangebyscore("-inf", "+inf", 1, 1, withscores=True)) == [("b", 2.0)]
    assert await do(board.zrangebyscore("-inf", "+inf", start=1, num=1)) == ["b"]
    assert await do(board.zrevrangebyscore(3, 2, withscores=True)) == [("c", 3.0), ("b", 2.0)]
    assert await do(board.zrevrangebyscore(3, 2, 0, 1, withscores=True)) == [("c", 3.0)]
    assert await do(board.zinter([thing.other], withscores=True)) == [("b", 12.0)]
    assert await do(board.zinter(thing.other, thing.bag, aggregate="MAX", withscores=True)) == [("b", 10.0)]
    assert await do(board.zunion([thing.other], withscores=True)) == [("a", 1), ("c", 3), ("d", 4), ("b", 12)]
    assert await do(board.zunion([thing.other])) == ["a", "c", "d", "b"]
    assert await do(board.zdiff([thing.other], withscores=True)) == [("a", 1.0), ("c", 3.0)]
    assert await do(board.zdiff((thing.other, thing.bag))) == ["a"]
    assert await do(board.zintercard([thing.other, thing.bag])) == 1
    with pytest.raises(InvalidValue, match="leave out withscores"):
        await do(board.zrange("[a", "[c", bylex=True, withscores=True))
    for wrong in (1, "yes"):
        await any_face.refused(InvalidValue, lambda wrong=wrong: board.zrange(0, 1, withscores=wrong), match="True or")


async def test_with_a_count(any_face, thing):
    do, board = any_face.do, thing.board
    assert {member for member, _ in await do(board.zrandmember(5, withscores=True))} == {"a", "b", "c"}
    assert len(await do(board.zrandmember(-7))) == 7
    assert await do(board.zrandmember(count=None)) in {"a", "b", "c"}
    assert len(await do(thing.tags.srandmember(2))) == 2
    assert len(await do(thing.tags.srandmember(number=-4))) == 4
    assert await do(thing.tags.srandmember(None)) in {"a", "b", "c"}
    popped = await do(thing.tags.spop(2))
    assert isinstance(popped, set)
    assert len(popped) == 2
    for member in popped:
        assert await do(type(thing).collection(tags=member).count()) == 0
    assert {await do(thing.tags.spop(count=None)), *popped} == {"a", "b", "c"}
    assert await do(thing.tags.spop(0)) == set()
    assert await do(thing.tags.spop()) is None
    assert await do(thing.queue.lpop(2)) == ["x", "y"]
    assert await do(thing.queue.rpop(count=2)) == ["x", "z"]
    assert await do(thing.queue.lpop(0)) == []
    assert await do(thing.queue.lpop(None)) == "x"
    assert await do(thing.queue.rpop()) is None
    assert await do(type(thing).collection(queue="z").count()) == 0
    assert sorted(await do(thing.heads.hrandfield(5))) == ["a", "b", "c"]
    assert sorted(await do(thing.heads.hrandfield(5, withvalues=True))) == [("a", "1"), ("b", "2"), ("c", "3")]
    assert await do(thing.heads.hrandfield()) in {"a", "b", "c"}
    assert await do(board.zpopmin(2)) == [("a", 1.0), ("b", 2.0)]
    assert await do(board.zpopmax(count=None)) == [("c", 3.0)]
    await any_face.refused(InvalidValue, lambda: thing.tags.spop(-1))
    await any_face.refused(InvalidValue, lambda: thing.tags.spop(True))
    await any_face.refused(TypeError, lambda: board.zrandmember(withscores=True))


async def test_positions_of_a_value(any_face, thing):
    do, queue = any_face.do, thing.queue
    assert await do(queue.lpos("x")) == 0
    assert await do(queue.lpos("x", 2)) == 2
    assert await do(queue.lpos("x", 1, 0)) == [0, 2, 4]
    assert await do(queue.lpos("x", count=2)) == [0, 2]
    assert await do(queue.lpos("x", rank=-1, count=1)) == [4]
    assert await do(queue.lpos("x", 1, None, 1)) == 0
    assert await do(queue.lpos("z", maxlen=2)) is None
    assert await do(queue.lpos_many("x", 1, 2)) == [0, 2]
    assert await do(queue.lpos_many("x")) == [0, 2, 4]


async def test_sort(any_face, thing):
    do, queue = any_face.do, thing.queue
    assert await do(queue.sort(alpha=True)) == ["x", "x", "x", "y", "z"]
    assert await do(queue.sort(1, 2, alpha=True, desc=True)) == ["y", "x"]
    assert await do(queue.sort(alpha=True, get="#")) == ["x", "x", "x", "y", "z"]
    assert await do(queue.sort(3, 2, alpha=True, get=["#", "#"])) == ["y", "y", "z", "z"]
    assert await do(queue.sort(3, 2, alpha=True, get=["#", "#"], groups=True)) == [("y", "y"), ("z", "z")]
    assert await do(thing.bag.sort(alpha=True, desc=True, store=queue)) == 2
    assert await do(queue.lrange(0, -1)) == ["c", "b"]
    assert await do(type(thing).collection(queue="c").count()) == 1
    await any_face.refused(InvalidValue, lambda: queue.sort(get="#", groups=True), match="at least two patterns")


async def test_zadd(any_face, thing):
    do, board = any_face.do, thing.board
    assert await do(board.zadd({"a": 2}, incr=True)) == 3.0
    assert await do(board.zadd({"new": 2}, xx=True, incr=True)) is None
    assert await do(board.zadd(a=1, incr=True, ch=True)) == 4.0
    assert await do(board.zadd({"d": "7.5"}, nx=True)) == 1
    assert await do(board.zadd({"d": "+inf", "e": "-inf"}, ch=True)) == 2
    assert await do(board.zmscore(["a", "d", "e"])) == [4.0, math.inf, -math.inf]
    assert await do(type(thing).collection(board="d").count()) == 1
    for wrong in (lambda: board.zadd(nx=5), lambda: board.zadd(incr=5.0), lambda: board.zadd({"a": 1}, incr=1)):
        error = await any_face.refused(InvalidValue, wrong, match="takes True or False")
        assert isinstance(error, redis.DataError)
    error = await any_face.refused(InvalidValue, lambda: board.zadd({"a": 1, "b": 1}, incr=True), match="one member")
    assert isinstance(error, redis.DataError)
    with pytest.raises(TypeError, match="nx, xx, ch, incr, gt, lt are given by name"):
        board.zadd({"b": 9}, True)
    assert await do(board.zscore("b")) == 2.0


@pytest.mark.parametrize("command", ["zrank", "zrevrank"])
async def test_rank_with_score(any_face, thing, command):
    rank = getattr(thing.board, command)
    assert await any_face.do(rank("b")) == 1
    try:
        assert await any_face.do(rank("b", withscore=True)) == (1, 2.0)
        assert await any_face.do(rank("nobody", withscore=True)) is None
    except ServerTooOld:
        pass
    await any_face.refused(TypeError, lambda: rank("b", True), match="given by name")


async def test_lists_of_fields_and_names(any_face, thing):
    do, tags = any_face.do, thing.tags
    assert await do(tags.sinter([thing.bag])) == await do(tags.sinter(thing.bag)) == {"b", "c"}
    assert await do(tags.sunion([thing.bag, tags])) == {"a", "b", "c"}
    assert await do(tags.sdiff((thing.bag,))) == {"a"}
    assert await do(tags.sintercard([thing.bag], limit=1)) == 1
    assert await do(thing.bag.sunionstore([tags, thing.bag])) == 3
    assert await do(thing.bag.sinterstore([tags], thing.bag)) == 3
    assert await do(thing.bag.sdiffstore([tags, thing.bag])) == 0
    assert await do(thing.other.zunionstore([thing.board, thing.other])) == 4
    assert await do(thing.other.zinterstore([thing.board, tags])) == 3
    assert await do(thing.other.zdiffstore([thing.board])) == 3
    assert await do(tags.smismember(["a", "z"], "b")) == [True, False, True]
    assert await do(thing.heads.hmget(["a"], "z", "b")) == ["1", None, "2"]
    assert await do(thing.heads.hmget(("a", "b"))) == ["1", "2"]


async def test_keys_and_values_in_turn(any_face, thing):
    do, heads = any_face.do, thing.heads
    assert await do(heads.hset("d", "4", items=["d", "lost", "e", "5"], mapping={"e": "won"})) == 2
    assert await do(heads.hmget("d", "e")) == ["4", "won"]
    assert await do(type(thing).collection(heads__e="won").count()) == 1
    for wrong, said in (
        (lambda: heads.hset(items=["d"]), "in turn"),
        (lambda: heads.hset(items="dd"), "in turn"),
        (lambda: heads.hset({"d": "4"}), "mapping={'d': '4'}"),
        (lambda: heads.hset(value="4"), "a key with its value"),
    ):
        await any_face.refused(InvalidValue, wrong, match=said)


async def test_of_strings_streams_and_places(any_face, thing):
    do = any_face.do
    await do(thing.text.set("mynewtext"))
    twin = await do(type(thing).create(text="ohmytext"))
    assert await do(thing.text.lcs(twin.text)) == "mytext"
    assert await do(thing.text.lcs(twin.text, len=True)) == 6
    found = await do(thing.text.lcs(twin.text, idx=True, minmatchlen=4, withmatchlen=True))
    assert [match.length for match in found.matches] == [4]
    assert await do(thing.log.xadd({"a": "1"}, nomkstream=True)) is None
    assert await do(thing.log.xadd({"a": "1"}, id="1-1")) == "1-1"
    assert await do(thing.log.xadd({"a": "1"}, id="1-2", nomkstream=True)) == "1-2"
    assert "groups" in await do(thing.log.xinfo_stream(full=True))
    assert await do(thing.log.xgroup_create("g", 0))
    await do(thing.log.xreadgroup("g", "one"))
    assert await do(thing.log.xclaim("g", "two", 0, ["1-1"], justid=True)) == ["1-1"]
    assert (await do(thing.log.xautoclaim("g", "two", 0, justid=True))).ids == ["1-1", "1-2"]
    assert (await do(thing.log.xclaim("g", "two", 0, ["1-1"])))[0].id == "1-1"
    await do(thing.places.geoadd({"p": (1, 2), "q": (1, 2.1)}))
    search = thing.places.geosearch
    assert await do(search(member="p", radius=20, unit="km")) == ["p", "q"]
    assert await do(search(member="p", radius=20, unit="km", withdist=True)) == [["p", 0.0], ["q", 11.1226]]
    (near,) = await do(search(member="p", radius=1, unit=None, withcoord=True, withhash=True, withdist=True))
    details = (await do(thing.places.geosearch_details(member="p", radius=1)))[0]
    assert near == ["p", 0.0, details.hash, details.position]
    assert await do(thing.places.geodist("p", "q", unit=None)) == pytest.approx(11122.6, abs=0.1)


async def test_numbers_as_text(any_face, thing):
    do = any_face.do
    assert await do(thing.number.incrbyfloat("1.5")) == 1.5
    assert await do(thing.number.incrbyfloat("1e1")) == 11.5
    assert await do(thing.entry.hincrbyfloat("-.5")) == -0.5
    assert await do(thing.count.incr("5")) == 5
    assert await do(thing.count.incrby("2")) == 7
    assert await do(thing.count.decr("3")) == 4
    assert await do(thing.board.zincrby("1.5", "a")) == 2.5
    assert await do(thing.board.zadd_incr("a", "1")) == 3.5
    assert await do(thing.queue.lrange("0", "-1")) == ["x", "y", "x", "z", "x"]
    assert await do(thing.other.expire("50")) is True
    assert 0 < await do(thing.other.ttl()) <= 50
    for wrong in ("x", "", " 1", "1_0", "nan", "inf", "0x1", "1e999", "٣"):
        await any_face.refused(InvalidValue, lambda wrong=wrong: thing.number.incrbyfloat(wrong))
        await any_face.refused(InvalidValue, lambda wrong=wrong: thing.count.incr(wrong))
    for wrong in ("1.5", "9223372036854775808"):
        await any_face.refused(InvalidValue, lambda wrong=wrong: thing.count.incr(wrong))


@pytest.fixture
def in_tokyo(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


async def test_moments_of_local_time(any_face, thing, in_tokyo):
    do = any_face.do
    local = datetime(2100, 1, 1, 9, 0, 0, 123000)  # noqa: DTZ001 - which is what it is about
    seconds, milliseconds = 4102444800, 4102444800123
    assert local.astimezone(UTC) == datetime(2100, 1, 1, 0, 0, 0, 123000, UTC)
    assert await do(thing.bag.expire(5)) is True
    field = thing.other
    for set_expiry in (lambda: field.expireat(local), lambda: thing.text.set("x", exat=local)):
        assert await do(set_expiry())
    assert await do(field.expiretime()) == await do(thing.text.expiretime()) == seconds
    assert await do(field.pexpireat(local)) is True
    assert await do(field.pexpiretime()) == milliseconds
    assert await do(thing.text.set("x", pxat=local)) is True
    assert await do(thing.text.pexpiretime()) == milliseconds
    assert await do(thing.text.getex(exat=local)) == "x"
    assert await do(thing.text.pexpiretime()) == seconds * 1000
    assert await do(field.pexpireat(local.replace(tzinfo=UTC))) is True
    assert await do(field.pexpiretime()) == milliseconds + int(timedelta(hours=9) / timedelta(milliseconds=1))
    await any_face.refused(InvalidValue, lambda: field.expireat(datetime.min))  # noqa: DTZ901 - as above


async def test_moments_of_entries(any_face, thing, in_tokyo):
    do = any_face.do
    local = datetime(2100, 1, 1, 9, 0, 0, 123000)  # noqa: DTZ001 - which is what it is about
    await do(thing.entry.hset(1.5))
    try:
        assert await do(thing.entry.hexpireat(local)) is True
    except ServerTooOld:
        return
    assert await do(thing.entry.hexpiretime()) == 4102444800
    assert await do(thing.entry.hpexpireat(local)) is True
    assert await do(thing.entry.hpexpiretime()) == 4102444800123
