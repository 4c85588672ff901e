"""Queries worked out in plain Python, over dicts of Python values; nothing here comes from limpyd.

An object is a dict from field to value, with its primary key under `pk`. A single value that is missing is None;
a field of many members that has none is an empty set, list or dict.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

Thing = dict[str, Any]
World = dict[str, Thing]
"""All objects, by primary key."""

EARTH = 6372797.560856
"""The radius by which Redis measures, in metres."""
MARGIN = 20
"""How many metres from a border Redis may think a place on the other side of it."""


class Bound(NamedTuple):
    """A field of an object, as the value of a filter."""

    pk: str
    field: str

    def __repr__(self) -> str:
        return f"Thing.lazy_connect({self.pk!r}).{self.field}"


class Instance(NamedTuple):
    """An object, as the value of a filter."""

    pk: str

    def __repr__(self) -> str:
        return f"Thing.lazy_connect({self.pk!r})"


def members(value: Any) -> list[Any]:
    """The values of a field, whether it has one or many; the keys of a sorted set."""
    if value is None:
        return []
    return list(value) if isinstance(value, set | list | dict) else [value]


def rank(value: Any) -> Any:
    """What a value is compared by: text by its bytes."""
    return value.encode() if isinstance(value, str) else value


# --- conditions ---


@dataclass(frozen=True)
class Target:
    """What conditions can be about: a field, a sub-key of it, or what an index makes of it.

    Attributes:
        name: how keyword filters begin.
        expression: how expressions begin, in Python; empty if there are none.
        held: the values of an object that conditions are about.
        operators: those that are tried.
        values: what values are compared with.
        bound: fields whose one value it can be compared with; and those of many members.
        instances: whether it can be compared with objects.
        fold: what is done to both sides.
    """

    name: str
    expression: str
    held: Callable[[Thing], list[Any]]
    operators: tuple[str, ...]
    values: Sequence[Any]
    bound: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    instances: bool = False
    fold: Callable[[Any], Any] = lambda value: value


class Condition:
    """A condition, or several combined."""

    def holds(self, thing: Thing, world: World) -> bool:
        """Whether an object meets it."""
        raise NotImplementedError


@dataclass(frozen=True)
class Leaf(Condition):
    """One operator on one target."""

    target: Target
    operator: str
    value: Any

    def holds(self, thing: Thing, world: World) -> bool:
        held = [rank(self.target.fold(each)) for each in self.target.held(thing)]
        if self.operator == "isnull":
            return (not held) is self.value
        wanted = [rank(self.target.fold(each)) for each in self._wanted(world)]
        if self.operator == "ne":
            return not any(each in wanted for each in held)
        return any(meets(each, self.operator, wanted) for each in held)

    def _wanted(self, world: World) -> list[Any]:
        several = self.operator in {"in", "between"} and not isinstance(self.value, Bound)
        values = list(self.value) if several else [self.value]
        found: list[Any] = []
        for value in values:
            if isinstance(value, Bound):
                found += members(world[value.pk][value.field])
            else:
                found.append(value.pk if isinstance(value, Instance) else value)
        return found


def meets(held: Any, operator: str, wanted: list[Any]) -> bool:
    """Whether one value meets an operator; nothing meets one whose value is missing."""
    if not wanted:
        return False
    first = wanted[0]
    match operator:
        case "eq" | "in" | "contains":
            return held in wanted
        case "gt":
            return bool(held > first)
        case "gte":
            return bool(held >= first)
        case "lt":
            return bool(held < first)
        case "lte":
            return bool(held <= first)
        case "between":
            return bool(first <= held <= wanted[1])
        case "startswith":
            return bool(held.startswith(first))
        case "within":
            longitude, latitude, radius = first
            return distance(held, (longitude, latitude)) <= radius
        case "box":
            return in_box(held, first)
    raise AssertionError(operator)


@dataclass(frozen=True)
class Combined(Condition):
    """Conditions of which all, or any, must hold."""

    word: str  # & or |
    parts: tuple[Condition, ...]

    def holds(self, thing: Thing, world: World) -> bool:
        results = (part.holds(thing, world) for part in self.parts)
        return all(results) if self.word == "&" else any(results)


@dataclass(frozen=True)
class Not(Condition):
    """What holds for all other objects."""

    part: Condition

    def holds(self, thing: Thing, world: World) -> bool:
        return not self.part.holds(thing, world)


# --- places ---


def distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Metres between two places (haversine)."""
    (lon1, lat1), (lon2, lat2) = (tuple(map(math.radians, place)) for place in (one, other))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH * math.asin(math.sqrt(half))


