"""A field without a type takes what redis-py takes, everywhere, and returns text."""

from __future__ import annotations

import enum
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from limpyd import (
    DoesNotExist,
    EqualIndex,
    EqualIndexWith,
    FKInstanceHashField,
    FKStringField,
    GeoField,
    HashField,
    HyperLogLogField,
    InstanceHashField,
    ListField,
    M2MListField,
    M2MSetField,
    NumberRangeIndex,
    PKField,
    SetField,
    SortedSetField,
    StreamField,
    StringField,
    TextRangeIndex,
    UniquenessError,
)
from limpyd.exceptions import DeclarationError, InvalidPrimaryKey, InvalidValue, StoredValueError
from tests.support.expected_indexes import inconsistencies, state


class Level(enum.IntEnum):
    LOW = 1


class Colour(enum.StrEnum):
    RED = "red"


class Plain(enum.Enum):
    ONE = 1


class Money(Decimal):
    def __format__(self, spec):
        return "$" + super().__format__(spec)


TAKEN = [
    "5",
    "é\0:*",
    b"5",
    b"\xff\xfe",
    bytearray(b"ab"),
    memoryview(b"abcd")[::2],
    5,
    2**70,
    1.0,
    -0.0,
    0.1 + 0.2,
    float("inf"),
    float("nan"),
]
"""What redis-py takes."""
MORE = {
    Decimal("1.50"): b"1.50",
    Decimal("1E+3"): b"1000",
    Decimal("-0.1"): b"-0.1",
    Level.LOW: b"1",
    Colour.RED: b"red",
    Money("2.50"): b"2.50",
}
"""What it does not take, or stores the repr of."""


def shown(value):
    return f"memoryview {bytes(value)!r}" if isinstance(value, memoryview) else repr(value)


def encoded(face, value):
    """The stored form of a value: what redis-py stores."""
    if type(value) in {Decimal, Money, Level, Colour}:
        return MORE[value]
    face.client.set("oracle", value)
    stored = face.client.get("oracle")
    face.client.delete("oracle")
    return stored


def text(stored):
    return stored.decode("utf-8", "surrogateescape")


@pytest.fixture
def thing(any_face):
    class Other(any_face.Model):
        database = any_face.database
        code = PKField()
        note = InstanceHashField()

    class Thing(any_face.Model):
        database = any_face.database
        string = StringField()
        entry = InstanceHashField()
        given = InstanceHashField(indexable=True)
        word = StringField(indexes=[TextRangeIndex])
        loose = InstanceHashField(indexes=[TextRangeIndex(case_sensitive=False)])
        changed = InstanceHashField(indexes=[EqualIndex(transform=lambda value: "<" + value)])
        owned = StringField(unique=True)
        first = InstanceHashField(indexes=[EqualIndexWith(other_fields=["second"])])
        second = InstanceHashField()
        tags = SetField(indexable=True)
        queue = ListField(indexable=True)
        board = SortedSetField(indexable=True)
        heads = HashField(indexable=True)
        places = GeoField(indexable=True)
        log = StreamField()
        seen = HyperLogLogField()
        to = FKStringField(Other, related_name="things")
        near = FKInstanceHashField(Other, related_name="near", check=False)
        friends = M2MSetField(Other, related_name="friends")
        line = M2MListField(Other, related_name="lines")

    Thing.other = staticmethod(lambda: Other)
    return Thing


