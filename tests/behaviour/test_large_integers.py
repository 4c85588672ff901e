"""Integers beyond 2**53, which Lua would round, arrive as they are stored: on every path, both faces, few servers."""

from __future__ import annotations

import random

import pytest

from limpyd import (
    AutoPKField,
    EqualIndex,
    HashField,
    InstanceHashField,
    SortedSetField,
    StreamField,
    StringField,
    VersionField,
)
from limpyd.exceptions import DoesNotExist, InvalidValue, OutcomeUnknown, ServerError, StaleObject
from limpyd.fields.string import Get, IncrBy, Set
from tests.support.blocks import block
from tests.support.servers import FEW

LOWEST, HIGHEST = -(2**63), 2**63 - 1
EDGES = [2**53 - 1, 2**53, 2**53 + 1, -(2**53), -(2**53) - 1, HIGHEST, LOWEST, 10**15, 10**17 + 1, 0]
PATHS = ["alone", "lazily", "pipeline", "transaction", "lazily in a transaction", "watched"]


@pytest.fixture(params=FEW)
def server(request, servers):
    """Few servers: all have the same Lua."""
    server = servers(request.param)
    with server.client() as client:
        client.flushall()
    return server


def declare(face, on=None):
    class Thing(face.Model):
        database = on or face.database
        pk = AutoPKField()
        number = StringField(type=int)
        found = StringField(type=int, indexes=[EqualIndex])
        entry = InstanceHashField(type=int)
        entry_found = InstanceHashField(type=int, indexes=[EqualIndex])
        counts = HashField(type=int)
        counts_found = HashField(type=int, indexes=[EqualIndex])
        data = StringField(type=bytes)
        data_found = StringField(type=bytes, indexable=True)
        board = SortedSetField()
        events = StreamField()

    return Thing


@pytest.fixture
async def thing(face):
    return await face.do(declare(face).create(number=0))


async def on_path(face, path, thing, call):
    """The result of a call on an instance, which is made in one of several ways."""
    do, database = face.do, face.database
    if "lazily" in path:
        thing = await do(type(thing).lazy_connect(thing._pk))
    if path in {"alone", "lazily"}:
        return await do(call(thing))
    if path == "watched":
        if face.is_async:

            async def func(_):
                call(thing)

        else:

            def func(_):
                call(thing)

        return (await do(database.transaction(func)))[0]
    async with block(face, database.pipeline() if path == "pipeline" else database.transaction()):
        pending = call(thing)
    return pending.value


def some_numbers(seed):
    dice = random.Random(seed)
    return [*EDGES, *(dice.randrange(LOWEST, HIGHEST + 1) for _ in range(10))]


@pytest.mark.parametrize("path", PATHS)
class TestEachPath:
    async def test_counters(self, face, thing, path):
        counters = {
            "number": (lambda one, by: one.number.incrby(by), lambda key: face.client.get(key)),
            "found": (lambda one, by: one.found.incrby(by), lambda key: face.client.get(key)),
            "entry": (lambda one, by: one.entry.hincrby(by), lambda key: face.client.hget(key, "entry")),
            "entry_found": (
                lambda one, by: one.entry_found.hincrby(by),
                lambda key: face.client.hget(key, "entry_found"),
            ),
            "counts": (lambda one, by: one.counts.hincrby("k", by), lambda key: face.client.hget(key, "k")),
            "counts_found": (lambda one, by: one.counts_found.hincrby("k", by), lambda key: face.client.hget(key, "k")),
        }
        for name, (add, stored) in counters.items():
            value, key = 0, getattr(thing, name)._key()
            for number in some_numbers(name):
                by = min(max(number - value, LOWEST), HIGHEST)
                result = await on_path(face, path, thing, lambda one, add=add, by=by: add(one, by))
                value += by
                assert (result, stored(key)) == (value, b"%d" % value), (name, by)

    async def test_the_others_that_count(self, face, thing, path):
        await face.do(thing.number.set(2**60))
        assert await on_path(face, path, thing, lambda one: one.number.incr()) == 2**60 + 1
        assert await on_path(face, path, thing, lambda one: one.number.decr()) == 2**60
        assert await on_path(face, path, thing, lambda one: one.number.decrby(HIGHEST)) == 2**60 - HIGHEST
        assert await on_path(face, path, thing, lambda one: one.number.get()) == 2**60 - HIGHEST

    async def test_bits(self, face, thing, path):
        dice = random.Random(path)
        for name in ("data", "data_found"):
            field, raw = getattr(thing, name), b"{thing}:raw"
            face.client.delete(raw, field._key())
            await face.do(field.set(b"\0" * 40))
            face.client.set(raw, b"\0" * 40)
            for _ in range(20):
                operations = [random_operation(dice) for _ in range(3)]
                told = ["BITFIELD", raw]
                for operation in operations:
                    told += ["OVERFLOW", operation.overflow] if operation.overflow else []
                    told += operation.args
                expected = face.client.execute_command(*told)
                call = lambda one, name=name, operations=operations: getattr(one, name).bitfield(*operations)  # noqa: E731
                assert await on_path(face, path, thing, call) == expected, operations
                assert face.client.get(field._key()) == face.client.get(raw)
                reads = [Get(*operation.args[1:3]) for operation in operations]
                expected = face.client.execute_command("BITFIELD_RO", raw, *(arg for one in reads for arg in one.args))
                call = lambda one, name=name, reads=reads: getattr(one, name).bitfield_ro(*reads)  # noqa: E731
                assert await on_path(face, path, thing, call) == expected

    async def test_scores(self, face, thing, path):
        value = 0.0
        for number in [float(2**53), 1.5, 1e300, -1e300, 0.1, float(2**60), 1e15]:
            value += number
            assert await on_path(face, path, thing, lambda one, by=number: one.board.zincrby(by, "m")) == value
            assert await on_path(face, path, thing, lambda one: one.board.zscore("m")) == value
            assert face.client.zscore(thing.board._key(), "m") == value


