"""Corners of queries: changes of what is filtered by, stored collections, odd values, the orders of indexes."""

from __future__ import annotations

import enum

import pytest

from limpyd import (
    EqualIndex,
    EqualIndexWith,
    HashField,
    InstanceHashField,
    ListField,
    PKField,
    ScoredEqualIndex,
    SetField,
    StringField,
    TextRangeIndex,
)
from limpyd.exceptions import (
    DoesNotExist,
    IndexNotBuilt,
    InvalidFilter,
    InvalidValue,
    LimpydError,
)
from tests.support.collections import create
from tests.support.expected_indexes import inconsistencies, state
from tests.support.finding import paged, walked


@pytest.fixture
def person(any_face):
    class Person(any_face.Model):
        database = any_face.database
        name = StringField(indexable=True, indexes=[EqualIndex, TextRangeIndex])
        city = InstanceHashField(indexable=True)
        age = InstanceHashField(type=int, indexable=True)
        email = InstanceHashField(unique=True)
        note = InstanceHashField()
        height = InstanceHashField(type=float)
        ratio = InstanceHashField(type=float, indexes=[EqualIndex])
        tags = SetField(indexable=True)
        queue = ListField()
        friends = SetField()
        props = HashField(indexable=True)
        papers = HashField(type=int)

    return Person


def consistent(face, model):
    return face.is_async or inconsistencies(face.client, model) == []


class TestFieldsOfManyMembers:
    """An object of which many members are found is still one object."""

    COUNT = 130

    @pytest.fixture
    async def many(self, any_face):
        class Many(any_face.Model):
            database = any_face.database
            numbers = ListField(type=int, indexable=True)
            words = SetField(indexable=True, indexes=[TextRangeIndex])
            note = StringField()

        await create(
            any_face,
            Many,
            self.COUNT,
            numbers=lambda number: [number, number + 1000, number + 2000, number],
            words=lambda number: [f"w{number}", f"v{number}", f"wx{number}"],
        )
        await any_face.do(Many.create(numbers=range(200), words=[f"w{number:04}" for number in range(200)]))
        return Many

    FOUND_BY = ({"numbers__gte": 0}, {"numbers__between": (0, 2500)}, {"words__startswith": "w"}, {"words__gt": "v"})

    async def test_it_comes_once_in_a_walk(self, any_face, many):
        for filters in self.FOUND_BY:
            pks = await any_face.all(many.collection(**filters).iterate(chunk=20))
            assert sorted(pks, key=int) == [str(number + 1) for number in range(self.COUNT + 1)], filters

    async def test_it_is_updated_once(self, any_face, many):
        for filters in self.FOUND_BY:
            assert await any_face.do(many.collection(**filters).update(chunk=20, note=str(filters))) == self.COUNT + 1
            notes = await any_face.do(many.collection().values_list("note", flat=True).all())
            assert set(notes) == {str(filters)}

    @pytest.mark.parametrize("filters", FOUND_BY[::2], ids=str)
    async def test_it_is_deleted_once(self, any_face, many, filters):
        assert await any_face.do(many.collection(**filters).delete(chunk=20)) == self.COUNT + 1
        assert any_face.keys() <= {"{many}:seq"}


class TestChangingWhatIsFilteredBy:
    COUNT = 130

    @pytest.mark.parametrize(
        ("filters", "change"),
        [
            ({"age__gte": 0}, {"age": 10**6}),
            ({"age__lte": 10**6}, {"age": -1}),
            ({"age__between": (0, 1000)}, {"age": 500}),
            ({"age__isnull": False}, {"age": None}),
            ({"age__in": range(130)}, {"age": 129}),
            ({"age__ne": 130}, {"age": 129}),
            ({"name__gte": ""}, {"name": "z"}),
            ({"name__startswith": "n"}, {"name": "nz"}),
            ({"city": "X"}, {"city": "Y"}),
            ({"city": "X"}, {"city": "X"}),
            ({"city__in": ["X", "Y"]}, {"city": "Y"}),
            ({"city": "X", "age__gte": 0}, {"city": "Y", "age": 10**6}),
        ],
        ids=str,
    )
    async def test_each_object_is_changed_once(self, any_face, person, filters, change):
        await create(any_face, person, self.COUNT, name=lambda n: f"n{n}", city="X", age=lambda n: n)
        assert await any_face.do(person.collection(**filters).update(chunk=20, **change)) == self.COUNT
        for name, value in change.items():
            values = await any_face.do(person.collection().values_list(name, flat=True).all())
            assert values == [value] * self.COUNT
        assert consistent(any_face, person)

    async def test_a_sort_does_not_matter(self, any_face, person):
        await create(any_face, person, self.COUNT, age=lambda n: n)
        for order in ("age", "-age"):
            assert await any_face.do(person.collection(age__gte=0).sort(by=order).update(chunk=20, age=7)) == self.COUNT
        assert await any_face.do(person.collection(age=7).count()) == self.COUNT


