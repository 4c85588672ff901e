"""Requests on the one object that has a value which is unique over partitions, or is to be created with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from limpyd.claims.requests import look_up
from limpyd.claims.restoring import restore
from limpyd.claims.unique_value import UniqueValue
from limpyd.exceptions import LimpydError, ServerError, UniquenessError
from limpyd.keys import Partition
from limpyd.model.anywhere import Gone
from limpyd.requests.request import MAX_TRIES, Request
from limpyd.requests.scattered import Rounds, Scattered

R = TypeVar("R")


def where_it_is(
    schema: Any,
    value: UniqueValue,
    request_in: Callable[[Partition, LimpydError | None], Request[R]],
    of_pk: Partition | None,
) -> Request[R]:
    """The request to the partition that has a value; if none has it, to the one where the object is created.

    That is the partition of its primary key, if this is given; else the one that keeps the claims of the value, where
    it can be claimed within the write. Of several callers one creates the object. The others find it: a partition that
    has claimed the value meanwhile is asked next.

    Args:
        schema: the model.
        value: the value.
        request_in: returns the request that finds the object in a partition, and raises an error if there is none; or
            creates it if no error is given.
        of_pk: the partition of the primary key of a new object, if it is given.
    """
    chosen = of_pk or value.home
    request_in(chosen, None)  # so that what is wrong with the arguments is raised at once

    def rounds() -> Rounds[R]:
        partition, last = (yield from _claimed_by(schema, value)) or chosen, None
        for _ in range(MAX_TRIES):
            try:
                (result,) = yield [request_in(partition, None if of_pk in {None, partition} else Gone())]
            except Gone:
                partition = chosen
            except UniquenessError as error:
                refusal = (partition, error.field, error.owner)
                if refusal == last:  # it is not about an object that was created meanwhile
                    raise
                partition, last = (yield from _claimed_by(schema, value)) or partition, refusal
            else:
                found: R = result
                return found
        msg = f"{schema.name}: other processes gave {value.text!r} to objects of other partitions in {MAX_TRIES} tries"
        raise ServerError(msg)

    return Scattered(rounds, subject=schema, readonly=False)


def _claimed_by(schema: Any, value: UniqueValue) -> Rounds[Partition | None]:
    """Returns the partition that has claimed a value, if one has."""
    while True:
        (numbers,) = yield [look_up(value.home, [value])]
        if numbers is not None:
            return None if numbers[0] is None else schema.keys.partitions[numbers[0]]
        yield from restore(schema)
