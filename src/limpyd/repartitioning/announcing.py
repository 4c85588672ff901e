"""The requests that change the records of partitions whose objects move while the model is in use.

Each may be sent again: a second execution changes nothing. They take the model as movers see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from limpyd.indexes.maintenance.requests import new_epoch
from limpyd.keys import Partition
from limpyd.keys.moving import Move
from limpyd.lua.script import Script, evalsha
from limpyd.requests.request import Argument, Request
from limpyd.schema.schema import Schema

ANNOUNCE = Script("announce")
CHANGE = Script("change_record")

SLICES = 64
"""The most slices of the objects of a partition."""
IN_SLICE = 500
"""About how many objects a slice has, if there are few."""


class Announced(NamedTuple):
    """The state of a partition after a move was announced.

    Attributes:
        record: its record.
        seconds: the time since the move was announced there.
        counter: the last automatic primary key; None if there is none.
    """

    record: bytes
    seconds: float
    counter: int | None


def announce(
    schema: Schema, partition: Partition, move: Move, slices: int | None = None, least: int | None = None
) -> Request[Announced]:
    """Notes in the catalog of a partition that objects move from it, or to it.

    Args:
        schema: the model.
        partition: the partition.
        move: the move.
        slices: the number of slices, in a partition that gets objects; None in one that gives them, which decides.
        least: the least number that the counter of primary keys has from now on.
    """
    args: list[Argument] = [move.before, move.to, new_epoch(), b"" if slices is None else slices]
    args += [b"" if least is None else least, IN_SLICE, SLICES, int(schema.claimed_index is not None)]

    def decode(reply: list[Any]) -> Announced:
        record, milliseconds, counter = reply
        return Announced(record, milliseconds / 1000, int(counter) if counter.isdigit() else None)

    return _asked(ANNOUNCE, schema, (partition.meta, partition.pks, partition.seq, partition.history), args, decode)


def change(schema: Schema, partition: Partition, record: bytes, to: bytes) -> Request[bytes]:
    """Changes the record of a partition, if it is as expected; returns it as it is then."""
    return _asked(CHANGE, schema, (partition.meta,), (record, to, new_epoch()), bytes)


def record_of(schema: Schema, partition: Partition) -> Request[bytes]:
    """Returns the record of a partition; empty if there is none (HGET)."""
    args = (b"HGET", partition.meta, b":partitions")
    return Request(args, lambda found: found or b"", readonly=True, subject=schema)


def next_in(counter: int | None, first: int, step: int) -> int | None:
    """Returns the least number of a partition that is not less than a counter."""
    return None if counter is None else max(first, counter + (first - counter) % step)


def _asked(
    script: Script, schema: Schema, keys: Sequence[bytes], args: Sequence[Argument], decode: Any
) -> Request[Any]:
    return Request(evalsha(script, keys, args), decode, readonly=True, script=script, subject=schema)
