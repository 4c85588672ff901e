"""Real clusters of several nodes, on loopback, nothing persisted unless asked; and faults that a test can cause.

with cluster_of("valkey-9.1", primaries=3, replicas=1) as cluster:
    move = cluster.move(slot, cluster.primaries()[1])
    move.step(10)
    ...
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import redis
from redis.crc import key_slot

from tests.support.cluster_nodes import HOST, SLOTS, Node
from tests.support.servers import BINARIES
from tests.support.slot_moves import AtomicMove, SlotMove

OPTIONS = ("--cluster-require-full-coverage", "no", "--repl-diskless-sync-delay", "0")
NODE_TIMEOUT = 1.5
"""The seconds after which a node of a cluster with replicas is taken for dead."""
WITH_REPLICAS = ("--cluster-node-timeout", f"{NODE_TIMEOUT * 1000:.0f}", "--cluster-replica-validity-factor", "0")
"""A replica is promoted some two seconds after its primary was killed, however far behind it is."""
ELECTION_RETRY = 2 * max(2 * NODE_TIMEOUT, 2)
"""The seconds after a replica's election in which Redis (not Valkey) begins no other one for it.

If it is ordered to fail over in that time, it counts the votes of the former election: it takes itself for the primary,
nobody else does, and the true primary stops all writes for five seconds.
"""
WITHOUT_REPLICAS = ("--cluster-node-timeout", "5000")


class Cluster:
    """A cluster of `primaries` nodes, each with `replicas` replicas.

    Attributes:
        name: the server that it is of.
        nodes: all of them, whatever they are by now: first the first primaries.
    """

    def __init__(self, name: str, primaries: int = 3, replicas: int = 0, options: Iterable[str] = ()) -> None:
        self.name = name
        self._elected: dict[Node, float] = {}
        self._options = (*OPTIONS, *(WITH_REPLICAS if replicas else WITHOUT_REPLICAS), *options)
        with ThreadPoolExecutor() as executor:
            started = [executor.submit(self._start_node) for _ in range(primaries * (1 + replicas))]
            self.nodes = [each.result() for each in started]
        try:
            self._join(primaries)
        except BaseException:
            self.stop()
            raise

    def _start_node(self) -> Node:
        for _ in range(5):
            with suppress(RuntimeError):  # somebody else took its port
                return Node(BINARIES[self.name], *self._options)
        return Node(BINARIES[self.name], *self._options)

    def _join(self, primaries: int) -> None:
        first = self.nodes[:primaries]
        for number, node in enumerate(first):
            slots = number * SLOTS // primaries, (number + 1) * SLOTS // primaries - 1
            node.call("CLUSTER", "ADDSLOTSRANGE", *slots)
            node.call("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        self._layout = [node.me().slots for node in first]
        for number, node in enumerate(self.nodes):
            self._introduce(node, self.nodes[:number])
        for number, node in enumerate(self.nodes[primaries:]):
            node.call("CLUSTER", "REPLICATE", first[number % primaries].id)
        self.wait_until_settled()

    def _introduce(self, node: Node, others: list[Node]) -> None:
        for other in others:
            node.call("CLUSTER", "MEET", HOST, other.bus_port)
        known = {each.port for each in (node, *others)}
        self.wait(lambda: all(known <= _shaken_hands(each) for each in (node, *others)), "all know each other")

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Of all nodes, running or not."""
        return [node.address for node in self.nodes]

    @property
    def running(self) -> list[Node]:
        """The nodes that are neither killed nor paused."""
        return [node for node in self.nodes if node.running]

    def primaries(self) -> list[Node]:
        """The running nodes that serve slots, or may, by their own word."""
        return [node for node in self.running if node.is_primary]

    def replicas(self, primary: Node | None = None) -> list[Node]:
        """The running replicas, of all primaries or of one."""
        seen = [(node, node.me().primary) for node in self.running]
        name = primary and primary.id
        return [node for node, of in seen if (of == name if primary else of is not None)]

    def owner(self, slot: int) -> Node:
        """The running node that says that it serves a slot.

        Raises:
            LookupError: none does.
        """
        for node in self.running:
            if slot in (me := node.me()).slots and me.primary is None:
                return node
        msg = f"no running node serves slot {slot}"
        raise LookupError(msg)

    def another(self, *nodes: Node) -> Node:
        """A primary that is none of these."""
        return next(node for node in self.primaries() if node not in nodes)

    def owner_of(self, key: str | bytes) -> Node:
        """The running node that serves the slot of a key."""
        return self.owner(slot_of(key))

    def client(self) -> redis.RedisCluster:
        """redis-py's own client of the cluster, for looking at what is stored."""
        return redis.RedisCluster(startup_nodes=[redis.cluster.ClusterNode(*node.address) for node in self.running])

    def flush(self) -> None:
        """Empties all primaries."""
        for node in self.primaries():
            node.call("FLUSHALL")

    def wait_until_replicas_are_named(self) -> None:
        """Empties it, and waits until all nodes name all replicas to clients.

        Redis names a replica once its own node has told that it has got something from its primary.
        """
        self.flush()
        everyone = {node.port for node in self.nodes}
        self.wait(lambda: all(_named_by(node) >= everyone for node in self.nodes), "all nodes name the replicas")

    # Faults

    def move(self, slot: int, target: Node) -> SlotMove:
        """Begins to move a slot key by key; `finish()` or `abort()` ends that."""
        return SlotMove(slot, self.owner(slot), target)

    def move_slots(self, slots: Iterable[int], target: Node) -> None:
        """Moves slots key by key, and lets all primaries hear of it."""
        for slot in slots:
            move = self.move(slot, target)
            move.finish([node for node in self.primaries() if node not in {move.source, target}])

    def move_at_once(self, first: int, last: int, target: Node) -> AtomicMove:
        """Begins to move a range of slots of one node atomically; only Valkey can, from 9 on."""
        return AtomicMove(first, last, self.owner(first), target)

    def fail_over(self, replica: Node, how: str | None = None) -> None:
        """Has a replica take its primary's place, and waits until all agree; `how` may be FORCE or TAKEOVER.

        On Redis, a replica that was elected shortly before is ordered some seconds later (see ELECTION_RETRY).
        """
        if self.name.startswith("redis-") and replica in self._elected:
            time.sleep(max(self._elected[replica] + ELECTION_RETRY - time.monotonic(), 0))
        replica.call("CLUSTER", "FAILOVER", *([how] if how else []))
        self.wait(lambda: replica.is_primary, "the replica is promoted")
        self._elected[replica] = time.monotonic()
        self.wait_until_settled()

    def wait_for_failover(self, dead: Node, slots: Iterable[int]) -> Node:
        """Waits until another node serves the slots that a killed or paused one served; returns that one."""
        wanted = set(slots)

        def heirs() -> list[Node]:
            return [node for node in self.primaries() if node is not dead and wanted <= node.me().slots]

        self.wait(heirs, "another node serves its slots")
        return heirs()[0]

    def add_node(self) -> Node:
        """Starts one more primary, without slots, and waits until all know it."""
        node = self._start_node()
        self.nodes.append(node)
        self._introduce(node, [other for other in self.running if other is not node])
        self.wait_until_settled()
        return node

    # Afterwards

    def wait_until_settled(self) -> None:
        """Waits until all running nodes serve, replicas follow, and all agree who serves which slots or follows whom.

        A primary ignores the order to fail over to a replica of which it has not heard that it is one.
        """
        self.wait(self._settled, "the nodes agree")

    def wait_until_replicated(self) -> None:
        """Waits until the replicas have all that was written so far (WAIT)."""
        for primary in self.primaries():
            primary.call("PING")  # WAIT is about what came before on its connection
            primary.call("WAIT", len(self.replicas(primary)), 5000)

    def _settled(self) -> bool:
        views = set()
        for node in self.running:
            if "cluster_state:ok" not in node.call("CLUSTER", "INFO"):
                return False
            if not node.is_primary and "master_link_status:up" not in node.call("INFO", "replication"):
                return False
            views.add(frozenset((each.id, each.primary, each.epoch, each.ranges) for each in node.members()))
        return len(views) == 1

    def restore(self) -> None:
        """Empties it, has all nodes run, and its primaries, whoever they are by now, serve what those at first did."""
        for node in self.nodes:
            if node.paused:
                node.resume()
            elif not node.running:
                node.start()
        self.wait_until_settled()
        self.flush()
        for node in self.primaries():
            for slot in open_slots(node):
                node.call("CLUSTER", "SETSLOT", slot, "STABLE")
        primaries = self.primaries()
        served = {node: node.me().slots for node in primaries}
        if sorted(map(sorted, filter(None, served.values()))) == sorted(map(sorted, self._layout)):
            return
        for slots in self._layout:
            self.wait_until_settled()  # a node that takes a slot has to know the epochs of the others
            home = max(primaries, key=lambda node: len(served[node] & slots))
            for slot in slots - served[home]:
                # Who imports a slot gets a higher epoch with it, so no late message of the former owner takes it back.
                home.call("CLUSTER", "SETSLOT", slot, "IMPORTING", self.another(home).id)
                for node in sorted(primaries, key=lambda node: node is not home):
                    node.call("CLUSTER", "SETSLOT", slot, "NODE", home.id)
        self.wait_until_settled()

    def wait(self, condition: Callable[[], object], what: str, seconds: float = 30) -> None:
        """Waits until a condition holds.

        Raises:
            RuntimeError: it does not in this time.
        """
        until = time.monotonic() + seconds
        while not _holds(condition):
            if time.monotonic() > until:
                msg = f"waited {seconds:.0f} seconds until {what}: {[node.me() for node in self.running]}"
                raise RuntimeError(msg)
            time.sleep(0.02)

    def stop(self) -> None:
        """Ends all nodes and removes what they left."""
        for node in self.nodes:
            node.stop()


