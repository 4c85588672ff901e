"""Random objects of a model with fields of all kinds; few values, so that they meet."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any, Generic, TypeVar

from limpyd import HashField, InstanceHashField, ListField, PKField, SetField, SortedSetField, StringField
from limpyd.indexes import (
    DateTimeIndex,
    EqualIndex,
    EqualIndexWith,
    GeoIndex,
    ScoredEqualIndex,
    TextRangeIndex,
)
from limpyd.types import GeoPoint
from tests.support.random_queries.plain_python import Thing

Item = TypeVar("Item")
EAST = timezone(timedelta(hours=5, minutes=30))

TEXTS = [
    "",
    "a",
    "a",
    "b",
    "A",
    "ab",
    "a b",
    "a:b",
    "a\0",
    "a\0b",
    "\0",
    "é",
    "É",
    "😀",
    "\uffff",
    "10",
    "9",
    "a*",
    "[b",
]
FOLDED = ["a", "A", "ab", "Ab", "é", "É", "éa", "Éb", "ÄÖ", "äö", "Я", "я", "a b", "", "\0A", "ß", "ẞ", "SS"]
FEW = ["x", "y", "x y", "y:z"]
NUMERIC = ["10", "9", "-1.5", "007", "1e3", "0", "2.50", "2.5", "-20", "9007199254740992"]
INTS = [-3, -1, 0, 1, 2, 2, 3, 10, 2**53, 2**53 - 1, -(2**53)]
FLOATS = [-2.5, -1.0, -0.0, 0.0, 0.1, 0.3, 1.5, 2.0, 1e-7, 1e20, 2.0**53]
DECIMALS = [Decimal(text) for text in ("-7.25", "-0.0", "0", "0.1", "0.10", "1.5", "1.50", "2", "9007199254740992")]
DATES = [
    date(1969, 12, 31),
    date(1999, 12, 31),
    date(2000, 2, 29),
    date(2015, 1, 2),
    date(2015, 10, 1),
    date(987, 6, 5),
]
MOMENTS = [
    datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(2014, 12, 31, 20, 0, tzinfo=UTC),
    datetime(2015, 1, 1, 1, 30, tzinfo=EAST),  # the same
    datetime(2015, 1, 1, 1, 30, tzinfo=UTC),
    datetime(2015, 6, 7, 8, 9, 10, tzinfo=UTC),
    datetime(2015, 6, 7, 8, 9, 10, 1, tzinfo=UTC),
    datetime(2020, 6, 7, 20, 9, 10, 999999, tzinfo=EAST),
]
SPANS = [timedelta(0), timedelta(seconds=-1), timedelta(seconds=1), timedelta(days=9), timedelta(microseconds=1)]
TIMES = [time(0), time(8, 9, 10), time(8, 9, 10, 1), time(15, 30), time(23, 59, 59, 999999)]
PLACES = [
    GeoPoint(*place)
    for place in ((2.35, 48.85), (2.36, 48.86), (-0.13, 51.5), (13.4, 52.5), (-70.0, -33.4), (179.9, -17.0), (0.0, 0.0))
]
SCORES = [-1.5, 0.0, 1.0, 1.0, 2.5]
PKS = ["a", "A", "b", "10", "9", "1", "é", "É", "😀", ":", "a:b", "\0", "a\0", " ", "*", "{x}", "-1", "a b"]

SINGLE: dict[str, tuple[Any, list[Any]]] = {
    "word": (lambda: StringField(indexable=True), TEXTS),
    "name": (lambda: InstanceHashField(indexable=True, indexes=[EqualIndex, TextRangeIndex]), TEXTS),
    "title": (
        lambda: StringField(indexable=True, indexes=[EqualIndex, TextRangeIndex(prefix="ci", case_sensitive=False)]),
        FOLDED,
    ),
    "age": (lambda: InstanceHashField(type=int, indexable=True), INTS),
    "ratio": (lambda: StringField(type=float, indexable=True), FLOATS),
    "price": (lambda: InstanceHashField(type=Decimal, indexable=True), DECIMALS),
    "born": (lambda: InstanceHashField(type=date, indexable=True), DATES),
    "seen": (lambda: StringField(type=datetime, indexable=True), MOMENTS),
    "created": (lambda: InstanceHashField(type=datetime, indexable=True, indexes=[DateTimeIndex]), MOMENTS),
    "hour": (lambda: InstanceHashField(type=time, indexable=True), TIMES),
    "span": (lambda: InstanceHashField(type=timedelta, indexable=True), SPANS),
    "active": (lambda: InstanceHashField(type=bool, indexable=True), [True, False]),
    "first": (lambda: InstanceHashField(indexable=True, indexes=[EqualIndexWith(other_fields=["last"])]), FEW),
    "last": (lambda: InstanceHashField(indexable=True), FEW),
    "team": (lambda: InstanceHashField(indexable=True, indexes=[ScoredEqualIndex(score_field="age")]), FEW),
    "number": (StringField, NUMERIC),
    "note": (InstanceHashField, TEXTS),
    "weight": (lambda: InstanceHashField(type=float), FLOATS),
    "where": (lambda: InstanceHashField(type=GeoPoint, indexable=True, indexes=[GeoIndex]), PLACES),
}
"""How each field of one value is declared, and the values that it takes."""

MANY: dict[str, tuple[Any, type, list[Any]]] = {
    "tags": (lambda: SetField(indexable=True), set, TEXTS),
    "aliases": (lambda: SetField(indexable=True, indexes=[TextRangeIndex]), set, TEXTS),
    "prices": (lambda: SetField(type=float, indexable=True), set, FLOATS),
    "scores": (lambda: ListField(type=int, indexable=True), list, INTS),
    "board": (lambda: SortedSetField(indexable=True), dict, TEXTS),
    "props": (lambda: HashField(indexable=True), dict, TEXTS),
    "sizes": (lambda: HashField(type=int, indexable=True), dict, INTS),
}
"""How each field of many members is declared, what it is read as, and its members."""

SUBS = {"props": ["colour", "a:b", "x__in", "é"], "sizes": ["a", "b"]}
LINKS: dict[str, Any] = {
    "friend": lambda: InstanceHashField(indexable=True),
    "friends": SetField,
    "path": ListField,
    "ranking": SortedSetField,
}
"""Fields that hold primary keys."""
UNIQUE = {"email": lambda: InstanceHashField(unique=True)}
IN_STRINGS = frozenset({"word", "title", "ratio", "seen", "number"})
"""Single fields that are no entries of the instance's hash."""


