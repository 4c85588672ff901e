"""Reads that raise an error unless their objects exist."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from limpyd.requests.request import Request
from limpyd.scripts import object_requests
from limpyd.scripts.error_mapping import refusal

R = TypeVar("R")

MAX_PASSED_ON = 7000
"""The most arguments that a script can pass on to a command."""


def require_existing(request: Request[R], key: bytes, instances: Sequence[Any]) -> Request[R]:
    """Makes a read raise `DoesNotExist` unless some objects exist; the question is sent right after it, in one packet.

    Args:
        request: the read.
        key: the key that it reads, or the first of them.
        instances: those of the objects.
    """
    instances = list({id(one): one for one in instances}.values())
    request.followups = tuple(map(existence_check, instances))
    if len(request.args) <= MAX_PASSED_ON:
        request.transactional = lambda: object_requests.read_existing(instances, key, request)
    return request


def existence_check(instance: Any) -> Request[None]:
    """Asks whether the object of an instance exists.

    Raises (from the reply):
        DoesNotExist: it does not.
    """
    schema, pk = instance._schema, instance._pk_bytes

    def decode(found: int) -> None:
        if not found:
            raise refusal(schema, [b"gone"], pk)
        instance._mark_existing()

    partition = schema.keys.partition(pk)
    return Request(("SISMEMBER", partition.pks, pk), decode, readonly=True, may_be_stale=True, subject=schema)
