"""Reads in scripts that first remove what is over, where that may have to do with the objects that are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from limpyd.keys import Partition
from limpyd.requests.request import Request, merged
from limpyd.requests.step_results import Result
from limpyd.scripts.error_mapping import refusal
from limpyd.scripts.object_requests import READ, read_existing, scripted

R = TypeVar("R")


def settled_read_of(instances: Sequence[Any], key: bytes, request: Request[R]) -> Request[R]:
    """Returns a read of several objects in a script, which first removes what is over."""
    places = [(one._schema, one._schema.keys.partition(one._pk_bytes)) for one in instances]
    known = merged(schema.maintenance.at(partition).assumed(writes=False) for schema, partition in places)
    return read_existing(instances, key, request).assuming(*known)


def settled_look(request: Request[R], key: bytes, model: Any, partition: Partition) -> Request[R]:
    """Returns a read that needs no object in a script, which first removes what is over."""

    def decode(reply: list[Any]) -> R:
        if reply[0] == b"ok":
            return request.decode(reply[1])
        raise refusal(model, reply, None, command=request.args[0], needs=request.needs)

    look = scripted(READ, (key,), request.args, decode, model, subject=request.subject, readonly=True)
    look.result = Result(2, request.decode)
    return look.assuming(model.maintenance.at(partition).assumed(writes=False))


def read_after_sweeps(instances: Sequence[Any], request: Request[R]) -> Request[R]:
    """Returns a read with more arguments than a script can pass on, after the removal of what is over."""
    for schema, pk in {(one._schema, one._pk_bytes) for one in instances}:
        for sweep in schema.sweeps(schema.keys.partition(pk)):
            request = request.after(sweep)
    return request
