"""Plain reads of objects of several partitions, which rest on where the objects are, and compare no epoch.

A process trusts for TRUSTED seconds that the objects have not moved: after it has compared the record of their number,
or after a read of the same partition has met the epoch of the catalog. Then the next read is sent with a read of the
epoch, in the same packet. The process may have slept, so the time is looked at again when the reply has come. Whoever
moves objects changes the record and the epochs first, and waits longer than that (see limpyd.repartitioning).
"""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from limpyd.requests.request import Assumption, IncompleteReply, Request
from limpyd.utils import clock

R = TypeVar("R")

TRUSTED = 5.0
"""The seconds for which an answer is trusted."""


class TrustedPartition(Protocol):
    """The attributes that reads use of `PartitionIndexes`."""

    trusted_until: float

    @property
    def is_trusted(self) -> bool: ...
    def assumed(self, *, writes: bool) -> Assumption: ...


def under_epoch(request: Request[R], partition: TrustedPartition) -> Request[R]:
    """Returns the same read, sent with a read of the epoch; its answer begins the trust anew."""
    asked, decode = clock.now(), request.decode

    def confirm(reply: Any) -> R:
        partition.trusted_until = max(partition.trusted_until, asked + TRUSTED)
        return decode(reply)

    return request.decoded_by(confirm).assuming(partition.assumed(writes=False))


def in_trust(request: Request[R], partition: TrustedPartition) -> Request[R]:
    """Returns the same read; it is sent again, with a read of the epoch, if the trust has ended when it is answered."""
    decode = request.decode

    def believe(reply: Any) -> R:
        if partition.is_trusted:
            return decode(reply)
        raise IncompleteReply(lambda _: under_epoch(request, partition), lambda: decode(reply))

    return request.decoded_by(believe)


def may_refuse(request: Request[Any]) -> bool:
    """Returns whether what is sent right after a read may raise an error, before its reply is decoded."""
    return bool(request.followups) and any(type(one).amend_reply is Request.amend_reply for one in request.followups)
