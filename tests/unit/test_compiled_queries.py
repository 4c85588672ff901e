"""A request from a template is the one that planning would give; and it is from a template that most requests come."""

from __future__ import annotations

import functools
import itertools
import operator
import random
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from limpyd import (
    DateTimeIndex,
    EqualIndex,
    HashField,
    InstanceHashField,
    ListField,
    NumberRangeIndex,
    RedisDatabase,
    RedisModel,
    SetField,
    StringField,
    TextRangeIndex,
)
from limpyd.query.planning.argument_patterns import MARK
from limpyd.query.planning.compiled_queries import MAX_TEMPLATES
from limpyd.query.planning.single_command import Span
from limpyd.requests.guards import Guard
from limpyd.requests.resp import pack
from limpyd.scripts.index_nodes import OneOf
from tests.support.counting import calls


class Owned(EqualIndex):
    """One whose question depends on the value, which no template may keep."""

    prefix = "owned"

    def node(self, field_index: Any, operator: str, values: Any, sub: Any, where: Any) -> Any:
        if b"nobody" in values:
            return OneOf(field_index.kind, field_index.key, ())
        return super().node(field_index, operator, values, sub, where)


def refuse_planning(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on no query may be planned."""

    def fail(*_args: Any, **_settings: Any) -> None:
        pytest.fail("it was planned again")

    monkeypatch.setattr("limpyd.query.collection.base.plan_for", fail)


def model() -> Any:
    class Person(RedisModel):
        database = RedisDatabase()
        name = StringField(indexable=True)
        nick = StringField(unique=True)
        born = InstanceHashField(type=date, indexable=True)
        seen = InstanceHashField(type=datetime, indexable=True)
        made = InstanceHashField(indexes=[DateTimeIndex])
        age = InstanceHashField(type=int, indexable=True)
        size = InstanceHashField(type=Decimal, indexable=True)
        weight = InstanceHashField(type=float, indexes=[EqualIndex])
        email = InstanceHashField(indexes=[TextRangeIndex, EqualIndex])
        loud = InstanceHashField(indexes=[TextRangeIndex.configure(case_sensitive=False)])
        shouted = InstanceHashField(indexes=[EqualIndex.configure(transform=str.upper)])
        tags = SetField(indexable=True)
        marks = ListField(type=int, indexable=True)
        headers = HashField(indexable=True)
        sizes = HashField(type=int, indexes=[NumberRangeIndex])
        owner = StringField(indexes=[EqualIndex, Owned.configure(prefix="owned")])

    Person._schema.maintenance.all_built = True
    return Person


TEXTS = [
    "",
    "a",
    "b b",
    "a:b",
    "*",
    "{x}",
    "\0",
    "\xff",
    "🎉",
    "0",
    "x" * 1000,
    MARK.decode() % (0, 0),
    "-",
    "(3",
    "[3",
    "+",
]
NUMBERS = [0, 1, -1, 7, 2**53, -(2**53)]
MOMENTS = [datetime(1, 1, 1, tzinfo=UTC), datetime(2020, 2, 29, 23, 59, 59, 999999, UTC)]
FILTERS: dict[str, list[Any]] = {
    "name": TEXTS,
    "name__ne": TEXTS,
    "nick": TEXTS,
    "born": [date(2000, 1, 1), date(1, 1, 1)],
    "born__gte": [date(2000, 1, 1), date(9999, 12, 31)],
    "seen__lt": MOMENTS,
    "made__year": ["2015", "1999"],
    "made__date__gt": ["2015-01-01", "2"],
    **{f"age__{operator}": NUMBERS for operator in ("eq", "ne", "gt", "gte", "lt", "lte")},
    "age__between": list(itertools.product(NUMBERS, NUMBERS)),
    "size__lte": [Decimal("1.5"), 3, Decimal(0)],
    "weight": [0.0, -0.0, 1.5, float("inf"), 3],
    "email": TEXTS,
    **{f"email__{operator}": TEXTS for operator in ("gt", "gte", "lt", "lte", "startswith")},
    "email__between": list(itertools.product(TEXTS[:6], TEXTS[:6])),
    "loud": ["A", "ß", "straße"],
    "loud__startswith": ["A", "ß", ""],
    "shouted": ["a", "ß"],
    "tags__contains": TEXTS,
    "marks__contains": NUMBERS,
    "headers__from": TEXTS,
    "headers__a__b": TEXTS,
    "sizes__small__gte": NUMBERS,
    "owner": TEXTS,
    "owner__owned": ["nobody", "somebody", "nobody"],
    "name__in": [["a"], ["a", "b"], ["b", "b"], [], ["x", "y", "z", "x"]],
    "nick__in": [["a", "b"], ["c", "d", "e"], ["a", "a"]],
    "age__in": [[1, 2], [7], [-1, 0, 2, 2], [2**60]],
    "email__in": [["a", "b"], ["c", "d", "\0"], ["e", "f"]],
    "headers__from__in": [["a", "b"], TEXTS[:8]],
    "tags__in": [["a", "b"], TEXTS],
}
SHAPES = {
    "pks": lambda found: found,
    "instances": lambda found: found.instances(),
    "prefetch": lambda found: found.instances(prefetch=["age", "name"]),
    "values": lambda found: found.values("age", "email"),
    "all values": lambda found: found.values(),
    "flat": lambda found: found.values_list("tags", flat=True),
}
ORDERS = {
    "none": lambda found: found,
    "pk": lambda found: found.sort(),
    "age": lambda found: found.sort("age"),
    "-age": lambda found: found.sort("-age"),
    "email": lambda found: found.sort(by="email", alpha=True),
    "two": lambda found: found.sort(["name", "-age"], alpha=True),
}
ASKED = {
    "items": lambda found: found._items(),
    "page": lambda found: found._items(Span(20, 10)),
    "first": lambda found: found._first(),
    "last": lambda found: found._first(last=True),
    "only": lambda found: found._the_one(),
    "count": lambda found: found._count(),
    "exists": lambda found: found._count(limit=1),
}

EACH = 5
"""Each filter has every fifth combination of these, and the filters take turns, so that each comes many times."""


def alike(request, other):
    """Whether two requests ask the same, and what comes is understood alike."""
    assert request.args == other.args
    assert request.script is other.script
    assert [one.args for one in request.followups] == [one.args for one in other.followups]
    for guards in ((), (Guard(b"meta", b"100%d%%"),), (Guard(b"meta", b"1"), Guard(b"other", b":x"))):
        assert request.packed(guards) == pack(other.args_under(guards))
    assert (request.readonly, request.subject, request.preflight, request.retry_with) == (
        other.readonly,
        other.subject,
        None,
        None,
    )


@pytest.mark.parametrize("sorts", [True, False], ids=["sorts", "sorts not"])
@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_asks_the_same_from_a_template_as_planned(name, sorts):
    person = model()
    person.database._capabilities = person.database._capabilities._replace(sorts_by_pattern=sorts)
    templates = person._schema.queries.templates
    chance = random.Random(name)
    turn = 2 * list(FILTERS).index(name) + sorts
    for shape, order, asked in itertools.islice(itertools.product(SHAPES, ORDERS, ASKED), turn % EACH, None, EACH):
        first, second = chance.sample(FILTERS[name], 2)

        def request(value, shape=shape, order=order, asked=asked):
            return ASKED[asked](ORDERS[order](SHAPES[shape](person.collection(**{name: value}))))

        request(first)
        from_template = request(second)
        kept, templates._kept = templates._kept, {}
        planned = request(second)
        templates._kept = kept
        alike(from_template, planned)


@pytest.mark.parametrize(
    "name",
    sorted(name for name in FILTERS if name != "owner__owned" and not name.endswith("in")),
    ids=lambda name: name,
)
def test_a_filter_with_another_value_is_not_planned_again(name, monkeypatch):
    person = model()
    first, second, *_ = FILTERS[name]
    for shape, order in itertools.product(SHAPES, ORDERS):
        ORDERS[order](SHAPES[shape](person.collection(**{name: first})))._items()
    person.collection(**{name: first})._count()
    refuse_planning(monkeypatch)
    for shape, order in itertools.product(SHAPES, ORDERS):
        request = ORDERS[order](SHAPES[shape](person.collection(**{name: second})))._items()
        assert request.args
    assert person.collection(**{name: second})._count().args


def test_filters_together_take_each_its_own_value():
    person = model()
    templates = person._schema.queries.templates
    chance = random.Random(1)
    names = sorted(FILTERS)
    for _ in range(500):
        some = chance.sample(names, chance.choice([2, 2, 2, 3, 4]))
        asked = ASKED[chance.choice(list(ASKED))]
        for _ in range(3):
            found = person.collection(**{name: chance.choice(FILTERS[name]) for name in some}).values("age")
            again = asked(found)
            kept, templates._kept = templates._kept, {}
            alike(again, asked(found))
            templates._kept = kept


def test_expressions_are_from_templates_as_well(monkeypatch):
    person = model()
    person.collection(person.age >= 3, person.name == "a")._items()
    refuse_planning(monkeypatch)
    args = person.collection(person.age >= 12345, person.name == "b b")._items().args
    assert b"12345" in args
    assert b"{person}:eq:name:b b" in args


def test_templates_begin_anew_when_they_are_too_many():
    person = model()
    for number in range(MAX_TEMPLATES + 10):
        person.collection(age__gte=1)._items(Span(number, 1))
    assert len(person._schema.queries.templates._kept) == 10


def test_sub_keys_from_outside_do_not_pile_up():
    person = model()
    for number in range(500):
        person.collection(**{f"headers__key{number}": "x"})._items()
    assert len(person._schema.queries.templates._kept) <= 100


def test_what_a_query_takes_for_granted_is_part_of_its_template():
    person = model()
    for _ in range(2):
        request = person.collection(age__gte=1)._items()
        assert [assumption.guard() for assumption in request.assumes] == [None]
    assert not person.collection(pk=1)._items().assumes


@pytest.mark.parametrize("name", ["name", "nick", "age", "email", "tags", "headers__from"])
def test_lists_of_any_length_are_from_one_template(name, monkeypatch):
    person = model()
    shown = {"values": SHAPES["values"], "sorted": ORDERS["-age"], "none": ORDERS["none"]}

    def asked(count):
        values = range(count) if name == "age" else map(str, range(count))
        found = person.collection(**{f"{name}__in": values}, size=3)
        return [ask(show(found)) for show in shown.values() for ask in (ASKED["items"], ASKED["count"])]

    few = asked(2)
    kept = len(person._schema.queries.templates._kept)
    refuse_planning(monkeypatch)
    many = asked(1000)
    assert len(person._schema.queries.templates._kept) == kept
    for request, longer in zip(few, many, strict=True):
        assert len(longer.args) - len(request.args) in {998, 3 * 998}


def test_combined_conditions_are_from_templates(monkeypatch):
    person = model()

    def asked(one, other, several):
        found = person.collection((person.name == one) | ~(person.age > other), nick__in=several)
        return found.exclude(size__lte=other, email=one).values("age")._items()

    values = [("a", 1, ["x", "y"]), ("b", 2, ["z", "a", "b"])]
    planned = []
    for each in values:
        person._schema.queries.templates._kept.clear()
        planned.append(asked(*each))
    refuse_planning(monkeypatch)
    for each, request in zip(values, planned, strict=True):
        alike(asked(*each), request)


def test_queries_of_many_terms_are_planned_each_time():
    """They rarely come again, and what is kept does not grow with them."""
    person = model()
    terms = [person.age == number for number in range(1000)]
    for found in (
        person.collection(functools.reduce(operator.or_, terms)),
        person.collection(*terms),
        person.collection().exclude(*terms),
        person.collection(*[functools.reduce(operator.or_, terms[at : at + 8]) for at in range(0, 80, 8)]),
    ):
        assert found._items().args
    assert person._schema.queries.templates._kept == {}


def test_conditions_within_each_other_take_no_more_steps_for_having_a_form():
    """They are looked at as far as a form may have conditions, not down to the innermost."""
    person = model()
    nested = person.name == "x"
    for number in range(270):
        nested = ~((person.age == number) | nested)
    assert person.collection(nested)._items().args
    assert person._schema.queries.templates._kept == {}


LONG = {
    "eq": lambda person, count: person.collection(name__in=list(map(str, range(count)))),
    "num": lambda person, count: person.collection(age__in=list(range(count))),
    "lex": lambda person, count: person.collection(email__in=list(map(str, range(count)))),
    "uniq": lambda person, count: person.collection(nick__in=list(map(str, range(count)))),
    "pk": lambda person, count: person.collection(pk__in=list(map(str, range(count)))),
    "exclude": lambda person, count: person.collection().exclude(name__in=list(map(str, range(count)))),
    "or": lambda person, count: person.collection(
        functools.reduce(operator.or_, [person.name == str(number) for number in range(count)])
    ),
    "and": lambda person, count: person.collection(*[person.age != number for number in range(count)]),
    "filter": lambda person, count: functools.reduce(
        lambda found, number: found.filter(age__gt=number), range(count), person.collection()
    ),
}


@pytest.mark.parametrize("name", LONG)
def test_planning_is_linear(name):
    """Per value, or term, as many calls for 400 as for 40, the first time and later."""
    per_value = {}
    shown = {"items": ORDERS["none"], "count": ORDERS["none"], "values": SHAPES["values"], "sort": ORDERS["age"]}
    for count in (40, 400):
        person = model()
        for time in ("first", "second"):
            for asked, show in shown.items():
                ask = ASKED["count" if asked == "count" else "items"]
                made = calls(lambda c=count, a=ask, s=show, p=person: a(s(LONG[name](p, c))))
                per_value[count, time, asked] = made / count
    for count, *which in per_value:
        if count == 400:
            assert per_value[400, *which] < 1.02 * per_value[40, *which] + 0.1, which
