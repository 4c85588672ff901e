"""Requests on the one object that meets conditions, in whichever partition it is, or is to be created."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from limpyd.exceptions import LimpydError, MultipleObjectsReturned, ServerError, UniquenessError
from limpyd.keys import Partition, to_bytes
from limpyd.query.filters.conditions import Condition
from limpyd.query.planning.plans import plan_for
from limpyd.requests.request import MAX_TRIES, Request
from limpyd.requests.scattered import Rounds, Scattered

R = TypeVar("R")


class Gone(LimpydError):
    """The object that was found does not match any more."""


def anywhere(
    schema: Any,
    values: Mapping[str, Any],
    conditions: Sequence[Condition],
    request_in: Callable[[Partition, LimpydError | None], Request[R]],
) -> Request[R]:
    """The request that finds the object in any partition; if there is none, it is created in one.

    That partition is the one that the hash of the values names, so of several callers with these values one creates the
    object, and the others find it there: no lock is needed.

    Args:
        schema: the model.
        values: the values that the object has, by field.
        conditions: the conditions that it meets.
        request_in: returns the request that finds the object in a partition, and raises an error if there is none; or
            creates it if no error is given.
    """
    text = b"\0".join(
        sorted(to_bytes(name) + b"=" + schema.field(name).encode(value) for name, value in values.items())
    )
    chosen: Partition = schema.keys.partition_of_text(text)
    request_in(chosen, None)  # so that what is wrong with the arguments is raised at once

    def rounds() -> Rounds[R]:
        last = None
        for _ in range(MAX_TRIES):
            plan = yield from plan_for(schema, conditions, existing=True).settled()
            pks = [pk for some in (yield [each.pks(2).exact() for each in plan.plans]) for pk in some]
            if len(pks) > 1:
                msg = f"several objects of {schema.name} match {', '.join(map(str, conditions))}"
                raise MultipleObjectsReturned(msg)
            request = request_in(schema.keys.partition(pks[0]), Gone()) if pks else request_in(chosen, None)
            try:
                (result,) = yield [request]
            except Gone:
                continue
            except UniquenessError as error:
                refusal = (error.field, error.owner)
                if refusal == last:  # it is not about the object itself, which another caller created meanwhile
                    raise
                last = refusal
                continue
            found: R = result
            return found
        msg = f"{schema.name}: other processes changed or deleted the object that was found in {MAX_TRIES} tries"
        raise ServerError(msg)

    return Scattered(rounds, subject=schema, readonly=False)
