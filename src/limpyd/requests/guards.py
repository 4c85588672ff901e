"""The epoch of a model's declarations, under which a request is sent."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

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


@lru_cache(256)
def epoch_command(guard: Guard) -> bytes:
    """Returns the command that reads the epoch of a model, in the form of the protocol."""
    return pack((b"HGET", guard.meta, EPOCH))
