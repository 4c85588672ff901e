"""Messages about filters that cannot be answered: they say what is wrong, and what they advise works."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest

import limpyd
from limpyd import (
    DateTimeIndex,
    EqualIndex,
    FKInstanceHashField,
    GeoPoint,
    HashField,
    InstanceHashField,
    RedisDatabase,
    RedisModel,
    SetField,
    TextRangeIndex,
)
from limpyd.exceptions import InvalidFilter, InvalidValue, UnknownField
from limpyd.query.ordering import sort_keys
from limpyd.query.paging import cursor_of

LOWER = TextRangeIndex(prefix="low", transform=str.lower)
WORDS = EqualIndex(prefix="word", transform=str.split)


def declared(make, options):
    """A model with the field `a`, and one that refers to it; nobody serves their database."""

    class Thing(RedisModel):
        database = RedisDatabase(port=1)
        a = make(**options)

    class Other(RedisModel):
        database = Thing.database
        thing = FKInstanceHashField("Thing")

    return Thing, Other


CASES: list[tuple[Any, dict[str, Any], dict[str, Any], str]] = [
    # the field, its options, a filter, what the message says
    (InstanceHashField, {}, {"a": "x"}, "declare it with indexable=True"),
    (InstanceHashField, {}, {"a__isnull": True}, "declare it with indexable=True"),
    (InstanceHashField, {}, {"a__gt": "1"}, "declare it with indexes=[NumberRangeIndex], or indexes=[TextRangeIndex]"),
    (InstanceHashField, {"type": int}, {"a__gt": 1}, "declare it with indexable=True"),
    (InstanceHashField, {"type": GeoPoint}, {"a__within": (1, 1, 1)}, "declare it with indexable=True"),
    (SetField, {}, {"a__contains": "x"}, "declare it with indexable=True"),
    (InstanceHashField, {"indexable": True}, {"a__startswith": "x"}, "declare it with indexes=[TextRangeIndex]"),
    (InstanceHashField, {"indexable": True}, {"a__gt": "1"}, "declare it with indexes=[NumberRangeIndex]"),
    (InstanceHashField, {"type": UUID, "indexable": True}, {"a__gt": UUID(int=1)}, "with indexes=[TextRangeIndex]"),
    (InstanceHashField, {"type": GeoPoint, "indexable": True}, {"a": GeoPoint(1, 1)}, "indexes=[GeoIndex, EqualIndex]"),
    (InstanceHashField, {"indexes": [EqualIndex]}, {"a__startswith": "x"}, "add TextRangeIndex to its indexes"),
    (InstanceHashField, {"indexes": [LOWER]}, {"a": "x"}, "use a__low, or add EqualIndex to its indexes"),
    (InstanceHashField, {"indexes": [LOWER]}, {"a__ne": "x"}, "use a__low__ne, or add EqualIndex"),
    (InstanceHashField, {"indexes": [WORDS]}, {"a": "x"}, "use a__word, or add EqualIndex to its indexes"),
    (
        InstanceHashField,
        {"indexes": [EqualIndex, LOWER]},
        {"a__startswith": "x"},
        "a__low__startswith, or add TextRange",
    ),
    (
        InstanceHashField,
        {"indexes": [EqualIndex, LOWER]},
        {"a__low__within": 1},
        "part 'low', has no index that supports",
    ),
    (
        InstanceHashField,
        {"indexable": True},
        {"a__contains": "x"},
        "`contains` is for members, and Thing.a holds one",
    ),
    (InstanceHashField, {"type": int, "indexable": True}, {"a__contains": 1}, "use a=1"),
    (
        InstanceHashField,
        {"type": int, "indexable": True},
        {"a__startswith": 1},
        "`startswith` is for texts, and Thing.a",
    ),
    (InstanceHashField, {"type": bool, "indexable": True}, {"a__gt": 1}, "use a=True or a=False"),
    (InstanceHashField, {"type": GeoPoint, "indexable": True}, {"a__gt": 1}, "use a__within or a__box"),
    (
        InstanceHashField,
        {"indexable": True},
        {"a__box": (1, 1, 1, 1)},
        "declare a field of type GeoPoint, or a GeoField",
    ),
    (InstanceHashField, {"indexable": True}, {"a__starswith": "x"}, "did you mean 'startswith'?"),
    (InstanceHashField, {"indexes": [LOWER]}, {"a__lwo": "x"}, "did you mean 'low'?"),
    (SetField, {"indexable": True}, {"a__len": 2}, "only sort takes a__len"),
    (InstanceHashField, {"indexable": True}, {"a__icontains": "x"}, "no index finds values by what they contain"),
    (InstanceHashField, {"indexable": True}, {"a__iexact": "x"}, "TextRangeIndex(case_sensitive=False)"),
    (
        InstanceHashField,
        {"indexable": True},
        {"a__range": (1, 2)},
        "Thing.a does not support 'range': the operator is called `between`",
    ),
    (InstanceHashField, {"indexable": True}, {"a__ne__eq": "x"}, "'ne' and 'eq' are two"),
    (InstanceHashField, {"indexable": True}, {"a__": "x"}, "write a=…, or an operator after it, such as a__in=…"),
    (InstanceHashField, {"type": datetime, "indexable": True}, {"a__year": 2024}, "add DateTimeIndex to its indexes"),
    (InstanceHashField, {"type": date, "indexable": True}, {"a__year": 2024}, "add DateIndex to its indexes"),
    (InstanceHashField, {"indexable": True}, {"a": None}, "use a__isnull=True"),
    (InstanceHashField, {"indexable": True}, {"a__ne": None}, "use a__isnull=False"),
    (InstanceHashField, {"indexable": True}, {"a__in": ["x", None]}, "use a__isnull=True"),
    (InstanceHashField, {"indexes": [LOWER]}, {"a__low": None}, "use a__isnull=True"),
    (InstanceHashField, {"indexes": [TextRangeIndex]}, {"a__between": (None, "x")}, "use a__isnull=True"),
    (InstanceHashField, {"indexes": [TextRangeIndex]}, {"a__gt": None}, "use a__isnull=True"),
    (HashField, {"indexable": True}, {"a__k": None}, "use a__k__isnull=True"),
    (HashField, {"indexable": True}, {"a__k__gt": "1"}, "declare it with indexes=[NumberRangeIndex]"),
    (HashField, {"indexable": True}, {"a": "x"}, "add the key: a__<key>=…"),
    # before isnull stands a field, and nothing else
    (InstanceHashField, {"indexable": True}, {"a__foo__isnull": True}, "'foo' is neither an operator nor a part"),
    (InstanceHashField, {"indexable": True}, {"a__gt__isnull": True}, "'gt' and 'isnull' are two"),
    (InstanceHashField, {"indexable": True}, {"a__b__c__isnull": True}, "'b__c' is neither an operator nor a part"),
    (InstanceHashField, {"indexable": True}, {"a__ne__isnull": True}, "'ne' and 'isnull' are two"),
    (InstanceHashField, {"indexable": True}, {"a____isnull": True}, "write a=…"),
    (InstanceHashField, {"type": datetime, "indexes": [DateTimeIndex]}, {"a__yaer__isnull": True}, "mean 'year'?"),
    (SetField, {"indexable": True}, {"a__foo__isnull": True}, "'foo' is neither an operator nor a part"),
]


@pytest.mark.parametrize(("make", "options", "filters", "part"), CASES, ids=[str(case[2]) for case in CASES])
def test_what_is_said(make, options, filters, part):
    thing, other = declared(make, options)
    (name, value), *_ = filters.items()
    with pytest.raises(InvalidFilter, match=re.escape(part)) as caught:
        thing.collection(**filters)
    message = str(caught.value)
    shown = name.removesuffix("__eq")
    assert message.startswith(f"{shown}={value!r}: ")
    assert "Thing.a" in message or "isnull" in message
    follow(message, thing, make, options, filters)
    # of an object that another refers to, each name in the message is the one to be written there
    with pytest.raises(InvalidFilter) as caught:
        other.collection(**{f"thing__{name}": value})
    assert str(caught.value).startswith(f"thing__{shown}={value!r}: ")
    follow(str(caught.value), other, make, options, filters)


def follow(message, model, make, options, filters):
    """Does what a message says."""
    value = next(iter(filters.values()))
    values = {"True": True, "False": False, "1": 1}
    areas = {"within": (1, 1, 1), "box": (1, 1, 1, 1)}
    advice, _, _ = message.partition(" for texts")
    for asked in re.findall(r"(?:ask for|or) ((?:thing__)?a[\w]*(?:=\w+)?)(?=,|$| or)", advice):
        name, _, given = asked.partition("=")
        model.collection(**{name: values[given] if given else areas.get(name.rpartition("__")[2], value)})
    for code in re.findall(r"declare it with (\w+=(?:True|\[[^]]*\]))", message):
        (thing, _) = declared(make, {**options, **eval(f"dict({code})", vars(limpyd))})
        thing.collection(**filters)
    for index in re.findall(r"add (\w+)(?: or (\w+))? to its indexes", message):
        for each in filter(None, index):
            indexes = [*options.get("indexes", ()), vars(limpyd)[each]]
            (thing, _) = declared(make, {**options, "indexes": indexes})
            thing.collection(**filters)


def test_a_part_is_missing_where_the_value_is():
    thing, _ = declared(InstanceHashField, {"type": datetime, "indexes": [DateTimeIndex]})
    assert repr(thing.collection(a__year__isnull=True)) == "<Thing.collection(a__year__isnull=True)>"


def test_names_that_are_nearly_right_are_suggested():
    thing, _ = declared(InstanceHashField, {"indexable": True})
    with pytest.raises(UnknownField, match=r"Thing has no field 'pkk'; it has pk, a; did you mean 'pk'\?"):
        thing.collection(pkk=1)


def test_filters_show_as_they_were_asked():
    thing, other = declared(InstanceHashField, {"indexes": [EqualIndex, LOWER]})
    for filters, text in (
        ({"a__ne": "x"}, "a__ne='x'"),
        ({"a__low__ne": "x"}, "a__low__ne='x'"),
        ({"a__isnull": False}, "a__isnull=False"),
        ({"a__isnull": True}, "a__isnull=True"),
        ({"pk__ne": "1"}, "pk__ne='1'"),
    ):
        assert repr(thing.collection(**filters)) == f"<Thing.collection({text})>"
        assert repr(thing.collection().exclude(**filters)) == f"<Thing.collection(not ({text}))>"
    assert repr(thing.collection(thing.a != "x")) == "<Thing.collection(a__ne='x')>"
    assert repr(thing.collection(~(thing.a != "x"))) == "<Thing.collection(not (a__ne='x'))>"
    assert repr(other.collection(thing__a__ne="x")) == "<Other.collection(thing__a__ne='x')>"
    assert (
        repr(other.collection(thing__a="x", thing__a__low="y")) == "<Other.collection(thing__a='x', thing__a__low='y')>"
    )


def test_attributes_of_a_reference_are_no_fields_of_what_it_is_to():
    class Person(RedisModel):
        database = RedisDatabase(port=1)
        age = InstanceHashField(indexable=True)
        name = InstanceHashField(indexable=True)

    class Group(RedisModel):
        database = Person.database
        title = InstanceHashField(indexable=True)
        owner = FKInstanceHashField(Person)

    assert (Group.owner.name, str(Group.owner["name"])) == ("owner", "owner__name")
    for compared in (Group.owner.name == "Ann", Group.owner.name != "Ann", Group.owner.name > "A"):
        with pytest.raises(InvalidFilter, match=r"Person\.name is compared with Group\.owner\['name'\]"):
            Group.collection(compared)
    with pytest.raises(TypeError, match=r"compared as A\.reference\['name'\]"):
        (Group.title == "g") & (Group.owner.name == "Ann")
    assert str(Group.collection(Group.owner["name"] == "Ann")) == str(Group.collection(owner__name="Ann"))
    with pytest.raises(InvalidFilter, match=r"such as Person\.field == value$"):
        Person.collection(True)


class Post(RedisModel):
    database = RedisDatabase(port=1)
    score = InstanceHashField(type=int, indexable=True)
    deleted = InstanceHashField(type=bool, indexable=True)
    title = InstanceHashField(type=str)


FORGOTTEN = [
    lambda: Post.score > 1 & Post.deleted == False,  # noqa: E712
    lambda: Post.deleted == True & (Post.score > 1),
    lambda: Post.title == "a" | Post.title == "b",
    lambda: (Post.score > 1) & Post.deleted,
    lambda: Post.deleted | (Post.score > 1),
    lambda: ~Post.deleted,
]


@pytest.mark.parametrize("written", FORGOTTEN)
def test_forgotten_parentheses(written):
    with pytest.raises(TypeError, match=r"is no expression; put comparisons in parentheses: \(A\.x == 1\) & \("):
        written()


def test_a_field_of_bool_is_compared_with_true():
    with pytest.raises(TypeError, match=r"& \(Post\.deleted == True\)"):
        (Post.score > 1) & Post.deleted


def test_sums_of_texts_are_refused_before_anything_is_sent():
    for total in (Post.collection().sum, Post.collection().avg):
        with pytest.raises(InvalidFilter, match=r"Post\.title holds no numbers to add; declare it with the type"):
            total("title")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"if_vers": 1}, "did you mean the argument 'if_version' of update"),
        ({"default": {}}, "did you mean the argument 'defaults' of update_or_create"),
        ({"titel": "x"}, "did you mean 'title'"),
    ],
)
def test_misspelt_arguments(given, meant):
    with pytest.raises(UnknownField, match=meant):
        Post.update(1, **given)


def test_sorting_by_a_number_of_members_is_advised():
    class Tagged(RedisModel):
        database = Post.database
        tags = SetField()

    with pytest.raises(InvalidFilter, match="sort by the number of members: tags__len"):
        Tagged.collection.sort(by="tags__count")


def test_defaults_are_a_dict():
    with pytest.raises(InvalidValue, match="takes defaults and create_defaults as dicts"):
        Post.update_or_create(score=1, defaults=["x"])


def test_cursors_of_another_order_name_both():
    cursor = cursor_of(sort_keys(Post._schema, "-title", False, None, None), [b"1", b"x"])
    with pytest.raises(InvalidValue, match="sorted by -title as text, this one is sorted by score as number"):
        Post.collection.sort(by="score").page(1, after=cursor)
