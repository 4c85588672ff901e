"""SetField, ListField, SortedSetField, HashField and GeoField: every command, on both faces and all servers."""

from __future__ import annotations

import asyncio
import threading
from decimal import Decimal
from uuid import UUID

import pytest
import redis.asyncio

from limpyd import (
    GeoField,
    HashField,
    InstanceHashField,
    ListField,
    RedisDatabase,
    RedisModel,
    SetField,
    SortedSetField,
    StringField,
)
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from limpyd.exceptions import (
    DoesNotExist,
    InvalidFilter,
    InvalidPrimaryKey,
    InvalidValue,
    ServerError,
    ServerTooOld,
    StoredValueError,
    UniquenessError,
    UnsupportedCommand,
    WrongTypeError,
)
from limpyd.fields.geo import Position
from tests.rebuild import inconsistencies, state

ODD = ["", " a b ", ":", "*", "{x}", "\0", "🐍é", "a\r\n", "x" * 100_000]


@pytest.fixture
def model(face):
    class Thing(face.Model):
        database = face.database
        tags = SetField(indexable=True)
        others = SetField()
        numbers = SetField(type=int)
        prices = SetField(type=Decimal, indexable=True)
        owned = SetField(unique=True)
        queue = ListField(indexable=True)
        bag = ListField()
        ids = ListField(type=int)
        board = SortedSetField(indexable=True)
        ranks = SortedSetField()
        uids = SortedSetField(type=UUID)
        heads = HashField(indexable=True)
        rates = HashField(type=float)
        counts = HashField(type=int)
        single = HashField(unique=True)
        places = GeoField(indexable=True)
        spots = GeoField()

    return Thing


@pytest.fixture
async def thing(face, model):
    return await face.do(model.create(owned=["mine"]))


async def found(face, model, **filters):
    return sorted(await face.all(model.collection(**filters)))


class TestSets:
    async def test_members(self, face, model, thing):
        do, tags = face.do, thing.tags
        assert await do(tags.sadd("a", "b", "a")) == 2
        assert await do(tags.smembers()) == {"a", "b"}
        assert await do(tags.scard()) == 2
        assert await do(tags.sismember("a")) is True
        assert await do(tags.smismember("a", "z", "b")) == [True, False, True]
        assert await do(tags.smismember(["a", "z"])) == [True, False]
        assert await do(tags.srandmember()) in {"a", "b"}
        assert set(await do(tags.srandmember_many(5))) == {"a", "b"}
        assert len(await do(tags.srandmember_many(-5))) == 5
        assert await do(tags.srem("a", "z")) == 1
        assert await found(face, model, tags="a") == []
        assert await found(face, model, tags="b") == ["1"]
        assert await do(tags.spop()) == "b"
        assert await do(tags.spop()) is None
        await do(tags.sadd("a", "b", "c"))
        assert len(await do(tags.spop_many(2))) == 2
        assert await do(tags.spop_many(5)) | await do(tags.smembers()) <= {"a", "b", "c"}
        assert inconsistencies(face.client, model) == []

    async def test_iterating(self, face, thing):
        await face.do(thing.numbers.sadd(*range(2000)))
        assert sorted(await face.all(thing.numbers.sscan(count=100))) == [*range(2000)]
        assert sorted(await face.all(thing.numbers.sscan(match="199?"))) == [*range(1990, 2000)]
        assert await face.all(type(thing).lazy_connect(1).others.sscan()) == []
        with pytest.raises(DoesNotExist):
            await face.all(type(thing).lazy_connect(99).others.sscan())

    async def test_with_other_sets(self, face, model, thing):
        do = face.do
        other = await do(model.create(tags=["b", "c"], others=["c", "x"]))
        await do(thing.tags.sadd("a", "b"))
        assert await do(thing.tags.sinter(other.tags)) == {"b"}
        assert await do(thing.tags.sunion(other.tags, other.others)) == {"a", "b", "c", "x"}
        assert await do(thing.tags.sdiff(other.tags)) == {"a"}
        assert await do(thing.tags.sintercard(other.tags)) == 1
        assert await do(other.tags.sintercard(other.tags, limit=1)) == 1
        assert await do(thing.tags.smove(other.tags, "a")) is True
        assert await do(thing.tags.smove(other.tags, "a")) is False
        assert await found(face, model, tags="a") == ["2"]
        assert await do(thing.tags.sunionstore(other.tags, other.others)) == 4
        assert await found(face, model, tags="x") == ["1"]
        assert await do(thing.tags.sdiffstore(thing.tags, other.others)) == 2
        assert await do(thing.tags.sinterstore(thing.tags, other.tags)) == 2
        assert await do(thing.tags.smembers()) == {"a", "b"}
        assert await found(face, model, tags="x") == []
        assert await do(thing.others.copy(other.tags)) is False
        assert await do(other.others.copy(thing.others)) is True
        assert await do(thing.tags.sort_store(thing.bag, alpha=True, desc=True)) == 2
        assert await do(thing.bag.lrange(0, -1)) == ["b", "a"]
        assert inconsistencies(face.client, model) == []

    async def test_a_member_of_another_object_is_refused(self, face, model, thing):
        other = await face.do(model.create(owned=["theirs"]))
        third = await face.do(model.create(others=["mine", "new"], owned=["third"]))
        before = state(face.client)
        for refused in (
            lambda: other.owned.sadd("new", "mine"),
            lambda: third.others.smove(other.owned, "mine"),
            lambda: other.owned.sunionstore(third.others),
            lambda: third.others.copy(other.owned, replace=True),
        ):
            error = await face.refused(UniquenessError, refused)
            assert (error.model, error.field, error.value, error.owner) == ("Thing", "owned", "mine", "1")
            assert state(face.client) == before
        assert await face.do(thing.owned.smove(other.owned, "mine")) is True
        assert await found(face, model, owned="mine") == ["2"]

    async def test_copies_bring_no_expiry_to_an_indexed_field(self, face, model, thing):
        await face.do(thing.others.sadd("a"))
        await face.do(thing.others.expire(1000))
        assert await face.do(thing.others.copy(thing.tags)) is True
        assert await face.do(thing.tags.ttl()) == -1
        assert await found(face, model, tags="a") == ["1"]