def random_operation(dice):
    width = dice.choice([1, 8, 32, 53, 54, 60, 63, 64])
    fmt = "i64" if width == 64 else dice.choice("iu") + str(width)
    offset = dice.choice([f"#{dice.randrange(4)}", dice.randrange(200)])
    number = dice.choice([dice.randrange(LOWEST, HIGHEST + 1), -1, 1, HIGHEST, LOWEST])
    overflow = dice.choice(["WRAP", "SAT", "FAIL"])
    return dice.choice([Get(fmt, offset), Set(fmt, offset, number, overflow), IncrBy(fmt, offset, number, overflow)])


class TestReadsThatScriptsPassOn:
    async def test_lazily_connected_instances_read_moments_as_they_are(self, face, thing):
        moment = 2**60 + 1  # milliseconds, in 36 million years
        await face.do(thing.number.set(1, pxat=moment))
        lazily = await face.do(type(thing).lazy_connect(thing._pk))
        assert await face.do(lazily.number.pexpiretime()) == moment
        with face.sent() as sent:
            assert await face.do(lazily.number.pexpiretime()) == moment
        assert len(sent.commands) == 1, "by then it is known to exist"

    async def test_in_a_pipeline_too(self, face, thing):
        await face.do(thing.number.set(1, pxat=2**60 + 1))
        lazily = await face.do(type(thing).lazy_connect(thing._pk))
        assert await on_path(face, "pipeline", lazily, lambda one: one.number.pexpiretime()) == 2**60 + 1

    async def test_streams_count_beyond(self, face, thing):
        await face.do(thing.events.xadd({"a": "b"}))
        await face.do(thing.events.xsetid(f"{2**62}-1", entries_added=2**60 + 1))
        lazily = await face.do(type(thing).lazy_connect(thing._pk))
        assert (await face.do(lazily.events.xinfo_stream()))["entries-added"] == 2**60 + 1

    async def test_a_deleted_object_is_told_first(self, face, thing):
        key = thing.number._key()
        lazily = await face.do(type(thing).lazy_connect(thing._pk))
        await face.do(thing.delete())
        face.client.set(key, 1, pxat=2**60 + 1)
        await face.refused(DoesNotExist, lambda: lazily.number.pexpiretime())

    @pytest.mark.parametrize("lazily", [False, True])
    async def test_a_transaction_refuses_what_it_would_round(self, face, thing, lazily):
        do = face.do
        await do(thing.number.set(1, pxat=2**60 + 1))
        one = await do(type(thing).lazy_connect(thing._pk)) if lazily else thing
        with pytest.raises(ServerError, match="outside the transaction") as caught:
            async with block(face, face.database.transaction()):
                thing.entry.hset(5)
                one.number.pexpiretime()
        assert caught.value.__notes__ == ["operation 2 of 2 in a transaction; nothing was executed"]
        assert await do(thing.entry.hget()) is None


