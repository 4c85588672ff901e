"""A transaction that watches and has to begin again, on another node or later. It does no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis import exceptions as redis_errors

from limpyd.drivers.cluster.attempts import Attempts, is_redirection
from limpyd.drivers.cluster.topology import NodeAddress
from limpyd.drivers.error_translation import unreachable
from limpyd.exceptions import ServerUnreachable
from limpyd.requests.request import Request


class Redirected(Exception):
    """Raised if a transaction on a connection of its own has to begin again, elsewhere or later; nothing was executed.

    Attributes:
        pause: the seconds to wait before that.
    """

    def __init__(self, pause: float) -> None:
        super().__init__(pause)
        self.pause = pause


def redirection_in(replies: Sequence[Any]) -> Any:
    """Returns the first reply that says that a request may be served elsewhere, or later; None if there is none."""
    return next((reply for reply in replies if is_redirection(reply)), None)


def unexecuted(loss: Any, request: Request[Any] | None, *, sent: bool = True, last: bool = False) -> Any:
    """Returns the loss of a try in which nothing was executed, so that it may be repeated. Raises any other.

    Args:
        loss: why there are no replies.
        request: what was sent to be executed; None for a watch.
        sent: all was sent.
        last: there is to be no next try.
    """
    refused = isinstance(loss, (redis_errors.BusyLoadingError, ServerUnreachable))
    timed_out = isinstance(loss, redis_errors.TimeoutError) or getattr(loss, "timed_out", False)
    if last or (sent and not refused and (request is not None or timed_out)):
        raise loss
    return loss


def redirected(attempts: Attempts, failure: Any, slot: int | None, node: NodeAddress) -> Redirected:
    """Notes a try in which nothing was executed, and returns what to raise so that it begins again.

    Args:
        attempts: the tries of the transaction.
        failure: a redirection, or why the node did not answer.
        slot: the slot of the transaction.
        node: the node.

    Raises:
        ServerUnreachable: it was tried for long enough.
    """
    pause = attempts.redirected(failure, slot, node) if is_redirection(failure) else attempts.unreached(failure, node)
    if attempts.asked_at is not None:  # within MULTI each command would need its own ASKING
        attempts.asked_at = None
        pause = attempts.pause()
    if attempts.over(pause):
        raise failure if isinstance(failure, ServerUnreachable) else unreachable(str(node), failure) from failure
    return Redirected(pause)
