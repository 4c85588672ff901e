"""Requests kept as templates: a query is planned once for each form, and from then on only filled with other values.

Most queries of a program differ from each other in nothing but the values that they compare with, and to plan one
costs as much time as a server nearby takes to answer it. The form of a query is what it asks of which fields; how many
values an `in` has is no part of it, so a form serves them all.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from limpyd.query.conditions import Condition
from limpyd.query.meanings import MOST_CONDITIONS, Form
from limpyd.query.patterns import SEVERAL, Pattern, marks, more_than_several, pattern_of
from limpyd.requests import Request

MOST_TEMPLATES = 1000
"""How many are kept of a model; then they begin anew."""

Planning = Callable[[Sequence[Condition]], Request[Any]]


class Template:
    """A request, and the pattern of its arguments."""

    __slots__ = ("_pattern", "_request")

    def __init__(self, request: Request[Any], pattern: Pattern) -> None:
        self._request = request
        self._pattern = pattern

    def filled(self, values: Sequence[Sequence[bytes]]) -> Request[Any]:
        """Returns the request for the values of each condition."""
        return self._request.with_args(self._pattern.filled(values))


class Templates:
    """The templates of a model, by what is asked."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, Template] = {}

    def request(self, asked: tuple[Hashable, ...], conditions: Sequence[Condition], plan: Planning) -> Request[Any]:
        """Returns the request that a plan gives for some conditions, from its template if there is one.

        Args:
            asked: all that the plan depends on beside the conditions.
            conditions: the conditions.
            plan: makes the request for conditions.
        """
        if len(conditions) > MOST_CONDITIONS:
            return plan(conditions)
        form = Form(asked)
        for condition in conditions:
            if not condition.add_to(form):
                return plan(conditions)
        if len(form.values) > MOST_CONDITIONS:
            return plan(conditions)
        key = tuple(form.parts)
        known = self._kept.get(key)
        if known is not None:
            return known.filled(form.values)
        request = plan(conditions)
        template = _template(conditions, form, request, plan)
        if template is not None:
            if len(self._kept) >= MOST_TEMPLATES:
                self._kept.clear()
            self._kept[key] = template
        return request


def _template(conditions: Sequence[Condition], form: Form, request: Request[Any], plan: Planning) -> Template | None:
    """Returns what is to be kept of a request; None if its values are not to be seen in its arguments."""
    if not request.args:
        return None
    first = last = plan(_marked(conditions, form, lambda _: SEVERAL))
    if form.several:
        last = plan(_marked(conditions, form, more_than_several))
    pattern = pattern_of(first.args, last.args)
    if pattern is None or pattern.filled(form.values) != request.args:
        return None
    return Template(first, pattern)


def _marked(conditions: Sequence[Condition], form: Form, several: Callable[[int], int]) -> list[Condition]:
    """The same conditions of marks; where one has several values, of as many as it is given."""
    marked = iter(
        [
            marks(number, several(number) if number in form.several else len(texts))
            for number, texts in enumerate(form.values)
        ]
    )
    return [condition.holding(marked) for condition in conditions]
