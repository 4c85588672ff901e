"""StringField and InstanceHashField: every command, on both faces and all servers."""

from __future__ import annotations

import enum
import time as clock
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest

from limpyd import EqualIndex, InstanceHashField, StringField
from limpyd.exceptions import (
    InvalidValue,
    LimpydError,
    ServerError,
    StoredValueError,
    UniquenessError,
    UnknownField,
    UnsupportedCommand,
    WrongTypeError,
)
from limpyd.scripts import writes
from tests.support.expected_indexes import state
from tests.support.step_durations import in_time

EARLIEST = datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))  # in UTC it is before the year 1


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@pytest.fixture
async def thing(face):
    class Thing(face.Model):
        database = face.database
        text = StringField()
        raw = StringField(type=bytes)
        number = StringField(type=int)
        ratio = StringField(type=float)
        indexed = StringField(indexable=True)
        one = InstanceHashField()
        two = InstanceHashField(type=int, indexable=True)
        three = InstanceHashField(type=float)
        only = InstanceHashField(unique=True)
        strict = InstanceHashField(type=str)

    return await face.do(Thing.create(one="x"))


class TestString:
    async def test_set_and_get(self, face, thing):
        assert await face.do(thing.text.get()) is None
        assert await face.do(thing.text.set("a")) is True
        assert await face.do(thing.text.get()) == "a"
        assert await face.do(thing.text.exists()) is True
        assert await face.do(thing.text.strlen()) == 1

    async def test_set_conditions(self, face, thing):
        assert await face.do(thing.text.set("a", xx=True)) is False
        assert await face.do(thing.text.set("a", nx=True)) is True
        assert await face.do(thing.text.set("b", nx=True)) is False
        assert await face.do(thing.text.set("b", xx=True, get=True)) == "a"
        assert await face.do(thing.text.set("c", get=True)) == "b"
        assert await face.do(thing.raw.set(b"c", get=True)) is None
        await face.refused(InvalidValue, lambda: thing.text.set("c", nx=True, xx=True))

    async def test_set_with_expiry(self, face, thing):
        now = int(clock.time())
        for given, low, high in (
            ({"ex": 100}, 99, 100),
            ({"ex": timedelta(seconds=100)}, 99, 100),
            ({"px": 100_000}, 99, 100),
            ({"exat": now + 100}, 98, 101),
            ({"pxat": datetime.now(UTC) + timedelta(seconds=100)}, 98, 100),
        ):
            await face.do(thing.text.set("a", **given))
            assert low <= await face.do(thing.text.ttl()) <= high
        await face.do(thing.text.set("b", keepttl=True))
        assert await face.do(thing.text.ttl()) > 90
        await face.do(thing.text.set("c"))
        assert await face.do(thing.text.ttl()) == -1
        await face.refused(InvalidValue, lambda: thing.text.set("c", ex=1, px=1))
        await face.refused(InvalidValue, lambda: thing.text.set("c", ex=0))
        await face.refused(InvalidValue, lambda: thing.text.set("c", ex="1.5"))
        await face.do(thing.text.set("c", ex="100"))
        assert 90 < await face.do(thing.text.ttl()) <= 100

    async def test_setnx_setex_psetex(self, face, thing):
        assert await face.do(thing.text.setnx("a")) is True
        assert await face.do(thing.text.setnx("b")) is False
        assert await face.do(thing.text.setex(100, "c")) is True
        assert await face.do(thing.text.psetex(100_000, "d")) is True
        assert await face.do(thing.text.get()) == "d"
        assert 99_000 < await face.do(thing.text.pttl()) <= 100_000

    async def test_getset_getdel_getex(self, face, thing):
        assert await face.do(thing.number.getset(1)) is None
        assert await face.do(thing.number.getset(2)) == 1
        assert await face.do(thing.number.getex(ex=100)) == 2
        assert await face.do(thing.number.ttl()) > 90
        assert await face.do(thing.number.getex(persist=True)) == 2
        assert await face.do(thing.number.ttl()) == -1
        assert await face.do(thing.number.getex()) == 2
        assert await face.do(thing.number.getdel()) == 2
        assert await face.do(thing.number.getdel()) is None

    async def test_append_and_ranges(self, face, thing):
        assert await face.do(thing.text.append("Hello")) == 5
        assert await face.do(thing.text.append(" World")) == 11
        assert await face.do(thing.text.getrange(0, 4)) == "Hello"
        assert await face.do(thing.text.getrange(-5, -1)) == "World"
        assert await face.do(thing.text.setrange(6, "Redis")) == 11
        assert await face.do(thing.text.get()) == "Hello Redis"
        assert await face.do(thing.raw.setrange(2, b"\xff")) == 3
        assert await face.do(thing.raw.getrange(0, -1)) == b"\0\0\xff"

    async def test_counting(self, face, thing):
        assert await face.do(thing.number.incr()) == 1
        assert await face.do(thing.number.incr(5)) == 6
        assert await face.do(thing.number.incrby(4)) == 10
        assert await face.do(thing.number.decr()) == 9
        assert await face.do(thing.number.decrby(10)) == -1
        assert await face.do(thing.number.get()) == -1
        assert await face.do(thing.ratio.incrbyfloat(0.5)) == 0.5
        assert await face.do(thing.ratio.incrbyfloat(1.5)) == 2.0
        assert await face.do(thing.ratio.get()) == 2.0
        assert await face.do(thing.text.incr()) == 1  # untyped text counts, as in limpyd 2
        await face.do(thing.text.set("x"))
        await face.refused(ServerError, lambda: thing.text.incr(), match="not an integer")
        assert await face.do(thing.text.get()) == "x"

    async def test_bits(self, face, thing):
        assert await face.do(thing.raw.setbit(7, 1)) == 0
        assert await face.do(thing.raw.setbit(7, 1)) == 1
        assert await face.do(thing.raw.getbit(7)) == 1
        assert await face.do(thing.raw.get()) == b"\x01"
        await face.do(thing.raw.set(b"\xff\xf0\x00"))
        assert await face.do(thing.raw.bitcount()) == 12
        assert await face.do(thing.raw.bitcount(1, 1)) == 4
        assert await face.do(thing.raw.bitcount(8, 11, "BIT")) == 4
        assert await face.do(thing.raw.bitpos(0)) == 12
        assert await face.do(thing.raw.bitpos(1, 2)) == -1
        assert await face.do(thing.raw.bitpos(0, 0, 10, mode="BIT")) == -1
        for wrong in (
            lambda: thing.raw.setbit(-1, 1),
            lambda: thing.raw.setbit(0, 2),
            lambda: thing.raw.bitcount(1),
            lambda: thing.raw.bitpos(1, end=3),
            lambda: thing.raw.bitcount(0, 1, "NIBBLE"),
            lambda: thing.raw.bitpos(1, 0, mode="BIT"),
        ):
            await face.refused(InvalidValue, wrong)

    async def test_delete(self, face, thing):
        await face.do(thing.text.set("a"))
        assert await face.do(thing.text.delete()) is True
        assert await face.do(thing.text.delete()) is False
        assert await face.do(thing.text.exists()) is False

    async def test_expiry(self, face, thing):
        assert await face.do(thing.text.expire(10)) is False
        assert await face.do(thing.text.ttl()) == -2
        await face.do(thing.text.set("a"))
        assert await face.do(thing.text.expire(100)) is True
        assert await face.do(thing.text.expire(50, gt=True)) is False
        assert await face.do(thing.text.expire(50, nx=True)) is False
        assert await face.do(thing.text.pexpire(200_000, xx=True, gt=True)) is True
        assert 190 < await face.do(thing.text.ttl()) <= 200
        moment = datetime.now(UTC) + timedelta(seconds=300)
        assert await face.do(thing.text.expireat(moment)) is True
        assert await face.do(thing.text.expiretime()) == int(moment.timestamp())
        assert await face.do(thing.text.pexpireat(moment)) is True
        assert await face.do(thing.text.pexpiretime()) == int(moment.timestamp() * 1000)
        assert await face.do(thing.text.persist()) is True
        assert await face.do(thing.text.persist()) is False
        await face.refused(InvalidValue, lambda: thing.text.expire(1, nx=True, xx=True))
        await face.refused(InvalidValue, lambda: thing.text.expire(1, gt=True, lt=True))
        local = datetime(2100, 1, 1)  # noqa: DTZ001
        assert await face.do(thing.text.expireat(local)) is True
        assert await face.do(thing.text.expiretime()) == int(local.timestamp())
        assert await face.do(thing.text.expire(-1)) is True
        assert await face.do(thing.text.get()) is None

    async def test_expiry_of_an_indexed_field_is_refused(self, face, thing):
        await face.do(thing.indexed.set("a"))
        for wrong in (
            lambda: thing.indexed.expire(10),
            lambda: thing.indexed.pexpire(10),
            lambda: thing.indexed.expireat(10),
            lambda: thing.indexed.pexpireat(10),
            lambda: thing.indexed.set("a", ex=10),
            lambda: thing.indexed.setex(10, "a"),
            lambda: thing.indexed.psetex(10, "a"),
            lambda: thing.indexed.getex(px=10),
        ):
            await face.refused(UnsupportedCommand, wrong, match="Thing.indexed is indexed")
        assert await face.do(thing.indexed.getex()) == "a"
        assert await face.do(thing.indexed.ttl()) == -1


