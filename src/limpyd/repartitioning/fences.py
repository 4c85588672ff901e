"""The requests that close a model and its partitions to writes, and open them: one function for each Lua file.

Each may be sent again: a second execution changes nothing. They take the model as it is while objects move
(`schemas.while_moving`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from limpyd.indexes.maintenance.requests import different_partitions, new_epoch
from limpyd.keys import Partition
from limpyd.lua.script import Script, evalsha
from limpyd.requests.request import Argument, Request
from limpyd.requests.scattered import Pause, Rounds, Scattered
from limpyd.schema.schema import Schema

BEGIN = Script("begin_moving")
FENCE = Script("fence")
SETTLE = Script("settle")
END = Script("end_moving")


def begin(schema: Schema) -> Request[tuple[int, int]]:
    """Has the record say that the objects of a model move to the declared number of partitions, if it is less by now.

    Returns the number on record, which is negative while objects move, and 0 if nothing is known of the model; and the
    former number.

    Raises (from the reply):
        DifferentPartitions: they are in more partitions, in those of another model, or being moved to another number.
    """
    root, count = schema.keys.root, schema.keys.count

    def decode(reply: list[Any]) -> tuple[int, int]:
        recorded, before = reply
        if recorded not in {b"", b"%d" % count, b"-%d" % count}:
            raise different_partitions(schema.name, b"%d" % count, recorded)
        return int(recorded or 0), before

    return _asked(BEGIN, schema, (root.pks, root.meta), (count, new_epoch()), decode)


def is_referred(schema: Schema, partition: Partition) -> Request[bool]:
    """Returns whether a model has ever been declared that refers to objects of a partition (HEXISTS)."""
    args = (b"HEXISTS", partition.meta, b":references")
    return Request(args, bool, readonly=True, subject=schema)


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


def end(schema: Schema, before: int) -> Request[int]:
    """Records the declared number; returns the number on record."""
    root = schema.keys.root
    return _asked(END, schema, (root.pks, root.meta, root.seq), (schema.keys.count, new_epoch(), before), int)


def counter(schema: Schema, partition: Partition) -> Request[int | None]:
    """Returns the last automatic primary key of a partition, if there is one (GET)."""

    def decode(found: bytes | None) -> int | None:
        return int(found) if found and found.isdigit() else None

    return Request((b"GET", partition.seq), decode, readonly=True, subject=schema)


def _asked(
    script: Script, schema: Schema, keys: Sequence[bytes], args: Sequence[Argument], decode: Any
) -> Request[Any]:
    return Request(evalsha(script, keys, args), decode, readonly=True, script=script, subject=schema)
