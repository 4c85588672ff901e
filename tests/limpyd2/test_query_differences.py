"""What docs/migrating.md says of queries, pipelines and errors, each statement tried here."""

import datetime as dt

import pytest
import redis

from limpyd import EqualIndex, NumberRangeIndex, RedisDatabase, TextRangeIndex, fields, model
from limpyd.contrib.collection import ExtendedCollectionManager
from limpyd.exceptions import (
    DoesNotExist,
    ImplementationError,
    IndexNotBuilt,
    InvalidFilter,
    InvalidValue,
    MissingArgument,
    UnknownField,
    UnsupportedCommand,
)
from tests.support.face import Sent
from tests.support.limpyd2.differences import difference, refuses


@pytest.fixture
def people(database):
    main_database = database

    class Person(model.RedisModel):
        database = main_database
        name = fields.InstanceHashField(indexable=True)
        city = fields.InstanceHashField(indexable=True)
        slug = fields.StringField(indexable=True, indexes=[TextRangeIndex])
        size = fields.StringField(indexable=True, indexes=[NumberRangeIndex])
        sizes = fields.SetField(indexable=True, indexes=[NumberRangeIndex])
        born = fields.StringField(type=int, indexable=True)
        words = fields.StringField(type=str, indexable=True)
        day = fields.StringField(type=dt.date, indexable=True)
        tags = fields.SetField()
        queue = fields.ListField()
        scores = fields.SortedSetField()

    return Person


@difference("`filter(name__in=[])` is ignored if there are other filters")
def test_in_nothing(people):
    people(name="a", city="x")
    assert list(people.collection(name__in=[], city="x")) == []


@difference('text `lte="foo"` also finds `foo1`; `lt="100"` does not find `10`')
def test_text_is_compared_by_its_bytes(people):
    for slug in ("foo", "foo1", "10"):
        people(slug=slug)
    assert set(people.collection(slug__lte="foo")) == {"1", "3"}
    assert list(people.collection(slug__lt="100")) == ["3"]


@difference('`name__in="abc"` finds `a`, `b` and `c`')
def test_a_text_is_not_several_values(people):
    refuses(InvalidFilter, lambda: people.collection(name__in="abc"))


@difference('None in a filter means the text `"None"`')
def test_filters_by_none(people):
    people(city="x")
    refuses(InvalidFilter, lambda: people.collection(name=None))
    assert list(people.collection(name__isnull=True)) == ["1"]


@difference("slices with negative positions, or taken after `c[-1]`, may be in the wrong order or incomplete")
@difference("`c[::2]` of a collection applies the step before the limits")
def test_slices(people):
    for size in (3, 1, 2, 4):
        people(size=size)
    ordered = people.collection().sort(by="size")
    plain = ["2", "3", "1", "4"]
    assert ordered[-1] == "4"
    bounds = [None, *range(-5, 6)]
    for start in bounds:
        for stop in bounds:
            assert list(ordered[start:stop]) == plain[start:stop]
    assert list(ordered[::2]) == plain[::2]


@difference('a collection equals a list of the same primary keys: `c == ["1"]`')
def test_comparing(people):
    people(name="a")
    assert list(people.collection()) == ["1"]
    assert people.collection() != ["1"]


@difference("`from_stored(key)` of a missing key returns an empty collection")
def test_from_stored(people):
    refuses(DoesNotExist, lambda: list(people.collection().from_stored("gone")))


@difference("`values()` leaves out fields of many members, and refuses their names")
def test_values(people):
    people(tags=["x"], queue=["y"], scores={"z": 1})
    assert people.collection().values("tags", "queue", "scores")[0] == {
        "tags": {"x"},
        "queue": ["y"],
        "scores": {"z": 1.0},
    }
    assert people.collection().values()[0]["tags"] == {"x"}


@difference("a number index on a set stores one number per object")
def test_numbers_of_many_members(people):
    people(sizes=[1, 50])
    assert list(people.collection(sizes=1)) == list(people.collection(sizes__gt=40)) == ["1"]


@difference("an indexable field has an `EqualIndex`")
def test_default_indexes(people):
    people(name="a", born=5, words="w", day=dt.date(2024, 1, 1))
    people(born=50, day=dt.date(2025, 1, 1))
    for ordered in ({"name__gt": "a"}, {"words__gt": "a"}):
        refuses(ImplementationError, lambda filters=ordered: people.collection(**filters))
    assert list(people.collection(born__gt=40)) == list(people.collection(day__gt=dt.date(2024, 5, 5))) == ["2"]


@difference("a number index stores 0 for text, and rounds numbers")
def test_number_indexes_are_exact(people):
    person = people(name="a")
    refuses(InvalidValue, lambda: person.size.set("no number"))
    refuses(InvalidValue, lambda: person.size.set(2**60 + 1))
    person.size.set(1764313535.1234567)
    assert list(people.collection(size=1764313535.1234567)) == ["1"]


