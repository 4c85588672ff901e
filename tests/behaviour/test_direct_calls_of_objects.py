"""Calls of instances and models that are sent without being described as requests: `hmget`, `hmset`, `update`, `delete`
and `exists` (see test_direct_calls.py for those of fields)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from limpyd import (
    EqualIndex,
    FKInstanceHashField,
    InstanceHashField,
    NumberRangeIndex,
    PKField,
    RedisDatabase,
    RedisModel,
    StringField,
    TextRangeIndex,
    VersionField,
)
from limpyd.drivers.connection_pool import SyncConnectionPool
from limpyd.drivers.sync import SyncDriver
from limpyd.exceptions import (
    DoesNotExist,
    InvalidPrimaryKey,
    InvalidValue,
    MissingArgument,
    RestrictedError,
    StaleObject,
    StoredValueError,
    UniquenessError,
    UnknownField,
)
from limpyd.statements.statement_cache import PREPARE_THRESHOLD, PREPARED_MAX

ODD = "100% %d\r\n$5 é"
MANY = PREPARE_THRESHOLD + 2
"""So often a combination of fields is set until it is prepared and called directly."""


class ThingFields:
    """Each kind of index of which Python sends texts."""

    name = InstanceHashField()
    age = InstanceHashField(type=int, indexable=True)
    email = InstanceHashField(unique=True)
    price = InstanceHashField(type=Decimal, indexes=[NumberRangeIndex])
    label = InstanceHashField(indexes=[EqualIndex, TextRangeIndex(case_sensitive=False)])
    note = StringField(indexable=True)


def values(number):
    return {"name": ODD, "age": number, "email": f"{number}%", "price": Decimal(number), "label": f"LABEL {number}"}


@pytest.fixture
async def model(any_face):
    with any_face.server.client() as client:
        client.flushall()
    database_of_face = any_face.Database(port=any_face.server.port)

    class Thing(ThingFields, any_face.Model):
        model_name = "100%d %s"
        database = database_of_face

    yield Thing
    await any_face.do(database_of_face.close())


@pytest.fixture
def thing(one_server):
    with one_server.client() as client:
        client.flushall()

    class Thing(ThingFields, RedisModel):
        model_name = "100%d %s"
        database = RedisDatabase(port=one_server.port)

    yield Thing
    Thing.database.close()


@pytest.fixture
def sent(monkeypatch):
    """The packets that are sent, and the requests that are described and run."""
    packets, described = [], []
    exchange, run = SyncConnectionPool.exchange, SyncDriver.run

    def noted_exchange(connections, packed, *replies):
        packets.append(packed)
        return exchange(connections, packed, *replies)

    def noted_run(driver, request):
        described.append(request)
        return run(driver, request)

    monkeypatch.setattr(SyncConnectionPool, "exchange", noted_exchange)
    monkeypatch.setattr(SyncDriver, "run", noted_run)
    return packets, described


CALLS = {
    "hmget": lambda one: (one.hmget, ("name", "price"), {}),
    "hmset": lambda one: (one.hmset, (), values(7)),
    "update": lambda one: (one.update, (), {**values(7), "note": ODD}),
    "delete": lambda one: (one.delete, (), {}),
}


@pytest.mark.parametrize("name", CALLS)
def test_the_same_is_sent(thing, sent, name):
    """As by the request that describes the call."""
    packets, described = sent
    one = thing(**values(1), note="x")
    if name != "delete":
        for number in range(MANY):
            one.hmset(**values(number))
            one.update(**values(number), note=ODD)
            one.hmget("name", "price")
    else:
        thing(note="y").delete()
        one.hmget("name")
    call, args, named = CALLS[name](one)
    packed = call.__func__.describe(one, *args, **named).ready()
    packets.clear()
    described.clear()
    call(*args, **named)
    assert described == []
    assert packets == [packed]


def test_existence(thing, sent):
    packets, described = sent
    one = thing(note="x")
    found = [thing.exists(each) for each in (1, "1", b"1", 2, "2", ODD)]
    assert found == [True] * 3 + [False] * 3
    packets.clear()
    described.clear()
    assert thing.exists(1)
    assert described == []
    assert packets == [b"*3\r\n$9\r\nSISMEMBER\r\n$14\r\n{100%d %s}:pks\r\n$1\r\n1\r\n"]
    assert thing.exists(one.pk.get())
    assert thing.exists(note="x")
    assert not thing.exists(note="y")
    assert thing.exists(thing.note == "x")
    one.delete()
    assert not thing.exists(1)


async def test_values(any_face, model):
    """Those of the first calls and of later ones; the indexes follow, also if only Python can lower the old text."""
    do = any_face.do
    one = await do(model.create(note="x"))
    other = await do(model.create(**values(100)))
    for number in range(2 * MANY):
        if number % 2:
            await do(one.label.hset("Straße"))
            assert await do(model.collection(label__startswith="strasse").count()) == 1
        assert await do(one.hmset(**values(number))) is True
        assert await do(one.hmget("name", "age", "price")) == [ODD, number, Decimal(number)]
        assert await do(one.update(email=f"{number}!", note=f"n{number}")) is None
        assert await do(one.hmget("email", "note" if number < 0 else "label")) == [f"{number}!", f"LABEL {number}"]
        for filters in (
            {"age": number, "note": f"n{number}"},
            {"price": number},
            {"label__startswith": f"label {number}"},
            {"email": f"{number}!"},
        ):
            assert await do(one.pk.get()) in await do(model.collection(**filters)[:])
    assert await do(other.hmget("email")) == ["100%"]
    assert await do(model.collection(age=0).count()) == await do(model.collection(label="Straße").count()) == 0
    report = await do(model.check())
    assert report.ok


async def test_refusals(any_face, model):
    do = any_face.do
    one, other = await do(model.create(**values(1))), await do(model.create(**values(2)))
    for number in range(3, 3 + MANY):
        await do(one.hmset(**values(number)))
        await do(one.update(**values(number)))
        for write in (one.hmset, one.update):
            with pytest.raises(UniquenessError, match="email"):
                await do(write(**{**values(1), "email": "2%"}))
            with pytest.raises(InvalidValue, match="age"):
                await do(write(**{**values(1), "age": "x"}))
            with pytest.raises(InvalidValue, match="price"):
                await do(write(**{**values(1), "price": Decimal("1e400")}))
            with pytest.raises(UnknownField, match="nane"):
                await do(write(nane="x", **values(1)))
            with pytest.raises(TypeError, match=write.__name__):
                await do(write(values(1)))
        with pytest.raises(UnknownField, match="nane"):
            await do(one.hmget("nane"))
        with pytest.raises((TypeError, UnknownField)):
            await do(one.hmget(["name"]))
        with pytest.raises(MissingArgument, match="hmget"):
            await do(one.hmget())
        with pytest.raises(TypeError, match="delete"):
            await do(one.delete(1))
        assert await do(one.hmget("age", "email")) == [number, f"{number}%"]
    lazy = [model.lazy_connect(2) for _ in range(4)]
    await do(other.delete())
    for call in (lazy[0].delete, other.delete, lambda: lazy[1].hmset(**values(1)), lambda: other.update(**values(1))):
        with pytest.raises(DoesNotExist):
            await do(call())
    for instance in (lazy[2], other):
        with pytest.raises(DoesNotExist):
            await do(instance.hmget("name"))
    report = await do(model.check())
    assert report.ok


async def test_what_changes_meanwhile(any_face, model):
    """The catalog, the scripts of the server, the connection, what is stored."""
    do = any_face.do
    one = await do(model.create(**values(1)))
    for number in range(2 * MANY):
        await do(one.hmset(**values(number)))
        await do(model.clear_indexes())
        await do(model.rebuild_indexes())
        with any_face.server.client() as client:
            client.script_flush()
            client.client_kill_filter(_type="normal", skipme=True)
        assert await do(one.hmget("age")) == [number]
        assert await do(one.hmset(**values(number + 1))) is True
        assert await do(model.collection(age=number + 1).count()) == 1
        with any_face.server.client() as client:
            client.script_flush()
            client.client_kill_filter(_type="normal", skipme=True)
        assert await do(model.exists(1))
        gone = await do(model.create(note="x"))
        await do(gone.delete())
    with any_face.server.client() as client:
        client.hset("{100%d %s}:hash:1", "age", "x")
    for _ in range(2):
        with pytest.raises(StoredValueError, match="holds b'x'"):
            await do(one.hmget("age"))
    assert await do(one.hmget("name")) == [ODD]


async def test_pipelines(any_face, model):
    do = any_face.do
    one, other = await do(model.create(**values(1))), await do(model.create(**values(2)))
    for number in range(3, 3 + MANY):
        await do(one.hmset(**values(number)))
        await do(one.hmget("age"))

    def calls():
        return [one.hmset(**values(1)), one.hmget("age"), other.delete(), model.exists(2)]

    if any_face.is_async:
        async with model.database.pipeline():
            pending = calls()
    else:
        with model.database.pipeline():
            pending = calls()
    assert [each.value for each in pending] == [True, [1], None, False]


def test_without_a_primary_key(one_server):
    class Minted(RedisModel):
        database = RedisDatabase(port=one_server.port)
        name = InstanceHashField()
        age = InstanceHashField()

    for number in range(MANY):
        Minted(name="a").hmset(name="b", age=number)
    empty = Minted()
    assert empty.hmget("name", "age") == [None, None]
    with pytest.raises(InvalidPrimaryKey, match="never stored"):
        empty.update(name="x", age=1)
    with pytest.raises(InvalidPrimaryKey, match="never stored"):
        empty.delete()
    assert empty.hmset(name="c", age=1) is True
    assert empty.hmget("name", "age") == ["c", "1"]
    assert Minted.collection().count() == MANY + 1
    Minted.database.close()


def test_more_combinations_than_are_prepared(thing):
    names = ["name", "age", "email", "price", "label"]
    one = thing(**values(0))
    combinations = [tuple(names[at] for at in range(5) if number & 1 << at) for number in range(1, 32)]
    assert len(combinations) > PREPARED_MAX
    for number in range(1, MANY + 1):
        for each in (*combinations, *reversed(combinations)):
            some = {name: value for name, value in values(number).items() if name in each}
            assert one.hmset(**some) is True
            assert dict(zip(each, one.hmget(*each), strict=True)) == some
    assert thing.check().ok


def test_versions(one_server):
    class Versioned(RedisModel):
        database = RedisDatabase(port=one_server.port)
        version = VersionField()
        name = InstanceHashField()
        age = InstanceHashField()

    one = Versioned(name="a")
    for number in range(2, 2 + MANY):
        assert one.update(name=str(number), age=number) == number
        with pytest.raises(StaleObject):
            one.update(name="x", age=1, if_version=1)
        assert one.hmget("name", "version") == [str(number), number]
    Versioned.database.close()


def test_a_model_that_is_referred_to_later(one_server):
    class Team(RedisModel):
        database = RedisDatabase(port=one_server.port)
        code = PKField()
        name = InstanceHashField()

    for number in range(3):
        Team(code=number, name="x").delete()

    class Member(RedisModel):
        database = Team.database
        team = FKInstanceHashField(Team, on_delete="restrict")

    team = Team(code="a", name="x")
    member = Member(team=team)
    with pytest.raises(RestrictedError):
        team.delete()
    member.delete()
    team.delete()
    assert not Team.exists("a")
    Team.database.close()
