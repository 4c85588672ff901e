"""get_or_create and get_or_connect look for what they would store, on every kind of index and field."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from limpyd import (
    DateIndex,
    EqualIndex,
    EqualIndexWith,
    GeoField,
    HashField,
    InstanceHashField,
    ListField,
    NumberRangeIndex,
    PKField,
    SetField,
    SortedSetField,
    StringField,
    TextRangeIndex,
)
from limpyd.exceptions import (
    InvalidFilter,
    InvalidPrimaryKey,
    InvalidValue,
    MultipleObjectsReturned,
    UniquenessError,
    UnknownField,
)
from limpyd.relations import FKInstanceHashField, FKStringField, M2MListField, M2MSetField, M2MSortedSetField

Folded = EqualIndex.configure(transform=lambda name: name.strip().casefold(), name="Folded")
Words = EqualIndex.configure(transform=str.split, name="Words")
Length = NumberRangeIndex.configure(transform=len, name="Length")
NOON = datetime(2024, 2, 3, 12, 0, 5, tzinfo=UTC)


def declared(base, database):
    town = type("Town", (base,), {"database": database, "code": PKField()})
    fields = {
        "folded": InstanceHashField(indexes=[Folded]),
        "only": InstanceHashField(unique=True, indexes=[Folded]),
        "alone": StringField(unique=True, indexes=[Folded]),
        "ranged": StringField(indexes=[TextRangeIndex.configure(transform=str.upper)]),
        "caseless": StringField(indexes=[TextRangeIndex(case_sensitive=False)]),
        "length": InstanceHashField(indexes=[Length]),
        "day": InstanceHashField(indexes=[DateIndex]),
        "date": InstanceHashField(type=date, indexes=[DateIndex]),
        "moment": StringField(type=datetime, indexable=True),
        "age": StringField(type=int, indexable=True),
        "price": InstanceHashField(type=Decimal, unique=True),
        "ratio": StringField(type=float, indexes=[EqualIndex]),
        "words": StringField(indexes=[Words]),
        "both": StringField(indexes=[EqualIndex(key="whole"), Words]),
        "tags": SetField(indexable=True),
        "own": SetField(unique=True),
        "folds": ListField(indexes=[Folded]),
        "numbers": SetField(type=float, indexable=True),
        "board": SortedSetField(indexable=True),
        "heads": HashField(indexable=True),
        "spots": GeoField(indexes=[EqualIndex]),
        "home": FKInstanceHashField(town, related_name="homes"),
        "seat": FKStringField(town, unique=True, related_name="seats"),
        "towns": M2MSetField(town, related_name="visitors"),
        "route": M2MListField(town, related_name="travellers"),
        "ranks": M2MSortedSetField(town, related_name="critics"),
        "floor": InstanceHashField(type=int, indexes=[EqualIndexWith(other_fields=["door"], unique=True)]),
        "door": StringField(),
        "plain": StringField(),
    }
    return town, type("Thing", (base,), {"database": database, **fields})


@pytest.fixture
def things(face):
    return declared(face.Model, face.database)


SOUGHT = {
    "transform": ({"folded": "Ada"}, {"folded": " ADA"}, {"folded": "Bo"}),
    "transform, unique": ({"only": "Ada"}, {"only": " ADA"}, {"only": "Bo"}),
    "transform, unique, key of its own": ({"alone": "Ada"}, {"alone": " ADA"}, {"alone": "Bo"}),
    "texts in order": ({"ranged": "Ada"}, {"ranged": "aDA"}, {"ranged": "Bo"}),
    "without regard to case": ({"caseless": "Ädä"}, {"caseless": "äDÄ"}, {"caseless": "Bo"}),
    "transform of another type": ({"length": "Ada"}, {"length": "Ada"}, {"length": "Bo"}),
    "part of a text": ({"day": "2024-02-03"}, {"day": "2024-02-03"}, {"day": "2024-02-04"}),
    "date": ({"date": date(2024, 2, 3)}, {"date": date(2024, 2, 3)}, {"date": date(2024, 2, 4)}),
    "datetime": ({"moment": NOON}, {"moment": NOON}, {"moment": NOON.replace(second=6)}),
    "int": ({"age": 5}, {"age": 5}, {"age": 6}),
    "Decimal": ({"price": Decimal("1.5")}, {"price": Decimal("1.50")}, {"price": Decimal("1.51")}),
    "float": ({"ratio": 1.0}, {"ratio": 1}, {"ratio": 1.25}),
    "several kept of a value, and the whole": ({"both": "a b"}, {"both": "a b"}, {"both": "b a"}),
    "set": ({"tags": "z"}, {"tags": "z"}, {"tags": "y"}),
    "set, unique": ({"own": "z"}, {"own": "z"}, {"own": "y"}),
    "set of floats": ({"numbers": 1.0}, {"numbers": 1}, {"numbers": 2}),
    "list with a transform": ({"folds": "Z"}, {"folds": "z "}, {"folds": "y"}),
    "reference": ({"home": "t1"}, {"home": "t1"}, {"home": "t2"}),
    "unique reference": ({"seat": "t1"}, {"seat": "t1"}, {"seat": "t2"}),
    "set of references": ({"towns": "t1"}, {"towns": "t1"}, {"towns": "t2"}),
    "list of references": ({"route": "t1"}, {"route": "t1"}, {"route": "t2"}),
    "several fields together": ({"floor": 1, "door": "a"}, {"door": "a", "floor": 1}, {"floor": 1, "door": "b"}),
    "several conditions": (
        {"folded": "Ada", "tags": "z", "home": "t1"},
        {"tags": "z", "folded": "ada ", "home": "t1"},
        {"folded": "Ada", "tags": "z", "home": "t2"},
    ),
    "together and by itself": (
        {"floor": 1, "door": "a", "only": "Ada"},
        {"floor": 1, "door": "a", "only": "ada"},
        {"floor": 2, "door": "a", "only": "Bo"},
    ),
}


@pytest.mark.parametrize("sought", SOUGHT.values(), ids=SOUGHT)
async def test_looks_for_what_it_would_store(face, things, sought):
    town, thing = things
    first, same, other = sought
    for code in ("t1", "t2"):
        await face.do(town.create(code=code))
    made, created = await face.do(thing.get_or_create(**first))
    assert created
    again, created = await face.do(thing.get_or_create(**same))
    assert (again, created) == (made, False)
    assert await face.do(thing.get_or_connect(**same)) == made
    another, created = await face.do(thing.get_or_create(**other))
    assert created
    assert another != made
    assert await face.do(thing.collection().count()) == 2
    assert (await face.do(thing.check())).ok


async def test_a_member_makes_a_value(face, things):
    town, thing = things
    await face.do(town.create(code="t1"))
    made, _ = await face.do(thing.get_or_create(tags="z", folds="Q", towns="t1", defaults={"plain": "x"}))
    assert await face.do(made.tags.smembers()) == {"z"}
    assert await face.do(made.folds.lrange(0, -1)) == ["Q"]
    assert await face.do(made.towns.smembers()) == {"t1"}
    assert await face.do(made.plain.get()) == "x"
    await face.do(made.tags.sadd("y"))
    assert await face.do(thing.get_or_create(tags="y")) == (made, False)
    await face.do(thing.create(tags=["z"]))
    await face.refused(MultipleObjectsReturned, lambda: thing.get_or_create(tags="z"), match="2 Thing")


async def test_instances_as_values(face, things):
    town, thing = things
    there = await face.do(town.create(code="t1"))
    for name in ("home", "seat", "towns", "route"):
        made, created = await face.do(thing.get_or_create(**{name: there}))
        assert created
        assert await face.do(thing.get_or_create(**{name: there})) == (made, False)
        assert await face.do(thing.get_or_create(**{name: "t1"})) == (made, False)


REFUSED = [
    ({"name__in": ["a"]}, InvalidFilter, "name__in does not define the value"),
    ({"age__gte": 3}, InvalidFilter, "age__gte does not define the value"),
    ({"home__code": "t1"}, InvalidFilter, "home__code does not define the value"),
    ({"heads__from": "x"}, InvalidFilter, "heads__from does not define the value"),
    ({"folded": None}, InvalidFilter, "folded=None;"),
    ({"plain": None}, InvalidFilter, "no object can be found by plain=None"),
    ({"pk": None}, InvalidFilter, "None is not a primary key"),
    ({"words": "a b"}, InvalidFilter, "keeps 2 entries for it"),
    ({"words": ""}, InvalidFilter, "keeps 0 entries for it"),
    ({"plain": "x"}, InvalidFilter, "has no index"),
    ({"floor": 1}, InvalidFilter, "only together with others"),
    ({"board": "z"}, InvalidFilter, "board='z' is not a complete value"),
    ({"spots": "z"}, InvalidFilter, "spots='z' is not a complete value"),
    ({"ranks": "t1"}, InvalidFilter, "ranks='t1' is not a complete value"),
    ({"heads": "z"}, InvalidFilter, "a value for each key"),
    ({"tags": ["z"]}, InvalidValue, "not list; pass its members one by one"),
    ({"tags": {"z"}}, InvalidValue, "not set; pass its members"),
    ({"tags": "z", "defaults": {"tags": ["z", "y"]}}, InvalidFilter, "passed twice"),
    ({"age": "5"}, InvalidValue, "takes int"),
    ({"nope": 1}, UnknownField, "no field 'nope'"),
    ({"folded": "x", "defaults": {"nope": 1}}, UnknownField, "no field 'nope'"),
    ({}, InvalidFilter, "needs a primary key or filters"),
    ({"pk": 5}, InvalidPrimaryKey, "Thing.pk is automatic, so 5 cannot be the primary key"),
    ({"pk": 5, "folded": "x"}, InvalidPrimaryKey, "Thing.pk is automatic, so 5 cannot be the primary key"),
]


@pytest.mark.parametrize(("asked", "error", "match"), REFUSED)
async def test_refused_at_the_call(any_face, asked, error, match):
    """Before anything is sent, also where the result would come later."""
    _, thing = declared(any_face.Model, any_face.database)
    for method in ("get_or_create", "get_or_connect"):
        if method == "get_or_connect" and "pk" in asked:
            continue
        with any_face.sent() as sent, pytest.raises(error, match=match):
            getattr(thing, method)(**asked)
        assert sent.names == []


async def test_an_automatic_primary_key(face, things):
    """It finds an object as `get` does, but makes none."""
    _, thing = things
    await face.refused(InvalidPrimaryKey, lambda: thing.get_or_connect(1), match="use Thing\\(1\\) to get")
    made = await face.do(thing.create(plain="x"))
    assert await face.do(thing.get_or_connect(1)) == made
    await face.refused(InvalidPrimaryKey, lambda: thing.get_or_create(1), match="use Thing\\(1\\) to get")
    await face.refused(InvalidPrimaryKey, lambda: thing.get_or_create(1, defaults={"plain": "y"}))
    await face.refused(InvalidPrimaryKey, lambda: thing.create(pk=5), match="Thing.pk is automatic, so 5 cannot")
    assert await face.do(thing.collection().count()) == 1


async def test_a_primary_key_and_values(any_face):
    class Country(any_face.Model):
        database = any_face.database
        code = PKField()
        name = StringField(indexes=[Folded])

    made, created = await any_face.do(Country.get_or_create("fr", name="France"))
    assert created
    assert await any_face.do(Country.get_or_create(code="fr", name="FRANCE")) == (made, False)
    assert await any_face.do(Country.get_or_create(pk="fr")) == (made, False)
    with pytest.raises(InvalidPrimaryKey, match="passed twice"):
        Country.get_or_create("fr", code="fr")
    with pytest.raises(InvalidPrimaryKey, match="needs its primary key"):
        Country.get_or_create(name="Italy")
    await any_face.refused(UniquenessError, lambda: Country.get_or_create("fr", name="Italy"))
    assert await any_face.do(Country.collection().count()) == 1


async def test_another_object_has_a_unique_value(face, things):
    _, thing = things
    await face.do(thing.create(only="Ada", age=1))
    error = await face.refused(UniquenessError, lambda: thing.get_or_create(only="ada", age=2))
    assert (error.field, error.owner) == ("only", "1")
    await face.refused(UniquenessError, lambda: thing.get_or_create(age=2, defaults={"only": "ADA"}))
    assert await face.do(thing.collection().count()) == 1


async def test_in_pipelines_and_transactions(face, things):
    _, thing = things

    async def together(block, opened):
        if face.is_async:
            async with opened:
                return block()
        with opened:
            return block()

    def twice():
        return thing.get_or_create(only="Ada", tags="z"), thing.get_or_create(only="ADA", tags="z")

    for opened in (face.database.pipeline(), face.database.transaction(), face.database.pipeline()):
        (one, _), (other, created) = [pending.value for pending in await together(twice, opened)]
        assert one == other == thing.lazy_connect(1)
        assert not created
    assert await face.do(thing.collection().count()) == 1


async def test_tasks_and_threads_at_once(face, things):
    """One creates, the others find."""
    _, thing = things
    if face.is_async:
        got = await asyncio.gather(*(thing.get_or_create(only=name) for name in ["Ada", "ADA ", "ada"] * 20))
    else:
        calls = (asyncio.to_thread(thing.get_or_create, only=name) for name in ["Ada", "ADA ", "ada"] * 20)
        got = await asyncio.gather(*calls)
    assert [created for _, created in got].count(True) == 1
    assert {instance for instance, _ in got} == {got[0][0]}
    assert await face.do(thing.collection().count()) == 1
