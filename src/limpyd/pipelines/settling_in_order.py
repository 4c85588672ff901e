"""Settles the operations of a pipeline by their replies, in order: some of them have to be sent again."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from redis import exceptions as redis_errors

from limpyd.drivers.error_translation import refused
from limpyd.drivers.guards import invalidate_assumptions
from limpyd.exceptions import LimpydError, NotExecuted
from limpyd.pipelines.exchange import Exchange
from limpyd.pipelines.pending_result import Pending
from limpyd.pipelines.reads_first import settle_by, settled_with
from limpyd.pipelines.sent_operations import Sent
from limpyd.pipelines.settling import settle_each, settle_read


def settled_in_order(sent: Sequence[Sent]) -> Generator[Any, Any, list[Pending[Any]]]:
    """Settles operations; returns those that have to be sent again.

    An operation is sent again if it met another epoch than the one that it was sent under; and a read, if such an
    operation came before it, since it may read what that writes. It is also sent again if the server was trusted to
    know its script, but did not; except a write, if a write after it was executed: it is settled with an error.
    """
    again: list[Pending[Any]] = []
    done, last_written = 0, None
    try:
        for number, one in enumerate(sent):
            is_usual = one.is_usual
            if is_usual:
                is_again = bool(again) and one.request.readonly
            elif one.is_outdated:
                invalidate_assumptions(one.request)
                is_again = True
            elif one.is_unknown and not one.request.readonly:
                if last_written is None:
                    last_written = max((at for at, other in enumerate(sent) if other.has_written), default=-1)
                is_again = last_written < number
                if not is_again:
                    one.reply = _overtaken(one.pending)
            else:
                is_again = one.is_unknown or (bool(again) and one.request.readonly)
            if is_again:
                one.pending.may_be_done = False
                again.append(one.pending)
            else:
                more = settle_by(one.pending, one.reply) if is_usual else _settled_by(one)
                if more is not None:
                    yield from more
            done = number + 1
    except BaseException:
        rest = sent[done:]
        settle_each([one.pending for one in rest], rest, _settle_without_asking)
        raise
    return again


def _overtaken(pending: Pending[Any]) -> NotExecuted:
    """The error for a write whose script the server did not know, while it executed others after it."""
    return NotExecuted(
        f"{pending!r}: the server did not have its script any more (for example after SCRIPT FLUSH), but it "
        "executed later operations of the pipeline. This operation was not executed; call it again"
    )


def _settled_by(one: Sent) -> Exchange:
    try:
        request, reply = one.outcome()
    except LimpydError as error:
        one.pending.settle(error=error)
    else:
        yield from settled_with(one.pending, request, reply)


def _settle_without_asking(pending: Pending[Any], one: Sent) -> None:
    """Settles one by its reply, where there is no time for further requests."""
    try:
        request, reply = one.outcome()
    except LimpydError as error:
        pending.settle(error=error)
        return
    if isinstance(reply, LimpydError):
        pending.settle(error=reply)
    elif isinstance(reply, redis_errors.ResponseError):
        pending.settle(error=refused(request, reply))
    elif request.retry_with is None or request.retry_with(request, reply) is None:
        settle_read(pending, reply)
