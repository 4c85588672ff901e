"""Changes to all objects that a query finds, in chunks, which go on while objects move to more partitions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from typing import TYPE_CHECKING

from limpyd.exceptions import LimpydError, ObjectsMoved, TooManyChanges
from limpyd.query.planning.plan import Plan
from limpyd.query.results.projections import RawPrimaryKeys
from limpyd.query.scanning.current_plan import CurrentPlan
from limpyd.requests.request import Program, Request
from limpyd.requests.side_by_side import side_by_side
from limpyd.requests.waiting import Waiting
from limpyd.requests.walks import Origin, attempt
from limpyd.scripts.queries import Search

if TYPE_CHECKING:
    from limpyd.query.scanning.chunks import Chunk

RAW = RawPrimaryKeys()


def change_all(
    current: CurrentPlan,
    patience: float,
    size: int,
    change: Callable[[Search], Request[int]],
    *,
    is_one_step: bool,
    moving: bool,
    repeats: bool,
    by_itself: bool = False,
) -> Program[int]:
    """Changes all objects that a query finds, and returns how many were changed.

    It changes them in chunks. Chunks of several partitions are changed at once; each is smaller. What leaves a
    partition meanwhile is changed where it has arrived.

    Args:
        current: the plan of the query.
        patience: the seconds to wait for objects that are on their way to other partitions.
        size: about how many objects are changed at once.
        change: returns the request that changes the objects of a search.
        is_one_step: true to change them in one step, if all are in one partition: the change may also concern the
            values that the server compares them with.
        moving: true if an object that was changed could be found and changed again: its entries move in the indexes
            that are searched, or a value is computed from the old one.
        repeats: true if an object that was changed is changed and counted again when the walk begins again; false if
            it is not found again, or `moving`.
        by_itself: true if a chunk may have to wait for what others change: one partition comes after the other.
    """
    if is_one_step and type(current.plan) is Plan:
        found = yield from _at_once(current, patience, change)
        if found is not None:
            return found
    plans = yield from _settled(current, patience)
    size = size if by_itself else ceil(size / len(plans))
    met: set[bytes] | None = set() if moving else None
    done: list[_Part] = []
    while plans:
        parts = [_Part(current, patience, each, size, change, met=met, repeats=repeats) for each in plans]
        done += parts
        try:
            if by_itself:
                for part in parts:
                    yield from part.changes()
            else:
                yield from side_by_side([part.changes() for part in parts])
        except LimpydError as error:
            error.add_note(f"{sum(part.changed for part in done)} objects were changed in other chunks")
            raise
        giving = [part for part in parts if part.has_given]
        if not giving:
            break
        plans = yield from _settled(current, patience)
        plans = [plan for plan in plans if any(part.may_give_to(plan.partition.number) for part in giving)]
    return sum(part.changed for part in done)


def _settled(current: CurrentPlan, patience: float) -> Program[Sequence[Plan]]:
    """Returns the plan for each partition, after reading what the query compares with."""
    waiting = Waiting(patience)
    while True:
        try:
            settled = yield from current.plan.settled()
        except ObjectsMoved as moved:
            yield waiting.request(moved)
        else:
            return settled.plans


def _at_once(current: CurrentPlan, patience: float, change: Callable[[Search], Request[int]]) -> Program[int | None]:
    """Changes all objects in one step; returns None if they are in several partitions now."""
    waiting = Waiting(patience)
    while type(plan := current.plan) is Plan:
        if plan.empty:
            return 0
        try:
            changed: int = yield change(plan.search).assuming(*plan.assumes)
        except ObjectsMoved as moved:
            yield waiting.request(moved)
        else:
            return changed
    return None


class _Part:
    """The change of the objects of one partition.

    Args:
        current, patience, size, change, repeats: as for `change_all`.
        plan: the plan of the query to the partition.
        met: the objects that are not changed again; each that is changed is added. None if that does no harm.

    Attributes:
        number: that of the partition.
        changed: how many were changed.
        has_given: true if objects may have left the partition meanwhile.
    """

    def __init__(
        self,
        current: CurrentPlan,
        patience: float,
        plan: Plan,
        size: int,
        change: Callable[[Search], Request[int]],
        *,
        met: set[bytes] | None,
        repeats: bool,
    ) -> None:
        self._current = current
        self._patience = patience
        self._plan = plan
        self._size = size
        self._change = change
        self._met = met
        self._repeats = repeats
        self.number = plan.partition.number
        self._count = plan.model.keys.count
        self.changed = 0
        self.has_given = False

    def may_give_to(self, number: int) -> bool:
        """Returns whether objects move from the partition to one of another number: `count`, 2 `count` … higher."""
        return number > self.number and (number - self.number) % self._count == 0

    def changes(self) -> Program[None]:
        """Changes the objects in chunks.

        One request finds the objects of a chunk. Another one changes those that still match, in one step; if these are
        too many changes, in several steps.
        """
        origin, waiting = Origin(), Waiting(self._patience)
        moved: ObjectsMoved | None = None
        cursor: bytes | None = b""
        while cursor is not None:
            try:
                if moved is None:
                    cursor = yield from self._next(origin, cursor)
                    waiting = Waiting(self._patience)
                else:
                    yield waiting.request(moved)
                    cursor = yield from self._followed(cursor)
                    moved = None
            except ObjectsMoved as error:  # of the step; or of what was asked beside the wait
                if error is moved:
                    raise
                moved = error

    def _next(self, origin: Origin, cursor: bytes) -> Program[bytes | None]:
        """Changes the objects of a chunk, and returns the cursor of the next one."""
        from limpyd.query.scanning.chunks import chunk_of  # noqa: PLC0415 - many update no collections

        chunk, again = yield from attempt(origin, chunk_of(self._plan, RAW, self._size, cursor), cursor)
        if again:
            return self._begun_again()
        yield from self._change_chunk(chunk, cursor)
        return chunk.cursor or None

    def _followed(self, cursor: bytes) -> Program[bytes | None]:
        """Takes the plan of what has stayed; returns the cursor to go on from, None if that is nothing."""
        self.has_given = True
        plans = (yield from self._current.plan.settled()).plans
        plan = next((each for each in plans if each.partition.number == self.number), None)
        if plan is None:
            return None
        same = plan.conditions is self._plan.conditions
        self._plan = plan
        return cursor if same else self._begun_again()

    def _begun_again(self) -> bytes:
        if self._repeats:
            self.changed = 0
        return b""

    def _change_chunk(self, chunk: Chunk, cursor: bytes) -> Program[None]:
        from limpyd.query.scanning.chunks import search_among  # noqa: PLC0415 - as above

        pks = [*chunk.items, *chunk.others]
        all_found = not cursor and not chunk.cursor and not chunk.others
        if self._met is not None:
            pks = [pk for pk in dict.fromkeys(pks) if pk not in self._met]
        step = -(-len(pks) // max(1, round(len(pks) / self._size))) or 1
        left = [pks[start : start + step] for start in range(0, len(pks), step)]
        while left:
            some = left.pop()
            try:
                self.changed += yield self._change(
                    search_among(self._plan, some, cursor, self._size, all_found=all_found)
                )
            except TooManyChanges:
                if len(some) == 1:
                    raise
                left += [some[: len(some) // 2], some[len(some) // 2 :]]
            else:
                if self._met is not None:
                    self._met.update(some)
