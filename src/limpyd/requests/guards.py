"""The epoch of a model's declarations, under which a request is sent."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from limpyd.requests.resp import pack


class Guard(NamedTuple):
    """A key that holds what is declared of a model, and the epoch that it is to hold.

    The epoch is empty if it is to hold none; and a colon and the key of all primary keys, if there are to be no objects
    either: what was read of a model before its first object may be wrong when there is none again.

    A request that was sent under another epoch is not executed, or what came of it is not believed.
    """

    meta: bytes
    epoch: bytes


class Outdated(Exception):
    """A request met another epoch than it was sent under; it was not executed, or what came of it is not believed."""


EPOCH = b":epoch"
"""The sub-key of the epoch in what is declared of a model."""


KEPT = 4096
"""For how many guards something is kept: a model has one for each of its partitions."""


@lru_cache(KEPT)
def questions(guard: Guard) -> tuple[tuple[bytes, ...], ...]:
    """Returns the commands whose replies tell whether a guard holds (HGET, SCARD)."""
    epoch = (b"HGET", guard.meta, EPOCH)
    return (epoch, (b"SCARD", guard.epoch[1:])) if guard.epoch.startswith(b":") else (epoch,)


@lru_cache(KEPT)
def packed_questions(guard: Guard) -> bytes:
    """Returns them in the form of the protocol."""
    return b"".join(map(pack, questions(guard)))


def holds(guard: Guard, replies: Sequence[Any]) -> bool:
    """Returns whether a guard holds, by the replies to its questions."""
    epoch = replies[0] or b""
    return epoch == guard.epoch if len(replies) == 1 else epoch == b"" and replies[1] == 0


def replies_if_it_holds(guard: Guard) -> list[Any]:
    """Returns what the server replies to the questions if a guard holds."""
    return [None, 0] if guard.epoch.startswith(b":") else [guard.epoch or None]
