"""Every write keeps every kind of index, in one request; what cannot be kept is refused, and leaves no trace."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID

import pytest

from limpyd import (
    DateTimeIndex,
    EqualIndex,
    EqualIndexWith,
    GeoField,
    GeoIndex,
    HashField,
    InstanceHashField,
    ListField,
    NumberRangeIndex,
    ScoredEqualIndex,
    SetField,
    SortedSetField,
    StringField,
    TextRangeIndex,
)
from limpyd.exceptions import DeclarationError, InvalidValue, ServerError, UniquenessError, UnsupportedCommand
from limpyd.scripts import object_requests, writes
from limpyd.types import GeoPoint
from tests.support.expected_indexes import inconsistencies, state

NOON = datetime(2015, 6, 7, 12, 30, 15, 250, tzinfo=UTC)


@pytest.fixture(autouse=True)
def known_scripts(face):
    """What the server knows already need not be sent."""
    for script in (object_requests.CREATE, object_requests.DELETE, *(vars(writes)[name] for name in SCRIPTS)):
        face.client.script_load(script.without_promises.source)


SCRIPTS = ("WRITE", "REMOVE", "WRITE_MEMBERS", "REMOVE_MEMBERS")


def declare(face, **fields):
    """A model Thing with some fields."""
    return type(face.Model)("Thing", (face.Model,), {"database": face.database, **fields})


def members(face, key):
    """What a sorted set holds, by score."""
    return dict(face.client.zrange(f"{{thing}}:{key}", 0, -1, withscores=True))


class Watched:
    """A transform that counts its calls, and gives the words of a text."""

    def __init__(self):
        self.calls = []

    def __call__(self, value):
        self.calls.append(value)
        if "!" in value:
            msg = "it shouts"
            raise ValueError(msg)
        return value.lower().split()


class TestNumbers:
    async def test_of_one_value(self, face):
        thing = declare(face, age=InstanceHashField(type=int, indexable=True), ratio=StringField(float, indexable=True))
        one = await face.do(thing.create(age=3, ratio=0.1))
        assert members(face, "num:age") == {b"1": 3}
        assert members(face, "num:ratio") == {b"1": 0.1}
        await face.do(one.age.hincrby(0))  # from here on the server knows the scripts
        await face.do(one.ratio.incrbyfloat(0))
        with face.sent() as sent:
            assert await face.do(one.age.hincrby(4)) == 7
            assert await face.do(one.ratio.incrbyfloat(0.2)) == 0.3
        assert sent.names == ["EVALSHA"] * 2
        assert members(face, "num:age") == {b"1": 7}
        await face.do(one.age.hset(-1))
        await face.do(one.ratio.delete())
        assert members(face, "num:age") == {b"1": -1}
        assert members(face, "num:ratio") == {}
        await face.do(one.delete())
        assert face.keys() == {"{thing}:seq"}

    async def test_an_update_is_one_command(self, face):
        thing = declare(face, age=InstanceHashField(type=int, indexable=True))
        one = await face.do(thing.create(age=3))
        face.client.config_resetstat()
        await face.do(one.age.hset(5))
        ran = {name.removeprefix("cmdstat_") for name in face.client.info("commandstats")}
        assert {name for name in ran if name.startswith("z")} == {"zadd"}

    async def test_what_is_no_number_a_double_can_hold(self, face):
        thing = declare(
            face,
            age=InstanceHashField(type=int, indexable=True),
            price=StringField(type=Decimal, indexable=True),
            ratio=StringField(type=float, indexable=True),
            mark=StringField(indexable=True, indexes=[NumberRangeIndex]),
            marks=SetField(indexable=True, indexes=[NumberRangeIndex]),
            sizes=HashField(type=int, indexable=True),
        )
        one = await face.do(thing.create(age=2**53, price=Decimal("0.1"), mark="1", marks=["1"], sizes={"a": 1}))
        await face.do(one.ratio.set(float("inf")))
        before = state(face.client)
        for write, field in (
            (lambda: one.age.hset(2**53 + 1), "age"),
            (lambda: one.age.hincrby(1), "age"),
            (lambda: one.hmset(age=2**60), "age"),
            (lambda: thing.create(age=2**60), "age"),
            (lambda: thing.get_or_create(mark="1", defaults={"age": 2**60}), None),
            (lambda: one.price.set(Decimal("0.12345678901234567")), "price"),
            (lambda: thing.create(price=Decimal("0.12345678901234567")), "price"),
            (lambda: one.ratio.set(float("nan")), "ratio"),
            (lambda: one.mark.set("x"), "mark"),
            (lambda: one.mark.append("x"), "mark"),
            (lambda: one.mark.set(""), "mark"),
            (lambda: one.marks.sadd("2", "x"), "marks"),
            (lambda: one.sizes.hset("b", 2**60), "sizes"),
            (lambda: one.sizes.hincrby("a", 2**60), "sizes"),
        ):
            error = await face.refused(InvalidValue, write, match="NumberRangeIndex cannot index it")
            if field:
                assert str(error).startswith(f"Thing.{field} cannot hold ")
                assert "indexes=[EqualIndex]" in str(error)
            assert state(face.client) == before

    async def test_what_was_wrong_can_be_put_right(self, face):
        thing = declare(face, mark=StringField(indexable=True, indexes=[NumberRangeIndex]))
        one = await face.do(thing.create(mark="1"))
        face.client.set("{thing}:field:mark:1", "no number")
        await face.do(one.mark.set("2"))
        assert inconsistencies(face.client, thing) == []
        face.client.set("{thing}:field:mark:1", "no number")
        face.client.zrem("{thing}:num:mark", "1")
        await face.do(one.delete())
        assert inconsistencies(face.client, thing) == []

    async def test_of_many_members(self, face):
        thing = declare(
            face,
            scores=ListField(type=int, indexable=True),
            sizes=HashField(type=int, indexable=True),
            note=StringField(),
        )
        one = await face.do(thing.create(scores=[1, 2, 1], sizes={"a": 1, "": 2}))
        assert members(face, "num:scores") == {b"1:1": 1, b"2:1": 2}
        assert members(face, "num:sizes:a") == {b"1": 1}
        assert members(face, "num:sizes:") == {b"1": 2}
        with face.sent() as sent:
            await face.do(one.scores.lpop())
            await face.do(one.sizes.hincrby("a", 5))
            await face.do(one.sizes.hdel(""))
        assert sent.names == ["EVALSHA"] * 3
        assert members(face, "num:scores") == {b"1:1": 1, b"2:1": 2}
        assert members(face, "num:sizes:a") == {b"1": 6}
        await face.do(one.scores.ltrim(1, 1))
        assert members(face, "num:scores") == {b"1:1": 1}
        assert inconsistencies(face.client, thing) == []

    async def test_two_members_of_one_number(self, face):
        thing = declare(face, marks=SetField(indexable=True, indexes=[NumberRangeIndex]))
        one = await face.do(thing.create(marks=["1", "1.0", "01"]))
        await face.do(one.marks.srem("1"))
        assert members(face, "num:marks") == {b"1:1": 1}
        await face.do(one.marks.spop())
        assert members(face, "num:marks") == {b"1:1": 1}
        await face.do(one.marks.spop())
        assert members(face, "num:marks") == {}


class TestTexts:
    async def test_nul_and_order(self, face):
        thing = declare(face, name=StringField(indexable=True, indexes=[TextRangeIndex]))
        for name in ("a\0b", "a", "a\0", "", "\0\0"):
            await face.do(thing.create(name=name))
        assert list(members(face, "lex:name")) == [
            b"\0\0" + b"4",
            b"\0\xff\0\xff\0\0" + b"5",
            b"a\0\0" + b"2",
            b"a\0\xff\0\0" + b"3",
            b"a\0\xffb\0\0" + b"1",
        ]
        await face.do(thing.lazy_connect(3).name.append("\0"))
        assert inconsistencies(face.client, thing) == []
        for pk in range(1, 6):
            await face.do(thing.lazy_connect(pk).delete())
        assert face.keys() == {"{thing}:seq"}

    async def test_dates_by_their_parts(self, face):
        thing = declare(
            face,
            born=InstanceHashField(type=date, indexable=True),
            at=StringField(type=time, indexable=True),
            made=InstanceHashField(type=datetime, indexable=True, indexes=[DateTimeIndex]),
            seen=StringField(type=datetime, indexable=True, indexes=[NumberRangeIndex]),
        )
        one = await face.do(thing.create(born=date(2015, 1, 2), at=time(8, 9), made=NOON, seen=NOON))
        assert members(face, "lex:born") == {b"2015-01-02\0\0001": 0}
        assert members(face, "num:made.hour") == {b"1": 12}
        assert members(face, "num:seen") == {b"1": 1433680215000250}
        await face.do(one.made.hset(NOON.replace(hour=14)))  # from then on the server knows the scripts
        await face.do(one.seen.set(NOON.replace(hour=14)))
        with face.sent() as sent:
            await face.do(one.made.hset(NOON.replace(hour=13, year=2016)))
            await face.do(one.seen.set(NOON.replace(hour=13)))
        assert sent.names == ["EVALSHA"] * 2
        assert members(face, "num:made.hour") == {b"1": 13}
        assert members(face, "num:made.year") == {b"1": 2016}
        assert members(face, "num:made.month") == {b"1": 6}
        assert inconsistencies(face.client, thing) == []
        before = state(face.client)
        late = datetime.max.replace(tzinfo=UTC)
        await face.refused(InvalidValue, lambda: one.seen.set(late), match="TextRangeIndex")
        await face.refused(InvalidValue, lambda: thing.create(seen=late), match="TextRangeIndex")
        assert state(face.client) == before

    async def test_of_both_cases(self, face):
        thing = declare(face, names=SetField(indexable=True, indexes=[TextRangeIndex(case_sensitive=False)]))
        one = await face.do(thing.create(names=["A", "a"]))
        with face.sent() as sent:
            await face.do(one.names.srem("a"))
        assert sent.names == ["EVALSHA"]
        assert members(face, "lex:names") == {b"a\0\0001": 0}
        with face.sent() as sent:
            await face.do(one.names.sadd("É", "é"))
        assert sent.names == ["EVALSHA"] * 2  # only Python knows how É is folded
        await face.do(one.names.srem("É"))
        assert members(face, "lex:names") == {b"a\0\0001": 0, "é\0\0001".encode(): 0}
        await face.do(one.names.delete())
        assert members(face, "lex:names") == {}


class TestPlaces:
    async def test_of_one_value(self, face):
        thing = declare(face, where=InstanceHashField(type=GeoPoint, indexable=True))
        one = await face.do(thing.create(where=GeoPoint(13.361389, 38.115556)))
        assert members(face, "geo:where") == {b"1": 3479099956230698}
        with face.sent() as sent:
            await face.do(one.where.hset(GeoPoint(0.0, 0.0)))
        assert sent.names == ["EVALSHA"]
        assert inconsistencies(face.client, thing) == []
        await face.do(one.where.hdel())
        assert members(face, "geo:where") == {}

    async def test_of_many(self, face):
        thing = declare(face, places=GeoField(indexable=True, indexes=[GeoIndex]))
        one = await face.do(thing.create(places={"a": (1, 2), "b": (1, 2), "c": (3, 4)}))
        assert inconsistencies(face.client, thing) == []
        await face.do(one.places.zrem("a"))
        assert len(members(face, "geo:places")) == 2
        await face.do(one.places.geoadd({"c": (1, 2)}))
        assert len(members(face, "geo:places")) == 1
        assert inconsistencies(face.client, thing) == []
        await face.do(one.places.zincrby(1, "c"))
        assert inconsistencies(face.client, thing) == []
        await face.do(one.delete())
        assert face.keys() == {"{thing}:seq"}


class TestTransforms:
    """Functions that only Python can run."""

    async def test_round_trips(self, face):
        words = Watched()
        thing = declare(face, text=StringField(indexable=True, indexes=[EqualIndex(transform=words)]))
        first = await face.do(thing.create(text="x"))  # declares the index, and makes the scripts known to the server
        await face.do(first.text.append("y"))
        await face.do(first.delete())
        words.calls.clear()
        with face.sent() as sent:
            one = await face.do(thing.create(text="A b a"))
        assert sent.names == ["EVALSHA"]
        assert words.calls == ["A b a"]
        with face.sent() as sent:
            await face.do(one.text.append(" C"))
        assert sent.names == ["EVALSHA"] * 2
        assert sorted(words.calls[1:]) == ["A b a", "A b a C"]
        assert inconsistencies(face.client, thing) == []
        with face.sent() as sent:
            await face.do(one.delete())
        assert sent.names == ["EVALSHA"] * 2
        assert face.keys() == {"{thing}:seq"}

    async def test_one_that_raises(self, face):
        thing = declare(face, text=StringField(indexable=True, indexes=[EqualIndex(transform=Watched())]))
        one = await face.do(thing.create(text="a"))
        before = state(face.client)
        for write in (lambda: one.text.set("b!"), lambda: one.text.append("!"), lambda: thing.create(text="!")):
            await face.refused(InvalidValue, write, match=r"cannot index it: it shouts\. Its transform has to accept")
            assert state(face.client) == before
        face.client.set("{thing}:field:text:1", "!")  # what cannot be indexed can be replaced
        await face.do(one.text.set("b"))
        assert face.keys() >= {"{thing}:eq:text:b", "{thing}:eq:text:a"}

    async def test_of_members_and_sub_keys(self, face):
        split = EqualIndex(transform=lambda value: value.split())
        thing = declare(
            face,
            tags=ListField(indexable=True, indexes=[split]),
            ranks=SortedSetField(indexable=True, indexes=[NumberRangeIndex(transform=len)]),
            heads=HashField(indexable=True, indexes=[split]),
        )
        one = await face.do(thing.create(tags=["a b", "b c"], ranks={"a": 1, "b": 2, "cc": 3}, heads={"x": "a b"}))
        for write in (
            lambda: one.tags.lpop(),
            lambda: one.tags.rpush("d a", "d"),
            lambda: one.tags.lset(0, "c"),
            lambda: one.ranks.zrem("a"),
            lambda: one.ranks.zpopmax(),
            lambda: one.heads.hset("x", "b c"),
            lambda: one.heads.hset("y", "b"),
            lambda: one.heads.hdel("x"),
        ):
            with face.sent() as sent:
                await face.do(write())
            assert sent.names == ["EVALSHA"] * 2
            assert inconsistencies(face.client, thing) == []

    @pytest.mark.parametrize(
        "index", [EqualIndex(transform=lambda value: value.casefold()), TextRangeIndex(case_sensitive=False)]
    )
    async def test_unique_by_what_it_gives(self, face, index):
        thing = declare(face, email=StringField(unique=True, indexes=[index]))
        one = await face.do(thing.create(email="Ada@É.org"))
        error = await face.refused(UniquenessError, lambda: thing.create(email="ada@é.ORG"))
        assert (error.field, error.value, error.owner) == ("email", "ada@é.ORG", "1")
        two = await face.do(thing.create(email="bob"))
        before = state(face.client)
        await face.refused(UniquenessError, lambda: two.email.set("ADA@é.org"))
        assert state(face.client) == before
        await face.do(one.email.set("ADA@É.ORG"))
        await face.do(one.email.set("eve"))
        await face.do(two.email.set("ADA@É.ORG"))
        assert inconsistencies(face.client, thing) == []

    async def test_one_that_changes_its_mind(self, face):
        thing = declare(face, text=StringField(indexable=True, indexes=[EqualIndex(transform=str.upper)]))
        one = await face.do(thing.create(text="a"))
        index = type(one)._schema.fields["text"].place(b"1").indexes[0]
        before = state(face.client)
        told = type(index.form).extended
        try:
            type(index.form).extended = lambda asked, _values: asked  # as if others always wrote in between
            await face.refused(ServerError, lambda: one.text.set("b"), match="100 tries")
        finally:
            type(index.form).extended = told
        assert state(face.client) == before


class TestSeveralFields:
    @pytest.fixture
    def thing(self, face):
        return declare(
            face,
            name=InstanceHashField(
                indexable=True, indexes=[EqualIndexWith(other_fields=["city", "ratio"], unique=True)]
            ),
            city=StringField(),
            ratio=InstanceHashField(type=float),
        )

    async def test_all_have_a_value_or_none_is_listed(self, face, thing):
        one = await face.do(thing.create(name="a", city="b"))
        assert face.client.hgetall("{thing}:uniq:name+city+ratio") == {}
        await face.do(one.ratio.hset(1.5))  # from here on the server knows the script
        with face.sent() as sent:
            await face.do(one.ratio.hset(-0.0))
        assert sent.names == ["EVALSHA"]
        assert face.client.hgetall("{thing}:uniq:name+city+ratio") == {b"1:a1:b1:0": b"1"}
        await face.do(one.city.append("b"))
        assert face.client.hgetall("{thing}:uniq:name+city+ratio") == {b"1:a2:bb1:0": b"1"}
        await face.do(one.name.delete())
        assert face.client.hgetall("{thing}:uniq:name+city+ratio") == {}
        await face.do(one.name.set("x"))
        await face.do(one.delete())
        assert face.keys() == {"{thing}:seq"}

    async def test_refusals(self, face, thing):
        one = await face.do(thing.create(name="a", city="b", ratio=1.5))
        two = await face.do(thing.create(name="a", city="c", ratio=1.5))
        await face.do(thing.create(name="a", city="b"))
        await face.do(thing.create(name="a:1", city="b", ratio=1.5))
        before = state(face.client)
        for write in (
            lambda: two.city.set("b"),
            lambda: one.city.copy(two.city, replace=True),
            lambda: thing.create(name="a", city="b", ratio=1.5),
            lambda: thing.lazy_connect(3).ratio.hset(1.5),
            lambda: thing.lazy_connect(3).hmset(ratio=1.5),
        ):
            error = await face.refused(UniquenessError, write)
            assert error.field == "name, city, ratio"
            assert error.value == {"name": "a", "city": "b", "ratio": 1.5}
            assert error.owner == "1"
            assert state(face.client) == before

    async def test_several_change_in_one_step(self, face, thing):
        one = await face.do(thing.create(name="a", city="x", ratio=1.0))
        two = await face.do(thing.create(name="b", city="x", ratio=2.0))
        await face.do(two.hmset(name="a", ratio=3.0))  # by way of no ("a", "x", 1.0)
        await face.do(one.hmset(name="b", ratio=2.0))
        await face.do(two.hmset(ratio=1.0, name="a"))
        assert inconsistencies(face.client, thing) == []
        before = state(face.client)
        await face.refused(UniquenessError, lambda: two.hmset(ratio=2.0, name="b"))
        assert state(face.client) == before
        await face.do(one.hdel("name", "ratio"))
        assert inconsistencies(face.client, thing) == []

    async def test_its_fields_do_not_expire(self, face, thing):
        one = await face.do(thing.create(name="a", city="b", ratio=1.5))
        await face.refused(UnsupportedCommand, lambda: one.city.expire(10))
        await face.refused(UnsupportedCommand, lambda: one.ratio.hexpire(10))

    async def test_in_the_order_of_another(self, face):
        thing = declare(
            face,
            team=InstanceHashField(unique=True, indexes=[ScoredEqualIndex(score_field="rating")]),
            group=StringField(indexable=True, indexes=[EqualIndex, ScoredEqualIndex(score_field="born")]),
            rating=StringField(),
            born=InstanceHashField(type=date),
        )
        one = await face.do(thing.create(team="a:b", group="g", rating="1.5"))
        assert members(face, "scored:team:a:b") == {b"1": 1.5}
        assert members(face, "scored:group:g") == {}
        with face.sent() as sent:
            await face.do(one.rating.incrbyfloat(1))
            await face.do(one.born.hset(date(1, 1, 2)))
            await face.do(one.team.hset("c"))
        assert sent.names == ["EVALSHA"] * 3
        assert members(face, "scored:team:a:b") == {}
        assert members(face, "scored:team:c") == {b"1": 2.5}
        assert members(face, "scored:group:g") == {b"1": 2}
        two = await face.do(thing.create(team="a:b", rating="-1e300"))  # released when it was changed
        await face.refused(UniquenessError, lambda: two.team.hset("c"))
        before = state(face.client)
        error = await face.refused(InvalidValue, lambda: one.rating.set("x"))
        assert str(error).startswith(
            "Thing.rating cannot hold 'x': ScoredEqualIndex cannot index it: it is not a number"
        )
        await face.refused(InvalidValue, lambda: thing.create(team="z", rating="x"), match="Thing.rating cannot")
        assert state(face.client) == before
        await face.do(one.born.hdel())
        await face.do(one.rating.delete())
        assert inconsistencies(face.client, thing) == []
        await face.do(one.delete())
        await face.do(two.delete())
        assert face.keys() == {"{thing}:seq"}

    @pytest.mark.parametrize(
        ("index", "message"),
        [
            (EqualIndexWith(other_fields=["nobody"]), "nobody"),
            (EqualIndexWith(other_fields=["tags"]), "StringField or an InstanceHashField"),
            (EqualIndexWith(other_fields=["name"]), "twice"),
            (EqualIndexWith(other_fields="city"), "names of other fields"),
            (EqualIndexWith, "names of other fields"),
            (ScoredEqualIndex, "score_field"),
            (ScoredEqualIndex(score_field="tags"), "StringField or an InstanceHashField"),
            (ScoredEqualIndex(score_field="key"), "UUID"),
        ],
    )
    def test_declarations_that_cannot_be_kept(self, face, index, message):
        with pytest.raises(DeclarationError, match=message):
            declare(
                face,
                name=StringField(indexable=True, indexes=[index]),
                city=StringField(),
                key=StringField(type=UUID),
                tags=SetField(),
            )

    def test_only_fields_of_one_value_have_one(self, face):
        with pytest.raises(DeclarationError, match="StringField or an InstanceHashField"):
            declare(
                face, tags=SetField(indexable=True, indexes=[EqualIndexWith(other_fields=["city"])]), city=StringField()
            )
