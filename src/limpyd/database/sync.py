"""A database: how it is reached, and which models are declared on it."""

from __future__ import annotations

import inspect
import os
import threading
import weakref
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Generic, NoReturn, Self, TypeVar, cast

import redis
import redis.lock

from limpyd.database.key_scan import WALK, pattern_bytes, scan
from limpyd.drivers.access import Access
from limpyd.drivers.addresses import address_of, is_by_sentinel
from limpyd.drivers.clients import check_client, pool_of
from limpyd.drivers.connection_pool import SyncConnectionPool, renew_locks
from limpyd.drivers.fast_path import sync_call
from limpyd.drivers.sentinel import sync_client
from limpyd.drivers.settings import check_settings, client_settings, own_settings, with_defaults
from limpyd.drivers.sync import SyncDriver
from limpyd.drivers.urls import settings_from_url
from limpyd.exceptions import DeclarationError, shorten
from limpyd.integrity.databases import Checked
from limpyd.keys import ModelKeys
from limpyd.keys.layouts import LAYOUTS
from limpyd.pipelines.collector import PipelinedCore
from limpyd.pipelines.sync import Pipelined
from limpyd.relations.model_registry import ModelRegistry
from limpyd.requests.request import Program, Request, Walk
from limpyd.server import Server, checked, from_info, is_clustered, redis_version
from limpyd.tracing.databases import Traced
from limpyd.tracing.events import Address
from limpyd.utils.pickling import not_sent

if TYPE_CHECKING:
    from os import PathLike

    from limpyd.embedded import EmbeddedServer

R = TypeVar("R")
Client = TypeVar("Client")

PROGRAM = ("what takes several requests", "do it before, or after")

INFO_SERVER = ("INFO", "server")
SORT_BY_PATTERN = ("SORT_RO", "{limpyd}", "BY", "nosort", "GET", "{limpyd}:*")
"""A command that shows whether SORT reads keys by a pattern. Nodes of a cluster before version 8 refuse it, and
accounts that may not read every key get an error too."""

DEFAULT_CONNECTION_SETTINGS: Final = {"host": "localhost", "port": 6379, "db": 0}
"""The address of a database without settings: limpyd 2's name."""
MAX_CHANGES: Final = 10_000
"""The most objects and index entries that a step may change by default, which takes some 40 ms."""
Lock = redis.lock.Lock
"""A lock of redis-py, which is limpyd 2's under this name."""


