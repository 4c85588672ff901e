"""What limpyd 2's documentation says of the further indexes (contrib), statement by statement."""

import pytest

from limpyd import fields, model
from limpyd.contrib.collection import ExtendedCollectionManager
from limpyd.contrib.indexes import (
    DateIndex,
    DateIndexParts,
    DateSimpleTimeIndex,
    DateTimeIndex,
    EqualIndexWith,
    MultiIndexes,
    ScoredEqualIndex,
    SimpleDateTimeIndex,
    TimeIndex,
)
from limpyd.exceptions import ImplementationError, UniquenessError
from limpyd.indexes import EqualIndex, NumberRangeIndex, TextRangeIndex


def indexed(database, index, *values):
    """A model with one field of an index, and objects with these values."""
    main_database = database

    class Thing(model.RedisModel):
        database = main_database
        collection_manager = ExtendedCollectionManager
        at = fields.InstanceHashField(indexable=True, indexes=[index])

    for value in values:
        Thing(at=value)

    def found(**filters):
        return set(Thing.collection(**filters))

    return found


# --- dates and times ---


def test_dates(database):
    found = indexed(database, DateIndex, "2015-12-16", "2014-09-07", "2015-06-12", "2016-12-31")
    assert found(at="2015-12-16") == {"1"}
    assert found(at__year=2015) == {"1", "3"}
    assert found(at__month=12) == {"1", "4"}
    assert found(at__day__gte=16) == {"1", "4"}
    assert found(at__year__lt=2015) == {"2"}
    assert found(at__gt="2015-06-12", at__lt="2016") == {"1"}
    assert found(at__startswith="2015") == {"1", "3"}
    assert found(at__month=12, at__year=2016) == {"4"}


def test_parts_of_dates(database):
    found = indexed(database, DateIndexParts, "2015-12-16", "2014-09-07")
    assert found(at__year=2015) == found(at__month="12") == found(at__day=16) == {"1"}
    with pytest.raises(ImplementationError):
        found(at__startswith="2015")


def test_times(database):
    found = indexed(database, TimeIndex, "15:16:17", "09:08:07", "15:00:00")
    assert found(at="15:16:17") == {"1"}
    assert found(at__hour=15) == {"1", "3"}
    assert found(at__minute__lte=8) == {"2", "3"}
    assert found(at__second=7) == {"2"}
    assert found(at__gte="15:") == {"1", "3"}


DATETIMES = ("2015-12-16 15:16:17", "2014-09-07 09:08:07", "2015-06-12 15:00:00")


def test_dates_with_times(database):
    found = indexed(database, DateTimeIndex, *DATETIMES)
    assert found(at="2015-12-16 15:16:17") == {"1"}
    assert found(at__year=2015) == {"1", "3"}
    assert found(at__hour=15) == {"1", "3"}
    assert found(at__date="2015-12-16") == {"1"}
    assert found(at__date__gt="2015") == {"1", "3"}
    assert found(at__time__gte="15:") == {"1", "3"}
    assert found(at__date__gte="2015-07", at__time__lt="16") == {"1"}
    assert found(at__lt="2015-06-12 16") == {"2", "3"}


def test_dates_with_simple_times(database):
    found = indexed(database, DateSimpleTimeIndex, *DATETIMES)
    assert found(at__year=2015, at__time__gt="15:01") == {"1"}
    assert found(at__date__startswith="2014") == {"2"}
    with pytest.raises(ImplementationError):
        found(at__hour=15)


def test_simple_dates_with_times(database):
    found = indexed(database, SimpleDateTimeIndex, *DATETIMES)
    assert found(at__date="2014-09-07", at__time="09:08:07") == {"2"}
    assert found(at__gt="2015") == {"1", "3"}
    with pytest.raises(ImplementationError):
        found(at__year=2015)


def test_dates_may_be_unique(database):
    main_database = database

    class Day(model.RedisModel):
        database = main_database
        day = fields.InstanceHashField(unique=True, indexes=[DateIndex])

    Day(day="2015-12-16")
    Day(day="2015-12-17")
    with pytest.raises(UniquenessError):
        Day(day="2015-12-16")


