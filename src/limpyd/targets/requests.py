"""The requests of checks of targets: one function for each Lua file, which documents the arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from limpyd.keys import Partition
from limpyd.lua.script import Script, evalsha
from limpyd.requests.in_place import in_place
from limpyd.requests.request import Argument, Request

CHECK = Script("check", flags="no-writes")
RAISE_AND_CHECK = Script("check")
"""The same that may also raise the clock."""
RECORD = Script("record")

State = bool | bytes
"""Whether an object exists; the record of its deletion if it is about to be deleted."""


class Checked(NamedTuple):
    """The states of objects at a time of the clock of their partition."""

    time: int
    states: list[State]


def check(model: Any, partition: Partition, pks: Sequence[bytes], at_least: int = 0) -> Request[Checked]:
    """Looks at whether objects of a partition exist, at a time that is not before `at_least`."""

    def decode(reply: list[Any]) -> Checked:
        time, *states = reply
        return Checked(time, [state if isinstance(state, bytes) else bool(state) for state in states])

    script = RAISE_AND_CHECK if at_least else CHECK
    args = evalsha(script, (partition.pks, partition.closing, partition.clock), (at_least, *pks))
    return in_place(Request(args, decode, readonly=True, script=script, subject=model), model, partition)


def record(model: Any, target: Any, partition: Partition) -> Request[int]:
    """Records the references of a model to another one in a catalog of that; returns how many were new."""
    args = evalsha(RECORD, (partition.meta,), model.references_to(target))
    return in_place(Request(args, int, readonly=True, script=RECORD, subject=target), target, partition)


def bars(model: Any, holder: Partition, partitions: Sequence[Partition]) -> Request[list[int]]:
    """Returns the times before which checks of some partitions are void in a partition of holders (HMGET)."""
    args: tuple[Argument, ...] = ("HMGET", holder.barred, *(partition.tag for partition in partitions))
    return Request(args, lambda reply: [int(time or 0) for time in reply], readonly=True, subject=model)