class TestBoundFields:
    """What they refer to is read once, so it may be among what is changed."""

    @pytest.fixture
    async def first(self, any_face, person):
        await create(any_face, person, 51, city="Rome", age=5, tags=["a"], name="n")
        await any_face.do(person.create(city="Oslo", age=1, tags=["b"], name="m"))
        return await any_face.do(person.get(1))

    FOUND_BY = {  # noqa: RUF012
        "equality": lambda person, first: person.collection(city=first.city),
        "range": lambda person, first: person.collection(age__gte=first.age),
        "text": lambda person, first: person.collection(name__gte=first.name),
        "in": lambda person, first: person.collection(tags__in=first.tags),
        "expression": lambda person, first: person.collection((person.city == first.city) & ~(person.age < first.age)),
        "two": lambda person, first: person.collection(city=first.city, age=first.age),
    }

    @pytest.mark.parametrize("way", FOUND_BY)
    async def test_all_that_matched_are_updated(self, any_face, person, first, way):
        change = {"city": "Lyon", "age": 9, "name": "p"}
        assert await any_face.do(self.FOUND_BY[way](person, first).update(chunk=10, **change)) == 51
        assert await any_face.do(person.collection(**change).count()) == 51
        assert await any_face.do(person.collection(city="Rome").count()) == 0
        assert consistent(any_face, person)

    @pytest.mark.parametrize("way", FOUND_BY)
    async def test_all_that_matched_are_deleted(self, any_face, person, first, way):
        assert await any_face.do(self.FOUND_BY[way](person, first).delete(chunk=10)) == 51
        assert await any_face.all(person.collection()) == ["52"]
        assert consistent(any_face, person)

    async def test_a_walk_ends_where_the_value_has_gone(self, any_face, person, first):
        found = []

        async def see(pk):
            if not found:
                await any_face.do(first.age.delete())
            found.append(pk)

        walk = person.collection(age__gte=first.age).iterate(chunk=10)
        if any_face.is_async:
            async for pk in walk:
                await see(pk)
        else:
            for pk in walk:
                await see(pk)
        assert len(found) == len(set(found)) <= 51


