"""The server of a database, as it is reached."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple, Protocol

from limpyd.drivers.addresses import Remap, address_of, is_by_sentinel
from limpyd.drivers.clients import pool_of
from limpyd.drivers.settings import (
    ONLY_CLUSTERS,
    check_cluster,
    check_settings,
    client_settings,
    node_settings,
    own_settings,
    with_defaults,
)
from limpyd.exceptions import DeclarationError, shorten
from limpyd.tracing.events import Address


class Embedded(Protocol):
    """A server, or a cluster, of this process and its children."""

    @property
    def keeps_data(self) -> bool:
        """True if the data stays when it ends."""
        ...

    def settings(self) -> dict[str, Any]:
        """Starts it, or joins it, and returns the settings of connections to it."""
        ...

    def leave(self) -> None:
        """Ends it, unless other processes use it."""
        ...


class Endpoint(NamedTuple):
    """One of three: the settings of connections, a client or pool of redis-py, an embedded server or cluster."""

    settings: dict[str, Any]
    client: Any = None
    embedded: Embedded | None = None

    def __str__(self) -> str:
        """The address, as messages name it."""
        host, port, _ = self.address
        if port is not None:
            return f"{host}:{port}"
        return f"{host} (by Sentinel)" if is_by_sentinel(self.settings, self.client) else host

    @property
    def address(self) -> Address:
        """The host, the port and the number of the database of the server."""
        if self.embedded is not None:
            return Address(str(self.embedded), None, 0)
        return address_of(self.settings, self.client)

    @property
    def pool(self) -> Any:
        """The pool of the client that was made elsewhere; None without one."""
        return None if self.client is None else pool_of(self.client)

    def resolved_settings(self) -> dict[str, Any]:
        """Returns the settings that reach the server, after starting it if it is an embedded one."""
        return self.settings if self.embedded is None else self.embedded.settings()

    def own_settings(self) -> dict[str, Any]:
        """Returns the settings of limpyd's own connections."""
        return own_settings(self.resolved_settings())

    @property
    def is_ephemeral(self) -> bool:
        """True if the server starts without data, for this process, and its data ends with it."""
        return self.embedded is not None and not self.embedded.keeps_data

    @property
    def is_cluster(self) -> bool:
        """True if the settings name nodes of a cluster; a server that they name may be one, too."""
        return "nodes" in self.settings or getattr(self.embedded, "is_cluster", False)

    @property
    def seeds(self) -> list[tuple[str, int]]:
        """The addresses of nodes of a cluster that the settings name; empty if they name one server."""
        return [(host, port) for host, port in self.resolved_settings().get("nodes", ())]

    @property
    def address_remap(self) -> Remap | None:
        """The function that changes the addresses that nodes of a cluster name."""
        return self.settings.get("address_remap")

    def node_settings(self, host: str, port: int) -> dict[str, Any]:
        """Returns the settings of limpyd's own connections to a node of a cluster."""
        settings = self.resolved_settings() if self.client is None else self.pool.connection_kwargs
        return node_settings(settings, host, port)

    def client_settings(self) -> dict[str, Any]:
        """Returns the settings of the redis-py client that users are given."""
        return client_settings(self.resolved_settings())

    def leave(self) -> None:
        """Leaves the embedded server, if it is one."""
        if self.embedded is not None:
            self.embedded.leave()


def endpoint(client: Any, settings: dict[str, Any], known: AbstractSet[str]) -> Endpoint:
    """The endpoint of a client, or of settings if there is none.

    Args:
        client: a client or a pool of redis-py.
        settings: those of connections.
        known: the names of the settings that a client of redis-py takes.

    Raises:
        DeclarationError: there are both, or the settings cannot be used.
    """
    if client is not None and settings:
        msg = f"client= has its own settings; leave out {', '.join(settings)}"
        raise DeclarationError(msg)
    if "connection_pool" in settings:
        msg = "pass an existing connection pool as client="
        raise DeclarationError(msg)
    check_settings(settings, known)
    return Endpoint({}, client) if client is not None else Endpoint(with_defaults(settings))


def embedded_endpoint(path: Any, nodes: Any, replicas: Any, read_from: Any) -> Endpoint:
    """The endpoint of an embedded server; or of an embedded cluster, if the number of its nodes is given.

    Raises:
        DeclarationError: the `embedded` extra is not installed, the system is no Unix, the path is none, or the numbers
            are none of a cluster; or a single server should read from replicas.
    """
    check_cluster({"read_from": read_from})
    try:
        from limpyd.embedded import EmbeddedServer  # noqa: PLC0415 - it needs what only a Unix has
        from limpyd.embedded.cluster import EmbeddedCluster  # noqa: PLC0415 - the same
    except ImportError as error:
        msg = f"the embedded server needs a Unix system ({error}); use a server of your own"
        raise DeclarationError(msg) from error
    if nodes is None:
        if replicas:
            msg = f"replicas={shorten(replicas)} needs a cluster; pass nodes= as well, such as nodes=3"
            raise DeclarationError(msg)
        if read_from == "replica":
            raise DeclarationError(ONLY_CLUSTERS)
        return Endpoint(with_defaults({}), embedded=EmbeddedServer(path))
    if path is not None:
        msg = f"an embedded cluster keeps no data between runs; leave out nodes= or the path {shorten(path)}"
        raise DeclarationError(msg)
    return Endpoint(with_defaults({"read_from": read_from}), embedded=EmbeddedCluster(nodes, replicas))