@pytest.mark.parametrize("value", [*TAKEN, *MORE], ids=shown)
class TestTaken:
    async def test_one_value(self, any_face, thing, value):
        do, client = any_face.do, any_face.client
        stored = encoded(any_face, value)
        made = await do(thing.create(string=value, entry=value, word=value, owned=value))
        key = made.string.key
        assert (client.get(key), client.hget("{thing}:hash:1", "entry")) == (stored, stored)
        assert await do(made.string.get()) == await do(made.entry.get()) == text(stored)
        for change in (
            lambda: made.string.set(value),
            lambda: made.string.getset(value),
            lambda: made.string.setex(100, value),
            lambda: made.string.psetex(100_000, value),
            lambda: made.string.setnx(value),
            lambda: made.string.append(value),
            lambda: made.string.setrange(0, value),
            lambda: made.update(string=value),
            lambda: thing.update(1, string=value),
            lambda: thing.bulk_update([(1, {"string": value})]),
            lambda: thing.collection(pk=1).update(string=value),
        ):
            await do(made.string.delete())
            await do(change())
            assert client.get(key) or stored == b""
        for change in (
            lambda: made.entry.hset(value),
            lambda: made.entry.set(value),
            lambda: made.entry.hsetnx(value),
            lambda: made.hmset(entry=value),
            lambda: thing.bulk_update([{"pk": 1, "entry": value}]),
        ):
            await do(made.entry.delete())
            await do(change())
            assert client.hget("{thing}:hash:1", "entry") == stored
        assert await do(made.hmget("entry")) == [text(stored)]
        assert inconsistencies(client, thing) == []

    async def test_members(self, any_face, thing, value):
        if isinstance(value, bytearray):
            pytest.skip("no key of a dict")
        do, client = any_face.do, any_face.client
        stored = encoded(any_face, value)
        one = await do(
            thing.create(
                tags=[value],
                queue=[value],
                board={value: 1},
                heads={value: value},
                places={value: (1, 2)},
                seen=[value],
            )
        )
        await do(one.log.xadd({value: value}))
        two = await do(thing.create())
        await do(two.tags.sadd(value))
        await do(two.queue.rpush(value))
        await do(two.queue.linsert("BEFORE", value, value))
        await do(two.queue.lset(0, value))
        await do(two.queue.ltrim(0, 0))
        await do(two.board.zadd({value: 1}))
        await do(two.heads.hset(value, value))
        await do(two.places.geoadd({value: (1, 2)}))
        await do(two.log.xadd({value: value}))
        await do(two.seen.pfadd(value))
        for each in (one, two):
            assert await do(each.tags.smembers()) == {text(stored)}
            assert await do(each.tags.sismember(value)) is True
            assert await do(each.queue.lrange(0, -1)) == [text(stored)]
            assert await do(each.queue.lpos(value)) == 0
            assert await do(each.queue.lcontains(value)) is True
            assert await do(each.board.zrange(0, -1)) == [text(stored)]
            assert await do(each.board.zscore(value)) == 1
            assert await do(each.heads.hgetall()) == {text(stored): text(stored)}
            assert await do(each.heads.hget(value)) == text(stored)
            assert await do(each.places.geosearch(value, radius=1)) == [text(stored)]
            assert [*(await do(each.log.xrange()))[0].fields.values()] == [text(stored)]
            assert await do(each.seen.pfcount()) == 1
            assert client.smembers(each.tags.key) == {stored}
            assert client.hgetall(each.heads.key) == {stored: stored}
        assert inconsistencies(client, thing) == []
        for name in ("tags", "queue", "board", "places"):
            for filters in ({name: value}, {f"{name}__in": [value]}, {f"{name}__contains": value}):
                assert sorted(await any_face.all(thing.collection(**filters))) == ["1", "2"], filters
        assert sorted(await any_face.all(thing.collection(thing.heads[value] == value))) == ["1", "2"]
        await do(two.tags.srem(value))
        await do(two.queue.lrem(0, value))
        await do(two.board.zrem(value))
        await do(two.heads.hdel(value))
        assert await any_face.all(thing.collection(tags=value)) == ["1"]
        assert inconsistencies(client, thing) == []

    async def test_found_by_whatever_is_stored_alike(self, any_face, thing, value):
        stored = encoded(any_face, value)
        names = ("given", "word", "loose", "changed", "owned", "first")
        await any_face.do(thing.create(**dict.fromkeys(names, value), second="z"))
        await any_face.do(thing.create(**dict.fromkeys(names, "another"), second="z"))
        for same in (value, stored, text(stored), bytearray(stored)):
            for name in ("given", "word", "owned"):
                field = thing.get_field(name)
                for found in (
                    thing.collection(**{name: same}),
                    thing.collection(**{f"{name}__eq": same}),
                    thing.collection(**{f"{name}__in": [same, "no"]}),
                    thing.collection(field == same),
                    thing.collection(field.in_({"no", text(stored)})),
                    thing.collection().exclude(field != same),
                ):
                    assert await any_face.all(found) == ["1"], (name, same)
            for filters in (
                {"word__between": (same, same)},
                {"word__startswith": same, "word": same},
                {"word__gte": same, "word__lte": same},
                {"first": same, "second": "z"},
                {"changed": b"<" + stored},
                {"loose": same},
            ):
                assert await any_face.all(thing.collection(**filters)) == ["1"], filters
            assert await any_face.do(thing.exists(given=same)) is True
            assert (await any_face.do(thing.get(owned=same)))._pk == "1"
            assert (await any_face.do(thing.get_or_connect(owned=same)))._pk == "1"
            assert (await any_face.do(thing.get_or_create(given=same)))[1] is False

    async def test_primary_keys_and_references(self, any_face, thing, value):
        do, client = any_face.do, any_face.client
        stored = encoded(any_face, value)
        other = thing.other()
        await do(other.create(code=value, note="n"))
        assert client.smembers("{other}:pks") == {stored}
        for same in (value, stored, text(stored)):
            assert (await do(other.get(same)))._pk == text(stored)
            assert await do(other.exists(pk=same)) is True
            assert await any_face.all(other.collection(pk__in=[same])) == [text(stored)]
            (found,) = await do(other.from_pks([same]))
            assert found == await do(other.lazy_connect(same))
        await do(other.update(value, note="m"))
        await any_face.refused(UniquenessError, lambda: other.create(pk=stored))
        one = await do(thing.create(to=value, near=value, friends=[value], line=[value]))
        await do(one.to.set(value))
        await do(one.near.hset(value))
        await do(one.friends.sadd(value))
        await do(one.line.rpush(value))
        for filters in ({"to": value}, {"near": value}, {"friends": value}, {"line__in": [value]}, {"to__pk": value}):
            assert await any_face.all(thing.collection(**filters)) == ["1"]
        assert await do(one.to.get()) == text(stored)
        assert (await do(one.to.instance()))._pk == text(stored)
        assert await any_face.all(other.collection().intersect([value])) == [text(stored)]
        await do(other.bulk_delete([value]))
        assert await do(one.to.get()) is None

    async def test_defaults_and_bulk(self, any_face, thing, value):
        stored = encoded(any_face, value)

        class Given(any_face.Model):
            database = any_face.database
            string = StringField(default=value)
            entry = InstanceHashField(default=lambda: value, indexable=True)

        one = await any_face.do(Given.create())
        assert await any_face.do(one.string.get()) == await any_face.do(one.entry.get()) == text(stored)
        await any_face.do(Given.bulk_create([{"string": value}, {"entry": value}]))
        assert await any_face.do(Given.collection(entry=value).count()) == 3
        rows = await any_face.all(Given.collection().values_list("string", "entry"))
        assert rows == [(text(stored), text(stored))] * 3
        assert await any_face.do(Given.collection().count_by("entry")) == {text(stored): 3}

    async def test_unique(self, any_face, thing, value):
        stored = encoded(any_face, value)
        one = await any_face.do(thing.create(owned=value))
        other = await any_face.do(thing.create(owned="taken"))
        for same in (value, stored, text(stored)):
            await any_face.refused(UniquenessError, lambda same=same: thing.create(owned=same))
            await any_face.refused(UniquenessError, lambda same=same: other.owned.set(same))
        await any_face.do(one.owned.set(value))  # its own
        await any_face.do(one.owned.set("free"))
        await any_face.do(other.owned.set(value))


