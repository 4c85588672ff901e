"""What a hostile reader of the documentation tried with queries: it works, or is refused by name."""

from __future__ import annotations

import base64
import enum
import json
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from limpyd import (
    DateIndex,
    DateTimeIndex,
    EqualIndex,
    HashField,
    InstanceHashField,
    JSONField,
    NumberRangeIndex,
    ScoredEqualIndex,
    SetField,
    SortedSetField,
    StringField,
    TextRangeIndex,
    TimeIndex,
)
from limpyd.exceptions import DeclarationError, InvalidFilter, InvalidValue, LimpydError, UnknownField
from tests.support.collections import create
from tests.support.expected_indexes import inconsistencies, state
from tests.support.finding import paged
from tests.support.step_durations import in_time


class Era(enum.Enum):
    """Its values come neither in the order of their names nor of their declaration."""

    A = date(2021, 5, 1)
    B = date(1999, 12, 31)
    C = date(2020, 1, 1)


@pytest.fixture
def person(any_face):
    class Person(any_face.Model):
        database = any_face.database
        name = StringField(indexable=True)
        city = InstanceHashField(indexable=True)
        age = InstanceHashField(type=int, indexable=True)
        code = InstanceHashField()
        era = InstanceHashField(type=Era)
        data = JSONField()

    return Person


@pytest.fixture
async def people(any_face, person):
    values = {"city": lambda n: "XY"[n % 2], "data": lambda n: {"k": [n]}}
    await create(any_face, person, 6, name="n{}".format, age=int, code=str, **values)
    return person


def fill(client, rows):
    """Writes objects of Big past limpyd, which is quicker: the values of object 1, 2 and so on."""
    pipe = client.pipeline(transaction=False)
    pipe.set("{big}:seq", len(rows))
    pipe.sadd("{big}:pks", *range(1, len(rows) + 1))
    for pk, row in enumerate(rows, 1):
        pipe.hset(f"{{big}}:hash:{pk}", mapping=row)
    pipe.zadd("{big}:num:a", {str(pk): row["a"] for pk, row in enumerate(rows, 1)})
    pipe.zadd("{big}:lex:name", {f"{row['name']}\0\0{pk}": 0 for pk, row in enumerate(rows, 1)})
    pipe.execute()


