"""The partition whose turn it is to get the next new object, and the partition that a hash tag names."""

from __future__ import annotations

from contextvars import ContextVar

from limpyd.keys.names import looks_like_partition, to_text

partitions_exist = False
"""True once there is a model of several partitions in this process."""

TURN: ContextVar[int] = ContextVar("the number of the partition of new objects", default=0)
"""Of this thread or task: while it describes an object, others that create objects do not change it.

Only its last bits count, so that one number serves models of any number of partitions.
"""


def stay_in(number: int) -> None:
    """Has this thread or task make new objects in the partitions of a number, until it is the turn of the next one."""
    TURN.set(number)


def tag_of(key: bytes) -> bytes:
    """Returns the hash tag of a key; empty if it has none."""
    return key[1:].partition(b"}")[0] if key.startswith(b"{") else b""


def number_of(tag: bytes) -> int | None:
    """Returns the number of the partition with a hash tag; None if it is the tag of a model of one partition."""
    _, colon, name = tag.rpartition(b":")
    return int(name.partition(b".")[0]) if colon and looks_like_partition(to_text(name)) else None
