"""Asks random queries of a model, with items of every shape, and compares with what should come."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from limpyd import SORTED_SCORE
from limpyd.types import GeoPoint
from tests.support.random_queries.plain_python import Thing, World, alike, same_items
from tests.support.random_queries.queries import Queries, Query
from tests.support.random_queries.things import LINKS, MANY, SINGLE, UNIQUE, Deck

FIELDS = (*SINGLE, *MANY, *LINKS, *UNIQUE, "pk")
PROJECTIONS = (
    *("none", "primary_keys", "instances", "lazy instances", "prefetch", "values", "all values", "values_list"),
    *("flat", "dataclass", "NamedTuple"),
)


@dataclasses.dataclass
class Row:
    pk: str
    age: int | None
    tags: set[str]


class Named(NamedTuple):
    name: str | None
    born: dt.date | None
    props: dict[str, str]


class Wrong(AssertionError):
    """A query gave what it should not."""

    def __init__(self, text: str, expected: Any, found: Any) -> None:
        super().__init__(f"{text}\n  expected {expected!r}\n  found    {found!r}")


class Shaped(NamedTuple):
    """A query whose items have a shape: its source, the objects that it finds, and what each becomes."""

    text: str
    things: list[Thing]
    shape: Callable[[Thing], Any]
    in_order: bool

    @property
    def items(self) -> list[Any]:
        return [self.shape(thing) for thing in self.things]


class Asking:
    """Asks queries in each form in turn, and compares.

    Attributes:
        rng: what is chosen by.
        world: what there should be.
        queries: makes them.
        names: what their source may use.
    """

    def __init__(self, face: Any, model: Any, rng: random.Random, world: World, queries: Queries) -> None:
        self.face = face
        self.rng = rng
        self.world = world
        self.queries = queries
        self.names: dict[str, Any] = {
            "Thing": model,
            "Row": Row,
            "Named": Named,
            "GeoPoint": GeoPoint,
            "Decimal": Decimal,
            "datetime": dt,
            "SORTED_SCORE": SORTED_SCORE,
        }
        self._projections = Deck(rng, PROJECTIONS)

    def evaluated(self, text: str) -> Any:
        """What some source stands for."""
        return eval(text, self.names)

    async def result(self, text: str) -> Any:
        """What a call gives."""
        try:
            return await self.face.do(self.evaluated(text))
        except Exception as error:
            raise Wrong(text, "no error", error) from error

    async def walked(self, text: str) -> list[Any]:
        """What something yields."""
        try:
            return [await self.shown(item) for item in await self.face.all(self.evaluated(text))]
        except Exception as error:
            raise Wrong(text, "no error", error) from error

    async def refused(self, error: type[Exception], text: str) -> None:
        """Something must be refused."""
        try:
            found = await self.face.do(self.evaluated(text))
        except error:
            return
        except Exception as other:
            raise Wrong(text, error, other) from other
        raise Wrong(text, error, found)

    async def shown(self, item: Any) -> Any:
        """An item; of an instance, what tells it from others."""
        if isinstance(item, self.names["Thing"]):
            return ("instance", await self.face.do(item.pk.get()), dict(getattr(item, "prefetched", None) or {}))
        return item

    async def gives(self, text: str, expected: Any) -> None:
        """A call must give exactly this."""
        found = await self.shown(await self.result(text))
        if not alike(found, expected):
            raise Wrong(text, expected, found)

    def compare(self, text: str, found: list[Any], expected: list[Any], *, in_order: bool) -> None:
        """Items must be these, in this order if they have one."""
        if not (alike(found, expected) if in_order else same_items(found, expected)):
            raise Wrong(text, expected, found)

    def in_some_order(self, query: Query) -> Query:
        """A query, sorted perhaps, if it is not yet."""
        return self.queries.sorted(query) if not query.in_order and self.rng.random() < 0.7 else query

    def shaped(self, query: Query) -> Shaped:
        """A query with a random shape of items, and an order perhaps."""
        query = self.in_some_order(query)
        with_scores = query.scores is not None and self.rng.random() < 0.5
        kind = self.rng.choice(("values", "values_list")) if with_scores else self._projections.draw()
        self.queries.made[f"items {kind}"] += 1
        call, shape = self._shape(kind, query)
        if query.scores is not None and kind in {"values", "values_list"}:
            self.queries.made["items with scores"] += 1
        return Shaped(query.text + call, query.things, shape, query.in_order)

    def _shape(self, kind: str, query: Query) -> tuple[str, Callable[[Thing], Any]]:
        rng = self.rng
        names = rng.sample(FIELDS, rng.randint(1, 5))
        scores = query.scores
        if scores is not None and kind in {"values", "values_list"}:
            names.insert(rng.randint(0, len(names)), SORTED_SCORE)
        given = ", ".join("SORTED_SCORE" if name == SORTED_SCORE else repr(name) for name in names)

        def value(thing: Thing, name: str) -> Any:
            return scores.get(thing["pk"]) if scores is not None and name == SORTED_SCORE else thing[name]

        match kind:
            case "none":
                return "", lambda thing: thing["pk"]
            case "primary_keys":
                return rng.choice((".instances()", "")) + ".primary_keys()", lambda thing: thing["pk"]
            case "instances":
                return ".instances()", lambda thing: ("instance", thing["pk"], {})
            case "lazy instances":
                return ".instances(lazy=True)", lambda thing: ("instance", thing["pk"], {})
            case "prefetch":
                names = [name for name in names if name != "pk"]
                return f".instances(prefetch={names!r})", lambda thing: (
                    "instance",
                    thing["pk"],
                    {name: thing[name] for name in names},
                )
            case "values":
                return f".values({given})", lambda thing: {name: value(thing, name) for name in names}
            case "all values":
                return ".values()", dict
            case "values_list":
                return f".values_list({given})", lambda thing: tuple(value(thing, name) for name in names)
            case "flat":
                return f".values_list({names[0]!r}, flat=True)", lambda thing: thing[names[0]]
            case "dataclass":
                return ".rows(Row)", lambda thing: Row(thing["pk"], thing["age"], thing["tags"])
            case "NamedTuple":
                return ".rows(Named)", lambda thing: Named(thing["name"], thing["born"], thing["props"])
        raise AssertionError(kind)