class TestStoring:
    @pytest.fixture
    async def people(self, any_face, person):
        await create(any_face, person, 4, name=lambda n: f"n{n}", city="X", age=lambda n: n, queue=["a"], email=str)
        return person

    async def test_onto_a_key_that_is_intersected_with(self, any_face, people):
        client = any_face.client
        client.rpush("a", "1", "2")
        client.rpush("b", "1", "2", "3")
        for onto, other, left in (("a", "b", [b"1", b"2", b"3"]), ("b", "a", [b"1", b"2"])):
            stored = await any_face.do(people.collection().intersect("a", "b").store(onto))
            assert sorted(await any_face.all(stored)) == ["1", "2"]
            assert sorted(client.lrange(onto, 0, -1)) == [b"1", b"2"]
            assert client.ttl(onto) > 0
            if onto == "a":
                assert (client.lrange(other, 0, -1), client.ttl(other)) == (left, -1)

    async def test_onto_the_stored_collection_that_it_comes_of(self, any_face, people):
        stored = await any_face.do(people.collection().sort(by="-age").store("mine"))
        narrowed = await any_face.do(stored.filter(age__gte=2).store("mine"))
        assert await any_face.all(narrowed) == await any_face.all(stored) == ["4", "3"]

    @pytest.mark.parametrize(
        "key",
        [
            *["pks", "seq", "meta", "hash:1", "hash:99", "field:queue:1", "field:name:1", "eq:city:X"],
            *["eq:city:nobody", "num:age", "lex:name", "uniq:email", "geo:x", "scored:x:1"],
        ],
    )
    async def test_onto_a_key_of_the_model_is_refused(self, any_face, people, key):
        before = state(any_face.client)
        for name in ("{person}:" + key, f"{{person}}:{key}".encode()):
            with any_face.sent() as sent:
                error = await any_face.refused(LimpydError, lambda name=name: people.collection().store(name))
            assert isinstance(error, InvalidFilter | InvalidValue)
            assert sent.names == []
        assert state(any_face.client) == before

    async def test_other_keys_may_have_the_tag_of_the_model(self, any_face, people):
        for key in ("{person}:kept", "{person}:stored:mine", "{person}", "pks", "{other}:pks"):
            stored = await any_face.do(people.collection().sort().store(key))
            assert await any_face.all(stored) == ["1", "2", "3", "4"]

    async def test_onto_a_key_of_another_type_is_refused(self, any_face, people):
        client = any_face.client
        client.set("string", "precious")
        client.sadd("set", "precious")
        client.zadd("zset", {"precious": 1})
        client.hset("hash", "precious", "1")
        client.xadd("stream", {"precious": "1"})
        before = state(client)
        for key in ("string", "set", "zset", "hash", "stream"):
            for collection in (people.collection(), people.collection(city="nobody"), people.collection(age__gt=0)):
                await any_face.refused(LimpydError, lambda c=collection, key=key: c.store(key))
        assert state(client) == before

    async def test_onto_an_older_one_leaves_only_the_new_one(self, any_face, people):
        old = await any_face.do(people.collection().store("mine", ttl=600))
        await any_face.do(people.collection(age__gte=2).sort(by="age").store("mine", ttl=None))
        assert any_face.client.lrange("mine", 0, -1) == [b"3", b"4"]
        assert any_face.client.ttl("mine") == -1
        assert await any_face.all(old) == ["3", "4"]
        assert await any_face.all(await any_face.do(people.collection(city="nobody").store("mine"))) == []

    async def test_nothing(self, any_face, people):
        for nothing in (people.collection(city="nobody"), people.collection(city__in=[])):
            stored = await any_face.do(nothing.store())
            assert await any_face.all(stored) == await any_face.all(stored.iterate(chunk=1)) == []
            assert await any_face.do(stored.count()) == 0
            assert await any_face.do(stored.exists()) is False
            assert await any_face.do(stored.first()) is await any_face.do(stored.last()) is None
            assert await any_face.do(stored.page()) == ([], None, None)
            assert await any_face.do(stored.update(note="x")) == await any_face.do(stored.delete()) == 0
            with pytest.raises(IndexError):
                await any_face.do(stored[0])

    async def test_nothing_is_no_primary_key(self, any_face):
        class Thing(any_face.Model):
            database = any_face.database
            pk = PKField()
            name = StringField(indexable=True)

        odd = "\0limpyd: nothing was found"
        await any_face.do(Thing.create(pk=odd, name="a"))
        await any_face.do(Thing.create(pk="b", name="b"))
        nothing = await any_face.do(Thing.collection(name="nobody").store())
        for collection in (
            nothing,
            Thing.collection().intersect(nothing),
            Thing.collection(name="a").intersect(nothing),
        ):
            assert await any_face.all(collection) == await any_face.all(collection.iterate(chunk=1)) == []
            assert await any_face.do(collection.count()) == 0
        assert await any_face.do(nothing.delete()) == 0
        stored = await any_face.do(Thing.collection(name="a").store())
        assert await any_face.all(stored) == [odd]

    async def test_ttl_is_checked_at_the_call(self, any_face, people):
        with any_face.sent() as sent:
            for ttl in (0, -1, True, 1.5, "soon"):
                await any_face.refused(InvalidValue, lambda ttl=ttl: people.collection().store("mine", ttl=ttl))
        assert sent.names == []


