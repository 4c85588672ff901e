"""The request that sets the deadline of an object under a condition."""

from __future__ import annotations

from typing import Any

from limpyd.keys import Partition, key_from_template
from limpyd.lua.script import Script
from limpyd.requests.request import Request
from limpyd.scripts.error_mapping import Model, refusal
from limpyd.scripts.object_requests import scripted
from limpyd.scripts.writes import WriteStep, step_args

SET_DEADLINE = Script("set_deadline")


def set_deadline(field: Any, partition: Partition, pk: bytes, condition: str, deadline: bytes) -> Request[bool]:
    """Sets the deadline of an object if a condition is met, and returns whether it is.

    Args:
        field: the field.
        partition: the partition of the object.
        pk: its primary key.
        condition: NX, XX, GT or LT.
        deadline: the deadline in milliseconds since 1970, or from now.

    Raises (from the reply):
        DoesNotExist: the object was deleted, or has expired.
    """
    model: Model = field.model
    step = WriteStep(field.name, field.layout_in(partition), "HSET", (field.sub, deadline))

    def decode(reply: list[Any]) -> bool:
        if reply[0] == b"ok":
            return bool(reply[1])
        raise refusal(model, reply, pk, command="HSET")

    key = key_from_template(partition.hash_prefix, pk)
    args = (pk, condition, key, field.sub, deadline, *step_args([step]))
    request = scripted(SET_DEADLINE, (partition.pks,), args, decode, model, subject=field, name="expire")
    return request.assuming(model.maintenance.at(partition).declared)
