"""Calls that are sent without being described as requests, once a first one has shown what is sent."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from limpyd import (
    EqualIndex,
    FKInstanceHashField,
    HashField,
    InstanceHashField,
    ListField,
    NumberRangeIndex,
    PKField,
    RedisDatabase,
    RedisModel,
    SetField,
    SortedSetField,
    StringField,
    TextRangeIndex,
)
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from limpyd.drivers.connection_pool import SyncConnectionPool
from limpyd.drivers.sync import SyncDriver
from limpyd.exceptions import (
    DoesNotExist,
    InvalidValue,
    ServerError,
    StoredValueError,
    UniquenessError,
    UnknownField,
    WrongTypeError,
)

ODD = "100% %d\r\n$5 é"
CALLS = {
    "name": [("hset", ODD), ("hset", b"a\0b"), ("hset", 7), ("hget",)],
    "email": [("hset", ODD), ("hset", "x@y")],
    "count": [("hset", 3), ("hset", -4), ("hincrby",), ("hget",)],
    "price": [("hset", Decimal("1.50")), ("hset", Decimal("-0.0"))],
    "seen": [("hset", datetime(2020, 1, 2, tzinfo=UTC)), ("hset", datetime(1900, 1, 2, 3, tzinfo=UTC))],
    "weight": [("hset", 0.1), ("hset", 1e22)],
    "label": [("hset", "Straße"), ("hset", "ABC")],
    "owner": [("hset", "p%"), ("hset", b"p%")],
    "note": [("set", ODD), ("set", ""), ("get",)],
    "visits": [("incr",), ("set", 4), ("get",)],
    "words": [("sadd", ODD), ("sadd", "a"), ("srem", "a"), ("smembers",), ("scard",)],
    "sizes": [("sadd", 0.1), ("sadd", 1e22), ("srem", 0.1)],
    "tags": [("sadd", ODD), ("sadd", 3), ("srem", "3"), ("smembers",), ("scard",)],
    "log": [("lpush", ODD), ("rpush", 1.5), ("llen",)],
    "queue": [("lpush", ODD), ("rpush", 1.5), ("llen",)],
    "ranks": [("zadd", {ODD: 1.5}), ("zadd", {b"a": -3}), ("zrem", ODD), ("zrem", "a"), ("zcard",)],
    "points": [("zadd", {ODD: 1e22}), ("zadd", {7: 7})],
    "facts": [("hset", "a%d", ODD), ("hset", b"b", 1), ("hset", 3, b"x"), ("hlen",)],
}


@pytest.fixture
def thing(one_server):
    with one_server.client() as client:
        client.flushall()

    class Thing(RedisModel):
        model_name = "100%d %s"
        database = RedisDatabase(port=one_server.port)
        code = PKField()
        name = InstanceHashField()
        email = InstanceHashField(unique=True)
        count = InstanceHashField(type=int, indexable=True)
        price = InstanceHashField(type=Decimal, indexes=[NumberRangeIndex])
        seen = InstanceHashField(type=datetime, indexes=[NumberRangeIndex])
        weight = InstanceHashField(type=float, indexes=[EqualIndex])
        label = InstanceHashField(indexes=[TextRangeIndex(case_sensitive=False)])
        owner = FKInstanceHashField("self")
        note = StringField()
        visits = StringField(type=int)
        words = SetField(indexes=[EqualIndex, TextRangeIndex])
        sizes = SetField(type=float, indexable=True, indexes=[EqualIndex])
        tags = SetField()
        log = ListField()
        queue = ListField(indexable=True)
        ranks = SortedSetField(indexable=True)
        points = SortedSetField()
        facts = HashField()

    Thing.create(code="p%", name="a")
    yield Thing
    Thing.database.close()


@pytest.fixture
def packets(monkeypatch):
    """What is sent."""
    sent = []
    exchange = SyncConnectionPool.exchange

    def noted(connections, packed, *replies):
        sent.append(packed)
        return exchange(connections, packed, *replies)

    monkeypatch.setattr(SyncConnectionPool, "exchange", noted)
    return sent


@pytest.fixture
def described(monkeypatch):
    """The requests that are described and run."""
    found = []
    run = SyncDriver.run

    def noted(driver, request):
        found.append(request)
        return run(driver, request)

    monkeypatch.setattr(SyncDriver, "run", noted)
    return found


def ask(bound, method, *args):
    return getattr(bound, method)(*args)


@pytest.mark.parametrize("name", CALLS)
def test_the_same_is_sent(thing, packets, described, name):
    """Of each command that has a way to be called directly, as the table above shows for each type of fields."""
    one = thing("p%")
    for method, *args in CALLS[name]:
        bound = getattr(one, name)
        ask(bound, method, *args)
        described.clear()
        packets.clear()
        ask(bound, method, *args)
        assert described == [], method
        packed = getattr(type(bound), method).describe(bound, *args).ready()
        assert packets == [packed], method


def test_every_such_command_is_shown_above(thing):
    bound = {name: type(getattr(thing("p%"), name)) for name in CALLS}
    direct = {each for cls in bound.values() for name in dir(cls) if hasattr(each := getattr(cls, name), "direct")}
    assert direct == {getattr(bound[name], method) for name, calls in CALLS.items() for method, *_ in calls}


def test_results(thing):
    """Those of the first call, and of later ones."""
    one = thing("p%")
    assert [one.name.hset(each) for each in "abc"] == [False] * 3
    assert [one.email.hset(each) for each in "abc"] == [True, False, False]
    assert [one.name.hget() for _ in range(3)] == ["c"] * 3
    assert [one.count.hincrby() for _ in range(3)] == [1, 2, 3]
    assert [one.note.set(each) for each in "abc"] == [True] * 3
    assert [one.tags.sadd(each) for each in "aba"] == [1, 1, 0]
    assert [one.words.sadd(each) for each in "aba"] == [1, 1, 0]
    assert [one.tags.smembers() for _ in range(2)] == [{"a", "b"}] * 2
    assert [one.queue.lpush("x") for _ in range(3)] == [1, 2, 3]
    assert [one.facts.hset("k", each) for each in "abc"] == [1, 0, 0]
    assert one.facts.hset(mapping={"l": "d"}) == one.facts.hset(key="m", value="e") == 1
    assert one.facts.hset("n", mapping={"o": "f"}, value="g") == 2
    assert one.facts.hgetall() == {"k": "c", "l": "d", "m": "e", "n": "g", "o": "f"}
    assert [thing.collection(count=3).count(), thing.collection(email="c").count()] == [1, 1]


class Author:
    """Fields of one value, with each kind of index of which Python sends texts."""

    name = InstanceHashField()
    email = InstanceHashField(unique=True)
    price = InstanceHashField(type=Decimal, indexes=[NumberRangeIndex])
    label = InstanceHashField(indexes=[TextRangeIndex(case_sensitive=False)])
    note = StringField(indexable=True)


def author(number, **others):
    return {"note": ODD, "label": "Straße", "name": 7, "price": Decimal("1.50"), "email": f"{number}%", **others}


@pytest.fixture
def writer(one_server):
    with one_server.client() as client:
        client.flushall()

    class Writer(Author, RedisModel):
        model_name = "100%d %s"
        database = RedisDatabase(port=one_server.port)

    yield Writer
    Writer.database.close()


def test_creations(writer, packets, described):
    """With values of all fields, the same is sent as by a request."""
    writer(**author(1))
    described.clear()
    packets.clear()
    created = writer.create(**author(2))
    assert described == []
    assert packets == [
        writer._schema.statements[writer._schema.keys.first].creation.request(None, author(2), bytes, None).ready()
    ]
    assert created.pk.get() == "2"
    assert created.values() == {"pk": "2", **author(2, name="7")}
    found = writer.collection(label__startswith="strasse", price=Decimal("1.5"), note=ODD)
    assert sorted(found) == ["1", "2"]
    assert writer.check().ok


def test_creations_that_differ(writer):
    """Without some fields, with values that do not fit, within a pipeline."""
    first = writer(**author(1))
    for number in range(2, 5):
        assert writer(**author(number, name=None)).name.hget() is None
        assert writer(email=f"only {number}").values("email", "note") == {"email": f"only {number}", "note": None}
        with pytest.raises(UniquenessError, match="email"):
            writer(**author(1))
        with pytest.raises(InvalidValue, match="price"):
            writer(**author("x", price="dear"))
        with pytest.raises(InvalidValue, match="price"):
            writer(**author("x", price=Decimal("1e400")))
        with pytest.raises(UnknownField, match="nane"):
            writer(name="a", email="b", price=Decimal(1), label="c", nane="d")
        with writer.database.pipeline():
            later = writer(**author(f"later {number}"))
        assert later.email.hget() == f"later {number}%"
    assert first.email.hget() == "1%"
    assert writer.collection().count() == 10
    assert writer.check().ok


def test_creations_where_something_changes(writer, one_server):
    for number in range(3):
        writer(**author(number))
        writer.clear_indexes()
        writer.rebuild_indexes()
        assert writer(**author(f"{number} a")).email.hget() == f"{number} a%"
        with one_server.client() as client:
            client.script_flush()
            client.client_kill_filter(_type="normal", skipme=True)
        assert writer.collection(email=f"{number}%").count() == 1  # a write would not be sent twice
        assert writer(**author(f"{number} b")).email.hget() == f"{number} b%"
    assert writer.collection(note=ODD).count() == 9
    assert writer.check().ok


async def test_creations_on_the_async_face(one_server):
    class Writer(Author, AsyncRedisModel):
        database = AsyncRedisDatabase(port=one_server.port)

    with one_server.client() as client:
        client.flushall()
        for number in range(3):
            made = await asyncio.gather(*(Writer.create(**author(f"{number} {each}")) for each in range(3)))
            assert {await each.email.hget() for each in made} == {f"{number} {each}%" for each in range(3)}
            with pytest.raises(UniquenessError, match="email"):
                await Writer.create(**author("0 0"))
            client.script_flush()
            client.client_kill_filter(_type="normal", skipme=True)
            assert await made[0].email.hget() == f"{number} 0%"
        later = Writer.create(**author("later"))
        await Writer.database.close()
        assert await (await later).email.hget() == "later%"
        async with Writer.database.pipeline():
            pending = Writer.create(**author("pending"))
        assert await pending.value.email.hget() == "pending%"
        assert await Writer.collection(note=ODD).count() == 11
    await Writer.database.close()


def test_other_objects(thing):
    """What was learned of one object serves all."""
    one, other = thing("p%"), thing.create(code="q", name="b")
    one.name.hset("x")
    other.name.hset("y")
    assert [one.name.hget(), other.name.hget()] == ["x", "y"]


def test_refusals(thing):
    one, other = thing("p%"), thing.create(code="q", email="a")
    for _ in range(3):
        with pytest.raises(UniquenessError, match="email"):
            one.email.hset("a")
        with pytest.raises(InvalidValue, match="cannot hold"):
            one.count.hset("x")
        with pytest.raises(InvalidValue, match="one by one"):
            one.tags.sadd(["a"])
        with pytest.raises(TypeError, match="hset"):
            one.name.hset()
        one.email.hset("b")
        one.log.lpush("a")
    with one.database.connection as client:
        client.delete("{100%d %s}:field:log:p%")
        client.hset("{100%d %s}:hash:p%", "count", "x")
        client.set("{100%d %s}:field:log:p%", "x")
    for _ in range(3):
        with pytest.raises(StoredValueError, match="holds b'x'"):
            one.count.hget()
        with pytest.raises(ServerError):
            one.count.hincrby()
        with pytest.raises(WrongTypeError, match="should be a list"):
            one.log.lpush("a")
    thing("q").delete()
    for _ in range(3):
        with pytest.raises(DoesNotExist):
            other.email.hset("c")
        with pytest.raises(DoesNotExist):
            other.name.hget()


def test_what_changes_meanwhile(thing, one_server):
    """The catalog, the scripts of the server, the connection."""
    one = thing("p%")
    for number in range(2):
        one.label.hset(f"A{number}")
        thing.clear_indexes()
        thing.rebuild_indexes()
        one.label.hset(f"B{number}")
        assert thing.collection(label=f"b{number}").count() == 1
        with one_server.client() as client:
            client.script_flush()
            client.client_kill_filter(_type="normal", skipme=True)
        assert one.label.hget() == f"B{number}"
        assert one.label.hset("c") is False


def test_pipelines(thing):
    one = thing("p%")
    one.name.hset("a")
    one.name.hset("b")
    with thing.database.pipeline():
        stored, found = one.name.hset("c"), one.name.hget()
    assert (stored.value, found.value) == (False, "c")


def test_an_iterator_forgets_how_much_it_has_left(thing):
    one = thing("p%")
    one.tags.sadd("a", "b")
    one.tags.sadd("a")
    bound = one.tags
    rest = iter(bound)
    bound.sadd("c")
    assert len(bound) == 3
    assert len(list(rest)) == 2


def test_without_a_primary_key(thing, one_server):
    class Minted(RedisModel):
        database = thing.database
        name = InstanceHashField()

    Minted.create(name="a").name.hset("b")
    Minted.create(name="a").name.hset("c")
    empty = Minted()
    assert empty.name.hget() is None
    assert empty.name.hset("d") is True
    assert empty.name.hset("e") is False
    assert Minted.collection().count() == 3


async def test_async(one_server):
    """The same on the async face, also where the connection is lost and what the server knows."""

    class Things(AsyncRedisModel):
        database = AsyncRedisDatabase(port=one_server.port)
        name = InstanceHashField(indexable=True)
        email = InstanceHashField(unique=True)
        tags = SetField()

    with one_server.client() as client:
        client.flushall()
        one = await Things.create(email="a")
        other = await Things.create(email="b")
        for number in range(3):
            assert await one.name.hset(f"n{number}") is (number == 0)
            assert await one.name.hget() == f"n{number}"
            assert await asyncio.gather(one.tags.sadd(number), other.name.hget()) == [1, None]
            assert await one.tags.smembers() == set(map(str, range(number + 1)))
            with pytest.raises(UniquenessError, match="email"):
                await one.email.hset("b")
            client.script_flush()
            client.delete("{things}:meta")
            if number:
                client.client_kill_filter(_type="normal", skipme=True)
            assert await one.name.hget() == f"n{number}"
        later = one.name.hset("x")
        await Things.database.close()
        assert await later is False
        async with Things.database.pipeline():
            pending = one.name.hget()
        assert pending.value == "x"
        await other.delete()
        for _ in range(2):
            with pytest.raises(DoesNotExist):
                await other.name.hset("x")
    await Things.database.close()


async def test_a_call_is_of_the_block_in_which_it_was_made(one_server):
    """Not of the one in which it is awaited, also where the connection was lost since."""

    class Things(AsyncRedisModel):
        database = AsyncRedisDatabase(port=one_server.port)
        name = InstanceHashField()

    one = await Things.create(name="a")
    for name in "bc":
        await one.name.hset(name)
        await one.name.hget()
    for lost in (False, True):
        write, read = one.name.hset(f"d{lost}"), one.name.hget()
        if lost:
            await Things.database.close()
        async with Things.database.pipeline():
            assert await write is False
            assert await read == f"d{lost}"
    await Things.database.close()


def test_encode_that_fails_the_second_time(one_server):
    """The call is described once more for what can be learned of it; that it was made stands."""

    class Once(StringField):
        def encode(self, value):
            if value in used:
                raise RuntimeError(value)
            used.append(value)
            return super().encode(value)

    class Thing(RedisModel):
        database = RedisDatabase(port=one_server.port)
        name = InstanceHashField()
        note = Once()

    used = []
    one = Thing(name="a")
    for value in "bcd":
        assert one.note.set(value) is True
        assert one.note.get() == value
    assert used == ["b", "c", "d"]
    Thing.database.close()


class Shortened:
    def encode(self, value):
        return super().encode(value)[:3]


def test_encode_as_the_class_of_the_field_does(one_server):
    def shortened(kind, **options):
        return type(kind.__name__, (Shortened, kind), {})(**options)

    class Thing(RedisModel):
        database = RedisDatabase(port=one_server.port)
        note = shortened(StringField, indexable=True)
        name = shortened(InstanceHashField)
        words = shortened(SetField)
        facts = shortened(HashField)

    long = {"note": "number", "name": "number", "words": ["number"], "facts": {"a": "number"}}
    Thing(**long)
    Thing.bulk_create([long, long])
    for value in ("one", "three", "eleven"):  # the first of them is stored the same by any class
        thing = Thing(note=value)
        thing.name.hset(value)
        thing.words.sadd(value)
        thing.facts.hset("a", value)
        kept = (thing.note.get(), thing.name.hget(), thing.words.smembers(), thing.facts.hgetall())
        assert kept == (value[:3], value[:3], {value[:3]}, {"a": value[:3]})
        thing.note.set("ten")
        thing.note.set("twelve")
        assert list(Thing.collection(note="twelve")) == [thing.pk.get()]
        thing.delete()
    things = Thing.collection().instances()
    assert len(things) == 3
    for thing in things:
        kept = (thing.note.get(), thing.name.hget(), thing.words.smembers(), thing.facts.hgetall())
        assert kept == ("num", "num", {"num"}, {"a": "num"})
