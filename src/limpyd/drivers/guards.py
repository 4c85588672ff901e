"""Requests that rest on what a process knows of indexes: sent under an epoch, and again if that is another one by now.

A script is told the epoch and refuses to run under another (lua/library/guard.lua). Behind a plain command, in the same
packet, goes a look at the epoch. An epoch is never used twice, so if it is still the one that the process knows, it was
so when the command ran.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from redis import exceptions as redis_errors

from limpyd.exceptions import ServerError
from limpyd.requests import MOST_TRIES, Argument, Guard, Request

EPOCH = b":epoch"


def looks(request: Request[Any], guards: Sequence[Guard]) -> list[Look]:
    """Returns the looks at epochs that are sent behind a request."""
    if request.script is not None:
        return []
    return [Look(args, bytes, readonly=True, subject=request.subject) for guard in guards for args in _looked_at(guard)]


def _looked_at(guard: Guard) -> Iterator[tuple[Argument, ...]]:
    yield b"HGET", guard.meta, EPOCH
    if guard.epoch.startswith(b":"):
        yield b"SCARD", guard.epoch[1:]


class Look(Request[bytes]):
    """The look at an epoch, which goes out in the packet of another request."""

    __slots__ = ()


class Outdated(Exception):
    """A request met another epoch than it was sent under; it was not executed."""


def outdated(reply: Any, epochs: Sequence[Any] = (), guards: Sequence[Guard] = ()) -> bool:
    """Tells whether a request met another epoch than it was sent under.

    Args:
        reply: the reply to it, or the error that came instead.
        epochs: the replies to the looks behind it.
        guards: the guards under which it was sent.
    """
    if isinstance(reply, redis_errors.ResponseError):
        return str(reply).startswith("OUTDATED ")
    found = iter(epochs)
    return bool(epochs) and any(_is_another(guard, found) for guard in guards)


def _is_another(guard: Guard, found: Iterator[Any]) -> bool:
    epoch = next(found) or b""
    if not guard.epoch.startswith(b":"):
        return bool(epoch != guard.epoch)
    return next(found) != 0 or epoch != b""


def doubted(request: Request[Any]) -> None:
    """Forgets what a request rested on."""
    for assumption in request.assumes:
        assumption.doubt()


def never_settled(request: Request[Any]) -> ServerError:
    """Returns the error for a request that met another epoch in each try. Nothing was executed."""
    return ServerError(
        f"{request.subject}: what is declared of the model, or built of its indexes, changed in each of {MOST_TRIES} "
        f"tries; nothing was done. Try again when the other processes are done with that"
    )