class TestInstanceHash:
    async def test_every_command(self, face, thing):
        assert await face.do(thing.two.hget()) is None
        assert await face.do(thing.two.hset(5)) is True
        assert await face.do(thing.two.hset(6)) is False
        assert await face.do(thing.two.hget()) == 6
        assert await face.do(thing.two.hsetnx(7)) is False
        assert await face.do(thing.two.hexists()) is True
        assert await face.do(thing.two.hincrby()) == 7
        assert await face.do(thing.two.hincrby(-10)) == -3
        assert await face.do(thing.two.hstrlen()) == 2
        assert await face.do(thing.three.hincrbyfloat(0.25)) == 0.25
        assert await face.do(thing.three.hget()) == 0.25
        assert await face.do(thing.two.hdel()) is True
        assert await face.do(thing.two.hdel()) is False
        assert await face.do(thing.two.hexists()) is False
        assert await face.do(thing.two.hstrlen()) == 0
        assert await face.do(thing.two.hsetnx(7)) is True

    async def test_short_names(self, face, thing):
        assert await face.do(thing.two.set(5)) is True
        assert await face.do(thing.two.get()) == 5
        assert await face.do(thing.two.exists()) is True
        assert await face.do(thing.two.delete()) is True

    async def test_of_the_model(self, face, thing):
        assert await face.do(thing.hmset(one="y", two=2, only="z")) is True
        assert await face.do(thing.hmget("two", "three", "one")) == [2, None, "y"]
        assert await face.do(thing.hgetall()) == {"one": "y", "two": 2, "only": "z"}
        assert await face.do(thing.hkeys()) == ["one", "two", "only"]
        assert await face.do(thing.hvals()) == ["y", 2, "z"]
        assert await face.do(thing.hlen()) == 3
        assert await face.do(thing.hdel("one", "three", "two")) == 2
        assert await face.do(thing.hgetall()) == {"only": "z"}

    async def test_names_are_checked(self, face, thing):
        for wrong in (
            lambda: thing.hmget("nope"),
            lambda: thing.hmget("text"),
            lambda: thing.hmset(text="x"),
            lambda: thing.hdel("nope"),
        ):
            await face.refused(UnknownField, wrong)
        for wrong in (thing.hmget, thing.hmset, thing.hdel, lambda: thing.hmset(two="x")):
            await face.refused(InvalidValue, wrong)

    async def test_hmset_is_all_or_nothing(self, face, thing):
        other = await face.do(type(thing).create(only="taken", two=1))
        await face.do(thing.hmset(two=2, only="mine"))
        before = state(face.client)
        error = await face.refused(UniquenessError, lambda: thing.hmset(one="new", two=3, only="taken"))
        assert (error.field, error.value, error.owner) == ("only", "taken", await face.do(other.pk.get()))
        assert state(face.client) == before


