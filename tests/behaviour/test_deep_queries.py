"""Expressions that stand within each other, and filters through many references: they work, or are refused clearly."""

from __future__ import annotations

from contextlib import suppress

import pytest

from limpyd import FKInstanceHashField, InstanceHashField, RedisDatabase, RedisModel
from limpyd.exceptions import InvalidFilter
from limpyd.query.filters.references import MAX_REFERENCES


@pytest.fixture
def person(one_server):
    class Person(RedisModel):
        database = RedisDatabase(port=one_server.port)
        name = InstanceHashField(indexable=True)
        age = InstanceHashField(type=int, indexable=True)
        friend = FKInstanceHashField("self", related_name="friends")

    last = Person(name="ada", age=0)
    for age in range(1, 40):
        last = Person(name="grace", age=age, friend=last)
    yield Person
    Person.database.close()


def nested(person, depth):
    """All but those whose age is odd, said again and again."""
    expression = person.name == "none"
    for level in range(depth):
        if level % 2:
            expression &= person.age >= 0
        else:
            expression |= person.age == level % 40
    return expression


def test_expressions_as_deep_as_they_may_be(person):
    found = person.collection(nested(person, 100))
    expected = sorted(str(age + 1) for age in range(0, 40, 2))
    assert sorted(found) == sorted(found.iterate(chunk=1)) == expected
    assert found.count() == found.update(name="x", chunk=3) == 20
    assert str(found.explain())
    assert repr(found)


READS = {
    "all": lambda found: sorted(found),
    "iterate": lambda found: sorted(found.iterate(chunk=1)),
    "count": lambda found: found.count(),
    "explain": lambda found: str(found.explain()) != "",
    "repr": lambda found: repr(found) != "",
    "update": lambda found: found.update(name="x"),
}


@pytest.mark.parametrize("depth", [300, 500])
@pytest.mark.parametrize("read", READS)
def test_deeper_expressions_work_or_are_refused(person, depth, read):
    """As far as Python's limit of recursion goes; neither it nor the server fails."""
    few = READS[read](person.collection(nested(person, 40)))
    with suppress(InvalidFilter):
        assert READS[read](person.collection(nested(person, depth))) == few


@pytest.mark.parametrize("depth", [600, 10_000])
def test_still_deeper_ones_are_refused(person, depth):
    with pytest.raises(InvalidFilter, match="pk__in"):
        nested(person, depth)
    expression = person.name == "none"
    with pytest.raises(InvalidFilter, match="deep"):
        for _ in range(depth):
            expression = ~(expression & (person.age >= 0))


def test_what_is_flat_has_no_limit(person):
    expression = either = person.age >= 0
    found = person.collection()
    for number in range(3000):
        expression = ~expression
        either |= person.age == number
        found = found.exclude(age=number + 10)
    assert person.collection(expression).count() == person.collection(either).count() == 40
    assert found.count() == 10


def test_filters_through_references(person):
    path = "friend__" * MAX_REFERENCES
    assert person.collection(**{f"{path}age": 5}).all() == [str(MAX_REFERENCES + 6)]
    assert list(person.collection(**{f"{path}age": 5, f"{path}name": "grace"}).iterate(chunk=1))
    for count in (MAX_REFERENCES + 1, 300, 10_000):
        with pytest.raises(InvalidFilter, match="references"):
            person.collection(**{"friend__" * count + "age": 5})
