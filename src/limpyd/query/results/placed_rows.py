"""Rows with their places in an order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class PlacedRow(NamedTuple):
    """An object, its place in an order, and what was read of it.

    Attributes:
        pk: its primary key.
        texts: for each sort key its value; None if it has none.
        values: the values of the columns that were asked for.
    """

    pk: bytes
    texts: tuple[bytes | None, ...]
    values: Sequence[Any]

    @property
    def position(self) -> tuple[bytes | None, ...]:
        """The position of the object in the order, as cursors have it."""
        return (self.pk, *self.texts)


class PlacedRows(NamedTuple):
    """Rows of a partition, in order.

    Attributes:
        rows: the rows.
        more: true if the partition has more, after those.
    """

    rows: list[PlacedRow]
    more: bool


def placed_rows(reply: Sequence[Any], keys: int, columns: int) -> list[PlacedRow]:
    """Returns the rows of a flat reply: of each object its primary key, a value for each sort key, and the columns."""
    width = 1 + keys + columns
    return [
        PlacedRow(reply[at], tuple(reply[at + 1 : at + 1 + keys]), reply[at + 1 + keys : at + width])
        for at in range(0, len(reply), width)
    ]
