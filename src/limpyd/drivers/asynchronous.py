"""Runs the requests of concurrent tasks together on one connection per event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, ClassVar, TypeVar

import redis.asyncio
from redis import exceptions as redis_errors

from limpyd.drivers.error_translation import (
    DEMOTED,
    longest_wait,
    lost,
    never_done,
    refused,
    too_few_connections,
    type_question,
    unreachable,
    with_source,
)
from limpyd.drivers.guards import doubted, looks, never_settled, outcome, outdated
from limpyd.drivers.loop_connections import LoopConnections
from limpyd.drivers.multiplexed_connection import ConnectionLost, MultiplexedConnection
from limpyd.exceptions import LimpydError
from limpyd.requests import MOST_TRIES, Assumption, Guard, Request, Unclear, Walk
from limpyd.resp import Argument, pack

R = TypeVar("R")
Talk = Callable[..., Awaitable[list[Any]]]
NOT_OPENED = (redis_errors.RedisError, OSError)


class AsyncDriver:
    """Sends requests and awaits their replies. Each event loop has connections of its own.

    Args:
        pool: what makes the connections; none of them stays in it.
        where: the server's address, for messages.
        on_connect: is given each new connection before it is used.

    Attributes:
        describes_all: whether every call is described as a request, so that whoever watches sees all of them.
    """

    describes_all: ClassVar[bool] = False

    def __init__(
        self,
        pool: redis.asyncio.ConnectionPool,
        where: str,
        on_connect: Callable[[Any], Awaitable[None]],
    ) -> None:
        self._pool = pool
        self._where = where
        self._on_connect = on_connect
        self._loops: dict[asyncio.AbstractEventLoop, LoopConnections] = {}
        self._closed = False

    async def run(self, request: Request[R]) -> R:
        """The result of a request.

        A read is sent again, once, when the connection was lost. So is a write, as long as it
        cannot have reached the server; after that it raises `OutcomeUnknown`.
        """
        packed = request.ready() if request.replies == 1 else None
        if packed is None:
            return await self._run_in_steps(request)
        line = self.line()
        try:
            reply = await (self._ask(request, packed) if line is None else line.ask(packed))
        except ConnectionLost as loss:
            return await self.run_despite(request, packed, loss)
        if isinstance(reply, redis_errors.RedisError):
            return await self.run_despite(request, packed, reply)
        try:
            return request.decode(reply)
        except Unclear as doubt:
            question = doubt.ask(request)
        return await self.run(question)

    async def run_despite(self, request: Request[R], packed: bytes, failure: Exception) -> R:
        """The result of a request that was sent once, although no reply came, or an error.

        Args:
            request: the request.
            packed: what was sent of it.
            failure: ConnectionLost, or the error.
        """
        reply = await self._ask_again(request, packed, failure) if isinstance(failure, ConnectionLost) else failure
        if isinstance(reply, redis_errors.RedisError):
            reply = await self._reply_despite(request, reply)
        return await self.decoded(request, reply)

    async def decoded(self, request: Request[R], reply: Any) -> R:
        """The result that a reply stands for, also if another request has to find it out."""
        try:
            return request.decode(reply)
        except Unclear as doubt:
            question = doubt.ask(request)
        return await self.run(question)

    async def _run_in_steps(self, request: Request[R]) -> R:
        """The result of a request that is more than one to be sent and one reply to be decoded."""
        if request.script is None and not request.args:
            return request.decode(None)
        reply = await self._reply(request)
        retry_with = request.retry_with
        if retry_with is not None:
            for _ in range(MOST_TRIES):
                instead = retry_with(request, reply)
                if instead is None:
                    break
                request = instead
                reply = await self._reply(request)
            else:
                raise never_done(request)
        return await self.decoded(request, reply)

    async def run_together(
        self,
        requests: Sequence[Request[Any]],
        commands: Sequence[tuple[Argument, ...]],
        with_sources: Sequence[tuple[Argument, ...]] | None = None,
    ) -> list[Any]:
        """The replies to requests that are sent at once: each a reply, or the error that came instead.

        They are sent again, once, when the connection was lost and they are all reads, or none was sent.

        Args:
            requests: the requests.
            commands: what is sent for each.
            with_sources: what is sent for each instead if the server is not known to know its script.

        Raises:
            ServerUnreachable: nothing was sent.
        """
        only_reads = all(request.readonly for request in requests)
        for last_try in (False, True):
            line = self.line() or await self._open()
            packed = [pack(command) for command in line.scripts.without_known(requests, commands, with_sources)]
            replies = await asyncio.gather(*map(line.ask, packed), return_exceptions=True)
            line.scripts.note(requests, replies)
            losses = [reply for reply in replies if isinstance(reply, ConnectionLost)]
            repeatable = not any(loss.timed_out or (loss.sent and not only_reads) for loss in losses)
            if len(losses) < len(replies) or not repeatable or last_try or self._closed:
                break
        if any(isinstance(reply, DEMOTED) for reply in replies):
            self._here().leave()
        return [self._result_of(request, reply) for request, reply in zip(requests, replies, strict=True)]

    async def ready(self) -> None:
        """Opens the connection if it is not open: what is interrupted before that was not sent.

        Raises:
            ServerUnreachable: there is none.
        """
        if self.line() is None:
            await self._open()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[Talk]:
        """A connection of one's own: a function that sends commands and gives their replies, or errors of refusals.

        Raises:
            ServerUnreachable: there is none, or it was lost before anything was sent.
            ConnectionLost: it was lost when something was sent.
        """
        async with self._dedicated() as line:
            line.wait_at_most(line.usual_timeout)

            async def talk(*commands: tuple[Argument, ...]) -> list[Any]:
                replies = await asyncio.gather(*map(line.ask, map(pack, commands)), return_exceptions=True)
                for reply in replies:
                    if isinstance(reply, ConnectionLost):
                        raise reply if reply.sent else unreachable(self._where, reply)
                    if isinstance(reply, Exception) and not isinstance(reply, redis_errors.ResponseError):
                        raise unreachable(self._where, reply)  # such as: still loading
                return replies

            yield talk

    def lost(self, request: Request[Any], loss: ConnectionLost) -> Exception:
        """The error for a request whose connection was lost."""
        if not loss.sent:
            return unreachable(self._where, loss)
        return lost(request, self._where, redis_errors.TimeoutError(str(loss)) if loss.timed_out else loss)

    async def walk(self, step: Walk[R]) -> AsyncIterator[R]:
        """All items of a walk by cursor, asking for more as they are consumed."""
        cursor, items = await self.run(step(b"0"))
        for item in items:
            yield item
        while cursor != b"0":
            cursor, items = await self.run(step(cursor))
            for item in items:
                yield item

    def close(self) -> None:
        """Closes the connections of all event loops. Requests without a reply fail, and no new ones are taken."""
        self._closed = True
        current = asyncio.get_running_loop()
        for loop, connections in list(self._loops.items()):
            if loop is current:
                connections.close()
            else:
                with suppress(RuntimeError):  # it is closed
                    loop.call_soon_threadsafe(connections.close)
        self._loops.clear()

    def line(self) -> MultiplexedConnection | None:
        """The connection that the tasks of this event loop share, if it is open."""
        connections = self._loops.get(asyncio.get_running_loop())
        line = None if connections is None else connections.shared
        return None if line is None or line.lost else line

    def _here(self) -> LoopConnections:
        """The connections of this event loop."""
        loop = asyncio.get_running_loop()
        connections = self._loops.get(loop)
        if connections is None:
            for known in list(self._loops):
                if known.is_closed():
                    self._loops.pop(known, None)
            connections = self._loops[loop] = LoopConnections(self._pool, self._on_connect)
            if self._closed:
                connections.close()
        return connections

    async def _open(self) -> MultiplexedConnection:
        try:
            return await self._here().open_shared()
        except NOT_OPENED as error:  # no server, a wrong password, a database number out of range
            raise unreachable(self._where, error) from error

    @asynccontextmanager
    async def _dedicated(self) -> AsyncIterator[MultiplexedConnection]:
        """A connection that is nobody else's; closed if the block raises."""
        connections = self._here()
        try:
            dedicated = await connections.take()
        except redis_errors.MaxConnectionsError as error:
            raise too_few_connections(self._where, self._pool.max_connections) from error
        except NOT_OPENED as error:
            raise unreachable(self._where, error) from error
        try:
            yield dedicated.line
        except BaseException:
            dedicated.line.close()
            raise
        connections.give_back(dedicated)

    def _result_of(self, request: Request[Any], reply: Any) -> Any:
        """A reply, or what the error that came instead stands for; refusals stay as they are."""
        if isinstance(reply, ConnectionLost):
            return self.lost(request, reply)
        if isinstance(reply, redis_errors.RedisError) and not isinstance(reply, redis_errors.ResponseError):
            return unreachable(self._where, reply)  # such as: still loading
        return reply

    async def _reply(self, request: Request[Any]) -> Any:
        """The reply to a request, sent again as long as it meets another epoch than this process knows."""
        if request.preflight is not None:
            await self.run(request.preflight)
        if not request.assumes and not request.behind:
            reply = await self._replied(request, request.packed(()), ())
            if isinstance(reply, redis_errors.RedisError):
                raise await self._explained(request, reply) from reply
            return reply
        for _ in range(MOST_TRIES):
            guards = [assumption.guard() or await self._guard(assumption) for assumption in request.assumes]
            if request.script is None:
                reply, *epochs = await self._looked(request, guards)
            else:
                reply, epochs = await self._replied(request, request.packed(guards), guards), []
            if not outdated(reply, epochs, guards):
                if isinstance(reply, redis_errors.RedisError):
                    raise await self._explained(request, reply) from reply
                return reply
            doubted(request)
        raise never_settled(request)

    async def _guard(self, assumption: Assumption) -> Guard:
        guard = None
        while guard is None:  # another task may forget it again
            await self.run(assumption.question())
            assumption.check()
            guard = assumption.guard()
        return guard

    async def _looked(self, request: Request[Any], guards: Sequence[Guard]) -> list[Any]:
        """The reply to a plain command, and to what is sent behind it."""
        requests = [request, *looks(request, guards)]
        replies = await self.run_together(requests, [one.args for one in requests])
        decisive, reply = outcome(requests, replies)
        if isinstance(reply, LimpydError):
            raise reply
        if isinstance(reply, redis_errors.RedisError):
            raise await self._explained(decisive, reply) from reply
        return [reply, *replies[1:]]

    async def _reply_despite(self, request: Request[Any], error: redis_errors.RedisError) -> Any:
        """The reply to a request that was refused, if only since the server lacked the script, or had another epoch."""
        guards = [guard for assumption in request.assumes if (guard := assumption.guard()) is not None]
        reply: Any = error
        if isinstance(error, redis_errors.NoScriptError) and request.script is not None:
            if len(guards) < len(request.assumes):  # another task has just doubted what this one was sent under
                return await self._reply(request)
            reply = await self._ask(request, pack(with_source(request, request.args_under(guards))))
        if outdated(reply):
            doubted(request)
            return await self._reply(request)
        if isinstance(reply, redis_errors.RedisError):
            raise await self._explained(request, reply) from reply
        return reply

    async def _replied(self, request: Request[Any], packed: bytes, guards: Sequence[Guard]) -> Any:
        """The reply to a request, or the error that came instead."""
        reply = await self._ask(request, packed)
        if isinstance(reply, redis_errors.NoScriptError) and request.script is not None:
            reply = await self._ask(request, pack(with_source(request, request.args_under(guards))))
        return reply

    async def _explained(self, request: Request[Any], error: redis_errors.RedisError) -> Exception:
        if not isinstance(error, redis_errors.ResponseError):
            return unreachable(self._where, error)
        if isinstance(error, DEMOTED):
            self._here().leave()  # the primary has become a replica; the next connection finds the new one
        question = type_question(request, error)
        return refused(request, error) if question is None else await self.run(question)

    async def _ask(self, request: Request[Any], packed: bytes) -> Any:
        """The reply to a request, or the error that came instead; sent again once if it may be."""
        try:
            return await self._ask_once(request, packed)
        except ConnectionLost as loss:
            return await self._ask_again(request, packed, loss)

    async def _ask_again(self, request: Request[Any], packed: bytes, loss: ConnectionLost) -> Any:
        """The same, after the connection was lost once."""
        repeatable = not loss.sent or (request.readonly and not loss.timed_out)
        if not repeatable or self._closed:
            raise self.lost(request, loss) from loss
        try:
            return await self._ask_once(request, packed)
        except ConnectionLost as second:
            raise self.lost(request, second) from second

    async def _ask_once(self, request: Request[Any], packed: bytes) -> Any:
        if request.blocking:
            return await self._ask_alone(request, packed)
        line = self.line() or await self._open()
        return await line.ask(packed)

    async def _ask_alone(self, request: Request[Any], packed: bytes) -> Any:
        """The reply to a request that may wait on the server, which would keep those of other tasks waiting."""
        async with self._dedicated() as line:
            line.wait_at_most(longest_wait(request.timeout, line.usual_timeout))
            return await line.ask(packed)
