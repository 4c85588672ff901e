"""Walks through all that matches: from a cursor, which begins with 0, to the next one and some items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from limpyd.query.planning.plan import Plan
from limpyd.query.planning.plans import AnyPlan
from limpyd.query.results.projections import Projection
from limpyd.query.scanning.chunks import Chunk, chunk_of, some_of
from limpyd.requests.request import Request, Walk
from limpyd.requests.scattered import Rounds, Scattered
from limpyd.requests.walks import PARTITION, WITHOUT_VALUE

if TYPE_CHECKING:
    from limpyd.query.merging.late_plan import LatePlan

FIRST_PARTITION = b"@0:0"
"""The cursor at the start of the first one."""
LISTED = b"="
"""The beginning of the cursor where all that is found was listed; a position follows."""


def unordered(plan: AnyPlan, projection: Projection, size: int) -> Walk[Any]:
    """A walk in no order, through one partition after the other."""
    if plan.reads_first is True:
        return _after_reading(plan, projection, size)
    walks = [_through_one(each, projection, size) for each in plan.plans]
    return walks[0] if len(walks) == 1 else one_after_another(walks)


def _after_reading(plan: LatePlan, projection: Projection, size: int) -> Walk[Any]:
    """A walk in no order, whose first step reads what the others compare with."""
    walks: list[Walk[Any]] = []

    def rounds() -> Rounds[tuple[bytes, list[Any]]]:
        settled = yield from plan.settled()
        walks[:] = [one_after_another([_through_one(each, projection, size) for each in settled.plans])]
        return FIRST_PARTITION, []

    def step(cursor: bytes) -> Request[tuple[bytes, list[Any]]]:
        return walks[0](cursor) if walks else Scattered(rounds, subject=plan.model)

    return step


def one_after_another(walks: Sequence[Walk[Any]]) -> Walk[Any]:
    """A walk that goes through several; its cursor begins with the number of the one that it has come to."""

    def step(cursor: bytes) -> Request[tuple[bytes, list[Any]]]:
        number, own = 0, cursor
        if cursor.startswith(PARTITION):
            text, _, own = cursor.removeprefix(PARTITION).partition(b":")
            number = int(text)

        def after(reply: tuple[bytes, list[Any]]) -> tuple[bytes, list[Any]]:
            further, items = reply
            at_end = further == b"0"
            if at_end and number + 1 == len(walks):
                return b"0", items
            return b"@%d:%b" % (number + at_end, further), items

        return walks[number](own).then(after)

    return step


def _through_one(plan: Plan, projection: Projection, size: int) -> Walk[Any]:
    """A walk through a partition in no order.

    Where all that is found has to be listed at once, the server does that only once: its primary keys are kept here.
    """
    listed: list[bytes] = []

    def after(chunk: Chunk) -> tuple[bytes, list[Any]]:
        listed[:] = chunk.others
        return (LISTED + b"0" if listed else chunk.cursor or b"0"), chunk.items

    def step(cursor: bytes) -> Request[tuple[bytes, list[Any]]]:
        if not cursor.startswith(LISTED):
            return chunk_of(plan, projection, size, b"" if cursor == b"0" else cursor).then(after)
        start = int(cursor.removeprefix(LISTED))
        stop = start + size
        further = LISTED + b"%d" % stop if stop < len(listed) else b"0"
        return some_of(plan, projection, listed[start:stop]).then(lambda items: (further, items))

    return step


def paged(plan: AnyPlan, projection: Projection, size: int) -> Walk[Any]:
    """A walk in any order, page by page."""

    def step(cursor: bytes) -> Request[tuple[bytes, list[Any]]]:
        page = plan.page(projection, size, None if cursor == b"0" else cursor.decode())
        return page.then(lambda page: ((page.cursor or "0").encode(), page.items))

    return step


def indexed_first(indexed: AnyPlan, without: AnyPlan, projection: Projection, size: int) -> Walk[Any]:
    """A walk in the order of an index: first of those in it, then of those that have no value, in no order."""
    pages, others = paged(indexed, projection, size), unordered(without, projection, size)

    def step(cursor: bytes) -> Request[tuple[bytes, list[Any]]]:
        if cursor.startswith(WITHOUT_VALUE):
            found = others(cursor.removeprefix(WITHOUT_VALUE))
            return found.then(lambda reply: (b"0" if reply[0] == b"0" else WITHOUT_VALUE + reply[0], reply[1]))
        return pages(cursor).then(lambda reply: (WITHOUT_VALUE + b"0" if reply[0] == b"0" else reply[0], reply[1]))

    return step
