"""Runs the requests of concurrent tasks together on one connection per event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import redis.asyncio
from redis import exceptions as redis_errors

from limpyd.drivers.guards import doubted, guarded, looks, never_settled, outdated
from limpyd.drivers.packing import pack
from limpyd.drivers.replies import (
    lost,
    never_done,
    outcome_unknown,
    refused,
    timed_out,
    type_question,
    unreachable,
    with_source,
)
from limpyd.drivers.shared_line import LineLost, SharedLine
from limpyd.drivers.waiting import WaitingConnections
from limpyd.exceptions import LimpydError
from limpyd.requests import MOST_TRIES, Argument, Assumption, Guard, Request, Walk

R = TypeVar("R")
Talk = Callable[..., Awaitable[list[Any]]]
LOST = (redis_errors.ConnectionError, redis_errors.TimeoutError)


class AsyncDriver:
    """Sends requests and awaits their replies. Each event loop has a connection of its own.

    Args:
        pool: what makes the connections; none of them stays in it.
        where: the server's address, for messages.
        on_connect: is given each new connection before it is used.
    """

    def __init__(
        self,
        pool: redis.asyncio.ConnectionPool,
        where: str,
        on_connect: Callable[[Any], Awaitable[None]],
    ) -> None:
        self._pool = pool
        self._where = where
        self._on_connect = on_connect
        self._lines: dict[asyncio.AbstractEventLoop, SharedLine] = {}
        self._opening: dict[asyncio.AbstractEventLoop, asyncio.Task[SharedLine]] = {}
        self._waiting = WaitingConnections(pool, on_connect)
        self._closed = False

    async def run(self, request: Request[R]) -> R:
        """The result of a request.

        A read is sent again, once, when the connection was lost. So is a write, as long as it
        cannot have reached the server; after that it raises `OutcomeUnknown`.
        """
        if not request.args:
            return request.decode(None)
        reply = await self._reply(request)
        again = request.again
        if again is not None:
            for _ in range(MOST_TRIES):
                instead = again(request, reply)
                if instead is None:
                    break
                request = instead
                reply = await self._reply(request)
            else:
                raise never_done(request)
        return request.decode(reply)

    async def run_together(
        self, requests: Sequence[Request[Any]], commands: Sequence[tuple[Argument, ...]]
    ) -> list[Any]:
        """The replies to requests that are sent at once: each a reply, or the error that came instead.

        They are sent again, once, when the connection was lost and they are all reads, or none was sent.

        Args:
            requests: the requests.
            commands: what is sent for each.

        Raises:
            ServerUnreachable: nothing was sent.
        """
        packed = [pack(command) for command in commands]
        only_reads = all(request.readonly for request in requests)
        for last_try in (False, True):
            line = await self._line()
            replies = await asyncio.gather(*map(line.ask, packed), return_exceptions=True)
            losses = [reply for reply in replies if isinstance(reply, LineLost)]
            repeatable = not any(loss.timed_out or (loss.sent and not only_reads) for loss in losses)
            if len(losses) < len(replies) or not repeatable or last_try or self._closed:
                break
        if any(isinstance(reply, redis_errors.ReadOnlyError) for reply in replies):
            self._leave_lines()
        return [self._told(request, reply) for request, reply in zip(requests, replies, strict=True)]

    async def ready(self) -> None:
        """Opens the connection if it is not open: what is interrupted before that was not sent.

        Raises:
            ServerUnreachable: there is none.
        """
        await self._line()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[Talk]:
        """A connection of one's own: a function that sends commands and gives their replies, or errors of refusals.

        Raises:
            ServerUnreachable: there is none.
        """
        try:
            connection = await self._waiting.take()
        except (*LOST, OSError, redis_errors.ResponseError) as error:
            raise unreachable(self._where, error) from error
        try:
            yield lambda *commands: self._waiting.talk(connection, list(map(pack, commands)))
        except BaseException:
            await connection.disconnect(nowait=True)
            raise
        self._waiting.give_back(connection)

    async def _line(self) -> SharedLine:
        line = self._lines.get(asyncio.get_running_loop())
        return await self._open() if line is None or line.lost else line

    def _told(self, request: Request[Any], reply: Any) -> Any:
        """A reply, or what the error that came instead stands for; refusals stay as they are."""
        if isinstance(reply, LineLost):
            return self._lost(request, reply)
        if isinstance(reply, redis_errors.RedisError) and not isinstance(reply, redis_errors.ResponseError):
            return unreachable(self._where, reply)  # such as: still loading
        return reply

    def _lost(self, request: Request[Any], error: LineLost) -> Exception:
        if not error.sent:
            return unreachable(self._where, error)
        return lost(request, self._where, redis_errors.TimeoutError(str(error)) if error.timed_out else error)

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
        for loop, line in list(self._lines.items()):
            if loop is current:
                line.close()
            elif not loop.is_closed():
                loop.call_soon_threadsafe(line.close)
        self._lines.clear()
        self._waiting.close()

    async def _reply(self, request: Request[Any]) -> Any:
        """The reply to a request, sent again as long as it meets another epoch than this process knows."""
        if request.first is not None:
            await self.run(request.first)
        if not request.assumes:
            reply = await self._replied(request, guarded(request, ()))
            if isinstance(reply, redis_errors.RedisError):
                raise await self._explained(request, reply) from reply
            return reply
        for _ in range(MOST_TRIES):
            guards = [assumption.guard() or await self._guard(assumption) for assumption in request.assumes]
            if request.script is None:
                reply, *epochs = await self._looked(request, guards)
            else:
                reply, epochs = await self._replied(request, guarded(request, guards)), []
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
        """The reply to a plain command, and to the looks at epochs behind it."""
        requests = [request, *looks(request, guards)]
        replies = await self.run_together(requests, [one.args for one in requests])
        for one, reply in zip(requests, replies, strict=True):
            if isinstance(reply, LimpydError):
                raise reply
            if isinstance(reply, redis_errors.RedisError):
                raise await self._explained(one, reply) from reply
        return replies

    async def _replied(self, request: Request[Any], args: tuple[Argument, ...]) -> Any:
        """The reply to a request, or the error that came instead."""
        if request.blocking:
            return await self._alone(request)
        reply = await self._ask(request, args)
        if isinstance(reply, redis_errors.NoScriptError):
            reply = await self._ask(request, with_source(request, args))
        return reply

    async def _explained(self, request: Request[Any], error: redis_errors.RedisError) -> Exception:
        if not isinstance(error, redis_errors.ResponseError):
            return unreachable(self._where, error)
        if isinstance(error, redis_errors.ReadOnlyError):
            self._leave_lines()  # the primary has become a replica; the next connection finds the new one
        question = type_question(request, error)
        return refused(request, error) if question is None else await self.run(question)

    async def _ask(self, request: Request[Any], args: tuple[Any, ...]) -> Any:
        packed = pack(args)
        for last_try in (False, True):
            line = await self._line()
            try:
                return await line.ask(packed)
            except LineLost as error:
                if error.sent and not request.readonly:
                    raise outcome_unknown(request, self._where, error) from error
                if error.timed_out:
                    raise timed_out(request, self._where, error) from error
                if last_try or self._closed:
                    raise unreachable(self._where, error) from error
        raise AssertionError  # the loop returns or raises

    async def _open(self) -> SharedLine:
        """The line of this event loop; tasks that ask while it opens wait for the same one."""
        loop = asyncio.get_running_loop()
        opening = self._opening.get(loop)
        if opening is None:
            for known in list(self._lines):
                if known.is_closed():
                    self._lines.pop(known, None)
            opening = self._opening[loop] = loop.create_task(self._open_line())
            opening.add_done_callback(self._opened)
        try:
            return await asyncio.shield(opening)  # one cancelled task must not cancel it for the others
        except (*LOST, OSError) as error:
            raise unreachable(self._where, error) from error
        except redis_errors.ResponseError as error:  # such as a database number out of range
            raise unreachable(self._where, error) from error

    def _opened(self, opening: asyncio.Task[SharedLine]) -> None:
        """Keeps the new line, also when every task that waited for it has been cancelled."""
        loop = opening.get_loop()
        self._opening.pop(loop, None)
        if opening.cancelled() or opening.exception() is not None:
            return
        if self._closed:
            opening.result().close()
        else:
            self._lines[loop] = opening.result()

    async def _open_line(self) -> SharedLine:
        connection: Any = self._pool.make_connection()  # type: ignore[no-untyped-call]
        await connection.connect()
        try:
            await self._on_connect(connection)
        except BaseException:
            await connection.disconnect()
            raise
        return SharedLine(connection, connection.socket_timeout)

    def _leave_lines(self) -> None:
        line = self._lines.pop(asyncio.get_running_loop(), None)
        if line is not None:
            line.close()
        self._waiting.close_idle()

    async def _alone(self, request: Request[Any]) -> Any:
        """A blocking request, which would keep those of other tasks waiting; without a time limit."""
        packed = pack(request.args)
        for last_try in (False, True):
            try:
                connection = await self._waiting.take()
            except (*LOST, OSError, redis_errors.ResponseError) as error:
                raise unreachable(self._where, error) from error
            try:
                return await self._waiting.ask(connection, packed)
            except redis_errors.ResponseError as error:
                return error
            except (redis_errors.RedisError, OSError) as error:
                if not request.readonly:
                    raise outcome_unknown(request, self._where, error) from error
                if last_try:
                    raise unreachable(self._where, error) from error
        raise AssertionError  # the loop returns or raises
