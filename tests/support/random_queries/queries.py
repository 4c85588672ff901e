"""Random queries, written as Python source and worked out in plain Python at once."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.support.random_queries.conditions import Conditions, on_field
from tests.support.random_queries.plain_python import Combined, Condition, Key, Leaf, Not, Thing, World, ordered
from tests.support.random_queries.things import FEW, SINGLE, Deck, some

KEY_OF_SET, KEY_OF_LIST, KEY_OF_SCORES = "{thing}:set-of-pks", "{thing}:list-of-pks", "{thing}:scores-of-pks"
"""Keys that no field has made; with the tag of the model's own keys, for the sake of clusters."""
STORED = "stored"
"""The name of a collection that was stored."""
COMPARISONS = {"eq": "==", "ne": "!=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def expression(condition: Condition) -> str:
    """A condition as an expression."""
    match condition:
        case Not(part):
            return f"~{expression(part)}"
        case Combined(word, parts):
            return "(" + f" {word} ".join(map(expression, parts)) + ")"
        case Leaf(target, operator, value):
            left = target.expression
            match operator:
                case "in":
                    return f"{left}.in_({value!r})"
                case "isnull":
                    return f"{left}.is_null({'' if value else value})"
                case "between":
                    return f"{left}.between({value[0]!r}, {value[1]!r})"
                case "startswith" | "contains":
                    return f"{left}.{operator}({value!r})"
            return f"({left} {COMPARISONS[operator]} {value!r})"
    raise AssertionError(condition)


def arguments(expressions: list[Condition], keywords: dict[str, Any]) -> str:
    """What a call of `filter` is given."""
    plain = {name: value for name, value in keywords.items() if name.isidentifier()}
    rest = {name: value for name, value in keywords.items() if name not in plain}
    parts = [expression(condition) for condition in expressions]
    parts += [f"{name}={value!r}" for name, value in plain.items()]
    return ", ".join([*parts, *([f"**{rest!r}"] if rest else [])])


class Query(NamedTuple):
    """A query, and the objects that it should find.

    Attributes:
        text: its source.
        things: the objects; in order, if it has one.
        in_order: whether they are in order.
        scores: the scores that they are sorted by, by primary key.
    """

    text: str
    things: list[Thing]
    in_order: bool = False
    scores: dict[str, float] | None = None


INTERSECTIONS = (
    *("list", "tuple", "set", "stored collection"),
    *("key of a set", "key of a list", "key of a sorted set"),
    *("SetField", "ListField", "SortedSetField"),
)
SORTS = (
    *("pk", "typed", "typed, by -", "typed, desc", "number in text", "alpha", "several", "several, alpha"),
    *("score of field", "score of key", "score, desc"),
)
SIMPLE = ("team", "range", "everything", "leaderboard")


def single(name: str) -> Callable[[Thing], Any]:
    """What gives a field of an object, a sub-key of one, `sizes__a`, or its number of members, `tags__len`."""
    field, _, sub = name.partition("__")
    if sub == "len":
        return lambda thing: len(thing[field])
    return (lambda thing: thing[field].get(sub)) if sub else (lambda thing: thing[field])


TYPED = (
    *("age", "ratio", "price", "born", "seen", "created", "hour", "span", "active", "weight"),
    *("sizes__a", "sizes__b", "tags__len", "scores__len", "board__len", "path__len"),
)
TEXTUAL = ("word", "name", "title", "note", "email", "number", "team", "props__colour", "props__a:b")


class Queries:
    """Makes queries.

    Attributes:
        made: how many conditions, calls and sorts of each kind there were.
    """

    def __init__(self, rng: random.Random, world: World, *, text_pks: bool, keys: dict[str, Any]) -> None:
        self._rng = rng
        self._world = world
        self._keys = keys
        self._text_pks = text_pks
        self.conditions = Conditions(rng, world)
        self.made = self.conditions.made
        self._intersections = Deck(rng, INTERSECTIONS)
        self._sorts = Deck(rng, SORTS)
        self._simple = Deck(rng, SIMPLE)
        self._typed = Deck(rng, TYPED)
        self._texts = Deck(rng, [*TEXTUAL, "pk"])

    def query(self) -> Query:
        """Filters, exclusions and intersections."""
        rng = self._rng
        text, things = "Thing.collection()", list(self._world.values())
        for number in range(rng.choice((0, 1, 1, 1, 1, 2, 2, 3))):
            condition, given = self.filters()
            left = [thing for thing in things if condition.holds(thing, self._world)]
            call = "exclude" if rng.random() < (0.25 if left else 0.7) else "filter"
            if call == "exclude":
                left = [thing for thing in things if not condition.holds(thing, self._world)]
            self.made[call] += 1
            directly = number == 0 and call == "filter" and rng.random() < 0.8
            text = f"Thing.collection({given})" if directly else f"{text}.{call}({given})"
            things = left
        if rng.random() < 0.2:
            kind = self._intersections.draw()
            self.made[f"intersect {kind}"] += 1
            other, pks = self._other(kind)
            if rng.random() < 0.2:
                more, also = self._other("list")
                other, pks = f"{other}, {more}", pks & also
            text = f"{text}.intersect({other})"
            things = [thing for thing in things if thing["pk"] in pks]
        return Query(text, things)

    def simple(self) -> Query:
        """A sorted query that may be walked: of a team, a range of the sort's field, a leaderboard, or everything."""
        rng = self._rng
        name = rng.choice(TYPED[: TYPED.index("active")])
        kind = self._simple.draw()
        self.made[f"simple {kind}"] += 1
        text, things = "Thing.collection()", list(self._world.values())
        if kind == "leaderboard":
            pk, desc = rng.choice(list(self._world)), rng.random() < 0.5
            scores, given = self._world[pk]["ranking"], f"Thing.lazy_connect({pk!r}).ranking"
            if rng.random() < 0.5:
                scores, given = self._keys[KEY_OF_SCORES], repr(KEY_OF_SCORES)
            text = f"{text}.intersect({given}).sort(by_score={given}{', desc=True' * desc})"
            things = [thing for thing in things if thing["pk"] in scores]
            by = Key(lambda thing: scores.get(thing["pk"]), desc)
            return Query(text, ordered(things, [by]), in_order=True, scores=scores)
        if kind != "everything":
            name = "age" if kind == "team" and rng.random() < 0.8 else name
            on, operator = ("team", "eq") if kind == "team" else (name, rng.choice(("gt", "gte", "lt", "lte")))
            leaf = Leaf(on_field(on, ()), operator, rng.choice(SINGLE[on][1]))
            text = f"Thing.collection({on}__{operator}={leaf.value!r})"
            things = self.conditions.matching(leaf)
        desc = rng.random() < 0.5
        by = Key(single(name), desc)
        return Query(f"{text}.sort(by={'-' * desc + name!r})", ordered(things, [by]), in_order=True)

    def narrow(self, query: Query, most: int) -> Query:
        """A query, made to find few."""
        pks = some(self._rng, self._world, most)
        return Query(f"{query.text}.filter(pk__in={pks!r})", [thing for thing in query.things if thing["pk"] in pks])

    def sorted(self, query: Query) -> Query:
        """A query in some order."""
        kind = self._sorts.draw()
        self.made[f"sort {kind}"] += 1
        if kind.startswith("score"):
            return self._by_score(query, kind)
        rng = self._rng
        asc = rng.random() < 0.5
        alpha = self._text_pks
        match kind:
            case "pk":
                keys = [("pk", not asc)]
                given = "" if asc else rng.choice(("by='-pk'", "desc=True"))
            case "typed" | "typed, by -" | "typed, desc" | "number in text" | "alpha":
                alpha = kind == "alpha"
                name = self._texts.draw() if alpha else "number" if kind == "number in text" else self._typed.draw()
                desc = not asc if kind in {"alpha", "number in text"} else kind != "typed"
                by_minus = kind == "typed, by -" or (kind != "typed, desc" and rng.random() < 0.5)
                keys = [(name, desc)]
                given = f"by={'-' * (desc and by_minus) + name!r}" + ", desc=True" * (desc and not by_minus)
            case _:
                alpha = kind == "several, alpha"
                deck = self._texts if alpha else self._typed
                drawn = [deck.draw(), deck.draw(), *rng.choice(([], ["number"], ["active"], ["age"]))]
                names = dict.fromkeys(rng.sample(drawn, len(drawn)))
                keys = [(name, rng.random() < 0.5) for name in names]
                given = f"by={['-' * desc + name for name, desc in keys]!r}"
        given += ", alpha=True" * alpha
        for name, _ in keys:
            self.made[f"sort by {name}"] += 1
        by = [Key(self._sort_value(name, alpha=alpha), desc) for name, desc in keys]
        return query._replace(
            text=f"{query.text}.sort({given.removeprefix(', ')})", things=ordered(query.things, by), in_order=True
        )

    def by_pk(self, things: list[Thing]) -> list[Thing]:
        """Objects in the order of their primary keys."""
        return ordered(things, [Key(self._sort_value("pk", alpha=self._text_pks), desc=False)])

    def _sort_value(self, name: str, *, alpha: bool) -> Callable[[Thing], Any]:
        value = single(name)
        if alpha or name not in {"number", "pk"}:
            return value
        return lambda thing: None if value(thing) is None else float(value(thing))

    def _by_score(self, query: Query, kind: str) -> Query:
        pk, desc = self._rng.choice(list(self._world)), kind == "score, desc"
        if kind == "score of key" or (desc and self._rng.random() < 0.5):
            scores, given = self._keys[KEY_OF_SCORES], repr(KEY_OF_SCORES)
        else:
            scores, given = self._world[pk]["ranking"], f"Thing.lazy_connect({pk!r}).ranking"
        by = Key(lambda thing: scores.get(thing["pk"]), desc)
        text = f"{query.text}.sort(by_score={given}{', desc=True' * desc})"
        return Query(text, ordered(query.things, [by]), in_order=True, scores=scores)

    def filters(self) -> tuple[Condition, str]:
        """Some filters of one call: what they mean, and how they are written."""
        rng = self._rng
        expressions = [self.conditions.tree(rng.randint(0, 4)) for _ in range(rng.choice((0, 0, 1, 1, 2)))]
        meant: list[Condition] = [*expressions]
        keywords: dict[str, Any] = {}
        if rng.random() < 0.08:  # EqualIndexWith answers both together
            self.made["first with last"] += 1
            keywords = {"first": rng.choice(FEW), "last": rng.choice(FEW)}
            meant += [Leaf(on_field(name, ("eq",)), "eq", value) for name, value in keywords.items()]
        for _ in range(rng.choice((0, 1, 1, 2)) if meant else rng.choice((1, 1, 2, 3))):
            leaf = self.conditions.leaf(in_expression=False)
            name = f"{leaf.target.name}__{leaf.operator}"
            if leaf.operator == "eq" and leaf.target.name != "props__x__in" and rng.random() < 0.7:
                name = leaf.target.name
            if name not in keywords:
                keywords[name] = leaf.value
                meant.append(leaf)
        return Combined("&", tuple(meant)), arguments(expressions, keywords)

    def _other(self, kind: str) -> tuple[str, set[str]]:
        """What a collection is intersected with: how it is written, and the primary keys in it."""
        rng = self._rng
        keys = {"key of a set": KEY_OF_SET, "key of a list": KEY_OF_LIST, "key of a sorted set": KEY_OF_SCORES}
        fields = {"SetField": "friends", "ListField": "path", "SortedSetField": "ranking"}
        if kind in keys:
            return repr(keys[kind]), set(self._keys[keys[kind]])
        if kind in fields:
            pk = rng.choice(list(self._world))
            return f"Thing.lazy_connect({pk!r}).{fields[kind]}", set(self._world[pk][fields[kind]])
        if kind == "stored collection":
            return STORED, set(self._keys[STORED])
        pks = [*some(rng, self._world, 40), *rng.choice(([], ["nobody"]))]
        written = {"list": repr(pks), "tuple": repr(tuple(pks)), "set": repr(set(pks))}
        return written[kind], set(pks)
