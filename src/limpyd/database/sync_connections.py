"""The driver of a database on the sync face, and the settings of its connections.

The connection of each call is chosen in drivers/sync_transport.py.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Any, TypeVar, cast

import redis

from limpyd.database.core import PROGRAM, Database
from limpyd.database.handshake import QUESTIONS
from limpyd.database.key_scan import WALK
from limpyd.drivers.access import Access
from limpyd.drivers.clients import check_client, pool_of
from limpyd.drivers.connection_pool import SyncConnectionPool, renew_locks
from limpyd.drivers.fast_path import sync_call
from limpyd.drivers.sentinel import sync_client
from limpyd.drivers.sync import SyncDriver
from limpyd.requests.request import Program, Request, Walk
from limpyd.requests.sync_runner import sync_run

R = TypeVar("R")


class Connections(Database[redis.Redis]):
    """The part of a database that opens and closes its connections, and sends requests."""

    def __init__(self, client: Any = None, *args: Any, **settings: Any) -> None:
        super().__init__(client, *args, **settings)
        if client is not None:
            check_client(client, is_async=False)
        self._access = Access()
        self._connection: redis.Redis | None = None

    @staticmethod
    @lru_cache
    def _known_settings() -> AbstractSet[str]:
        return inspect.signature(redis.Redis.__init__).parameters.keys()

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

    def _run(self, request: Request[R]) -> R:
        if self._active.get() is not None and (pipeline := self._pipeline()) is not None:
            return cast("R", pipeline.collect(request))
        return (self._access.driver or self._opened()).run(request)

    _directly = staticmethod(sync_call)

    def _run_program(self, program: Program[R]) -> R:
        self._at_once(*PROGRAM)
        return sync_run(program, lambda request: self._opened().run(request))

    def _walk(self, step: Walk[R]) -> Iterator[R]:
        self._at_once(*WALK)
        return self._opened().walk(step)

    def _opened(self) -> SyncDriver:
        """The driver. It asks the server first what it is; each thread does that does not know it yet."""
        access = self._access
        driver = access.driver
        if driver is None:
            self._begin_logging()
            driver = access.get_or_make_driver(self._own_connections, str(self._endpoint), self._listeners)
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
