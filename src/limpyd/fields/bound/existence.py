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
    if any(one._schema.has_unsure_objects for one in instances):
        from limpyd.fields.bound import scripted_reads  # noqa: PLC0415 - few refer to objects that expire

        if len(request.args) <= MAX_PASSED_ON:
            return scripted_reads.settled_read_of(instances, key, request)
        request = scripted_reads.read_after_sweeps(instances, request)
    request.followups = tuple(check for instance in instances for check in existence_checks(instance))
    if len(request.args) <= MAX_PASSED_ON:
        request.transactional = lambda: object_requests.read_existing(instances, key, request)
    return request


def existence_checks(instance: Any) -> tuple[Request[Any], ...]:
    """The questions whether the object of an instance exists, to be sent right after another request.

    Raises (from the replies):
        DoesNotExist: it does not, or its deadline is over.
    """
    check = _membership(instance)
    if not instance._schema.objects_expire:
        return (check,)
    from limpyd.fields.bound.deadline_checks import deadline_checks  # noqa: PLC0415 - few models have deadlines

    schema, pk = instance._schema, instance._pk_bytes

    def refuse_expired(_: Any) -> None:
        raise refusal(schema, [b"gone"], pk)

    return (check, *deadline_checks(schema, schema.keys.partition(pk), pk, refuse_expired))


def existence_check(instance: Any) -> Request[None]:
    """The same, in one request."""
    schema, pk = instance._schema, instance._pk_bytes
    if not (schema.objects_expire or schema.has_unsure_objects):
        return _membership(instance)
    pks = schema.keys.partition(pk).pks
    read: Request[None] = Request(("EXISTS", pks), lambda _: None)
    if schema.has_unsure_objects:
        return require_existing(read, pks, [instance])
    return object_requests.read_existing([instance], pks, read)


def _membership(instance: Any) -> Request[None]:
    schema, pk = instance._schema, instance._pk_bytes

    def decode(found: int) -> None:
        if not found:
            raise refusal(schema, [b"gone"], pk)
        instance._mark_existing()

    partition = schema.keys.partition(pk)
    return Request(("SISMEMBER", partition.pks, pk), decode, readonly=True, may_be_stale=True, subject=schema)