def off_centre(place: tuple[float, float], box: tuple[float, float, float, float]) -> tuple[float, float]:
    """How many metres a place is beyond the sides of a box, east or west and north or south; inside, less than 0."""
    longitude, latitude, width, height = box
    across = distance(place, (longitude, place[1])) - width / 2
    along = distance((0, place[1]), (0, latitude)) - height / 2
    return across, along


def in_box(place: tuple[float, float], box: tuple[float, float, float, float]) -> bool:
    return max(off_centre(place, box)) <= 0


def too_close(places: Iterable[tuple[float, float]], operator: str, value: tuple[float, ...]) -> bool:
    """Whether a place is so close to a border that rounding decides on which side it is."""
    for place in places:
        if operator == "within":
            longitude, latitude, radius = value
            off = (distance(place, (longitude, latitude)) - radius,)
        else:
            off = off_centre(place, value)  # type: ignore[arg-type, assignment]
        if any(abs(metres) < MARGIN for metres in off):
            return True
    return False


# --- results ---


class Key(NamedTuple):
    """One key of a sort: what it is by, and in which direction."""

    value: Callable[[Thing], Any]  # None if it is missing
    desc: bool


def ordered(things: Iterable[Thing], keys: Sequence[Key]) -> list[Thing]:
    """Objects in order: missing values last, ties by primary key in the direction of the last key."""
    found = sorted(things, key=lambda thing: rank(thing["pk"]), reverse=keys[-1].desc)
    for key in reversed(keys):
        with_value = [thing for thing in found if key.value(thing) is not None]
        without = [thing for thing in found if key.value(thing) is None]
        found = sorted(with_value, key=lambda thing, key=key: rank(key.value(thing)), reverse=key.desc) + without  # type: ignore[misc]
    return found


def counted(things: Iterable[Thing], held: Callable[[Thing], list[Any]]) -> dict[Any, int]:
    """How many objects have each value; members are counted each."""
    return dict(Counter(each for thing in things for each in held(thing)))


def alike(found: Any, expected: Any) -> bool:
    """Whether two results are equal, and of the same types throughout."""
    if isinstance(expected, datetime):
        return isinstance(found, datetime) and found == expected and found.utcoffset() is not None
    if type(found) is not type(expected):
        return False
    if isinstance(expected, dict):
        same_keys = found.keys() == expected.keys() and {*map(type, found)} == {*map(type, expected)}
        return same_keys and all(alike(found[key], expected[key]) for key in expected)
    if isinstance(expected, list | tuple):
        return len(found) == len(expected) and all(map(alike, found, expected))
    return bool(found == expected)


def same_items(found: Sequence[Any], expected: Sequence[Any]) -> bool:
    """Whether two lists hold the same, in whatever order."""
    left = list(expected)
    for item in found:
        at = next((index for index, each in enumerate(left) if alike(item, each)), None)
        if at is None:
            return False
        del left[at]
    return not left


def close(found: Any, values: Sequence[Any], expected: Any) -> bool:
    """Whether a sum or an average of values is right, but for the rounding that any order of adding allows."""
    exact = all(isinstance(value, int) for value in values) and sum(map(abs, values)) <= 2**53
    if exact and isinstance(expected, int):
        return alike(found, expected)
    slack = 1e-14 * (float(sum(map(abs, values))) + 1) * max(len(values), 1)
    return isinstance(found, int | float | Decimal) and abs(float(found) - float(expected)) <= slack
