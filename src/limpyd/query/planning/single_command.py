"""Queries that one command of the server answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from limpyd.keys import Partition
from limpyd.lua.arguments import NumberRange
from limpyd.requests.request import Argument
from limpyd.scripts.index_nodes import HasPrimaryKey, Interval, OneOf, Within
from limpyd.scripts.query_nodes import ListedIn, Node
from limpyd.scripts.query_values import ReadValue


class Span(NamedTuple):
    """A range of the objects in order: the number to skip, and the number to return; 0 for all."""

    offset: int = 0
    limit: int = 0


EVERYTHING = Span()


class Native(NamedTuple):
    """A command that answers a query, and how its reply becomes primary keys."""

    args: tuple[Argument, ...]
    decode: Callable[[Any], list[bytes]] = list


def pks(partition: Partition, nodes: Sequence[Node], span: Span) -> Native | None:
    """The command that gives the primary keys of objects that meet all conditions, in no order."""
    if span.offset or span.limit:
        return None
    sets = sets_of(partition, nodes)
    if sets is not None:
        return Native(("SMEMBERS" if len(sets) == 1 else "SINTER", *sets))
    return known_owner(nodes) or _union(nodes) or _range(nodes)


def any_pks(partition: Partition, nodes: Sequence[Node], limit: int) -> Native | None:
    """The command that gives some primary keys of objects that meet all conditions, no matter which."""
    sets = sets_of(partition, nodes)
    if sets is not None and len(sets) == 1:
        return Native(("SRANDMEMBER", *sets, limit))
    return known_owner(nodes)


def count(partition: Partition, nodes: Sequence[Node], limit: int) -> tuple[Argument, ...] | None:
    """The command that counts the objects that meet all conditions; with a limit it may stop there."""
    sets = sets_of(partition, nodes)
    if sets is not None:
        if len(sets) == 1:
            return ("SCARD", *sets)
        stop: tuple[Argument, ...] = ("LIMIT", limit) if limit else ()
        return ("SINTERCARD", len(sets), *sets, *stop)
    node = nodes[0] if len(nodes) == 1 else None
    text = _only_text(node)
    if text is not None and isinstance(node, HasPrimaryKey):
        return ("SISMEMBER", node.key, text)
    if text is not None and isinstance(node, OneOf):
        return ("HEXISTS", node.key, text) if node.kind.redis_type == "hash" else None
    ends = ends_of(node)
    return None if ends is None or not isinstance(node, Within) else ("ZCOUNT", node.key, *ends)


def rows(
    partition: Partition, nodes: Sequence[Node], gets: tuple[Argument, ...] | None, span: Span
) -> tuple[Argument, ...] | None:
    """The SORT that reads values of the objects of one set, in no order."""
    sets = sets_of(partition, nodes)
    if sets is None or len(sets) != 1 or gets is None:
        return None
    limit: tuple[Argument, ...] = ("LIMIT", span.offset, span.limit or -1) if span.offset or span.limit else ()
    return ("SORT_RO", sets[0], "BY", "nosort", *limit, *gets)


def members(key: bytes, span: Span, *, desc: bool) -> Native:
    """The primary keys in a sorted set, in order."""
    last = span.offset + span.limit - 1 if span.limit else -1
    return Native(("ZRANGE", key, span.offset, last, *(("REV",) if desc else ())))


def in_range(node: Node, index: bytes, span: Span, *, desc: bool) -> Native | None:
    """The primary keys in a range of an index, in the index's order; each object in a range has a value."""
    ends = ends_of(node)
    if ends is None or not isinstance(node, Within) or node.key != index:
        return None
    low, high = ends
    args: list[Argument] = ["ZRANGE", index, *((high, low, "BYSCORE", "REV") if desc else (low, high, "BYSCORE"))]
    if span.offset or span.limit:
        args += ("LIMIT", span.offset, span.limit or -1)
    return Native(tuple(args))


