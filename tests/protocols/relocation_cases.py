"""The cases and the broken variants of the model of relocation (relocation_model.py)."""

from __future__ import annotations

from tests.protocols.exploration import Case

SHOWN_BY = {
    "the origin is closed after the last pass": "a writer, one",
    "only the root is closed": "a writer, two",
    "a fence without a new epoch": "a writer, one",
    "calls have no numbers": "a writer and two movers, one",
    "the first digest is noted": "changed and changed back, one",
    "stale copies are not removed": "a writer, one",
    "refused copies are not tried again": "unique values are exchanged, one",
    "the decision is not compared": "two movers of one object, two",
    "the origin is opened before the move is void": "abandoned, one",
    "the destination is not closed": "abandoned, one",
    "catalogs are closed again": "two movers of one object, two",
    "copies of what is gone stay": "a writer, one",
    "where objects have arrived counts as free": "two movers of one object, two",
    "the root is not looked at again": "abandoned, two",
}
"""The broken variants, each with a case in which its fault shows."""
SHOWN_BY_GROUPS = {
    "deletions are not finished": "an object that is referred to is deleted, group",
    "each model decides for itself": "abandoned, group",
}
"""Those of models that move together."""
VARIANTS = (*SHOWN_BY, "the destination is not looked at after the move is marked", *SHOWN_BY_GROUPS)
"""All of them; one shows in the case "abandoned with two movers, two", after 141,378 states."""


def both(name, clients, values):
    """A case for each number of partitions."""
    return [Case(f"{name}, {kind}", clients, (kind, values)) for kind in ("one", "two")]


MOVE, ABANDON = (("move",),), (("abandon",),)
PUT_C = (("put", "origin", 1, "c"),)
AB = ((1, "a"), (2, "b"))
REMOVE = (("remove", "origin", 2),)
REFERRING = ((1, "r"), (2, "b"))
OF_GROUPS = [
    Case(f"{name}, group", clients, ("group", values))
    for name, clients, values in (
        ("two movers", [MOVE, MOVE], AB),
        ("a writer", [MOVE, (*PUT_C, ("delete", "origin", 2))], AB),
        ("a writer on either side", [MOVE, (("put", "origin", 2, "c"),), (("put", "destination", 1, "d"),)], AB),
        ("abandoned", [MOVE, ABANDON, (("put", "origin", 2, "c"),)], ((2, "b"),)),
        ("abandoned with two movers", [MOVE, MOVE, ABANDON], ((2, "b"),)),
        ("an object that is referred to is deleted", [MOVE, REMOVE], REFERRING),
        ("the same beside two movers", [MOVE, MOVE, REMOVE], REFERRING),
        ("the same, and abandoned", [MOVE, REMOVE, ABANDON], REFERRING),
    )
]
CASES = [
    *both("two movers", [MOVE, MOVE], AB),
    *both("a writer", [MOVE, (("put", "origin", 1, "c"), ("delete", "origin", 2))], AB),
    *both("a writer and two movers", [MOVE, MOVE, PUT_C], AB),
    *both("two movers of one object", [MOVE, MOVE], ((1, "a"),)),
    *both("deleted beside two movers", [MOVE, MOVE, (("delete", "origin", 1),)], AB),
    *both("changed and changed back", [MOVE, (("put", "origin", 1, "c"), ("put", "origin", 1, "a"))], ((1, "a"),)),
    *both("a writer on either side", [MOVE, PUT_C, (("put", "destination", 1, "d"),)], ((1, "a"),)),
    *both("read on either side", [MOVE, (*PUT_C, ("read", "origin", 1)), (("read", "destination", 1),)], ((1, "a"),)),
    *both(
        "unique values are exchanged",
        [MOVE, (("put", "origin", 1, "x"), ("put", "origin", 2, "u1"), ("put", "origin", 1, "u2"))],
        ((1, "u1"), (2, "u2")),
    ),
    *both("abandoned", [MOVE, ABANDON, PUT_C], ((1, "a"),)),
    *both("abandoned with two movers", [MOVE, MOVE, ABANDON], ((1, "a"),)),
    *both("abandoned by one who moves it then", [MOVE, (*ABANDON, *MOVE)], ((1, "a"),)),
    *both("abandoned twice", [MOVE, ABANDON, ABANDON], ((1, "a"),)),
    *both("moved again", [(("move",), ("move",)), ABANDON, (("put", "destination", 1, "d"),)], ((1, "a"),)),
    *OF_GROUPS,
]
