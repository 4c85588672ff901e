"""The requests that copy objects: one function for each Lua file, which documents the arguments.

Each may be sent again: a second execution changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

DIGEST = Script("digest_objects")
PACK = Script("pack_objects")
ADD = Script("add_copies")
REMOVE = Script("remove_copies")
PREPARE = Script("prepare_partition")
OPEN = Script("open_partition")

FOUND = 200
"""About how many objects a step finds."""
BYTES = 1_000_000
"""The bytes after which a step packs no more objects."""


class Copy(NamedTuple):
    """An object on its way: its primary key, the digest and the contents."""

    pk: bytes
    digest: bytes
    contents: bytes


class Added(NamedTuple):
    """The result of adding copies: how many were added, and the primary keys that an index refused, with the errors."""

    objects: int
    refused: list[tuple[bytes, LimpydError]]


def digests(origin: Schema, partition: Partition, cursor: bytes) -> Request[tuple[bytes, list[tuple[bytes, bytes]]]]:
    """Returns the next cursor, and some primary keys, each with the digest of its object."""
    args = [partition.prefix, partition.meta, cursor, FOUND, *index_args(origin, partition, set())]

    def decode(reply: list[Any]) -> tuple[bytes, list[tuple[bytes, bytes]]]:
        found = _checked(origin, reply)[2]
        return reply[1], list(zip(found[::2], found[1::2], strict=True))

    return _reading(DIGEST, origin, partition, args, decode)


def pack(origin: Schema, partition: Partition, pks: Sequence[bytes]) -> Request[tuple[int, list[Copy]]]:
    """Returns how many of the primary keys were looked at, from the first one on, and copies of those objects."""
    own = index_args(origin, partition, set())
    args = [partition.prefix, partition.meta, BYTES, len(pks), *pks, *own]

    def decode(reply: list[Any]) -> tuple[int, list[Copy]]:
        packed = _checked(origin, reply)[2]
        return reply[1], list(map(Copy, packed[::3], packed[1::3], packed[2::3]))

    return _reading(PACK, origin, partition, args, decode)


def known_keys(origin: Schema, partition: Partition) -> Request[bytes | None]:
    """Returns all keys of objects that any process has declared, as the catalog has them (HGET)."""
    return Request((b"HGET", partition.meta, b":keys"), _as_it_is, readonly=True, subject=origin)


def prepare(destination: Schema, partition: Partition, record: bytes, keys: Sequence[bytes]) -> Request[int]:
    """Prepares a partition for objects that arrive.

    Args:
        destination: the model.
        partition: the partition.
        record: the record that the partition must have.
        keys: for each partition of the origin the prefix of its keys, and the keys as its catalog has them.
    """
    has_claims = int(destination.claimed_index is not None)
    args = evalsha(PREPARE, (partition.meta, partition.history), (record, has_claims, partition.prefix, *keys))
    return Request(args, int, readonly=True, script=PREPARE, subject=destination)


def count(destination: Schema, partition: Partition) -> Request[int]:
    """Returns the number of copies in a partition (HLEN)."""
    return Request((b"HLEN", partition.copied), int, readonly=True, subject=destination)


def noted(destination: Schema, partition: Partition, pks: Sequence[bytes]) -> Request[list[bytes | None]]:
    """Returns the digests that are noted of some copies (HMGET)."""
    return Request((b"HMGET", partition.copied, *pks), list, readonly=True, subject=destination)


def add(destination: Schema, partition: Partition, copies: Sequence[Copy], *, is_last: bool) -> Request[Added]:
    """Adds copies to the partition where they belong.

    Args:
        destination: the model.
        partition: the partition.
        copies: the copies.
        is_last: true to add those that an index refuses, too, without index entries.

    Raises (from the reply):
        MoveConflict: a key of an object exists there already.
        ServerError: the server refuses a command.
    """
    names = list(dict.fromkeys(index.name for index in destination.maintenance.at(partition).indexes))
    texts = [text for copy in copies for text in copy]
    args: list[Argument] = [partition.prefix, new_epoch(), int(is_last), len(names), *names, len(texts), *texts]

    def decode(reply: list[Any]) -> Added:
        if reply[0] == b"both":
            msg = (
                f"{destination.name}: objects are not copied, because the key {to_text(reply[1])!r} exists already at "
                "their destination, and belongs to no object. Delete it, and migrate the model again"
            )
            raise MoveConflict(msg)
        refused = _checked(destination, reply)[2]
        return Added(
            reply[1],
            [(pk, refusal(destination, why, pk)) for pk, why in zip(refused[::2], refused[1::2], strict=True)],
        )

    return _writing(ADD, destination, partition, [*args, *_all_indexes(destination, partition)], decode)


def remove(destination: Schema, partition: Partition, pks: Sequence[bytes]) -> Request[None]:
    """Removes copies."""

    def decode(reply: list[Any]) -> None:
        _checked(destination, reply)

    args = [len(pks), *pks, *_all_indexes(destination, partition)]
    return _writing(REMOVE, destination, partition, args, decode)


def open_partition(destination: Schema, partition: Partition, counter: int | None, token: bytes) -> Request[int]:
    """Opens a partition, whose counter of primary keys is the given number from now on."""
    args = (b"" if counter is None else counter, destination.keys.count, token, new_epoch())
    keys = (partition.seq, partition.meta, partition.copied)
    request = Request(evalsha(OPEN, keys, args), int, readonly=True, script=OPEN, subject=destination)
    return request.assuming(destination.maintenance.at(partition).declared)


def by_partition(schema: Schema, found: Mapping[bytes, Any]) -> dict[Partition, list[bytes]]:
    """Returns primary keys by the partitions where their objects belong."""
    belonging: dict[Partition, list[bytes]] = {}
    for pk in found:
        belonging.setdefault(schema.keys.partition(pk), []).append(pk)
    return belonging


def _checked(schema: Schema, reply: list[Any]) -> list[Any]:
    if reply[0] != b"ok":
        raise refusal(schema, reply, None, who=f"the move of {schema.name}")
    return reply


def _all_indexes(schema: Schema, partition: Partition) -> tuple[Argument, ...]:
    return index_args(schema, partition, {index.field_index for index in declared_indexes(schema, partition)})


def _reading(
    script: Script, origin: Schema, partition: Partition, args: Sequence[Argument], decode: Any
) -> Request[Any]:
    return Request(evalsha(script, (partition.pks,), args), decode, readonly=True, script=script, subject=origin)


def _writing(
    script: Script, destination: Schema, partition: Partition, args: Sequence[Argument], decode: Any
) -> Request[Any]:
    keys = (partition.pks, partition.meta, partition.copied)
    request = Request(evalsha(script, keys, args), decode, readonly=True, script=script, subject=destination)
    request.retry_with = answer
    return request.assuming(destination.maintenance.at(partition).declared)


def _as_it_is(reply: Any) -> Any:
    return reply
