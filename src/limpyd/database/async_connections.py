"""The drivers of a database on the async face, and the settings of their connections.

The connection of each call is chosen in drivers/async_transport.py.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Coroutine
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Any, TypeVar, cast

import redis.asyncio

from limpyd.database.core import PROGRAM, Database
from limpyd.database.handshake import QUESTIONS, ask
from limpyd.database.key_scan import WALK
from limpyd.drivers.access import call_with_lock
from limpyd.drivers.asynchronous import AsyncDriver
from limpyd.drivers.clients import check_client
from limpyd.drivers.fast_path import async_call
from limpyd.drivers.loop_connections import leave_to_parent
from limpyd.drivers.sentinel import async_client
from limpyd.requests.async_runner import async_run
from limpyd.requests.request import Program, Request, Walk
from limpyd.requests.resp import pack
from limpyd.tracing.events import HANDSHAKE
from limpyd.tracing.listeners import GLOBAL_CALLBACKS

R = TypeVar("R")


class AsyncConnections(Database[redis.asyncio.Redis]):
    """The part of a database that opens and closes its connections, and sends requests."""

    def __init__(self, client: Any = None, *args: Any, **settings: Any) -> None:
        super().__init__(client, *args, **settings)
        if client is not None:
            check_client(client, is_async=True)
        self._driver: AsyncDriver | None = None
        self._connections: dict[asyncio.AbstractEventLoop, redis.asyncio.Redis] = {}

    @staticmethod
    @lru_cache
    def _known_settings() -> AbstractSet[str]:
        return inspect.signature(redis.asyncio.Redis.__init__).parameters.keys()

    async def _close(self, new_settings: dict[str, Any]) -> None:
        with self._lock:
            self._leave(new_settings)
            driver, self._driver = self._driver, None
            clients, self._connections = self._connections, {}
        self._models.forget_indexes()
        if driver is not None:
            driver.close()
        client = clients.get(asyncio.get_running_loop())
        if client is not None:
            await client.aclose()

    @property
    def connection(self) -> redis.asyncio.Redis:
        """A redis.asyncio client on this database, for everything that is not a model; one per event loop.

        It decodes replies to str; or it is the client that the database was made with.
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
                self._connections[loop] = async_client(self._endpoint.client_settings())
        return self._connections[loop]

    def _after_fork(self) -> None:
        super()._after_fork()
        for client in self._connections.values():
            leave_to_parent(client)
        self._connections = {}

    def _run(self, request: Request[R]) -> Coroutine[Any, Any, R]:
        if self._active.get() is not None and (pipeline := self._pipeline()) is not None:
            return cast("Coroutine[Any, Any, R]", pipeline.collect(request))
        return self._send(request)

    _directly = staticmethod(async_call)

    async def _send(self, request: Request[R]) -> R:
        return await (self._driver or await self._open()).run(request)

    def _run_program(self, program: Program[R]) -> Coroutine[Any, Any, R]:
        self._at_once(*PROGRAM)
        return async_run(program, self._send)

    def _walk(self, step: Walk[R]) -> AsyncIterator[R]:
        self._at_once(*WALK)
        return self._send_walk(step)

    async def _send_walk(self, step: Walk[R]) -> AsyncIterator[R]:
        async for item in (self._driver or await self._open()).walk(step):
            yield item

    async def _opened(self) -> AsyncDriver:
        return self._driver or await self._open()

    async def _open(self) -> AsyncDriver:
        if self._endpoint.embedded is not None:
            await asyncio.to_thread(self._endpoint.embedded.start)
        return call_with_lock(self._lock, lambda: self._driver or self._new_driver())

    def _new_driver(self) -> AsyncDriver:
        self._begin_logging()
        self._driver = driver = AsyncDriver(self._pool(), str(self._endpoint), self._check_server, self._listeners)
        return driver

    def _pool(self) -> redis.asyncio.ConnectionPool:
        pool: redis.asyncio.ConnectionPool | None = self._endpoint.pool
        return async_client(self._endpoint.own_settings()).connection_pool if pool is None else pool

    async def _check_server(self, connection: Any) -> None:
        """Asks the server for its version and more, before anything else is sent; once is enough."""
        if self.server is not None:
            return
        trace = None
        if self._listeners.callbacks or GLOBAL_CALLBACKS:
            trace = self._listeners.start_named(HANDSHAKE, QUESTIONS, sum(map(len, map(pack, QUESTIONS))))
        try:
            replies = await ask(connection, QUESTIONS)
        except BaseException as error:
            if trace is not None:
                trace.finish(error=error)
            raise
        if trace is not None:
            trace.finish(replies)
        self._learn(*replies)
