# Generated from async_execution.py by `make faces`; edit that file.
"""The execution of a request on the sync face: what is asked before it, what replies mean, and what is sent again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from redis import exceptions as redis_errors

from limpyd.drivers.error_translation import never_done, type_question
from limpyd.drivers.guards import followups_of, invalidate_assumptions, never_settled, outcome, outdated
from limpyd.drivers.script_cache import with_source
from limpyd.drivers.sync_reads import replies_at_once
from limpyd.drivers.sync_transport import SyncTransport
from limpyd.exceptions import LimpydError, ObjectsMoved
from limpyd.requests.guards import Guard
from limpyd.requests.reads import NoReply, Reads, joined
from limpyd.requests.request import MAX_TRIES, Assumption, IncompleteReply, Request, Walk
from limpyd.requests.scattered import Scattered, together
from limpyd.requests.walks import Origin, RunQuestion, ServerChanged, restarted, run_in
from limpyd.tracing.events import Purpose, Retry
from limpyd.tracing.listeners import GLOBAL_CALLBACKS

if TYPE_CHECKING:
    from limpyd.requests.waiting import Waiting

R = TypeVar("R")


class Execution(SyncTransport):
    """The part of a driver that runs requests step by step.

    Attributes:
        scatter: runs a request that is sent in parts, as pipelines do it; the database sets it.
    """

    scatter: Callable[[Any, Scattered[Any]], Any]

    def run(self, request: Request[R]) -> R:
        """The result of a request.

        A read is sent again, once, when the connection was lost. So is a write, as long as it
        cannot have reached the server; after that it raises `OutcomeUnknown`.
        """
        raise NotImplementedError

    def run_reads(self, reads: Reads) -> list[Any] | None:
        """The replies to reads that are sent at once, as `Reads.replies_of`; None if they have to be sent otherwise."""
        if self.callbacks or GLOBAL_CALLBACKS:
            return None
        shares = self.connections.shares(reads)
        try:
            replies = replies_at_once(shares)
        except NoReply as silence:
            return [self.lost(request, silence.loss) for request in reads.requests]
        return None if replies is None else joined([part for _, part in shares], replies)

    def decoded(self, request: Request[R], reply: Any) -> R:
        """The result that a reply stands for, also if another request has to find it out."""
        try:
            return request.decode(reply)
        except IncompleteReply as incomplete:
            question: Request[R] = incomplete.ask(request)
        return self.run(question)

    def walk(self, step: Walk[R], patience: float) -> Iterator[R]:
        """All items of a walk by cursor, asking for more as they are consumed; from the start if the server changes.

        Args:
            step: makes the steps; a step that was refused because objects have moved is made again.
            patience: the seconds to wait for objects that are on their way.
        """
        origin, cursor = Origin(), b"0"
        waiting: Waiting | None = None
        while True:
            try:
                after, items = self.run(origin.step(step(cursor), cursor))
            except ServerChanged:
                cursor = restarted(cursor)
                continue
            except ObjectsMoved as moved:
                from limpyd.requests.waiting import Waiting  # noqa: PLC0415 - objects move rarely

                waiting = waiting or Waiting(patience)
                self.run(waiting.request(moved))
                continue
            waiting = None
            yield from items
            if after == b"0":
                return
            cursor = after

    def _run_in_steps(self, request: Request[R]) -> R:
        """The result of a request that is more than one to be sent and one reply to be decoded."""
        if request.is_resolved:
            return self.scatter(self, request) if isinstance(request, Scattered) else request.decode(None)
        reply = self._reply(request)
        retry_with = request.retry_with
        if retry_with is not None:
            tries = 0
            while tries < MAX_TRIES:
                instead = retry_with(request, reply)
                if instead is None:
                    break
                request = instead
                reply = self._reply(request)
                tries += not request.advances
            else:
                raise never_done(request)
        result = self.decoded(request, reply)
        if request.origin is not None:
            request.origin.check(result, request.subject)
        return result

    def _reply(self, request: Request[Any]) -> Any:
        """The reply to a request, sent again as long as it meets another epoch than this process knows."""
        if request.preflight is not None:
            self.run(request.preflight)
        if not request.assumes and not request.followups:
            reply = self._replied(request, request.packed(()), ())
            if isinstance(reply, redis_errors.RedisError):
                raise self._explained(request, reply) from reply
            return reply
        retry: Retry | None = None
        for _ in range(MAX_TRIES):
            guards: list[Any] = [assumption.guard() for assumption in request.assumes]
            if None in guards:
                guards = self._asked_guards(request.assumes)
            if request.script is None:
                reply, *epochs = self._looked(request, guards, retry)
            else:
                reply, epochs = self._replied(request, request.packed(guards), guards, retry), []
            if not outdated(reply, epochs, guards):
                if isinstance(reply, redis_errors.RedisError):
                    raise self._explained(request, reply) from reply
                return reply
            invalidate_assumptions(request)
            retry = "stale"
        raise never_settled(request)

    def _asked_guards(self, assumptions: Sequence[Assumption]) -> list[Guard]:
        """The guards of assumptions, after the questions of those that the server has to be asked about, at once."""
        asked = [(one, one.question()) for one in assumptions if one.guard() is None]
        for kind in (False, True):  # conversations about claims follow other questions
            some = [(one, question) for one, question in asked if isinstance(question, Scattered) is kind]
            if len(some) > 1:
                self.run(together([question for _, question in some]))
            elif some:
                self.run(some[0][1])
            for one, _ in some:
                one.check()
        return [assumption.guard() or self._guard(assumption) for assumption in assumptions]

    def _guard(self, assumption: Assumption) -> Guard:
        guard = None
        while guard is None:  # another caller may forget it again
            self.run(assumption.question())
            assumption.check()
            guard = assumption.guard()
        return guard

    def _looked(self, request: Request[Any], guards: Sequence[Guard], retry: Retry | None) -> list[Any]:
        """The replies to a plain command, and to the requests sent right after it."""
        requests = [request, *followups_of(request, guards)]
        purpose: Purpose = ((request,), None, retry)
        origin = request.origin
        sent = requests if origin is None else [*requests, RunQuestion(request.slot)]
        replies = self.run_together(sent, [one.packed(()) for one in sent], purpose=purpose)
        if origin is not None:
            origin.run = run_in(replies.pop())
        own = replies[: len(replies) - len(request.followups)]
        if not any(isinstance(one, Exception) for one in own) and outdated(own[0], own[1:], guards):
            return own  # what else was asked does not count
        decisive, reply = outcome(requests, replies)
        if isinstance(reply, LimpydError):
            raise reply
        if isinstance(reply, redis_errors.RedisError):
            raise self._explained(decisive, reply) from reply
        return [reply, *replies[1:]]

    def _reply_despite(self, request: Request[Any], error: redis_errors.RedisError) -> Any:
        """The reply to a request that was refused, if only since the server lacked the script, or had another epoch."""
        if request.replies > 1:
            return self._reply(request)  # which shows what was refused
        guards = [guard for assumption in request.assumes if (guard := assumption.guard()) is not None]
        reply: Any = error
        if isinstance(error, redis_errors.NoScriptError) and request.script is not None:
            if len(guards) < len(request.assumes):  # what it was sent under has just been doubted by another caller
                return self._reply(request)
            reply = self._ask(request, with_source(request.script, request.packed(guards)), "noscript")
        if outdated(reply):
            invalidate_assumptions(request)
            return self._reply(request)
        if isinstance(reply, redis_errors.RedisError):
            raise self._explained(request, reply) from reply
        return reply

    def _replied(
        self, request: Request[Any], packed: bytes, guards: Sequence[Guard], retry: Retry | None = None
    ) -> Any:
        """The reply to a request, or the error that came instead."""
        reply = self._ask(request, packed, retry)
        if isinstance(reply, redis_errors.NoScriptError) and request.script is not None:
            reply = self._ask(request, with_source(request.script, request.packed(guards)), "noscript")
        return reply

    def _explained(self, request: Request[Any], error: redis_errors.RedisError) -> Exception:
        question = type_question(request, error)
        return self.refusal(request, error) if question is None else self.run(question)
