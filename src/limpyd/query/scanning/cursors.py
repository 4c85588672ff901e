"""Cursors of the scans of conditions, and the query nodes that are sent with them.

The server replies with a cursor that names, from the outside inwards, the condition that it scans and the position in
it (see lua/library/conditions.lua). For a condition on many values only some are sent, from the position on. So the
cursor of the server counts from the first value sent, and the one kept here from the first of all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from limpyd.scripts.index_nodes import HasPrimaryKey, OneOf, Within
from limpyd.scripts.query_nodes import All, Either, Node, Via

POSITION = re.compile(rb"v(\d+);", re.DOTALL)
PART = re.compile(rb"([&|])(\d+);", re.DOTALL)
OUTER = re.compile(rb">(\d+):", re.DOTALL)
FROM_THE_FIRST = b"v0;"


class ResumedScan(NamedTuple):
    """The query node to send with a cursor.

    Attributes:
        node: the condition, perhaps with fewer values.
        cursor: the cursor in that node.
        restored: converts a cursor that the server replies with into one in the whole condition.
    """

    node: Node
    cursor: bytes
    restored: Callable[[bytes], bytes]


def first_cursor(nodes: Sequence[Node], count: int) -> bytes:
    """Returns the cursor for the start of a scan: empty if the server chooses the condition to scan.

    Args:
        nodes: the conditions, all of which must be met.
        count: the number of values that are sent at once.
    """
    if len(nodes) != 1 or not _has_many(node := nodes[0], count):
        return b""
    return FROM_THE_FIRST if isinstance(node, OneOf | HasPrimaryKey | Within) and node.can_be_scanned else b""


def resumed(node: Node, cursor: bytes, count: int, *, tested: bool = False, before: bool = False) -> ResumedScan:
    """Returns the query node of a condition from a cursor on.

    Args:
        node: the condition.
        cursor: the cursor.
        count: about the number of values to send.
        tested: true to test objects of that chunk again, instead of finding them.
        before: true to send the values before the cursor as well.
    """
    if cursor and _has_many(node, count):
        return _resumed_values(node, cursor, count, tested=tested, before=before)
    part = PART.match(cursor)
    if part and type(node) in {All, Either}:
        return _resumed_part(node, cursor, part, count, tested=tested, before=before)
    outer = OUTER.match(cursor)
    # An object that refers to several comes only with the first that matches, so all of the condition is sent.
    if outer and isinstance(node, Via) and (tested or not node.many):
        return _resumed_via(node, cursor, outer, count, tested=tested, before=before)
    return ResumedScan(node, cursor, bytes)


def _has_many(node: Node, count: int) -> bool:
    if isinstance(node, OneOf | HasPrimaryKey):
        return len(node.texts) > count and node.is_known
    return isinstance(node, Within) and len(node.intervals) > count and node.is_known


def _resumed_values(node: Node, cursor: bytes, count: int, *, tested: bool, before: bool) -> ResumedScan:
    found = POSITION.match(cursor)
    if found is None or not isinstance(node, OneOf | HasPrimaryKey | Within):
        return ResumedScan(node, cursor, bytes)
    position = int(found[1])
    # An object that has several of the values comes only with the first, so the values before are sent as well.
    base = 0 if before or (node.many and not tested) else position

    def restored(after: bytes) -> bytes:
        at = POSITION.match(after)
        return after if at is None else b"v%d;%b" % (base + int(at[1]), after[at.end() :])

    part = node.sliced(base, position + count)
    return ResumedScan(part, b"v%d;%b" % (position - base, cursor[found.end() :]), restored)


def _resumed_part(
    node: Node, cursor: bytes, found: re.Match[bytes], count: int, *, tested: bool, before: bool
) -> ResumedScan:
    sign, number = found[1], int(found[2])
    nodes = list(node.nodes)  # type: ignore[attr-defined]
    # An object of a later condition is new only if it meets none of the conditions before, with all of their values.
    before = before or (sign == b"|" and not tested)
    part = resumed(nodes[number - 1], cursor[found.end() :], count, tested=tested, before=before)
    nodes[number - 1] = part.node

    def restored(after: bytes) -> bytes:
        at = PART.match(after)
        if at is None or int(at[2]) != number:
            return after
        return b"%b%d;%b" % (sign, number, part.restored(after[at.end() :]))

    return ResumedScan(type(node)(nodes), b"%b%d;%b" % (sign, number, part.cursor), restored)  # type: ignore[call-arg]


def _resumed_via(
    node: Via, cursor: bytes, found: re.Match[bytes], count: int, *, tested: bool, before: bool
) -> ResumedScan:
    last = found.end() + int(found[1])
    # A chunk begins with objects that refer to objects found before, so the values that found these are sent as well.
    inner = resumed(node.node, cursor[found.end() : last], count, tested=tested, before=before or tested)

    def restored(after: bytes) -> bytes:
        at = OUTER.match(after)
        if at is None:
            return after
        end = at.end() + int(at[1])
        text = inner.restored(after[at.end() : end])
        return b">%d:%b%b" % (len(text), text, after[end:])

    rest = Via(node.referred, node.kind, node.key, node.stored, inner.node)
    return ResumedScan(rest, b">%d:%b%b" % (len(inner.cursor), inner.cursor, cursor[last:]), restored)