class TestLists:
    async def test_adding_and_removing(self, face, model, thing):
        do, queue = face.do, thing.queue
        assert await do(queue.rpushx("a")) == await do(queue.lpushx("a")) == 0
        assert await do(queue.rpush("a", "b", "a")) == 3
        assert await do(queue.lpush("c", "d")) == 5
        assert await do(queue.lrange(0, -1)) == ["d", "c", "a", "b", "a"]
        assert await do(queue.lpushx("e")) == await do(queue.rpushx("f")) - 1 == 6
        assert await do(queue.linsert("BEFORE", "a", "g")) == 8
        assert await do(queue.linsert("after", "nope", "g")) == -1
        assert await do(queue.lset(0, "h")) is True
        await face.refused(ServerError, lambda: queue.lset(100, "i"), match="out of range")
        assert await do(queue.lrange(0, -1)) == ["h", "d", "c", "g", "a", "b", "a", "f"]
        assert [await found(face, model, queue=member) for member in "eghi"] == [[], ["1"], ["1"], []]
        assert await do(queue.lpop()) == "h"
        assert await do(queue.rpop_many(2)) == ["f", "a"]
        assert await found(face, model, queue="a") == ["1"]  # one of two is left
        assert await do(queue.lrem(0, "a")) == 1
        assert await found(face, model, queue="a") == []
        assert await do(queue.lmpop("RIGHT")) == ["b"]
        assert await do(queue.ltrim(1, -2)) is True
        assert await do(queue.lrange(0, -1)) == ["c"]
        assert await do(queue.lpop_many(5)) == ["c"]
        assert await do(queue.lpop()) is await do(queue.rpop()) is None
        assert await do(queue.lpop_many(2)) == await do(queue.lmpop("LEFT", 2)) == []
        assert inconsistencies(face.client, model) == []

    async def test_reading(self, face, thing):
        do, ids = face.do, thing.ids
        await do(ids.rpush(1, 2, 3, 2))
        assert await do(ids.llen()) == 4
        assert await do(ids.lindex(-1)) == 2
        assert await do(ids.lindex(9)) is None
        assert await do(ids.lpos(2)) == 1
        assert await do(ids.lpos(2, rank=-1, maxlen=1)) == 3
        assert await do(ids.lpos(9)) is None
        assert await do(ids.lpos_many(2)) == [1, 3]
        assert await do(ids.lpos_many(2, count=1)) == [1]
        assert await do(ids.lcontains(3)) is True
        assert await do(ids.lrank(3)) == 2
        assert await do(ids.lcount(2)) == 2
        assert await do(ids.sort(desc=True)) == [3, 2, 2, 1]
        assert await do(ids.sort(start=1, num=2)) == [2, 2]
        if not face.server.clustered:
            face.client.mset({"weight_1": 3, "weight_2": 2, "weight_3": 1})
            assert await do(ids.sort(by="weight_*")) == [3, 2, 2, 1]
            assert await do(ids.sort_get("#", "weight_*", "no_*", start=0, num=2)) == [
                ("1", "3", None),
                ("2", "2", None),
            ]

    async def test_moving(self, face, model, thing):
        do = face.do
        other = await do(model.create(queue=["x"]))
        await do(thing.queue.rpush("a", "b", "c"))
        assert await do(thing.queue.lmove(other.queue)) == "a"
        assert await do(thing.queue.rpoplpush(other.queue)) == "c"
        assert await do(thing.queue.lmove(thing.queue)) == "b"
        assert await do(other.queue.lrange(0, -1)) == ["c", "x", "a"]
        assert await do(other.queue.lmove(other.queue, "RIGHT", "LEFT")) == "a"
        assert await do(other.queue.lrange(0, -1)) == ["a", "c", "x"]
        assert await found(face, model, queue="a") == ["2"]
        assert await do(thing.bag.lmove(other.queue)) is None
        gone = await do(model.create(queue=["z"]))
        await do(gone.delete())
        await face.refused(DoesNotExist, lambda: other.queue.lmove(gone.queue), match=r"Thing\('3'\)")
        assert await do(other.queue.llen()) == 3
        assert inconsistencies(face.client, model) == []

    async def test_waiting(self, face, model, thing):
        do, bag = face.do, thing.bag
        await do(bag.rpush("a", "b", "c", "d"))
        assert await do(bag.blpop()) == "a"
        assert await do(bag.brpop(timeout=1)) == "d"
        assert await do(bag.blmpop(1, "LEFT", 5)) == ["b", "c"]
        assert await do(bag.blpop(0.01)) is await do(bag.brpop(0.01)) is None
        assert await do(bag.blmpop(0.01)) == []
        assert await do(bag.blmove(bag, 0.01)) is await do(bag.brpoplpush(bag, 0.01)) is None
        pushed = threading.Timer(0.2, lambda: face.client.rpush("{thing}:field:bag:1", "late"))
        pushed.start()
        assert await do(bag.blmove(bag, 5)) == "late"
        pushed.join()
        await face.refused(UnsupportedCommand, lambda: thing.queue.blpop(), match="indexed")
        await face.refused(DoesNotExist, lambda: model.lazy_connect(9).bag.blpop(0.01))
        gone = await do(model.create(bag=["x"]))
        await do((await do(model.get(await do(gone.pk.get())))).delete())
        await face.refused(DoesNotExist, lambda: gone.bag.blpop())
        await face.refused(DoesNotExist, lambda: gone.ranks.bzpopmin())
        if not face.is_async:
            await face.refused(InvalidPrimaryKey, lambda: model().bag.blpop(0.01))
        other = await do(model.create(bag=["x"]))
        await face.refused(UnsupportedCommand, lambda: other.bag.blmove(bag, 1), match="may be deleted")

    async def test_a_cancelled_wait_is_over(self, any_face):
        """Also where Python 3.11 loses the cancellation: what waited on would take what is another's."""
        if not any_face.is_async:
            return

        class Job(any_face.Model):
            database = any_face.database
            parts = ListField()

        job = await Job.create(parts=["x"])
        await job.parts.blpop()
        for number in range(200):
            waiting = asyncio.create_task(job.parts.blpop())
            await asyncio.sleep(number * 0.00001)
            waiting.cancel()
            done, _ = await asyncio.wait([waiting], timeout=2)
            assert done
            assert waiting.cancelled()

    async def test_others_do_not_wait_with_it(self, face, thing):
        if not face.is_async:
            pytest.skip("threads have connections of their own")
        waiting = asyncio.ensure_future(thing.bag.blpop(5))
        await asyncio.sleep(0.05)
        await thing.bag.rpush("x")
        assert await waiting == "x"

    async def test_a_cancelled_wait_leaves_the_others_alone(self, face, thing):
        if not face.is_async:
            pytest.skip("threads cannot be cancelled")
        for _ in range(3):
            waiting = asyncio.ensure_future(thing.bag.blpop(5))
            await asyncio.sleep(0.02)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        await thing.bag.rpush("a", "b")
        assert [await thing.bag.blpop(1), await thing.bag.blpop(1)] == ["a", "b"]

    async def test_refused_pushes_leave_no_trace(self, face, model, thing):
        class Job(face.Model):
            database = face.database
            parts = ListField(unique=True)
            loose = ListField()

        first = await face.do(Job.create(parts=["a", "b"]))
        second = await face.do(Job.create(parts=["x", "y", "x"], loose=["a"]))
        before = state(face.client)
        for refused in (
            lambda: second.parts.rpush("z", "a"),
            lambda: second.parts.lpush("z", "a"),
            lambda: second.parts.linsert("AFTER", "x", "a"),
            lambda: second.parts.lset(1, "a"),
            lambda: second.loose.lmove(second.parts),
            lambda: second.loose.copy(second.parts, replace=True),
            lambda: second.loose.sort_store(second.parts, alpha=True),
        ):
            error = await face.refused(UniquenessError, refused)
            assert (error.value, error.owner) == ("a", "1")
            assert state(face.client) == before
        assert await face.do(first.parts.lmove(second.parts)) == "a"


