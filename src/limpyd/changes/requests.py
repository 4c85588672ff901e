"""The requests that read a feed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from limpyd.changes.change import Change
from limpyd.changes.entries import changes
from limpyd.changes.origins import Origin
from limpyd.changes.positions import EVERYTHING, NOTHING
from limpyd.exceptions import ChangesLost
from limpyd.keys import Partition, to_bytes
from limpyd.lua.script import Script, evalsha
from limpyd.requests.request import Request

FIRST = Script("first_changes")
TAKE = Script("take_changes")
FINISHED = Script("is_finished")
ACKNOWLEDGE = Script("acknowledge")
DELETE_GROUP = Script("delete_group")


class Taken(NamedTuple):
    """The changes that a worker of a group got.

    Attributes:
        partition: their partition.
        last: the id of the entry after which none was given to anybody yet.
        lost: the id of an entry that was trimmed before it was acknowledged, or after which some were; else None.
        changes: the changes.
        has_looked_enough: true if all that it looked at belongs to other workers, and there may be more.
        held: what the group has to finish before it is given more of this partition (see limpyd.changes.origins); empty
            if nothing.
    """

    partition: Partition
    last: bytes
    lost: bytes | None
    changes: list[Change]
    has_looked_enough: bool
    held: bytes


def read(model: Any, partition: Partition, last: bytes, count: int) -> Request[list[Change]]:
    """Returns the changes after a position, oldest first (XRANGE; a script if there was no entry before).

    Raises (from the reply):
        ChangesLost: the entry is not there any more, so some after it may be missing; or the first ones are not.
    """
    if last == NOTHING:
        return _first(model, partition, count)

    def decode(entries: list[Any]) -> list[Change]:
        if last == EVERYTHING:
            return changes(model, partition, entries)
        if not entries or entries[0][0] != last:
            raise ChangesLost(model.name, model.feed.name, last.decode())
        return changes(model, partition, entries[1:])

    begins = last == EVERYTHING
    args = ("XRANGE", partition.changes, "-" if begins else last, "+", "COUNT", count if begins else count + 1)
    return _asked(model, partition, Request(args, decode, readonly=True, subject=model))


def _first(model: Any, partition: Partition, count: int) -> Request[list[Change]]:
    """Returns the first changes, for a reader who knows that there were none (see changes/first_changes.lua)."""

    def decode(reply: list[Any]) -> list[Change]:
        if reply[0]:
            raise ChangesLost(model.name, model.feed.name, NOTHING.decode())
        return changes(model, partition, reply[1])

    script = FIRST
    args = evalsha(script, (partition.changes,), (count,))
    return _asked(model, partition, Request(args, decode, readonly=True, script=script, subject=model))


def newest(model: Any, partition: Partition) -> Request[tuple[int, bytes]]:
    """Returns the number of a partition, and the id of the last entry; `0-0` if there is none (XREVRANGE)."""

    def decode(entries: list[Any]) -> tuple[int, bytes]:
        return partition.number, entries[0][0] if entries else NOTHING

    args = ("XREVRANGE", partition.changes, "+", "-", "COUNT", 1)
    return _asked(model, partition, Request(args, decode, readonly=True, subject=model))


def wait(model: Any, partition: Partition, last: bytes, milliseconds: int) -> Request[bool]:
    """Waits for an entry after another one, and returns whether there is one (XREAD with BLOCK).

    Args:
        model: the model.
        partition: its only partition.
        last: the other entry.
        milliseconds: for how long; 0 for as long as it takes.
    """
    args = ("XREAD", "COUNT", 1, "BLOCK", milliseconds, "STREAMS", partition.changes, last)
    return Request(args, bool, readonly=True, subject=model, blocking=True, timeout=milliseconds / 1000)


def take(model: Any, partition: Partition, settings: Sequence[Any], finished: bytes = b"") -> Request[Taken]:
    """Gives a worker of a group the next changes (see changes/take_changes.lua).

    Args:
        model: the model.
        partition: the partition.
        settings: the arguments of the script.
        finished: the origin that the group has finished, if the worker has just found that.
    """

    def decode(reply: list[Any]) -> Taken:
        last, lost, entries, has_looked_enough, held = reply
        return Taken(partition, last, lost, changes(model, partition, entries), bool(has_looked_enough), held)

    keys = (partition.changes, partition.readers(settings[0]), partition.feed_origin)
    request = Request(evalsha(TAKE, keys, (*settings, finished)), decode, readonly=True, script=TAKE, subject=model)
    return _asked(model, partition, request)


def is_finished(model: Any, origin: Origin, group: bytes) -> Request[bool]:
    """Returns whether a group has acknowledged all of a feed that comes first (see changes/is_finished.lua)."""
    keys, script = (model.keys.keys_of(origin.number).changes,), FINISHED
    args = evalsha(script, keys, (group, origin.last))
    return Request(args, bool, readonly=True, script=script, subject=model, name="changes")


def acknowledge(model: Any, group: bytes, worker: bytes, change: Change) -> Request[bool]:
    """Acknowledges a change; returns false if another worker has taken it over (see changes/acknowledge.lua)."""
    partition = model.keys.keys_of(change.partition)
    keys = (partition.changes, partition.readers(group))
    args = (group, worker, change.id, to_bytes(change.pk))
    script = ACKNOWLEDGE
    return Request(evalsha(script, keys, args), bool, readonly=True, script=script, subject=model, name="changes")


def delete_group(model: Any, partition: Partition, group: bytes) -> Request[bool]:
    """Deletes a group; returns whether there was one."""
    keys, script = (partition.changes, partition.readers(group)), DELETE_GROUP
    request = Request(evalsha(script, keys, (group,)), bool, readonly=True, script=script, subject=model)
    return _asked(model, partition, request)


def _asked(model: Any, partition: Partition, request: Request[Any]) -> Request[Any]:
    """Returns a request, sent only as long as the objects have not moved to another number of partitions."""
    return request.assuming(*model.maintenance.at(partition).built(()))
