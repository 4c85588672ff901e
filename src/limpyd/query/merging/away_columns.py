"""Values of objects in other slots: first the rows with the primary keys that refer to them, then their values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from limpyd.query.filters.conditions import ByPk
from limpyd.query.merging.reading import PlanOf
from limpyd.query.results.columns import Column, RelatedColumn, columns_of
from limpyd.query.results.projections import Projection, RawRows
from limpyd.requests.request import Request
from limpyd.requests.scattered import Rounds, Scattered


def completed(
    request: Request[Any], projection: Projection, rows_of: Callable[[Any], list[Any]], plan_of: PlanOf
) -> Request[Any]:
    """Returns the request for items that have values of objects in other slots.

    Args:
        request: the request for what `projection.planned` makes of the objects: rows of stored values.
        projection: what shall become of them.
        rows_of: returns the list of rows in the result of the request.
        plan_of: makes the plans of queries to other models.
    """

    def rounds() -> Rounds[Any]:
        (found,) = yield [request]
        rows = rows_of(found)
        yield from complete(projection.columns, rows, plan_of)
        rows[:] = projection.read([value for row in rows for value in row])
        return found

    return Scattered(rounds, subject=request.subject)


def complete(columns: Sequence[Column], rows: Sequence[list[Any]], plan_of: PlanOf) -> Rounds[None]:
    """Puts the values of referred objects in the place of their primary keys."""
    by_reference: dict[Any, list[int]] = {}
    for number, column in enumerate(columns):
        if column.is_away and isinstance(column, RelatedColumn):
            by_reference.setdefault(column.reference, []).append(number)
    wanted = []
    for reference, numbers in by_reference.items():
        inner = [each.inner for number in numbers if isinstance(each := columns[number], RelatedColumn)]
        wanted.append((numbers, inner, _reading(reference.target, inner, (row[numbers[0]] for row in rows), plan_of)))
    requests = [request for _, _, request in wanted if request is not None]
    replies = iter((yield requests) if requests else ())
    for numbers, inner, request in wanted:
        found = [] if request is None else next(replies)
        values = {row[0]: row[1:] for row in found}
        yield from complete(inner, list(values.values()), plan_of)
        for row in rows:
            own = values.get(row[numbers[0]]) or [None] * len(numbers)
            for number, value in zip(numbers, own, strict=True):
                row[number] = value


def _reading(
    model: Any, columns: Sequence[Column], pks: Iterable[bytes | None], plan_of: PlanOf
) -> Request[list[Any]] | None:
    """Returns the request for the primary keys and values of objects; None if there are no objects."""
    some = [pk for pk in dict.fromkeys(pks) if pk is not None]
    if not some:
        return None
    projection = RawRows((*columns_of(model, ("pk",), scored=False), *columns))
    request: Request[list[Any]] = plan_of(model, (ByPk(some, (), ""),)).items(projection)
    return request