def model_of(face: Any, database: Any, *, text_pks: bool, unique: bool = True) -> Any:
    """The model, of the face; its primary keys are automatic, or texts of our own."""
    fields = {name: declare() for name, (declare, *_) in {**SINGLE, **MANY}.items()}
    fields |= {name: declare() for name, declare in {**LINKS, **UNIQUE}.items()}
    if not unique:
        fields |= {name: InstanceHashField(indexable=True) for name in UNIQUE}
    if text_pks:
        fields["pk"] = PKField()
    return type("Thing", (face.Model,), {"database": database, "__module__": __name__, **fields})


# --- random values ---


class Deck(Generic[Item]):
    """Draws at random, but each item once before any comes again."""

    def __init__(self, rng: random.Random, items: Iterable[Item]) -> None:
        self._rng = rng
        self._items = list(items)
        self._left: list[Item] = []

    def draw(self, fits: Callable[[Item], bool] = lambda _: True) -> Item:
        """The next item that fits."""
        for _ in range(2):
            for index, item in enumerate(self._left):
                if fits(item):
                    return self._left.pop(index)
            self._left += self._rng.sample(self._items, len(self._items))
        raise LookupError


def some(rng: random.Random, items: Iterable[Item], most: int = 4) -> list[Item]:
    """A few of these, perhaps one of them twice."""
    known = list(items)
    return [rng.choice(known) for _ in range(rng.randint(0, most))] if known else []


def many_of(rng: random.Random, name: str) -> Any:
    """A value of a field of many members, perhaps none."""
    _, kind, values = MANY[name]
    if name in SUBS:
        return {sub: rng.choice(values) for sub in some(rng, SUBS[name], 3)}
    if kind is dict:
        return {member: rng.choice(SCORES) for member in some(rng, values)}
    if kind is set:
        return plain_set(some(rng, values))
    return some(rng, values)


def plain_set(values: Iterable[Any]) -> set[Any]:
    """A set, of which 0.0 and -0.0 are one member."""
    return {value + 0.0 if isinstance(value, float) else value for value in values}


def random_thing(rng: random.Random, number: int, pks: list[str]) -> Thing:
    """The values of a new object, each missing now and then."""
    thing: Thing = {name: rng.choice(values) if rng.random() < 0.8 else None for name, (_, values) in SINGLE.items()}
    thing |= {name: many_of(rng, name) for name in MANY}
    thing["friend"] = rng.choice(pks) if pks and rng.random() < 0.7 else None
    thing |= {"friends": set(some(rng, pks, 8)), "path": some(rng, pks, 8)}
    thing["ranking"] = {pk: rng.choice(SCORES) for pk in some(rng, pks, 30)}
    thing["email"] = f"{number}@x" if rng.random() < 0.9 else None
    return thing
