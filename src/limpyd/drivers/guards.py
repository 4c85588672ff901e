"""The guards that go out with a request, in the same packet, and decide whether its reply is valid.

A request may rest on what the process knows of indexes. Then it is sent under an epoch, and sent again if the server
has another epoch by now. A script takes the epoch as an argument, and refuses to run under another one
(lua/library/guard.lua). A plain command is followed by a read of the epoch, in the same packet. An epoch is never used
twice. So if the epoch after the command is the one that the process knows, it was so when the command ran.

A read of an object that may not exist is followed by the question whether it exists.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis import exceptions as redis_errors

from limpyd.exceptions import LimpydError, ServerError
from limpyd.requests.guards import Guard, holds, questions
from limpyd.requests.request import MAX_TRIES, Request


def followups_of(request: Request[Any], guards: Sequence[Guard]) -> list[Request[Any]]:
    """Returns the requests to send right after a request: reads of epochs, and those that it asks for itself."""
    if request.script is not None:
        return []
    asked = [args for guard in guards for args in questions(guard)]
    return [
        *(EpochRead(args, bytes, readonly=True, may_be_stale=True, subject=request.subject) for args in asked),
        *request.followups,
    ]


class EpochRead(Request[bytes]):
    """The read of an epoch, which is sent in the packet of another request."""

    __slots__ = ()


def outdated(reply: Any, epochs: Sequence[Any] = (), guards: Sequence[Guard] = ()) -> bool:
    """Returns whether a request met another epoch than the one that it was sent under.

    Args:
        reply: the reply to it, or the error that came instead.
        epochs: the replies to the reads of epochs after it.
        guards: the guards under which it was sent.
    """
    if isinstance(reply, redis_errors.ResponseError):
        return str(reply).startswith("OUTDATED ")
    if not epochs:
        return False
    at = 0
    for guard in guards:
        count = len(questions(guard))
        if not holds(guard, epochs[at : at + count]):
            return True
        at += count
    return False


def outcome(requests: Sequence[Request[Any]], replies: Sequence[Any]) -> tuple[Request[Any], Any]:
    """Returns the request that decides the outcome, and its reply.

    It is the first request that was refused of those sent after it in the same packet; the request itself if none was.

    Args:
        requests: the request, and those sent after it.
        replies: the reply to each, or the error that came instead.

    Raises (from the replies):
        DoesNotExist: the object does not exist.
    """
    request, reply = requests[0], replies[0]
    if not isinstance(reply, LimpydError):  # the connection was not lost
        for number in range(1, len(requests)):
            if isinstance(replies[number], Exception):
                return requests[number], replies[number]
        for number, one in enumerate(request.followups, len(requests) - len(request.followups)):
            reply = one.amend_reply(reply, replies[number])
    return request, reply


def invalidate_assumptions(request: Request[Any]) -> None:
    """Forgets what this process knew of the indexes that a request assumed."""
    for assumption in request.assumes:
        assumption.invalidate()


def never_settled(request: Request[Any]) -> ServerError:
    """Returns the error for a request that met another epoch in each try. Nothing was executed."""
    return ServerError(
        f"{request.subject}: other processes changed the model's declarations or its built indexes in each of "
        f"{MAX_TRIES} tries; nothing was executed. Try again when they have finished"
    )
