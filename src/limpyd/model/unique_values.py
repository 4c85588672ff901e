"""Requests on the one object that has a value which is unique over partitions, or is to be created with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from limpyd.claims.requests import InTheWay, look_up, verify
from limpyd.claims.restoring import restore
from limpyd.claims.unique_value import UniqueValue
from limpyd.exceptions import LimpydError, ServerError, UniquenessError
from limpyd.keys import Partition, to_bytes
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
    chosen = of_pk or schema.keys.creating(value.text)
    request_in(chosen, None)  # so that what is wrong with the arguments is raised at once

    def rounds() -> Rounds[R]:
        partition, last = (yield from _claimed_by(schema, value)) or chosen, None
        for _ in range(MAX_TRIES):
            may_create = schema.keys.mints_in(partition) if of_pk is None else partition is of_pk
            try:
                (result,) = yield [request_in(partition, None if may_create else Gone())]
            except Gone:
                partition = chosen
            except UniquenessError as error:
                refusal = (partition, error.field, error.owner)
                if refusal == last:  # it is not about an object that was created meanwhile
                    raise
                of_owner = _of_owner(schema, value, error)
                partition, last = of_owner or (yield from _claimed_by(schema, value)) or partition, refusal
            else:
                found: R = result
                return found
        msg = f"{schema.name}: other processes gave {value.text!r} to objects of other partitions in {MAX_TRIES} tries"
        raise ServerError(msg)

    return Scattered(rounds, subject=schema, readonly=False)


def _of_owner(schema: Any, value: UniqueValue, error: UniquenessError) -> Partition | None:
    """Returns the partition of the object that has a value, by the error that names it; None if that names another one.

    While objects move, a claim may name a partition that has given the object away.
    """
    if error.owner is None or error.field != schema.index_at(value.index_in(schema.keys.first)).field_names:
        return None
    partition: Partition = schema.keys.partition(to_bytes(error.owner))
    return partition


def _claimed_by(schema: Any, value: UniqueValue) -> Rounds[Partition | None]:
    """Returns the partition that has claimed a value, if one has."""
    while True:
        (numbers,) = yield [look_up(value.home, [value])]
        if numbers is None:
            yield from restore(schema)
        elif numbers[0] is None:
            return None
        else:
            return (yield from _holder(schema, value, numbers[0]))


def _holder(schema: Any, value: UniqueValue, number: int) -> Rounds[Partition | None]:
    """Returns the partition that has a value by the claim of one; None if none of several has it."""
    holders: list[Partition] = schema.keys.holders(number)
    if len(holders) == 1 and schema.keys.mints_in(holders[0]):
        return holders[0]
    claim = InTheWay(is_old=False, number=number, nonce=b"", time=0)
    owners = yield [verify(holder, [(value, claim)]) for holder in holders]
    return next((holder for holder, (owner,) in zip(holders, owners, strict=True) if owner is not None), None)
