"""Makes an explanation of what the server tells of a query."""

from __future__ import annotations

from typing import Any

from limpyd.keys import to_text
from limpyd.query.explanation import MANY, Explanation, LeafSize, described, leaves_of, start_of
from limpyd.query.plan import Plan
from limpyd.requests import Request
from limpyd.scripts.leaves import Node


def explanation(text: str, plan: Plan, request: Request[Any], reply: list[Any]) -> Explanation:
    """The explanation of a collection.

    Args:
        text: the collection, as it shows itself.
        plan: its plan.
        request: what is sent for its items.
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
    return Explanation(text, objects, known, driver, sort, [_command(request)], 0 if plan.empty else 1, warnings)


def _sort(plan: Plan, way: str) -> str:
    if not plan.order:
        return ""
    names = ", ".join(map(str, plan.order))
    if way == "walk":
        return f"{names}, by walking {to_text(plan.order[0].index_key(plan.where))}"
    return f"{names}, by sorting what is found"


def _command(request: Request[Any]) -> str:
    """What is sent for the items."""
    if not request.args:
        return "nothing, since nothing can match"
    if request.script is not None:
        return f"EVALSHA {request.script.name}.lua"
    return " ".join(to_text(arg) if isinstance(arg, bytes) else str(arg) for arg in request.args)