@pytest.mark.parametrize("kind", [date, datetime], ids=["date", "datetime"])
class TestScoresThatAreMoments:
    """Their scores are numbers, whatever the field's own order is by."""

    COUNT = 25

    @pytest.fixture
    async def team(self, any_face, kind):
        class Team(any_face.Model):
            database = any_face.database
            team = InstanceHashField(indexes=[ScoredEqualIndex(score_field="born")])
            born = InstanceHashField(type=kind)
            place = InstanceHashField(type=int, indexable=True)

        values = {"team": lambda n: "tu"[n % 2], "place": lambda n: n % 3}
        await create(any_face, Team, self.COUNT, born=lambda n: self.born(kind, n * 7 % self.COUNT), **values)
        return Team

    @staticmethod
    def born(kind, day):
        """Half of them before 1970, whose scores are negative."""
        first = date(1969, 12, 20) if kind is date else datetime(1969, 12, 20, 13, 14, 15, 678, tzinfo=UTC)
        return first + timedelta(days=day)

    def expected(self, holds=lambda number: True):
        """The primary keys and the days, in the order of the days."""
        days = sorted((number * 7 % self.COUNT, str(number + 1)) for number in range(self.COUNT) if holds(number))
        return [pk for _, pk in days], [day for day, _ in days]

    async def agree(self, face, kind, collection, expected):
        pks, days = expected
        born = [self.born(kind, day) for day in days]
        assert await face.all(collection) == pks
        assert await face.all(collection.values_list("born", flat=True)) == born
        rows = [{"pk": pk, "born": each} for pk, each in zip(pks, born, strict=True)]
        assert await face.all(collection.values("pk", "born")) == rows
        assert await face.all(collection.iterate(chunk=4)) == pks
        assert await paged(face, collection, 5) == pks
        assert await face.do(collection[2:5]) == pks[2:5]
        assert (await face.do(collection.first()), await face.do(collection.last())) == (pks[0], pks[-1])
        instances = await face.all(collection.instances(prefetch=["born"]))
        assert [await face.do(instance.pk.get()) for instance in instances] == pks
        assert [await face.do(instance.born.hget()) for instance in instances] == born
        stored = await face.do(collection.store())
        assert await face.all(stored) == await face.all(stored.iterate(chunk=4)) == pks
        assert await face.do(collection.min("born")) == min(born)
        assert await face.do(collection.max("born")) == max(born)
        assert await face.do(collection.count()) == len(pks)
        explained = await face.do(collection.explain())
        assert explained.objects == self.COUNT
        assert "born" in str(explained)

    async def test_are_the_order_of_one_value(self, any_face, team, kind):
        expected = self.expected(lambda number: number % 2 == 0)
        await self.agree(any_face, kind, team.collection(team="t"), expected)
        await self.agree(any_face, kind, team.collection(team__in=["t"]), expected)

    async def test_are_the_order_of_several(self, any_face, team, kind):
        await self.agree(any_face, kind, team.collection(team__in=["t", "u"]), self.expected())

    async def test_are_the_order_with_another_filter(self, any_face, team, kind):
        expected = self.expected(lambda number: number % 2 == 0 and number % 3 == 1)
        await self.agree(any_face, kind, team.collection(team="t", place=1), expected)
        await self.agree(any_face, kind, team.collection(team="t").exclude(place__in=[0, 2]), expected)

    async def test_are_what_a_sort_goes_by(self, any_face, team, kind):
        expected = self.expected(lambda number: number % 2 == 0)
        await self.agree(any_face, kind, team.collection(team="t").sort(by="born"), expected)
        backwards = tuple(each[::-1] for each in expected)
        await self.agree(any_face, kind, team.collection(team="t").sort(by="-born"), backwards)
        await self.agree(any_face, kind, team.collection().sort(by="born"), self.expected())


class TestChangingTheScore:
    @pytest.mark.parametrize("narrowed", [{}, {"age__gte": 0}, {"team__in": ["red"]}], ids=str)
    @pytest.mark.parametrize("chunk", [20, 33])
    async def test_each_object_is_changed_once(self, any_face, narrowed, chunk):
        class Player(any_face.Model):
            database = any_face.database
            team = InstanceHashField(indexes=[ScoredEqualIndex(score_field="rating")])
            rating = InstanceHashField(type=int)
            age = InstanceHashField(type=int, indexable=True)

        await create(any_face, Player, 100, team="red", rating=int, age=int)
        collection = Player.collection(team="red", **narrowed)
        assert await any_face.do(collection.update(chunk=chunk, rating=1000)) == 100
        assert await any_face.all(Player.collection().values_list("rating", flat=True)) == [1000] * 100
        assert any_face.is_async or inconsistencies(any_face.client, Player) == []


class TestIntersecting:
    async def test_with_a_narrowed_stored_collection_keeps_its_filter(self, any_face, people):
        stored = await any_face.do(people.collection(age__gte=1).store())
        everybody = people.collection()
        for narrowed in (stored.filter(city="X"), stored.exclude(city="Y"), stored.filter(people.city == "X")):
            for collection in (everybody.intersect(narrowed), everybody.filter(age__gte=0).intersect(narrowed)):
                assert sorted(await any_face.all(collection)) == ["3", "5"]
                assert await any_face.do(collection.count()) == 2
        assert sorted(await any_face.all(everybody.intersect(stored))) == ["2", "3", "4", "5", "6"]

    async def test_with_one_of_another_model(self, any_face, people):
        class Other(any_face.Model):
            database = any_face.database
            name = StringField()

        await create(any_face, Other, 2, name=str)
        stored = await any_face.do(people.collection(age__gte=1).store())
        assert await any_face.all(Other.collection().intersect(stored)) == ["2"]
        await any_face.refused(InvalidFilter, lambda: Other.collection().intersect(stored.filter(city="X")))

    async def test_with_another_database_is_refused(self, any_face, people):
        class Elsewhere(any_face.Model):
            database = any_face.Database(port=any_face.server.port, db=1)
            friends = SetField()
            board = SortedSetField()

        elsewhere = await any_face.do(Elsewhere.create(friends=["1", "2"], board={"1": 2, "2": 1}))
        stored = await any_face.do(Elsewhere.collection().store())
        with any_face.sent() as sent:
            for other in (stored, elsewhere.friends, elsewhere.board):
                with pytest.raises(InvalidFilter, match="another database"):
                    people.collection().intersect(other)
            with pytest.raises(InvalidFilter, match="another database"):
                people.collection().sort(by_score=elsewhere.board)
        assert sent.names == []
        await any_face.do(Elsewhere.database.close())