def by_pk(partition: Partition, nodes: Sequence[Node], *, desc: bool) -> Native | None:
    """All primary keys of one set in their order, which are all numbers."""
    sets = sets_of(partition, nodes)
    if sets is None or len(sets) != 1:
        return None
    return Native(("SORT_RO", sets[0], *(("DESC",) if desc else ())))


def sets_of(partition: Partition, nodes: Sequence[Node]) -> list[bytes] | None:
    """The sets whose intersection is the result, if there are such sets."""
    if not nodes:
        return [partition.pks]
    keys: list[bytes] = []
    for node in nodes:
        if type(node) is ListedIn and node.is_set and node.joins:
            keys += (node.key, partition.pks)  # it may have members that are no objects
            continue
        if type(node) is not OneOf or node.kind.redis_type != "set" or len(node.texts) != 1:
            return None
        (text,) = node.texts
        if isinstance(text, ReadValue):
            return None
        keys.append(node.key + text)
    return keys


def plain_parts(nodes: Sequence[Node]) -> tuple[list[bytes], list[NumberRange]] | None:
    """The sets and the ranges of numbers that objects must be in, if the query has no other conditions."""
    if not nodes:
        return None
    sets, ranges = [], []
    for node in nodes:
        if type(node) is OneOf and node.kind.redis_type == "set" and len(node.texts) == 1:
            (text,) = node.texts
            if isinstance(text, ReadValue):
                return None
            sets.append(node.key + text)
            continue
        ends = ends_of(node)
        if ends is None or not isinstance(node, Within):
            return None
        ranges.append(NumberRange(node.key, *ends))
    return sets, ranges


def known_owner(nodes: Sequence[Node]) -> Native | None:
    """The command that finds the owner of one unique value, or of one primary key."""
    node = nodes[0] if len(nodes) == 1 else None
    text = _only_text(node)
    if text is not None and isinstance(node, HasPrimaryKey):
        return Native(("SISMEMBER", node.key, text), lambda found: [text] if found else [])
    if text is not None and isinstance(node, OneOf) and node.kind.redis_type == "hash":
        return Native(("HGET", node.key, text), lambda pk: [] if pk is None else [pk])
    return None


def _only_text(node: Node | None) -> bytes | None:
    """Returns the one value, or primary key, of a condition; None if it has others, or one that is read first."""
    if not isinstance(node, OneOf | HasPrimaryKey) or len(node.texts) != 1:
        return None
    (text,) = node.texts
    return None if isinstance(text, ReadValue) else text


def _union(nodes: Sequence[Node]) -> Native | None:
    """Returns the command that finds the objects with any of some values."""
    node = nodes[0] if len(nodes) == 1 else None
    if not isinstance(node, OneOf) or node.kind.redis_type != "set":
        return None
    keys = [node.key + text for text in node.texts if not isinstance(text, ReadValue)]
    return Native(("SUNION", *keys)) if len(keys) == len(node.texts) else None


def _range(nodes: Sequence[Node]) -> Native | None:
    """Returns the command that finds the objects with a number within a range."""
    node = nodes[0] if len(nodes) == 1 else None
    ends = ends_of(node)
    return None if ends is None or not isinstance(node, Within) else Native(("ZRANGE", node.key, *ends, "BYSCORE"))


def ends_of(node: Node | None) -> tuple[bytes, bytes] | None:
    """The ends of an interval of numbers of a field of one value, as ZRANGE BYSCORE takes them."""
    if not isinstance(node, Within) or node.kind.order != "number" or len(node.intervals) != 1:
        return None
    interval: Interval = node.intervals[0]
    if isinstance(interval.low, ReadValue) or isinstance(interval.high, ReadValue):
        return None
    low = {b"-": b"-inf", b"(": b"(" + interval.low}.get(interval.above, interval.low)
    high = {b"+": b"+inf", b")": b"(" + interval.high}.get(interval.below, interval.high)
    return low, high
