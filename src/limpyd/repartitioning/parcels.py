"""The requests that bring objects to another partition: one function for each Lua file, which documents the arguments.

Each may be sent again: a second execution changes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

from limpyd.exceptions import LimpydError, MoveConflict
from limpyd.indexes.maintenance.declarations import declared_indexes
from limpyd.indexes.maintenance.requests import new_epoch
from limpyd.keys import Partition, to_text
from limpyd.lua.script import Script, evalsha
from limpyd.migrations.migration_plan import index_args
from limpyd.requests.request import Argument, Request
from limpyd.schema.schema import Schema
from limpyd.scripts.error_mapping import refusal
from limpyd.scripts.python_transforms import answer

PACK = Script("pack_parcel")
UNPACK = Script("unpack_parcel")
DROP = Script("drop_parcel")

OBJECTS = 100
"""The most objects of a parcel."""
BYTES = 1_000_000
"""The bytes after which no more objects are added to a parcel."""
NONCE, NONCES, OBJECT = b"nonce", b"nonces:", b"object:"


class Parcel(NamedTuple):
    """Objects on their way to another partition.

    Attributes:
        nonce: the random text that tells it from other parcels on the same way.
        objects: for each object its primary key, its contents and the nonces of its claims.
    """

    nonce: bytes
    objects: list[bytes]


class Arrived(NamedTuple):
    """The result of adding the objects of a parcel.

    Attributes:
        objects: how many were added.
        unindexed: the primary keys of those that an index refused, each with the error.
    """

    objects: int
    unindexed: list[tuple[str, LimpydError]]


def pack(
    source: Schema, old: Partition, new: Partition, pks: Sequence[bytes], *, in_use: bool
) -> Request[Parcel | None]:
    """Packs some of the objects with the given primary keys, or returns the parcel that is on the way already.

    Args:
        source: the model as it has the old number of partitions.
        old: the partition that has the objects.
        new: the partition where they belong.
        pks: their primary keys.
        in_use: whether the model is in use, so that claims have to name the new partition at once.

    Returns the request for the parcel; None if there are no such objects any more.
    """
    home: Argument = new.number if in_use else b""
    args: list[Argument] = [old.prefix, old.meta, os.urandom(8), BYTES, home, len(pks), *pks]
    args += _all_indexes(source, old)

    def decode(reply: list[Any]) -> Parcel | None:
        if reply[0] != b"ok":
            raise refusal(source, reply, None, who=f"the move of {source.name}")
        found = dict(zip(reply[1][::2], reply[1][1::2], strict=True))
        nonce = found.pop(NONCE, None)
        objects: list[bytes] = []
        for name, contents in found.items():
            if name.startswith(OBJECT):
                pk = name.removeprefix(OBJECT)
                objects += (pk, contents, found.get(NONCES + pk, b""))
        return None if nonce is None else Parcel(nonce, objects)

    request = _asked(PACK, source, (old.pks, old.parcel(new)), args, decode)
    return request.assuming(source.maintenance.at(old).declared)


def unpack(target: Schema, new: Partition, parcel: Parcel) -> Request[Arrived]:
    """Adds the objects of a parcel to the partition where they belong.

    Raises (from the reply):
        MoveConflict: a key of an object exists there already.
        ServerError: the server refuses a command.
    """
    indexes = target.maintenance.at(new)
    names = list(dict.fromkeys(index.name for index in indexes.indexes))
    args: list[Argument] = [new.prefix, new_epoch(), len(names), *names, len(parcel.objects), *parcel.objects]
    args += _all_indexes(target, new)

    def decode(reply: list[Any]) -> Arrived:
        if reply[0] == b"both":
            msg = (
                f"{target.name}: objects are not moved, because the key {to_text(reply[1])!r} exists already, and "
                "belongs to no object. Delete it, and repartition the model again"
            )
            raise MoveConflict(msg)
        if reply[0] != b"ok":
            raise refusal(target, reply, None, who=f"the move of {target.name}")
        pks, outcomes = reply[2][::2], reply[2][1::2]
        return Arrived(
            reply[1],
            [(to_text(pk), refusal(target, outcome, pk)) for pk, outcome in zip(pks, outcomes, strict=True)],
        )

    return _asked(UNPACK, target, (new.pks, new.meta), args, decode).assuming(indexes.declared)


def drop(source: Schema, old: Partition, new: Partition, parcel: Parcel) -> Request[int]:
    """Removes a parcel whose objects have arrived, unless it is another one by now."""
    request = _asked(DROP, source, (old.parcel(new),), (parcel.nonce,), int)
    return request.assuming(source.maintenance.at(old).declared)


def _all_indexes(schema: Schema, partition: Partition) -> tuple[Argument, ...]:
    return index_args(schema, partition, {index.field_index for index in declared_indexes(schema, partition)})


def _asked(
    script: Script, schema: Schema, keys: Sequence[bytes], args: Sequence[Argument], decode: Any
) -> Request[Any]:
    request = Request(evalsha(script, keys, args), decode, readonly=True, script=script, subject=schema)
    request.retry_with = answer
    return request
