"""The drivers of a database on the async face, and the settings of their connections.

The connection of each call is chosen in drivers/async_transport.py.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

import redis.asyncio

from limpyd.database.clusters import Seed, address_reached, check_single, not_clustered, routing_of
from limpyd.database.core import PROGRAM, Database
from limpyd.database.handshake import QUESTIONS, QUESTIONS_TO_CLUSTER, ask
from limpyd.database.key_scan import WALK
from limpyd.drivers.access import call_with_lock
from limpyd.drivers.async_connection_pool import AsyncConnectionPool
from limpyd.drivers.asynchronous import AsyncDriver
from limpyd.drivers.clients import check_client
from limpyd.drivers.fast_path import async_call
from limpyd.drivers.loop_connections import leave_to_parent
from limpyd.drivers.sentinel import async_client
from limpyd.exceptions import LimpydError, ObjectsMoved, ServerUnreachable
from limpyd.pipelines.asynchronous import run_scattered
from limpyd.requests.async_runner import async_run
from limpyd.requests.request import Program, Request, Walk
from limpyd.requests.resp import pack
from limpyd.requests.scattered import together
from limpyd.tracing.events import HANDSHAKE
from limpyd.tracing.listeners import GLOBAL_CALLBACKS

if TYPE_CHECKING:
    from limpyd.drivers.cluster.topology import NodeAddress

R = TypeVar("R")


class AsyncConnections(Database[redis.asyncio.Redis]):
    """The part of a database that opens and closes its connections, and sends requests."""

    def __init__(self, client: Any = None, *args: Any, **settings: Any) -> None:
        super().__init__(client, *args, **settings)
        if client is not None:
            check_client(client, is_async=True)
        self._driver: AsyncDriver | None = None
        self._first_drivers: dict[tuple[str, int] | None, AsyncDriver] = {}
        self._connections: dict[asyncio.AbstractEventLoop, redis.asyncio.Redis] = {}

    @staticmethod
    @lru_cache
    def _known_settings() -> AbstractSet[str]:
        return inspect.signature(redis.asyncio.Redis.__init__).parameters.keys()

    async def _close(self, new_settings: dict[str, Any]) -> None:
        with self._lock:
            self._leave(new_settings)
            drivers, self._driver = [*self._first_drivers.values(), self._driver], None
            self._first_drivers = {}
            clients, self._connections = self._connections, {}
        self._models.forget_indexes()
        for driver in drivers:
            if driver is not None:
                driver.close()
        client = clients.get(asyncio.get_running_loop())
        if client is not None:
            await client.aclose()

    @property
    def connection(self) -> redis.asyncio.Redis:
        """A redis.asyncio client on this database, for everything that is not a model; one per event loop.

        It decodes replies to str; or it is the client that the database was made with. With `nodes=` it is a
        redis.asyncio.RedisCluster, which has the same commands.
        """
        client = self._endpoint.client
        if isinstance(client, redis.asyncio.Redis):
            return client
        loop = asyncio.get_running_loop()
        if loop not in self._connections:
            for known in list(self._connections):
                if known.is_closed():
                    self._connections.pop(known, None)
            if client is not None:
                self._connections[loop] = redis.asyncio.Redis(connection_pool=client)
            else:
                self._connections[loop] = self._new_client()
        return self._connections[loop]

    def _new_client(self) -> redis.asyncio.Redis:
        settings, seeds = self._endpoint.client_settings(), self._endpoint.seeds
        if not seeds:
            return async_client(settings)
        from limpyd.drivers.cluster.clients import async_cluster_client  # noqa: PLC0415 - few have a cluster

        return cast("redis.asyncio.Redis", async_cluster_client(seeds, settings, self._endpoint.address_remap))

    def _after_fork(self) -> None:
        super()._after_fork()
        for client in self._connections.values():
            leave_to_parent(client)
        self._connections = {}

    def _run(self, request: Request[R], again: Callable[[], Request[R]] | None = None) -> Coroutine[Any, Any, R]:
        """The result of a request; or, in a pipeline, what stands for it.

        Args:
            request: the request.
            again: describes it anew, if the objects of its model have been moved to other partitions.
        """
        active = self._active.get() is not None
        pipeline = self._pipeline() if active else None
        if self._models.partitioned:
            request = self._begun(request, is_atomic=pipeline is not None and pipeline.is_atomic)
        if pipeline is not None:
            return cast("Coroutine[Any, Any, R]", pipeline.collect(request, again=again))
        request = request.exact() if active else request
        return self._send(request) if again is None else self._send_again(request, again)

    def _described(self, describe: Callable[[], Request[R]]) -> Coroutine[Any, Any, R]:
        """The result of a request, which is described again if the objects have been moved meanwhile."""
        return self._run(describe(), describe)

    _directly = staticmethod(async_call)

    async def _send(self, request: Request[R]) -> R:
        return await (self._driver or await self._open()).run(request)

    async def _send_again(self, request: Request[R], again: Callable[[], Request[R]]) -> R:
        try:
            return await self._send(request)
        except ObjectsMoved as error:
            moved = error
        from limpyd.requests.waiting import Waiting  # noqa: PLC0415 - objects move rarely

        waiting = Waiting(self._patience)
        while True:
            await asyncio.sleep(waiting.pause(moved))
            unfinished = waiting.unfinished(moved)
            if unfinished is not None:
                with suppress(LimpydError):  # another process may do it
                    await self._send(unfinished)
            request = self._begun(again())
            try:
                return await self._send(request if self._active.get() is None else request.exact())
            except ObjectsMoved as error:
                moved = error

    def _send_step(self, step: Request[Any] | list[Request[Any]]) -> Coroutine[Any, Any, Any]:
        """Sends the request, or the requests, that a program yields."""
        begun = self._begun
        return self._send(together([*map(begun, step)]) if isinstance(step, list) else begun(step))

    def _run_program(self, program: Program[R]) -> Coroutine[Any, Any, R]:
        self._at_once(*PROGRAM)
        return async_run(program, self._send_step)

    def _walk(self, step: Walk[R]) -> AsyncIterator[R]:
        self._at_once(*WALK)
        return self._send_walk(step)

    async def _send_walk(self, step: Walk[R]) -> AsyncIterator[R]:
        driver = self._driver or await self._open()
        async for item in driver.walk(lambda cursor: self._begun(step(cursor)), self._patience):
            yield item

    async def _opened(self) -> AsyncDriver:
        return self._driver or await self._open()

    async def _open(self) -> AsyncDriver:
        if self._endpoint.embedded is not None:
            await asyncio.to_thread(self._endpoint.embedded.settings)
        seeds: Sequence[Seed] = self._endpoint.seeds
        *others, last = seeds or [None]
        for seed in others:
            with suppress(ServerUnreachable):
                return await self._introduced(seed)
        return await self._introduced(last)

    async def _introduced(self, seed: Seed) -> AsyncDriver:
        """The driver that fits the server, or the cluster, after asking it what it is."""
        first = call_with_lock(self._lock, partial(self._first_driver, seed))
        await first.ready()
        return call_with_lock(self._lock, lambda: self._driver or self._new_driver(first, seed))

    def _first_driver(self, seed: Seed) -> AsyncDriver:
        """The driver that asks a server what it is."""
        self._begin_logging()
        if seed not in self._first_drivers:
            connections = self._connections_to(seed, self._check_server)
            self._first_drivers[seed] = driver = AsyncDriver(connections, str(self._endpoint), self._listeners)
            driver.scatter = run_scattered
        return self._first_drivers[seed]

    def _new_driver(self, first: AsyncDriver, seed: Seed) -> AsyncDriver:
        """The driver that fits the server, or the cluster, once that was asked what it is."""
        slots = self._capabilities.slots
        if slots is None and seed is None:
            check_single(self._endpoint)
            self._driver = first
            return first
        asked = address_reached(self._endpoint, seed)
        if slots is None:
            raise not_clustered(self._endpoint, asked)
        self._driver = self._cluster_driver(first, asked, slots)
        return self._driver

    def _cluster_driver(self, first: AsyncDriver, asked: NodeAddress, slots: Any) -> AsyncDriver:
        from limpyd.drivers.cluster.async_driver import AsyncClusterDriver  # noqa: PLC0415 - few have a cluster
        from limpyd.drivers.cluster.async_nodes import AsyncClusterConnections  # noqa: PLC0415
        from limpyd.drivers.cluster.read_only import async_after_connecting  # noqa: PLC0415

        def pool_of_node(node: NodeAddress) -> AsyncConnectionPool:
            return first.connections if not node.port else self._connections_to(node, async_after_connecting(node))

        connections = AsyncClusterConnections(routing_of(self._endpoint, asked, slots), pool_of_node)
        driver = AsyncClusterDriver(connections, str(self._endpoint), self._listeners)
        driver.scatter = run_scattered
        return driver

    def _connections_to(
        self, node: tuple[str, int] | None, on_connect: Callable[[Any], Awaitable[None]]
    ) -> AsyncConnectionPool:
        if node is None:
            return AsyncConnectionPool(self._pool(), on_connect)
        settings = self._endpoint.node_settings(*node)
        client = self._endpoint.pool
        if client is not None:
            kind = redis.asyncio.Connection if "path" in client.connection_kwargs else client.connection_class
            return AsyncConnectionPool(type(client)(connection_class=kind, **settings), on_connect)
        return AsyncConnectionPool(async_client(settings).connection_pool, on_connect)

    def _pool(self) -> redis.asyncio.ConnectionPool:
        pool: redis.asyncio.ConnectionPool | None = self._endpoint.pool
        return async_client(self._endpoint.own_settings()).connection_pool if pool is None else pool

    async def _check_server(self, connection: Any) -> None:
        """Asks the server for its version and more, before anything else is sent; once is enough."""
        if self.server is not None:
            return
        if self._learn(*await self._asked(connection, QUESTIONS)):
            self._learn_of_cluster(*await self._asked(connection, QUESTIONS_TO_CLUSTER))

    async def _asked(self, connection: Any, questions: Sequence[tuple[str, ...]]) -> list[Any]:
        """Returns the replies of a server to questions of the handshake."""
        trace = None
        if self._listeners.callbacks or GLOBAL_CALLBACKS:
            trace = self._listeners.start_named(HANDSHAKE, questions, sum(map(len, map(pack, questions))))
        try:
            replies = await ask(connection, questions)
        except BaseException as error:
            if trace is not None:
                trace.finish(error=error)
            raise
        if trace is not None:
            trace.finish(replies)
        return replies
