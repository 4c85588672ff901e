"""Random queries find what plain Python finds, in every form of their result.

A model with fields of all kinds has random objects, which random changes follow; between them it is asked random
queries, of every kind of filter in turn and in every form in turn.

    LIMPYD_QUERIES=20000     how many, over all servers and faces (2,000 if it is not set)
    LIMPYD_QUERY_SEED=…      makes those of one seed again, as a failure tells; with -k for its server and face
"""

from __future__ import annotations

import os
from collections import Counter
from typing import ClassVar

import pytest

from tests.support.amounts import amount
from tests.support.random_queries.changes import CHANGES
from tests.support.random_queries.comparison import PROJECTIONS
from tests.support.random_queries.conditions import KINDS, on_field
from tests.support.random_queries.plain_python import (
    Bound,
    Combined,
    Instance,
    Key,
    Leaf,
    Not,
    World,
    alike,
    close,
    counted,
    distance,
    in_box,
    members,
    ordered,
    same_items,
    too_close,
)
from tests.support.random_queries.queries import (
    INTERSECTIONS,
    SIMPLE,
    SORTS,
    TEXTUAL,
    TYPED,
    expression,
    single,
)
from tests.support.random_queries.run import Run, asked, forms_of
from tests.support.servers import BINARIES, CLUSTERS

QUERIES = amount("LIMPYD_QUERIES", 2000) // (2 * len([*BINARIES, *CLUSTERS]))
SEED = os.environ.get("LIMPYD_QUERY_SEED")
OF_ONE_SEED = 125

MUST_COME_UP = {
    *(kind.label for kind in KINDS),
    *(f"sort {kind}" for kind in SORTS),
    *(f"sort by {name}" for name in (*TYPED, *TEXTUAL, "number", "pk")),
    *(f"simple {kind}" for kind in SIMPLE),
    *(f"intersect {kind}" for kind in INTERSECTIONS),
    *(f"items {kind}" for kind in PROJECTIONS),
    *(f"change {kind}" for kind in CHANGES),
    *(
        "filter",
        "exclude",
        "first with last",
        "items with scores",
        "simple team",
        "simple range",
        "simple everything",
        "&",
        "|",
        "~",
    ),
}


