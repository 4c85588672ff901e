"""What fields of many members have in common, on both faces and all servers."""

from __future__ import annotations

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
    InvalidValue,
    ServerError,
    StoredValueError,
    WrongTypeError,
)
from tests.support.expected_indexes import inconsistencies, state
from tests.support.finding import found
from tests.support.servers import FEW

ODD = ["", " a b ", ":", "*", "{x}", "\0", "🐍é", "a\r\n", "x" * 100_000]


@pytest.fixture
def model(members_model):
    return members_model


@pytest.fixture
def thing(members):
    return members


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
        assert empty._pk is None
        assert await face.do(empty.queue.rpush("a")) == 1
        assert await face.do(empty.pk.get())

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
        await face.refused(StoredValueError, lambda: thing.numbers.smembers(), match="which is not a valid int")
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
            {"tags": [True]},
            {"queue": {"a": 1}},
            {"board": ["a"]},
            {"board": {"a": "x"}},
            {"heads": ["a"]},
            {"places": {"a": 1}},
        ):
            await face.refused(InvalidValue, lambda wrong=wrong: model.create(**wrong))

    @pytest.mark.parametrize("server", FEW, indirect=True)
    async def test_many_at_once(self, face, model, thing):
        many = [str(number) for number in range(9_000)]  # Lua gives a command 8,000 arguments at most
        do = face.do
        assert await do(thing.tags.sadd(*many)) == 9_000
        assert await do(thing.queue.rpush(*many)) == 9_000
        assert await do(thing.queue.lrange(0, -1)) == many
        assert await do(thing.board.zadd({text: int(text) for text in many})) == 9_000
        assert await do(thing.heads.hset(mapping=dict.fromkeys(many, "v"))) == 9_000
        server = face.database.server
        if server.version >= {"redis": (8, 0), "valkey": (9, 1)}[server.name]:
            assert await do(thing.heads.hpersist(*many)) == [-1] * 9_000
            assert await do(thing.heads.hgetex(*many)) == ["v"] * 9_000
            assert await do(thing.heads.hgetdel(*many)) == ["v"] * 9_000
            assert await do(thing.heads.hgetdel(*many)) == [None] * 9_000
            assert await found(face, model, heads__12="v") == []
            assert await do(thing.heads.hset(mapping=dict.fromkeys(many, "v"))) == 9_000
            assert await do(thing.counts.hexpire(5, *many)) == [-2] * 9_000
        assert await found(face, model, tags="8999", queue="0", board="7000", heads__1234="v") == ["1"]
        lazy = model.lazy_connect(1)
        assert await do(lazy.tags.smismember(*many)) == [True] * 9_000
        lazy = model.lazy_connect(1)
        assert await do(lazy.others.sinter(*[lazy.others] * 8000)) == set()
        assert await do(thing.tags.srem(*many[1:])) == 8_999
        assert await do(thing.heads.hdel(*many)) == 9_000
        assert await do(thing.board.zrem(*many)) == 9_000
        assert await do(thing.queue.ltrim(8_990, -1)) is True
        assert await found(face, model, tags="8999") == []
        assert await found(face, model, tags="0", queue="8990") == ["1"]
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
@pytest.mark.each_server
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
    await AsyncThing.database._endpoint.client.aclose()
    Thing.database._endpoint.client.close()


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
            lambda: thing.tags.sadd(True),
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
            lambda: thing.heads.hset(True, "a"),
            lambda: thing.heads.hmset(["a"]),
            lambda: thing.heads.hdel(),
            lambda: thing.counts.hexpire(1),
            lambda: thing.counts.hexpire(1, "a", gt=True, lt=True),
            lambda: thing.counts.hsetex({}),
            lambda: thing.board.zadd(a=1, ch=3),
            lambda: thing.board.zadd(b=1, nx=2),
            lambda: thing.board.zadd({"a": 1, "b": 2}, incr=True),
            lambda: thing.board.zadd(incr=2),
            lambda: thing.board.zadd({"a": 10**400}),
            lambda: thing.board.zunion(other.board, weights=2),
            lambda: thing.board.zrange(0, 1, desc="yes"),
            lambda: thing.board.zrangebylex("[\ud800", "+"),
            lambda: thing.bag.sort(desc="BEFORE"),
            lambda: thing.bag.sort(by="\ud800"),
            lambda: thing.bag.expire(5, lt=1),
            lambda: thing.counts.hgetex("a", persist="no"),
            lambda: thing.counts.hsetex("a", 1, keepttl=1),
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
            (lambda: thing.tags.spop(2, 3), "it takes count"),
            (lambda: thing.board.zadd({"a": 1}, True), "nx, xx, ch, incr, gt, lt are given by name, such as nx=…"),
            (lambda: thing.board.zrange(0, -1, True), "are given by name, such as desc="),
            (lambda: thing.board.zrank("a", True), "withscore is given by name, such as withscore="),
            (lambda: thing.board.zrange(0, -1, withscore=True), "did you mean 'withscores'"),
            (lambda: thing.places.geosearch_details(nope=1), "it takes member"),
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