class TestArguments:
    """Wrong ones are refused before anything is sent; numbers of odd classes are sent as numbers."""

    async def test_refused(self, face, thing):
        await face.do(thing.text.set("1"))
        wrong = (
            lambda: thing.number.incr(1 << 63),
            lambda: thing.number.incr(True),
            lambda: thing.number.decr(-(1 << 63)),
            lambda: thing.two.hincrby(1 << 70),
            lambda: thing.text.incrbyfloat(10**400),
            lambda: thing.text.incrbyfloat(Decimal("sNaN")),
            lambda: thing.text.incrbyfloat(float("inf")),
            lambda: thing.text.append("\ud800"),
            lambda: thing.text.setrange(0, "\ud800"),
            lambda: thing.text.setrange(512 * 1024 * 1024, "x"),
            lambda: thing.text.getrange(1 << 64, 1),
            lambda: thing.text.expire(1 << 64),
            lambda: thing.text.expire(timedelta(milliseconds=900)),
            lambda: thing.text.pexpire(timedelta(microseconds=900)),
            lambda: thing.text.set("x", ex=timedelta(milliseconds=1500)),
            lambda: thing.text.set("x", exat=0),
            lambda: thing.text.set("x", pxat=-5),
            lambda: thing.hmget(["one"]),
            lambda: face.all(face.database.scan_keys(match=5)),
            lambda: face.all(face.database.scan_keys(count=0)),
        )
        with face.sent() as sent:
            for call in wrong:
                await face.refused(ValueError, call)
        assert sent.names == []
        assert await face.do(thing.text.ttl()) == -1

    async def test_numbers_of_odd_classes(self, face, thing):
        class Float(float):
            def __repr__(self):
                return "a float"

        assert await face.do(thing.number.incr(Level.HIGH)) == 2
        assert await face.do(thing.ratio.incrbyfloat(Level.HIGH)) == 2.0
        assert await face.do(thing.ratio.incrbyfloat(Float(0.5))) == 2.5
        assert await face.do(thing.text.getrange(Level.LOW, Level.HIGH)) == ""