async def test_the_longest_prefix_is_meant(any_face):
    first = EqualIndex(prefix="b", transform=lambda value: value[:1])
    last = EqualIndex(prefix="a__b", transform=lambda value: value[-1:])

    class Head(any_face.Model):
        database = any_face.database
        h = HashField(indexes=[EqualIndex, first, last])

    await any_face.do(Head.create(h={"k": "xy"}))
    for name, value, found in (("k", "xy", True), ("k__b", "x", True), ("k__b", "y", False), ("k__a__b", "y", True)):
        assert await any_face.all(Head.collection(**{f"h__{name}": value})) == ["1"] * found, name
    assert await any_face.all(Head.collection(h__k__a__b="x")) == []
    assert await any_face.all(Head.collection(h__k__a__b__in=["y"])) == ["1"]


async def test_the_date_of_a_moment_is_found_by_a_moment(any_face):
    class Event(any_face.Model):
        database = any_face.database
        created = InstanceHashField(type=datetime, indexes=[DateTimeIndex])

    await any_face.do(Event.create(created=datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)))
    await any_face.do(Event.create(created=datetime(2020, 1, 3, 3, 4, 5, tzinfo=UTC)))
    for day in (datetime(2020, 1, 2, tzinfo=UTC), datetime(2020, 1, 2, 23, 59, 59, 9, tzinfo=UTC), date(2020, 1, 2)):
        assert await any_face.all(Event.collection(created__date=day)) == ["1"]
        assert await any_face.all(Event.collection(created__date__gt=day)) == ["2"]
        assert await any_face.all(Event.collection(created__date__in=[day])) == ["1"]


async def test_an_instance_stands_for_its_key_in_a_field_of_integers(any_face, people):
    class Post(any_face.Model):
        database = any_face.database
        author = InstanceHashField(type=int, indexable=True)
        likes = SetField(type=int, indexable=True)

    for author, likes in ((1, [2, 3]), (2, [3]), (3, [])):
        await any_face.do(Post.create(author=author, likes=likes))
    first, second = await any_face.do(people.get(1)), await any_face.do(people.get(2))
    for name, value, pks in (
        *(("author", first, ["1"]), ("author", first.pk, ["1"]), ("author__in", [first, second], ["1", "2"])),
        *(("author__in", [first.pk, 3], ["1", "3"]), ("author__gt", second, ["3"]), ("author__ne", first, ["2", "3"])),
        *(("likes__contains", second, ["1"]), ("likes", second.pk, ["1"]), ("likes__in", [first, second], ["1"])),
    ):
        assert sorted(await any_face.all(Post.collection(**{name: value}))) == pks, (name, value)


