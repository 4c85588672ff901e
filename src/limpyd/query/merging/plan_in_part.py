"""The plan of a query to one partition of several, which is only made where no template has its request."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from limpyd.keys import Partition
from limpyd.query.filters.conditions import Condition
from limpyd.query.merging.ordered_plan import RAW, stored
from limpyd.query.ordering import SortKey
from limpyd.query.planning.plan import Plan
from limpyd.query.planning.single_command import EVERYTHING, Span
from limpyd.query.planning.templates_in_parts import FormInParts
from limpyd.query.results.placed_rows import PlacedRows
from limpyd.query.results.projections import Projection
from limpyd.requests.request import Argument, Request

PLANNED = frozenset({"_in_indexes", "_only", "_sorts", "assumes", "nodes"})
"""The attributes of a plan that take time, so they are made when one is first needed."""

Asked = tuple[Hashable, ...]
"""What tells apart what plans are asked for."""


class PlanInPart(Plan):
    """The plan of a query to one partition of several. Takes the arguments of `Plan`, and one more.

    Args:
        forms: the forms of what is asked, which the plans of a query share if all have the same conditions.
    """

    def __init__(
        self,
        model: Any,
        partition: Partition,
        conditions: Sequence[Condition],
        order: Sequence[SortKey] = (),
        *,
        forms: dict[Hashable, FormInParts | None] | None = None,
        **options: bool,
    ) -> None:
        self._forms = {} if forms is None else forms
        self.model: Any = model
        self.partition = partition
        self.order = order
        self.conditions = conditions
        self._options = options

    def __getattr__(self, name: str) -> Any:
        if name not in PLANNED:
            raise AttributeError(name)
        super().__init__(self.model, self.partition, self.conditions, self.order, **self._options)
        return vars(self)[name]

    def items(self, projection: Projection, span: Span = EVERYTHING) -> Request[list[Any]]:
        return self._filled(asked_items(projection, span), lambda plan: plan.items(projection, span))

    def pks(self, limit: int = 0) -> Request[list[bytes]]:
        return self._filled(("pks", limit), lambda plan: plan.pks(limit))

    def count(self, limit: int = 0) -> Request[int]:
        return self._filled(("count", limit), lambda plan: plan.count(limit))

    def placed(self, projection: Projection, limit: int, start: Sequence[Argument]) -> Request[PlacedRows]:
        return self._filled(asked_placed(projection, limit, start), lambda plan: plan.placed(projection, limit, start))

    def store(self, key: bytes, ttl: int) -> Request[int]:
        """Keeps the primary keys in a list, which may be in another partition."""
        return stored(self.model, self.items(RAW), key, ttl)

    def form(self, asked: Asked | None) -> FormInParts | None:
        """Returns the form of what is asked; None if it has to be planned each time."""
        if asked is None:
            return None
        try:
            return self._forms[asked]
        except KeyError:
            everything = (*asked, self.order, *self._options.values())
            form: FormInParts | None = self.model.queries.templates_in_parts.form(everything, self.conditions)
            self._forms[asked] = form
            return form

    def _filled(self, asked: Asked | None, ask: Callable[[Plan], Request[Any]]) -> Request[Any]:
        """Returns what a plan is asked for, from a template if there was one for other values before."""

        def planned(conditions: Sequence[Condition]) -> Request[Any]:
            return ask(Plan(self.model, self.partition, conditions, self.order, **self._options))

        form = self.form(asked)
        return planned(self.conditions) if form is None else form.request(self.partition, self.conditions, planned)


def asked_items(projection: Projection, span: Span) -> Asked | None:
    """Returns what tells apart what `items` are asked for; None if it is not asked again."""
    return ("items", projection, projection.sparse, span) if projection.is_reusable else None


def asked_placed(projection: Projection, limit: int, start: Sequence[Argument]) -> Asked | None:
    """Returns what tells apart which rows `placed` is asked for; None if it is not asked again."""
    return ("placed", projection, projection.sparse, limit) if projection.is_reusable and not start else None
