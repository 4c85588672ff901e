"""The results of a query, chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from limpyd.query.planning.plan import Plan
from limpyd.query.results.columns import Column
from limpyd.query.results.projections import Projection
from limpyd.query.scanning.cursors import ResumedScan, first_cursor, resumed
from limpyd.requests.request import Argument, Request, resolved
from limpyd.scripts.index_nodes import HasPrimaryKey, Within
from limpyd.scripts.queries import CHUNK, Search, find
from limpyd.scripts.query_nodes import All, ListedIn, Node, Not, Via


class Chunk(NamedTuple):
    """A part of the result of a query.

    Attributes:
        cursor: the cursor of the next chunk; empty at the end.
        items: the items.
        others: the primary keys of the objects that follow, if all had to be listed at once.
    """

    cursor: bytes
    items: list[Any]
    others: list[bytes]


def chunk_of(plan: Plan, projection: Projection, size: int, cursor: bytes) -> Request[Chunk]:
    """Returns the request for some items, from a cursor on; at first it is empty."""
    if plan.empty:
        return resolved(Chunk(b"", [], []))
    wanted = b"rows" if projection.columns else b"pks"
    return _chunk(plan, wanted, plan.columns(projection), projection.read, size, _resumed(plan, size, cursor))


def some_of(plan: Plan, projection: Projection, pks: Sequence[bytes]) -> Request[list[Any]]:
    """Returns the request for the items of some primary keys, if they exist."""
    wanted = b"rows" if projection.columns else b"pks"
    found = _chunk(plan, wanted, plan.columns(projection), projection.read, len(pks), _known(plan, pks))
    return found.then(lambda chunk: chunk.items)


def part_of_total(
    plan: Plan, wanted: bytes, column: Column, size: int, cursor: bytes, read: Callable[[Any], Any]
) -> Request[Chunk]:
    """Returns the request for an aggregate of the values of some objects, as the one item (see scripts/chunk.lua)."""
    return _total(plan, wanted, column, read, size, _resumed(plan, size, cursor))


def total_among(
    plan: Plan, pks: Sequence[bytes], wanted: bytes, column: Column, read: Callable[[Any], Any]
) -> Request[Chunk]:
    """Returns the same of the objects with some primary keys, if they exist."""
    return _total(plan, wanted, column, read, len(pks), _known(plan, pks))


def slices_of(pks: Sequence[bytes], size: int) -> Iterator[Sequence[bytes]]:
    """Yields primary keys, in lists of a given length."""
    for start in range(0, len(pks), size):
        yield pks[start : start + size]


def _resumed(plan: Plan, size: int, cursor: bytes) -> ResumedScan:
    return resumed(plan.node, cursor or first_cursor(plan.nodes, size), size)


def _known(plan: Plan, pks: Sequence[bytes]) -> ResumedScan:
    return ResumedScan(HasPrimaryKey(plan.partition.pks, pks), b"", bytes)


def _total(
    plan: Plan, wanted: bytes, column: Column, read: Callable[[Any], Any], size: int, now: ResumedScan
) -> Request[Chunk]:
    columns = [column.args(plan.partition, b"")]
    return _chunk(plan, wanted, columns, lambda reply: [read(reply)], size, now)


def _chunk(
    plan: Plan,
    wanted: bytes,
    columns: Sequence[tuple[Argument, ...]],
    read: Callable[[Any], list[Any]],
    size: int,
    now: ResumedScan,
) -> Request[Chunk]:
    def decode(reply: list[Any]) -> Chunk:
        after, items, *others = reply
        return Chunk(now.restored(after), read(items), others[0] if others else [])

    search, extra = plan.search_of(now.node), (now.cursor,)
    request = find(plan.model, search, wanted, decode, limit=size, columns=columns, extra=extra, script=CHUNK)
    return request.assuming(*plan.assumes)


def search_among(plan: Plan, pks: Sequence[bytes], cursor: bytes, size: int, *, all_found: bool) -> Search:
    """Returns the search for those of some primary keys that still match; the chunk from a cursor on has given them.

    Where that chunk is not all that was found, what could only be tested by listing all of it is not tested again.
    """
    node = resumed(plan.node, cursor or first_cursor(plan.nodes, size), size, tested=True).node
    nodes = node.nodes if type(node) is All else (node,)
    if not all_found:
        nodes = tuple(_found(each) for each in nodes if _is_testable(each))
    return plan.search_of(All([*nodes, HasPrimaryKey(plan.partition.pks, pks)]))


def _found(node: Node) -> Node:
    return ListedIn(node.key, found=True) if type(node) is ListedIn else node


def _is_testable(node: Node) -> bool:
    """Returns whether the server can test a condition on one object."""
    if isinstance(node, Within):
        return node.checkable
    if isinstance(node, All):
        return all(map(_is_testable, node.nodes))
    return _is_testable(node.node) if isinstance(node, Not | Via) else True
