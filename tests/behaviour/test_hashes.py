"""HashField: every command, on both faces and all servers."""

from __future__ import annotations

import pytest

from limpyd import (
    HashField,
)
from limpyd.exceptions import (
    InvalidFilter,
    InvalidValue,
    ServerTooOld,
    UniquenessError,
    UnsupportedCommand,
)
from tests.support.expected_indexes import inconsistencies, state
from tests.support.finding import found


@pytest.fixture
def model(members_model):
    return members_model


@pytest.fixture
def thing(members):
    return members


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
        assert await do(counts.hsetex("c", 3, ex=100)) is True
        assert await do(counts.hsetex(mapping={"c": 4}, fnx=True)) is False
        assert await do(counts.hgetex("c", "z", persist=True)) == [3, None]
        assert await do(counts.httl("c")) == [-1]
        assert await do(counts.hgetdel("c", "z")) == [3, None]
        assert await do(thing.heads.hsetex(items=["k", "v"])) is True
        assert await found(face, type(thing), heads__k="v") == ["1"]
        assert await do(thing.heads.hgetdel("k")) == ["v"]
        assert await found(face, type(thing), heads__k="v") == []
        await face.refused(UnsupportedCommand, lambda: thing.heads.hsetex("k", "v", ex=1))
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
