"""The connections to each node of a cluster. It does no I/O."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from limpyd.drivers.cluster.topology import NodeAddress


class Pool(Protocol):
    """The connections to a node."""

    def close(self) -> None:
        """Closes them, and opens no more."""
        ...


P = TypeVar("P", bound=Pool)


class NodePools(dict[NodeAddress, P]):
    """The connections to each node, made when the node is first asked for.

    Args:
        make_pool: makes the connections to a node.

    Attributes:
        closed: no more connections are opened.
    """

    def __init__(self, make_pool: Callable[[NodeAddress], P]) -> None:
        super().__init__()
        self._make_pool = make_pool
        self.closed = False

    def __missing__(self, node: NodeAddress) -> P:
        pool = self.setdefault(node, self._make_pool(node))  # the same one for threads that come at the same time
        if self.closed:
            pool.close()
        return pool

    def close(self) -> None:
        """Closes all connections, and those that are given back later."""
        self.closed = True
        for pool in list(self.values()):
            pool.close()
