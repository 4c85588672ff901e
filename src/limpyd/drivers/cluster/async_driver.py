"""The driver of the async face for a cluster: each request goes to the node of its slot, wherever that is by then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any, TypeVar

from redis import exceptions as redis_errors

from limpyd.drivers.async_transport import NOT_OPENED, Talk
from limpyd.drivers.asynchronous import AsyncDriver
from limpyd.drivers.awaited_replies import ConnectionLost
from limpyd.drivers.cluster.async_nodes import AsyncClusterConnections
from limpyd.drivers.cluster.async_refresh import AsyncTopologyRefresh
from limpyd.drivers.cluster.attempts import PACKED_ASKING, REPLICAS_MAY, Attempts, is_redirection
from limpyd.drivers.cluster.batch import ClusterBatch
from limpyd.drivers.cluster.key_walk import ENDED, walk_of
from limpyd.drivers.cluster.lost_shares import noted
from limpyd.drivers.cluster.redirected import Redirected, redirected, redirection_in, unexecuted
from limpyd.drivers.cluster.routing import NodeGone, Slot
from limpyd.drivers.cluster.shares import Share
from limpyd.drivers.cluster.topology import NodeAddress, ReplicaAddress
from limpyd.drivers.connection_pool import Home
from limpyd.drivers.error_translation import longest_wait, unreachable
from limpyd.drivers.multiplexed_connection import MultiplexedConnection
from limpyd.drivers.script_cache import Sources
from limpyd.drivers.shared_requests import asked
from limpyd.exceptions import ServerUnreachable
from limpyd.requests.key_scan import KeyScan
from limpyd.requests.reads import Reads
from limpyd.requests.request import Request
from limpyd.requests.resp import Argument
from limpyd.requests.walks import ServerChanged
from limpyd.tracing.events import Purpose, Retry
from limpyd.tracing.listeners import GLOBAL_CALLBACKS, Listeners, RequestTrace

R = TypeVar("R")


class AsyncClusterDriver(AsyncDriver):
    """Sends requests to the nodes of a cluster. Each event loop has connections of its own, one to each node."""

    routes_by_slot = True
    redirections = (Redirected,)
    connections: AsyncClusterConnections  # type: ignore[assignment]

    def __init__(self, connections: AsyncClusterConnections, address: str, listeners: Listeners) -> None:
        super().__init__(connections, address, listeners)  # type: ignore[arg-type]
        self._routing = connections.routing
        self._refresh = AsyncTopologyRefresh(connections, listeners)
        self.attempts = partial(Attempts, self._routing)

    def is_redirection(self, failure: Any) -> bool:
        return is_redirection(failure)

    async def ready(self) -> None:
        """Opens nothing: it is not known yet which nodes are needed."""

    def shared_connection(self, home: Home) -> MultiplexedConnection | None:
        if home.may_be_stale and self._routing.is_outdated:
            return None
        return self.connections.pools[self._routing.reader_for(home)].shared()

    async def _run_in_steps(self, request: Request[R]) -> R:
        if not isinstance(request, KeyScan):
            return await super()._run_in_steps(request)
        walk, found = walk_of(request, self._routing), ENDED
        while True:
            if walk.between_nodes:
                pause = walk.go_on(await self._refresh.now(first=walk.node))
                if pause:
                    await self.sleep(pause)
                continue
            if walk.node is None:
                break
            try:
                found = walk.received(await self._reply(walk.request(request)))
                break
            except (NodeGone, ServerChanged):
                walk.skip()
        decode: Callable[[Any], R] = request.decode
        return decode(found)

    async def run_reads(self, reads: Reads) -> list[Any] | None:
        await self._refresh.if_outdated()
        return await super().run_reads(reads)

    async def run_together(
        self,
        requests: Sequence[Request[Any]],
        packed: Sequence[bytes],
        sources: Sources = "none",
        purpose: Purpose | None = None,
    ) -> list[Any]:
        traced: Purpose = purpose or (requests, "pipeline", None)
        atomic = traced[1] == "transaction"
        from_replicas = traced[2] in REPLICAS_MAY
        batch = ClusterBatch(requests, packed, sources, self._routing, atomic=atomic, from_replicas=from_replicas)
        if batch.attempts.from_replicas:
            await self._refresh.if_outdated()
        while batch.left:
            trace, shares = None, batch.shares()
            if self.callbacks or GLOBAL_CALLBACKS:
                trace = self._listeners.start_batch(traced, sum(len(share.numbers) for share in shares))
            try:
                replies = await self._send_shares(batch, shares, trace)
            except BaseException as error:
                if trace is not None:
                    trace.finish(error=error)
                raise
            if trace is not None:
                trace.finish(replies)
            pause = batch.settle(last=self.connections.closed)
            await self._refresh.if_stale(batch.attempts)
            if batch.left:
                traced = (traced[0], traced[1], "redirected")
                await self.sleep(pause)
        return batch.replies

    async def _send_shares(self, batch: ClusterBatch, shares: Sequence[Share], trace: RequestTrace | None) -> list[Any]:
        """Sends each node its share, notes what comes of it, and returns the replies."""
        pending: list[asyncio.Future[list[Any]]] = []
        sent: list[tuple[Share, MultiplexedConnection, Sequence[Request[Any]]]] = []
        for share, connection in zip(shares, await self._open_all(shares), strict=True):
            if not isinstance(connection, MultiplexedConnection):
                batch.note(share, (), 0, connection)
                continue
            requests, packed = batch.to_send(share, connection.scripts)
            if trace is not None:
                trace.size += sum(map(len, packed))
            pending.append(connection.ask_each(b"".join(packed), len(packed)))
            sent.append((share, connection, requests))
        received = []
        for (share, connection, of_share), replies in zip(sent, await asyncio.gather(*pending), strict=True):
            connection.scripts.note(of_share, replies)
            received += noted(batch, share, replies)
        return received

    async def _open_all(self, shares: Sequence[Share]) -> list[MultiplexedConnection | Exception]:
        """The connection for each share, or why there is none."""
        opened: list[Any] = [self.connections.pools[share.node].shared() for share in shares]
        if None in opened:
            opened = await asyncio.gather(
                *(self.connections.open_to(share.node) for share in shares), return_exceptions=True
            )
            for failure in opened:
                if isinstance(failure, BaseException) and not isinstance(failure, NOT_OPENED):
                    raise failure
        return opened

    @asynccontextmanager
    async def alone(self, slot: int | None, attempts: Attempts) -> AsyncIterator[Talk]:
        async with AsyncExitStack() as stack:
            opened: list[tuple[NodeAddress, MultiplexedConnection]] = []

            async def talk(
                name: str, commands: Sequence[tuple[Argument, ...]], request: Request[Any] | None = None
            ) -> list[Any]:
                if not opened:
                    opened.append(await self._open_alone(request or Slot(slot), attempts, stack))
                node, connection = opened[0]
                try:
                    replies = await self._talked(connection, name, commands, request)
                    failure = redirection_in(replies)
                    if failure is None:
                        return replies
                except (ServerUnreachable, ConnectionLost) as error:
                    failure = unexecuted(error, request, last=self.connections.closed)
                again = redirected(attempts, failure, slot, node)
                await self._refresh.if_stale(attempts)
                raise again

            yield talk

    async def _open_alone(
        self, home: Home, attempts: Attempts, stack: AsyncExitStack
    ) -> tuple[NodeAddress, MultiplexedConnection]:
        """A connection to the node of a slot that no other caller has."""
        while True:
            node = self._routing.node_for(home)
            try:
                connection = await stack.enter_async_context(
                    self._dedicated(self.connections.pools[node], self._connecting())
                )
            except ServerUnreachable as error:
                pause = attempts.unreached(error, node)
                if attempts.over(pause) or self.connections.closed:
                    raise
            else:
                connection.wait_at_most(connection.usual_timeout)
                return node, connection
            await self._refresh.if_stale(attempts)
            await self.sleep(pause)

    async def _ask_again(self, request: Request[Any], packed: bytes, loss: ConnectionLost) -> Any:
        return await self._ask(request, packed, failure=loss)

    async def _ask(self, request: Request[Any], packed: bytes, retry: Retry | None = None, failure: Any = None) -> Any:
        attempts = Attempts(self._routing, from_replicas=request.may_be_stale and retry in REPLICAS_MAY)
        node = self._routing.node_for(request)
        was_lost = False
        if attempts.from_replicas:
            retry = retry if failure is None else "reconnect"
            failure = None  # it is not known which replica it was
            await self._refresh.if_outdated()
        while True:
            if failure is None:
                node = attempts.asked_at or attempts.next_node(request)
                asking, attempts.asked_at = attempts.asked_at is not None, None
                try:
                    reply = await self._sent_to(node, request, packed, retry, asking=asking)
                except (ConnectionLost, *NOT_OPENED) as error:
                    failure = error
                else:
                    if not is_redirection(reply):
                        return reply
                    failure = reply
            pause = self._before_next(request, attempts, node, failure, was_lost=was_lost)
            is_loss = isinstance(failure, ConnectionLost)
            was_lost = was_lost or (is_loss and failure.sent)
            retry = "redirected" if is_redirection(failure) else "reconnect"
            await self._refresh.if_stale(attempts)
            if pause:
                await self.sleep(pause)
            failure = None

    async def _sent_to(
        self, node: NodeAddress, request: Request[Any], packed: bytes, retry: Retry | None, *, asking: bool
    ) -> Any:
        trace = self._listeners.start(request, len(packed), retry) if self.callbacks or GLOBAL_CALLBACKS else None
        try:
            if request.blocking:
                reply = await self._wait_at(node, request, packed, asking=asking)
            else:
                reply = await asked(
                    await self.connections.open_to(node), packed, request, PACKED_ASKING if asking else b""
                )
        except BaseException as error:
            if trace is not None:
                trace.finish(error=error.as_error() if isinstance(error, ConnectionLost) else error)
            raise
        if trace is not None:
            trace.finish(reply)
        return reply

    async def _wait_at(self, node: NodeAddress, request: Request[Any], packed: bytes, *, asking: bool) -> Any:
        """The reply to a blocking command, on a connection of its own."""
        async with self._dedicated(self.connections.pools[node]) as connection:
            connection.wait_at_most(longest_wait(request.timeout, connection.usual_timeout))
            return await asked(connection, packed, request, PACKED_ASKING if asking else b"")

    def _before_next(
        self, request: Request[Any], attempts: Attempts, node: NodeAddress, failure: Any, *, was_lost: bool
    ) -> float:
        """The seconds to wait before the next try. Raises the error of the request if there is to be none."""
        final = self.connections.closed or isinstance(failure, redis_errors.AuthenticationError)
        if isinstance(node, ReplicaAddress) and not final:
            error = failure.as_error() if isinstance(failure, ConnectionLost) else failure
            attempts.unserved(error, request.slot, node)
            return 0.0
        if isinstance(failure, ConnectionLost) and failure.sent:
            attempts.suspect(node)
            if not request.readonly or was_lost or failure.timed_out or self.connections.closed:
                raise self.lost(request, failure) from failure
            return 0.0
        if self.connections.closed:
            raise unreachable(str(node), failure) from failure
        if is_redirection(failure):
            pause = attempts.redirected(failure, request.slot, node)
        else:
            if isinstance(failure, redis_errors.AuthenticationError | redis_errors.MaxConnectionsError):
                raise unreachable(str(node), failure) from failure
            pause = attempts.unreached(failure, node)
        if attempts.over(pause):
            raise unreachable(str(node), failure) from failure
        return pause
