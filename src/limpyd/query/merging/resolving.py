"""Conditions of queries to several partitions that compare with what is in other keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from limpyd.query.filters.conditions import Condition
from limpyd.query.merging.narrowing import narrowed
from limpyd.query.merging.reading import PlanOf, read, readings_in
from limpyd.requests.scattered import Rounds


def resolved(model: Any, conditions: Sequence[Condition], plan_of: PlanOf) -> Rounds[Sequence[Condition]]:
    """Reads what is in some keys, and finds objects to which others may refer.

    Args:
        model: the model of the query.
        conditions: what its objects must meet.
        plan_of: makes the plans of queries to any model.

    Returns:
        The conditions, with what was read and found as their values.

    Raises:
        DoesNotExist: a stored collection does not exist any more.
        ServerError: a key holds no primary keys.
        InvalidFilter: too many objects are found to which others may refer.
    """
    readings = list(dict.fromkeys(readings_in(conditions)))
    if not readings:
        return conditions
    found, refused = yield from read(model, readings, plan_of)
    if refused:
        found.update((yield from narrowed(model, conditions, found, refused, plan_of)))
    return [condition.resolved(found) for condition in conditions]
