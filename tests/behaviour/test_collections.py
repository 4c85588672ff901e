"""Collections: filters, slices, and evaluation anew each time."""

from __future__ import annotations

import threading

import pytest

from limpyd import InstanceHashField, PKField, RedisDatabase, RedisModel, StringField
from limpyd.exceptions import InvalidFilter, InvalidPrimaryKey, InvalidValue, UnknownField


@pytest.fixture
async def person(face):
    class Person(face.Model):
        database = face.database
        name = StringField(indexable=True)
        city = InstanceHashField(indexable=True)
        email = InstanceHashField(unique=True)
        born = InstanceHashField(type=int, indexable=True)
        note = StringField()

    for number in range(1, 11):
        await face.do(
            Person.create(
                name=f"Name {number % 2}", city=f"City {number % 3}", email=f"{number}@x", born=1900 + number % 5
            )
        )
    return Person


def matching(**wanted):
    """The same query in plain Python."""
    found = set()
    for number in range(1, 11):
        facts = {
            "name": f"Name {number % 2}",
            "city": f"City {number % 3}",
            "email": f"{number}@x",
            "born": 1900 + number % 5,
            "pk": str(number),
        }
        if all(facts[name] in values for name, values in wanted.items()):
            found.add(str(number))
    return found


QUERIES = [
    {},
    {"name": ["Name 1"]},
    {"name": ["Name 1"], "city": ["City 2"]},
    {"name": ["Name 0"], "city": ["City 1"], "born": [1904]},
    {"name": ["Nobody"]},
    {"email": ["3@x"]},
    {"email": ["3@x"], "name": ["Name 1"]},
    {"email": ["3@x"], "name": ["Name 0"]},
    {"email": ["1@x", "2@x", "99@x"]},
    {"email": ["1@x", "2@x"], "city": ["City 1", "City 0"]},
    {"city": ["City 1", "City 2"]},
    {"city": ["City 1", "City 2"], "born": [1901, 1902]},
    {"pk": ["3"]},
    {"pk": ["99"]},
    {"pk": ["3", "4", "99"]},
    {"pk": ["3", "4"], "name": ["Name 1"]},
    {"pk": ["3", "4", "5"], "email": ["4@x", "5@x", "6@x"], "name": ["Name 0", "Name 1"]},
    {"name": []},
    {"name": [], "city": ["City 1"]},
    {"email": [], "pk": ["1"]},
]


class TestFilters:
    @pytest.mark.parametrize("query", QUERIES, ids=str)
    async def test_equals_plain_python(self, face, person, query):
        filters = {name: values[0] for name, values in query.items() if len(values) == 1}
        filters |= {f"{name}__in": values for name, values in query.items() if len(values) != 1}
        spelled = {f"{name}__eq" if "__" not in name else name: value for name, value in filters.items()}
        everything_in = {f"{name}__in": tuple(values) for name, values in query.items()}
        expected = matching(**query)
        for how in (filters, spelled, everything_in):
            collection = person.collection(**how)
            found = await face.all(collection)
            assert sorted(found) == sorted(expected)
            assert await face.do(collection.count()) == len(expected)
            assert await face.do(collection.exists()) is bool(expected)

    async def test_several_filters_on_one_field(self, face, person):
        narrowed = person.collection(name="Name 1").filter(name="Name 0")
        assert await face.all(narrowed) == []
        both = person.collection(city__in=["City 1", "City 2"]).filter(city__in=["City 2", "City 0"])
        assert set(await face.all(both)) == matching(city=["City 2"])

    async def test_filter_narrows_without_changing(self, face, person):
        wide = person.collection(name="Name 1")
        narrow = wide.filter(city="City 1")
        assert set(await face.all(wide)) == matching(name=["Name 1"])
        assert set(await face.all(narrow)) == matching(name=["Name 1"], city=["City 1"])

    async def test_repeated_values_count_once(self, face, person):
        for filters in (
            {"city__in": ["City 1"] * 3},
            {"email__in": ["1@x"] * 2, "name": "Name 1"},
            {"pk__in": [1, "1"]},
        ):
            found = await face.all(person.collection(**filters))
            assert len(found) == len(set(found)) == await face.do(person.collection(**filters).count())

    async def test_primary_keys_by_their_own_name(self, face):
        class Country(face.Model):
            database = face.database
            code = PKField()

        for code in ("fr", "de", "it"):
            await face.do(Country.create(code=code))
        assert set(await face.all(Country.collection(code__in=["fr", "xx", "it"]))) == {"fr", "it"}
        assert await face.all(Country.collection(code="de", pk="de")) == ["de"]

    async def test_generators_are_consumed_once(self, face, person):
        collection = person.collection(city__in=(city for city in ("City 1", "City 2")))
        for _ in range(2):
            assert set(await face.all(collection)) == matching(city=["City 1", "City 2"])

    async def test_refused_at_the_call(self, face, person):
        for error, filters, part in (
            (UnknownField, {"nmae": "x"}, "nmae"),
            (InvalidFilter, {"note": "x"}, "indexable=True"),
            (InvalidFilter, {"name__gt": "x"}, "eq, in"),
            (InvalidFilter, {"name__in": "abc"}, "several values"),
            (InvalidFilter, {"name__in": 5}, "several values"),
            (InvalidFilter, {"name": None}, "None"),
            (InvalidFilter, {"name__": "x"}, "neither an operator"),
            (InvalidFilter, {"name__eq__in": "x"}, "'eq' and 'in' are two"),
            (InvalidValue, {"born": "1900"}, "Person.born"),
            (InvalidValue, {"born__in": [1900, "x"]}, "Person.born"),
            (InvalidPrimaryKey, {"pk": True}, "primary key"),
        ):
            with pytest.raises(error, match=part):
                person.collection(**filters)