def test_composed_indexes(database):
    index = MultiIndexes.compose(
        [
            EqualIndex.configure(prefix="first", transform=lambda value: value[0], handle_uniqueness=False),
            NumberRangeIndex.configure(prefix="length", key="length", transform=len, handle_uniqueness=False),
            TextRangeIndex,
        ],
        name="FirstAndLength",
    )
    found = indexed(database, index, "foo", "foobar", "bar")
    assert found(at__first="f") == {"1", "2"}
    assert found(at__length=3) == found(at__length__lt=4) == {"1", "3"}
    assert found(at__first="f", at__length__gt=3) == {"2"}
    assert found(at__startswith="foo") == {"1", "2"}
    assert index.__name__ == "FirstAndLength"


def test_a_transform_before_all_composed_indexes(database):
    index = MultiIndexes.compose([EqualIndex, TextRangeIndex], transform=lambda value: value.lower())
    found = indexed(database, index, "FOO", "foobar")
    assert found(at__startswith="foo") == {"1", "2"}


# --- scores of another field ---


def test_scored_equality(database):
    main_database = database

    class Person(model.RedisModel):
        database = main_database
        collection_manager = ExtendedCollectionManager
        name = fields.InstanceHashField(indexable=True)
        category = fields.InstanceHashField(indexable=True, indexes=[ScoredEqualIndex.configure(score_field="score")])
        score = fields.InstanceHashField()

    Person(name="a", category="x", score=30)
    Person(name="b", category="x", score=10)
    Person(name="c", category="x", score=20)
    Person(name="d", category="y", score=5)
    without = Person(name="e", category="x")
    assert list(Person.collection(category="x")) == ["2", "3", "1"]
    assert set(Person.collection(category__in=["x", "y"])) == {"1", "2", "3", "4"}
    Person(1).score.hset(1)
    assert list(Person.collection(category="x")) == ["1", "2", "3"]
    without.score.hset(15)
    assert list(Person.collection(category="x")) == ["1", "2", "5", "3"]
    Person(2).score.delete()
    assert list(Person.collection(category="x")) == ["1", "5", "3"]
    assert list(Person.collection(category="x", name="c")) == ["3"]


# --- several fields ---


@pytest.fixture
def address_model(database):
    main_database = database

    class Address(model.RedisModel):
        database = main_database
        street = fields.InstanceHashField()
        number = fields.InstanceHashField()
        city = fields.InstanceHashField(
            indexable=True, indexes=[EqualIndexWith.configure(other_fields=["street", "number"], unique=True)]
        )

    return Address


def test_filters_of_several_fields(address_model):
    address_model(city="Paris", street="Main", number=1)
    address_model(city="Paris", street="Main", number=2)
    assert list(address_model.collection(city="Paris", street="Main", number=2)) == ["2"]
    assert list(address_model.collection(city="Paris", street="Main", number__in=[1, 5])) == ["1"]
    for too_few in ({"city": "Paris"}, {"city": "Paris", "street": "Main"}):
        with pytest.raises(ImplementationError):
            list(address_model.collection(**too_few))


def test_several_fields_unique_together(address_model):
    address_model(city="Paris", street="Main", number=1)
    address_model(city="Paris", street="Main", number=2)
    with pytest.raises(UniquenessError):
        address_model(city="Paris", street="Main", number=1)
    with pytest.raises(UniquenessError):
        address_model(2).number.hset(1)
    assert address_model(2).number.hget() == "2"
    address_model(1).delete()
    address_model(2).number.hset(1)
    assert list(address_model.collection(city="Paris", street="Main", number=1)) == ["2"]


def test_the_index_may_stand_beside_others(database):
    main_database = database

    class Address(model.RedisModel):
        database = main_database
        street = fields.InstanceHashField(indexable=True)
        city = fields.InstanceHashField(
            indexable=True, indexes=[EqualIndex, EqualIndexWith.configure(other_fields=["street"])]
        )

    Address(city="Paris", street="Main")
    Address(city="Paris", street="Side")
    assert set(Address.collection(city="Paris")) == {"1", "2"}
    assert set(Address.collection(city="Paris", street="Side")) == {"2"}
    assert set(Address.collection(street="Main")) == {"1"}
