"""Requests to one node, whichever slots it has."""

from __future__ import annotations

from typing import Any

from limpyd.drivers.cluster.topology import NodeAddress
from limpyd.requests.request import Argument, Request


class NodeRequest(Request[Any]):
    """A read without keys, to be sent to a node.

    Attributes:
        node: the address of the node.
    """

    __slots__ = ("node",)
    node: NodeAddress

    @property
    def key(self) -> bytes | None:
        return None


def on_node(args: tuple[Argument, ...], request: Request[Any], node: NodeAddress) -> NodeRequest:
    """Returns a request with other arguments, to be sent to a node."""
    pinned = NodeRequest(args, request.decode, readonly=True, subject=request.subject)
    pinned.node = node
    return pinned