def slot_of(key: str | bytes) -> int:
    """The slot of a key."""
    return int(key_slot(key.encode() if isinstance(key, str) else key))


def open_slots(node: Node) -> list[int]:
    """The slots that a node is importing or migrating."""
    line = next(line for line in node.call("CLUSTER", "NODES").splitlines() if "myself" in line)
    return [int(each[1:].split("-")[0]) for each in line.split() if each.startswith("[")]


@contextmanager
def cluster_of(name: str, primaries: int = 3, replicas: int = 0, options: Iterable[str] = ()) -> Iterator[Cluster]:
    """A cluster of a server by its name, for the time of a block."""
    cluster = Cluster(name, primaries, replicas, options)
    try:
        yield cluster
    finally:
        cluster.stop()


def _named_by(node: Node) -> set[int]:
    """The ports of the nodes that a node names to clients."""
    return {member[1] for served in node.call("CLUSTER", "SLOTS") for member in served[2:]}


def _shaken_hands(node: Node) -> set[int]:
    """The ports of the nodes that a node knows for good."""
    return {member.port for member in node.members() if "handshake" not in member.flags}


def _holds(condition: Callable[[], object]) -> bool:
    try:
        return bool(condition())
    except redis.RedisError:  # a node loads its data, or is about to change its role
        return False
