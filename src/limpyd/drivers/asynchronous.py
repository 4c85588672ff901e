"""The driver of the async face."""

from __future__ import annotations

from typing import Any, TypeVar

from redis import exceptions as redis_errors

from limpyd.drivers.async_execution import AsyncExecution
from limpyd.drivers.awaited_replies import ConnectionLost
from limpyd.drivers.multiplexed_connection import MultiplexedConnection
from limpyd.requests.guards import Outdated
from limpyd.requests.request import IncompleteReply, Request
from limpyd.tracing.listeners import GLOBAL_CALLBACKS, TracedCall

R = TypeVar("R")


class AsyncDriver(AsyncExecution):
    """Sends requests and awaits their replies. Each event loop has connections of its own."""

    async def run(self, request: Request[R]) -> R:
        if self.callbacks or GLOBAL_CALLBACKS:
            with TracedCall():
                return await self._run_in_steps(request)
        packed = request.ready()
        if packed is None:
            return await self._run_in_steps(request)
        connection = self.shared_connection(request)
        if request.replies > 1:
            return await self._run_with_others(request, packed, connection)
        try:
            reply = await (self._ask(request, packed) if connection is None else connection.ask(packed))
        except ConnectionLost as loss:
            return await self.run_despite(request, packed, loss)
        if isinstance(reply, redis_errors.RedisError):
            return await self.run_despite(request, packed, reply)
        try:
            return request.decode(reply)
        except IncompleteReply as incomplete:
            question = incomplete.ask(request)
        return await self.run(question)

    async def _run_with_others(self, request: Request[R], packed: bytes, connection: MultiplexedConnection | None) -> R:
        """The result of a read that is sent with others, such as of an epoch."""
        if connection is None:
            return await self._run_in_steps(request)
        try:
            replies = await connection.ask_several(packed, request.replies)
            if any(isinstance(reply, redis_errors.RedisError) for reply in replies):
                return await self._run_in_steps(request)  # which shows what was refused
            reply = request.reply_of(replies)
        except ConnectionLost as loss:
            if loss.timed_out or self.connections.closed:
                raise self.lost(request, loss) from loss
            return await self._run_in_steps(request)
        except Outdated:
            return await self._run_in_steps(request)
        return await self.decoded(request, reply)

    async def run_despite(self, request: Request[R], packed: bytes, failure: Exception) -> R:
        """The result of a request that was sent once, although no reply came, or an error.

        Args:
            request: the request.
            packed: what was sent of it.
            failure: ConnectionLost, or the error.
        """
        reply: Any = failure
        if isinstance(failure, ConnectionLost) or self.is_redirection(failure):
            reply = await self._ask(request, packed, failure=failure)
        if isinstance(reply, redis_errors.RedisError):
            reply = await self._reply_despite(request, reply)
        return await self.decoded(request, reply)
