"""What every key can do, the bits of strings, and what strings have in common: on both faces and all servers."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
import redis

from limpyd import InstanceHashField, RedisDatabase, RedisModel, StringField
from limpyd.commands.table import TABLE
from limpyd.exceptions import (
    DoesNotExist,
    InvalidPrimaryKey,
    InvalidValue,
    ServerError,
    ServerTooOld,
    UniquenessError,
    UnsupportedCommand,
    WrongTypeError,
)
from limpyd.fields.hash import HashField
from limpyd.fields.list import ListField
from limpyd.fields.set import SetField
from limpyd.fields.sortedset import SortedSetField
from limpyd.fields.string import CommonSubsequence, Get, IncrBy, Match, Set
from limpyd.fields.string.bits import SINCE_8_2
from limpyd.fields.string.values import IFEQ
from tests.support import command_calls as calls
from tests.support.expected_indexes import inconsistencies, state
from tests.support.server_versions import knows

ODD = ["a\0b", "\N{PILE OF POO} ü", "*[a-z]?", "a\r\nb", "{x}:y"]


@pytest.fixture
def thing(face):
    class Thing(face.Model):
        database = face.database
        text = StringField()
        raw = StringField(type=bytes)
        number = StringField(type=int)
        indexed = StringField(type=bytes, indexable=True)
        only = StringField(type=bytes, unique=True)
        entry = InstanceHashField()

    return Thing


@pytest.fixture
async def two(face, thing):
    """Two objects."""
    return await face.do(thing.create(entry="x")), await face.do(thing.create(entry="y"))


@contextlib.asynccontextmanager
async def nothing_changes(face, model):
    """Whatever is refused within leaves no trace."""
    before = state(face.client)
    yield
    assert state(face.client) == before
    assert inconsistencies(face.client, model) == []


class TestKey:
    async def test_what_is_told_of_a_value(self, face, two):
        text = two[0].text
        await face.do(text.set("\N{PILE OF POO}"))
        assert await face.do(text.type()) == "string"
        assert await face.do(text.touch()) is True
        assert await face.do(text.dump()) == face.client.dump(text.key)
        assert await face.do(text.object_encoding()) == "embstr"
        assert await face.do(text.object_idletime()) == 0
        assert await face.do(text.object_refcount()) >= 1
        assert await face.do(text.memory_usage()) > 10
        assert await face.do(text.memory_usage(samples=0)) > 10

    async def test_what_is_told_of_no_value(self, face, two):
        text = two[0].text
        assert await face.do(text.type()) == "none"
        assert await face.do(text.touch()) is False
        for told in (
            text.dump,
            text.object_encoding,
            text.object_freq,
            text.object_idletime,
            text.object_refcount,
            text.memory_usage,
        ):
            assert await face.do(told()) is None
        await face.refused(InvalidValue, lambda: text.memory_usage(-1))
        await face.refused(InvalidValue, lambda: text.memory_usage("x"))

    async def test_how_often_it_was_used(self, any_face):
        class Thing(any_face.Model):
            database = any_face.database
            text = StringField()

        one = await any_face.do(Thing.create(text="a"))
        await any_face.refused(ServerError, one.text.object_freq, match="LFU")
        any_face.client.config_set("maxmemory-policy", "allkeys-lfu")
        try:
            assert await any_face.do(one.text.object_freq()) >= 0
        finally:
            any_face.client.config_set("maxmemory-policy", "noeviction")

    async def test_what_is_told_of_a_deleted_object(self, face, thing, two):
        await face.do(two[0].delete())
        for name, args in calls.KEY_DETAILS.items():
            given = [two[1].text if arg is calls.OTHER else arg for arg in args]
            await face.refused(DoesNotExist, lambda n=name, a=given: getattr(thing.lazy_connect(1).text, n)(*a))
        await face.refused(DoesNotExist, lambda: two[1].text.copy(two[0].text))

    async def test_unlink(self, face, thing, two):
        one, other = two
        await face.do(one.only.set(b"a"))
        assert await face.do(one.only.unlink()) is True
        assert await face.do(one.only.unlink()) is False
        assert await face.do(other.only.set(b"a")) is True
        assert inconsistencies(face.client, thing) == []


class TestCopy:
    async def test_copy(self, face, two):
        one, other = two
        for odd in ODD:
            await face.do(one.text.set(odd))
            assert await face.do(one.text.copy(other.text, replace=True)) is True
            assert await face.do(other.text.get()) == odd
        await face.do(one.text.set("new"))
        assert await face.do(one.text.copy(other.text)) is False
        assert await face.do(other.text.get()) == ODD[-1]
        await face.do(one.text.delete())
        assert await face.do(one.text.copy(other.text, replace=True)) is False
        assert await face.do(other.text.get()) == ODD[-1]

    async def test_expiry(self, face, two):
        one, other = two
        await face.do(one.raw.set(b"a", ex=100))
        assert await face.do(one.raw.copy(other.raw)) is True
        assert 90 < await face.do(other.raw.ttl()) <= 100
        assert await face.do(one.raw.copy(other.indexed)) is True
        assert await face.do(other.indexed.ttl()) == -1

    async def test_index_of_the_destination(self, face, thing, two):
        one, other = two
        await face.do(one.raw.set(b"\0\xff"))
        await face.do(other.only.set(b"old"))
        assert await face.do(one.raw.copy(other.indexed)) is True
        assert await face.do(one.raw.copy(other.only, replace=True)) is True
        assert await face.all(thing.collection(indexed=b"\0\xff", only=b"\0\xff")) == ["2"]
        assert await face.all(thing.collection(only=b"old")) == []
        assert inconsistencies(face.client, thing) == []
        await face.do(one.only.set(b"mine"))
        await face.do(other.raw.set(b"mine", px=100_000))
        async with nothing_changes(face, thing):
            error = await face.refused(UniquenessError, lambda: one.only.copy(other.only, replace=True))
            assert (error.value, error.owner) == (b"mine", "1")
            await face.refused(UniquenessError, lambda: other.raw.copy(other.only, replace=True))

    async def test_what_is_no_destination(self, face, thing, two):
        one, other = two
        await face.do(one.text.set("a"))
        with face.sent() as sent:
            for wrong in (
                lambda: one.text.copy(one.text),
                lambda: one.text.copy(thing.lazy_connect(1).text),
                lambda: one.text.copy(other.raw),
                lambda: one.text.copy(other.entry),
                lambda: one.text.copy(thing.text),
                lambda: one.text.copy(other),
                lambda: one.text.copy("2"),
            ):
                await face.refused(InvalidValue, wrong)
            await face.refused(InvalidPrimaryKey, lambda: one.text.copy(thing._empty().text))
        assert sent.names == []
        assert await face.do(one.text.get()) == "a"

    @pytest.mark.parametrize(
        ("kind", "value"),
        [(SetField, ["a", "*"]), (ListField, ["a", "b", "a"]), (SortedSetField, {"a": 1.5}), (HashField, {"a": "\0"})],
        ids=lambda given: getattr(given, "__name__", ""),
    )
    async def test_fields_of_many_members(self, face, kind, value):
        class Many(face.Model):
            database = face.database
            plain = kind()
            only = kind(unique=True)
            name = InstanceHashField()

        one = await face.do(Many.create(plain=value))
        two, three = await face.do(Many.create(name="b")), await face.do(Many.create(name="c"))
        await face.do(one.plain.expire(100))
        assert await face.do(one.plain.copy(two.plain)) is True
        assert await face.do(two.plain.ttl()) > 90
        assert await face.do(one.plain.copy(two.only)) is True
        assert await face.do(two.only.ttl()) == -1
        assert face.client.type(two.only.key) == face.client.type(one.plain.key)
        before = state(face.client)
        error = await face.refused(UniquenessError, lambda: one.plain.copy(three.only))
        assert error.owner == "2"
        assert state(face.client) == before
        assert await face.do(two.only.unlink()) is True
        assert await face.do(one.plain.copy(three.only)) is True
        await face.do(three.delete())
        assert await face.do(one.plain.copy(two.only)) is True

    async def test_onto_an_object_made_with_it(self, face, thing, two):
        """The source has no primary key yet: there is nothing to copy, and nothing is made."""
        assert await face.do((await face.do(thing.create())).text.copy(two[0].text)) is False
        assert await face.do(thing.collection().count()) == 2


class TestBitfield:
    async def test_numbers(self, face, two):
        raw = two[0].raw
        assert await face.do(raw.bitfield_ro(Get("u8", 0), Get("i64", "#3"))) == [0, 0]
        assert await face.do(raw.bitfield(Get("u8", 0))) == [0]
        assert await face.do(raw.exists()) is False
        assert await face.do(raw.bitfield(Set("u8", "#1", 65), Set("i8", 0, -1), Get("u8", "#1"))) == [0, 0, 65]
        assert await face.do(raw.get()) == b"\xffA"
        assert await face.do(raw.bitfield_ro(Get("u4", 4), Get("i8", 0), Get("u8", "#1"))) == [15, -1, 65]

    async def test_overflow_is_that_of_each_operation(self, face, two):
        raw = two[0].raw
        done = await face.do(
            raw.bitfield(
                IncrBy("u2", 0, 5),
                IncrBy("u2", 2, 5, overflow="SAT"),
                IncrBy("u2", 4, 5, overflow="FAIL"),
                Get("u2", 2),
                IncrBy("u2", 6, 5),
                Set("i4", 8, 100, overflow="sat"),
                IncrBy("i4", 8, 0),
            )
        )
        assert done == [1, 3, None, 3, 1, 0, 7]

    async def test_indexes(self, face, thing, two):
        one, other = two
        await face.do(one.indexed.bitfield(Set("u8", 0, 0), Set("u8", "#1", 200)))
        assert await face.all(thing.collection(indexed=b"\0\xc8")) == ["1"]
        await face.do(one.only.bitfield(Set("u8", 0, 65)))
        await face.do(other.only.bitfield(Set("u8", 0, 66)))
        assert inconsistencies(face.client, thing) == []
        async with nothing_changes(face, thing):
            error = await face.refused(UniquenessError, lambda: other.only.bitfield(IncrBy("u8", 0, -1)))
        assert (error.value, error.owner) == (b"A", "1")

    async def test_wrong_arguments(self, any_face):
        class Thing(any_face.Model):
            database = any_face.database
            raw = StringField(type=bytes)
            number = StringField(type=int)

        one = await any_face.do(Thing.create(raw=b"a"))
        with any_face.sent() as sent:
            for wrong in (
                one.raw.bitfield,
                one.raw.bitfield_ro,
                lambda: one.raw.bitfield("GET u8 0"),
                lambda: one.raw.bitfield_ro(Set("u8", 0, 1)),
            ):
                await any_face.refused(InvalidValue, wrong)
            await any_face.refused(UnsupportedCommand, lambda: one.number.bitfield(Get("u8", 0)))
            await any_face.refused(UnsupportedCommand, lambda: one.number.bitfield_ro(Get("u8", 0)))
        assert sent.names == []

    @pytest.mark.parametrize(
        "wrong",
        [
            lambda: Get("u64", 0),
            lambda: Get("i65", 0),
            lambda: Get("u0", 0),
            lambda: Get("U8", 0),
            lambda: Get("8", 0),
            lambda: Get(8, 0),
            lambda: Get("u8", -1),
            lambda: Get("u8", "-1"),
            lambda: Get("u8", "#"),
            lambda: Get("u8", "# 1"),
            lambda: Get("u8", "\N{ARABIC-INDIC DIGIT ONE}"),
            lambda: Get("u8", "#536870912"),
            lambda: Get("u8", 2**32 - 7),
            lambda: Get("u8", True),
            lambda: Get("u8", None),
            lambda: Set("u8", 0, "1.5"),
            lambda: Set("u8", 0, 2**63),
            lambda: Set("u8", 0, 1, overflow="STOP"),
            lambda: IncrBy("u8", 0, 1.5),
            lambda: IncrBy("u8", 0, 1, overflow=None),
        ],
    )
    def test_operations_that_there_are_not(self, wrong):
        with pytest.raises(InvalidValue, match="BITFIELD"):
            wrong()

    def test_largest_offsets(self):
        assert Get("i64", "#67108863").args == ("GET", "i64", "#67108863")
        assert Get("u8", 2**32 - 8).args == ("GET", "u8", 2**32 - 8)

    def test_operations_show_what_they_do(self):
        assert repr(IncrBy("u8", "#1", 5, overflow="SAT")) == "IncrBy('u8', '#1', 5)"


class TestBitop:
    async def test_operations(self, face, two):
        one, other = two
        await face.do(one.raw.set(b"\x0f\xff"))
        await face.do(other.raw.set(b"\x33"))
        for operation, expected in (
            ("AND", b"\x03\x00"),
            ("OR", b"\x3f\xff"),
            ("xor", b"\x3c\xff"),
        ):
            assert await face.do(one.indexed.bitop(operation, one.raw, other.raw)) == 2
            assert await face.do(one.indexed.get()) == expected
        assert await face.do(one.raw.bitop("NOT", one.raw)) == 2
        assert await face.do(one.raw.get()) == b"\xf0\x00"

    @pytest.mark.each_server
    async def test_operations_of_redis_8(self, face, two):
        one, other = two
        await face.do(one.raw.set(b"\x0f"))
        await face.do(other.raw.set(b"\x33"))
        for operation, expected in (("DIFF", 0x0C), ("DIFF1", 0x30), ("ANDOR", 0x03), ("ONE", 0x3C)):
            call = lambda operation=operation: one.indexed.bitop(operation, one.raw, other.raw)  # noqa: E731
            if knows(face, SINCE_8_2):
                assert await face.do(call()) == 1
                assert await face.do(one.indexed.get()) == bytes([expected])
            else:
                await face.refused(ServerTooOld, call, match=r"Redis 8\.2")

    async def test_of_nothing(self, face, thing, two):
        one, other = two
        await face.do(one.indexed.set(b"a"))
        assert await face.do(one.indexed.bitop("OR", one.raw, other.raw)) == 0
        assert await face.do(one.indexed.exists()) is False
        assert inconsistencies(face.client, thing) == []

    async def test_indexes(self, face, thing, two):
        one, other = two
        await face.do(one.raw.set(b"\0*"))
        await face.do(one.only.bitop("OR", one.raw))
        await face.do(one.indexed.bitop("OR", one.raw))
        await face.do(other.only.set(b"other"))
        assert await face.all(thing.collection(only=b"\0*", indexed=b"\0*")) == ["1"]
        assert inconsistencies(face.client, thing) == []
        async with nothing_changes(face, thing):
            error = await face.refused(UniquenessError, lambda: other.only.bitop("OR", one.raw))
        assert (error.field, error.owner) == ("only", "1")

    async def test_deleted_objects(self, face, thing, two):
        one, other = two
        await face.do(one.raw.set(b"a"))
        await face.do(other.delete())
        async with nothing_changes(face, thing):
            await face.refused(DoesNotExist, lambda: other.raw.bitop("OR", one.raw))
            await face.refused(DoesNotExist, lambda: one.raw.bitop("OR", thing.lazy_connect(2).raw))

    async def test_makes_an_object(self, face, thing, two):
        await face.do(two[0].raw.set(b"a"))
        new = await face.do(thing.create())
        assert await face.do(new.raw.bitop("OR", two[0].raw)) == 1
        assert await face.do(new.raw.get()) == b"a"
        assert await face.do(thing.collection().count()) == 3

    async def test_wrong_arguments(self, face, two):
        one, other = two
        with face.sent() as sent:
            for wrong in (
                lambda: one.raw.bitop("OR"),
                lambda: one.raw.bitop("NAND", other.raw),
                lambda: one.raw.bitop("NOT", one.raw, other.raw),
                lambda: one.raw.bitop("DIFF", one.raw),
                lambda: one.raw.bitop("ANDOR", one.raw),
                lambda: one.raw.bitop("OR", other.text),
                lambda: one.raw.bitop("OR", other.entry),
                lambda: one.raw.bitop("OR", b"a"),
            ):
                await face.refused(InvalidValue, wrong)
            await face.refused(UnsupportedCommand, lambda: one.number.bitop("OR", other.number))
        assert sent.names == []


class TestStrings:
    async def test_substr(self, face, two):
        text = two[0].text
        assert await face.do(text.substr(0)) == ""
        await face.do(text.set("Hello"))
        assert await face.do(text.substr(1)) == "ello"
        assert await face.do(text.substr(-3, -2)) == "ll"
        await face.refused(InvalidValue, lambda: text.substr("x"), match="SUBSTR")
        await face.refused(UnsupportedCommand, lambda: two[0].number.substr(0))

    async def test_lcs(self, face, two):
        one, other = two
        assert await face.do(one.text.lcs(other.text)) == ""
        assert await face.do(one.text.lcs_idx(other.text)) == CommonSubsequence([], 0)
        await face.do(one.text.set("ohmytext"))
        assert await face.do(one.text.lcs_len(other.text)) == 0
        await face.do(other.text.set("mynewtext"))
        assert await face.do(one.text.lcs(other.text)) == "mytext"
        assert await face.do(one.text.lcs_len(other.text)) == 6
        text, my = Match(4, 7, 5, 8, 4), Match(2, 3, 0, 1, 2)
        assert await face.do(one.text.lcs_idx(other.text)) == CommonSubsequence([text, my], 6)
        assert await face.do(one.text.lcs_idx(other.text, minmatchlen=4)) == CommonSubsequence([text], 6)
        assert await face.do(one.text.lcs(one.text)) == "ohmytext"

    async def test_lcs_of_odd_text(self, face, two):
        one, other = two
        for odd in ODD:
            await face.do(one.text.set("(" + odd + ")"))
            await face.do(other.text.set("[" + odd + "]"))
            assert odd in await face.do(one.text.lcs(other.text))
        await face.do(one.text.set("ä"))
        await face.do(other.text.set("ö"))
        assert await face.do(one.text.lcs(other.text)) == "\udcc3"  # half of a character
        assert await face.do(one.text.lcs_len(other.text)) == 1

    async def test_lcs_refused(self, face, thing, two):
        one, other = two
        with face.sent() as sent:
            for wrong in (
                lambda: one.text.lcs(other.raw),
                lambda: one.text.lcs_len("abc"),
                lambda: one.text.lcs_idx(other.text, minmatchlen=-1),
                lambda: one.text.lcs(None),
            ):
                await face.refused(InvalidValue, wrong)
            await face.refused(UnsupportedCommand, lambda: one.number.lcs(other.number))
        assert sent.names == []
        await face.do(other.delete())
        await face.refused(DoesNotExist, lambda: one.text.lcs(thing.lazy_connect(2).text))
        await face.refused(DoesNotExist, lambda: thing.lazy_connect(2).text.lcs_idx(one.text))

    @pytest.mark.each_server
    async def test_delifeq(self, face, thing, two):
        one, other = two
        await face.do(one.only.set(b"\0*"))
        await face.do(one.indexed.set(b"a"))
        if not knows(face, TABLE["DELIFEQ"].needs):
            async with nothing_changes(face, thing):
                await face.refused(ServerTooOld, lambda: one.only.delifeq(b"\0*"), match=r"Valkey 9\.0")
            return
        assert await face.do(one.only.delifeq(b"*")) is False
        assert await face.do(one.only.get()) == b"\0*"
        assert inconsistencies(face.client, thing) == []
        assert await face.do(one.only.delifeq(b"\0*")) is True
        assert await face.do(one.only.delifeq(b"\0*")) is False
        assert await face.do(one.indexed.delifeq(b"a")) is True
        assert await face.do(other.only.set(b"\0*")) is True
        assert inconsistencies(face.client, thing) == []
        await face.refused(InvalidValue, lambda: one.only.delifeq("a"))
        await face.do(one.delete())
        await face.refused(DoesNotExist, lambda: one.only.delifeq(b"a"))

    @pytest.mark.each_server
    async def test_set_ifeq(self, face, thing, two):
        one, other = two
        await face.do(one.only.set(b"a"))
        await face.do(other.only.set(b"b"))
        for wrong in (
            lambda: one.only.set(b"c", nx=True, ifeq=b"a"),
            lambda: one.only.set(b"c", xx=True, ifeq=b""),
            lambda: one.only.set(b"c", ifeq="a"),
        ):
            await face.refused(InvalidValue, wrong)
        if not knows(face, IFEQ):
            async with nothing_changes(face, thing):
                await face.refused(ServerTooOld, lambda: one.only.set(b"c", ifeq=b"a"), match=r"Valkey 8\.1")
            return
        assert await face.do(one.only.set(b"c", ifeq=b"x")) is False
        async with nothing_changes(face, thing):
            await face.refused(UniquenessError, lambda: one.only.set(b"b", ifeq=b"a"))
        assert await face.do(one.only.set(b"c", ifeq=b"a")) is True
        assert await face.do(one.only.set(b"d", ifeq=b"a", get=True)) == b"c"
        assert await face.do(one.only.set(b"d", ifeq=b"c", get=True)) == b"c"
        assert await face.do(one.only.get()) == b"d"
        assert inconsistencies(face.client, thing) == []
        assert await face.do(one.number.set(0)) is True
        assert await face.do(one.number.set(1, ifeq=0, ex=100)) is True

    async def test_expiry_survives_a_refusal(self, face, thing, two):
        """Commands on several values, of which a later one is refused."""
        await face.do(two[0].raw.set(b"a", pxat=datetime.now(UTC) + timedelta(hours=1)))
        face.client.lpush(two[1].indexed.key, "x")
        async with nothing_changes_but_lists(face):
            await face.refused(WrongTypeError, lambda: two[0].raw.copy(two[1].indexed, replace=True))


@contextlib.asynccontextmanager
async def nothing_changes_but_lists(face):
    before = state(face.client)
    yield
    assert state(face.client) == before


@pytest.mark.each_server
def test_resp3(server):
    class Thing(RedisModel):
        database = RedisDatabase(client=redis.Redis(port=server.port, protocol=3))
        text = StringField()

    one, other = Thing.create(text="abc"), Thing.create(text="xbc")
    assert one.text.lcs_idx(other.text) == CommonSubsequence([Match(1, 2, 1, 2, 2)], 2)
    assert Thing.lazy_connect(1).text.lcs_idx(other.text) == CommonSubsequence([Match(1, 2, 1, 2, 2)], 2)
    assert one.text.type() == "string"
    assert one.text.object_encoding() == "embstr"
    assert one.text.copy(other.text, replace=True) is True
    assert one.text.bitfield(IncrBy("u2", 0, 9, "FAIL"), Get("u8", 0)) == [None, 97]


@pytest.mark.parametrize("lazy", [False, True])
async def test_one_call_is_one_request(any_face, lazy):
    class Thing(any_face.Model):
        database = any_face.database
        text = StringField()
        indexed = StringField(indexable=True)

    one = await any_face.do(Thing.create(text="1", indexed="1"))
    await any_face.do(Thing.create(text="2", indexed="2"))
    for warm in range(2):  # the first time the server learns the scripts
        for field in ("text", "indexed"):
            for name, args in {**calls.KEY_DETAILS, **calls.BITS, **calls.STRING_COMPARISON}.items():
                await any_face.do(one.text.set("1"))
                await any_face.do(one.indexed.set("1"))
                instance = Thing.lazy_connect(1) if lazy else one
                other = getattr(Thing.lazy_connect(2) if lazy else Thing._connected(b"2"), field)
                with any_face.sent() as sent, contextlib.suppress(ServerError):
                    call = getattr(getattr(instance, field), name)
                    await any_face.do(call(*(other if arg is calls.OTHER else arg for arg in args)))
                assert len(sent.names) == 1 or not warm, (field, name)