class TestSortedSets:
    async def test_adding_and_removing(self, face, model, thing):
        do, board = face.do, thing.board
        assert await do(board.zadd({"a": 1, "b": 2.5}, c=-3)) == 3
        assert await do(board.zadd({"a": 5, "d": 1}, ch=True)) == 2
        assert await do(board.zadd({"a": 9, "e": 9}, xx=True)) == 0
        assert await do(board.zadd({"a": 1}, nx=True)) == 0
        assert await do(board.zadd({"a": 1}, gt=True, ch=True)) == 0
        assert await do(board.zadd({"a": 1}, lt=True, ch=True)) == 1
        assert await do(board.zadd_incr("a", 1.5)) == 2.5
        assert await do(board.zadd_incr("a", 1, nx=True)) is None
        assert await do(board.zincrby(2, "z")) == 2.0
        assert await found(face, model, board="z") == ["1"]
        assert await found(face, model, board="e") == []
        assert await do(board.zrem("z", "nope")) == 1
        assert await do(board.zpopmin()) == [("c", -3.0)]
        assert await do(board.zpopmax(2)) == [("b", 2.5), ("a", 2.5)]
        assert await do(board.zmpop(min=True, count=5)) == [("d", 1.0)]
        assert await do(board.zmpop(max=True)) == await do(board.zpopmin(3)) == []
        for member in "abcdz":
            assert await found(face, model, board=member) == []
        await do(board.zadd({member: number for number, member in enumerate("abcdefgh")}))
        assert await do(board.zremrangebyrank(0, 1)) == 2
        assert await do(board.zremrangebyscore("(5", "+inf")) == 2
        await do(board.zadd(dict.fromkeys("cdef", 0)))
        assert await do(board.zremrangebylex("[c", "(e")) == 2
        assert await do(board.zrange(0, -1)) == ["e", "f"]
        assert inconsistencies(face.client, model) == []

    async def test_reading(self, face, thing):
        do, ranks = face.do, thing.ranks
        await do(ranks.zadd({"a": 1, "b": 2, "c": 3.5}))
        assert await do(ranks.zcard()) == 3
        assert await do(ranks.zscore("c")) == 3.5
        assert await do(ranks.zscore("z")) is None
        assert await do(ranks.zmscore(["a", "z"])) == [1.0, None]
        assert await do(ranks.zrank("b")) == await do(ranks.zrevrank("b")) == 1
        assert await do(ranks.zrank("z")) is None
        await do(thing.spots.zadd({"large": 10**30}))
        assert await do(thing.spots.zscore("large")) == 1e30
        assert await do(ranks.zcount(1, "(3.5")) == 2
        assert await do(ranks.zrange(0, 1)) == ["a", "b"]
        assert await do(ranks.zrange(0, 1, desc=True)) == await do(ranks.zrevrange(0, 1)) == ["c", "b"]
        assert await do(ranks.zrange("-inf", 2, byscore=True, offset=1, num=5)) == ["b"]
        assert await do(ranks.zrange_withscores(0, 0)) == [("a", 1.0)]
        assert await do(ranks.zrange_withscores(9, 2, byscore=True, desc=True)) == [("c", 3.5), ("b", 2.0)]
        assert await do(ranks.zrevrange_withscores(0, 0)) == [("c", 3.5)]
        assert await do(ranks.zrangebyscore(2, "inf")) == ["b", "c"]
        assert await do(ranks.zrangebyscore(2, "inf", start=1, num=1)) == ["c"]
        assert await do(ranks.zrangebyscore_withscores(2, 3)) == [("b", 2.0)]
        assert await do(ranks.zrevrangebyscore(2, 0)) == ["b", "a"]
        assert await do(ranks.zrevrangebyscore_withscores(2, 0, 0, 1)) == [("b", 2.0)]
        assert await do(ranks.zrandmember()) in {"a", "b", "c"}
        assert sorted(await do(ranks.zrandmember_many(9))) == ["a", "b", "c"]
        assert sorted(await do(ranks.zrandmember_withscores(9))) == [("a", 1.0), ("b", 2.0), ("c", 3.5)]
        assert sorted(await face.all(ranks.zscan())) == [("a", 1.0), ("b", 2.0), ("c", 3.5)]
        if face.database.server.name == "valkey":
            assert sorted(await face.all(ranks.zscan_no_scores())) == ["a", "b", "c"]
        else:
            with pytest.raises(ServerTooOld, match=r"Valkey 8\.1"):
                await face.all(ranks.zscan_no_scores())
        await do(ranks.zadd(dict.fromkeys("abc", 0)))
        assert await do(ranks.zrangebylex("(a", "+")) == await do(ranks.zrange("(a", "+", bylex=True)) == ["b", "c"]
        assert await do(ranks.zrevrangebylex("+", "[b")) == ["c", "b"]
        assert await do(ranks.zlexcount("-", "[b")) == 2
        if face.database.server.name == "redis" and face.database.server.version < (7, 2):
            await face.refused(ServerTooOld, lambda: ranks.zrank_withscore("b"), match=r"Redis 7\.2 or Valkey 7\.2")
        else:
            assert await do(ranks.zrank_withscore("b")) == (1, 0.0)
            assert await do(ranks.zrevrank_withscore("z")) is None

    async def test_with_others(self, face, model, thing):
        do, ranks = face.do, thing.ranks
        await do(ranks.zadd({"a": 1, "b": 2}))
        other = await do(model.create(ranks={"b": 10, "c": 20}, tags=["b"], board={"q": 1}))
        assert await do(ranks.zinter(other.ranks)) == ["b"]
        assert await do(ranks.zinter_withscores(other.ranks, other.tags)) == [("b", 13.0)]
        assert await do(ranks.zunion_withscores(other.ranks, aggregate="MAX", weights=[3, 0.5])) == [
            ("a", 3.0),
            ("b", 6.0),
            ("c", 10.0),
        ]
        assert await do(ranks.zunion(other.ranks)) == ["a", "b", "c"]
        assert await do(ranks.zdiff(other.ranks)) == ["a"]
        assert await do(ranks.zdiff_withscores(other.ranks)) == [("a", 1.0)]
        assert await do(ranks.zintercard(other.ranks, limit=5)) == 1
        assert await do(other.board.zunionstore(ranks, other.ranks, weights=[1, 2])) == 3
        assert await found(face, model, board="c") == ["2"]
        assert await found(face, model, board="q") == []
        assert await do(other.board.zscore("b")) == 22.0
        assert await do(other.board.zinterstore(ranks, other.tags, aggregate="MIN")) == 1
        assert await do(other.board.zdiffstore(ranks, other.ranks)) == 1
        assert await do(other.board.zrangestore(ranks, 0, 0, desc=True)) == 1
        assert await do(other.board.zrange(0, -1)) == ["b"]
        assert inconsistencies(face.client, model) == []

    async def test_waiting(self, face, thing):
        do, ranks = face.do, thing.ranks
        await do(ranks.zadd({"a": 1, "b": 2, "c": 3, "d": 4}))
        assert await do(ranks.bzpopmin()) == ("a", 1.0)
        assert await do(ranks.bzpopmax(1)) == ("d", 4.0)
        assert await do(ranks.bzmpop(1, min=True, count=9)) == [("b", 2.0), ("c", 3.0)]
        assert await do(ranks.bzpopmin(0.01)) is await do(ranks.bzpopmax(0.01)) is None
        assert await do(ranks.bzmpop(0.01, max=True)) == []
        await face.refused(UnsupportedCommand, lambda: thing.board.bzpopmin(0.01))