class TestStoredCollections:
    COUNT = 47

    @pytest.fixture
    async def stored(self, any_face, person):
        await create(any_face, person, self.COUNT, city=lambda n: f"City {n % 3}", age=lambda n: n * 17 % 47)
        return await any_face.do(person.collection(age__gte=0).sort(by="-age").store())

    def pks(self, holds=lambda _number: True):
        numbers = sorted(range(self.COUNT), key=lambda n: -(n * 17 % 47))
        return [str(number + 1) for number in numbers if holds(number)]

    async def in_this_order(self, face, collection, expected):
        assert await face.all(collection) == expected
        assert await face.do(collection.count()) == len(expected)
        for size in (1, 7, 100):
            assert await walked(face, collection.iterate(chunk=size)) == expected
            assert await paged(face, collection, size) == expected
        for at in (0, 1, len(expected) - 1, -1):
            assert await face.do(collection[at]) == expected[at]
        assert await face.do(collection[2:5]) == expected[2:5]
        assert await face.do(collection[3:]) == expected[3:]
        assert await face.do(collection.first()) == expected[0]
        assert await face.do(collection.last()) == expected[-1]

    async def test_are_in_their_order(self, any_face, stored):
        await self.in_this_order(any_face, stored, self.pks())

    async def test_keep_it_where_they_are_narrowed(self, any_face, stored):
        expected = self.pks(lambda n: n % 3 == 1)
        for narrowed in (
            stored.filter(city="City 1"),
            stored.exclude(city__in=["City 0", "City 2"]),
            stored.filter(city="City 1", age__gte=0),
            stored.intersect([number + 1 for number in range(self.COUNT) if number % 3 == 1]),
        ):
            await self.in_this_order(any_face, narrowed, expected)

    async def test_keep_it_when_they_are_opened_again(self, any_face, person, stored):
        await self.in_this_order(any_face, person.collection().from_stored(stored.stored_key), self.pks())
        again = person.collection(city="City 1").from_stored(stored.stored_key)
        await self.in_this_order(any_face, again, self.pks(lambda n: n % 3 == 1))

    async def test_give_values_in_it(self, any_face, stored):
        ages = [n * 17 % 47 for n in sorted(range(self.COUNT), key=lambda n: -(n * 17 % 47))]
        await self.in_this_order(any_face, stored.values_list("age", flat=True), ages)

    async def test_lack_what_was_deleted(self, any_face, person, stored):
        assert await any_face.do(person.collection(city="City 0").delete()) == 16
        await self.in_this_order(any_face, stored, self.pks(lambda n: n % 3 != 0))

    async def test_are_sorted_anew(self, any_face, stored):
        await self.in_this_order(any_face, stored.sort(by="age"), self.pks()[::-1])
        await self.in_this_order(any_face, stored.sort(), sorted(self.pks(), key=int))

    async def test_are_changed_and_deleted(self, any_face, person, stored):
        assert await any_face.do(stored.filter(city="City 1").update(chunk=5, city="New")) == 16
        assert await any_face.do(stored.update(chunk=5, age=3)) == self.COUNT
        assert await any_face.do(person.collection(age=3).count()) == self.COUNT
        assert await any_face.do(stored.delete(chunk=5)) == self.COUNT
        assert await any_face.all(stored) == []
        assert consistent(any_face, person) or any_face.keys() == {"{person}:seq", stored.stored_key}

    async def test_a_cursor_fits_no_other_collection(self, any_face, person, stored):
        everybody = person.collection()
        another = await any_face.do(everybody.store())
        of_stored = (await any_face.do(stored.page(5))).cursor
        of_sorted = (await any_face.do(everybody.sort(by="age").page(5))).cursor
        of_pks = (await any_face.do(everybody.page(5))).cursor
        for collection, cursor in (
            (everybody, of_stored),
            (everybody.sort(by="age"), of_stored),
            (stored, of_sorted),
            (stored, of_pks),
            (another, of_stored),
            (stored.sort(by="age"), of_stored),
        ):
            await any_face.refused(InvalidValue, lambda c=collection, cursor=cursor: c.page(5, after=cursor))

    GONE = {  # noqa: RUF012
        "all": lambda face, c: face.all(c),
        "avg": lambda face, c: face.do(c.avg("age")),
        "count": lambda face, c: face.do(c.count()),
        "count_by": lambda face, c: face.do(c.count_by("city")),
        "delete": lambda face, c: face.do(c.delete()),
        "exists": lambda face, c: face.do(c.exists()),
        "explain": lambda face, c: face.do(c.explain()),
        "first": lambda face, c: face.do(c.first()),
        "get": lambda face, c: face.do(c.get()),
        "item": lambda face, c: face.do(c[0]),
        "iterate": lambda face, c: face.all(c.iterate(chunk=5)),
        "last": lambda face, c: face.do(c.last()),
        "last item": lambda face, c: face.do(c[-1]),
        "min": lambda face, c: face.do(c.min("age")),
        "page": lambda face, c: face.do(c.page(5)),
        "slice": lambda face, c: face.do(c[2:4]),
        "store": lambda face, c: face.do(c.store()),
        "sum": lambda face, c: face.do(c.sum("age")),
        "update": lambda face, c: face.do(c.update(note="x")),
        "values": lambda face, c: face.all(c.values("age", "tags")),
    }

    async def raises(self, ask, face, collection):
        try:
            await ask(face, collection)
        except DoesNotExist:
            return True
        return False

    async def test_that_have_gone_raise(self, any_face, person, stored):
        any_face.client.delete(stored.stored_key)
        before = state(any_face.client)
        for name, ask in self.GONE.items():
            for collection in (stored, stored.filter(city="City 1"), stored.sort(by="age"), stored.filter(age__gt=90)):
                assert await self.raises(ask, any_face, collection), f"{name} of {collection}"
        await any_face.refused(DoesNotExist, lambda: person.collection().intersect(stored).count())
        assert state(any_face.client) == before

    async def test_one_that_goes_ends_a_walk(self, any_face, stored):
        first = (await any_face.do(stored.page(5))).cursor
        any_face.client.delete(stored.stored_key)
        await any_face.refused(DoesNotExist, lambda: stored.page(5, after=first))


