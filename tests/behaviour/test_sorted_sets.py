"""SortedSetField and GeoField: every command, on both faces and all servers."""

from __future__ import annotations

import pytest

from limpyd.exceptions import (
    InvalidValue,
    ServerTooOld,
    UnsupportedCommand,
)
from limpyd.types import GeoPoint
from tests.support.expected_indexes import inconsistencies
from tests.support.finding import found


@pytest.fixture
def model(members_model):
    return members_model


@pytest.fixture
def thing(members):
    return members


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
        assert await do(ranks.bzpopmin(None)) == ("a", 1.0)
        assert await do(ranks.bzpopmax(1)) == ("d", 4.0)
        assert await do(ranks.bzmpop(1, min=True, count=9)) == [("b", 2.0), ("c", 3.0)]
        assert await do(ranks.bzpopmin(0.01)) is await do(ranks.bzpopmax(0.01)) is None
        assert await do(ranks.bzmpop(0.01, max=True)) == []
        await face.refused(UnsupportedCommand, lambda: thing.board.bzpopmin(0.01))


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
        assert isinstance(position, GeoPoint)
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
