"""Reads of models with values that lapse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from limpyd.fields.bound.deadline_checks import lasting
from limpyd.fields.bound.existence import require_existing
from limpyd.fields.bound.scripted_reads import settled_read_of
from limpyd.requests.request import Argument, Request
from limpyd.server import Needs

R = TypeVar("R")


def read_of_lapsing(
    bound: Any, command: str, args: tuple[Argument, ...], decode: Callable[[Any], R], needs: Needs | None
) -> Request[R]:
    """Returns a read of a value that lapses, or of its deadline. Takes the arguments of `BoundValue._read`.

    The value of an entry of a hash is read at one moment with its deadline (HMGET). So what is removed meanwhile does
    not matter, and a replica can serve it.
    """
    key, field, instance = bound._key(), bound._field, bound._instance
    one = Request((*command.split(), key, *args), decode, readonly=True, subject=field, needs=needs)
    deadline = field.deadline
    if command != "HGET" or deadline is None or field.model.has_unsure_objects:
        return settled_read(one, key, instance)
    both: Request[R] = Request(
        ("HMGET", key, field.sub, deadline.sub), decode, readonly=True, may_be_stale=True, subject=field, name="HGET"
    )
    if not instance._checked:
        require_existing(both, key, [instance])
    both.transactional = lambda: settled_read(one, key, instance)

    def milliseconds(stored: bytes) -> int:
        try:
            return int(stored)
        except ValueError:
            moment: datetime = deadline.decode(stored, key, instance._pk_bytes)  # which says what is wrong
            return int(moment.timestamp() * 1000)

    return lasting(both, field.model.keys.partition(instance._pk_bytes), milliseconds)


def settled_read(request: Request[R], key: bytes, instance: Any) -> Request[R]:
    """Returns a read in a script, which first removes what is over."""
    return settled_read_of([instance], key, request)