async def test_changes_in_one_step_need_their_indexes_too(any_face):
    """What is compared with a bound field is changed in one step, which asks as any query whether indexes are built."""

    class Town(any_face.Model):
        database = any_face.database
        name = InstanceHashField(indexable=True)
        mayor = InstanceHashField()

    first = await any_face.do(Town.create(name="a", mayor="x"))
    await any_face.do(Town.get_field("name").clear_indexes())
    same = Town.collection(name=first.name)
    await any_face.refused(IndexNotBuilt, lambda: same.update(mayor="y"))
    await any_face.refused(IndexNotBuilt, lambda: same.delete())
    await any_face.do(Town.rebuild_indexes())
    assert await any_face.do(same.update(mayor="y")) == 1


@pytest.mark.parametrize("field", ["height", "ratio"])
async def test_not_a_number_is_sorted_as_a_missing_value(any_face, person, field):
    nan, inf = float("nan"), float("inf")
    values = [nan, 3.0, None, 1.5, nan, inf, -2.0, nan, None, -inf, 3.0]
    for value in values:
        await any_face.do(person.create(city="X", **({} if value is None else {field: value})))
    known = {str(at + 1): value for at, value in enumerate(values) if value is not None and value == value}  # noqa: PLR0124
    rest = {str(at + 1) for at in range(len(values))} - known.keys()
    for desc in (False, True):
        expected = sorted(known, key=lambda pk: (known[pk], pk), reverse=desc) + sorted(rest, reverse=desc)
        collection = person.collection().sort(by=field, desc=desc)
        assert await any_face.all(collection) == expected
        for size in (1, 3, 100):
            assert await paged(any_face, collection, size) == expected
            found = await walked(any_face, collection.iterate(chunk=size))
            assert found[: len(known)] == expected[: len(known)]
            assert sorted(found) == sorted(expected)
        assert (await any_face.do(collection.first()), await any_face.do(collection.last())) == (
            expected[0],
            expected[-1],
        )
    assert await any_face.do(person.collection().min(field)) == -inf
    assert await any_face.do(person.collection().max(field)) == inf


