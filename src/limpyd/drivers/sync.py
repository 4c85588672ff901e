"""The driver of the sync face."""

from __future__ import annotations

from typing import Any, TypeVar

from redis import exceptions as redis_errors

from limpyd.drivers.connection_pool import Lost
from limpyd.drivers.sync_execution import Execution
from limpyd.requests.guards import Outdated
from limpyd.requests.request import Request
from limpyd.tracing.listeners import GLOBAL_CALLBACKS, TracedCall

R = TypeVar("R")

FAILURES = (Lost, redis_errors.ResponseError, Outdated)
"""The outcomes of a request that stand for a failure, instead of a reply to be decoded."""


class SyncDriver(Execution):
    """Sends requests and waits for their replies. Safe to share among threads."""

    def run(self, request: Request[R]) -> R:
        if self.callbacks or GLOBAL_CALLBACKS:
            with TracedCall():
                return self._run_in_steps(request)
        packed = request.ready()
        if packed is None:
            return self._run_in_steps(request)
        replies = request.replies
        try:
            reply = self.connections.exchange(packed, replies, request)
            if replies > 1:
                reply = request.reply_of(reply)
        except FAILURES as failure:
            return self.run_despite(request, packed, failure)
        return self.decoded(request, reply)

    def run_despite(self, request: Request[R], packed: bytes, failure: Exception) -> R:
        """The result of a request that was sent once, although no reply came, or none that can be decoded.

        Args:
            request: the request.
            packed: what was sent of it.
            failure: what came instead, one of FAILURES.
        """
        reply: Any = failure
        if isinstance(failure, Lost) or self.is_redirection(failure):
            reply = self._ask(request, packed, failure=failure)
            if request.replies > 1 and not isinstance(reply, redis_errors.ResponseError):
                try:
                    reply = request.reply_of(reply)
                except Outdated as outdated:
                    reply = outdated
        if isinstance(reply, Outdated):
            reply = self._reply(request)
        elif isinstance(reply, redis_errors.ResponseError):
            reply = self._reply_despite(request, reply)
        return self.decoded(request, reply)

    def close(self) -> None:
        """Closes the connections; they open again when needed."""
        self.connections.close()