class TestHashes:
    async def test_writing(self, face, model, thing):
        do, heads = face.do, thing.heads
        assert await do(heads.hset("from", "a@b")) == 1
        assert await do(heads.hset("from", "c@d", mapping={"to": "x", "cc": "y"})) == 2
        assert await do(heads.hmset(name="n")) is True
        assert await do(heads.hmset({"cc": "z"}, bcc="q")) is True
        assert await do(heads.hsetnx("to", "z")) is False
        assert await found(face, model, heads__from="a@b") == []
        assert await found(face, model, heads__from="c@d") == ["1"]
        assert await found(face, model, heads__cc__in=["z", "?"]) == ["1"]
        assert await found(face, model, heads__to="c@d") == []
        assert await do(heads.hdel("from", "nope")) == 1
        assert await found(face, model, heads__from="c@d") == []
        assert await do(thing.counts.hincrby("a", 5)) == 5
        assert await do(thing.rates.hincrbyfloat("a", 0.5)) == 0.5
        await face.refused(UnsupportedCommand, lambda: thing.rates.hincrby("a"))
        assert inconsistencies(face.client, model) == []

    async def test_reading(self, face, thing):
        do, counts = face.do, thing.counts
        await do(counts.hset(mapping={"a": 1, "b": 22}))
        assert await do(counts.hget("a")) == 1
        assert await do(counts.hget("z")) is None
        assert await do(counts.hmget("a", "z")) == await do(counts.hmget(["a", "z"])) == [1, None]
        assert await do(counts.hgetall()) == {"a": 1, "b": 22}
        assert sorted(await do(counts.hkeys())) == ["a", "b"]
        assert sorted(await do(counts.hvals())) == [1, 22]
        assert await do(counts.hlen()) == 2
        assert await do(counts.hexists("a")) is True
        assert await do(counts.hstrlen("b")) == 2
        assert await do(counts.hrandfield()) in {"a", "b"}
        assert sorted(await do(counts.hrandfield_many(5))) == ["a", "b"]
        assert sorted(await do(counts.hrandfield_withvalues(5))) == [("a", 1), ("b", 22)]
        assert sorted(await face.all(counts.hscan(match="*"))) == [("a", 1), ("b", 22)]
        server = face.database.server
        if server.version >= {"redis": (7, 4), "valkey": (8, 0)}[server.name]:
            assert sorted(await face.all(counts.hscan_no_values())) == ["a", "b"]
        else:
            with pytest.raises(ServerTooOld, match=r"Redis 7\.4"):
                await face.all(counts.hscan_no_values())

    async def test_expiry_of_keys(self, face, thing):
        do, counts, server = face.do, thing.counts, face.database.server
        await do(counts.hset(mapping={"a": 1, "b": 2}))
        if server.version < {"redis": (7, 4), "valkey": (9, 0)}[server.name]:
            for younger in (lambda: counts.hexpire(10, "a"), lambda: counts.httl("a"), lambda: counts.hpersist("a")):
                await face.refused(ServerTooOld, younger, match=r"Redis 7\.4 or Valkey 9\.0")
            return
        assert await do(counts.hexpire(100, "a", "z")) == [1, -2]
        assert await do(counts.hexpire(200, "a", nx=True)) == [0]
        assert await do(counts.hpexpire(200_000, "a", gt=True)) == [1]
        assert 190 < (await do(counts.httl("a", "b")))[0] <= 200
        assert (await do(counts.hpttl("b", "z"))) == [-1, -2]
        moment = 4_000_000_000
        assert await do(counts.hexpireat(moment, "a")) == [1]
        assert await do(counts.hexpiretime("a")) == [moment]
        assert await do(counts.hpexpireat(moment * 1000, "b")) == [1]
        assert await do(counts.hpexpiretime("b")) == [moment * 1000]
        assert await do(counts.hpersist("a", "z")) == [1, -2]
        assert await do(thing.rates.httl("a", "b")) == [-2, -2]
        await face.refused(UnsupportedCommand, lambda: thing.heads.hexpire(1, "a"), match="indexed")
        if server.version < {"redis": (8, 0), "valkey": (9, 1)}[server.name]:
            return
        assert await do(counts.hsetex({"c": 3}, ex=100)) is True
        assert await do(counts.hsetex({"c": 4}, fnx=True)) is False
        assert await do(counts.hgetex("c", "z", persist=True)) == [3, None]
        assert await do(counts.httl("c")) == [-1]
        assert await do(counts.hgetdel("c", "z")) == [3, None]
        assert await do(thing.heads.hsetex({"k": "v"})) is True
        assert await found(face, type(thing), heads__k="v") == ["1"]
        assert await do(thing.heads.hgetdel("k")) == ["v"]
        assert await found(face, type(thing), heads__k="v") == []
        await face.refused(UnsupportedCommand, lambda: thing.heads.hsetex({"k": "v"}, ex=1))
        await do(thing.single.hset("a", "1"))
        assert await do(thing.single.copy(thing.heads)) is True
        assert await found(face, type(thing), heads__a="1") == ["1"]

    async def test_uniqueness_is_per_key(self, face, model, thing):
        other = await face.do(model.create(single={"a": "1"}))
        assert await face.do(thing.single.hset("b", "1")) == 1
        before = state(face.client)
        error = await face.refused(UniquenessError, lambda: thing.single.hset(mapping={"c": "2", "a": "1"}))
        assert (error.field, error.value, error.owner) == ("single", {"a": "1"}, await face.do(other.pk.get()))
        error = await face.refused(UniquenessError, lambda: model.create(single={"a": "1"}))
        assert error.value == {"a": "1"}
        assert {key: value for key, value in state(face.client).items() if key != b"{thing}:seq"} == {
            key: value for key, value in before.items() if key != b"{thing}:seq"
        }

    async def test_keys_and_values_that_would_run_together(self, face, model, thing):
        second = await face.do(model.create(single={"a": "b:c"}))
        await face.do(thing.single.hset("a:b", "c"))
        await face.do(thing.single.hset("1:a", "b:c"))
        assert await found(face, model, single__a="b:c") == [await face.do(second.pk.get())]
        assert await found(face, model, **{"single__a:b": "c"}) == ["1"]
        await face.do(thing.heads.hset("a__in", "x"))
        assert await found(face, model, heads__a__in__eq="x") == ["1"]
        for wrong in ({"heads": "x"}, {"heads__a__gt": "x"}, {"rates__a": 1.0}):
            await face.refused(InvalidFilter, lambda wrong=wrong: model.collection(**wrong))
        await face.refused(InvalidValue, lambda: model.collection(**{"heads__\ud800": "x"}))

    async def test_copies_bring_no_expiry_of_keys_to_an_indexed_field(self, face, model, thing):
        class Mail(face.Model):
            database = face.database
            plain = HashField()
            indexed = HashField(indexable=True)

        mail = await face.do(Mail.create(plain={"a": "1", "b": "2"}))
        server = face.database.server
        if server.version < {"redis": (7, 4), "valkey": (9, 0)}[server.name]:
            assert await face.do(mail.plain.copy(mail.indexed)) is True
            return
        assert await face.do(mail.plain.hexpire(100, "a")) == [1]
        assert await face.do(mail.plain.copy(mail.indexed)) is True
        assert await face.do(mail.indexed.httl("a", "b")) == [-1, -1]
        assert await found(face, Mail, indexed__a="1") == ["1"]


