"""Requests kept as templates: a query is planned once, and from then on only filled with other values.

Most queries of a program differ from each other in nothing but the values that they compare with, and to plan one
costs as much time as a server nearby takes to answer it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any
from uuid import uuid4

from limpyd.query.conditions import ByIndex, Condition
from limpyd.requests import Argument, Request

MOST_TEMPLATES = 1000
"""How many are kept of a model; then they begin anew."""
MOST_VALUES = 32
"""How many values a template has at the most: a query of more, such as a long `in`, rarely comes again with as many."""
MARK = b"\0value %d of " + uuid4().hex.encode() + b"\0"
"""Stands for a value while it is found out where in a request it goes."""

Planning = Callable[[Sequence[Condition]], Request[Any]]


class Template:
    """A request, and where in its arguments the values go.

    Args:
        request: the request.
        places: of each argument that holds a value its position, what stands before, which value, what stands after.
    """

    __slots__ = ("_args", "_places", "_request")

    def __init__(self, request: Request[Any], places: Sequence[tuple[int, bytes, int, bytes]]) -> None:
        self._request = request
        self._args = request.args
        self._places = places

    def filled(self, values: Sequence[Any]) -> Request[Any]:
        """The request for some values."""
        args: list[Argument] = list(self._args)
        for at, before, number, after in self._places:
            args[at] = before + values[number] + after
        return self._request.with_args(tuple(args))


class Templates:
    """The templates of a model, by what is asked."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, Template] = {}

    def request(self, asked: tuple[Hashable, ...], conditions: Sequence[Condition], plan: Planning) -> Request[Any]:
        """The request that a plan gives for some conditions, from its template if there is one.

        Args:
            asked: all that the plan depends on beside the conditions.
            conditions: the conditions.
            plan: makes the request for conditions.
        """
        key: list[Hashable] = [asked]
        values: list[Any] = []
        for condition in conditions:
            meaning = condition.meaning
            if meaning is None or not meaning.recurs:
                return plan(conditions)
            key += (meaning, len(condition.texts))
            values += condition.texts
        if len(values) > MOST_VALUES:
            return plan(conditions)
        known = self._kept.get(tuple(key))
        if known is not None:
            try:
                return known.filled(values)
            except TypeError:  # a value is one that the server reads
                return plan(conditions)
        request = plan(conditions)
        template = _template(conditions, values, request, plan)
        if template is not None:
            if len(self._kept) >= MOST_TEMPLATES:
                self._kept.clear()
            self._kept[tuple(key)] = template
        return request


def _template(
    conditions: Sequence[Condition], values: Sequence[Any], request: Request[Any], plan: Planning
) -> Template | None:
    """What is to be kept of a request; nothing if its values are not to be seen in its arguments."""
    if not request.args or not all(isinstance(value, bytes) for value in values):
        return None
    marks = [MARK % number for number in range(len(values))]
    left = iter(marks)
    marked = [
        ByIndex(condition.meaning, [next(left) for _ in condition.texts], (), None)
        for condition in conditions
        if condition.meaning is not None
    ]
    found = plan(marked)
    places = []
    for at, argument in enumerate(found.args):
        for number, mark in enumerate(marks):
            if isinstance(argument, bytes) and mark in argument:
                before, _, after = argument.partition(mark)
                places.append((at, before, number, after))
    template = Template(found, places)
    return template if template.filled(values).args == request.args else None
