"""The commands around a pipeline that is sent within MULTI and EXEC. It does no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from redis import exceptions as redis_errors

from limpyd.exceptions import LimpydError, NotExecuted
from limpyd.lua.script import Script, evalsha
from limpyd.requests.guards import Guard
from limpyd.requests.request import ANY_TYPE, Request

CHECK_EPOCH = Script("check_epoch")


class _Atomic:
    """MULTI and EXEC, as the subject of a request."""

    def type_of(self, _key: bytes) -> str:
        return ANY_TYPE

    def __str__(self) -> str:
        return "a pipeline within MULTI and EXEC"


_ATOMIC = _Atomic()
NOTHING_DONE = redis_errors.ResponseError("OUTDATED nothing was executed")
"""The stand-in for the reply to each, where EXEC did nothing."""


def beginning_and_end(*, readonly: bool) -> tuple[Request[bool], Request[bool]]:
    """MULTI and EXEC."""
    multi, execute = (Request((name,), bool, readonly=readonly, subject=_ATOMIC) for name in (b"MULTI", b"EXEC"))
    return multi, execute


def executed(replies: Sequence[Any], requests: Sequence[Request[Any]]) -> Sequence[Any]:
    """The reply to each request within MULTI, from what was replied to it, to MULTI and to EXEC."""
    _, *queued, of_exec = replies
    if isinstance(of_exec, list):
        return of_exec
    if of_exec is None:
        return [NOTHING_DONE] * len(requests)
    refusals = [reply for reply in queued if isinstance(reply, Exception)]
    if isinstance(of_exec, LimpydError) or not refusals:  # the connection was lost; or they are not of one node
        return [of_exec] * len(requests)
    return [
        reply
        if isinstance(reply, Exception)
        else NotExecuted(
            f"{request!r}: nothing was executed, because the server refused another command: {refusals[0]}"
        )
        for request, reply in zip(requests, queued, strict=True)
    ]


def is_guarded(request: Request[Any]) -> bool:
    """Returns whether the server refuses a request itself if the epoch has changed."""
    return request.script is not None and request.script.guarded


def watching(guard: Guard) -> Iterator[Request[Any]]:
    """Yields the requests before MULTI, so that EXEC does nothing under another epoch."""
    yield Request((b"WATCH", guard.meta), bool, subject=_ATOMIC)
    args = evalsha(CHECK_EPOCH, (guard.meta,), (guard.epoch,))
    yield Request(args, bool, script=CHECK_EPOCH, subject=_ATOMIC)
