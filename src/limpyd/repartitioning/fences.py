"""The requests that close a model and its partitions to writes, and open them: one function for each Lua file.

Each may be sent again: a second execution changes nothing. They take the model as it is while objects move
(`schemas.while_moving`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from limpyd.indexes.maintenance.refused_places import different_partitions
from limpyd.indexes.maintenance.requests import new_epoch
from limpyd.indexes.maintenance.trusted_reads import TRUSTED
from limpyd.keys import Partition
from limpyd.lua.script import Script, evalsha
from limpyd.requests.request import Argument, Request
from limpyd.requests.scattered import Pause, Rounds, Scattered
from limpyd.schema.schema import Schema

BEGIN = Script("begin_moving")
FENCE = Script("fence")
SETTLE = Script("settle")
END = Script("end_moving")

NOTICED = 2 * TRUSTED
"""The seconds after which no process trusts any more that the objects have not moved, also one whose clock is slow."""


def begin(schema: Schema, *, in_use: bool, has_references: bool) -> Request[tuple[bytes, int]]:
    """Has the record say that the objects of a model move to the declared number of partitions, if it is less by now.

    Returns the record, which is empty if nothing is known of the model, and the former number while objects move.

    Args:
        schema: the model.
        in_use: whether it may be in use meanwhile.
        has_references: whether it has to be; then nothing begins if it has one partition.

    Raises (from the reply):
        DifferentPartitions: they are in more partitions, in those of another model, or being moved to another number.
    """
    root, count = schema.keys.root, schema.keys.count

    def decode(reply: list[Any]) -> tuple[bytes, int]:
        recorded, before = reply
        if recorded == b"1" and has_references:
            return recorded, before
        if recorded not in {b"", b"%d" % count, b"-%d" % count, b"-%d %d" % (count, before)}:
            raise different_partitions(schema.name, b"%d" % count, recorded)
        return recorded, before

    return _asked(BEGIN, schema, (root.pks, root.meta), (count, new_epoch(), int(in_use), int(has_references)), decode)


class Declared(NamedTuple):
    """The declarations that any process has ever made of the objects of a partition.

    Attributes:
        is_referred: true if other models refer to them.
        claimed: the names in the catalog of the indexes whose values are unique over partitions.
    """

    is_referred: bool
    claimed: frozenset[bytes]


def declared(schema: Schema, partition: Partition) -> Request[Declared]:
    """Returns what has ever been declared of the objects of a partition (HKEYS)."""

    def decode(names: list[bytes]) -> Declared:
        return Declared(b":references" in names, frozenset(name for name in names if name.startswith(b"uniq:")))

    return Request((b"HKEYS", partition.meta), decode, readonly=True, subject=schema)


def fence(schema: Schema, partition: Partition, before: int) -> Request[tuple[int, float]]:
    """Closes a partition; returns the number in its catalog, and the seconds since it was closed."""
    args = (before, schema.keys.count, new_epoch(), int(schema.claimed_index is not None))
    keys = (partition.meta, partition.history)
    return _asked(FENCE, schema, keys, args, lambda reply: (reply[0], reply[1] / 1000))


def pause(schema: Schema, seconds: float) -> Request[None]:
    """Waits."""

    def rounds() -> Rounds[None]:
        yield Pause(seconds)

    return Scattered(rounds, subject=schema)


def settle(schema: Schema, partition: Partition, counter: int | None) -> Request[int]:
    """Opens a partition, whose counter of primary keys is at least the given number from now on."""
    least = b"" if counter is None else counter
    keys, args = (partition.seq, partition.meta), (least, schema.keys.count, new_epoch())
    return _asked(SETTLE, schema, keys, args, int).assuming(schema.maintenance.at(partition).declared)


def end(schema: Schema, record: bytes, before: int) -> Request[bool]:
    """Records the declared number in place of the record while objects move; returns whether that is the record now."""
    root, count = schema.keys.root, schema.keys.count
    args = (count, new_epoch(), before, record)
    return _asked(END, schema, (root.pks, root.meta, root.seq), args, lambda reply: reply == b"%d" % count)


def counter(schema: Schema, partition: Partition) -> Request[int | None]:
    """Returns the last automatic primary key of a partition, if there is one (GET)."""

    def decode(found: bytes | None) -> int | None:
        return int(found) if found and found.isdigit() else None

    return Request((b"GET", partition.seq), decode, readonly=True, subject=schema)


def _asked(
    script: Script, schema: Schema, keys: Sequence[bytes], args: Sequence[Argument], decode: Any
) -> Request[Any]:
    return Request(evalsha(script, keys, args), decode, readonly=True, script=script, subject=schema)
