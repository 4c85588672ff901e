"""Operations of a pipeline that are reads: they are sent as they are, and settled by the replies. It does no I/O."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from limpyd.drivers.guards import invalidate_assumptions
from limpyd.exceptions import LimpydError
from limpyd.pipelines.exchange import Exchange, result_of
from limpyd.pipelines.pending_result import Pending
from limpyd.requests.reads import OUTDATED, UNKNOWN, reads_of
from limpyd.requests.request import IncompleteReply, Request
from limpyd.requests.scattered import Prepared


def after_reads(pendings: Sequence[Pending[Any]]) -> Generator[Any, Any, list[Pending[Any]]]:
    """Sends operations if all are reads that only have to be sent; returns those that are not settled by that."""
    reads = reads_of([pending.request for pending in pendings])
    replies = None if reads is None else (yield reads)
    return [*pendings] if replies is None else (yield from _settled_by(pendings, replies))


def read_at_once(requests: Prepared) -> Generator[Any, Any, tuple[list[Any], list[Pending[Any]]]]:
    """Sends the prepared requests of a round.

    Returns:
        Their results; and none. Or none; and the requests as operations, some of which may be settled.
    """
    reads = requests.reads()
    replies = None if reads is None else (yield reads)
    if reads is not None and replies is not None and all(map(_is_known, replies)):
        try:
            return [decode(reply) for decode, reply in zip(reads.decoders(), replies, strict=True)], []
        except (LimpydError, IncompleteReply):
            pass  # which is said of its request below
    pendings: list[Pending[Any]] = [Pending(request) for request in requests]
    if replies is not None:
        yield from _settled_by(pendings, replies)
    return [], pendings


def _is_known(reply: Any) -> bool:
    return reply is not UNKNOWN and reply is not OUTDATED and not isinstance(reply, Exception)


def _settled_by(pendings: Sequence[Pending[Any]], replies: Sequence[Any]) -> Generator[Any, Any, list[Pending[Any]]]:
    left = []
    for pending, reply in zip(pendings, replies, strict=True):
        if reply is UNKNOWN or reply is OUTDATED:
            left.append(pending)
            if reply is OUTDATED:
                invalidate_assumptions(pending.request)
        else:
            more = settle_by(pending, reply)
            if more is not None:
                yield from more
    return left


def settle_by(pending: Pending[Any], reply: Any) -> Exchange | None:
    """Settles an operation by the reply to its request; or returns what still has to be sent for that."""
    request = pending.request
    if isinstance(reply, Exception) or request.retry_with is not None:
        return settled_with(pending, request, reply)
    try:
        try:
            result = request.decode(reply)
        except IncompleteReply as incomplete:
            return _settled_by_result(pending, incomplete.ask(request))
    except LimpydError as error:
        pending.refuse(error)
    else:
        pending.settle(result)
    return None


def _settled_by_result(pending: Pending[Any], question: Request[Any]) -> Exchange:
    """Settles an operation by the result of another request."""
    try:
        result = yield question
    except LimpydError as error:
        pending.refuse(error)
    else:
        pending.settle(result)


def settled_with(pending: Pending[Any], request: Request[Any], reply: Any) -> Exchange:
    """Settles an operation by the reply to the request that decides about it."""
    try:
        result = yield from result_of(request, reply)
    except LimpydError as error:
        pending.refuse(error)
    else:
        pending.settle(result)