@difference("a transform's result is stored as `str(result)`, even None, a list or a bool")
@pytest.mark.parametrize("layout", [{}, {"layout": "limpyd2"}], ids=["", "limpyd2"])
def test_results_of_transforms(one_server, layout):
    class Thing(model.RedisModel):
        database = RedisDatabase(port=one_server.port, **layout)
        none = fields.StringField(indexes=[EqualIndex(transform=lambda _: None)])
        several = fields.StringField(indexes=[EqualIndex(transform=str.split)])
        long = fields.StringField(indexes=[EqualIndex(transform=lambda value: len(value) > 2)])

    Thing(none="x", several="a b", long="abc")
    assert list(Thing.collection(long=True)) == ["1"]
    for filters, as_text in (
        ({"none": "None"}, True),
        ({"several": "['a', 'b']"}, True),
        ({"several": "a"}, False),
        ({"long": "True"}, True),
        ({"long": "1"}, False),
    ):
        assert list(Thing.collection(**filters)) == (["1"] if as_text == bool(layout) else []), filters


@difference("an index may override `add`, `get_filtered_keys`, `get_storage_key` and others")
def test_methods_of_indexes(database):
    main_database = database
    for name in ("add", "get_filtered_keys", "get_storage_key"):
        refuses(ImplementationError, lambda name=name: type("Own", (EqualIndex,), {name: lambda self: None}))

    class Blind(EqualIndex):
        def normalize_value(self, value, transform=True):
            return super().normalize_value(value, transform=transform).lower()

    class First(EqualIndex):
        prefix = "first"

        def transform_value(self, value):
            return value[:1]

    class Word(model.RedisModel):
        database = main_database
        text = fields.StringField(indexable=True, indexes=[Blind, First])

    Word(text="Abc")
    assert list(Word.collection(text="aBC", text__first="A")) == ["1"]


@difference("after `clear_indexes()` filters find nothing")
def test_cleared_indexes(people):
    people(name="a")
    people.get_field("name").clear_indexes()
    refuses(IndexNotBuilt, lambda: list(people.collection(name="a")))
    people.get_field("name").rebuild_indexes()
    assert list(people.collection(name="a")) == ["1"]


@difference("`len(c)` and `list(c)` of one collection differ")
def test_each_asks(people):
    people(name="a")
    found = people.collection(name="a")
    assert (len(found), list(found)) == (1, ["1"])
    people(name="a")
    assert (len(found), len(list(found))) == (2, 2)


@difference("every `len()` on several filters leaves a key for 300 s")
@difference("a collection on several filters reads in many requests")
def test_queries_write_nothing(one_server, people):
    for name, city in [("a", "x"), ("a", "y"), ("b", "x")]:
        people(name=name, city=city)
    len(people.collection(name="a", city__in=["x", "y"]))  # the server knows the script from now on
    before = set(people.database.connection.keys())
    with Sent(one_server) as sent:
        assert len(people.collection(name="a", city__in=["x", "y"])) == 2
    assert len(sent.commands) == 1
    assert set(people.database.connection.keys()) == before


@difference('`collection.sort(by="name")` sorts text only with `alpha=True`')
def test_sorting_by_type(people):
    for words, born in [("10", 10), ("9", 9)]:
        people(words=words, born=born, city=words)
    assert list(people.collection().sort(by="words")) == ["1", "2"]
    assert list(people.collection().sort(by="born")) == ["2", "1"]
    assert list(people.collection().sort(by="city", alpha=True)) == ["1", "2"]
    assert list(people.collection().sort(by="city")) == ["2", "1"]


@difference(
    "`sort(by_score=key)`, `store`, `from_stored`, `intersect`, `values`, `values_list` "
    "with an ExtendedCollectionManager"
)
def test_every_collection_is_extended(people):
    person = people(name="a", scores={"1": 5})
    assert list(people.collection().sort(by_score=person.scores)) == ["1"]
    assert list(people.collection().intersect(["1"]).values_list("name", flat=True)) == ["a"]
    stored = people.collection().store()
    assert list(people.collection().from_stored(stored.stored_key)) == ["1"]
    assert issubclass(ExtendedCollectionManager, type(people.collection()))


@difference(
    "refused filters and commands, declarations: `ImplementationError`; unknown names: `AttributeError` "
    "or `ValueError`; no names: redis-py's `ResponseError` or `DataError`"
)
def test_errors_keep_their_classes(people):
    person = people(name="a")
    assert issubclass(InvalidFilter, ImplementationError)
    assert issubclass(UnsupportedCommand, ImplementationError)
    refuses(ImplementationError, lambda: people.collection(tags="x"))
    refuses(ImplementationError, lambda: person.size.expire(5))
    refuses(ImplementationError, lambda: type("Nothing", (model.RedisModel,), {}))
    unknown = refuses(UnknownField, lambda: people(nothing="x"))
    assert isinstance(unknown, ValueError)
    assert isinstance(unknown, AttributeError)
    missing = refuses(MissingArgument, lambda: person.hmget())
    assert isinstance(missing, redis.ResponseError)
    assert isinstance(missing, redis.DataError)


@difference('`scan_keys("*")` of one object finds all')
def test_names_are_no_patterns(database):
    main_database = database

    class Named(model.RedisModel):
        database = main_database
        name = fields.PKField()
        note = fields.StringField(indexable=True, indexes=[EqualIndex])

    star, other = Named(name="*", note="x"), Named(name="other", note="x")
    assert len(list(star.scan_keys())) == len(list(other.scan_keys())) == 1


@difference('`dict(c.values_list("pk", "name"))`')
def test_collections_are_no_dicts(people):
    people(name="a")
    pairs = people.collection().values_list("pk", "name")
    refuses(TypeError, lambda: dict(pairs))
    assert dict(pairs.all()) == {"1": "a"}