class TestTypes:
    VALUES = (
        (str, ["", "a b", "é🐍\0", "{x}*?["]),
        (bytes, [b"", b"\xff\0\r\n"]),
        (int, [0, -1, 2**63 - 1, 10**30]),
        (float, [0.0, -0.5, 1e300, 0.1, float("inf"), 2.0]),
        (bool, [True, False]),
        (Decimal, [Decimal("1.50"), Decimal("1E+3"), Decimal("-0.000001")]),
        (UUID, [UUID("12345678123456781234567812345678")]),
        (datetime, [datetime(2020, 2, 29, 12, 30, 15, 123456, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]),
        (date, [date(2020, 2, 29), date.min]),
        (time, [time(23, 59, 59, 999999), time.min]),
        (timedelta, [timedelta(days=-3, microseconds=1), timedelta.max]),
        (Colour, list(Colour)),
        (Level, list(Level)),
    )

    @pytest.mark.parametrize(("kind", "values"), VALUES, ids=lambda v: getattr(v, "__name__", ""))
    async def test_values_come_back_as_they_were(self, face, kind, values):
        class Typed(face.Model):
            database = face.database
            string = StringField(type=kind, indexable=True, indexes=[EqualIndex])
            entry = InstanceHashField(type=kind, unique=True, indexes=[EqualIndex])

        for value in values:
            made = await face.do(Typed.create(string=value, entry=value))
            for got in (await face.do(made.string.get()), await face.do(made.entry.hget())):
                assert got == value
                assert type(got) is type(value)
            assert await face.do(Typed.get(entry=value)) == made
            assert await face.do(Typed.get(string=value)) == made
            assert (await face.do(made.hgetall())) == {"entry": value}

    WRONG = (
        (str, [1, b"x", None.__class__]),
        (bytes, ["x", 1]),
        (int, ["1", 1.0, True, 10**5000]),
        (float, ["1", True, 10**400]),
        (bool, [1, "1"]),
        (Decimal, [1.5, "1", Decimal("nan"), Decimal("inf")]),
        (UUID, ["12345678123456781234567812345678"]),
        (datetime, [datetime(2020, 1, 1), date(2020, 1, 1), EARLIEST]),  # noqa: DTZ001
        (date, [datetime(2020, 1, 1, tzinfo=UTC), "2020-01-01"]),
        (time, [time(1, tzinfo=UTC), "01:00"]),
        (timedelta, [5]),
        (Colour, ["red", Level.LOW]),
    )

    @pytest.mark.parametrize(("kind", "values"), WRONG, ids=lambda v: getattr(v, "__name__", ""))
    async def test_wrong_values_are_refused_before_anything_is_sent(self, face, kind, values):
        class Typed(face.Model):
            database = face.database
            string = StringField(type=kind, indexable=True)

        made = await face.do(Typed.create())
        with face.sent() as sent:
            for value in values:
                calls = [
                    lambda value=value: made.string.set(value),
                    lambda value=value: Typed.create(string=value),
                    lambda value=value: Typed.collection(string=value),
                ]
                numbers = {int: (bool, int), float: (bool, int), Decimal: (Decimal,)}.get(kind, ())
                for wrong in calls[:-1] if isinstance(value, numbers) else calls:  # filters compare numbers by value
                    error = await face.refused(InvalidValue, wrong, match="Typed.string")
                    assert isinstance(error, ValueError)
        assert sent.names == []

    async def test_moments_are_compared_as_moments(self, face):
        class Event(face.Model):
            database = face.database
            at = InstanceHashField(type=datetime, indexable=True)

        there = datetime(2020, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
        made = await face.do(Event.create(at=there))
        assert await face.do(Event.get(at=there.astimezone(UTC))) == made
        assert await face.do(made.at.hget()) == there

    @pytest.mark.parametrize(
        ("kind", "spellings", "value"),
        [
            (float, ["2", "2.0", "2e0", "200e-2"], 2.0),
            (float, ["0", "-0.0", "0e5"], 0.0),
            (float, ["123456.20000000000000284", "123456.2"], 123456.2),
            (Decimal, ["10.5", "10.50", "10.5000"], Decimal("10.5")),
            (Decimal, ["0", "-0", "-0.00"], Decimal(0)),
            (Decimal, ["100", "100.0", "100.000"], Decimal("1E2")),
            (Decimal, ["1.001", "1.00100"], Decimal("1.001")),
        ],
    )
    async def test_equal_numbers_are_found_however_they_are_written(self, face, kind, spellings, value):
        class Number(face.Model):
            database = face.database
            raw = StringField(type=bytes)
            number = StringField(type=kind, unique=True)

        made = await face.do(Number.create(raw=b"x"))
        layout = Number.number.layout(b"1")
        for spelling in spellings:
            # As INCRBYFLOAT, or another program's write, may leave it: not as our codec writes it.
            step = writes.WriteStep("number", layout, "SET", (spelling,))
            where = Number._schema.keys.partition(b"1")
            await face.do(made._run(writes.write(Number._schema, where, b"1", [step], len, made._set_pk)))
            assert face.client.get("{number}:field:number:1") == spelling.encode()
            assert await face.do(Number.get(number=value)) == made
            assert face.client.hlen("{number}:uniq:number") == 1

    async def test_incrbyfloat_is_indexed_as_it_is_stored(self, face):
        class Number(face.Model):
            database = face.database
            number = StringField(type=float, indexable=True)
            price = InstanceHashField(type=Decimal, unique=True)

        made = await face.do(Number.create(number=1.5, price=Decimal("1.10")))
        assert await face.do(made.number.incrbyfloat(0.5)) == 2.0
        assert await face.all(Number.collection(number=2.0)) == ["1"]
        assert await face.all(Number.collection(number=1.5)) == []
        await face.do(made.number.set(123456.1))
        await face.do(made.number.incrbyfloat(0.1))
        assert await face.all(Number.collection(number=123456.2)) == ["1"]
        assert await face.do(made.price.hincrbyfloat(0.9)) == 2.0
        assert await face.do(Number.get(price=Decimal("2.00"))) == made
        assert await face.do(made.price.hget()) == 2

    async def test_a_decimal_of_many_digits_blocks_nobody(self, face):
        class Number(face.Model):
            database = face.database
            number = StringField(type=Decimal, indexable=True, indexes=[EqualIndex])

        made = await face.do(Number.create(number=Decimal("1E-60000")))
        await in_time(face, lambda: made.number.set(Decimal("2E-60000")), 0.3)
        assert await face.all(Number.collection(number=Decimal("2E-60000"))) == ["1"]

    async def test_stored_values_that_do_not_fit_name_the_key(self, face, thing):
        face.client.set("{thing}:field:number:1", "abc")
        error = await face.refused(StoredValueError, thing.number.get, match="Thing.number")
        assert error.key == "{thing}:field:number:1"
        face.client.hset("{thing}:hash:1", "strict", b"\xff")
        await face.refused(StoredValueError, thing.strict.get, match="Thing.strict")
        face.client.hdel("{thing}:hash:1", "strict")
        face.client.hset("{thing}:hash:1", "two", "x")
        for read in (thing.two.hget, thing.hgetall, thing.hvals, lambda: thing.hmget("two")):
            await face.refused(StoredValueError, read, match="Thing.two")

    async def test_commands_that_would_break_the_type_are_refused(self, face, thing):
        for wrong in (
            lambda: thing.number.append("1"),
            lambda: thing.number.setrange(0, "1"),
            lambda: thing.number.getrange(0, 1),
            lambda: thing.number.incrbyfloat(0.5),
            lambda: thing.number.setbit(0, 1),
            lambda: thing.ratio.incr(),
            lambda: thing.two.hincrbyfloat(0.5),
            lambda: thing.three.hincrby(),
        ):
            await face.refused(UnsupportedCommand, wrong)


class TestWrongType:
    async def test_names_the_key_and_both_types(self, face, thing):
        face.client.rpush("{thing}:field:text:1", "x")
        for call in (
            lambda: thing.text.get(),
            lambda: thing.text.append("x"),
            lambda: type(thing).lazy_connect(1).text.get(),
        ):
            error = await face.refused(WrongTypeError, call)
            assert (error.key, error.expected, error.found) == ("{thing}:field:text:1", "string", "list")
            for part in ("{thing}:field:text:1", "string", "list"):
                assert part in str(error)

    async def test_a_hash_of_another_type(self, face, thing):
        face.client.set("{thing}:hash:1", "x")
        for call in (thing.one.hget, lambda: thing.one.hset("y"), thing.hgetall, lambda: thing.hmset(one="y")):
            error = await face.refused(WrongTypeError, call)
            assert (error.expected, error.found) == ("hash", "string")

    async def test_index_keys(self, face, thing):
        model = type(thing)
        face.client.set("{thing}:uniq:only", "x")
        error = await face.refused(WrongTypeError, lambda: model.get(only="a"))
        assert (error.key, error.expected, error.found) == ("{thing}:uniq:only", "hash", "string")
        face.client.set("{thing}:num:two", "x")
        error = await face.refused(WrongTypeError, lambda: face.all(model.collection(two=1)))
        assert (error.key, error.expected, error.found) == ("{thing}:num:two", "zset", "string")
        face.client.sadd("{thing}:eq:indexed:a", "1")
        await face.refused(LimpydError, lambda: face.all(model.collection(indexed="a", two=1)), match="WRONGTYPE")

    async def test_nothing_is_half_written(self, face, thing):
        model = type(thing)
        face.client.set("{thing}:num:two", "not a sorted set")
        before = state(face.client)
        error = await face.refused(WrongTypeError, lambda: thing.two.hset(7))
        assert (error.key, error.expected, error.found) == ("{thing}:num:two", "zset", "string")
        await face.refused(WrongTypeError, lambda: model.create(indexed="a", one="b", two=7, only="c"))
        await face.refused(WrongTypeError, lambda: thing.hmset(one="new", only="z", two=7))
        assert state(face.client) == before
        face.client.set("{thing}:hash:2", "not a hash")
        before = state(face.client)
        await face.refused(WrongTypeError, lambda: model.create(indexed="a", one="b"))
        assert state(face.client) == before

    async def test_a_deletion_that_fails_deletes_nothing(self, face, thing):
        await face.do(thing.indexed.set("a"))
        await face.do(thing.hmset(two=1, only="x"))
        face.client.delete("{thing}:field:indexed:1")
        face.client.rpush("{thing}:field:indexed:1", "x")
        before = state(face.client)
        await face.refused(WrongTypeError, thing.delete)
        assert state(face.client) == before
