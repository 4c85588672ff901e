"""Constraints in declarations: options and Annotated types, and what is refused."""

from __future__ import annotations

import enum
import pickle
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated

import annotated_types
import msgspec
import pytest

from limpyd import (
    AutoPKField,
    DynamicInstanceHashField,
    FKStringField,
    HashField,
    HyperLogLogField,
    InstanceHashField,
    JSONField,
    ListField,
    M2MSetField,
    PKField,
    RedisDatabase,
    RedisModel,
    SetField,
    SortedSetField,
    StreamField,
    StringField,
)
from limpyd.exceptions import ConstraintError, DeclarationError


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


@pytest.fixture
def declare():
    def declare(field, base=RedisModel, **more):
        return type("Item", (base,), {"database": RedisDatabase(port=1), "field": field, **more})

    return declare


GOOD_AND_BAD = [
    (InstanceHashField(type=int, ge=0), 0, -1),
    (InstanceHashField(type=int, gt=2**63), 2**63 + 1, 2**63),
    (InstanceHashField(type=int, le=9), 9, 10),
    (InstanceHashField(type=int, lt=9), 8, 9),
    (StringField(type=Decimal, ge=Decimal("0.1")), Decimal("0.10"), Decimal("0.09999999999999999999999")),
    (StringField(type=float, ge=0), 0.0, float("nan")),
    (StringField(type=float, lt=float("inf")), 1e308, float("inf")),
    (StringField(type=date, ge=date(2020, 1, 1)), date(2020, 1, 1), date(2019, 12, 31)),
    (
        StringField(type=datetime, lt=datetime(2020, 1, 1, tzinfo=UTC)),
        datetime(2019, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2020, 1, 1, tzinfo=UTC),
    ),
    (StringField(type=timedelta, gt=timedelta(0)), timedelta(microseconds=1), timedelta(0)),
    (StringField(type=str, ge="m"), "m", "l"),
    (StringField(type=str, ge="nan"), "nan", "na"),
    (StringField(min_length=2, max_length=3), "éé", "é"),
    (StringField(type=str, max_length=3), "ééé", "éééé"),
    (StringField(type=bytes, max_length=3), b"\xc3\xa9a", "éé".encode()),
    (StringField(type=str, pattern=r"^[a-z]+\Z"), "ab", "ab\n"),
    (StringField(type=bytes, pattern=rb"\A\xff"), b"\xff", b"a\xff"),
    (StringField(choices=["a", "b"]), "a", "c"),
    (StringField(type=float, choices=[1, 2.5]), 1.0, 2.0),
    (StringField(type=Decimal, choices=[Decimal("1.5")]), Decimal("1.50"), Decimal("1.51")),
    (StringField(type=Color, choices=[Color.RED]), Color.RED, Color.BLUE),
    (StringField(type=int, validator=lambda value: value % 2 == 0), 2, 3),
    (JSONField(type=list[int], validator=lambda value: len(value) < 3), [1], [1, 2, 3]),
    (StringField(type=Annotated[int, annotated_types.Ge(1)]), 1, 0),
    (StringField(type=Annotated[int, annotated_types.Interval(gt=0, le=5)]), 5, 6),
    (StringField(type=Annotated[str, annotated_types.Len(1, 2)]), "ab", "abc"),
    (StringField(type=Annotated[str, annotated_types.Predicate(str.islower)]), "a", "A"),
    (StringField(type=Annotated[str, msgspec.Meta(pattern="^a", max_length=2), "a note"]), "ab", "abc"),
    (StringField(type=Annotated[int, annotated_types.doc("a note")], lt=3), 2, 3),
]


@pytest.mark.parametrize(("field", "good", "bad"), GOOD_AND_BAD)
def test_values_are_checked_before_they_are_sent(declare, field, good, bad):
    model = declare(field)  # on a server that does not exist
    bound = model.lazy_connect("1").field
    for write in (lambda: model(field=bad), lambda: bound.proxy_set(bad), lambda: model.update("1", field=bad)):
        with pytest.raises(ConstraintError) as caught:
            write()
        assert (caught.value.model, caught.value.field) == ("Item", "field")
        assert caught.value.constraint.partition("=")[0] in str(caught.value)
    field = model.get_field("field")
    assert field.encode_new(good) == field.encode(good)
    assert field.encode(bad)  # to look for it, or to remove it


@pytest.mark.parametrize(
    "field",
    [
        SetField(type=int, ge=0),
        ListField(type=int, ge=0),
        SortedSetField(type=int, ge=0),
        HashField(type=int, ge=0),
        DynamicInstanceHashField(type=int, ge=0),
    ],
)
def test_members_and_versions_are_checked(declare, field):
    thing = declare(field).lazy_connect("1")
    writes = {
        SetField: lambda: thing.field.sadd(1, -1),
        ListField: lambda: thing.field.linsert("BEFORE", -2, -1),
        SortedSetField: lambda: thing.field.zadd({1: -5, -1: 3}),
        HashField: lambda: thing.field.hset("a", -1),
        DynamicInstanceHashField: lambda: thing.field("x").hset(-1),
    }
    with pytest.raises(ConstraintError, match="cannot be -1"):
        writes[type(field)]()


