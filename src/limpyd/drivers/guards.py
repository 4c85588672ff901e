"""The guards that go out with a request, in the same packet, and decide whether its reply is valid.

Requests that rest on what a process knows of indexes are sent under an epoch, and again if that is another one by
now: a script takes the epoch and refuses to run under another (lua/library/guard.lua). Behind a plain command goes a
look at the epoch. An epoch is never used twice, so if it is still the one that the process knows, it was so when the
command ran.

Behind a read of an object that nobody has looked for goes the question whether it exists.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis import exceptions as redis_errors

from limpyd.exceptions import LimpydError, ServerError
from limpyd.requests.guards import EPOCH, Guard
from limpyd.requests.request import MAX_TRIES, Argument, Request


def looks(request: Request[Any], guards: Sequence[Guard]) -> list[Request[Any]]:
    """Returns what is sent behind a request: looks at epochs, and what else is to go there."""
    if request.script is not None:
        return []
    asked: list[tuple[Argument, ...]] = []
    for guard in guards:
        asked.append((b"HGET", guard.meta, EPOCH))
        if guard.epoch.startswith(b":"):
            asked.append((b"SCARD", guard.epoch[1:]))
    return [*(Look(args, bytes, readonly=True, subject=request.subject) for args in asked), *request.behind]


class Look(Request[bytes]):
    """The look at an epoch, which goes out in the packet of another request."""

    __slots__ = ()


def outdated(reply: Any, epochs: Sequence[Any] = (), guards: Sequence[Guard] = ()) -> bool:
    """Tells whether a request met another epoch than it was sent under.

    Args:
        reply: the reply to it, or the error that came instead.
        epochs: the replies to the looks behind it.
        guards: the guards under which it was sent.
    """
    if isinstance(reply, redis_errors.ResponseError):
        return str(reply).startswith("OUTDATED ")
    if not epochs:
        return False
    found = iter(epochs)
    for guard in guards:
        epoch = next(found) or b""
        if guard.epoch.startswith(b":"):
            if next(found) != 0 or epoch != b"":
                return True
        elif epoch != guard.epoch:
            return True
    return False


def outcome(requests: Sequence[Request[Any]], replies: Sequence[Any]) -> tuple[Request[Any], Any]:
    """Returns the request that decides the outcome, and its reply: the first, if nothing behind it was refused.

    Args:
        requests: the request, and those behind it.
        replies: the reply to each, or the error that came instead.

    Raises (from the replies):
        DoesNotExist: an object does not exist, so nothing else is to be said of it.
    """
    request, reply = requests[0], replies[0]
    if not isinstance(reply, LimpydError):  # the connection was not lost
        for number in range(1, len(requests)):
            if isinstance(replies[number], Exception):
                return requests[number], replies[number]
        for number, one in enumerate(request.behind, len(requests) - len(request.behind)):
            reply = one.amended(reply, replies[number])
    return request, reply


def doubted(request: Request[Any]) -> None:
    """Forgets what a request rested on."""
    for assumption in request.assumes:
        assumption.doubt()


def never_settled(request: Request[Any]) -> ServerError:
    """Returns the error for a request that met another epoch in each try. Nothing was executed."""
    return ServerError(
        f"{request.subject}: what is declared of the model, or built of its indexes, changed in each of {MAX_TRIES} "
        f"tries; nothing was done. Try again when the other processes are done with that"
    )