class TestGeo:
    async def test_places(self, face, model, thing):
        do, places = face.do, thing.places
        assert await do(places.geoadd({"Palermo": (13.361389, 38.115556), "Catania": (15.087269, 37.502669)})) == 2
        assert await do(places.geoadd([13.5, 38.2, "Palermo", 2.35, 48.85, "Paris"], ch=True)) == 2
        assert await found(face, model, places="Paris") == ["1"]
        assert await do(places.geoadd({"Palermo": (13.361389, 38.115556)}, nx=True, ch=True)) == 0
        assert await do(places.geoadd({"Palermo": (13.361389, 38.115556)}, xx=True, ch=True)) == 1
        assert await do(places.geodist("Palermo", "Catania")) == pytest.approx(166274, abs=1)
        assert await do(places.geodist("Palermo", "Catania", "km")) == pytest.approx(166.274, abs=0.001)
        assert await do(places.geodist("Palermo", "nowhere")) is None
        assert await do(places.geohash("Palermo", "nowhere")) == ["sqc8b49rny0", None]
        position, nowhere = await do(places.geopos("Palermo", "nowhere"))
        assert isinstance(position, Position)
        assert position.longitude == pytest.approx(13.361389, abs=1e-4)
        assert nowhere is None
        assert await do(places.geosearch("Palermo", radius=200, unit="km", sort="ASC")) == ["Palermo", "Catania"]
        assert await do(places.geosearch(longitude=15, latitude=37, width=400, height=400, unit="km", count=1)) == [
            "Catania"
        ]
        (near, far) = await do(places.geosearch_details("Palermo", radius=200, unit="km", sort="ASC"))
        assert (near.member, near.distance, near.hash) == ("Palermo", 0.0, int(await do(places.zscore("Palermo"))))
        assert far.distance == pytest.approx(166.274, abs=0.001)
        assert far.position.latitude == pytest.approx(37.502669, abs=1e-4)
        assert await do(places.georadius(15, 37, 100, "km")) == ["Catania"]
        assert await do(places.georadiusbymember("Paris", 1, count=1, sort="DESC", any=False)) == ["Paris"]
        assert await do(thing.spots.geosearchstore(places, "Palermo", radius=200, unit="km", storedist=True)) == 2
        assert await do(thing.spots.zscore("Catania")) == pytest.approx(166.274, abs=0.001)
        assert await do(thing.spots.geosearchstore(places, "Palermo", radius=1)) == 1
        assert await do(places.geosearchstore(thing.spots, longitude=13, latitude=38, radius=9, unit="mi")) == 0
        assert await found(face, model, places="Paris") == []
        assert inconsistencies(face.client, model) == []

    async def test_wrong_arguments(self, face, thing):
        places = thing.places
        with face.sent() as sent:
            for wrong in (
                lambda: places.geoadd({}),
                lambda: places.geoadd({"a": 5}),
                lambda: places.geoadd({"a": (200, 0)}),
                lambda: places.geoadd({"a": (0, 86)}),
                lambda: places.geoadd([1, 2]),
                lambda: places.geoadd({"a": (0, 0)}, nx=True, xx=True),
                lambda: places.geosearch("a"),
                lambda: places.geosearch("a", longitude=1, latitude=1, radius=1),
                lambda: places.geosearch("a", radius=1, width=1, height=1),
                lambda: places.geosearch("a", radius=-1),
                lambda: places.geosearch("a", radius=1, unit="lightyears"),
                lambda: places.geosearch("a", radius=1, any=True),
                lambda: places.geosearch("a", radius=1, sort="UP"),
            ):
                await face.refused(InvalidValue, wrong)
        assert sent.names == []


