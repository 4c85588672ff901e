"""Filters across references that too many objects meet: only those are found to which the other filters lead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from limpyd.query.filters.conditions import ByPk, Condition
from limpyd.query.filters.readings import Asking, Found, Reading
from limpyd.query.merging.reading import MAX_FOUND, PlanOf, TooManyBetween
from limpyd.query.planning.single_command import Span
from limpyd.query.results.columns import Column, columns_of
from limpyd.query.results.projections import RawRows
from limpyd.requests.scattered import Rounds


def narrowed(
    model: Any, conditions: Sequence[Condition], found: Found, refused: Mapping[Asking, TooManyBetween], plan_of: PlanOf
) -> Rounds[dict[Reading | Asking, list[bytes]]]:
    """Finds objects to which those refer that meet all other conditions.

    An object that meets these is found or not, whichever other objects it does not refer to are left out.

    Args:
        model: the model of the query.
        conditions: all conditions of the query.
        found: what was read and found for them.
        refused: of what too much was found, and the errors.
        plan_of: makes the plans of queries to any model.

    Raises:
        InvalidFilter: too many objects meet the other conditions, too.
    """
    others = [each.resolved(found) for each in conditions if all(reading in found for reading in each.reads())]
    for asking, error in refused.items():
        if not others or asking.referring is not model:
            raise error
    columns = columns_of(model, tuple(dict.fromkeys(asking.name for asking in refused)), scored=False)
    (rows,) = yield [plan_of(model, others).items(RawRows(columns), Span(0, MAX_FOUND + 1))]
    if len(rows) > MAX_FOUND:
        raise next(iter(refused.values()))
    referred = {
        column.name: _referred(column, values) for column, values in zip(columns, zip(*rows, strict=True), strict=False)
    }
    wanted = [asking for asking in refused if referred.get(asking.name)]
    requests = [
        plan_of(asking.model, (*asking.conditions, ByPk(referred[asking.name], (), ""))).pks() for asking in wanted
    ]
    pks = (yield requests) if requests else []
    found_now = dict(zip(wanted, pks, strict=True))
    return {asking: found_now.get(asking, []) for asking in refused}


def _referred(column: Column, values: Iterable[Any]) -> list[bytes]:
    """Returns the primary keys that some values of a reference field are, or hold."""
    field, _ = column.source
    has_scores = field.stored_as == b"zset"
    found: dict[bytes | None, None] = {}
    for value in values:
        members = value if isinstance(value, list) else [value]
        found.update(dict.fromkeys(members[::2] if has_scores else members))
    return [pk for pk in found if pk is not None]
