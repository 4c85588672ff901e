"""The request that updates an object, or creates it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from limpyd.exceptions import LimpydError
from limpyd.keys import Partition
from limpyd.lua.script import Script
from limpyd.requests.request import Request
from limpyd.scripts.error_mapping import Model, refusal
from limpyd.scripts.object_requests import NewObject, checked_creation, claims_within_write, object_args, scripted
from limpyd.scripts.python_transforms import answer
from limpyd.scripts.queries import Search, with_references
from limpyd.scripts.query_values import Arguments
from limpyd.scripts.updates import Assigned, Fields

UPDATE_OR_CREATE = Script("update_or_create")


def update_or_create(
    model: Model,
    partition: Partition,
    search: Search,
    assigned: Sequence[Assigned],
    version: bytes | None,
    new: NewObject,
    absent: LimpydError | None = None,
    *,
    sought: str,
) -> Request[tuple[bytes, bool]]:
    """Gives the only object that matches new values, or creates one; returns its primary key, and True if it is new.

    Args:
        model: the model.
        partition: the partition.
        search: the query.
        assigned: the new values.
        version: the sub-key of the version, if the model has one.
        new: the object to create.
        absent: the error to raise if there is none, instead of creating it.
        sought: the filters, for messages.

    Raises (from the reply):
        MultipleObjectsReturned: several match.
        UniquenessError: the primary key or a unique value belongs to another object.
        InvalidValue: an index cannot store a new value, or it cannot be computed.
    """
    fields = Fields(model, partition, version)
    values = fields.values(assigned, None)
    claims = fields.claims()

    def decode(reply: list[Any]) -> tuple[bytes, bool]:
        if reply[0] == b"ok":
            return reply[1], bool(reply[2])
        if reply[0] == b"at":
            raise refusal(model, reply[2], reply[1], claims)
        if reply[0] == b"gone" and absent is not None:
            raise absent
        raise refusal(model, reply, new.pk, [*claims, *new.claimed()], sought=sought)

    body = Arguments()
    search.node.add_to(body)
    query = with_references([], body)
    args = (*query, *fields.args(), *values, len(claims) if absent is None else b"", *object_args(partition, new))
    keys = (partition.pks, partition.seq if new.pk is None else partition.pks, *search.elsewhere)
    request = scripted(UPDATE_OR_CREATE, keys, args, decode, model, retry_with=answer)
    request = request.assuming(model.maintenance.at(partition).declared, *claims_within_write(model, partition, new))
    return checked_creation(request, model, partition, new.pk)
