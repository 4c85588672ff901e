"""Lookups of exactly one object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from limpyd.exceptions import DoesNotExist, MultipleObjectsReturned
from limpyd.fields.declaration.single_value import SingleValueField
from limpyd.requests.request import Request
from limpyd.scripts.queries import NONE

T = TypeVar("T")


def names_of_one_value(schema: Any) -> tuple[str, ...]:
    """Returns the names of the primary key, `pk`, and of the fields of one value."""
    return "pk", *(name for name, field in schema.value_fields.items() if isinstance(field, SingleValueField))


def exactly_one(
    found: Request[list[T]], only: Callable[[], Request[Any]], none: Callable[[], str], several: Callable[[], str]
) -> Request[T]:
    """The request for the one object among those that another finds.

    Args:
        found: finds up to two.
        only: gives the request that finds the one in a transaction, which fails if there is not exactly one.
        none: gives the message if there is none.
        several: gives the message if there are several.

    Raises (from the reply):
        DoesNotExist: there is none.
        MultipleObjectsReturned: there are several.
    """

    def decode(reply: Any) -> T:
        if not reply or reply == NONE:
            raise DoesNotExist(none())
        if len(reply) > 1:  # of them, or the word for it
            raise MultipleObjectsReturned(several())
        item: T = reply[0]
        return item

    request = found.then(decode)
    if request.args:
        request.transactional = lambda: only().then(decode)
    return request


def the_one(found: Request[list[T]], only: Callable[[], Request[Any]], asked: object) -> Request[T]:
    """The same of what a collection asks for. Raises as `exactly_one`."""
    return exactly_one(
        found,
        only,
        lambda: f"nothing matches {asked!r}",
        lambda: f"several objects match {asked!r}; get returns one",
    )
