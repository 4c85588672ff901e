"""The plan of a query to several partitions whose objects come in an order: slices, pages, and what is stored of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from limpyd.query.ordering import SortKey
from limpyd.query.paging import Page, cursor_of, position_args
from limpyd.query.planning.script_plan import Planned
from limpyd.query.planning.single_command import EVERYTHING, Span
from limpyd.query.results.placed_rows import PlacedRow
from limpyd.query.results.projections import Projection, RawPrimaryKeys
from limpyd.requests.request import Argument, Request
from limpyd.requests.scattered import Rounds, Scattered
from limpyd.scripts.stored_collections import store_pks

RAW = RawPrimaryKeys()


class OrderedPlan:
    """The plan of a query to several partitions, by the rows that come first in an order.

    Args:
        model: the model.
        order: the sort keys.
    """

    def __init__(self, model: Planned, order: Sequence[SortKey]) -> None:
        self.model = model
        self.order = order

    def placed(
        self, projection: Projection, wanted: int, start: Sequence[Argument]
    ) -> Rounds[tuple[list[PlacedRow], bool]]:
        """Returns the first rows in order, or more than those; and whether there may be others.

        Args:
            projection: what is read of each object.
            wanted: how many rows are enough; 0 for all.
            start: the position that they follow, as arguments of a script; empty from the first one on.
        """
        raise NotImplementedError

    def items(self, projection: Projection, span: Span = EVERYTHING) -> Request[list[Any]]:
        """Returns the request for the items of the objects that match, in order."""
        offset, limit = span
        last = offset + limit if limit else None

        def rounds() -> Rounds[list[Any]]:
            rows, _ = yield from self.placed(projection, last or 0, ())
            return _read(projection, rows[offset:last])

        return Scattered(rounds, subject=self.model)

    def only(self, projection: Projection) -> Request[Any]:
        """The one item; a transaction refuses that, since the object may be in any partition."""
        return self.items(projection, Span(0, 2))

    def page(
        self, projection: Projection, size: int, cursor: str | None, *, backwards: bool = False
    ) -> Request[Page[Any]]:
        """So many items in order, from the first one or a cursor on; `backwards` if the order is an inverted one."""
        order = tuple(key.inverted() for key in self.order) if backwards else self.order
        start = () if cursor is None else tuple(position_args(order, cursor))

        def rounds() -> Rounds[Page[Any]]:
            found, more = yield from self.placed(projection, size, start)
            rows = found[:size]
            onwards = cursor_of(order, rows[-1].position) if more or len(found) > size else None
            back = cursor_of(order, rows[0].position if rows else ()) if start else None
            items = _read(projection, rows)
            return Page(items[::-1], back, onwards) if backwards else Page(items, onwards, back)

        return Scattered(rounds, subject=self.model)

    def store(self, key: bytes, ttl: int) -> Request[int]:
        """Keeps the primary keys in a list."""
        return stored(self.model, self.items(RAW), key, ttl)


def stored(model: Planned, found: Request[list[bytes]], key: bytes, ttl: int) -> Request[int]:
    """Returns the request that keeps the primary keys that another one finds in a list."""

    def rounds() -> Rounds[int]:
        (pks,) = yield [found]
        (length,) = yield [store_pks(model, key, pks, ttl)]
        return int(length)

    return Scattered(rounds, subject=model, readonly=False)


def position_as_start(row: PlacedRow) -> list[Argument]:
    """Returns the position of an object as arguments of scripts, for what follows it."""
    args: list[Argument] = [row.pk]
    for text in row.texts:
        args += (b"0", b"") if text is None else (b"1", text)
    return args


def _read(projection: Projection, rows: Sequence[PlacedRow]) -> list[Any]:
    if not projection.columns:
        return projection.items([row.pk for row in rows])
    return projection.read([value for row in rows for value in row.values])
