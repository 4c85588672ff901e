"""The driver of a database on the sync face, and the settings of its connections.

The connection of each call is chosen in drivers/sync_transport.py.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from functools import lru_cache, partial
from time import sleep
from typing import TYPE_CHECKING, Any, TypeVar, cast

import redis

from limpyd.database.clusters import Seed, address_reached, check_single, not_clustered, routing_of
from limpyd.database.core import PROGRAM, Database
from limpyd.database.handshake import QUESTIONS, QUESTIONS_TO_CLUSTER
from limpyd.database.key_scan import WALK
from limpyd.drivers.access import Access
from limpyd.drivers.clients import check_client, pool_of
from limpyd.drivers.connection_pool import SyncConnectionPool, renew_locks
from limpyd.drivers.fast_path import sync_call
from limpyd.drivers.sentinel import sync_client
from limpyd.drivers.sync import SyncDriver
from limpyd.exceptions import LimpydError, ObjectsMoved, ServerUnreachable
from limpyd.pipelines.sync import run_scattered
from limpyd.requests.request import Program, Request, Walk
from limpyd.requests.scattered import together
from limpyd.requests.sync_runner import sync_run

if TYPE_CHECKING:
    from limpyd.drivers.cluster.topology import NodeAddress

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

        It decodes replies to str; or it is the client that the database was made with. With `nodes=` it is a
        redis.RedisCluster, which has the same commands.
        """
        client = self._endpoint.client
        if self._connection is None:
            if isinstance(client, redis.Redis):
                self._connection = client
            elif client is not None:
                self._connection = redis.Redis(connection_pool=client)
            else:
                self._connection = self._new_client()
        return self._connection

    def _new_client(self) -> redis.Redis:
        settings, seeds = self._endpoint.client_settings(), self._endpoint.seeds
        if not seeds:
            return sync_client(settings)
        from limpyd.drivers.cluster.clients import sync_cluster_client  # noqa: PLC0415 - few have a cluster

        return cast("redis.Redis", sync_cluster_client(seeds, settings, self._endpoint.address_remap))

    def _run(self, request: Request[R], again: Callable[[], Request[R]] | None = None) -> R:
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
            return cast("R", pipeline.collect(request, again=again))
        try:
            return (self._access.driver or self._opened()).run(request.exact() if active else request)
        except ObjectsMoved as moved:
            if again is None:
                raise
            return self._run_again(moved, again)

    def _run_again(self, moved: ObjectsMoved, again: Callable[[], Request[R]]) -> R:
        """The result of a request that was refused because objects have moved, or are on their way."""
        from limpyd.requests.waiting import Waiting  # noqa: PLC0415 - objects move rarely

        waiting = Waiting(self._patience)
        while True:
            sleep(waiting.pause(moved))
            unfinished = waiting.unfinished(moved)
            if unfinished is not None:
                with suppress(LimpydError):  # another process may do it
                    self._opened().run(unfinished)
            request = self._begun(again())
            try:
                return self._opened().run(request if self._active.get() is None else request.exact())
            except ObjectsMoved as error:
                moved = error

    def _described(self, describe: Callable[[], Request[R]]) -> R:
        """The result of a request, which is described again if the objects have been moved meanwhile."""
        return self._run(describe(), describe)

    _directly = staticmethod(sync_call)

    def _run_program(self, program: Program[R]) -> R:
        self._at_once(*PROGRAM)
        return sync_run(program, self._send_step)

    def _send_step(self, step: Request[Any] | list[Request[Any]]) -> Any:
        """Sends the request, or the requests, that a program yields."""
        begun = self._begun
        return self._opened().run(together([*map(begun, step)]) if isinstance(step, list) else begun(step))

    def _walk(self, step: Walk[R]) -> Iterator[R]:
        self._at_once(*WALK)
        return self._opened().walk(lambda cursor: self._begun(step(cursor)), self._patience)

    def _opened(self) -> SyncDriver:
        """The driver. It asks the server first what it is; each thread does that does not know it yet."""
        access = self._access
        driver = access.driver
        if driver is None:
            self._begin_logging()
            driver = self._introduced(access)
            driver.scatter = run_scattered
            access.driver = driver
        return driver

    def _introduced(self, access: Access) -> SyncDriver:
        """The driver that fits the server, or the cluster, after asking it what it is."""
        driver, seed = self._first_that_answers(access)
        slots = self._capabilities.slots
        if slots is None and seed is None:
            check_single(self._endpoint)
            return driver
        asked = address_reached(self._endpoint, seed)
        if slots is None:
            raise not_clustered(self._endpoint, asked)
        return access.get_or_make_driver("cluster", lambda: self._cluster_driver(driver, asked, slots))

    def _first_that_answers(self, access: Access) -> tuple[SyncDriver, Seed]:
        """The driver that reaches a server which has said what it is, and its address, if it is one of nodes."""
        seeds: Sequence[Seed] = self._endpoint.seeds
        *others, last = seeds or [None]
        for seed in others:
            with suppress(ServerUnreachable):
                return self._introduce(access, seed), seed
        return self._introduce(access, last), last

    def _introduce(self, access: Access, seed: Seed) -> SyncDriver:
        driver = access.get_or_make_driver(f"seed {seed}", partial(self._seed_driver, seed))
        if self._learn(*driver.ask(*QUESTIONS)):
            self._learn_of_cluster(*driver.ask(*QUESTIONS_TO_CLUSTER))
        return driver

    def _seed_driver(self, seed: Seed) -> SyncDriver:
        return SyncDriver(self._connections_to(seed), str(self._endpoint), self._listeners)

    def _cluster_driver(self, seed: SyncDriver, asked: NodeAddress, slots: Any) -> SyncDriver:
        from limpyd.drivers.cluster.read_only import after_connecting  # noqa: PLC0415 - few have a cluster
        from limpyd.drivers.cluster.sync_driver import ClusterDriver  # noqa: PLC0415
        from limpyd.drivers.cluster.sync_nodes import ClusterConnections  # noqa: PLC0415

        def pool_of_node(node: NodeAddress) -> SyncConnectionPool:
            return seed.connections if not node.port else self._connections_to(node, after_connecting(node))

        connections = ClusterConnections(routing_of(self._endpoint, asked, slots), pool_of_node)
        return ClusterDriver(connections, str(self._endpoint), self._listeners)

    def _connections_to(
        self, node: tuple[str, int] | None, on_connect: Callable[[Any], None] | None = None
    ) -> SyncConnectionPool:
        if node is None:
            return self._own_connections()
        settings = self._endpoint.node_settings(*node)
        if on_connect is not None:
            settings["redis_connect_func"] = on_connect
        client = self._endpoint.pool
        if client is not None:
            kind = redis.Connection if "path" in client.connection_kwargs else client.connection_class
            return SyncConnectionPool(type(client)(connection_class=kind, **settings))
        return SyncConnectionPool(sync_client(settings).connection_pool)

    def _own_connections(self) -> SyncConnectionPool:
        pool = self._endpoint.pool
        if pool is None:
            pool = sync_client(self._endpoint.own_settings()).connection_pool
        return SyncConnectionPool(pool)

    def _after_fork(self) -> None:
        super()._after_fork()
        if not isinstance(self._connection, redis.Redis):  # a RedisCluster
            self._connection = None  # its connections are those of the parent
        for client in (self._endpoint.client, self._connection):
            if client is not None:
                renew_locks(pool_of(client))
