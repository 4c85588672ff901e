"""Reads what queries of several partitions compare with in other keys."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any

from limpyd.exceptions import InvalidFilter, ServerError
from limpyd.keys import to_text
from limpyd.query.filters.conditions import Condition
from limpyd.query.filters.readings import MEMBERS, Asking, Reading
from limpyd.requests.scattered import Outcomes, Rounds
from limpyd.scripts.error_mapping import Model
from limpyd.scripts.queries import stored_gone

PlanOf = Callable[[Any, Sequence[Any]], Any]
"""Makes the plan of a query to any model, for some conditions."""

MAX_FOUND = 10_000
"""The most objects that a query may find before it asks for those that refer to them."""


class TooManyBetween(InvalidFilter):
    """More objects meet a condition than those that refer to them can be asked for."""


def readings_in(conditions: Iterable[Condition]) -> list[Reading | Asking]:
    """Returns what has to be read before some conditions are asked."""
    return [reading for condition in conditions for reading in condition.reads()]


def read(
    model: Model, readings: Iterable[Reading | Asking], plan_of: PlanOf
) -> Rounds[tuple[dict[Reading | Asking, list[bytes]], dict[Asking, TooManyBetween]]]:
    """Reads what is in some keys, and finds objects to which others may refer.

    Returns:
        What was read and found; and of what too much was found, why it is refused.

    Raises:
        DoesNotExist: a stored collection does not exist any more.
        ServerError: a key holds no primary keys.
    """
    typed, found = yield from _typed(model, [reading for reading in readings if isinstance(reading, Reading)])
    asked = [reading for reading in readings if isinstance(reading, Asking)]
    requests = [
        *(reading.request(model) for reading in typed.values()),
        *(plan_of(asking.model, asking.conditions).pks(MAX_FOUND + 1) for asking in asked),
    ]
    outcomes = (yield Outcomes(requests)) if requests else []
    refused: dict[Asking, TooManyBetween] = {}
    both: list[Reading | Asking] = [*typed, *asked]
    for reading, outcome in zip(both, outcomes, strict=True):
        if isinstance(reading, Asking) and isinstance(outcome, TooManyBetween):
            refused[reading] = outcome
        elif isinstance(outcome, Exception):
            raise outcome
        elif isinstance(reading, Asking) and len(outcome) > MAX_FOUND:
            refused[reading] = _too_many(model, reading)
        elif isinstance(reading, Reading) and reading.required and not outcome:
            raise stored_gone(model)
        else:
            found[reading] = outcome
    return found, refused


def _typed(
    model: Model, wanted: Sequence[Reading]
) -> Generator[Any, Any, tuple[dict[Reading, Reading], dict[Reading | Asking, list[bytes]]]]:
    """Returns for each reading the same with the type of its key; and what is known, since there is nothing."""
    typed = dict(zip(wanted, wanted, strict=True))
    found: dict[Reading | Asking, list[bytes]] = {}
    untyped = [reading for reading in wanted if not reading.stored]
    types = (yield [reading.type_question(model) for reading in untyped]) if untyped else []
    for reading, stored in zip(untyped, types, strict=True):
        if stored == b"none":
            del typed[reading]
            found[reading] = []
        elif stored not in MEMBERS:
            raise _not_pks(model, reading.key, stored)
        else:
            typed[reading] = reading.of_type(stored)
    return typed, found


def _too_many(model: Model, asking: Asking) -> TooManyBetween:
    msg = (
        f"{model}: more than {MAX_FOUND:,} objects of {asking.model.name} meet {asking.text}, and those that refer to "
        f"them may be in other partitions. Narrow it down by other filters to at most so many objects of {model}, or "
        f"of {asking.model.name}; or iterate over the primary keys of {asking.model.name}, and pass some thousand at a "
        f"time to a filter of the reference itself, {asking.name}__in"
    )
    return TooManyBetween(msg)


def _not_pks(model: Model, key: bytes, stored: bytes) -> ServerError:
    msg = f"{model}: the key {to_text(key)!r} is not a set, list or sorted set of primary keys, but a {to_text(stored)}"
    return ServerError(msg)
