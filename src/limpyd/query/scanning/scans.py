"""Walks through all that matches: from a cursor, which begins with 0, to the next one and some items."""

from __future__ import annotations

from typing import Any

from limpyd.query.results.projections import Projection
from limpyd.query.scanning.current_plan import CurrentPlan
from limpyd.query.scanning.partitions_in_turn import OnePartition, PartitionsInTurn
from limpyd.requests.request import Request, Walk
from limpyd.requests.walks import START, WITHOUT_VALUE


def unordered(current: CurrentPlan, projection: Projection, size: int) -> Walk[Any]:
    """A walk in no order, through one partition after the other."""
    plan = current.plan
    if plan.reads_first is not True and plan.plans[0].model.keys.count == 1:
        return OnePartition(plan.plans[0], projection, size)
    return PartitionsInTurn(current, projection, size)


def paged(current: CurrentPlan, projection: Projection, size: int) -> Walk[Any]:
    """A walk in any order, page by page."""

    def step(cursor: bytes) -> Request[tuple[bytes, list[Any]]]:
        page = current.plan.page(projection, size, None if cursor == START else cursor.decode())
        return page.then(lambda page: ((page.cursor or "0").encode(), page.items))

    return step


def indexed_first(indexed: CurrentPlan, without: CurrentPlan, projection: Projection, size: int) -> Walk[Any]:
    """A walk in the order of an index: first of those in it, then of those that have no value, in no order."""
    pages, others = paged(indexed, projection, size), unordered(without, projection, size)

    def step(cursor: bytes) -> Request[tuple[bytes, list[Any]]]:
        if cursor.startswith(WITHOUT_VALUE):
            found = others(cursor.removeprefix(WITHOUT_VALUE))
            return found.then(lambda reply: (START if reply[0] == START else WITHOUT_VALUE + reply[0], reply[1]))
        return pages(cursor).then(lambda reply: (WITHOUT_VALUE + START if reply[0] == START else reply[0], reply[1]))

    return step
