"""The order of counted values."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from operator import itemgetter
from typing import Any, Literal, get_args

from limpyd.exceptions import InvalidFilter, shorten
from limpyd.fields.checks import integer

CountOrder = Literal["count", "-count", "value", "-value"]


def in_count_order(
    model: str, limit: int | None, order: CountOrder | None
) -> Callable[[dict[Any, int]], dict[Any, int]]:
    """Returns the function that sorts counted values, and leaves out all but the first.

    Args:
        model: the name of the model, for messages.
        limit: the most values.
        order: the order; with a limit `-count` by default.

    Raises:
        InvalidFilter: it is no order of counted values.
        InvalidValue: the limit is no positive number.
    """
    if limit is not None:
        integer("count_by's limit", limit, low=1)
        order = order or "-count"
    if order is not None and order not in get_args(CountOrder):
        msg = f"{model}: count_by's order is one of {', '.join(map(repr, get_args(CountOrder)))}; not {shorten(order)}"
        raise InvalidFilter(msg)

    def convert(counts: dict[Any, int]) -> dict[Any, int]:
        if order is None:
            return counts
        by_count, found = order in {"count", "-count"}, list(counts.items())
        try:
            found.sort(key=itemgetter(0), reverse=order == "-value")
        except TypeError as error:
            if not by_count:
                msg = f"{model}: the counted values have no order ({error}); sort them by their count"
                raise InvalidFilter(msg) from error
        if by_count:
            found.sort(key=lambda item: item[1] if order == "count" else -item[1])
        return dict(islice(found, limit))

    return convert