class TestNumbers:
    @pytest.fixture
    def counted(self, any_face):
        class Counted(any_face.Model):
            database = any_face.database
            number = StringField(indexes=[NumberRangeIndex])
            both = InstanceHashField(indexes=[EqualIndex, NumberRangeIndex(prefix="n")])
            numbers = SetField(indexes=[NumberRangeIndex])

        return Counted

    async def test_ranges(self, any_face, counted):
        for value in (1, "2", b"3", 4.0, Decimal("5.0"), "5e0"):
            await any_face.do(counted.create(number=value, both=value, numbers=[value]))
        for filters, found in (
            ({"number": 4}, "4"),
            ({"number": 4.0}, "4"),
            ({"number": "4"}, "4"),
            ({"number": Decimal(4)}, "4"),
            ({"number": b"4.00"}, "4"),
            ({"number": 5}, "56"),
            ({"number__in": [1, 2.0, "3", b"7"]}, "123"),
            ({"number__gte": 3, "number__lt": 5.0}, "34"),
            ({"number__between": ("2", 3.5)}, "23"),
            ({"number__gt": Decimal("4.5")}, "56"),
            ({"number__lte": Level.LOW}, "1"),
            ({"number__ne": 1}, "23456"),
            ({"both__n__gte": 5}, "56"),
            ({"both": 4}, ""),  # stored as redis-py stores it: "4.0"
            ({"both": 4.0}, "4"),
            ({"numbers": 3}, "3"),
            ({"numbers__gte": 4.5}, "56"),
        ):
            assert sorted(await any_face.all(counted.collection(**filters))) == [*found], filters
        assert await any_face.all(counted.collection(counted.number >= 4, counted.number < 5)) == ["4"]
        assert inconsistencies(any_face.client, counted) == []

    async def test_what_is_no_number(self, any_face, counted):
        for value in ("x", float("nan")):
            await any_face.refused(InvalidValue, lambda value=value: counted.create(number=value), match="number")
        for wrong in (True, None, date(2020, 1, 1), [1]):
            await any_face.refused(ValueError, lambda wrong=wrong: counted.collection(number=wrong).count())

    async def test_counted_on_what_was_set(self, any_face, counted):
        one = await any_face.do(counted.create(number=5))
        assert await any_face.do(one.number.incr()) == 6
        assert await any_face.do(one.number.incrbyfloat(0.5)) == 6.5
        assert await any_face.all(counted.collection(number=6.5)) == ["1"]


