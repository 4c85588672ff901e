"""Requests to one node, whichever slots it has."""

from __future__ import annotations

from typing import Any, TypeVar

from limpyd.drivers.cluster.routing import Routing
from limpyd.drivers.cluster.topology import NodeAddress
from limpyd.keys import to_bytes
from limpyd.keys.slots import slot_of
from limpyd.requests.request import Request

R = TypeVar("R")


class NodeRequest(Request[R]):
    """A request to a node.

    Attributes:
        node: the address of the node.
    """

    __slots__ = ("node",)
    node: NodeAddress


def on_node(request: Request[R], node: NodeAddress) -> NodeRequest[R]:
    """Returns a read without keys, to be sent to a node."""
    pinned = NodeRequest(request.args, request.decode, readonly=request.readonly, subject=request.subject)
    pinned.node = node
    return pinned


def without_others(routing: Routing, key: Any, node: NodeAddress) -> bool:
    """Returns whether a key that a node has belongs to a slot that it serves: after a move it may have others."""
    return not isinstance(key, str) or routing.topology.owners[slot_of(to_bytes(key))] in (node, None)
