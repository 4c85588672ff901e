"""From a database on a node of a cluster to the routing of its requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from limpyd.database.endpoint import Endpoint
from limpyd.drivers.settings import ONLY_CLUSTERS, PATIENCE
from limpyd.exceptions import DeclarationError

if TYPE_CHECKING:  # few have a cluster
    from limpyd.drivers.cluster.routing import Routing
    from limpyd.drivers.cluster.topology import NodeAddress

Seed = tuple[str, int] | None
"""The address of a node that the settings name; None where they name one server."""


def address_reached(endpoint: Endpoint, seed: Seed) -> NodeAddress:
    """Returns the address of the node that was asked what it is."""
    from limpyd.drivers.cluster.topology import NodeAddress  # noqa: PLC0415 - few have a cluster

    if seed is not None:
        return NodeAddress(*seed)
    host, port, _ = endpoint.address
    return NodeAddress(host, port or 0)


def routing_of(endpoint: Endpoint, asked: NodeAddress, slots: Any) -> Routing:
    """Returns the routing of a cluster.

    Args:
        endpoint: how it is reached.
        asked: the node that was asked.
        slots: its reply to CLUSTER SLOTS.
    """
    from limpyd.drivers.cluster.routing import Routing  # noqa: PLC0415 - few have a cluster
    from limpyd.drivers.cluster.topology import NodeAddress  # noqa: PLC0415

    seeds = [NodeAddress(*seed) for seed in endpoint.seeds] or [asked]
    patience = endpoint.resolved_settings().get("patience", PATIENCE)
    from_replicas = endpoint.settings.get("read_from") == "replica"
    routing = Routing(seeds, patience, endpoint.address_remap, from_replicas=from_replicas)
    routing.learn(slots, asked)
    return routing


def not_clustered(endpoint: Endpoint, address: NodeAddress) -> DeclarationError:
    """Returns the error for nodes that are no nodes of a cluster."""
    return DeclarationError(
        f"nodes= names the nodes of a cluster, and the server at {address} is none; pass host={address.host!r} and "
        f"port={address.port} instead of nodes={endpoint.seeds}"
    )


def check_single(endpoint: Endpoint) -> None:
    """Refuses settings of a cluster for a server that is no node of one.

    Raises:
        DeclarationError: reads are to be served by replicas.
    """
    if endpoint.settings.get("read_from") == "replica":
        raise DeclarationError(ONLY_CLUSTERS)
