"""Reads what queries of several partitions compare with in other keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from limpyd.exceptions import InvalidFilter, ServerError
from limpyd.keys import to_text
from limpyd.query.filters.readings import MEMBERS, Asking, Found, Reading
from limpyd.requests.scattered import Rounds
from limpyd.scripts.error_mapping import Model
from limpyd.scripts.queries import stored_gone

PlanOf = Callable[[Any, Sequence[Any]], Any]
"""Makes the plan of a query to any model, for some conditions."""

MAX_FOUND = 10_000
"""The most objects that a query may find before it asks for those that refer to them."""


def read(model: Model, readings: Iterable[Reading | Asking], plan_of: PlanOf) -> Rounds[Found]:
    """Reads what is in some keys, and finds objects to which others may refer.

    Args:
        model: the model of the query.
        readings: what is read, and found.
        plan_of: makes the plans of what is found.

    Raises:
        DoesNotExist: a stored collection does not exist any more.
        ServerError: a key holds no primary keys.
        InvalidFilter: too many objects are found to which others may refer.
    """
    readings = list(dict.fromkeys(readings))
    wanted = [reading for reading in readings if isinstance(reading, Reading)]
    asked = [reading for reading in readings if isinstance(reading, Asking)]
    untyped = [reading for reading in wanted if not reading.stored]
    typed = dict(zip(wanted, wanted, strict=True))
    found: dict[Reading | Asking, list[bytes]] = {}
    if untyped:
        types = yield [reading.type_question(model) for reading in untyped]
        for reading, stored in zip(untyped, types, strict=True):
            if stored == b"none":
                del typed[reading]
                found[reading] = []
            elif stored not in MEMBERS:
                raise _not_pks(model, reading.key, stored)
            else:
                typed[reading] = reading.of_type(stored)
    requests = [
        *(reading.request(model) for reading in typed.values()),
        *(plan_of(asking.model, asking.conditions).pks(MAX_FOUND + 1) for asking in asked),
    ]
    values = (yield requests) if requests else []
    for asking, pks in zip(asked, values[len(typed) :], strict=True):
        if len(pks) > MAX_FOUND:
            raise _too_many(model, asking)
        found[asking] = pks
    for reading, texts in zip(typed, values, strict=False):
        if reading.required and not texts:
            raise stored_gone(model)
        found[reading] = texts
    return found


def _too_many(model: Model, asking: Asking) -> InvalidFilter:
    msg = (
        f"{model}: more than {MAX_FOUND:,} objects of {asking.model.name} meet {asking.text}, and those that refer to "
        f"them may be in other partitions. Narrow it down; or iterate over the primary keys of {asking.model.name}, "
        "and pass some thousand at a time to a filter of the reference itself, such as author__in"
    )
    return InvalidFilter(msg)


def _not_pks(model: Model, key: bytes, stored: bytes) -> ServerError:
    msg = f"{model}: the key {to_text(key)!r} is not a set, list or sorted set of primary keys, but a {to_text(stored)}"
    return ServerError(msg)
