"""Accidents that happen to a cluster of several nodes while clients work; as accidents.py, which says more.

python -m tests.faults.programs.cluster_accidents KIND TIMES [sync | async] [server] [partitions]
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from typing import Any, ClassVar

import redis

from limpyd.keys.partitioned import placed_tag
from tests.faults.programs.accidents import Accident, main
from tests.support.cluster_nodes import Node
from tests.support.clusters import Cluster, slot_of

MODELS = ("account", "item")


class AllNodes:
    """A cluster as a server, of which the first node is named and all are looked at.

    Attributes:
        port: of the first node.
        clustered: true.
    """

    clustered = True

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.port = cluster.nodes[0].port

    def client(self) -> redis.RedisCluster:
        """A client of redis-py on all nodes."""
        return self._cluster.client()


class ClusterAccident(Accident):
    """Something that happens to a cluster of three primaries.

    Attributes:
        replicas: of each primary.
    """

    related = False
    replicas: ClassVar[int] = 0

    def __init__(self, server_name: str) -> None:
        self.cluster = Cluster(server_name, replicas=self.replicas)

    @property
    def server(self) -> Any:
        return AllNodes(self.cluster)

    @property
    def settings(self) -> dict[str, Any]:
        return {"nodes": self.cluster.addresses, "patience": 30}

    def victim(self) -> tuple[int, Node]:
        """One of the slots that are used, and the node that serves it."""
        model = random.choice(MODELS)
        tag = model if self.partitions == 1 else placed_tag(model, random.randrange(self.partitions))
        slot = slot_of(f"{{{tag}}}")
        return slot, self.cluster.owner(slot)

    def rest(self) -> None:
        self.cluster.wait_until_settled()
        self.cluster.wait_until_replicated()

    def end(self) -> None:
        self.cluster.stop()


class Moved(ClusterAccident):
    """A slot is moved key by key, and sometimes the move is given up."""

    def strike(self) -> None:
        slot, source = self.victim()
        target = random.choice([node for node in self.cluster.primaries() if node is not source])
        others: Sequence[Node] = [node for node in self.cluster.primaries() if node not in {source, target}]
        move = self.cluster.move(slot, target)
        for _ in range(random.randrange(10)):
            move.step(random.randrange(1, 20))
            time.sleep(random.uniform(0, 0.003))
        if random.random() < 0.2:
            move.abort([*others])
        else:
            move.finish([*others] if random.random() < 0.5 else [])


class MovedAtOnce(ClusterAccident):
    """A slot is moved by the servers themselves, with all that is in it."""

    def strike(self) -> None:
        slot, source = self.victim()
        move = self.cluster.move_at_once(slot, slot, self.cluster.another(source))
        if random.random() < 0.2:
            move.cancel()
        move.wait()


class FailedOverByOrder(ClusterAccident):
    """A replica takes the place of its primary, which has agreed; on Redis, seconds pass between two orders to one."""

    replicas = 1
    round = 5
    pause = 0.01  # what is written meanwhile is looked at later

    def strike(self) -> None:
        _, primary = self.victim()
        self.cluster.fail_over(self.cluster.replicas(primary)[0])


class PrimaryKilled(ClusterAccident):
    """kill -9 of a primary; a replica takes its place, and the primary comes back as a replica."""

    durable = False  # replicas follow after the reply
    replicas = 1
    round = 1
    pause = 0.01  # the nodes need the processor as well

    def strike(self) -> None:
        slot, primary = self.victim()
        primary.kill()
        self.cluster.wait_for_failover(primary, [slot])
        primary.start()
        self.cluster.wait_until_settled()


class NodePaused(ClusterAccident):
    """A node stands still for longer than clients wait."""

    @property
    def settings(self) -> dict[str, Any]:
        return {**super().settings, "socket_timeout": 0.05}

    def strike(self) -> None:
        _, primary = self.victim()
        primary.pause()
        time.sleep(random.uniform(0.02, 0.15))
        primary.resume()


class ScriptsForgotten(ClusterAccident):
    """SCRIPT FLUSH on one node, several times."""

    def strike(self) -> None:
        _, primary = self.victim()
        for _ in range(20):
            primary.forget_scripts()
            time.sleep(0.0005)


ACCIDENTS: dict[str, type[Accident]] = {
    "moved": Moved,
    "moved_at_once": MovedAtOnce,
    "failed_over_by_order": FailedOverByOrder,
    "primary_killed": PrimaryKilled,
    "node_paused": NodePaused,
    "scripts_forgotten": ScriptsForgotten,
}


if __name__ == "__main__":
    main(ACCIDENTS)
