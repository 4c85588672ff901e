"""Explanations of a collection: how the server finds it, and what that costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from limpyd.expressions import too_deep
from limpyd.query.collection.base import CollectionBase
from limpyd.query.planning.plans import AnyPlan
from limpyd.query.planning.single_command import EVERYTHING, Span
from limpyd.requests.request import Program, Request
from limpyd.requests.scattered import Rounds, Scattered

if TYPE_CHECKING:
    from limpyd.query.explanation import Explanation

Item = TypeVar("Item")
M = TypeVar("M")
A_PAGE = Span(0, 20)
"""The page of a collection in order that an explanation assumes."""


class Explaining(CollectionBase[Item, M]):
    """The part of a collection that explains it."""

    __slots__ = ()

    def _explain(self) -> Request[Explanation]:
        plan: Any = self._plan(existing=False)
        if self._schema.keys.count > 1 or plan.reads_first:
            return Scattered(lambda: self._explained_parts(plan, analyze=False), subject=self._schema)
        from limpyd.query.explanation import explanation  # noqa: PLC0415 - most programs explain nothing

        items = self._explained_items()

        def explained(reply: list[Any]) -> Explanation:
            try:
                return explanation(repr(self), plan, items, reply)
            except RecursionError:
                raise too_deep() from None

        found: Request[list[Any]] = plan.explained(self._explained_span())
        return found.then(explained)

    def _analysis(self) -> Program[Explanation]:
        plan = self._plan(existing=False)
        if self._schema.keys.count > 1 or plan.reads_first:
            return (yield from self._explained_parts(plan, analyze=True))
        from limpyd.scripts.analysis import analyzed  # noqa: PLC0415 - most programs explain nothing

        explained: Explanation = yield self._explain()
        items = self._explained_items()
        return explained._replace(ran=(yield analyzed(items))) if items.args else explained

    def _explained_parts(self, plan: AnyPlan, *, analyze: bool) -> Rounds[Explanation]:
        from limpyd.query.merging.explained_parts import explained_parts  # noqa: PLC0415 - most have one partition

        span = self._explained_span()
        try:
            return (
                yield from explained_parts(
                    repr(self), plan, self._plan(), self._query.projection.planned, span, analyze=analyze
                )
            )
        except RecursionError:
            raise too_deep() from None

    def _explained_items(self) -> Request[list[Any]]:
        return self._plan().items(self._query.projection.planned, self._explained_span())

    def _explained_span(self) -> Span:
        return A_PAGE if self._query.order else EVERYTHING
