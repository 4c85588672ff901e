"""Sends the requests of concurrent tasks together on one connection per event loop, and shows them to callbacks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from redis import exceptions as redis_errors

from limpyd.drivers.async_connection_pool import AsyncConnectionPool
from limpyd.drivers.awaited_replies import ConnectionLost
from limpyd.drivers.connection_pool import Home
from limpyd.drivers.error_translation import DEMOTED, longest_wait, lost, refused, too_few_connections, unreachable
from limpyd.drivers.multiplexed_connection import MultiplexedConnection
from limpyd.drivers.script_cache import Sources
from limpyd.drivers.shared_requests import asked
from limpyd.requests.request import Request
from limpyd.requests.resp import Argument, pack
from limpyd.tracing.events import CONNECT, Purpose, Retry
from limpyd.tracing.listeners import GLOBAL_CALLBACKS, Listeners, RequestTrace

Talk = Callable[..., Awaitable[list[Any]]]
NOT_OPENED = (redis_errors.RedisError, OSError)


class AsyncTransport:
    """Sends packed requests, one or several at a time, and returns the replies of the server.

    Args:
        connections: where it gets connections from.
        address: the server's address, for messages.
        listeners: the callbacks that see what it sends.

    Attributes:
        losses: the errors that `alone()` raises if its connection is lost; `lost()` converts them to the public errors.
        routes_by_slot: the node for a request depends on its keys.
        redirections: the errors that `alone()` raises if another node of a cluster is to be used, or the same later.
        attempts: returns the tries of a transaction that watches, on a cluster.
        sleep: waits for some seconds.
        callbacks: the callbacks of the database. While there are some, or global ones, each call is described as a
            request, and all requests are sent by the methods of this class.
    """

    routes_by_slot = False
    redirections: tuple[type[Exception], ...] = ()
    attempts: Callable[[], Any] = staticmethod(lambda: None)
    losses = (ConnectionLost,)
    sleep = staticmethod(asyncio.sleep)

    def __init__(self, connections: AsyncConnectionPool, address: str, listeners: Listeners) -> None:
        self.connections = connections
        self.callbacks = listeners.callbacks
        self._listeners = listeners
        self._address = address

    async def run_together(
        self,
        requests: Sequence[Request[Any]],
        packed: Sequence[bytes],
        sources: Sources = "none",
        purpose: Purpose | None = None,
    ) -> list[Any]:
        """The replies to requests that are sent together. Each is the reply, or the error in its place.

        If the connection was lost, they are sent again, once, if none was sent or if all are reads.

        Args:
            requests: the requests.
            packed: what is sent for each, where the server knows its script.
            sources: the scripts whose sources are sent.
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
                connection = self.connections.shared() or await self._open()
                sent = connection.scripts.with_sources(requests, packed, sources)
                if trace is not None:
                    trace.size = sum(map(len, sent))
                replies = await connection.ask_each(b"".join(sent), len(sent))
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
            if len(losses) < len(replies) or not repeatable or last_try or self.connections.closed:
                break
        if any(isinstance(reply, DEMOTED) for reply in replies):
            self.connections.here().leave()
        return [self._result_of(request, reply) for request, reply in zip(requests, replies, strict=True)]

    async def ready(self) -> None:
        """Opens the shared connection if it is not open. A call that is interrupted in here has sent nothing.

        Raises:
            ServerUnreachable: the server cannot be reached.
        """
        if self.connections.shared() is not None:
            return
        trace = self._connecting()
        try:
            await self._open()
        except BaseException as error:
            if trace is not None:
                trace.finish(error=error)
            raise

    @asynccontextmanager
    async def alone(self, slot: int | None, attempts: Any) -> AsyncIterator[Talk]:  # noqa: ARG002 - for clusters
        """A dedicated connection, as a function that sends commands and returns their replies, which may be refusals.

        Args:
            slot: that of the keys of the commands, if it is known.
            attempts: what `attempts()` returned.

        Raises:
            ServerUnreachable: there is no connection, or it was lost before anything was sent.
            ConnectionLost: the connection was lost after something was sent.
        """
        async with self._dedicated(self.connections, self._connecting()) as connection:
            connection.wait_at_most(connection.usual_timeout)

            async def talk(
                name: str, commands: Sequence[tuple[Argument, ...]], request: Request[Any] | None = None
            ) -> list[Any]:
                return await self._talked(connection, name, commands, request)

            yield talk

    async def _talked(
        self,
        connection: MultiplexedConnection,
        name: str,
        commands: Sequence[tuple[Argument, ...]],
        request: Request[Any] | None,
    ) -> list[Any]:
        """The replies to commands on a dedicated connection. Raises as `alone`."""
        packed = [*map(pack, commands)]
        trace = None
        if self.callbacks or GLOBAL_CALLBACKS:
            trace = self._listeners.start_dedicated(request, name, commands, sum(map(len, packed)))
        try:
            replies = await connection.ask_each(b"".join(packed), len(packed))
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

    def _connecting(self) -> RequestTrace | None:
        """Returns the trace of a connection that is opened before it is known what will be sent."""
        return self._listeners.start_named(CONNECT) if self.callbacks or GLOBAL_CALLBACKS else None

    def is_redirection(self, failure: Any) -> bool:  # noqa: ARG002 - a cluster asks
        """Returns whether a refusal says that the request may be served elsewhere, or later."""
        return False

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
            self.connections.here().leave()  # the primary has become a replica; the next connection finds the new one
        return refused(request, error)

    def close(self) -> None:
        """Closes the connections of all event loops. Requests without a reply fail, and no new ones are taken."""
        self.connections.close()

    def shared_connection(self, home: Home) -> MultiplexedConnection | None:  # noqa: ARG002 - a cluster asks
        """The connection that the tasks of this event loop share, if it is open.

        Args:
            home: the slot of the keys of what is to be sent.
        """
        return self.connections.shared()

    async def _open(self, home: Home | None = None) -> MultiplexedConnection:  # noqa: ARG002 - a cluster asks
        try:
            return await self.connections.here().open_shared()
        except NOT_OPENED as error:  # no server, a wrong password, a database number out of range
            raise unreachable(self._address, error) from error

    @asynccontextmanager
    async def _dedicated(
        self, pool: AsyncConnectionPool, trace: RequestTrace | None = None
    ) -> AsyncIterator[MultiplexedConnection]:
        """A connection that no other caller has; closed if the block raises."""
        connections = pool.here()
        try:
            dedicated = await connections.take()
        except BaseException as error:
            failure = error
            if isinstance(error, redis_errors.MaxConnectionsError):
                failure = too_few_connections(self._address, pool.max_connections)
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

    async def _ask(self, request: Request[Any], packed: bytes, retry: Retry | None = None, failure: Any = None) -> Any:
        """The reply to a request, which may be a refusal. If the connection is lost, a read is sent again, once.

        Args:
            request: the request.
            packed: what is sent of it.
            retry: why it is sent again, if it is.
            failure: what came of it when it was sent already.
        """
        if failure is not None:
            return await self._ask_again(request, packed, failure)
        try:
            return await self._ask_once(request, packed, retry)
        except ConnectionLost as loss:
            return await self._ask_again(request, packed, loss)

    async def _ask_again(self, request: Request[Any], packed: bytes, loss: ConnectionLost) -> Any:
        """Sends a request a second time after the connection was lost, if it cannot be executed twice."""
        repeatable = not loss.sent or (request.readonly and not loss.timed_out)
        if not repeatable or self.connections.closed:
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
                connection = self.shared_connection(request) or await self._open(request)
                reply = await asked(connection, packed, request)
        except BaseException as error:
            if trace is not None:
                trace.finish(error=error.as_error() if isinstance(error, ConnectionLost) else error)
            raise
        if trace is not None:
            trace.finish(reply)
        return reply

    async def _ask_alone(self, request: Request[Any], packed: bytes) -> Any:
        """The reply to a blocking command, on a dedicated connection, so that other tasks do not wait for it."""
        async with self._dedicated(self.connections) as connection:
            connection.wait_at_most(longest_wait(request.timeout, connection.usual_timeout))
            return await connection.ask(packed)
