"""Makes an explanation of what the server tells of a query."""

from __future__ import annotations

from typing import Any

from limpyd.keys import to_text
from limpyd.query.explanation import MANY, Explanation, LeafSize, described, leaves_of, start_of
from limpyd.query.plan import EVERYTHING, Plan
from limpyd.scripts.leaves import All, Node


def explanation(text: str, plan: Plan, query: Any, reply: list[Any]) -> Explanation:
    """The explanation of a collection.

    Args:
        text: the collection, as it shows itself.
        plan: its plan.
        query: the query.
        reply: what explain.lua tells.
    """
    objects, numbers, way, sizes = reply
    node: Node = plan.search.node
    leaves = list(leaves_of(node))
    known = [LeafSize(described(leaf), None if size < 0 else size) for leaf, size in zip(leaves, sizes, strict=True)]
    driver = start_of(numbers, leaves)
    warnings = []
    if (not numbers or 0 in numbers) and plan.nodes and objects > MANY:
        warnings.append(
            f"no condition finds objects by itself, so all {objects:,} are looked at: add one that does, such as an "
            f"equality or a range on an indexed field"
        )
    sort = _sort(plan, to_text(way))
    looked_at = objects if 0 in numbers else min((size for _, size in known if size is not None), default=objects)
    if sort and way == b"gather" and looked_at > MANY:
        warnings.append(
            f"about {looked_at:,} objects are read and sorted for each page: sort by one field that has a range index "
            f"(NumberRangeIndex, or TextRangeIndex with alpha=True)"
        )
    return Explanation(text, objects, known, driver, sort, [_command(plan, query)], 0 if plan.empty else 1, warnings)


def _sort(plan: Plan, way: str) -> str:
    if not plan.order:
        return ""
    names = ", ".join(map(str, plan.order))
    if way == "walk":
        return f"{names}, by walking {to_text(plan.order[0].index_key(plan.where))}"
    return f"{names}, by sorting what is found"


def _command(plan: Plan, query: Any) -> str:
    """What is sent for the items."""
    args: tuple[Any, ...] | None
    if plan.empty:
        return "nothing, since nothing can match"
    if query.shape.columns:
        args = plan.native_rows(query.shape, EVERYTHING)
    else:
        native = plan.native_pks(EVERYTHING)
        args = None if native is None else native.args
    if args is None:
        conditions = len(plan.search.node.nodes) if isinstance(plan.search.node, All) else 1
        return f"EVALSHA find.lua ({conditions} condition{'s' if conditions > 1 else ''})"
    return " ".join(to_text(arg) if isinstance(arg, bytes) else str(arg) for arg in args)
