"""Faults of limpyd 2's collections and indexes, each of which must not come back."""

from __future__ import annotations

import operator
import time
from decimal import Decimal
from types import MappingProxyType

import pytest

from limpyd import (
    EqualIndex,
    EqualIndexWith,
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
from limpyd.exceptions import DoesNotExist, InvalidFilter, InvalidValue, LimpydError, ServerError, UniquenessError
from tests.support.expected_indexes import state
from tests.support.finding import found
from tests.support.step_durations import processor_seconds


@pytest.fixture
def declared(face):
    """Makes a model of one field, named `it`, and objects that hold some values."""

    async def declare(field, *values):
        class Thing(face.Model):
            database = face.database
            it = field

        for value in values:
            await face.do(Thing.create(it=value))
        return Thing

    return declare


class TestNoneOfNothing:
    @pytest.fixture
    async def person(self, face):
        class Person(face.Model):
            database = face.database
            name = StringField(indexable=True)
            nick = StringField(indexable=True, indexes=[TextRangeIndex])
            email = InstanceHashField(unique=True)
            age = InstanceHashField(type=int, indexable=True)
            city = InstanceHashField(indexable=True)

        for number in range(3):
            await face.do(
                Person.create(name="Ada", nick="a", email=f"{number}@x", age=number, city=f"City {number % 2}")
            )
        return Person

    @pytest.mark.parametrize("field", ["name", "nick", "email", "age", "pk"])
    async def test_in_nothing_beside_another_filter(self, face, person, field):
        nothing = {f"{field}__in": []}
        for filters in (nothing, {**nothing, "city": "City 0"}, {"city": "City 0", **nothing}):
            for collection in (person.collection(**filters), person.collection(city="City 0").filter(**filters)):
                assert await face.all(collection) == []
                assert await face.do(collection.count()) == 0
                assert await face.do(collection.exists()) is False
        assert len(await face.all(person.collection(city="City 0").exclude(**nothing))) == 2


class TestTextRanges:
    TEXTS = (
        "",
        "\0",
        "\0\0",
        "fo",
        "foo",
        "foo\0",
        "foo\0\0",
        "foo\0\x01",
        "foo\x01",
        "foo1",
        "foo:1",
        "foo:TEXT-RANGE-SEPARATOR:1",
        "foo:TEXT-RANGE-SEPARATOR:2",
        "foo:text-range",
        "foo ",
        "fooé",
        "fop",
        "\U0010ffff",
        "é",
    )
    PKS = ("1", "\0", "\0\0", "foo", ":TEXT-RANGE-SEPARATOR:", "a:b")

    @pytest.fixture
    async def word(self, face):
        class Word(face.Model):
            database = face.database
            id = PKField()
            text = StringField(indexable=True, indexes=[TextRangeIndex])
            texts = SetField(indexable=True, indexes=[TextRangeIndex])

        for number, text in enumerate(self.TEXTS):
            pk = self.PKS[number % len(self.PKS)] + str(number)
            await face.do(Word.create(id=pk, text=text, texts=[text, "zz"]))
        await face.do(Word.create(id="\0", text="foo", texts=["foo"]))
        return Word

    MATCHES = MappingProxyType(
        {
            "eq": operator.eq,
            "lt": operator.lt,
            "lte": operator.le,
            "gt": operator.gt,
            "gte": operator.ge,
            "startswith": bytes.startswith,
        }
    )

    @pytest.mark.parametrize("suffix", MATCHES)
    async def test_each_finds_what_python_finds(self, face, word, suffix):
        for wanted in self.TEXTS:
            expected = sorted(
                text for text in (*self.TEXTS, "foo") if self.MATCHES[suffix](text.encode(), wanted.encode())
            )
            found = word.collection(**{f"text__{suffix}": wanted}).values_list("text", flat=True)
            assert sorted(await face.all(found)) == expected
            assert await face.do(found.count()) == len(expected)

    @pytest.mark.parametrize("suffix", MATCHES)
    async def test_any_of_many_members(self, face, word, suffix):
        for wanted in self.TEXTS:
            expected = sorted(
                text
                for text in self.TEXTS
                if any(self.MATCHES[suffix](each, wanted.encode()) for each in (text.encode(), b"zz"))
            )
            found = word.collection(**{f"texts__{suffix}": wanted, "texts": "zz"}).values_list("text", flat=True)
            assert sorted(await face.all(found)) == expected

    async def test_lte_does_not_find_what_is_longer(self, face, declared):
        thing = await declared(StringField(indexable=True, indexes=[TextRangeIndex]), "foo", "foo1", "fo")
        assert await found(face, thing, it__lte="foo") == ["1", "3"]
        assert await found(face, thing, it__lt="foo") == ["3"]
        assert await found(face, thing, it__gt="foo") == ["2"]

    async def test_a_value_that_holds_limpyd_2s_separator_is_another_value(self, face, declared):
        separated = "foo:TEXT-RANGE-SEPARATOR:1"
        thing = await declared(StringField(indexable=True, indexes=[TextRangeIndex]), "foo", separated)
        assert await found(face, thing, it="foo") == ["1"]
        assert await found(face, thing, it=separated) == ["2"]
        assert await found(face, thing, it__in=["foo"]) == ["1"]


class TestInWithPrefix:
    @pytest.mark.parametrize("kind", [EqualIndex, TextRangeIndex])
    async def test_each_of_several_values_is_found(self, face, declared, kind):
        first = kind.configure(prefix="first", transform=lambda value: value[:1])
        thing = await declared(StringField(indexable=True, indexes=[first]), "ab", "bc", "cd", "ax")
        assert await found(face, thing, it__first__in=["a", "b"]) == ["1", "2", "4"]
        assert await found(face, thing, it__first__in=["c"]) == ["3"]
        assert await found(face, thing, it__first__in=["z"]) == []
        assert await found(face, thing, it__first__in=[]) == []

    async def test_numbers_too(self, face, declared):
        size = NumberRangeIndex.configure(prefix="size", transform=len)
        thing = await declared(StringField(indexable=True, indexes=[EqualIndex, size]), "a", "bc", "cde")
        assert await found(face, thing, it__size__in=[1, 3]) == ["1", "3"]
        assert await found(face, thing, it__size__in=[1, 3], it__in=["a", "bc"]) == ["1"]


MANY = {
    "list": (ListField, list, lambda bound, number: bound.lrem(0, number)),
    "set": (SetField, set, lambda bound, number: bound.srem(number)),
    "sorted set": (SortedSetField, lambda numbers: dict.fromkeys(numbers, 1), lambda bound, number: bound.zrem(number)),
}


class TestNumbersOfManyMembers:
    @pytest.mark.parametrize("kind", ["list", "set", "sorted set"])
    async def test_each_member_is_found(self, face, declared, kind):
        field, made_of, remove = MANY[kind]
        thing = await declared(field(type=int, indexable=True), made_of([1, 5, 9]), made_of([5]))
        assert await found(face, thing, it=1) == ["1"]
        assert await found(face, thing, it=5) == ["1", "2"]
        assert await found(face, thing, it__gt=5) == ["1"]
        assert await found(face, thing, it__lt=5) == ["1"]
        assert await found(face, thing, it__between=(2, 4)) == []

        one = await face.do(thing.get(1))
        assert await face.do(remove(one.it, 9)) == 1
        assert await found(face, thing, it=1) == ["1"]
        assert await found(face, thing, it=5) == ["1", "2"]
        assert await found(face, thing, it__gte=9) == []
        assert await face.do(remove(one.it, 1)) == 1
        assert await found(face, thing, it__lt=5) == []
        assert await found(face, thing, it=5) == ["1", "2"]
        assert await face.do(thing.collection(it__gte=0).count()) == 2

    async def test_each_sub_key_of_a_hash_has_its_own(self, face, declared):
        thing = await declared(HashField(type=int, indexable=True), {"k1": 1, "k5": 5, "k9": 9}, {"k5": 5})
        assert await found(face, thing, it__k5__gte=5) == ["1", "2"]
        assert await found(face, thing, it__k9__gte=5) == ["1"]
        one = await face.do(thing.get(1))
        assert await face.do(one.it.hdel("k9")) == 1
        assert await found(face, thing, it__k9__gte=5) == []
        assert await found(face, thing, it__k5=5) == ["1", "2"]

    @pytest.mark.parametrize("index", [EqualIndex, NumberRangeIndex])
    @pytest.mark.parametrize("kind", [StringField, SetField])
    async def test_large_integers_do_not_collide(self, face, declared, index, kind):
        """An index that cannot tell two numbers apart refuses them, and never finds one for the other."""
        thing = await declared(kind(type=int, indexable=True, indexes=[index]))
        owners = {}
        for number in (2**53 - 1, 2**53, 2**53 + 1, 2**63 - 1, 2**63, -(2**53) - 1, 10**30, 10**30 + 1):
            before = state(face.client)
            try:
                made = await face.do(thing.create(it=[number] if kind is SetField else number))
            except InvalidValue:
                assert index is NumberRangeIndex
                assert abs(number) > 2**53
                assert state(face.client) == before
            else:
                owners[number] = [await face.do(made.pk.get())]
        assert {2**53 - 1, 2**53} <= owners.keys()
        for number, pks in owners.items():
            assert await found(face, thing, it=number) == pks
            assert await found(face, thing, it__in=[number]) == pks

    async def test_text_is_not_zero(self, face, declared):
        thing = await declared(StringField(indexable=True, indexes=[NumberRangeIndex]), "0", "5")
        before = state(face.client)
        try:
            await face.do(thing.create(it="five"))
        except InvalidValue:
            assert state(face.client) == before
        assert await found(face, thing, it=0) == ["1"]
        assert await found(face, thing, it__lte=0) == ["1"]
        assert await found(face, thing, it__lt=0) == []


class TestDuplicatesInLists:
    @pytest.mark.parametrize(
        ("kind", "text"),
        [(EqualIndex, "b"), (TextRangeIndex, "b"), (NumberRangeIndex, "2")],
        ids=lambda case: str(case),
    )
    async def test_the_copy_that_remains_is_found(self, face, declared, kind, text):
        thing = await declared(ListField(indexable=True, indexes=[kind]), [text, "1", text, "1", text])
        one = await face.do(thing.get(1))
        assert await face.do(one.it.lpop()) == text
        assert await found(face, thing, it=text) == ["1"]
        assert await face.do(one.it.rpop()) == text
        assert await found(face, thing, it=text) == ["1"]
        assert await face.do(one.it.lrange(0, -1)) == ["1", text, "1"]
        assert await face.do(one.it.lrem(1, "1")) == 1
        assert await found(face, thing, it="1") == ["1"]
        assert await face.do(one.it.ltrim(1, 1)) is True
        assert await found(face, thing, it=text) == []
        assert await found(face, thing, it="1") == ["1"]


class TestFloats:
    @pytest.mark.parametrize("index", [EqualIndex, NumberRangeIndex])
    @pytest.mark.parametrize("type_", [float, Decimal, str])
    @pytest.mark.parametrize("kind", [StringField, InstanceHashField])
    async def test_what_was_added_to_is_found_as_redis_stores_it(self, face, declared, index, type_, kind):
        thing = await declared(kind(type=type_, indexable=True, indexes=[index]), type_("1.5"))
        one = await face.do(thing.get(1))
        add = one.it.incrbyfloat if kind is StringField else one.it.hincrbyfloat
        await face.do(add(0.5))
        assert await found(face, thing, it=type_("1.5")) == []
        assert await found(face, thing, it=type_("2")) == ["1"]
        if type_ is not str or index is NumberRangeIndex:
            assert await found(face, thing, it=type_("2.0")) == ["1"]
        await face.do(one.delete())
        assert await found(face, thing, it=type_("2")) == []


class TestEvaluatedAnew:
    async def test_count_and_items_agree_after_a_change(self, face, declared):
        thing = await declared(StringField(indexable=True), "a", "a", "b")
        collection = thing.collection(it="a")
        for _ in range(2):
            items = await face.all(collection)
            assert await face.do(collection.count()) == len(items)
            last = await face.do(thing.create(it="a"))
            assert await face.do(collection.count()) == len(items) + 1
            assert len(await face.all(collection)) == len(items) + 1
            await face.do(last.it.set("b"))
            assert await face.do(collection.count()) == len(await face.all(collection)) == len(items)

    def test_len_and_list_agree_after_a_change(self, one_server):
        class Letter(RedisModel):
            database = RedisDatabase(port=one_server.port)
            kind = StringField(indexable=True)

        Letter(kind="a")
        collections = [Letter.collection(kind="a"), Letter.collection(kind="a").sort(), Letter.instances(kind="a")]
        for size in range(2, 5):
            sizes = [(len(collection), len(list(collection)), len(collection)) for collection in collections]
            assert sizes == [(size - 1,) * 3] * 3
            Letter(kind="a")
            sizes = [(len(list(collection)), len(collection), len(collection[:])) for collection in collections]
            assert sizes == [(size,) * 3] * 3
        Letter.database.close()


class TestUniqueTogether:
    async def test_values_are_not_joined(self, face):
        class Seat(face.Model):
            database = face.database
            row = StringField(indexable=True, indexes=[EqualIndexWith(other_fields=["place"], unique=True)])
            place = InstanceHashField()

        pairs = [("x:y", "z"), ("x", "y:z"), ("x:y:z", ""), ("", "x:y:z"), ("1:x", "1:y"), ("1", "x1:1:y")]
        for row, place in pairs:
            await face.do(Seat.create(row=row, place=place))
        for number, (row, place) in enumerate(pairs, 1):
            assert await found(face, Seat, row=row, place=place) == [str(number)]
            before = state(face.client)
            await face.refused(UniquenessError, lambda row=row, place=place: Seat.create(row=row, place=place))
            assert state(face.client) == before

    async def test_given_back_with_the_object_or_with_either_value(self, face):
        class Seat(face.Model):
            database = face.database
            row = StringField(indexable=True, indexes=[EqualIndexWith(other_fields=["place"], unique=True)])
            place = InstanceHashField()

        first = await face.do(Seat.create(row="a", place="1"))
        second = await face.do(Seat.create(row="b", place="1"))
        await face.refused(UniquenessError, lambda: second.row.set("a"))
        await face.do(first.place.hset("2"))
        await face.do(second.row.set("a"))
        await face.refused(UniquenessError, lambda: first.place.hset("1"))
        await face.do(second.delete())
        await face.do(first.place.hset("1"))
        assert await found(face, Seat, row="a", place="1") == ["1"]


class TestNoTemporaryKeys:
    @pytest.fixture
    async def person(self, face):
        class Person(face.Model):
            database = face.database
            name = StringField(indexable=True)
            city = InstanceHashField(indexable=True)
            age = InstanceHashField(type=int, indexable=True)
            friends = SetField()
            ranks = SortedSetField()
            note = StringField()

        for number in range(20):
            await face.do(
                Person.create(
                    name=f"Name {number % 2}",
                    city=f"City {number % 3}",
                    age=number,
                    friends=["1", "2"],
                    ranks={"1": 2, "2": 1},
                    note="text",
                )
            )
        return Person

    async def test_after_queries(self, face, person):
        two = person.collection(name="Name 1", city="City 1")
        one = await face.do(person.get(1))
        queries = [
            two,
            person.collection(name__in=["Name 0", "Name 1"], city="City 2"),
            person.collection(name="Name 1", age__gt=3),
            person.collection(name="Name 1").exclude(city="City 1"),
            person.collection(name="Name 1").intersect(["1", "2"], one.friends, one.ranks),
            person.collection(name="Name 1").sort(by="-age"),
            person.collection(city="City 1").sort(by_score=one.ranks),
            person.collection(city=one.city, age__lt=15),
            two.values("name", "age"),
            two.instances(),
        ]
        before = state(face.client)
        for query in queries:
            await face.do(query.count())
            await face.do(query.exists())
            await face.all(query)
            await face.do(query[2:4])
            await face.do(query.first())
        await face.do(two.max("age"))
        await face.do(two.count_by("city"))
        assert state(face.client) == before

    async def test_after_queries_that_fail(self, face, person):
        face.client.set("a string", "x")
        stored = await face.do(person.collection(name="Name 1").store())
        face.client.delete(stored.stored_key)
        before = state(face.client)
        two = person.collection(name="Name 1", city="City 1")
        for error, query in (
            (ServerError, two.sort(by="note")),  # as numbers, which the notes are not
            (LimpydError, two.intersect("a string")),
            (LimpydError, two.sort(by_score="a string")),
            (DoesNotExist, stored),
            (DoesNotExist, stored.filter(city="City 1")),
        ):
            await face.refused(error, lambda query=query: query.all())
            await face.refused(error, lambda query=query: query[:3])
            assert state(face.client) == before
        with pytest.raises(InvalidFilter):
            two.filter(note="text")
        assert state(face.client) == before


class TestRangesOfManyMatches:
    MOST = 4
    """How many times what one of a few matches costs one of many may cost."""

    @pytest.fixture(scope="class")
    @classmethod
    def item(cls, servers):
        class Item(RedisModel):
            database = RedisDatabase(port=servers("valkey-9.1").port)
            number = InstanceHashField(type=int, indexable=True)
            text = InstanceHashField(indexable=True, indexes=[TextRangeIndex])
            kind = InstanceHashField(indexable=True)

        with servers("valkey-9.1").client() as client:
            client.flushall()
            Item.bulk_create({"number": number, "text": f"{number:06}", "kind": "all"} for number in range(10_000))
            yield Item
            client.flushall()
        Item.database.close()

    @staticmethod
    def _best(client, call):
        times = []
        for _ in range(7):
            start = time.process_time() + processor_seconds(client)
            call()
            times.append(time.process_time() + processor_seconds(client) - start)
        return min(times)

    @pytest.mark.parametrize("other", [{}, {"kind": "all"}], ids=["alone", "beside another filter"])
    @pytest.mark.parametrize(
        ("few", "many"),
        [
            ({"number__lt": 1_000}, {"number__gte": 0}),
            ({"text__lt": "001000"}, {"text__gte": "0"}),
            ({"text__lt": "001000", "number__lt": 1_000}, {"text__startswith": "0", "number__lt": 10_000}),
        ],
        ids=["numbers", "texts", "both"],
    )
    def test_the_cost_is_in_proportion(self, servers, item, few, many, other):
        few, many = item.collection(**few, **other), item.collection(**many, **other)
        assert (few.count(), many.count()) == (1_000, 10_000)
        with servers("valkey-9.1").client() as client:
            for what in (lambda collection: collection.count(), list):
                each_of_few = self._best(client, lambda: what(few)) / 1_000  # noqa: B023
                each_of_many = self._best(client, lambda: what(many)) / 10_000  # noqa: B023
                assert each_of_many < self.MOST * each_of_few


class TestKeysThatMeet:
    TEXTS = ("text-range", "number-range", "equal-with", "it", "hash", "*", "", "a:b", "1")

    async def test_values_named_as_an_index(self, face, declared):
        thing = await declared(StringField(indexable=True, indexes=[EqualIndex, TextRangeIndex]), *self.TEXTS)
        for number, text in enumerate(self.TEXTS, 1):
            assert await found(face, thing, it=text) == [str(number)]
        assert await found(face, thing, it__gt="it") == ["1", "2"]
        one = await face.do(thing.get(1))
        await face.do(one.it.set("other"))
        assert await found(face, thing, it="text-range") == []
        assert await found(face, thing, it__startswith="text") == []
        assert await found(face, thing, it__startswith="oth") == ["1"]

    async def test_primary_keys_named_as_the_field_or_an_index(self, face):
        class Thing(face.Model):
            database = face.database
            id = PKField()
            it = StringField(indexable=True, indexes=[EqualIndex, TextRangeIndex])

        for pk in self.TEXTS:
            await face.do(Thing.create(id=pk, it="same"))
        assert await found(face, Thing, it="same") == sorted(self.TEXTS)
        assert await found(face, Thing, it__gte="same") == sorted(self.TEXTS)

    @pytest.mark.parametrize("kind", [EqualIndex, TextRangeIndex])
    async def test_a_sub_key_and_its_value(self, face, declared, kind):
        thing = await declared(HashField(indexable=True, indexes=[kind]), {"a:b": "c"}, {"a": "b:c"}, {"": "a:b:c"})
        assert await found(face, thing, **{"it__a:b": "c"}) == ["1"]
        assert await found(face, thing, it__a="b:c") == ["2"]
        assert await found(face, thing, **{"it__a:b__in": ["c", "b:c"]}) == ["1"]
        assert await found(face, thing, it__a__in=["c", "b:c"]) == ["2"]
        assert await found(face, thing, it__a="c") == []
        if kind is TextRangeIndex:
            assert await found(face, thing, it__a__startswith="b") == ["2"]
            assert await found(face, thing, **{"it__a:b__gte": "a"}) == ["1"]


def add_a_number(value):
    return value + 1


def complain(_value):
    msg = "wrong argument"
    raise TypeError(msg)


class TestTransformsThatFail:
    @pytest.mark.parametrize("transform", [add_a_number, complain])
    @pytest.mark.parametrize("kind", [EqualIndex, TextRangeIndex])
    async def test_nothing_is_indexed_and_the_write_is_refused(self, face, kind, transform):
        class Thing(face.Model):
            database = face.database
            other = StringField(indexable=True)
            it = StringField(indexable=True, indexes=[EqualIndex, kind.configure(prefix="odd", transform=transform)])

        one = await face.do(Thing.create(other="x"))
        before = state(face.client)
        for refused in (
            lambda: Thing.create(other="y", it="foo"),
            lambda: one.it.set("foo"),
            lambda: one.it.append("foo"),
            lambda: Thing.get_or_create(other="z", defaults={"it": "foo"}),
        ):
            await face.refused(InvalidValue, refused, match=r"Thing\.it")
            assert state(face.client) == before
        assert await found(face, Thing, it__odd="None") == []
        assert await found(face, Thing, it="foo") == []

    async def test_what_it_makes_none_of_is_not_found(self, face, declared):
        first = EqualIndex.configure(prefix="first", transform=lambda value: value[:1] or None)
        thing = await declared(StringField(indexable=True, indexes=[EqualIndex, first]), "", "None", "ab")
        assert await found(face, thing, it__first="None") == []
        assert await found(face, thing, it__first="N") == ["2"]
        assert await found(face, thing, it="") == ["1"]


class TestRebuild:
    @staticmethod
    def data(face):
        """All but the note of what is built."""
        return {key: value for key, value in state(face.client).items() if not key.endswith(b":meta")}

    @pytest.mark.parametrize("pks", [["fr", "de", "it"], ["*", "a:b", "\0", "", " ", "pks", "text-range"]], ids=repr)
    async def test_text_primary_keys(self, face, pks):
        class Country(face.Model):
            database = face.database
            code = PKField()
            name = StringField(indexable=True, indexes=[EqualIndex, TextRangeIndex])
            area = InstanceHashField(type=int, indexable=True)
            tags = SetField(indexable=True)
            email = InstanceHashField(unique=True)

        for number, pk in enumerate(pks):
            one = {"name": f"Name {number}", "area": number, "tags": ["x", str(number)], "email": f"{number}@x"}
            await face.do(Country.create(code=pk, **one))
        before = self.data(face)
        await face.do(Country.rebuild_indexes())
        assert self.data(face) == before
        await face.do(Country.clear_indexes())
        assert self.data(face).keys() < before.keys()
        seen = []
        await face.do(Country.rebuild_indexes(progress=lambda done, total: seen.append((done, total))))
        assert self.data(face) == before
        assert seen
        assert all(done <= total for done, total in seen)
        assert seen[-1][0] == seen[-1][1]
        assert await found(face, Country, name="Name 1") == [pks[1]]
        assert await found(face, Country, area__gte=1) == sorted(pks[1:])
        assert await found(face, Country, tags="x") == sorted(pks)
        assert await found(face, Country, email="2@x") == [pks[2]]