class TestAll:
    async def test_absent_keys_give_what_redis_gives(self, face, thing):
        do = face.do
        assert await do(thing.tags.smembers()) == set()
        assert await do(thing.tags.smismember("a")) == [False]
        assert await do(thing.queue.lrange(0, -1)) == []
        assert await do(thing.queue.lindex(0)) is None
        assert await do(thing.board.zrange_withscores(0, -1)) == []
        assert await do(thing.board.zscore("a")) is None
        assert await do(thing.heads.hgetall()) == {}
        assert await do(thing.heads.hmget("a")) == [None]
        assert await do(thing.places.geopos("a")) == [None]
        assert await do(thing.places.geosearch(longitude=0, latitude=0, radius=1)) == []

    async def test_empty_instances(self, face, model):
        empty = await face.do(model.create())
        assert await face.do(empty.tags.smembers()) == set()
        assert await face.do(empty.tags.srem("a")) == 0
        assert await face.do(empty.pk.get()) is None
        assert await face.do(empty.queue.rpush("a")) == 1
        assert await face.do(empty.pk.get()) is not None

    async def test_a_deleted_object_stays_deleted(self, face, model, thing):
        again = await face.do(model.get(1))
        await face.do(thing.delete())
        assert face.keys() == {"{thing}:seq"}
        for write in (
            lambda: again.tags.sadd("a"),
            lambda: again.others.sadd("a"),
            lambda: again.queue.rpush("a"),
            lambda: again.ranks.zadd({"a": 1}),
            lambda: again.rates.hset("a", 1.0),
            lambda: again.spots.geoadd({"a": (1, 1)}),
            lambda: again.others.sunionstore(again.tags),
        ):
            await face.refused(DoesNotExist, write, match=r"Thing\('1'\)")
        assert face.keys() == {"{thing}:seq"}

    async def test_odd_text(self, face, model, thing):
        do = face.do
        await do(thing.tags.sadd(*ODD))
        await do(thing.queue.rpush(*ODD))
        await do(thing.board.zadd(dict.fromkeys(ODD, 1)))
        await do(thing.heads.hset(mapping={text: text for text in ODD}))
        assert await do(thing.tags.smembers()) == set(ODD)
        assert await do(thing.queue.lrange(0, -1)) == ODD
        assert await do(thing.board.zmscore(ODD)) == [1.0] * len(ODD)
        assert await do(thing.heads.hgetall()) == {text: text for text in ODD}
        for text in ODD:
            assert await found(face, model, tags=text, queue=text, board=text) == ["1"]
            assert await found(face, model, **{f"heads__{text}__eq": text}) == ["1"]
        assert inconsistencies(face.client, model) == []
        await do(thing.delete())
        assert face.keys() == {"{thing}:seq"}

    async def test_members_are_typed(self, face, model, thing):
        uid = UUID(int=5)
        await face.do(thing.uids.zadd({uid: 1}))
        assert await face.do(thing.uids.zrange(0, -1)) == [uid]
        assert await face.do(thing.prices.sadd(Decimal("1.50"), Decimal("1.5"))) == 1
        assert await found(face, model, prices=Decimal("1.500")) == ["1"]
        assert await face.do(thing.prices.srem(Decimal("1.5000"))) == 1
        face.client.sadd("{thing}:field:numbers:1", "x")
        await face.refused(StoredValueError, lambda: thing.numbers.smembers(), match="which is no int")
        face.client.set("{thing}:field:bag:1", "x")
        for command in (lambda: thing.bag.llen(), lambda: thing.bag.rpush("a")):
            error = await face.refused(WrongTypeError, command)
            assert (error.expected, error.found) == ("list", "string")

    async def test_creating_with_members(self, face, model):
        made = await face.do(
            model.create(
                tags=("a", "b", "a"),
                numbers=range(3000),
                queue=["x", "x"],
                board={"m": 1},
                heads={"from": "a"},
                places={"home": (1, 2)},
                ids=[],
            )
        )
        assert await face.do(made.numbers.scard()) == 3000
        assert await face.do(made.queue.lrange(0, -1)) == ["x", "x"]
        assert await found(face, model, tags="a", queue="x", board="m", heads__from="a", places="home") == ["1"]
        assert inconsistencies(face.client, model) == []
        for wrong in (
            {"tags": "abc"},
            {"tags": 5},
            {"tags": [1]},
            {"queue": {"a": 1}},
            {"board": ["a"]},
            {"board": {"a": "x"}},
            {"heads": ["a"]},
            {"places": {"a": 1}},
        ):
            await face.refused(InvalidValue, lambda wrong=wrong: model.create(**wrong))

    async def test_many_at_once(self, face, model, thing):
        many = [str(number) for number in range(20_000)]
        do = face.do
        assert await do(thing.tags.sadd(*many)) == 20_000
        assert await do(thing.queue.rpush(*many)) == 20_000
        assert await do(thing.queue.lrange(0, -1)) == many
        assert await do(thing.board.zadd({text: int(text) for text in many})) == 20_000
        assert await do(thing.heads.hset(mapping=dict.fromkeys(many, "v"))) == 20_000
        server = face.database.server
        if server.version >= {"redis": (8, 0), "valkey": (9, 1)}[server.name]:
            assert await do(thing.heads.hpersist(*many)) == [-1] * 20_000
            assert await do(thing.heads.hgetex(*many)) == ["v"] * 20_000
            assert await do(thing.heads.hgetdel(*many[:10_000])) == ["v"] * 10_000
            assert await do(thing.heads.hgetdel(*many[:10_000])) == [None] * 10_000
            assert await found(face, model, heads__12="v") == []
            assert await do(thing.heads.hset(mapping=dict.fromkeys(many, "v"))) == 10_000
            assert await do(thing.counts.hexpire(5, *many)) == [-2] * 20_000
        assert await found(face, model, tags="19999", queue="0", board="7000", heads__12345="v") == ["1"]
        lazy = model.lazy_connect(1)
        assert await do(lazy.tags.smismember(*many)) == [True] * 20_000
        lazy = model.lazy_connect(1)
        assert await do(lazy.others.sinter(*[lazy.others] * 8000)) == set()
        assert await do(thing.tags.srem(*many[1:])) == 19_999
        assert await do(thing.heads.hdel(*many)) == 20_000
        assert await do(thing.board.zrem(*many)) == 20_000
        assert await do(thing.queue.ltrim(19_990, -1)) is True
        assert await found(face, model, tags="19999") == []
        assert await found(face, model, tags="0", queue="19990") == ["1"]
        assert inconsistencies(face.client, model) == []