class TestAgainstPlainPython:
    @pytest.mark.timeout(120 + QUERIES // 5)
    async def test_queries(self, request, face, capsys):
        name = request.node.callspec.id
        seeds = [SEED] if SEED else [f"{name}-{number}" for number in range(max(1, round(QUERIES / OF_ONE_SEED)))]
        made: Counter[str] = Counter()
        for seed in seeds:
            made += await asked(face, seed, OF_ONE_SEED if SEED else QUERIES // len(seeds))
        forms = forms_of(face)
        with capsys.disabled():
            print(f"\n{name}: {summary(made, forms)}")
        never = {*MUST_COME_UP, *forms} - made.keys()
        assert not never, f"{sorted(never)} never came up; LIMPYD_QUERIES is too small"


def summary(made, forms):
    """How many there were of each kind."""
    operators: Counter[str] = Counter()
    for kind in KINDS:
        operators[f"{kind.operator}{'' if kind.how == 'value' else f' of {kind.how}'}"] += made[kind.label]
    groups = {
        f"{sum(made[form] for form in forms)} queries": {form: made[form] for form in forms},
        f"{operators.total()} conditions of {len(KINDS)} kinds": operators,
    }
    for group in ("sort", "intersect", "items", "change"):
        groups[group] = {
            kind.removeprefix(f"{group} "): number
            for kind, number in made.items()
            if kind.startswith(f"{group} ") and not kind.startswith("sort by ")
        }
    return "; ".join(
        f"{group}: " + ", ".join(f"{kind} {number}" for kind, number in sorted(kinds.items()))
        for group, kinds in groups.items()
    )


@pytest.fixture
async def run(any_face):
    """Some objects of a known seed."""
    database = any_face.Database(port=any_face.server.port)
    run = Run(any_face, database, "known")
    await run.fill()
    yield run
    await any_face.do(database.close())


async def test_a_difference_is_noticed(run):
    """Spoils what is expected, so that the test above cannot pass by looking away."""
    for thing in run.world.values():
        thing["age"] = (thing["age"] or 0) + 1
    for _ in range(100):
        await run.step()
    assert run.wrong


class TestPlainPython:
    """What the queries are compared with, by examples worked out by hand."""

    WORLD: ClassVar[World] = {
        "1": {"pk": "1", "age": 3, "name": "a", "tags": {"x", "y"}, "friend": "2"},
        "2": {"pk": "2", "age": None, "name": "é", "tags": set(), "friend": None},
        "10": {"pk": "10", "age": 3, "name": None, "tags": {"y"}, "friend": "1"},
        "9": {"pk": "9", "age": -1, "name": "z", "tags": {"z"}, "friend": "1"},
    }

    def found(self, condition):
        return [pk for pk, thing in self.WORLD.items() if condition.holds(thing, self.WORLD)]

    @pytest.mark.parametrize(
        ("name", "operator", "value", "expected"),
        [
            ("age", "eq", 3, ["1", "10"]),
            ("age", "ne", 3, ["2", "9"]),
            ("age", "in", [], []),
            ("age", "in", [3, -1], ["1", "10", "9"]),
            ("age", "isnull", True, ["2"]),
            ("age", "isnull", False, ["1", "10", "9"]),
            ("age", "gt", -1, ["1", "10"]),
            ("age", "gte", -1, ["1", "10", "9"]),
            ("age", "lt", 3, ["9"]),
            ("age", "lte", 3, ["1", "10", "9"]),
            ("age", "between", (-1, 2), ["9"]),
            ("age", "eq", Bound("10", "age"), ["1", "10"]),
            ("age", "eq", Bound("2", "age"), []),
            ("age", "ne", Bound("2", "age"), ["1", "2", "10", "9"]),
            ("name", "gt", "z", ["2"]),
            ("name", "startswith", "", ["1", "2", "9"]),
            ("name", "startswith", "é", ["2"]),
            ("tags", "contains", "y", ["1", "10"]),
            ("tags", "ne", "y", ["2", "9"]),
            ("tags", "in", Bound("1", "tags"), ["1", "10"]),
            ("tags", "in", Bound("2", "tags"), []),
            ("tags", "isnull", True, ["2"]),
            ("friend", "eq", Instance("1"), ["10", "9"]),
            ("friend", "in", [Instance("1"), "2"], ["1", "10", "9"]),
        ],
    )
    def test_operators(self, name, operator, value, expected):
        leaf = Leaf(on_field(name, (), []), operator, value)
        assert self.found(leaf) == expected
        assert self.found(Not(leaf)) == [pk for pk in self.WORLD if pk not in expected]

    def test_combined(self):
        old, in_x = Leaf(on_field("age", (), []), "eq", 3), Leaf(on_field("tags", (), []), "eq", "x")
        assert self.found(Combined("&", (old, in_x))) == ["1"]
        assert self.found(Combined("|", (Not(old), in_x))) == ["1", "2", "9"]
        assert expression(Combined("|", (Not(old), in_x))) == "(~(Thing.age == 3) | (Thing.tags == 'x'))"

    def test_order(self):
        def by(*keys):
            return [
                thing["pk"] for thing in ordered(self.WORLD.values(), [Key(single(name), desc) for name, desc in keys])
            ]

        assert by(("age", False)) == ["9", "1", "10", "2"]
        assert by(("age", True)) == ["10", "1", "9", "2"]
        assert by(("age", True), ("name", False)) == ["1", "10", "9", "2"]
        assert by(("age", False), ("pk", True)) == ["9", "10", "1", "2"]
        assert by(("name", False)) == ["1", "9", "2", "10"]
        assert by(("pk", False)) == ["1", "10", "2", "9"]

    def test_places(self):
        palermo, catania = (13.361389, 38.115556), (15.087269, 37.502669)
        assert round(distance(palermo, catania)) == 166274
        assert in_box(catania, (15, 37, 400_000, 400_000))
        assert not in_box(palermo, (15, 37, 250_000, 400_000))
        assert too_close([catania], "within", (*palermo, 166_280))
        assert not too_close([catania], "within", (*palermo, 167_000))

    def test_likeness(self):
        assert alike([{"a": 1}], [{"a": 1}])
        assert not alike([1], [True])
        assert not alike({True: 2}, {1: 2})
        assert not alike((1,), [1])
        assert same_items([{1}, {2}], [{2}, {1}])
        assert not same_items([1, 1], [1, 2])
        assert not same_items([1], [1, 1])
        assert close(0.30000000000000004, [0.1, 0.2], 0.3)
        assert not close(4, [1, 2], 3)
        assert not close(None, [1.5], 1.5)
        assert counted(self.WORLD.values(), lambda thing: members(thing["tags"])) == {"x": 1, "y": 2, "z": 1}
