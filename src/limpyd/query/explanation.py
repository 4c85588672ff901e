"""The explanation of a query: it shows why the query is slow or fast."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from limpyd.keys import to_text
from limpyd.lua.arguments import SortedBy
from limpyd.query.planning.plan import Plan
from limpyd.requests.request import Request
from limpyd.scripts.analysis import CommandsRun
from limpyd.scripts.index_nodes import HasPrimaryKey, Near, OneOf, Within
from limpyd.scripts.query_nodes import All, Empty, Everything, ListedIn, Node, Not, Via
from limpyd.scripts.query_values import ReadValue, known_key
from limpyd.types.moments import FromNow

MANY = 10_000
"""So many objects are looked at without a word."""


class LeafSize(NamedTuple):
    """A condition, and what it is taken to cost.

    Attributes:
        text: the condition.
        size: about how many objects meet it now; None if that is not known without a look at all.
        cost: about how many entries of indexes, or objects, are looked at to find them.
    """

    text: str
    size: int | None
    cost: int = 0


LONGEST = 300
"""The most characters of a command that are printed."""


class Explanation(NamedTuple):
    """The explanation of a query; printed, it reads as a page.

    Attributes:
        query: the collection.
        objects: how many objects the model has.
        leaves: each condition, and about how many objects meet it.
        driver: what it starts from, which is what costs least.
        sort: how it is put in order; empty if it is not.
        commands: the commands that are sent.
        round_trips: how many requests that takes.
        warnings: what will be slow, and the cure.
        script: the command that prints the Lua that runs; empty if none does.
        walk: what `iterate`, `update` and `delete` go through in chunks.
        ran: the commands that the server ran to answer it, if it was analyzed.
        asks: the partitions that are asked, of a model of several. All sizes are sums over these.
        reads: the keys that are read first, because partitions cannot read them.
    """

    query: str
    objects: int
    leaves: list[LeafSize]
    driver: str
    sort: str
    commands: list[str]
    round_trips: int
    warnings: list[str]
    script: str = ""
    walk: str = ""
    ran: Sequence[CommandsRun] = ()
    asks: str = ""
    reads: Sequence[str] = ()

    def __str__(self) -> str:
        lines = [self.query, f"  of {self.objects:,} objects"]
        lines += [f"  asks: {self.asks}"] if self.asks else []
        lines += [f"  reads first: {key}" for key in self.reads]
        for leaf in self.leaves:
            size = "unknown" if leaf.size is None else f"about {leaf.size:,}"
            cost = "" if leaf.cost == leaf.size else f"; finding them costs {leaf.cost:,}"
            lines.append(f"  condition: {leaf.text} ({size}{cost})")
        lines.append(f"  starts from: {self.driver}")
        if self.walk != self.driver:
            lines.append(f"  in chunks by: {self.walk}")
        if self.sort:
            lines.append(f"  order: {self.sort}")
        trips = "1 round trip" if self.round_trips == 1 else f"{self.round_trips} round trips"
        lines += [f"  sends: {_beginning(command)}" for command in self.commands]
        if self.script:
            lines.append(f"  its Lua: {self.script}")
        lines.append(f"  takes: {trips}")
        lines += [f"  ran: {each}" for each in self.ran]
        lines += [f"  warning: {warning}" for warning in self.warnings]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        from limpyd.utils.html import MAX_SENTENCE, table  # noqa: PLC0415 - only notebooks call this

        title, *lines = str(self).splitlines()
        return table(title, (), (line.strip().partition(": ")[::2] for line in lines), limit=MAX_SENTENCE)


def _beginning(command: str) -> str:
    """Returns a command, without the end of one with many arguments."""
    return command if len(command) <= LONGEST else f"{command[:LONGEST]}… ({len(command):,} characters)"


class Leaf(NamedTuple):
    """A condition of a query, and whether objects that meet it are left out."""

    node: Node
    negated: bool

    def __str__(self) -> str:
        text = node_text(self.node)
        if not self.negated:
            return text
        return text.removeprefix("no ") if isinstance(self.node, Empty) else f"not {text}"


def leaves_of(node: Node, *, negated: bool = False) -> Iterator[Leaf]:
    """The conditions of a query, in the order in which the server numbers them."""
    if isinstance(node, All):
        for each in node.nodes:
            yield from leaves_of(each, negated=negated)
    elif isinstance(node, Not):
        yield from leaves_of(node.node, negated=not negated)
    else:
        yield Leaf(node, negated)


def node_text(node: Node) -> str:
    """A condition in terms of keys."""
    if isinstance(node, OneOf | HasPrimaryKey):
        texts = ["a value that is read first" if isinstance(text, ReadValue) else to_text(text) for text in node.texts]
        shown = ", ".join(texts[:3]) + (f" and {len(texts) - 3} more" if len(texts) > 3 else "")  # noqa: PLR2004
        if isinstance(node, HasPrimaryKey):
            return f"primary keys {shown}"
        return f"{to_text(node.key)}{shown}" if node.kind.keys_by_value else f"{to_text(node.key)} of {shown}"
    if isinstance(node, Within):
        shown = " or ".join(_interval(each.above, each.low, each.below, each.high) for each in node.intervals)
        return f"{to_text(node.key)} {shown or 'in nothing'}"
    if isinstance(node, Near):
        return f"{to_text(node.key)} near {' '.join(str(_text(part)) for part in node.search)}"
    if isinstance(node, Empty):
        return f"no value in {to_text(node.stored.prefix)}… {to_text(node.stored.sub)}".rstrip()
    if isinstance(node, ListedIn):
        return f"members of {to_text(node.key)}"
    if isinstance(node, Via):
        inner = " and ".join(map(str, leaves_of(node.node)))
        return f"{to_text(node.key)} for objects with {inner}"
    return "every object" if isinstance(node, Everything) else repr(node)


def _text(part: object) -> str:
    if isinstance(part, FromNow):
        return part.shown
    return to_text(part) if isinstance(part, bytes) else "a value that is read first"


def _interval(above: bytes, low: object, below: bytes, high: object) -> str:
    if above == b"^":
        return f"begins with {_text(low)}"
    if above == b"[" and below == b"]" and low == high:
        return f"= {_text(low)}"
    parts = []
    if above != b"-":
        parts.append(f"{'>=' if above == b'[' else '>'} {_text(low)}")
    if below != b"+":
        parts.append(f"{'<=' if below == b']' else '<'} {_text(high)}")
    return " and ".join(parts) or "any"


def start_of(numbers: Sequence[int], leaves: Sequence[Leaf]) -> str:
    """Returns the conditions that a query starts from."""
    if not numbers or 0 in numbers:
        return "all objects"
    return " and ".join(str(leaves[number - 1]) for number in numbers)


def explanation(text: str, plan: Plan, request: Request[Any], reply: list[Any]) -> Explanation:
    """The explanation of a collection.

    Args:
        text: the collection, as it shows itself.
        plan: its plan.
        request: what is sent for its items.
        reply: the reply of scripts/explain.lua.
    """
    objects, numbers, method, sizes, costs, walked, listed = reply
    node: Node = plan.search.node
    leaves = list(leaves_of(node))
    known = [_size(leaf, size, cost, objects) for leaf, size, cost in zip(leaves, sizes, costs, strict=True)]
    driver = start_of(numbers, leaves)
    walk = start_of(walked, leaves) + (", listed at once" if listed else "")
    warnings = []
    if (not numbers or 0 in numbers) and plan.nodes and objects > MANY:
        warnings.append(
            f"no condition can list its objects, so all {objects:,} objects are tested: add a condition that can, "
            "such as an equality or a range on an indexed field"
        )
    sort = _sort(plan, to_text(method))
    looked_at = objects if 0 in numbers else min((size for size in sizes if size >= 0), default=objects)
    if sort and method in {b"select", b"sort"} and looked_at > MANY:
        warnings.append(
            f"about {looked_at:,} objects are read{' and sorted' * (method == b'sort')} for each page: sort by one "
            f"field that has a range index (NumberRangeIndex, or TextRangeIndex with alpha=True)"
        )
    warnings += [
        f"{key.name} is untyped, so it is sorted as numbers, and a value that is not a number raises ServerError: "
        "pass alpha=True to sort it as text, or declare the field with type=str"
        for key in plan.order
        if key.guesses
    ]
    trips = 0 if plan.empty else 1
    return Explanation(
        text, objects, known, driver, sort, [command_text(request)], trips, warnings, _script(request), walk
    )


def _size(leaf: Leaf, found: int, cost: int, objects: int) -> LeafSize:
    """A condition, and how many objects meet it, by how many its index finds; those are less than 0 if unknown."""
    if leaf.negated:
        cost = objects
    if found < 0:
        return LeafSize(str(leaf), None, cost)
    return LeafSize(str(leaf), max(0, objects - found) if leaf.negated else found, cost)


def _sort(plan: Plan, method: str) -> str:
    if not plan.order:
        return ""
    names, key = ", ".join(map(str, plan.order)), plan.order[0]
    if method in {"index", "groups"}:
        index: Any = SortedBy._make(plan.search.order[0][: len(SortedBy._fields)]).index_key
        return f"{names}, by walking {to_text(index)}{', and sorting objects with equal values' * (method == 'groups')}"
    if method == "scores":
        return f"{names}, by walking {to_text(known_key(key.scores))}"
    if method == "pks":
        return f"{names}, by walking the numbers up to the last automatic primary key"
    return f"{names}, by {'choosing the first of' if method == 'select' else 'sorting'} the objects found"


def _script(request: Request[Any]) -> str:
    """The command that prints the Lua that runs, if any does."""
    if request.script is None:
        return ""
    model: Any = getattr(request.subject, "model", None)
    module = "…" if model.__module__ == "__main__" else model.__module__
    return f"limpyd script {module}:{model.__qualname__} --filter …"


def command_text(request: Request[Any]) -> str:
    """Returns the command that is sent for the items."""
    if not request.args:
        return "nothing, because nothing can match"
    if request.script is not None:
        return f"EVALSHA {request.script.name}.lua"
    return " ".join(to_text(arg) if isinstance(arg, bytes) else str(arg) for arg in request.args)