@pytest.mark.parametrize("index", [EqualIndex, TextRangeIndex])
async def test_an_enum_of_texts_is_sorted_as_text(any_face, index):
    class Colour(enum.Enum):
        RED = "red"
        GREEN = "green"
        BLUE = "10"

    class Thing(any_face.Model):
        database = any_face.database
        colour = StringField(type=Colour, indexes=[index])

    await create(any_face, Thing, 3, colour=lambda number: [*Colour][number])
    assert await any_face.all(Thing.collection().sort(by="colour")) == ["3", "2", "1"]
    assert await any_face.all(Thing.collection(colour__in=[Colour.RED, Colour.BLUE]).sort(by="-colour")) == ["1", "3"]


class TestCompositeIndexes:
    @pytest.fixture
    def team(self, any_face):
        class Team(any_face.Model):
            database = any_face.database
            land = InstanceHashField(indexes=[EqualIndex, EqualIndexWith(other_fields=["city"])])
            city = InstanceHashField(indexable=True)

        return Team

    def test_another_models_field_is_no_part_of_one(self, any_face, team):
        class Other(any_face.Model):
            database = any_face.database
            land = InstanceHashField(indexable=True)
            city = InstanceHashField(indexable=True)

        ours, theirs = (team.land == "a", team.city == "b"), (Other.land == "a", Other.city == "b")
        for one, two in ((ours[0], theirs[1]), (theirs[1], ours[0]), (theirs[0], ours[1]), theirs):
            for make in (
                lambda one=one, two=two: team.collection(one, two),
                lambda one=one, two=two: team.collection(one & two),
                lambda one=one, two=two: team.collection(~(one & two)),
                lambda one=one, two=two: team.collection((one & two) | ours[0]),
                lambda one=one, two=two: team.collection(one).filter(two),
            ):
                with pytest.raises(InvalidFilter):
                    make()

    async def test_a_class_that_inherits_has_the_fields(self, any_face, team):
        class Club(team):
            pass

        await any_face.do(Club.create(land="a", city="b"))
        assert await any_face.all(Club.collection(team.land == "a", team.city == "b")) == ["1"]
        assert await any_face.all(Club.collection(team.land == "a", Club.city == "b")) == ["1"]


class TestTheOrderOfAScoredIndex:
    @pytest.fixture
    async def team(self, any_face):
        class Team(any_face.Model):
            database = any_face.database
            name = StringField(indexable=True)
            team = InstanceHashField(indexes=[ScoredEqualIndex(score_field="points")])
            points = InstanceHashField()

        for number, points in enumerate((30, 10, 20, 10, 5, 40, 7)):
            await any_face.do(Team.create(team="tu"[number % 2], points=str(points), name="x" if number < 5 else "y"))
        await any_face.do(Team.create(name="x", points="abc"))
        return Team

    async def agree(self, face, collection, expected):
        assert await face.all(collection) == expected
        assert await face.do(collection[0:2]) == expected[:2]
        assert await face.do(collection[0]) == await face.do(collection.first()) == expected[0]
        assert await face.do(collection[-1]) == await face.do(collection.last()) == expected[-1]
        for size in (1, 2, 20):
            assert await paged(face, collection, size) == expected
            assert await walked(face, collection.iterate(chunk=size)) == expected
        assert await face.all(await face.do(collection.store())) == expected

    async def test_comes_with_its_filter(self, any_face, team):
        await self.agree(any_face, team.collection(team="t"), ["5", "7", "3", "1"])
        await self.agree(any_face, team.collection(team.team == "t"), ["5", "7", "3", "1"])
        await self.agree(any_face, team.collection(team="t", name="x"), ["5", "3", "1"])
        await self.agree(any_face, team.collection(team="t").exclude(name="y"), ["5", "3", "1"])

    async def test_comes_with_several_values(self, any_face, team):
        await self.agree(any_face, team.collection(team__in=["t"]), ["5", "7", "3", "1"])
        await self.agree(any_face, team.collection(team__in=["t", "u"]), ["5", "7", "2", "4", "3", "1", "6"])

    async def test_a_sort_stands_instead(self, any_face, team):
        await self.agree(any_face, team.collection(team="t").sort(), ["1", "3", "5", "7"])
        await self.agree(any_face, team.collection(team="t").sort(by="-points"), ["1", "3", "7", "5"])

    async def test_does_not_come_with_what_does_not_match(self, any_face, team):
        """So others, whose scores may be anything, are not sorted by them."""
        for collection, expected in (
            (team.collection().exclude(team="t"), ["2", "4", "6", "8"]),
            (team.collection(team__ne="t"), ["2", "4", "6", "8"]),
            (team.collection(~(team.team == "t")), ["2", "4", "6", "8"]),
            (team.collection((team.team == "t") | (team.name == "x")), ["1", "2", "3", "4", "5", "7", "8"]),
            (team.collection(team__isnull=True), ["8"]),
        ):
            assert sorted(await any_face.all(collection)) == expected
            assert await paged(any_face, collection, 2) == expected
            assert (await any_face.do(collection.first()), await any_face.do(collection.last())) == (
                expected[0],
                expected[-1],
            )
            assert sorted(await walked(any_face, collection.iterate(chunk=2))) == expected
            assert sorted(await any_face.all(await any_face.do(collection.store()))) == expected