class TestLargeQueries:
    @pytest.fixture
    async def big(self, any_face):
        class Big(any_face.Model):
            database = any_face.database
            a = InstanceHashField(type=int, indexable=True)
            name = InstanceHashField(indexes=[TextRangeIndex])
            b = InstanceHashField(type=int)

        await any_face.do(Big.create(a=1, name="x", b=1))
        await any_face.do(Big.collection().delete())
        return Big

    @staticmethod
    def rows(count):
        return [{"a": n, "b": n, "name": f"some/shared/prefix/of/names/{n * 7919 % count:06}"} for n in range(count)]

    async def test_many_texts_for_few_objects(self, any_face, big):
        rows = self.rows(2000)
        fill(any_face.client, rows)
        names = sorted(row["name"] for row in rows)[:1000]
        collection = big.collection(name__in=names).filter(pk__in=range(2, 502))
        found = await in_time(any_face, lambda: collection.values_list("pk", flat=True).all(), 0.5)
        assert sorted(found, key=int) == [str(pk) for pk in range(2, 502) if rows[pk - 1]["name"] in names]

    async def test_many_numbers_that_are_excluded(self, any_face, big):
        fill(any_face.client, self.rows(4000))
        for everybody in (big.collection(a__gte=0), big.collection()):
            found = await in_time(
                any_face, lambda c=everybody: c.exclude(a__in=range(2000)).values_list("a", flat=True).all(), 0.5
            )
            assert sorted(found) == list(range(2000, 4000))

    async def test_a_deep_page_of_what_no_index_sorts(self, any_face, big):
        """With those who come last looked at first, so that each next one takes the place of another."""
        fill(any_face.client, self.rows(12000))
        for everybody in (big.collection(a__gte=0), big.collection()):
            found = await in_time(any_face, lambda c=everybody: c.sort(by="-b")[2900:2920], 0.25)
            assert found == [str(pk) for pk in range(12000 - 2900, 12000 - 2920, -1)]
            found = await in_time(any_face, lambda c=everybody: c.sort(by="b")[2900:2920], 0.25)
            assert found == [str(pk) for pk in range(2901, 2921)]


DECLARATIONS = {
    "DateIndex of moments": lambda: InstanceHashField(type=datetime, indexes=[DateIndex]),
    "DateIndex of UUIDs": lambda: InstanceHashField(type=UUID, indexes=[DateIndex]),
    "TimeIndex of dates": lambda: InstanceHashField(type=date, indexes=[TimeIndex]),
    "a unique number of UUIDs": lambda: StringField(type=UUID, unique=True, indexes=[NumberRangeIndex]),
    "indexes is an index": lambda: StringField(indexes=EqualIndex),
    "transform has a name": lambda: StringField(indexes=[EqualIndex(transform="upper")]),
    "transform is a slice from the end": lambda: StringField(indexes=[EqualIndex(transform="slice:-3:-1")]),
    "prefix ends with _": lambda: StringField(indexes=[EqualIndex(prefix="x_")]),
    "prefix begins with _": lambda: StringField(indexes=[EqualIndex(prefix="_x")]),
    "prefix is an operator": lambda: StringField(indexes=[EqualIndex(prefix="in")]),
    "prefix has an operator": lambda: StringField(indexes=[EqualIndex(prefix="a__in")]),
    "name is a number": lambda: StringField(indexes=[TextRangeIndex.configure(name=5)]),
    "handle_uniqueness is a text": lambda: StringField(indexes=[EqualIndex(handle_uniqueness="no")]),
    "case_sensitive is a text": lambda: StringField(indexes=[TextRangeIndex(case_sensitive="x")]),
}


class TestMistakesOfDeclarations:
    @pytest.mark.parametrize("mistake", DECLARATIONS)
    def test_are_told(self, any_face, mistake):
        with pytest.raises(DeclarationError):
            type("Bad", (any_face.Model,), {"database": any_face.database, "field": DECLARATIONS[mistake]()})

    def test_a_field_cannot_be_named_like_an_argument(self, any_face):
        with pytest.raises(DeclarationError, match="chunk"):
            type("Bad", (any_face.Model,), {"database": any_face.database, "chunk": InstanceHashField()})