CURES = [
    (True, "type=bool"),
    (None, r"delete\(\)"),
    (datetime(2020, 1, 1, tzinfo=UTC), "type=datetime"),
    (date(2020, 1, 1), "type=date"),
    (UUID(int=1), "type=UUID"),
    (Plain.ONE, "type=Plain"),
    (["a"], "ListField"),
    ({"a": 1}, "HashField"),
    (object(), "convert it"),
    ("\ud800", "surrogates not allowed"),
    (Decimal("NaN"), "finite"),
]


class TestRefused:
    @pytest.mark.parametrize(("wrong", "cure"), CURES, ids=lambda each: repr(each)[:20])
    async def test_with_the_cure(self, any_face, thing, wrong, cure):
        one = await any_face.do(thing.create(string="x", tags=["x"]))
        before = state(any_face.client)
        with any_face.sent() as sent:
            for refused in (
                lambda: one.string.set(wrong),
                lambda: one.string.append(wrong),
                lambda: one.entry.hset(wrong),
                lambda: one.hmset(entry=wrong),
                lambda: one.queue.rpush("a", wrong),
                lambda: one.tags.sadd("a", wrong),
                lambda: one.board.zadd({"a": 1, wrong: 1}) if wrong.__hash__ else one.string.set(wrong),
                lambda: one.heads.hset("a", wrong),
                lambda: one.heads.hmset({"a": wrong}),
                lambda: one.log.xadd({"a": wrong}),
                lambda: one.seen.pfadd("a", wrong),
                lambda: thing.create(tags=[wrong]),
                lambda: one.update(tags=[wrong]),
            ):
                if wrong is None and refused.__code__.co_consts[-1:] == ("a",):
                    continue
                await any_face.refused(InvalidValue, refused, match=cure)
            if wrong is not None:
                await any_face.refused(InvalidValue, lambda: thing.create(string=wrong), match=cure)
                await any_face.refused(InvalidValue, lambda: one.update(string=wrong), match=cure)
                await any_face.refused(
                    InvalidValue, lambda: any_face.do(thing.collection(given=wrong).count()), match=cure
                )
        assert sent.names == []
        assert state(any_face.client) == before

    def test_as_a_default(self, any_face):
        with pytest.raises((InvalidValue, DeclarationError), match="type=bool"):
            type("Given", (any_face.Model,), {"database": any_face.database, "flag": StringField(default=True)})

    async def test_as_a_primary_key(self, any_face, thing):
        for wrong in (True, [1], object(), datetime(2020, 1, 1, tzinfo=UTC)):
            await any_face.refused(InvalidPrimaryKey, lambda wrong=wrong: thing.get(pk=wrong))
            await any_face.refused(InvalidPrimaryKey, lambda wrong=wrong: thing.other().lazy_connect(wrong))

    async def test_the_cures_work(self, any_face):
        class Cured(any_face.Model):
            database = any_face.database
            flag = StringField(type=bool)
            at = InstanceHashField(type=datetime)
            text = StringField(default="x")

        moment = datetime(2020, 1, 1, tzinfo=UTC)
        one = await any_face.do(Cured.create(flag=True, at=moment))
        assert await any_face.do(one.flag.get()) is True
        assert await any_face.do(one.at.get()) == moment
        assert await any_face.do(one.text.delete()) is True


