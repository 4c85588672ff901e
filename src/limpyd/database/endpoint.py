"""The server of a database, as it is reached."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple, Protocol

from limpyd.drivers.addresses import address_of, is_by_sentinel
from limpyd.drivers.clients import pool_of
from limpyd.drivers.settings import check_settings, client_settings, own_settings, with_defaults
from limpyd.exceptions import DeclarationError
from limpyd.tracing.events import Address


class EmbeddedServer(Protocol):
    """A server of this process and its children."""

    def start(self) -> str:
        """Starts it, or joins it, and returns the path of its socket."""
        ...

    def leave(self) -> None:
        """Ends it, unless other processes use it."""
        ...


class Endpoint(NamedTuple):
    """One of three: the settings of connections, a client or pool of redis-py made elsewhere, an embedded server."""

    settings: dict[str, Any]
    client: Any = None
    embedded: EmbeddedServer | None = None

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
        if self.embedded is None:
            return self.settings
        return {"unix_socket_path": self.embedded.start(), "db": 0}

    def own_settings(self) -> dict[str, Any]:
        """Returns the settings of limpyd's own connections."""
        return own_settings(self.resolved_settings())

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


def embedded_endpoint(path: Any) -> Endpoint:
    """The endpoint of an embedded server.

    Raises:
        DeclarationError: the `embedded` extra is not installed, the system is no Unix, or the path is none.
    """
    try:
        from limpyd.embedded import EmbeddedServer  # noqa: PLC0415 - it needs what only a Unix has
    except ImportError as error:
        msg = f"the embedded server needs a Unix system ({error}); use a server of your own"
        raise DeclarationError(msg) from error
    return Endpoint(with_defaults({}), embedded=EmbeddedServer(path))
