"""The shares of a batch that go to the nodes of a cluster, and their losses."""

from __future__ import annotations

from typing import NamedTuple

from redis import exceptions as redis_errors

from limpyd.drivers.cluster.topology import NodeAddress


class Failure(NamedTuple):
    """The loss of a request whose reply never came.

    Attributes:
        error: what the connection was lost by, or why there was none.
        sent: the request may have reached the node.
    """

    error: Exception
    sent: bool

    @property
    def is_final(self) -> bool:
        """True if the account is refused, so that no other node would do better."""
        return not self.sent and isinstance(self.error, redis_errors.AuthenticationError)


class Share(NamedTuple):
    """The requests of a batch that go to one node.

    Attributes:
        node: the node.
        asking: each is sent with ASKING before it.
        numbers: the positions of the requests in the batch.
    """

    node: NodeAddress
    asking: bool
    numbers: list[int]
