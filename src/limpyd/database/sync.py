# Generated from asynchronous.py by `make faces`; edit that file.
"""A database on the sync face."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

import redis

from limpyd.database.core import MAX_CHANGES
from limpyd.database.key_scan import pattern_bytes, scan
from limpyd.database.sync_connections import Connections
from limpyd.drivers.urls import settings_from_url
from limpyd.keys import ModelKeys
from limpyd.pipelines.sync import Pipelined
from limpyd.requests.request import Request
from limpyd.server import redis_version

if TYPE_CHECKING:
    from limpyd.integrity.findings import Repair
    from limpyd.integrity.generators import OnProgress
    from limpyd.integrity.report import Report


class RedisDatabase(Pipelined, Connections):
    """A Redis or Valkey database.

    Args:
        client: a redis-py client or connection pool made elsewhere, instead of settings. limpyd makes connections
            of its own as its pool does, at most as many, and uses none of those that are in it.
        layout: that of the keys: `limpyd`, or `limpyd2` for data that redis-limpyd 2 reads and writes too.
        max_changes: how many objects and index entries one step may change, which bounds how long others wait for the
            server; None for any number. A deletion that would take more raises `TooManyChanges`.
        slow_request: the seconds from which on a request is logged as slow; None for never.
        partitions: the number of partitions of models that declare none: a power of two, at most 256. The keys of a
            partition are on one node of a cluster.
        settings: those of `redis.Redis`; host, port and db default to localhost, 6379 and 0, socket_timeout and
            socket_connect_timeout to 30 and 5 seconds. Or, instead of host and port, `sentinels=[(host, port), …]` and
            `service_name=`: the primary is the one that Sentinel names (`sentinel_kwargs={…}` are settings of
            connections to the sentinels, such as a password).

    Nothing is sent before the first use. The object may be shared among threads, and used on both sides of a fork.
    """

    def __init__(
        self,
        client: redis.Redis | redis.ConnectionPool | None = None,
        layout: str = ModelKeys.layout,
        max_changes: int | None = MAX_CHANGES,
        slow_request: float | None = None,
        partitions: int = 1,
        **settings: Any,
    ) -> None:
        super().__init__(client, layout, max_changes, slow_request, partitions, **settings)

    @classmethod
    def from_url(cls, url: str, **settings: Any) -> Self:
        """A database at a URL as `redis.Redis.from_url` takes it: redis://, rediss:// or unix://."""
        return cls(**{**settings_from_url(url, cls._known_settings()), **settings})

    def connect(self, **settings: Any) -> redis.Redis:
        """Connects now, with new settings if any are given, and returns `connection`.

        Raises:
            ServerUnreachable: there is no server, or it does not serve.
            ServerTooOld: it is too old for limpyd.
        """
        if settings:
            self.reset(**settings)
        driver = self._opened()
        driver.run(Request((b"PING",), bool, readonly=True))
        return self.connection

    def reset(self, **settings: Any) -> None:
        """Closes the connections; the next use opens new ones, with new settings if any are given."""
        self._close(settings)

    def close(self) -> None:
        """Closes all connections, and leaves the embedded server if there is one. They open again when used."""
        self._close({})

    def get_connection(self) -> redis.Redis:
        """The same as `connection`: limpyd 2's name."""
        return self.connection

    @property
    def redis_version(self) -> tuple[int, ...]:
        """The version of Redis that the server is, or says to be compatible with (INFO), as limpyd 2 has it.

        It asks the server: `database.redis_version`.
        """
        return self._redis_version()

    def _redis_version(self) -> tuple[int, ...]:
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
