"""A database on the async face."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Coroutine
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

import redis.asyncio

from limpyd.database import programs
from limpyd.database.core import MAX_CHANGES, Database
from limpyd.database.handshake import QUESTIONS, ask
from limpyd.database.key_scan import WALK, pattern_bytes, scan
from limpyd.drivers.access import under_lock
from limpyd.drivers.asynchronous import AsyncDriver
from limpyd.drivers.clients import check_client
from limpyd.drivers.fast_path import async_call
from limpyd.drivers.loop_connections import leave_to_parent
from limpyd.drivers.sentinel import async_client
from limpyd.drivers.urls import settings_from_url
from limpyd.keys import ModelKeys
from limpyd.pipelines.asynchronous import AsyncPipelined
from limpyd.requests.request import Program, Request, Walk
from limpyd.requests.resp import pack
from limpyd.server import redis_version
from limpyd.tracing.events import HANDSHAKE
from limpyd.tracing.listeners import GLOBAL_CALLBACKS

if TYPE_CHECKING:
    from limpyd.integrity.findings import Repair
    from limpyd.integrity.generators import OnProgress
    from limpyd.integrity.report import Report

R = TypeVar("R")


class AsyncRedisDatabase(AsyncPipelined, Database[redis.asyncio.Redis]):
    """A Redis or Valkey database, for asyncio.

    All tasks of an event loop share one connection. The object may be shared among threads, each with its loop.

    Args:
        client: a redis.asyncio client or connection pool made elsewhere, instead of settings. Its
            pool makes limpyd's connection, and keeps none of it.
        layout: that of the keys: `limpyd`, or `limpyd2` for data that redis-limpyd 2 reads and writes too.
        max_changes: how many objects and index entries one step may change, which bounds how long others wait for the
            server; None for any number. A deletion that would take more raises `TooManyChanges`.
        slow_request: the seconds from which on a request is logged as slow; None for never.
        settings: those of `redis.asyncio.Redis`; host, port and db default to localhost, 6379 and 0, socket_timeout and
            socket_connect_timeout to 30 and 5 seconds. Or, instead of host and port, `sentinels=[(host, port), …]` and
            `service_name=`: the primary is the one that Sentinel names (`sentinel_kwargs={…}` are settings of
            connections to the sentinels, such as a password).

    Nothing is sent before the first use.
    """

    def __init__(
        self,
        client: redis.asyncio.Redis | redis.asyncio.ConnectionPool | None = None,
        layout: str = ModelKeys.layout,
        max_changes: int | None = MAX_CHANGES,
        slow_request: float | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(client, layout, max_changes, slow_request, **settings)
        if client is not None:
            check_client(client, is_async=True)
        self._driver: AsyncDriver | None = None
        self._connections: dict[asyncio.AbstractEventLoop, redis.asyncio.Redis] = {}

    @classmethod
    def from_url(cls, url: str, **settings: Any) -> Self:
        """A database at a URL as `redis.asyncio.Redis.from_url` takes it: redis://, rediss:// or unix://."""
        return cls(**{**settings_from_url(url, cls._known_settings()), **settings})

    @staticmethod
    @lru_cache
    def _known_settings() -> AbstractSet[str]:
        return inspect.signature(redis.asyncio.Redis.__init__).parameters.keys()

    async def connect(self, **settings: Any) -> redis.asyncio.Redis:
        """Connects now, with new settings if any are given, and returns `connection`.

        Raises:
            ServerUnreachable: there is no server, or it does not serve.
            ServerTooOld: it is too old for limpyd.
        """
        if settings:
            await self.reset(**settings)
        await self._send(Request((b"PING",), bool, readonly=True))
        return self.connection

    async def reset(self, **settings: Any) -> None:
        """Closes the connections; the next use opens new ones, with new settings if any are given."""
        await self._close(settings)

    async def close(self) -> None:
        """Closes the connections of all event loops, and leaves the embedded server if there is one.

        They open again when used.
        """
        await self._close({})

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

    def get_connection(self) -> redis.asyncio.Redis:
        """The same as `connection`: limpyd 2's name."""
        return self.connection

    @property
    def redis_version(self) -> Coroutine[Any, Any, tuple[int, ...]]:
        """The version of Redis that the server is, or says to be compatible with (INFO), as limpyd 2 has it.

        It asks the server: `await database.redis_version`.
        """
        return self._redis_version()

    async def _redis_version(self) -> tuple[int, ...]:
        return redis_version(await self.connection.info("server"))

    def _after_fork(self) -> None:
        super()._after_fork()
        for client in self._connections.values():
            leave_to_parent(client)
        self._connections = {}

    async def scan_keys(self, match: str | bytes | None = None, count: int | None = None) -> AsyncIterator[str]:
        """Yields the names of the keys of the database (SCAN); several requests, one per chunk.

        Args:
            match: a glob pattern that the names must match.
            count: about how many keys a chunk looks at.
        """
        async for key in self._walk(scan(pattern_bytes(match), count)):
            yield key

    def check(self, repair: Repair = False, progress: OnProgress | None = None) -> Coroutine[Any, Any, Report]:
        """Checks all models of the database as `Model.check` does, and finds data whose model is not declared.

        Args:
            repair: as for `Model.check`.
            progress: as for `Model.check`.

        Raises:
            InvalidValue: `repair` names no kind of findings that can be repaired.
        """
        from limpyd.integrity.generators import check  # noqa: PLC0415 - connecting needs no checks

        schemas = [model._schema for model in self._models]
        return self._run_program(check(schemas, repair, progress, all_models=True))

    def _run(self, request: Request[R]) -> Coroutine[Any, Any, R]:
        if self._active.get() is not None and (pipeline := self._pipeline()) is not None:
            return cast("Coroutine[Any, Any, R]", pipeline.collect(request))
        return self._send(request)

    _directly = staticmethod(async_call)

    async def _send(self, request: Request[R]) -> R:
        return await (self._driver or await self._open()).run(request)

    def _run_program(self, program: Program[R]) -> Coroutine[Any, Any, R]:
        self._at_once(*programs.PROGRAM)
        return programs.run_async(program, self._send)

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
        return under_lock(self._lock, lambda: self._driver or self._new_driver())

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
