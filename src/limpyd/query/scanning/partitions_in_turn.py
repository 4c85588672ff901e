"""A walk in no order through one partition after the other, which goes on while objects move to more of them.

Objects move only to partitions of greater numbers. So the partitions are walked in the order of their numbers: what
leaves one before its walk has ended is met in a later one, perhaps for the second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from limpyd.query.planning.plan import Plan
from limpyd.query.planning.plans import AnyPlan
from limpyd.query.results.projections import Projection
from limpyd.query.scanning.chunks import Chunk, chunk_of, some_of
from limpyd.query.scanning.current_plan import CurrentPlan
from limpyd.requests.request import Request, resolved
from limpyd.requests.scattered import Rounds, Scattered
from limpyd.requests.walks import PARTITION, START

Found = tuple[bytes, list[Any]]
"""The next cursor, and some items."""

LISTED = b"="
"""The beginning of the cursor where all that is found was listed; a position follows."""


class OnePartition:
    """A walk through a partition in no order.

    Where all that is found has to be listed at once, the server does that only once: its primary keys are kept here.

    Args:
        plan: the plan of the query to the partition.
        projection: what the items are.
        size: about how many objects a step looks at.

    Attributes:
        plan: as passed; the same query may be planned anew.
    """

    def __init__(self, plan: Plan, projection: Projection, size: int) -> None:
        self.plan = plan
        self._projection = projection
        self._size = size
        self._listed: list[bytes] = []
        self._has_begun = False

    def __call__(self, cursor: bytes) -> Request[Found]:
        if not self._has_begun:
            cursor = START  # the cursor may be of a plan with other conditions
        if not cursor.startswith(LISTED):
            own = b"" if cursor == START else cursor
            return chunk_of(self.plan, self._projection, self._size, own).then(self._after)
        start = int(cursor.removeprefix(LISTED))
        stop = start + self._size
        further = LISTED + b"%d" % stop if stop < len(self._listed) else START
        found = some_of(self.plan, self._projection, self._listed[start:stop])
        return found.then(lambda items: (further, items))

    def _after(self, chunk: Chunk) -> Found:
        self._has_begun = True
        self._listed = chunk.others
        return (LISTED + b"0" if chunk.others else chunk.cursor or START), chunk.items


class PartitionsInTurn:
    """A walk through the partitions of a query.

    Its cursor begins with the number of the partition that it has come to.

    Args:
        current: the plan of the query.
        projection: what the items are.
        size: about how many objects a step looks at.
    """

    def __init__(self, current: CurrentPlan, projection: Projection, size: int) -> None:
        self._current = current
        self._projection = projection
        self._size = size
        self._plan: AnyPlan | None = None
        self._walks: dict[int, OnePartition] = {}

    def __call__(self, cursor: bytes) -> Request[Found]:
        plan = self._current.plan
        if plan is not self._plan:
            if plan.reads_first is True:
                return Scattered(lambda: self._read_first(plan, cursor), subject=plan.model)
            self._follow(plan, plan.plans)
        number, own = 0, START
        if cursor != START:
            text, _, own = cursor.removeprefix(PARTITION).partition(b":")
            number = int(text)
        if number not in self._walks:
            return resolved(self._next(number, START, []))

        def after(found: Found) -> Found:
            return self._next(number, *found)

        return self._walks[number](own).then(after)

    def _next(self, number: int, own: bytes, items: list[Any]) -> Found:
        """Returns the cursor after a step in a partition, and the items."""
        if own != START:
            return b"%b%d:%b" % (PARTITION, number, own), items
        following = min((each for each in self._walks if each > number), default=None)
        return START if following is None else b"%b%d:%b" % (PARTITION, following, START), items

    def _read_first(self, plan: Any, cursor: bytes) -> Rounds[Found]:
        """Reads what the steps compare with."""
        self._follow(plan, (yield from plan.settled()).plans)
        return (b"%b0:%b" % (PARTITION, START) if cursor == START else cursor), []

    def _follow(self, plan: AnyPlan, plans: Sequence[Plan]) -> None:
        """Walks by other plans from now on; a partition that is asked for something else is begun again."""
        before, self._walks = self._walks, {}
        for each in plans:
            walk = before.get(each.partition.number)
            if walk is None or walk.plan.conditions is not each.conditions:
                walk = OnePartition(each, self._projection, self._size)
            walk.plan = each
            self._walks[each.partition.number] = walk
        self._plan = plan
