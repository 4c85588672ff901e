"""Sends the requests of concurrent tasks together on one connection per event loop, and shows them to callbacks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import redis.asyncio
from redis import exceptions as redis_errors

from limpyd.drivers.error_translation import DEMOTED, longest_wait, lost, refused, too_few_connections, unreachable
from limpyd.drivers.loop_connections import LoopConnections
from limpyd.drivers.multiplexed_connection import ConnectionLost, MultiplexedConnection
from limpyd.requests.request import Request
from limpyd.requests.resp import Argument, pack
from limpyd.tracing.events import CONNECT, Purpose, Retry
from limpyd.tracing.listeners import GLOBAL_CALLBACKS, Listeners, RequestTrace

Talk = Callable[..., Awaitable[list[Any]]]
NOT_OPENED = (redis_errors.RedisError, OSError)


class AsyncTransport:
    """Sends packed requests, one or several at a time, and returns the replies of the server.

    Args:
        pool: the pool that creates the connections; none of them is returned to it.
        address: the server's address, for messages.
        on_connect: called with each new connection before it is used.
        listeners: the callbacks that see what it sends.

    Attributes:
        losses: the errors that `alone()` raises if its connection is lost; `lost()` converts them to the public errors.
        sleep: waits for some seconds.
        callbacks: the callbacks of the database. While there are some, or global ones, each call is described as a
            request, and all requests are sent by the methods of this class.
    """

    losses = (ConnectionLost,)
    sleep = staticmethod(asyncio.sleep)

    def __init__(
        self,
        pool: redis.asyncio.ConnectionPool,
        address: str,
        on_connect: Callable[[Any], Awaitable[None]],
        listeners: Listeners,
    ) -> None:
        self.callbacks = listeners.callbacks
        self._listeners = listeners
        self._pool = pool
        self._address = address
        self._on_connect = on_connect
        self._loops: dict[asyncio.AbstractEventLoop, LoopConnections] = {}
        self._closed = False

    async def run_together(
        self,
        requests: Sequence[Request[Any]],
        commands: Sequence[tuple[Argument, ...]],
        with_sources: Sequence[tuple[Argument, ...]] | None = None,
        purpose: Purpose | None = None,
    ) -> list[Any]:
        """The replies to requests that are sent together. Each is the reply, or the error in its place.

        If the connection was lost, they are sent again, once, if none was sent or if all are reads.

        Args:
            requests: the requests.
            commands: the arguments to send for each.
            with_sources: the same with the sources of scripts, sent if the server may not have the scripts.
            purpose: what callbacks are told about the batch; by default that it is a pipeline.

        Raises:
            ServerUnreachable: nothing was sent.
        """
        only_reads = all(request.readonly for request in requests)
        traced: Purpose = purpose or (requests, "pipeline", None)
        for last_try in (False, True):
            trace = None
            if self.callbacks or GLOBAL_CALLBACKS:
                trace = self._listeners.start_batch(traced, len(requests))
            try:
                connection = self.shared_connection() or await self._open()
                packed = [
                    pack(command) for command in connection.scripts.without_known(requests, commands, with_sources)
                ]
                if trace is not None:
                    trace.size = sum(map(len, packed))
                replies = await asyncio.gather(*map(connection.ask, packed), return_exceptions=True)
            except BaseException as error:
                if trace is not None:
                    trace.finish(error=error)
                raise
            connection.scripts.note(requests, replies)
            losses = [reply for reply in replies if isinstance(reply, ConnectionLost)]
            if trace is not None:
                trace.finish(replies, losses[0].as_error() if losses else None)
            traced = (traced[0], traced[1], "reconnect")
            repeatable = not any(loss.timed_out or (loss.sent and not only_reads) for loss in losses)
            if len(losses) < len(replies) or not repeatable or last_try or self._closed:
                break
        if any(isinstance(reply, DEMOTED) for reply in replies):
            self._here().leave()
        return [self._result_of(request, reply) for request, reply in zip(requests, replies, strict=True)]

    async def ready(self) -> None:
        """Opens the shared connection if it is not open. A call that is interrupted in here has sent nothing.

        Raises:
            ServerUnreachable: the server cannot be reached.
        """
        if self.shared_connection() is not None:
            return
        trace = self._connecting()
        try:
            await self._open()
        except BaseException as error:
            if trace is not None:
                trace.finish(error=error)
            raise

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[Talk]:
        """A dedicated connection, as a function that sends commands and returns their replies, which may be refusals.

        Raises:
            ServerUnreachable: there is no connection, or it was lost before anything was sent.
            ConnectionLost: the connection was lost after something was sent.
        """
        async with self._dedicated(self._connecting()) as connection:
            connection.wait_at_most(connection.usual_timeout)

            async def talk(
                name: str, commands: Sequence[tuple[Argument, ...]], request: Request[Any] | None = None
            ) -> list[Any]:
                packed = [*map(pack, commands)]
                trace = None
                if self.callbacks or GLOBAL_CALLBACKS:
                    trace = self._listeners.start_dedicated(request, name, commands, sum(map(len, packed)))
                try:
                    replies = await asyncio.gather(*map(connection.ask, packed), return_exceptions=True)
                except BaseException as error:
                    if trace is not None:
                        trace.finish(error=error)
                    raise
                losses = [reply for reply in replies if isinstance(reply, ConnectionLost)]
                if trace is not None:
                    trace.finish(replies, losses[0].as_error() if losses else None)
                for reply in replies:
                    if isinstance(reply, ConnectionLost):
                        raise reply if reply.sent else unreachable(self._address, reply)
                    if isinstance(reply, Exception) and not isinstance(reply, redis_errors.ResponseError):
                        raise unreachable(self._address, reply)  # such as: still loading
                return replies

            yield talk

    def _connecting(self) -> RequestTrace | None:
        """Returns the trace of a connection that is opened before it is known what will be sent."""
        return self._listeners.start_named(CONNECT) if self.callbacks or GLOBAL_CALLBACKS else None

    def lost(self, request: Request[Any], loss: ConnectionLost) -> Exception:
        """The error for a request whose connection was lost."""
        if not loss.sent:
            return unreachable(self._address, loss)
        return lost(request, self._address, redis_errors.TimeoutError(str(loss)) if loss.timed_out else loss)

    def refusal(self, request: Request[Any], error: redis_errors.RedisError) -> Exception:
        """The error for a request that the server refused, or does not serve."""
        if not isinstance(error, redis_errors.ResponseError):
            return unreachable(self._address, error)
        if isinstance(error, DEMOTED):
            self._here().leave()  # the primary has become a replica; the next connection finds the new one
        return refused(request, error)

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

    def shared_connection(self) -> MultiplexedConnection | None:
        """The connection that the tasks of this event loop share, if it is open."""
        connections = self._loops.get(asyncio.get_running_loop())
        connection = None if connections is None else connections.shared
        return None if connection is None or connection.lost else connection

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
            raise unreachable(self._address, error) from error

    @asynccontextmanager
    async def _dedicated(self, trace: RequestTrace | None = None) -> AsyncIterator[MultiplexedConnection]:
        """A connection that no other caller has; closed if the block raises."""
        connections = self._here()
        try:
            dedicated = await connections.take()
        except BaseException as error:
            failure = error
            if isinstance(error, redis_errors.MaxConnectionsError):
                failure = too_few_connections(self._address, self._pool.max_connections)
            elif isinstance(error, NOT_OPENED):
                failure = unreachable(self._address, error)
            if trace is not None:
                trace.finish(error=failure)
            if failure is error:
                raise
            raise failure from error
        try:
            yield dedicated.connection
        except BaseException:
            dedicated.connection.close()
            raise
        connections.give_back(dedicated)

    def _result_of(self, request: Request[Any], reply: Any) -> Any:
        """A reply, or the public error for a failed connection; refusals are not changed."""
        if isinstance(reply, ConnectionLost):
            return self.lost(request, reply)
        if isinstance(reply, redis_errors.RedisError) and not isinstance(reply, redis_errors.ResponseError):
            return unreachable(self._address, reply)  # such as: still loading
        return reply

    async def _ask(self, request: Request[Any], packed: bytes, retry: Retry | None = None) -> Any:
        """The reply to a request, which may be a refusal. If the connection is lost, a read is sent again, once."""
        try:
            return await self._ask_once(request, packed, retry)
        except ConnectionLost as loss:
            return await self._ask_again(request, packed, loss)

    async def _ask_again(self, request: Request[Any], packed: bytes, loss: ConnectionLost) -> Any:
        """Sends a request a second time after the connection was lost, if it cannot be executed twice."""
        repeatable = not loss.sent or (request.readonly and not loss.timed_out)
        if not repeatable or self._closed:
            raise self.lost(request, loss) from loss
        try:
            return await self._ask_once(request, packed, "reconnect")
        except ConnectionLost as second:
            raise self.lost(request, second) from second

    async def _ask_once(self, request: Request[Any], packed: bytes, retry: Retry | None) -> Any:
        trace = self._listeners.start(request, len(packed), retry) if self.callbacks or GLOBAL_CALLBACKS else None
        try:
            if request.blocking:
                reply = await self._ask_alone(request, packed)
            else:
                connection = self.shared_connection() or await self._open()
                reply = await connection.ask(packed)
        except BaseException as error:
            if trace is not None:
                trace.finish(error=error.as_error() if isinstance(error, ConnectionLost) else error)
            raise
        if trace is not None:
            trace.finish(reply)
        return reply

    async def _ask_alone(self, request: Request[Any], packed: bytes) -> Any:
        """The reply to a blocking command, on a dedicated connection, so that other tasks do not wait for it."""
        async with self._dedicated() as connection:
            connection.wait_at_most(longest_wait(request.timeout, connection.usual_timeout))
            return await connection.ask(packed)