REFUSED = [
    (lambda: StringField(type=int, ge="x"), r"Item\.field: ge='x' .*takes int, not str"),
    (lambda: StringField(ge=1), "declare the type of the values"),
    (lambda: StringField(type=bool, ge=False), "no order; use choices= or validator="),
    (lambda: StringField(type=float, ge=float("nan")), "NaN"),
    (lambda: StringField(type=int, max_length=3), "values of int have no length"),
    (lambda: StringField(max_length=-1), "an integer from 0 on"),
    (lambda: StringField(type=int, pattern="a"), "for str and bytes"),
    (lambda: StringField(pattern="("), "no regular expression"),
    (lambda: StringField(choices="ab"), "several values"),
    (lambda: StringField(choices=[]), "no value to choose from"),
    (lambda: StringField(type=int, choices=["a"]), "takes int, not str"),
    (lambda: StringField(validator="x"), "a function that takes a value"),
    (lambda: StringField(type=int, ge=3, choices=[1, 5]), r"Item\.field: its choice 1 breaks ge=3; change one"),
    (lambda: StringField(type=int, ge=3, default=1), r"Item\.field: its default 1 breaks ge=3; change one"),
    (lambda: StringField(type=int, default="x"), r"Item\.field: its default 'x' does not fit the field"),
    (lambda: StringField(type=int, ge=5, le=1), "no value satisfies ge=5 and le=1"),
    (lambda: StringField(type=int, gt=5, le=5), "no value satisfies gt=5 and le=5"),
    (lambda: StringField(min_length=5, max_length=3), "no value satisfies min_length=5 and max_length=3"),
    (lambda: StringField(max_members=1), "holds one value"),
    (lambda: SetField(max_members=0), "an integer from 1 on"),
    (lambda: StreamField(type=int, ge=0), "takes no constraints"),
    (lambda: JSONField(ge=0), "it takes required, validator"),
    (lambda: AutoPKField(pattern="a"), "takes no constraints"),
    (lambda: M2MSetField("self", ge=0), "M2MSetField takes no 'ge'"),
    (lambda: FKStringField("self", max_members=2), "holds one value"),
    (lambda: HyperLogLogField(max_members=2), "elements are not stored"),
    (lambda: DynamicInstanceHashField(required=True), "any number of versions"),
    (lambda: StringField(type=Annotated[int, annotated_types.MultipleOf(2)]), "give a function that does"),
    (lambda: StringField(type=Annotated[int, annotated_types.Ge(1)], ge=2), "as an option and in"),
    (lambda: JSONField(Annotated[int, annotated_types.Ge(0)]), r"write msgspec\.Meta\(ge=0\)"),
    (lambda: JSONField(list[Annotated[int, annotated_types.Predicate(bool)]]), "a function that does as validator="),
    (lambda: StringField(type=Annotated[int, annotated_types.Ge(1), annotated_types.Ge(2)]), "two constraints"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "message"), REFUSED)
def test_what_does_not_fit_is_refused(declare, make, message):
    with pytest.raises(DeclarationError, match=message):
        declare(make())


def test_flags_of_a_pattern_are_shown(declare):
    model = declare(StringField(pattern=re.compile("^a", re.IGNORECASE)))
    with pytest.raises(ConstraintError, match=r"pattern=re\.compile\('\^a', re\.IGNORECASE\)"):
        model(field="b")


def test_limits_that_one_value_satisfies(declare):
    declare(StringField(type=int, ge=5, le=5, gt=4, lt=6))


def test_other_exceptions_of_a_validator_name_the_value(declare):
    model = declare(StringField(type=int, validator=lambda value: value.nothing))
    with pytest.raises(AttributeError) as caught:
        model(field=3)
    assert "for the value 3 of Item.field" in caught.value.__notes__[0]


def test_primary_keys(declare):
    model = declare(StringField(), code=PKField(pattern=r"^[A-Z]{2}\Z"))
    for create in (lambda: model(code="a"), lambda: model(code="ABC", field="x")):
        with pytest.raises(ConstraintError, match=r"Item\.code cannot be"):
            create()
    assert model.code.encode("abc") == b"abc"  # that of an object that is there already


def test_subclasses_have_them(declare):
    base = declare(InstanceHashField(type=int, ge=0), abstract=True)
    derived = declare(StringField(), base, second=InstanceHashField(type=int))
    again = declare(InstanceHashField(type=int, ge=-5), derived)
    assert [str(each) for each in derived.second.constraints] == []
    with pytest.raises(ConstraintError):
        again(field=-6)
    assert again.field.encode_new(-5) == b"-5"


def test_errors_are_pickled():
    error = ConstraintError("Item", "stock", -1, "ge=0", "it must be at least 0", "7")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.value, again.pk) == (str(error), -1, "7")
    assert "Item.stock of Item('7') cannot be -1: it must be at least 0 (ge=0); nothing was written." in str(error)


def test_the_reason_of_a_validator(declare):
    def check(value):
        if value == "x":
            msg = "x is taken"
            raise ValueError(msg)

    model = declare(StringField(type=str, validator=check))
    with pytest.raises(ConstraintError, match=r"check must accept it .*: x is taken; nothing") as caught:
        model(field="x")
    assert isinstance(caught.value.__cause__, ValueError)
