"""StreamField: every command, on both faces and all servers."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
import redis

from limpyd import RedisDatabase, RedisModel, StringField
from limpyd.exceptions import (
    DeclarationError,
    DoesNotExist,
    InvalidPrimaryKey,
    InvalidValue,
    ServerError,
    ServerTooOld,
    StoredValueError,
    WrongTypeError,
)
from limpyd.fields.bound.key_commands import BoundKey
from limpyd.fields.stream import BoundStream, Claimed, ClaimedIds, PendingSummary, StreamEntry, StreamField
from tests.support import command_calls as calls
from tests.support.listing import public

ODD = ["", " ", "a\0b", "\N{PILE OF POO} ü", "$", "*", "a\r\nb", "{x}:y"]


@pytest.fixture
async def thing(face):
    class Thing(face.Model):
        database = face.database
        name = StringField()
        log = StreamField()
        raw = StreamField(type=bytes)
        count = StreamField(type=int)

    return await face.do(Thing.create(name="x"))


async def filled(face, field, *ids):
    """Adds an entry of each id, whose value is its place in the order."""
    for number, each in enumerate(ids):
        await face.do(field.xadd({"n": number}, id=each))


def later(call, *args, **kwargs):
    """Lets another client do something while this one waits."""
    timer = threading.Timer(0.05, call, args, kwargs)
    timer.start()
    return timer


class TestEntries:
    async def test_adding_and_reading(self, face, thing):
        log = thing.log
        assert await face.do(log.xlen()) == 0
        assert await face.do(log.xrange()) == []
        assert await face.do(log.xread(0)) == []
        assert await face.do(log.xadd_nomkstream({"a": "b"})) is None
        assert await face.do(log.xadd({"a": "b", "c": "d"}, id="1-1")) == "1-1"
        assert await face.do(log.xadd({"a": "2"}, id="1-*")) == "1-2"
        assert await face.do(log.xadd({"a": "3"}, id=2)) == "2-0"
        made = await face.do(log.xadd_nomkstream({"a": "4"}))
        assert int(made.split("-")[0]) > 1e12
        first, second = StreamEntry("1-1", {"a": "b", "c": "d"}), StreamEntry("1-2", {"a": "2"})
        third, fourth = StreamEntry("2-0", {"a": "3"}), StreamEntry(made, {"a": "4"})
        assert await face.do(log.xrange()) == [first, second, third, fourth]
        assert await face.do(log.xrange("1", 1)) == [first, second]
        assert await face.do(log.xrange("(1-1", "(2-0")) == [second]
        assert await face.do(log.xrange(min=b"1-2", count=1)) == [second]
        assert await face.do(log.xrevrange()) == [fourth, third, second, first]
        assert await face.do(log.xrevrange(max=2, min="1-2", count=5)) == [third, second]
        assert await face.do(log.xread("1-1", count=2)) == [second, third]
        assert await face.do(log.xread(made)) == []
        assert await face.do(log.xread("$")) == []
        assert await face.do(log.xlen()) == 4
        error = await face.refused(ServerError, lambda: log.xadd({"a": "5"}, id="1-1"), match="equal or smaller")
        assert not isinstance(error, ServerTooOld)
        assert face.client.xlen(log.key) == 4

    async def test_values_are_of_the_type(self, face, thing):
        await face.do(thing.count.xadd({"a": 1, "b": -5}, id="1-1"))
        await face.do(thing.raw.xadd({"a": b"\xff\0", "b": b""}, id="1-1"))
        assert await face.do(thing.count.xrange()) == [StreamEntry("1-1", {"a": 1, "b": -5})]
        assert await face.do(thing.raw.xread(0)) == [StreamEntry("1-1", {"a": b"\xff\0", "b": b""})]
        face.client.xadd(thing.count.key, {"a": "x"}, id="2-1")
        await face.refused(StoredValueError, lambda: thing.count.xrange(), match="'x'")

    async def test_odd_text(self, face, thing):
        fields = {name: name[::-1] for name in ODD}
        raw_names = {"\udcff": b"1", "\0": b"\0"}
        await face.do(thing.log.xadd(fields, id="1-1"))
        await face.do(thing.raw.xadd(raw_names, id="1-1"))
        assert await face.do(thing.log.xrange()) == [StreamEntry("1-1", fields)]
        assert await face.do(thing.raw.xrange()) == [StreamEntry("1-1", raw_names)]
        assert face.client.xrange(thing.raw.key) == [(b"1-1", {b"\xff": b"1", b"\0": b"\0"})]
        for name in [*ODD, b"\xff"]:
            text = name if isinstance(name, str) else "\udcff"
            await face.do(thing.log.xgroup_create(name, 0))
            assert len(await face.do(thing.log.xreadgroup(name, name))) == 1
            assert (await face.do(thing.log.xpending(name))).consumers == {text: 1}
        assert sorted(group["name"] for group in await face.do(thing.log.xinfo_groups())) == sorted([*ODD, "\udcff"])

    async def test_removing(self, face, thing):
        count = thing.count
        assert await face.do(count.xdel("1-1")) == 0
        assert await face.do(count.xtrim(maxlen=1)) == 0
        await filled(face, count, *range(1, 11))
        assert await face.do(count.xdel(1, "2-0", b"99-9")) == 2
        assert await face.do(count.xtrim(maxlen=7, approximate=False)) == 1
        assert await face.do(count.xtrim(minid=6, approximate=False)) == 2
        assert await face.do(count.xtrim(maxlen=1)) == 0  # about
        assert await face.do(count.xtrim(maxlen=1, limit=100)) == 0
        assert await face.do(count.xadd({"n": 1}, id=11, maxlen=3, approximate=False)) == "11-0"
        assert await face.do(count.xadd({"n": 1}, id=12, minid="11", approximate=False)) == "12-0"
        assert [each.id for each in await face.do(count.xrange())] == ["11-0", "12-0"]
        assert await face.do(count.xdel(*range(1, 7000))) == 2  # more than a script passes on at once
        assert await face.do(count.xlen()) == 0
        assert await face.do(count.exists()) is True

    async def test_what_the_server_tells(self, face, thing):
        count = thing.count
        for absent in (
            lambda: count.xinfo_stream(),
            lambda: count.xinfo_stream_full(),
            lambda: count.xinfo_groups(),
            lambda: count.xsetid(5),
        ):
            await face.refused(ServerError, absent, match="no such key")
        await filled(face, count, 1, 2)
        assert await face.do(count.xsetid("9-9")) is True
        assert await face.do(count.xsetid("10-9", entries_added=50, max_deleted_id=3)) is True
        await face.refused(ServerError, lambda: count.xsetid(1), match="smaller")
        await face.do(count.xgroup_create("g", 0))
        await face.do(count.xreadgroup("g", "c", count=1))
        facts = await face.do(count.xinfo_stream())
        assert facts["first-entry"] == StreamEntry("1-0", {"n": 0})
        assert facts["last-entry"] == StreamEntry("2-0", {"n": 1})
        assert (facts["length"], facts["last-generated-id"], facts["entries-added"]) == (2, "10-9", 50)
        facts = await face.do(count.xinfo_stream_full(count=1))
        (group,) = facts["groups"]
        (consumer,) = group["consumers"]
        assert facts["entries"] == [StreamEntry("1-0", {"n": 0})]
        assert (group["name"], group["pel-count"], consumer["name"]) == ("g", 1, "c")
        assert group["pending"][0][:2] == ("1-0", "c")
        assert consumer["pending"][0][0] == "1-0"
        await face.do(count.xdel(1, 2))
        assert (await face.do(count.xinfo_stream()))["first-entry"] is None


class TestGroups:
    async def test_groups(self, face, thing):
        log = thing.log
        await face.refused(ServerError, lambda: log.xgroup_create("g"), match="MKSTREAM")
        assert await face.do(log.xgroup_create("g", mkstream=True)) is True
        assert await face.do(log.exists()) is True
        await face.refused(ServerError, lambda: log.xgroup_create("g"), match="BUSYGROUP")
        assert await face.do(log.xgroup_create(b"h", "0-0", entries_read=-1)) is True
        assert await face.do(log.xgroup_createconsumer("g", "c")) is True
        assert await face.do(log.xgroup_createconsumer("g", "c")) is False
        await face.do(log.xadd({"a": "b"}, id="1-1"))
        assert await face.do(log.xgroup_setid("g", "$", 1)) is True
        assert await face.do(log.xreadgroup("g", "c")) == []
        assert await face.do(log.xgroup_setid("g", 0)) is True
        assert await face.do(log.xreadgroup("g", "c")) == [StreamEntry("1-1", {"a": "b"})]
        groups = {group["name"]: group for group in await face.do(log.xinfo_groups())}
        assert (groups["g"]["pending"], groups["g"]["last-delivered-id"], groups["h"]["consumers"]) == (1, "1-1", 0)
        (consumer,) = await face.do(log.xinfo_consumers("g"))
        assert (consumer["name"], consumer["pending"]) == ("c", 1)
        assert await face.do(log.xgroup_delconsumer("g", "c")) == 1
        assert await face.do(log.xgroup_delconsumer("g", "c")) == 0
        assert await face.do(log.xgroup_destroy("g")) is True
        assert await face.do(log.xgroup_destroy("g")) is False
        for absent in (
            lambda: log.xgroup_setid("g", 0),
            lambda: log.xgroup_createconsumer("g", "c"),
            lambda: log.xreadgroup("g", "c"),
            lambda: log.xreadgroup("g", "c", block=1),
            lambda: log.xpending("g"),
            lambda: log.xpending_range("g", "-", "+", 1),
            lambda: log.xclaim("g", "c", 0, ["1-1"]),
            lambda: log.xautoclaim("g", "c", 0),
            lambda: log.xinfo_consumers("g"),
        ):
            await face.refused(ServerError, absent, match="(?i)no.*group")

    async def test_reading_and_acknowledging(self, face, thing):
        count = thing.count
        assert await face.do(count.xack("g", 1)) == 0
        await filled(face, count, 1, 2, 3, 4)
        await face.do(count.xgroup_create("g", 0))
        assert await face.do(count.xreadgroup("g", "c", count=2)) == [
            StreamEntry("1-0", {"n": 0}),
            StreamEntry("2-0", {"n": 1}),
        ]
        assert await face.do(count.xreadgroup("g", "d", count=1, noack=True)) == [StreamEntry("3-0", {"n": 2})]
        await face.do(count.xdel(1))
        history = await face.do(count.xreadgroup("g", "c", 0))
        assert history == [StreamEntry("1-0", {}), StreamEntry("2-0", {"n": 1})]
        assert await face.do(count.xreadgroup("g", "c", "1-0", block=1)) == [StreamEntry("2-0", {"n": 1})]
        assert await face.do(count.xreadgroup("g", "c", id=0, count=1)) == [StreamEntry("1-0", {})]
        assert await face.do(count.xack("g", *range(1, 7000))) == 2
        assert await face.do(count.xreadgroup("g", "c", 0)) == []
        assert await face.do(count.xpending("g")) == PendingSummary(0, None, None, {})

    async def test_pending(self, face, thing):
        count = thing.count
        await filled(face, count, 1, 2, 3, 4)
        await face.do(count.xgroup_create("g", 0))
        await face.do(count.xreadgroup("g", "c", count=3))
        await face.do(count.xreadgroup("g", "d"))
        assert await face.do(count.xpending("g")) == PendingSummary(4, "1-0", "4-0", {"c": 3, "d": 1})
        found = await face.do(count.xpending_range("g", "(1-0", "+", 2))
        assert [(each.message_id, each.consumer, each.times_delivered) for each in found] == [
            ("2-0", "c", 1),
            ("3-0", "c", 1),
        ]
        found = await face.do(count.xpending_range("g", min="-", max=9, count=9, consumername="d", idle=timedelta(0)))
        assert [each.message_id for each in found] == ["4-0"]
        assert await face.do(count.xpending_range("g", "-", "+", 9, idle=60_000)) == []

        claim = count.xclaim
        assert await face.do(claim("g", "d", 0, [1, "9-9"])) == [StreamEntry("1-0", {"n": 0})]
        assert await face.do(claim("g", "d", timedelta(minutes=1), ["2-0"])) == []
        await face.do(claim("g", "d", 0, ("2-0",), idle=timedelta(hours=1), retrycount=7))
        (second,) = await face.do(count.xpending_range("g", 2, 2, 1))
        assert (second.consumer, second.times_delivered) == ("d", 7)
        assert 3_600_000 <= second.time_since_delivered < 3_660_000
        await face.do(claim("g", "d", 0, ["2-0"], time=datetime.now(UTC) - timedelta(hours=2)))
        (second,) = await face.do(count.xpending_range("g", 2, 2, 1))
        assert 7_190_000 <= second.time_since_delivered < 7_260_000
        assert await face.do(count.xclaim_justid("g", "e", 0, [2, 3])) == ["2-0", "3-0"]
        await face.do(count.xack("g", 4))
        assert await face.do(claim("g", "e", 0, ["4-0"])) == []
        assert await face.do(claim("g", "e", 0, ["4-0"], force=True)) == [StreamEntry("4-0", {"n": 3})]
        assert len(await face.do(claim("g", "c", 0, range(1, 7000)))) == 4

        await face.do(count.xdel(2))
        got = await face.do(count.xautoclaim("g", "f", 0, count=2))
        assert got == Claimed("3-0", [StreamEntry("1-0", {"n": 0})], ["2-0"])
        got = await face.do(count.xautoclaim("g", "f", timedelta(0), start_id=got.next_id))
        assert got == Claimed("0-0", [StreamEntry("3-0", {"n": 2}), StreamEntry("4-0", {"n": 3})], [])
        assert await face.do(count.xautoclaim("g", "c", 60_000, "-")) == Claimed("0-0", [], [])
        assert await face.do(count.xautoclaim_justid("g", "c", 0, "(1-0")) == ClaimedIds("0-0", ["3-0", "4-0"], [])

    @pytest.mark.each_server
    async def test_what_old_servers_do_not_know(self, face, thing):
        count = thing.count
        await filled(face, count, 1, 2, 3, 4)
        await face.do(count.xgroup_create("g", 0))
        await face.do(count.xgroup_create("h", 0))
        for group in ("g", "h"):
            await face.do(count.xreadgroup(group, "c"))
        calls = (
            (lambda: count.xackdel("g", 1, "9-9"), [1, -1]),
            (lambda: count.xackdel("g", 2, ref_policy="ACKED"), [2]),
            (lambda: count.xdelex("9-9"), [-1]),
            (lambda: count.xdelex(2, 3, ref_policy="acked"), [2, 2]),
            (lambda: count.xdelex(2, ref_policy="DELREF"), [1]),
            (lambda: count.xtrim(maxlen=1, approximate=False, ref_policy="ACKED"), 0),
            (lambda: count.xtrim(maxlen=1, limit=5, ref_policy="KEEPREF"), 0),
            (lambda: count.xadd({"n": 5}, id=5, maxlen=2, approximate=False, ref_policy="DELREF"), "5-0"),
            (lambda: count.xadd_nomkstream({"n": 6}, id=6, ref_policy="KEEPREF"), "6-0"),
        )
        for call, expected in calls:
            if face.client.info()["redis_version"] >= "8.2":  # Valkey counts as 7.2
                assert await face.do(call()) == expected
            else:
                await face.refused(ServerTooOld, call, match=r"Redis 8\.2")


class TestWaiting:
    async def test_waiting_for_entries(self, face, thing):
        count, other = thing.count, redis.Redis(port=face.server.port)
        before = time.monotonic()
        assert await face.do(count.xread("$", block=30)) == []
        assert time.monotonic() - before >= 0.03
        timer = later(other.xadd, count.key, {"n": 7}, id="1-1")
        assert await face.do(count.xread("$", block=timedelta(seconds=20))) == [StreamEntry("1-1", {"n": 7})]
        timer.join()
        assert await face.do(count.xread(0, count=5, block=0)) == [StreamEntry("1-1", {"n": 7})]
        await face.do(count.xgroup_create("g"))
        assert await face.do(count.xreadgroup("g", "c", block=1)) == []
        timer = later(other.xadd, count.key, {"n": 8}, id="1-2")
        assert await face.do(count.xreadgroup("g", "c", block=20_000)) == [StreamEntry("1-2", {"n": 8})]
        timer.join()
        assert (await face.do(count.xpending("g"))).consumers == {"c": 1}
        assert await face.do(type(thing).lazy_connect(1).count.xreadgroup("g", "c", 0, block=1)) != []
        other.close()


class TestObjects:
    async def test_new_objects(self, face, thing):
        model = type(thing)
        await face.refused(InvalidValue, lambda: model.create(log={"a": "b"}), match="xadd")
        new = await face.do(model.create())
        assert await face.do(new.log.xlen()) == 0
        assert await face.do(new.log.xread(0)) == []
        await face.refused(InvalidPrimaryKey, lambda: new.log.xread(0, block=1))
        await face.do(new.log.xadd({"a": "b"}))
        assert await face.do(new.pk.get()) == "2"
        assert await face.do(new.log.xlen()) == 1
        await face.do(new.delete())
        assert face.keys() == {"{thing}:pks", "{thing}:seq", thing.name.key}

    async def test_deleted_means_gone(self, face, thing):
        model, log = type(thing), thing.log
        await face.do((await face.do(model.get(1))).delete())
        for write in (
            lambda: log.xadd({"a": "b"}),
            lambda: log.xgroup_create("g", mkstream=True),
            lambda: log.xreadgroup("g", "c"),
            lambda: log.xdel(1),
            lambda: log.xack("g", 1),
            lambda: log.xclaim("g", "c", 0, [1]),
            lambda: model.lazy_connect(1).log.xread(0),
            lambda: model.lazy_connect(1).log.xread(0, block=1),
            lambda: model.lazy_connect(1).log.xreadgroup("g", "c", block=1),
            lambda: model.lazy_connect(1).log.xinfo_stream(),
        ):
            await face.refused(DoesNotExist, write)
        await face.refused(DoesNotExist, log.xrange)
        assert face.keys() == {"{thing}:seq"}

    async def test_another_type(self, face, thing):
        face.client.set(thing.log.key, "x")
        await face.refused(WrongTypeError, lambda: thing.log.xadd({"a": "b"}))
        await face.refused(WrongTypeError, lambda: thing.log.xrange())

    async def test_wrong_arguments_are_refused_before_sending(self, any_face):
        class Thing(any_face.Model):
            database = any_face.database
            log = StreamField()

        log = Thing._connected(b"1").log
        too_many = {str(number): "" for number in range(4000)}
        wrong_ids = [
            "",
            "x",
            "1-",
            "-1",
            "1-1-1",
            " 1",
            "\N{FULLWIDTH DIGIT ONE}",
            "1-1\n",
            "18446744073709551616",
            "0-99999999999999999999",
        ]
        wrong = [
            *(lambda each=each: log.xdel(each) for each in [*wrong_ids, "*", "-", "$", -1, True, None, 1.5, 1 << 64]),
            *(lambda each=each: log.xrange(each) for each in [*wrong_ids, "(-", "((1", "$", "*"]),
            *(lambda each=each: log.xread(each) for each in [*wrong_ids, "-", ">", "(1"]),
            *(lambda each=each: log.xadd({"a": "b"}, id=each) for each in [*wrong_ids, "*-1", "-", "$"]),
            *(
                lambda each=each: log.xadd(each)
                for each in [{}, [], None, {True: "a"}, {"a": True}, {"\ud800": ""}, too_many]
            ),
            lambda: log.xadd({"a": "b"}, maxlen=1, minid=1),
            lambda: log.xadd({"a": "b"}, maxlen=-1),
            lambda: log.xadd({"a": "b"}, limit=1),
            lambda: log.xadd({"a": "b"}, maxlen=1, approximate=False, limit=1),
            lambda: log.xadd({"a": "b"}, ref_policy="KEEP"),
            lambda: log.xtrim(),
            lambda: log.xtrim(limit=1),
            lambda: log.xtrim(maxlen="1.5"),
            lambda: log.xrange(count=0),
            lambda: log.xread(0, block=-1),
            lambda: log.xread(0, block=0.5),
            lambda: log.xdel(),
            lambda: log.xdelex(1, ref_policy=None),
            lambda: log.xgroup_create(1),
            lambda: log.xgroup_create("g", ">"),
            lambda: log.xgroup_create("g", entries_read=-2),
            lambda: log.xreadgroup("g", None),
            lambda: log.xreadgroup("g", "c", "$"),
            lambda: log.xreadgroup("g", "c", count=0),
            lambda: log.xack("g"),
            lambda: log.xackdel("g"),
            lambda: log.xpending_range("g", "-", "+", None),
            lambda: log.xpending_range("g", "-", "+", 1, idle=-1),
            lambda: log.xclaim("g", "c", 0, "1-1"),
            lambda: log.xclaim("g", "c", 0, []),
            lambda: log.xclaim("g", "c", -1, [1]),
            lambda: log.xclaim("g", "c", 0, [1], idle=1, time=1),
            lambda: log.xautoclaim("g", "c", timedelta(microseconds=1)),
            lambda: log.xautoclaim("g", "c", 0, count=0),
            lambda: log.xsetid("$"),
        ]
        with any_face.sent() as sent:
            for call in wrong:
                await any_face.refused(InvalidValue, call)
        assert sent.names == []


def test_no_index_is_kept_of_streams():
    for options in ({"indexable": True}, {"unique": True}):
        with pytest.raises(DeclarationError, match="StreamField cannot be indexable or unique"):
            StreamField(int, **options)


@pytest.mark.each_server
def test_python_syntax_and_the_newer_protocol(server):
    class Thing(RedisModel):
        database = RedisDatabase(client=redis.Redis(port=server.port, protocol=3))
        count = StreamField(type=int)

    count = Thing().count
    assert not count
    assert len(count) == 0
    entries = [StreamEntry(count.xadd({"n": number}, id=number + 1), {"n": number}) for number in range(3)]
    assert list(count) == count.xrange() == entries
    assert [entry.fields["n"] for entry in count] == [0, 1, 2]
    assert len(count) == 3
    assert count
    assert count.xread(0) == count.xread(0, block=1) == Thing.lazy_connect(1).count.xread(0) == entries
    assert count.xread("$", block=1) == []
    assert count.xgroup_create("g", 0)
    assert count.xreadgroup("g", "c", count=2) == entries[:2]
    assert count.xreadgroup("g", "c", block=1) == entries[2:]
    count.xdel(1)
    assert count.xreadgroup("g", "c", 0, block=1) == [StreamEntry("1-0", {}), *entries[1:]]
    assert count.xpending("g") == PendingSummary(3, "1-0", "3-0", {"c": 3})
    assert count.xpending_range("g", "-", "+", 1)[0].consumer == "c"
    assert count.xclaim("g", "d", 0, [2]) == entries[1:2]
    assert count.xautoclaim("g", "d", 0) == Claimed("0-0", entries[1:], ["1-0"])
    assert count.xinfo_stream()["first-entry"] == entries[1]
    full = Thing.lazy_connect(1).count.xinfo_stream_full()
    assert full["groups"][0]["pending"][0][:2] == ("2-0", "d")
    assert full["entries"] == entries[1:]
    assert count.xinfo_groups()[0]["name"] == "g"
    assert {consumer["name"] for consumer in count.xinfo_consumers("g")} == {"c", "d"}
    count.xdel(2, 3)
    assert not count
    assert count.exists()
    Thing.database.connection.close()


async def test_python_syntax_cannot_await(any_face):
    class Thing(any_face.Model):
        database = any_face.database
        log = StreamField()

    if any_face.is_async:
        log = Thing._connected(b"1").log
        for call in (lambda: len(log), lambda: bool(log), lambda: list(log)):
            with pytest.raises(TypeError, match="await"):
                call()


@pytest.mark.parametrize("lazy", [False, True])
async def test_one_call_one_request(any_face, lazy):
    class Thing(any_face.Model):
        database = any_face.database
        log = StreamField()

    assert public(BoundStream) - public(BoundKey) == calls.STREAM.keys()
    one = await any_face.do(Thing.create())
    await any_face.do(one.log.xadd({"a": "b"}))
    await any_face.do(one.log.xdel("1-1"))
    await any_face.do(one.log.delete())
    await any_face.do(Thing.lazy_connect(1).log.xlen())
    for name, args in calls.STREAM.items():
        instance = Thing.lazy_connect(1) if lazy else one
        with any_face.sent() as sent:
            try:
                await any_face.do(getattr(instance.log, name)(*args))
            except ServerTooOld:
                assert name in {"xackdel", "xdelex"}
        assert len(sent.names) == 1, name
