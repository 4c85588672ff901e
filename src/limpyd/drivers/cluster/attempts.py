"""The next try of a request, by the answers of nodes. It does no I/O.

See https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/, "Redirection and resharding".
"""

from __future__ import annotations

import random
from time import monotonic
from typing import Any

from redis import exceptions as redis_errors

from limpyd.drivers.cluster.routing import Routing
from limpyd.drivers.cluster.topology import NodeAddress, ReplicaAddress
from limpyd.drivers.connection_pool import Home

ASKING = (b"ASKING",)
PACKED_ASKING = b"*1\r\n$6\r\nASKING\r\n"
SHORTEST, LONGEST = 0.001, 0.05
"""Seconds between two tries: after the first, and at most."""
MAX_AT_ONCE = 5
"""The most redirections that are followed without a pause."""

LATER = (
    redis_errors.TryAgainError,
    redis_errors.ClusterDownError,
    redis_errors.ReadOnlyError,
    redis_errors.MasterDownError,
    redis_errors.BusyLoadingError,
)
"""Refusals of what may be served later, perhaps by another node. Nothing was executed."""
REPLICAS_MAY = (None, "noscript")
"""The reasons to send a read for which a replica may serve it. If it was behind, for example, the primary has to."""
STALE = (*LATER[1:], redis_errors.MovedError)
"""Refusals after which the topology is asked for again."""


UNBLOCKED = "UNBLOCKED force unblock from blocking operation, instance state changed"
"""The beginning of the refusal that ends the blocking commands at a primary which becomes a replica."""


def is_redirection(refusal: Any) -> bool:
    """Returns whether a refusal says that the request may be served elsewhere (MOVED, ASK), or later."""
    return isinstance(refusal, (redis_errors.AskError, *LATER)) or _is_unblocked(refusal)


def _is_unblocked(refusal: Any) -> bool:
    return isinstance(refusal, redis_errors.ResponseError) and str(refusal).startswith(UNBLOCKED)


class Attempts:
    """The tries of a request, or of some that are sent together.

    Args:
        routing: the topology, which redirections change.
        from_replicas: replicas may serve what may be stale.

    Attributes:
        asked_at: the node that an ASK named, by which the next try is served, and only that.
        stale: the topology should be asked for again.
        suspects: the nodes that did not answer, which are asked for it last.
        error: why the last try was not served.
        from_replicas: the next try may be served by a replica.
    """

    def __init__(self, routing: Routing, *, from_replicas: bool = False) -> None:
        self._routing = routing
        self.from_replicas = from_replicas and routing.replicas is not None
        self._until: float | None = None
        self._pause = SHORTEST
        self._redirected = 0
        self.asked_at: NodeAddress | None = None
        self.stale = False
        self.suspects: set[NodeAddress] = set()
        self.error: Exception | None = None

    def next_node(self, home: Home) -> NodeAddress:
        """Returns the node for the next try of a request. Raises as `Routing.node_for`."""
        return self._routing.reader_for(home) if self.from_replicas else self._routing.node_for(home)

    def over(self, pause: float) -> bool:
        """Returns whether it was tried for long enough since it first failed; a try without a pause is always made.

        What came before the first failure does not count: a blocking command may have waited for any time.
        """
        if self._until is None:
            self._until = monotonic() + self._routing.patience
        return pause > 0 and monotonic() >= self._until

    def redirected(self, refusal: Any, slot: int | None, node: NodeAddress) -> float:
        """Notes a redirection, and returns the seconds to wait before the next try.

        Args:
            refusal: one for which `is_redirection` holds.
            slot: the slot of the request.
            node: the node that refused it.
        """
        self.error = refusal
        self.stale = self.stale or isinstance(refusal, STALE) or _is_unblocked(refusal)
        if not isinstance(refusal, redis_errors.AskError):
            return self.pause()
        target = self._routing.moved(refusal, node)
        if isinstance(refusal, redis_errors.MovedError):
            self._routing.topology.move(refusal.slot_id if slot is None else slot, target)
        else:
            self.asked_at = target
        self._redirected += 1
        return 0.0 if self._redirected <= MAX_AT_ONCE else self.pause()

    def unserved(self, failure: Any, slot: int | None, node: ReplicaAddress) -> None:
        """Notes that a replica did not serve a read: the primary is to serve it.

        Args:
            failure: its refusal, or why there is none.
            slot: the slot of the read.
            node: the replica.
        """
        self.error, self.from_replicas = failure, False
        if isinstance(failure, redis_errors.MovedError):
            target = self._routing.moved(failure, node)
            self._routing.topology.move(failure.slot_id if slot is None else slot, target)
        elif isinstance(failure, (redis_errors.AskError, redis_errors.TryAgainError)):
            return  # its primary knows where the keys are
        else:
            self._routing.avoid(node)
        self.stale = True

    def unreached(self, error: Exception, node: NodeAddress) -> float:
        """Notes that a node could not be reached, and returns the seconds to wait before the next try."""
        self.error = error
        self.suspect(node)
        return self.pause()

    def suspect(self, node: NodeAddress) -> None:
        """Notes that a node did not answer."""
        self.stale = True
        self.suspects.add(node)

    def pause(self) -> float:
        """Returns the seconds to wait before the next try; twice as many as before."""
        self._pause, longest = min(2 * self._pause, LONGEST), self._pause
        return random.uniform(longest / 2, longest)  # noqa: S311 - it keeps no secret
