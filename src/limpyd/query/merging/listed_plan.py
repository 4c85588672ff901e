"""The plan of a query to several partitions in the order of a key: a stored collection, or a sorted set of scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from limpyd.keys import to_text
from limpyd.query.filters.combined_conditions import Negated
from limpyd.query.filters.conditions import ByPk, Condition, Member
from limpyd.query.merging.late_plan import LatePlan
from limpyd.query.merging.listings import part_size, walk
from limpyd.query.merging.merged_plan import MergedPlan
from limpyd.query.merging.ordered_plan import OrderedPlan
from limpyd.query.merging.reading import PlanOf
from limpyd.query.merging.resolving import resolved
from limpyd.query.ordering import FIRST, TEXT, SortKey
from limpyd.query.planning.script_plan import Planned
from limpyd.query.results.placed_rows import PlacedRow
from limpyd.query.results.projections import Projection
from limpyd.requests.request import Argument
from limpyd.requests.scattered import Rounds
from limpyd.scripts.query_values import known_key

MISSING = b"0"
"""In a position: there is no value."""


class ListedPlan(OrderedPlan, LatePlan):
    """The plan of a query in the order of what a key lists: its parts are read, and partitions asked which match.

    For what has no order, such as a count, the whole list of a stored collection is read first.

    Args:
        model: the model.
        key: the sort key, which names the key.
        conditions: what objects must meet; if the key is a stored collection, also that they are in it.
        plan_of: makes the plans of queries to other models.
        merged: makes the plan for conditions and an order.
    """

    def __init__(
        self,
        model: Planned,
        key: SortKey,
        conditions: Sequence[Condition],
        plan_of: PlanOf,
        merged: Callable[[Sequence[Condition], Sequence[SortKey]], MergedPlan],
    ) -> None:
        OrderedPlan.__init__(self, model, (key,))
        LatePlan.__init__(self, model, conditions, plan_of, lambda known: merged(known, ()))
        self._key = key
        self._unlisted = [each for each in conditions if not (key.positions and _is_stored(each))]
        self._merged = merged

    @property
    def way(self) -> str:
        """The way in which the objects are put in order."""
        return f"{self._key}, by walking {to_text(self._key.positions or known_key(self._key.scores))}"

    def placed(
        self, projection: Projection, wanted: int, start: Sequence[Argument]
    ) -> Rounds[tuple[list[PlacedRow], bool]]:
        conditions = yield from resolved(self.model, self._unlisted, self._plan_of)
        adding = [self._add_listed]
        if not self._key.positions:
            adding.insert(0 if self._key.missing == FIRST else 1, self._add_unlisted)
            if start and (start[1] == MISSING) == (adding[0] == self._add_listed):
                del adding[0]
        found: list[PlacedRow] = []
        enough = wanted + 1 if wanted else 0  # one more, to know whether any follow
        for add in adding:
            if not enough or len(found) < enough:
                yield from add(found, conditions, projection, enough, start)
            start = ()
        return found, False

    def _add_listed(
        self,
        found: list[PlacedRow],
        conditions: Sequence[Condition],
        projection: Projection,
        enough: int,
        start: Sequence[Argument],
    ) -> Rounds[None]:
        listing = walk(self.model, self._key, start)
        met: set[bytes] = set()
        while not listing.at_end and (not enough or len(found) < enough):
            part = yield from listing.part(part_size(enough - len(found)) if enough else part_size(0))
            new = [pk for pk in part if pk not in met]
            met.update(new)
            rows = yield from self._among([*conditions, ByPk(new, (), "")], projection)
            found += [_with_place(rows[pk], part[pk], projection) for pk in new if pk in rows]

    def _among(self, conditions: Sequence[Condition], projection: Projection) -> Rounds[dict[bytes, PlacedRow]]:
        """Returns the rows of the objects that match, by primary key."""
        plans = [plan for plan in self._merged(conditions, ()).plans if not plan.empty]
        parts = yield [plan.placed(projection, 0, ()) for plan in plans]
        return {row.pk: row for part in parts for row in part.rows}

    def _add_unlisted(
        self,
        found: list[PlacedRow],
        conditions: Sequence[Condition],
        projection: Projection,
        enough: int,
        start: Sequence[Argument],
    ) -> Rounds[None]:
        """Adds the objects that match and are not listed, in the order of their primary keys."""
        listing = walk(self.model, self._key, ())
        listed: list[bytes] = []
        while not listing.at_end:
            listed += yield from listing.part(part_size(0))
        if listed:
            conditions = [*conditions, Negated(ByPk(listed, (), ""))]
        by_pk = SortKey("pk", None, None, TEXT, self._key.desc)
        plan = self._merged(conditions, (by_pk,))
        after = [start[0], b"1", start[0]] if start else ()
        rows, _ = yield from plan.placed(projection, enough - len(found) if enough else 0, after)
        found += [row._replace(texts=(None,)) for row in rows]


def _with_place(row: PlacedRow, text: bytes, projection: Projection) -> PlacedRow:
    """Returns a row with its position or score, which is also the value of columns that are scores."""
    values = row.values
    if any(column.is_score for column in projection.columns):
        values = [text if column.is_score else value for column, value in zip(projection.columns, values, strict=True)]
    return PlacedRow(row.pk, (text,), values)


def _is_stored(condition: Condition) -> bool:
    return isinstance(condition, Member) and condition.required
