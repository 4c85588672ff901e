"""Explanations of a collection: how the server finds it, and what that costs."""

from __future__ import annotations

from typing import Any, TypeVar

from limpyd.expressions import too_deep
from limpyd.query.collection.base import CollectionBase
from limpyd.query.explanation import Explanation, explanation
from limpyd.query.planning.single_command import EVERYTHING, Span
from limpyd.requests.request import Program, Request
from limpyd.scripts.analysis import analyzed

Item = TypeVar("Item")
M = TypeVar("M")
A_PAGE = Span(0, 20)
"""The page of a collection in order that an explanation assumes."""


class Explaining(CollectionBase[Item, M]):
    """The part of a collection that explains it."""

    __slots__ = ()

    def _explain(self) -> Request[Explanation]:
        plan = self._plan(existing=False)
        items = self._explained_items()

        def explained(reply: list[Any]) -> Explanation:
            try:
                return explanation(repr(self), plan, items, reply)  # type: ignore[arg-type]
            except RecursionError:
                raise too_deep() from None

        return plan.explained(self._explained_span()).then(explained)

    def _analysis(self) -> Program[Explanation]:
        explained: Explanation = yield self._explain()
        items = self._explained_items()
        return explained._replace(ran=(yield analyzed(items))) if items.args else explained

    def _explained_items(self) -> Request[list[Any]]:
        return self._plan().items(self._query.projection, self._explained_span())

    def _explained_span(self) -> Span:
        return A_PAGE if self._query.order else EVERYTHING
