"""Settles pending operations: by their replies, or by the error that kept them from being executed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from limpyd.exceptions import LimpydError, NotExecuted, OutcomeUnknown, RollbackFailed
from limpyd.pipelines.pending_result import Pending
from limpyd.requests.request import IncompleteReply, Request


def given_up(pendings: Sequence[Pending[Any]], why: str) -> None:
    """Settles operations that were never executed."""
    for pending in pendings:
        if not pending.is_done:
            pending.settle(error=NotExecuted(f"{pending!r}: {why}"))


def first_error(pendings: Sequence[Pending[Any]]) -> Exception | None:
    """Returns the error to raise, if any operation failed: the gravest, without those of `is_own_error`."""
    errors = [pending.error for pending in pendings if pending.error is not None and not pending.is_own_error]
    errors.sort(
        key=lambda error: 0 if isinstance(error, RollbackFailed) else 2 if isinstance(error, NotExecuted) else 1
    )
    return errors[0] if errors else None


def interrupted(pendings: Sequence[Pending[Any]]) -> None:
    """Settles the operations that are left when the execution was interrupted."""
    for pending in pendings:
        if pending.is_done:
            continue
        if pending.may_be_done:
            msg = (
                f"{pending!r}: interrupted after it was sent. It may have been executed, or may still be executed; "
                "read the value to find out"
            )
            pending.settle(error=OutcomeUnknown(msg))
        else:
            pending.settle(error=NotExecuted(f"{pending!r}: interrupted before it was sent, so it was not executed"))


def settle_each(
    pendings: Sequence[Pending[Any]], replies: Sequence[Any], settle: Callable[[Pending[Any], Any], None]
) -> None:
    """Settles each by its reply. An exception that interrupts this is raised once the others are settled."""
    interruption: BaseException | None = None
    for pending, reply in zip(pendings, replies, strict=True):
        try:
            settle(pending, reply)
        except BaseException as error:  # noqa: BLE001 - raised below
            interruption = interruption or error
    if interruption is not None:
        raise interruption


def settle_read(pending: Pending[Any], reply: Any, note: str = "") -> None:
    """Settles an operation that was executed, by its decoded reply.

    Args:
        pending: the operation.
        reply: its reply.
        note: a note for the error, if decoding raises one; the error is then the operation's own.
    """
    try:
        result = _decoded(pending.request, reply)
    except LimpydError as error:
        if note:
            error.add_note(note)
        pending.settle(error=error, own=bool(note))
    except BaseException as error:
        msg = f"{pending!r}: it was executed, but reading its reply was interrupted: {error!r}"
        pending.settle(error=OutcomeUnknown(msg))
        raise
    else:
        pending.settle(result)


def _decoded(request: Request[Any], reply: Any) -> Any:
    """Returns the result of a reply, without another request."""
    try:
        return request.decode(reply)
    except IncompleteReply as incomplete:
        return incomplete.otherwise()