class TestMistakesOfQueries:
    async def test_values_that_cannot_be_counted(self, any_face, people):
        await any_face.refused(InvalidFilter, lambda: people.collection().count_by("data"), match="data")

    async def test_fields_are_as_good_as_their_names(self, any_face, people):
        everybody = people.collection()
        assert (await any_face.do(everybody.min(people.age)), await any_face.do(everybody.max(people.age))) == (0, 5)
        assert await any_face.do(everybody.sum(people.age)) == 15
        assert await any_face.do(everybody.avg(people.age)) == 2.5
        assert await any_face.do(everybody.count_by(people.city)) == {"X": 3, "Y": 3}
        assert await any_face.all(everybody.sort(by=people.age).values(people.age)) == [{"age": n} for n in range(6)]

    @pytest.mark.parametrize("method", ["min", "max", "sum", "avg", "count_by"])
    async def test_what_is_no_name_of_a_field(self, any_face, people, method):
        for name in (None, 3, ["age"]):
            await any_face.refused(UnknownField, lambda name=name: getattr(people.collection(), method)(name))

    async def test_positions(self, any_face, people):
        in_order = people.collection().sort(by="age")
        for collection in (people.collection(), in_order, in_order.values("age")):
            for position in (1.5, "a", None, True):
                await any_face.refused(TypeError, lambda c=collection, position=position: c[position])
            await any_face.refused(IndexError, lambda c=collection: c[10**30])
        assert await any_face.do(in_order[0 : 10**30]) == ["1", "2", "3", "4", "5", "6"]
        assert await any_face.do(in_order[4 : 10**18]) == ["5", "6"]
        assert await any_face.do(in_order[10**30 :]) == []

    async def test_expressions(self, any_face, people):
        found = await any_face.do(people.get(people.name == "n3"))
        assert await any_face.do(found.pk.get()) == "4"
        found = await any_face.do(people.get((people.city == "X") & (people.age > 3), name="n4"))
        assert await any_face.do(found.pk.get()) == "5"
        assert await any_face.do(people.exists(people.name == "n3")) is True
        assert await any_face.do(people.exists(people.name == "nobody")) is False
        assert await any_face.do(people.exists(people.name == "n3", age=4)) is False
        before = state(any_face.client)
        await any_face.refused(InvalidFilter, lambda: people.get_or_create(people.name == "new"))
        assert state(any_face.client) == before

    async def test_the_order_of_an_enum_is_that_of_its_values(self, any_face, person):
        await create(any_face, person, 3, era=list(Era).__getitem__)
        assert await any_face.all(person.collection().sort(by="era")) == ["2", "3", "1"]
        assert await any_face.all(person.collection().sort(by="-era")) == ["1", "3", "2"]
        assert await paged(any_face, person.collection().sort(by="era"), 1) == ["2", "3", "1"]
        assert (
            await any_face.do(person.collection().min("era")),
            await any_face.do(person.collection().max("era")),
        ) == (
            Era.B,
            Era.A,
        )

    async def test_a_cursor_fits_its_own_order_only(self, any_face, people):
        for key in ("one", "two"):
            any_face.client.zadd(key, {str(number + 1): number for number in range(6)})
        everybody = people.collection()
        orders = [everybody.sort(by=by) for by in ("age", "-age", "era", ["age", "era"], ["era", "age"])]
        orders += [everybody.sort(), everybody.sort(by="code"), everybody.sort(by="code", alpha=True)]
        orders += [everybody.sort(by_score=key, desc=desc) for key in ("one", "two") for desc in (False, True)]
        for order in orders:
            cursor = (await any_face.do(order.page(size=2))).cursor
            for other in orders:
                if other is not order:
                    await any_face.refused(InvalidValue, lambda c=other, cursor=cursor: c.page(size=2, after=cursor))
            assert len((await any_face.do(order.page(size=2, after=cursor))).items) == 2

    async def test_a_cursor_of_deep_json_is_none(self, any_face, people):
        in_order = people.collection().sort(by="age")
        cursor = (await any_face.do(in_order.page(size=2))).cursor
        signature, pk, _ = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        deep = "[" * 100_000 + "]" * 100_000
        for text in (deep, deep[:100_000], json.dumps([signature, pk])[:-1] + f", {deep}]", '{"a":' * 100_000):
            made = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
            await any_face.refused(InvalidValue, lambda made=made: in_order.page(size=2, after=made))

    async def test_a_time_to_live_beyond_the_servers(self, any_face, people):
        await any_face.refused(LimpydError, lambda: people.collection().store("mine", ttl=10**18))
        assert not any_face.client.exists("mine")
        stored = await any_face.do(people.collection(city="X").sort(by="age").store("mine", ttl=600))
        before = state(any_face.client)
        await any_face.refused(LimpydError, lambda: people.collection().store("mine", ttl=10**18))
        assert state(any_face.client) == before
        assert any_face.client.ttl("mine") > 0
        assert await any_face.all(stored) == ["1", "3", "5"]