class Database(PipelinedCore, Traced, Generic[Client]):
    """The base of the databases of both faces: settings, server facts and the registry of models."""

    default_indexes: Sequence[Any] | None = None
    """The indexes of fields that are indexable, where neither they nor their class or model declare any; set on a
    subclass, or before the models are declared. None for the one that fits the type of each."""

    def __init__(
        self,
        client: Any = None,
        layout: str = ModelKeys.layout,
        max_changes: int | None = MAX_CHANGES,
        slow_request: float | None = None,
        **settings: Any,
    ) -> None:
        if layout not in LAYOUTS:
            msg = f"there is no layout {layout!r} of keys; there are {' and '.join(map(repr, LAYOUTS))}"
            raise DeclarationError(msg)
        if client is not None and settings:
            msg = f"client= brings its own settings; leave out {', '.join(settings)}"
            raise DeclarationError(msg)
        if "connection_pool" in settings:
            msg = "a connection pool made elsewhere is given as client="
            raise DeclarationError(msg)
        check_settings(settings, self._known_settings())
        PipelinedCore.__init__(self)
        Traced.__init__(self, slow_request)
        self.layout = layout
        self.max_changes = max_changes
        self._client = client
        self._settings = {} if client is not None else with_defaults(settings)
        self._embedded: EmbeddedServer | None = None
        self._server: Server | None = None
        self._sorts_by_pattern = False
        self._joins_keys = False
        self._lock = threading.Lock()
        self._models: dict[str, type] = {}
        self._named = ModelRegistry()
        self._lent: list[type] = []
        """Models that are pointed at another database for a while."""
        _databases.add(self)

    @property
    def max_changes(self) -> int | None:
        """The most objects and index entries that one step may change; None for any number. It may be set."""
        return self._max_changes

    @max_changes.setter
    def max_changes(self, most: int | None) -> None:
        if most is not None and not (type(most) is int and most >= 1):
            msg = f"max_changes is how many changes one step may make, at least 1, or None, not {shorten(most)}"
            raise DeclarationError(msg)
        self._max_changes = most

    @classmethod
    def embedded(
        cls,
        path: str | PathLike[str] | None = None,
        *,
        layout: str = ModelKeys.layout,
        max_changes: int | None = MAX_CHANGES,
        slow_request: float | None = None,
    ) -> Self:
        """A database on a private Valkey server, started when it is first used.

        The server serves this process and the children it forks, on a Unix socket, and ends with
        the last of them, however they end.

        Args:
            path: a folder where the data stays between runs; processes that name the same folder
                share one server. Without it the data is gone with the server, and processes that import
                the module anew (children that multiprocessing spawns, workers of web servers) each
                have a server of their own.
            layout: that of the keys.
            max_changes: how many objects and index entries one step may change.
            slow_request: the seconds from which on a request is logged as slow; None for never.

        Raises:
            DeclarationError: the `embedded` extra is not installed, the system is no Unix, or the path is none.
        """
        try:
            from limpyd.embedded import EmbeddedServer  # noqa: PLC0415 - it needs what only a Unix has
        except ImportError as error:
            msg = f"the embedded server needs a Unix system ({error}); use a server of your own"
            raise DeclarationError(msg) from error
        database = cls(layout=layout, max_changes=max_changes, slow_request=slow_request)
        database._embedded = EmbeddedServer(path)
        return database

    @property
    def server(self) -> Server | None:
        """Name and version of the server, once it has been asked something."""
        return self._server

    @property
    def connection_settings(self) -> dict[str, Any]:
        """The settings with which connections are made."""
        return dict(self._settings)

    @staticmethod
    @lru_cache
    def _known_settings() -> AbstractSet[str]:
        """The names of the settings that a client of redis-py takes."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {self._where}>"

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        not_sent(
            self,
            "it has connections, and settings that may be secret; send instances, fields or collections, whose models "
            "have a database where they are imported, or the name of the model",
        )

    @property
    def _where(self) -> str:
        """The address of the server, as messages name it."""
        host, port, _ = self.address
        if port is not None:
            return f"{host}:{port}"
        return f"{host} (by Sentinel)" if is_by_sentinel(self._settings, self._client) else host

    @property
    def address(self) -> Address:
        """The host, the port and the number of the database of the server."""
        if self._embedded is not None:
            return Address(str(self._embedded), None, 0)
        return address_of(self._settings, self._client)

    def _resolved_settings(self) -> dict[str, Any]:
        """The settings, after starting the embedded server if that is what serves."""
        if self._embedded is None:
            return self._settings
        return {"unix_socket_path": self._embedded.start(), "db": 0}

    def _use(self, settings: dict[str, Any]) -> None:
        """Forgets how the server was reached so far."""
        if self._embedded is not None:
            self._embedded.leave()
        self._client, self._embedded, self._settings = None, None, with_defaults(settings)

    def _forget_indexes(self) -> None:
        """Has models ask anew which indexes are built: where the connections lead next, they may not be."""
        for model in self._models.values():
            model._schema.forget()  # type: ignore[attr-defined]

    def _after_fork(self) -> None:
        # Another thread of the parent may have held it; nobody in the child would let it go.
        self._lock = threading.Lock()

    def _learn(self, info: Any, sorted_by_pattern: Any) -> None:
        """Notes what the server replied to INFO_SERVER and to SORT_BY_PATTERN: an answer, or the error of a refusal."""
        if not isinstance(info, Exception):  # it may not be asked, which its administrator will have a reason for
            self._server = checked(from_info(info), self._where)
            self._joins_keys = not is_clustered(info)
            if self.layout != ModelKeys.layout and not self._joins_keys:
                msg = f"the server at {self._where} is part of a cluster, which cannot keep the layout {self.layout!r}"
                raise DeclarationError(msg)
        self._sorts_by_pattern = not isinstance(sorted_by_pattern, Exception)

    def _check_free(self, tag: str, model: type) -> None:
        """Refuses a model whose keys another model of this database has."""
        known = self._models.get(tag)
        if known is not None and known is not model:
            msg = (
                f"two models are named {tag!r} on this database: {known.__module__}.{known.__qualname__} and "
                f"{model.__module__}.{model.__qualname__}. Their data would mix; give one a namespace, "
                f"or a model_name, of its own. (To declare one class again, in a prompt say, make a new database)"
            )
            raise DeclarationError(msg)

    def _register(self, tag: str, model: type) -> None:
        self._check_free(tag, model)
        self._models[tag] = model
        self._named.register(model)

    def _unregister(self, tag: str) -> None:
        self._named.unregister(self._models.pop(tag))


_databases: weakref.WeakSet[Database[Any]] = weakref.WeakSet()


def _renew_locks_after_fork() -> None:
    for database in tuple(_databases):
        database._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_locks_after_fork)


class RedisDatabase(Pipelined, Database[redis.Redis], Checked):
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
        check_settings(new_settings, self._known_settings())
        client, self._connection = self._connection, None
        given, self._server = self._client, None
        if new_settings:
            self._use(new_settings)
        elif self._embedded is not None:
            self._embedded.leave()
        access, self._access = self._access, Access()
        self._forget_indexes()
        access.close()
        if client is not None and client is not given:
            client.close()

    @property
    def connection(self) -> redis.Redis:
        """A redis-py client on this database, for everything that is not a model.

        It decodes replies to str; or it is the client that the database was made with.
        """
        if self._connection is None:
            if isinstance(self._client, redis.Redis):
                self._connection = self._client
            elif self._client is not None:
                self._connection = redis.Redis(connection_pool=self._client)
            else:
                self._connection = sync_client(client_settings(self._resolved_settings()))
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

    def _run(self, request: Request[R]) -> R:
        if self._active.get() is not None and (pipeline := self._pipeline()) is not None:
            return cast("R", pipeline.collect(request))
        return (self._access.driver or self._opened()).run(request)

    _directly = staticmethod(sync_call)

    def _run_program(self, program: Program[R]) -> R:
        self._at_once(*PROGRAM)
        try:
            request = next(program)
            while True:
                try:
                    result = self._opened().run(request)
                except BaseException as error:  # noqa: BLE001 - it goes on to the program, and comes back from there
                    request = program.throw(error)
                else:
                    request = program.send(result)
        except StopIteration as end:
            return cast("R", end.value)

    def _walk(self, step: Walk[R]) -> Iterator[R]:
        self._at_once(*WALK)
        return self._opened().walk(step)

    def _opened(self) -> SyncDriver:
        """The driver. It asks the server first what it is; each thread does that does not know it yet."""
        access = self._access
        driver = access.driver
        if driver is None:
            self._begin_logging()
            driver = access.opening(self._own_connections, self._where, self._listeners)
            self._learn(*driver.ask(INFO_SERVER, SORT_BY_PATTERN))
            access.driver = driver
        return driver

    def _own_connections(self) -> SyncConnectionPool:
        if self._client is not None:
            return SyncConnectionPool(pool_of(self._client))
        return SyncConnectionPool(sync_client(own_settings(self._resolved_settings())).connection_pool)

    def _after_fork(self) -> None:
        super()._after_fork()
        for client in (self._client, self._connection):
            if client is not None:
                renew_locks(pool_of(client))