class TestResults:
    async def test_instances(self, face, person):
        found = await face.all(person.collection(name="Name 1").instances())
        assert {await face.do(each.pk.get()) for each in found} == matching(name=["Name 1"])
        assert all(type(each) is person for each in found)
        assert set(await face.all(person.instances(name="Name 1"))) == set(found)
        assert set(await face.all(person.instances(name="Name 1").primary_keys())) == matching(name=["Name 1"])

    async def test_lazy_instances(self, face, person):
        (lazy,) = await face.all(person.instances(lazy=True, email="1@x"))
        await face.do((await face.do(person.get(1))).delete())
        await face.refused(LookupError, lambda: lazy.name.get())

    async def test_slices_are_those_of_a_list(self, face, person):
        collection = person.collection()
        whole = await face.all(collection)
        assert len(whole) == 10
        for part in (
            slice(None),
            slice(2, 5),
            slice(-3, None),
            slice(None, None, 3),
            slice(8, 2, -2),
            slice(5, 100),
            slice(100, None),
        ):
            assert await face.do(collection[part]) == whole[part]
        for index in (0, 9, -1, -10):
            assert await face.do(collection[index]) == whole[index]
        for index in (10, -11):
            await face.refused(IndexError, lambda index=index: collection[index])
        assert (await face.do(collection.instances()[2:4])) == [await face.do(person.get(pk)) for pk in whole[2:4]]

    async def test_asks_anew_each_time(self, face, person):
        collection = person.collection(name="New")
        assert await face.do(collection.count()) == 0
        made = await face.do(person.create(name="New"))
        assert await face.all(collection) == [await face.do(made.pk.get())]
        assert await face.do(collection.count()) == 1
        await face.do(made.delete())
        assert await face.all(collection) == []


class TestSyncOnly:
    @pytest.fixture
    def letter(self, one_server):
        class Letter(RedisModel):
            database = RedisDatabase(port=one_server.port)
            kind = StringField(indexable=True)

        for kind in "aab":
            Letter(kind=kind)
        yield Letter
        Letter.database.close()

    def test_names_that_end_in_an_underscore(self, one_server):
        class Word(RedisModel):
            database = RedisDatabase(port=one_server.port)
            class_ = StringField(indexable=True)

        Word(class_="noun")
        assert list(Word.collection(class_="noun")) == list(Word.collection(class___in=["noun"])) == ["1"]
        Word.database.close()

    def test_reversed(self, letter):
        assert sorted([*reversed(letter.collection())]) == ["1", "2", "3"]

    def test_len_and_truth(self, letter):
        assert len(letter.collection()) == 3
        assert letter.collection(kind="a")
        assert not letter.collection(kind="z")
        assert "3" in letter.collection(kind="b")
        assert "1" not in letter.collection(kind="b")

    def test_len_is_never_that_of_an_earlier_evaluation(self, letter):
        collection = letter.collection(kind="a")
        assert list(collection) == list(collection)
        letter(kind="a")
        assert len(collection) == 3
        for _ in collection:
            break
        letter(kind="a")
        assert len(collection) == 4
        iterator = iter(collection)
        next(iterator)
        letter(kind="a")
        assert len(collection) == 5

    def test_len_in_another_thread_asks(self, letter):
        collection = letter.collection(kind="a")
        iter(collection)  # not begun: the next len() of this thread may be list()'s question
        letter(kind="a")
        seen = []
        thread = threading.Thread(target=lambda: seen.append(len(collection)))
        thread.start()
        thread.join()
        assert seen == [3]


async def test_async_collections_have_no_truth(one_server):
    from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel  # noqa: PLC0415

    class Letter(AsyncRedisModel):
        database = AsyncRedisDatabase(port=one_server.port)

    with pytest.raises(TypeError, match=r"await collection.exists\(\)"):
        bool(Letter.collection())
    with pytest.raises(TypeError, match="async for"):
        list(Letter.collection())
    with pytest.raises(TypeError, match="async for"):
        for _ in Letter.collection():
            pass
    with pytest.raises(TypeError, match=r"await collection.all\(\)"):
        "1" in Letter.collection()  # noqa: B015
