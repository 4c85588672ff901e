"""Random conditions on the fields of random objects."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from tests.support.random_queries.plain_python import (
    Bound,
    Combined,
    Condition,
    Instance,
    Leaf,
    Not,
    Target,
    Thing,
    World,
    members,
    too_close,
)
from tests.support.random_queries.things import FOLDED, MANY, PLACES, SINGLE, SUBS, Deck, some

EQUAL = ("eq", "in", "ne", "isnull")
RANGES = (*EQUAL, "gt", "gte", "lt", "lte", "between")
PREFIXES = (*RANGES, "startswith")
STRINGS = (("word", "name", "title", "note", "number"), ("tags", "aliases", "board"))
SAME_TYPE: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    **dict.fromkeys(("word", "name", "title", "tags", "aliases", "board", "props", "email"), STRINGS),
    **dict.fromkeys(("age", "scores", "sizes"), (("age",), ("scores",))),
    **dict.fromkeys(("ratio", "prices"), (("ratio", "weight"), ("prices",))),
    **dict.fromkeys(("team", "last"), (("team", "last", "first"), ())),
    "friend": (("friend",), ("friends", "path", "ranking")),
    **{name: ((name,), ()) for name in ("price", "born", "hour", "span", "active")},
    **dict.fromkeys(("seen", "created"), (("seen", "created"), ())),
}
"""Which fields of one value, and of many members, a field can be compared with."""


def on_field(name: str, operators: tuple[str, ...], values: list[Any] | None = None) -> Target:
    """Conditions on a field itself."""
    if values is None:
        values = (SINGLE.get(name) or MANY[name])[-1]
    bound = SAME_TYPE.get(name, ((), ()))
    links = name == "friend"

    def found(thing: dict[str, Any]) -> list[Any]:
        # Its index is in the order of ages, and holds nobody without one.
        return [] if name == "team" and thing["age"] is None else members(thing[name])

    return Target(name, f"Thing.{name}", found, operators, values, bound, instances=links)


def on_sub(name: str, sub: str, operators: tuple[str, ...]) -> Target:
    """Conditions on a sub-key."""
    values = MANY[name][-1]
    expression = f"Thing.{name}[{sub!r}]"
    return Target(f"{name}__{sub}", expression, lambda thing: members(thing[name].get(sub)), operators, values)


def on_part(name: str, operators: tuple[str, ...], part: Callable[[datetime], Any], values: list[Any]) -> Target:
    """Conditions on a part of a moment, which is that in UTC."""
    return Target(
        f"created__{name}",
        f"Thing.created.part({name!r})",
        lambda thing: [part(moment.astimezone(UTC)) for moment in members(thing["created"])],
        operators,
        values,
    )


ON_DATES = ("gt", "gte", "lt", "lte", "between", "startswith")

TARGETS = [
    *(on_field(name, EQUAL) for name in ("word", "title", "active", "last")),
    on_field("team", ("eq", "in", "ne")),
    *(on_field(name, RANGES) for name in ("age", "ratio", "price", "born", "seen", "created", "hour", "span")),
    *(on_field(name, (*EQUAL, "contains")) for name in ("tags", "board")),
    *(on_field(name, (*RANGES, "contains")) for name in ("scores", "prices")),
    on_field("name", PREFIXES),
    on_field("aliases", (*PREFIXES, "contains")),
    on_field("email", EQUAL, ["1@x", "2@x", "3@x", "9@x", "99@x"]),
    Target(
        "title__ci",
        "Thing.title.part('ci')",
        lambda thing: members(thing["title"]),
        PREFIXES,
        FOLDED,
        fold=str.casefold,
    ),
    *(on_sub("props", sub, EQUAL) for sub in SUBS["props"]),
    *(on_sub("sizes", sub, RANGES) for sub in SUBS["sizes"]),
    on_part("year", RANGES, lambda moment: moment.year, [1969, 2014, 2015, 2020]),
    on_part("month", RANGES, lambda moment: moment.month, [1, 6, 12]),
    on_part("day", RANGES, lambda moment: moment.day, [1, 7, 31]),
    on_part("hour", RANGES, lambda moment: moment.hour, [1, 8, 14, 20]),
    on_part("minute", RANGES, lambda moment: moment.minute, [0, 9, 30, 39]),
    on_part("second", RANGES, lambda moment: moment.second, [0, 10, 59]),
    on_part(
        "date",
        ON_DATES,
        lambda moment: moment.date().isoformat(),
        ["2015", "2014-12-31", "2015-06-07"],
    ),
    on_part("date", EQUAL, lambda moment: moment.date().isoformat(), ["2014-12-31", "2015-06-07"]),
    on_part("time", ON_DATES, lambda moment: moment.time().isoformat(), ["08", "15:", "20:00", "23:59"]),
    Target("where", "", lambda thing: members(thing["where"]), ("within", "box"), PLACES),
    Target("where", "Thing.where", lambda thing: members(thing["where"]), ("isnull",), []),
]
ON_FRIEND = on_field("friend", EQUAL, [])
ON_PK = Target(
    "pk",
    "Thing.pk",
    lambda thing: [thing["pk"]],
    ("eq", "in", "ne"),
    [],
    (("friend",), ("friends", "path", "ranking")),
    instances=True,
    fold=str,
)


class Kind(NamedTuple):
    """A sort of condition: on what, which operator, and what is the value (value, bound or instance)."""

    target: Target
    operator: str
    how: str

    @property
    def label(self) -> str:
        return f"{self.target.name}__{self.operator}" + ("" if self.how == "value" else f" of {self.how}")


def kinds_of(target: Target) -> list[Kind]:
    """All sorts of conditions on a target."""
    found = [(operator, "value") for operator in target.operators]
    one, many = target.bound
    found += [(each, "bound") for each in ("eq", "ne", "gt", "gte", "lt", "lte") if one and each in target.operators]
    found += [("in", "bound")] if many else []
    found += [(each, "instance") for each in ("eq", "in", "ne") if target.instances]
    return [Kind(target, operator, how) for operator, how in found]


KINDS = [kind for target in (*TARGETS, ON_FRIEND, ON_PK) for kind in kinds_of(target)]


# --- random conditions ---


class Conditions:
    """Makes conditions, of every kind in turn.

    Attributes:
        made: how many of each kind there were.
    """

    def __init__(self, rng: random.Random, world: World) -> None:
        self._rng = rng
        self._world = world
        self._kinds = Deck(rng, KINDS)
        self.made: Counter[str] = Counter()

    def matching(self, condition: Condition) -> list[Thing]:
        """The objects that meet a condition."""
        return [thing for thing in self._world.values() if condition.holds(thing, self._world)]

    def leaf(self, *, in_expression: bool) -> Leaf:
        """A condition of the next kind."""
        kind = self._kinds.draw(lambda kind: bool(kind[0].expression) or not in_expression)
        target, operator, how = kind
        self.made[kind.label] += 1
        return Leaf(target, operator, self._value(target, operator, how))

    def tree(self, depth: int) -> Condition:
        """An expression; what is combined by & has matches, mostly."""
        rng = self._rng
        if depth == 0 or rng.random() < 0.15:
            return self.leaf(in_expression=True)
        if rng.random() < 0.25:
            self.made["~"] += 1
            return Not(self.tree(depth - 1))
        parts = tuple(self.tree(depth - 1) for _ in range(rng.choice((2, 2, 2, 3))))
        both = Combined("&", parts)
        word = "&" if rng.random() < 0.6 and (self.matching(both) or rng.random() < 0.3) else "|"
        self.made[word] += 1
        return Combined(word, parts)

    def _value(self, target: Target, operator: str, how: str) -> Any:
        rng, pks = self._rng, list(self._world)
        if how == "bound":
            one, many = target.bound
            return Bound(rng.choice(pks), rng.choice(many if operator == "in" else one))
        values = [*pks, "nobody"] if target.instances else list(target.values)
        if target is ON_PK:
            values = [int(pk) if pk.isdecimal() and rng.random() < 0.2 else pk for pk in values]
        if how == "instance":
            found = [Instance(rng.choice(pks)) for _ in range(3)]
            return [*found, rng.choice(pks)] if operator == "in" else found[0]
        match operator:
            case "isnull":
                return rng.random() < 0.5
            case "in":
                chosen = some(rng, values)
                return tuple(chosen) if rng.random() < 0.3 else chosen
            case "between":
                low, high = rng.choice(values), rng.choice(values)
                mixed_up = rng.random() < 0.1
                return (low, high) if mixed_up or self._in_order(target, low, high) else (high, low)
            case "startswith":
                text = rng.choice(values)
                return text[: rng.randint(0, len(text))]
            case "within" | "box":
                return self._area(operator)
        return rng.choice(values)

    def _in_order(self, target: Target, low: Any, high: Any) -> bool:
        low, high = target.fold(low), target.fold(high)
        return bool(low.encode() <= high.encode() if isinstance(low, str) else low <= high)

    def _area(self, operator: str) -> tuple[float, ...]:
        rng = self._rng
        while True:
            centre = rng.choice(PLACES)
            size = [rng.choice((100, 1500, 50_000, 700_000.5, 4_000_000)) for _ in range(1 + (operator == "box"))]
            if not too_close(PLACES, operator, (*centre, *size)):
                return (*centre, *size)
