"""The requests about all versions of a dynamic field of an object: one function per Lua file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from limpyd.keys import Partition
from limpyd.lua.arguments import IndexedField, packed
from limpyd.lua.script import Script
from limpyd.requests.request import Argument, Request
from limpyd.scripts.error_mapping import Model, refusal
from limpyd.scripts.object_requests import scripted
from limpyd.scripts.python_transforms import answer
from limpyd.scripts.settled import unless_settled
from limpyd.scripts.writes import Indexes

VERSIONS = Script("versions")
DELETE_VERSIONS = Script("delete_versions")


def versions(
    model: Model,
    partition: Partition,
    pk: bytes,
    field: bytes,
    must_exist: bool,
    cursor: bytes = b"",
    args: Sequence[Argument] = (),
) -> Request[tuple[bytes, list[bytes]]]:
    """Returns the parts of an object's versions with a value: all; or some, and the next cursor.

    Args:
        model: the model.
        partition: the partition.
        pk: the primary key of the object.
        field: the field (see lua/library/dynamic_parts.lua).
        must_exist: whether to check that the object exists.
        cursor: the cursor; empty for all parts at once.
        args: the options of SSCAN.

    Raises (from the reply):
        DoesNotExist: there is no such object.
    """

    def decode(reply: list[Any]) -> tuple[bytes, list[bytes]]:
        if reply[0] != b"ok":
            raise refusal(model, reply, pk)
        return reply[1], reply[2:]

    all_args = (pk, int(must_exist), field, cursor, *args)
    request = scripted(VERSIONS, (partition.pks,), all_args, decode, model, readonly=True)
    return request.assuming(*unless_settled(model, partition))


def delete_versions(
    model: Model, partition: Partition, pk: bytes, field: tuple[bytes, bytes, Indexes], found: Callable[[], None]
) -> Request[int]:
    """Removes all versions of a field of an object, and returns their number.

    Args:
        model: the model.
        partition: the partition.
        pk: the primary key of the object.
        field: the field (see lua/library/dynamic_parts.lua), how it is stored, and its indexes.
        found: called if the object exists.

    Raises (from the reply):
        DoesNotExist: there is no such object.
        TooManyChanges: the versions and their index entries are more than a step may change; nothing was removed.
    """

    def decode(reply: list[Any]) -> int:
        if reply[0] != b"ok":
            raise refusal(model, reply, pk)
        found()
        return int(reply[1])

    args = (pk, model.max_changes, *packed(IndexedField(*field)))
    request = scripted(DELETE_VERSIONS, (partition.pks,), args, decode, model, retry_with=answer)
    return request.assuming(model.maintenance.at(partition).declared)
