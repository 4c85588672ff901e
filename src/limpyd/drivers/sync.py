"""Runs requests one at a time on redis-py's connections, but not through its `execute_command`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, TypeVar

from redis import exceptions as redis_errors

from limpyd.drivers.connection_pool import LOST, Lost, SyncConnectionPool
from limpyd.drivers.error_translation import (
    REFUSED_UNEXECUTED,
    lost,
    never_done,
    outcome_unknown,
    refused,
    timed_out,
    type_question,
    unreachable,
    with_source,
)
from limpyd.drivers.guards import doubted, looks, never_settled, outcome, outdated
from limpyd.drivers.sync_connection import SyncConnection
from limpyd.exceptions import LimpydError
from limpyd.requests import MOST_TRIES, Assumption, Guard, Outdated, Request, Unclear, Walk
from limpyd.resp import Argument, pack, packets

R = TypeVar("R")

Talk = Callable[..., list[Any]]

FAILURES = (Lost, redis_errors.ResponseError, Outdated)
"""The outcomes of a request that stand for a failure, instead of a reply to be decoded."""


class SyncDriver:
    """Sends requests and waits for their replies. Safe to share among threads.

    Attributes:
        connections: where it gets connections from.
        describes_all: whether every call is described as a request, so that whoever watches sees all of them.
    """

    describes_all: ClassVar[bool] = False

    def __init__(self, connections: SyncConnectionPool, where: str) -> None:
        self.connections = connections
        self._where = where

    def run(self, request: Request[R]) -> R:
        """The result of a request.

        A read is sent again, once, when the connection was lost. So is a write, as long as it
        cannot have reached the server; after that it raises `OutcomeUnknown`.
        """
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
        for _ in range(MOST_TRIES):
            guards = [assumption.guard() or self._guard(assumption) for assumption in assumes]
            if request.script is None:
                reply, *epochs = self._looked(request, guards)
                if not outdated(reply, epochs, guards):
                    return reply
            else:
                try:
                    return self._replied(request, request.packed(guards), guards)
                except Outdated:
                    pass
            doubted(request)
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

    def _looked(self, request: Request[Any], guards: Sequence[Guard]) -> list[Any]:
        """The reply to a plain command, and to what is sent behind it."""
        requests = [request, *looks(request, guards)]
        replies = self.run_together(requests, [one.args for one in requests])
        decisive, reply = outcome(requests, replies)
        if isinstance(reply, LimpydError):
            raise reply
        if isinstance(reply, redis_errors.ResponseError):
            raise self._explained(decisive, reply) from reply
        return [reply, *replies[1:]]

    def _replied(self, request: Request[Any], packed: bytes, guards: Sequence[Guard]) -> Any:
        try:
            return self._exchange(request, packed)
        except redis_errors.ResponseError as error:
            return self._despite(request, guards, error)

    def run_together(
        self,
        requests: Sequence[Request[Any]],
        commands: Sequence[tuple[Argument, ...]],
        with_sources: Sequence[tuple[Argument, ...]] | None = None,
    ) -> list[Any]:
        """The replies to requests that are sent at once: each a reply, or the error that came instead.

        Reads are sent again, once, when the connection was lost and nothing else was sent with them.

        Args:
            requests: the requests.
            commands: what is sent for each.
            with_sources: what is sent for each instead if the server is not known to know its script.

        Raises:
            ServerUnreachable: nothing was sent.
        """
        only_reads = all(request.readonly for request in requests)
        for last_try in (False, True):
            line = self._opened()
            sent_now = line.scripts.without_known(requests, commands, with_sources)
            replies: list[Any] = []
            before = sent = 0
            try:
                for packet, count in packets(sent_now):
                    before, sent = sent, sent + count
                    if before:
                        line.send_more(packet, count)
                    else:
                        line.send(packet, count)
                    while len(replies) < before:
                        replies.append(line.read_any())
                while len(replies) < len(requests):
                    replies.append(line.read_any())
            except LOST as error:
                loss = error
            else:
                line.scripts.note(requests, replies)
                return replies
            finally:
                self.connections.give_back(line)
            self.connections.close_idle()
            if isinstance(loss, REFUSED_UNEXECUTED) and not replies:
                raise unreachable(self._where, loss) from loss
            if last_try or not only_reads or isinstance(loss, redis_errors.TimeoutError):
                doubtful = [lost(request, self._where, loss) for request in requests[len(replies) : sent]]
                return [*replies, *doubtful, *(unreachable(self._where, loss) for _ in requests[sent:])]
        raise AssertionError  # the loop returns or raises

    def ask(self, *commands: tuple[Argument, ...]) -> list[Any]:
        """The replies to commands that are sent at once, or the errors of refusals.

        Raises:
            ServerUnreachable: they do not come.
        """
        line = self._opened()
        try:
            line.send(b"".join(map(pack, commands)), len(commands))
            return [line.read_any() for _ in commands]
        except LOST as error:
            raise unreachable(self._where, error) from error
        finally:
            self.connections.give_back(line)

    def ready(self) -> None:
        """Opens a connection if none is open: what is interrupted before that was not sent.

        Raises:
            ServerUnreachable: there is none.
        """
        self.connections.give_back(self._opened())

    @contextmanager
    def alone(self) -> Iterator[Talk]:
        """A connection of one's own: a function that sends commands and gives their replies, or errors of refusals.

        Raises:
            ServerUnreachable: there is none.
        """
        line = self._opened()

        def talk(*commands: tuple[Argument, ...]) -> list[Any]:
            line.send(b"".join(map(pack, commands)), len(commands))
            return [line.read_any() for _ in commands]

        try:
            yield talk
        except BaseException:
            line.drop()
            raise
        finally:
            self.connections.give_back(line)

    def _opened(self) -> SyncConnection:
        line = None
        try:
            line = self.connections.take()
            line.open()
        except BaseException as error:
            if line is not None:
                line.drop()
                self.connections.give_back(line)
            if isinstance(error, LOST):
                raise unreachable(self._where, error) from error
            raise
        return line

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
                return self._exchange(request, pack(with_source(request, request.args_under(guards))))
            except redis_errors.ResponseError as second:
                error = second
        if outdated(error):
            raise Outdated
        raise self._explained(request, error) from error

    def _explained(self, request: Request[Any], error: redis_errors.ResponseError) -> Exception:
        question = type_question(request, error)
        return refused(request, error) if question is None else self.run(question)

    def _exchange(self, request: Request[Any], packed: bytes, loss: Lost | None = None) -> Any:
        """The reply to a request; sent again once, if it was lost and may be, and once if it was not sent whole.

        Args:
            request: the request.
            packed: what is sent of it.
            loss: it was lost already.
        """
        connections = self.connections
        was_lost = was_unsent = False
        while True:
            if loss is None:
                try:
                    if request.blocking:
                        return connections.wait(packed, request.timeout)
                    return connections.exchange(packed, request.replies)
                except Lost as another:
                    loss = another
            if loss.sent:
                self._report_loss(request, loss.error, was_lost)
                was_lost, was_unsent = True, False
            elif was_unsent or isinstance(loss.error, redis_errors.MaxConnectionsError):
                raise unreachable(self._where, loss.error) from loss.error
            else:
                was_unsent = True
            loss = None
            connections.close_idle()

    def _report_loss(self, request: Request[Any], error: Exception, last_try: bool) -> None:
        """Raises what the loss of a reply stands for, unless the request may be sent again."""
        if isinstance(error, REFUSED_UNEXECUTED):
            raise unreachable(self._where, error) from error
        if not request.readonly:
            raise outcome_unknown(request, self._where, error) from error
        if isinstance(error, redis_errors.TimeoutError):
            raise timed_out(request, self._where, error) from error
        if last_try:
            raise unreachable(self._where, error) from error