class TestPrimaryKeys:
    @pytest.mark.parametrize("indexed", [False, True])
    async def test_are_minted_beyond(self, face, indexed):
        class Ticket(face.Model):
            database = face.database
            name = InstanceHashField(indexable=indexed)
            more = StringField(indexable=indexed)

        do, client = face.do, face.client
        client.set("{ticket}:seq", 2**53 - 1)
        given = [await do(Ticket.create(name=str(number))) for number in range(3)]  # the short way
        given.append(await do(Ticket.create(name="3", more="x")))  # the long way
        first = await do(Ticket.create())  # made by its first write
        await do(first.name.hset("4"))
        given.append(first)
        async with block(face, face.database.transaction()) as transaction:
            made = [transaction.add(Ticket.create, name="5"), transaction.add(Ticket.create, name="6", more="y")]
        given += [one.value for one in made]
        instance, _ = await do(Ticket.get_or_create(name="7")) if indexed else (await do(Ticket.create(name="7")), True)
        given.append(instance)
        made = await do(Ticket.bulk_create([{"name": str(number)} for number in range(8, 12)], pks=True))
        given += [await do(Ticket.lazy_connect(pk)) for pk in made.pks]
        assert [one._pk for one in given] == [str(2**53 + number) for number in range(12)]
        assert client.scard("{ticket}:pks") == 12
        assert client.get("{ticket}:seq") == b"%d" % (2**53 + 11)
        for number, one in enumerate(given):
            assert await do(one.name.hget()) == str(number)

    async def test_bulk_creation_says_how_many_it_made(self, face):
        class Ticket(face.Model):
            database = face.database
            name = InstanceHashField(indexable=True)

        face.client.set("{ticket}:seq", 2**53 - 2)
        made = await face.do(Ticket.bulk_create([{"name": "x"} for _ in range(4)], pks=True))
        assert made.created == len(set(made.pks)) == face.client.scard("{ticket}:pks") == 4
        assert await face.do(Ticket.collection(name="x").count()) == 4

    async def test_the_counter_ends(self, face):
        class Ticket(face.Model):
            database = face.database
            name = InstanceHashField()

        face.client.set("{ticket}:seq", HIGHEST)
        await face.refused(ServerError, lambda: Ticket.create(name="x"), match="overflow")
        assert face.keys() == {"{ticket}:seq"}

    async def test_a_check_finds_a_counter_that_is_behind(self, face):
        class Ticket(face.Model):
            database = face.database
            name = InstanceHashField()

        face.client.set("{ticket}:seq", 2**60)
        await face.do(Ticket.create(name="x"))
        face.client.set("{ticket}:seq", 2**60)
        report = await face.do(Ticket.check())
        assert [finding.kind for finding in report.findings] == ["counter"]
        await face.do(Ticket.check(repair=True))
        assert face.client.get("{ticket}:seq") == b"%d" % (2**60 + 1)


async def test_versions(face):
    class Page(face.Model):
        database = face.database
        text = StringField()
        version = VersionField()

    do = face.do
    page = await do(Page.create(text="a"))
    face.client.hset("{page}:hash:1", "version", 2**60)
    assert await do(page.update(text="b", if_version=2**60)) == 2**60 + 1
    assert await do(page.version.get()) == 2**60 + 1
    refused = await face.refused(StaleObject, lambda: page.update(text="c", if_version=2**60))
    assert (refused.expected, refused.found) == (2**60, 2**60 + 1)
    async with block(face, face.database.transaction()):
        after = page.update(text="d")
    assert after.value == 2**60 + 2
    await do(Page.collection().update(text="e"))
    await do(Page.bulk_update([(page._pk, {"text": "f"})]))
    assert await do(page.version.get()) == 2**60 + 4


async def test_sums(face):
    class Account(face.Model):
        database = face.database
        kind = InstanceHashField(indexable=True)
        cents = InstanceHashField(type=int)

    numbers = [2**62 + 1, 2**62 + 2, -(2**53) - 1, 7]
    for number in numbers:
        await face.do(Account.create(kind="a", cents=number))
    assert await face.do(Account.collection(kind="a").sum("cents")) == sum(numbers)


async def test_number_indexes_refuse_what_they_would_round(face):
    class Thing(face.Model):
        database = face.database
        number = InstanceHashField(type=int, indexable=True)

    thing = await face.do(Thing.create(number=2**53))
    await face.refused(InvalidValue, lambda: thing.number.hincrby())
    assert await face.do(thing.number.hget()) == 2**53


async def test_an_account_that_may_not_read_is_told_that_it_was_done(face):
    thing = await face.do(declare(face).create(number=2**60, entry=2**60))
    face.client.execute_command("ACL", "SETUSER", "counter", "on", "nopass", "~*", "+@all", "-get")
    database = face.Database(port=face.server.port, username="counter", password="x")
    other = await face.do(declare(face, database).lazy_connect(thing._pk))
    await face.refused(OutcomeUnknown, lambda: other.number.incr(), match="was executed")
    face.client.execute_command("ACL", "SETUSER", "counter", "-hget")
    await face.refused(ServerError, lambda: other.entry.hincrby(), match=r"refused this: .*may not do this")
    with pytest.raises(ServerError, match=r"refused this: .*may not do this"):
        async with block(face, database.transaction()):
            other.counts.hincrby("k", 2**60)
    assert await face.do(thing.number.get()) == 2**60 + 1
    assert await face.do(thing.entry.hget()) == 2**60
    assert await face.do(thing.counts.hget("k")) is None
    await face.do(database.close())
