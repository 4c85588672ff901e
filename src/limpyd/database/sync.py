"""A database on the sync face."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

import redis

from limpyd.database import programs
from limpyd.database.core import MAX_CHANGES, Database
from limpyd.database.handshake import QUESTIONS
from limpyd.database.key_scan import WALK, pattern_bytes, scan
from limpyd.drivers.access import Access
from limpyd.drivers.clients import check_client, pool_of
from limpyd.drivers.connection_pool import SyncConnectionPool, renew_locks
from limpyd.drivers.fast_path import sync_call
from limpyd.drivers.sentinel import sync_client
from limpyd.drivers.sync import SyncDriver
from limpyd.drivers.urls import settings_from_url
from limpyd.keys import ModelKeys
from limpyd.pipelines.sync import Pipelined
from limpyd.requests.request import Program, Request, Walk
from limpyd.server import redis_version

if TYPE_CHECKING:
    from limpyd.integrity.findings import Repair
    from limpyd.integrity.generators import OnProgress
    from limpyd.integrity.report import Report

R = TypeVar("R")


class RedisDatabase(Pipelined, Database[redis.Redis]):
    """A Redis or Valkey database.

    Args:
        client: a redis-py client or connection pool made elsewhere, instead of settings. limpyd makes connections of
            its own as its pool does, at most as many, and uses none of those that are in it.
        layout: that of the keys: `limpyd`, or `limpyd2` for data that redis-limpyd 2 reads and writes too.
        max_changes: how many objects and index entries one step may change, which bounds how long others wait for the
            server; None for any number. A deletion that would take more raises `TooManyChanges`.
        slow_request: the seconds from which on a request is logged as slow; None for never.
        settings: those of `redis.Redis`; host, port and db default to localhost, 6379 and 0, socket_timeout and
            socket_connect_timeout to 30 and 5 seconds. Or, instead of host and port, `sentinels=[(host, port), …]` and
            `service_name=`: the primary is the one that Sentinel names (`sentinel_kwargs={…}` are settings of
            connections to the sentinels, such as a password).

    Nothing is sent before the first use. The object may be shared among threads, and used on
    both sides of a fork.
    """

    def __init__(
        self,
        client: redis.Redis | redis.ConnectionPool | None = None,
        layout: str = ModelKeys.layout,
        max_changes: int | None = MAX_CHANGES,
        slow_request: float | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(client, layout, max_changes, slow_request, **settings)
        if client is not None:
            check_client(client, is_async=False)
        self._access = Access()
        self._connection: redis.Redis | None = None

    @classmethod
    def from_url(cls, url: str, **settings: Any) -> Self:
        """A database at a URL as `redis.Redis.from_url` takes it: redis://, rediss:// or unix://."""
        return cls(**{**settings_from_url(url, cls._known_settings()), **settings})

    @staticmethod
    @lru_cache
    def _known_settings() -> AbstractSet[str]:
        return inspect.signature(redis.Redis.__init__).parameters.keys()

    def connect(self, **settings: Any) -> redis.Redis:
        """Connects now, with new settings if any are given, and returns `connection`.

        Raises:
            ServerUnreachable: there is no server, or it does not serve.
            ServerTooOld: it is too old for limpyd.
        """
        if settings:
            self.reset(**settings)
        self._opened().run(Request((b"PING",), bool, readonly=True))
        return self.connection

    def reset(self, **settings: Any) -> None:
        """Closes the connections; the next use opens new ones, with new settings if any are given."""
        self._close(settings)

    def close(self) -> None:
        """Closes the connections, and leaves the embedded server if there is one. They open again when used."""
        self._close({})

    def _close(self, new_settings: dict[str, Any]) -> None:
        left = self._leave(new_settings)
        client, self._connection = self._connection, None
        access, self._access = self._access, Access()
        self._models.forget_indexes()
        access.close()
        if client is not None and client is not left.client:
            client.close()

    @property
    def connection(self) -> redis.Redis:
        """A redis-py client on this database, for everything that is not a model.

        It decodes replies to str; or it is the client that the database was made with.
        """
        client = self._endpoint.client
        if self._connection is None:
            if isinstance(client, redis.Redis):
                self._connection = client
            elif client is not None:
                self._connection = redis.Redis(connection_pool=client)
            else:
                self._connection = sync_client(self._endpoint.client_settings())
        return self._connection

    def get_connection(self) -> redis.Redis:
        """The same as `connection`: limpyd 2's name."""
        return self.connection

    @property
    def redis_version(self) -> tuple[int, ...]:
        """The version of Redis that the server is, or says to be compatible with (INFO), as limpyd 2 has it."""
        return redis_version(self.connection.info("server"))

    def scan_keys(self, match: str | bytes | None = None, count: int | None = None) -> Iterator[str]:
        """Yields the names of the keys of the database (SCAN); several requests, one per chunk.

        Args:
            match: a glob pattern that the names must match.
            count: about how many keys a chunk looks at.
        """
        return self._walk(scan(pattern_bytes(match), count))

    def check(self, repair: Repair = False, progress: OnProgress | None = None) -> Report:
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

    def _run(self, request: Request[R]) -> R:
        if self._active.get() is not None and (pipeline := self._pipeline()) is not None:
            return cast("R", pipeline.collect(request))
        return (self._access.driver or self._opened()).run(request)

    _directly = staticmethod(sync_call)

    def _run_program(self, program: Program[R]) -> R:
        self._at_once(*programs.PROGRAM)
        return programs.run(program, lambda request: self._opened().run(request))

    def _walk(self, step: Walk[R]) -> Iterator[R]:
        self._at_once(*WALK)
        return self._opened().walk(step)

    def _opened(self) -> SyncDriver:
        """The driver. It asks the server first what it is; each thread does that does not know it yet."""
        access = self._access
        driver = access.driver
        if driver is None:
            self._begin_logging()
            driver = access.opening(self._own_connections, str(self._endpoint), self._listeners)
            self._learn(*driver.ask(*QUESTIONS))
            access.driver = driver
        return driver

    def _own_connections(self) -> SyncConnectionPool:
        pool = self._endpoint.pool
        if pool is None:
            pool = sync_client(self._endpoint.own_settings()).connection_pool
        return SyncConnectionPool(pool)

    def _after_fork(self) -> None:
        super()._after_fork()
        for client in (self._endpoint.client, self._connection):
            if client is not None:
                renew_locks(pool_of(client))