class TestTwoModels:
    async def test_together(self, face, model, thing):
        """On a cluster they are in different slots; what is refused must not harm what comes after it."""

        class Other(face.Model):
            database = face.database
            tags = SetField(indexable=True)
            bag = ListField()
            board = SortedSetField()

        other = await face.do(Other.create(tags=["a", "b"], bag=["x"], board={"a": 1}))
        await face.do(thing.tags.sadd("b", "c"))
        calls = (
            (lambda: thing.tags.sinter(other.tags), {"b"}),
            (lambda: model.lazy_connect(1).tags.sunion(Other.lazy_connect(1).tags), {"a", "b", "c"}),
            (lambda: thing.others.sunionstore(thing.tags, other.tags), 3),
            (lambda: thing.board.zunionstore(other.board), 1),
            (lambda: other.tags.smove(thing.tags, "a"), True),
            (lambda: other.bag.lmove(thing.queue), "x"),
            (lambda: other.bag.copy(thing.bag), False),
        )
        if face.server.clustered:
            before = state(face.client)
            for call, _ in calls:
                await face.refused(ServerError, call, match="slot")
            assert state(face.client) == before
        else:
            for call, expected in calls:
                assert await face.do(call()) == expected
            assert await found(face, model, tags="a", queue="x") == ["1"]
            assert await found(face, Other, tags="a") == []
        await face.do(thing.tags.sadd("after"))
        for each in (model, Other):
            problems = inconsistencies(face.client, each)
            assert [problem for problem in problems if not problem.startswith("orphan")] == []


@pytest.mark.parametrize("protocol", [2, 3])
async def test_on_a_client_of_either_protocol(server, protocol):
    """Replies look different in protocol 3, which limpyd's own connections do not speak."""

    class Fields:
        numbers = SetField(type=int)
        queue = ListField()
        board = SortedSetField(indexable=True)
        ranks = SortedSetField()
        heads = HashField(type=int)
        places = GeoField()

    class Thing(Fields, RedisModel):
        database = RedisDatabase(client=redis.Redis(port=server.port, protocol=protocol))

    class AsyncThing(Fields, AsyncRedisModel):
        database = AsyncRedisDatabase(client=redis.asyncio.Redis(port=server.port, protocol=protocol))
        model_name = "thing"

    one = Thing(numbers=[1, 2], queue=["a"], ranks={"a": 1, "b": 2.5}, board={"a": 1.5, "c": 3}, heads={"k": 5})
    one.places.geoadd({"x": (1, 1)})
    lazy, again = Thing.lazy_connect(1), await AsyncThing.get(1)
    for field in (one.numbers, lazy.numbers):
        assert field.smembers() == field.sunion(field) == set(field.srandmember_many(5)) == {1, 2}
        assert sorted(field.sscan()) == sorted(field.sort()) == [1, 2]
    for field in (one.ranks, Thing.lazy_connect(1).ranks):
        assert field.zrange_withscores(0, -1) == field.zrangebyscore_withscores(0, 9) == [("a", 1.0), ("b", 2.5)]
        assert field.zrevrange_withscores(0, 0) == [("b", 2.5)]
        assert sorted(field.zrandmember_withscores(5)) == list(field.zscan()) == [("a", 1.0), ("b", 2.5)]
        assert field.zunion_withscores(one.board) == [("a", 2.5), ("b", 2.5), ("c", 3.0)]
        assert field.zdiff_withscores(one.board) == [("b", 2.5)]
        assert field.zmscore(["a", "z"]) == [1.0, None]
        assert field.zscore("b") == 2.5
    for field in (one.heads, Thing.lazy_connect(1).heads):
        assert field.hgetall() == dict(field.hscan()) == dict(field.hrandfield_withvalues(3)) == {"k": 5}
    for field in (one.places, Thing.lazy_connect(1).places):
        assert [round(degrees) for degrees in field.geopos("x")[0]] == [1, 1]
        assert field.geosearch_details("x", radius=1)[0].distance == field.geodist("x", "x") == 0
    assert one.ranks.zadd_incr("a", 1) == 2.0
    assert one.ranks.zincrby(1, "a") == 3.0
    assert one.ranks.bzpopmin(1) == ("b", 2.5)
    assert one.ranks.zpopmax() == [("a", 3.0)]
    assert one.board.zmpop(max=True) == [("c", 3.0)]
    assert one.ranks.bzmpop(0.01, max=True) == []
    assert one.queue.blmpop(1, "LEFT", 2) == ["a"]
    assert await again.numbers.smembers() == {1, 2}
    assert await again.heads.hgetall() == {"k": 5}
    assert await again.board.zrange_withscores(0, -1) == [("a", 1.5)]
    assert [item async for item in again.board.zscan()] == [("a", 1.5)]
    assert await again.queue.blpop(0.01) is None
    await AsyncThing.database.close()
    await AsyncThing.database._client.aclose()
    Thing.database._client.close()