class TestSubKeys:
    @pytest.fixture
    async def people(self, any_face, person):
        for props, papers in (({"a": "1", "b": "x"}, {"a": 4}), ({"a": "1", "": "e"}, {"a": 6, "": 9}), ({}, {})):
            await any_face.do(person.create(name="z", props=props, papers=papers))
        return person

    @pytest.mark.parametrize("field", ["props", "papers"])
    async def test_one_is_to_be_named(self, any_face, people, field):
        for name in ("count_by", "sum", "avg", "min", "max"):
            with any_face.sent() as sent:
                await any_face.refused(
                    InvalidFilter, lambda name=name: getattr(people.collection(), name)(field), match=f"{field}__"
                )
            assert sent.names == []

    async def test_one_that_is_named_is_counted_and_added(self, any_face, people):
        everybody = people.collection()
        assert await any_face.do(everybody.count_by("props__a")) == {"1": 2}
        assert await any_face.do(everybody.count_by("papers__a")) == {4: 1, 6: 1}
        assert await any_face.do(everybody.count_by("papers__nobody")) == {}
        assert await any_face.do(everybody.sum("props__a")) == 2
        assert await any_face.do(everybody.sum("papers__a")) == 10
        assert await any_face.do(everybody.avg("papers__a")) == 5
        assert (await any_face.do(everybody.min("papers__a")), await any_face.do(everybody.max("papers__a"))) == (4, 6)

    async def test_the_empty_one_is_one(self, any_face, people):
        assert await any_face.all(people.collection(people.props[""] == "e")) == ["2"]
        assert await any_face.all(people.collection(people.props[""].in_(["e", "f"]), name="z")) == ["2"]
        assert sorted(await any_face.all(people.collection(people.props[""].is_null()))) == ["1", "3"]
        assert await any_face.all(people.collection(people.props[""].is_null(False))) == ["2"]
        assert await any_face.all(people.collection(people.props["a"] == "1", people.props[""] != "e")) == ["1"]


class TestTexts:
    async def test_the_lowest_and_highest_are_found_by_their_bytes(self, any_face, person):
        for name in ("b", "10", "9", "é", "a"):
            await any_face.do(person.create(name=name, note=name, props={"a": name}))
        everybody = person.collection()
        for field in ("name", "note", "props__a"):
            assert await any_face.do(everybody.min(field, alpha=True)) == "10"
            assert await any_face.do(everybody.max(field, alpha=True)) == "é"
            await any_face.refused(LimpydError, lambda field=field: everybody.min(field))
        numbers = person.collection(name__in=["9", "10"])
        assert await any_face.do(numbers.min("name")) == "9"
        assert await any_face.do(numbers.max("name")) == "10"