class TestWithAType:
    @pytest.fixture
    def strict(self, any_face):
        class Strict(any_face.Model):
            database = any_face.database
            text = StringField(type=str, indexable=True)
            tags = SetField(type=str, indexable=True)
            entry = InstanceHashField(type=str)
            data = InstanceHashField(type=bytes)

        return Strict

    @pytest.mark.parametrize("wrong", [5, 1.5, b"x", Decimal(1), True, "\udcff"], ids=repr)
    async def test_str_stays_strict(self, any_face, strict, wrong):
        one = await any_face.do(strict.create(text="x"))
        for refused in (
            lambda: strict.create(text=wrong),
            lambda: one.text.set(wrong),
            lambda: one.entry.hset(wrong),
            lambda: one.tags.sadd(wrong),
            lambda: one.update(text=wrong),
            lambda: any_face.do(strict.collection(text=wrong).count()),
            lambda: any_face.do(strict.collection(tags__in=[wrong]).count()),
        ):
            await any_face.refused(InvalidValue, refused)

    async def test_bytes_that_are_no_text_are_not_read_as_str(self, any_face, strict):
        one = await any_face.do(strict.create(text="x", data=b"\xff"))
        assert await any_face.do(one.data.get()) == b"\xff"
        any_face.client.set(one.text.key, b"\xff")
        await any_face.refused(StoredValueError, one.text.get)


async def test_bytes_that_are_no_text_survive(any_face, thing):
    """They are read with surrogates, as primary keys and sub-keys are, and stored as the same bytes again."""
    one = await any_face.do(thing.create(string=b"a\xff", given=b"\xff\xfe"))
    read = await any_face.do(one.string.get())
    assert read == "a\udcff"
    await any_face.do(one.string.set(read))
    assert any_face.client.get(one.string.key) == b"a\xff"
    assert await any_face.all(thing.collection(given="\udcff\udcfe")) == ["1"]
    assert await any_face.all(thing.collection().values_list("given", flat=True)) == ["\udcff\udcfe"]
    await any_face.do(one.string.set("é"))
    assert await any_face.do(one.string.getrange(0, 0)) == "\udcc3"  # half a character
    report = await any_face.do(thing.check())
    assert not report.findings


async def test_objects_are_compared_with_the_text(any_face, thing):
    one = await any_face.do(thing.create(given=5, string=5))
    two = await any_face.do(thing.create(given=6, string="5"))
    assert await any_face.all(thing.collection(given=one.string)) == ["1"]
    assert await any_face.all(thing.collection(given=two.string)) == ["1"]
    assert await any_face.do(one.string.lcs(two.string)) == "5"
    assert await any_face.do(one.tags.sadd(5, "5", b"5")) == 1
    await any_face.refused(DoesNotExist, lambda: thing.get(given=7))
