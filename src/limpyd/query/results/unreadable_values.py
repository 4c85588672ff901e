"""Rows of values of which some do not fit the types of their fields: they are left out, or have None there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from limpyd.exceptions import StoredValueError
from limpyd.query.results.columns import Column

Errors = Literal["raise", "skip", "none"]
"""What becomes of such a value: an error, no item for its object, or None."""
UNREADABLE: Any = object()


def readable_rows(columns: Sequence[Column], replies: Sequence[Any], errors: Errors) -> Iterator[tuple[Any, ...]]:
    """Yields the values of each row that has none that is unreadable; with `none` of each row, and None for those."""
    width = len(columns)
    for at in range(0, len(replies), width):
        row = [_value(column, reply) for column, reply in zip(columns, replies[at : at + width], strict=True)]
        if errors == "none" or all(value is not UNREADABLE for value in row):
            yield tuple(None if value is UNREADABLE else value for value in row)


def _value(column: Column, reply: Any) -> Any:
    try:
        (value,) = column.values([reply])
    except StoredValueError:
        return UNREADABLE
    return value
