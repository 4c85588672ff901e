"""Runs requests: what their replies mean, what has to be asked before, and what is sent again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from redis import exceptions as redis_errors

from limpyd.drivers.connection_pool import Lost
from limpyd.drivers.error_translation import never_done, refused, type_question, with_source
from limpyd.drivers.guards import doubted, looks, never_settled, outcome, outdated
from limpyd.drivers.sync_transport import SyncTransport
from limpyd.exceptions import LimpydError
from limpyd.requests.guards import Guard, Outdated
from limpyd.requests.request import MOST_TRIES, Assumption, Request, Unclear, Walk
from limpyd.requests.resp import pack
from limpyd.tracing.events import Retry
from limpyd.tracing.listeners import GLOBAL_CALLBACKS, TracedCall

R = TypeVar("R")

FAILURES = (Lost, redis_errors.ResponseError, Outdated)
"""The outcomes of a request that stand for a failure, instead of a reply to be decoded."""


class SyncDriver(SyncTransport):
    """Sends requests and waits for their replies. Safe to share among threads."""

    def run(self, request: Request[R]) -> R:
        """The result of a request.

        A read is sent again, once, when the connection was lost. So is a write, as long as it
        cannot have reached the server; after that it raises `OutcomeUnknown`.
        """
        if self.callbacks or GLOBAL_CALLBACKS:
            with TracedCall():
                return self._run_in_steps(request)
        packed = request.ready()
        if packed is None:
            return self._run_in_steps(request)
        replies = request.replies
        try:
            reply = self.connections.exchange(packed, replies)
            if replies > 1:
                reply = request.settled(reply)
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
        try:
            if not isinstance(failure, Lost):
                raise failure
            reply = self._exchange(request, packed, failure)
            if request.replies > 1:
                reply = request.settled(reply)
        except redis_errors.ResponseError as error:
            reply = self._reply_despite(request, error)
        except Outdated:
            reply = self._reply(request)
        return self.decoded(request, reply)

    def decoded(self, request: Request[R], reply: Any) -> R:
        """The result that a reply stands for, also if another request has to find it out."""
        try:
            return request.decode(reply)
        except Unclear as doubt:
            question: Request[R] = doubt.ask(request)
        return self.run(question)

    def _run_in_steps(self, request: Request[R]) -> R:
        """The result of a request that is more than one to be sent and one reply to be decoded."""
        if request.script is None and not request.args:
            return request.decode(None)
        reply = self._reply(request)
        retry_with = request.retry_with
        if retry_with is not None:
            for _ in range(MOST_TRIES):
                instead = retry_with(request, reply)
                if instead is None:
                    break
                request = instead
                reply = self._reply(request)
            else:
                raise never_done(request)
        return self.decoded(request, reply)

    def _reply(self, request: Request[Any]) -> Any:
        """The reply to a request, sent again as long as it meets another epoch than this process knows."""
        if request.preflight is not None:
            self.run(request.preflight)
        assumes = request.assumes
        if not assumes and not request.behind:
            return self._replied(request, request.packed(()), ())
        retry: Retry | None = None
        for _ in range(MOST_TRIES):
            guards = [assumption.guard() or self._guard(assumption) for assumption in assumes]
            if request.script is None:
                reply, *epochs = self._looked(request, guards, retry)
                if not outdated(reply, epochs, guards):
                    return reply
            else:
                try:
                    return self._replied(request, request.packed(guards), guards, retry)
                except Outdated:
                    pass
            doubted(request)
            retry = "stale"
        raise never_settled(request)

    def _reply_despite(self, request: Request[Any], error: redis_errors.ResponseError) -> Any:
        """The reply to a request that was refused, if only since the server lacked the script, or had another epoch."""
        if request.replies > 1:
            return self._reply(request)  # which shows what was refused
        guards = [guard for assumption in request.assumes if (guard := assumption.guard()) is not None]
        if isinstance(error, redis_errors.NoScriptError) and len(guards) < len(request.assumes):
            return self._reply(request)  # another thread has just doubted what this one was sent under
        try:
            return self._despite(request, guards, error)
        except Outdated:
            doubted(request)
        return self._reply(request)

    def _guard(self, assumption: Assumption) -> Guard:
        guard = None
        while guard is None:  # another thread may forget it again
            self.run(assumption.question())
            assumption.check()
            guard = assumption.guard()
        return guard

    def _looked(self, request: Request[Any], guards: Sequence[Guard], retry: Retry | None) -> list[Any]:
        """The reply to a plain command, and to what is sent behind it."""
        requests = [request, *looks(request, guards)]
        replies = self.run_together(requests, [one.args for one in requests], purpose=((request,), None, retry))
        decisive, reply = outcome(requests, replies)
        if isinstance(reply, LimpydError):
            raise reply
        if isinstance(reply, redis_errors.ResponseError):
            raise self._explained(decisive, reply) from reply
        return [reply, *replies[1:]]

    def _replied(
        self, request: Request[Any], packed: bytes, guards: Sequence[Guard], retry: Retry | None = None
    ) -> Any:
        try:
            return self._exchange(request, packed, retry=retry)
        except redis_errors.ResponseError as error:
            return self._despite(request, guards, error)

    def walk(self, step: Walk[R]) -> Iterator[R]:
        """All items of a walk by cursor, asking for more as they are consumed."""
        cursor, items = self.run(step(b"0"))
        yield from items
        while cursor != b"0":
            cursor, items = self.run(step(cursor))
            yield from items

    def close(self) -> None:
        """Closes the connections; they open again when needed."""
        self.connections.close()

    def _despite(self, request: Request[Any], guards: Sequence[Guard], error: redis_errors.ResponseError) -> Any:
        """The reply of a server that only lacked the script; of others what their error means is raised."""
        if isinstance(error, redis_errors.NoScriptError) and request.script is not None:
            try:
                return self._exchange(request, pack(with_source(request, request.args_under(guards))), retry="noscript")
            except redis_errors.ResponseError as second:
                error = second
        if outdated(error):
            raise Outdated
        raise self._explained(request, error) from error

    def _explained(self, request: Request[Any], error: redis_errors.ResponseError) -> Exception:
        question = type_question(request, error)
        return refused(request, error) if question is None else self.run(question)