class TestArguments:
    async def test_refused_before_sending(self, face, model, thing):
        other = await face.do(model.create(tags=["a"]))
        elsewhere = face.Database(port=face.server.port)

        class Foreign(face.Model):
            database = elsewhere
            tags = SetField()

        foreign = Foreign.lazy_connect(1)
        wrong = (
            lambda: thing.tags.sadd(),
            lambda: thing.tags.sadd(1),
            lambda: thing.tags.sadd(["a"]),
            lambda: thing.tags.spop_many(-1),
            lambda: thing.tags.sscan(count=0),
            lambda: thing.tags.sinter("key"),
            lambda: thing.tags.sinter(other.queue),
            lambda: thing.tags.sinter(other.numbers),
            lambda: thing.tags.sinter(foreign.tags),
            lambda: thing.tags.sunionstore(),
            lambda: thing.queue.linsert("BESIDE", "a", "b"),
            lambda: thing.queue.lmove(other.tags),
            lambda: thing.queue.lmove(other.queue, "UP"),
            lambda: thing.queue.lpos("a", rank=0),
            lambda: thing.queue.lmpop("LEFT", 0),
            lambda: thing.queue.ltrim("a", 1),
            lambda: thing.bag.blpop(-1),
            lambda: thing.bag.blpop("x"),
            lambda: thing.bag.sort(start=1),
            lambda: thing.board.zadd({}),
            lambda: thing.board.zadd({"a": "x"}),
            lambda: thing.board.zadd({"a": float("nan")}),
            lambda: thing.board.zadd(["a"]),
            lambda: thing.board.zadd({"a": 1}, nx=True, xx=True),
            lambda: thing.board.zadd({"a": 1}, gt=True, lt=True),
            lambda: thing.board.zmpop(),
            lambda: thing.board.zrange("a", 1),
            lambda: thing.board.zrange(0, 1, num=1, offset=0),
            lambda: thing.board.zrange(0, 1, byscore=True, bylex=True),
            lambda: thing.board.zrangebyscore("x", 1),
            lambda: thing.board.zrangebylex("a", "+"),
            lambda: thing.board.zunion(other.board, weights=[1]),
            lambda: thing.board.zunion(other.board, aggregate="AVG"),
            lambda: thing.heads.hset(),
            lambda: thing.heads.hset("a"),
            lambda: thing.heads.hset(5, "a"),
            lambda: thing.heads.hmset(["a"]),
            lambda: thing.heads.hdel(),
            lambda: thing.counts.hexpire(1),
            lambda: thing.counts.hexpire(1, "a", gt=True, lt=True),
            lambda: thing.counts.hsetex({}),
            lambda: thing.board.zadd(a=1, ch=3),
            lambda: thing.board.zadd(b=1, nx=2),
            lambda: thing.board.zadd({"a": 1}, incr=True),
            lambda: thing.board.zadd({"a": 10**400}),
            lambda: thing.board.zunion(other.board, weights=2),
            lambda: thing.board.zrange(0, 1, desc="yes"),
            lambda: thing.board.zrangebylex("[\ud800", "+"),
            lambda: thing.bag.sort(desc="BEFORE"),
            lambda: thing.bag.sort(by="\ud800"),
            lambda: thing.bag.expire(5, lt=1),
            lambda: thing.heads.hset({"a": "b"}),
            lambda: thing.heads.hget(model.tags),
            lambda: thing.heads.hget("\ud800"),
            lambda: thing.tags.sunionstore(*[other.tags] * 9000),
            lambda: thing.prices.sadd(Decimal("1E-100000000")),
            lambda: thing.places.geoadd({"a": (0, 0)}, nx="no"),
        )
        with face.sent() as sent:
            for number, call in enumerate(wrong):
                error = await face.refused(ValueError, lambda number=number, call=call: face.do(call()))
                assert isinstance(error, InvalidValue), number
        assert sent.names == []
        await face.do(elsewhere.close())

    async def test_refused_as_python_does_with_a_hint(self, face, thing):
        for wrong, hint in (
            (lambda: thing.tags.spop(2), "spop_many"),
            (lambda: thing.bag.lpop(2), "lpop_many"),
            (lambda: thing.board.zrange(0, -1, withscores=True), "zrange_withscores"),
        ):
            with pytest.raises(TypeError, match=hint):
                wrong()
        with pytest.raises(TypeError, match="unexpected keyword"):
            thing.tags.sadd(nope=1)

    async def test_fields_of_one_value_have_no_truth(self, face):
        class Note(face.Model):
            database = face.database
            text = StringField()
            entry = InstanceHashField()

        note = await face.do(Note.create(text="a"))
        for field in (note.text, note.entry):
            with pytest.raises(TypeError, match=r"\.get\(\)"):
                bool(field)

    async def test_declarations(self, face):
        from limpyd.exceptions import DeclarationError  # noqa: PLC0415

        with pytest.raises(DeclarationError):
            SetField(type=list)
        with pytest.raises(TypeError):
            SetField(default={"a"})
