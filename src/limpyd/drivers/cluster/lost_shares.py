"""The replies to a share of a batch, some of which may be lost with their connection; for the async face."""

from __future__ import annotations

from typing import Any

from limpyd.drivers.awaited_replies import ConnectionLost
from limpyd.drivers.cluster.batch import ClusterBatch
from limpyd.drivers.cluster.shares import Share


def noted(batch: ClusterBatch, share: Share, replies: list[Any]) -> list[Any]:
    """Notes what came of a share, and returns the replies before the first that was lost."""
    losses = [number for number, reply in enumerate(replies) if isinstance(reply, ConnectionLost)]
    if not losses:
        batch.note(share, replies)
        return replies
    sent = sum(1 for reply in replies if not isinstance(reply, ConnectionLost) or reply.sent)
    received = replies[: losses[0]]
    batch.note(share, received, sent, replies[losses[0]].as_error())
    return received
