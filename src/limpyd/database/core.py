"""A database, whichever its face: its options, its endpoint, and the models that are declared on it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Generic, NoReturn, Self, TypeVar

import redis.lock

from limpyd.database.endpoint import Endpoint, embedded_endpoint, endpoint
from limpyd.database.forks import renew_locks_after_fork
from limpyd.database.handshake import Capabilities
from limpyd.database.models import DeclaredModels
from limpyd.drivers.settings import PATIENCE
from limpyd.exceptions import DeclarationError, shorten
from limpyd.keys import ModelKeys
from limpyd.keys.layouts import LAYOUTS, checked_partitions
from limpyd.pipelines.collector import PipelinedCore
from limpyd.requests.request import Request
from limpyd.server import Server
from limpyd.tracing.databases import Traced
from limpyd.tracing.events import Address
from limpyd.utils.pickling import not_sent

if TYPE_CHECKING:
    from os import PathLike

Client = TypeVar("Client")
R = TypeVar("R")

DEFAULT_CONNECTION_SETTINGS: Final = {"host": "localhost", "port": 6379, "db": 0}
"""The address of a database without settings: limpyd 2's name."""
PROGRAM = ("an operation of several requests", "call it before or after the block")
"""The name of a program in a pipeline's message, and the advice."""
MAX_CHANGES: Final = 10_000
"""The most objects and index entries that a step may change by default, which takes some 40 ms."""
Lock = redis.lock.Lock
"""A lock of redis-py, which is limpyd 2's under this name."""


class Database(PipelinedCore, Traced, Generic[Client]):
    """The base of the databases of both faces."""

    default_indexes: Sequence[Any] | None = None
    """The indexes of fields that are indexable, where neither they nor their class or model declare any; set on a
    subclass, or before the models are declared. None for the one that fits the type of each."""

    def __init__(
        self,
        client: Any = None,
        layout: str = ModelKeys.layout,
        max_changes: int | None = MAX_CHANGES,
        slow_request: float | None = None,
        partitions: int = 1,
        **settings: Any,
    ) -> None:
        if layout not in LAYOUTS:
            msg = f"there is no layout {layout!r}; the layouts are {' and '.join(map(repr, LAYOUTS))}"
            raise DeclarationError(msg)
        self._endpoint = endpoint(client, settings, self._known_settings())
        PipelinedCore.__init__(self)
        Traced.__init__(self, slow_request)
        self.layout = layout
        self.max_changes = max_changes
        self.partitions = checked_partitions(partitions)
        self._capabilities = Capabilities()
        self._lock = threading.Lock()
        self._models = DeclaredModels()
        renew_locks_after_fork(self)

    @property
    def max_changes(self) -> int | None:
        """The most objects and index entries that one step may change; None for any number. It may be set."""
        return self._max_changes

    @max_changes.setter
    def max_changes(self, most: int | None) -> None:
        if most is not None and not (type(most) is int and most >= 1):
            msg = (
                "max_changes takes the number of changes that one step may make, at least 1, or None; not "
                f"{shorten(most)}"
            )
            raise DeclarationError(msg)
        self._max_changes = most

    @classmethod
    def embedded(
        cls,
        path: str | PathLike[str] | None = None,
        *,
        nodes: int | None = None,
        replicas: int = 0,
        read_from: str = "primary",
        layout: str = ModelKeys.layout,
        max_changes: int | None = MAX_CHANGES,
        slow_request: float | None = None,
        partitions: int = 1,
    ) -> Self:
        """A database on a private Valkey server, or a cluster of them, started when it is first used.

        The server serves this process and the children it forks, on a Unix socket, and ends with
        the last of them, however they end.

        Args:
            path: a folder where the data stays between runs; processes that name the same folder
                share one server. Without it the data is gone with the server, and processes that import
                the module anew (children that multiprocessing spawns, workers of web servers) each
                have a server of their own.
            nodes: the number of primaries of a cluster; None for a single server. Its nodes listen on ports of the
                loopback interface, with a password. It keeps no data, so it takes no path.
            replicas: the number of replicas of each primary.
            read_from: `replica` if replicas of a cluster serve the reads that may be stale.
            layout: that of the keys.
            max_changes: how many objects and index entries one step may change.
            slow_request: the seconds from which on a request is logged as slow; None for never.
            partitions: the number of partitions of models that declare none.

        Raises:
            DeclarationError: the `embedded` extra is not installed, the system is no Unix, the path is none, or there
                cannot be a cluster of so many nodes.
        """
        own = embedded_endpoint(path, nodes, replicas, read_from)
        database = cls(layout=layout, max_changes=max_changes, slow_request=slow_request, partitions=partitions)
        database._endpoint = own
        return database

    @property
    def server(self) -> Server | None:
        """Name and version of the server, once it has been asked something."""
        return self._capabilities.server

    @property
    def connection_settings(self) -> dict[str, Any]:
        """The settings with which connections are made, so that another database can be made with them.

        An embedded server, or cluster, is started if it does not run.
        """
        return dict(self._endpoint.resolved_settings())

    @property
    def address(self) -> Address:
        """The host, the port and the number of the database of the server."""
        return self._endpoint.address

    @staticmethod
    @lru_cache
    def _known_settings() -> AbstractSet[str]:
        """The names of the settings that a client of redis-py takes."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {self._endpoint}>"

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        not_sent(
            self,
            "it has connections, and settings that may be secret; send instances, fields or collections, which "
            "use the database of the process that loads them, or the name of the model",
        )

    def _leave(self, new_settings: dict[str, Any]) -> Endpoint:
        """Leaves the server, and returns how it was reached; the next use goes to another one if there are settings."""
        left = self._endpoint
        if new_settings:
            self._endpoint = endpoint(None, new_settings, self._known_settings())
        left.leave()
        self._capabilities = self._capabilities._replace(server=None)
        return left

    def _after_fork(self) -> None:
        self._lock = threading.Lock()

    def _begun(self, request: Request[R], *, is_atomic: bool = False) -> Request[R]:
        """Returns a request with what it needs besides, if it is about a model whose record has to be compared."""
        subject: Any = request.subject
        maintenance = getattr(getattr(subject, "model", None), "maintenance", None)
        maintenance = maintenance or getattr(subject, "maintenance", None)
        record = None if maintenance is None else maintenance.record
        return request if record is None else record.begun(request, is_atomic=is_atomic)

    @property
    def _patience(self) -> float:
        """The seconds for which a call waits for objects that are on their way."""
        patience: float = self._endpoint.settings.get("patience", PATIENCE)
        return patience

    def _learn(self, info: Any, sorted_by_pattern: Any) -> bool:
        """Notes the replies to the questions of the handshake; returns whether to ask those to a cluster."""
        self._capabilities = self._capabilities.learned(
            info, sorted_by_pattern, address=str(self._endpoint), layout=self.layout
        )
        return self._capabilities.is_clustered or bool(self._endpoint.seeds)

    def _learn_of_cluster(self, slots: Any) -> None:
        """Notes what a node replied to the questions to a cluster."""
        self._capabilities = self._capabilities.learned_of_cluster(slots)
