"""The ranges that positions and slices of a collection ask of the server."""

from __future__ import annotations

import operator
from typing import Any

from limpyd.exceptions import shorten
from limpyd.query.planning.single_command import Span

FARTHEST = 2**62
"""Beyond any position."""
EMPTY_SPAN = Span(0, -1)
"""The range of a slice that is empty whatever there is."""


class FromEnd(Span):
    """The same counted from the end, backwards; there must be an order."""


def span_of(index: Any) -> Span | None:
    """Returns what a position or a slice asks for, if the server can give just that.

    Raises:
        TypeError: it is neither.
    """
    if not isinstance(index, slice):
        if isinstance(index, bool) or not isinstance(index, int):
            msg = f"a collection takes a position or a slice, not {shorten(index)}"
            raise TypeError(msg)
        if index < 0:
            return FromEnd(-1 - index, 1) if index >= -FARTHEST else None
        return Span(index, 1) if index < FARTHEST else None
    start = 0 if index.start is None else min(operator.index(index.start), FARTHEST)
    stop = None if index.stop is None else min(operator.index(index.stop), FARTHEST)
    if index.step not in {None, 1}:
        return None
    if start < 0 and (stop is None or stop < 0):
        passed, start = -(stop or 0), max(start, -FARTHEST)
        return FromEnd(passed, -start - passed) if -start > passed else EMPTY_SPAN
    if start < 0 or (stop is not None and stop < 0):
        return None
    if stop is None:
        return Span(start, 0)
    return Span(start, stop - start) if stop > start else EMPTY_SPAN
