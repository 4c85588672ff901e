"""A private cluster for development and tests: embedded servers on loopback that know each other.

Each node is an embedded server, so it ends with the last process that uses it. What a single server does by a Unix
socket, a cluster cannot, since its nodes tell clients each other's ports; so a password keeps other users out of it.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import redis

from limpyd.embedded.ports import HOST, free_port
from limpyd.embedded.server import PATIENCE, EmbeddedServer, renew_lock_after_fork
from limpyd.embedded.supervisor import CONFIG, POLL_SECONDS, PRIVATE
from limpyd.exceptions import DeclarationError, ServerUnreachable, shorten

SLOTS = 16384
FAILOVER_MILLISECONDS = 2000
"""How long a node may be silent before its replica takes its place."""
FAILOVER_PATIENCE = 20.0
"""Seconds for which requests wait: long enough for a failover on a machine that has much to do."""
MOST_NODES = 30
_ATTEMPTS = 5
"""How often a port is chosen again because another program was faster."""


class ClusterNode(EmbeddedServer):
    """An embedded server that is one node of a cluster."""

    def __init__(self, password: str, port: int | None) -> None:
        super().__init__()
        self._password = password
        self._chosen_port = port

    def start(self) -> str:
        for _ in range(_ATTEMPTS):
            try:
                return super().start()
            except ServerUnreachable as error:
                if self._chosen_port is not None or "in use" not in str(error):
                    raise
        return super().start()

    @property
    def port(self) -> int:
        """The port that it listens on, once it is started."""
        return int((self._folder / CONFIG).read_text().split(maxsplit=2)[1])

    def serves(self) -> bool:
        """Returns whether it is started and answers."""
        return self._presence is not None and self._still_serves(self._presence)

    def _launch(self) -> None:
        _write_once(self._folder / CONFIG, self._config())
        super()._launch()

    def _config(self) -> str:
        return (
            f"port {self._chosen_port or free_port()}\nbind {HOST}\n"
            f"requirepass {self._password}\nmasterauth {self._password}\n"
            f"cluster-enabled yes\ncluster-announce-ip {HOST}\ncluster-node-timeout {FAILOVER_MILLISECONDS}\n"
            "cluster-require-full-coverage no\ncluster-replica-validity-factor 0\nrepl-diskless-sync-delay 0\n"
        )


class EmbeddedCluster:
    """A cluster of `primaries` embedded servers with `replicas` replicas each.

    Args:
        primaries: the number of nodes that serve slots.
        replicas: of each.
        first_port: the port of the first node, the next ones of the others; free ones by default.

    Raises:
        DeclarationError: the numbers are none of a cluster, or the `embedded` extra is not installed.
    """

    is_cluster = True
    keeps_data = False

    def __init__(self, primaries: int, replicas: int = 0, first_port: int | None = None) -> None:
        _check_numbers(primaries, replicas)
        total = primaries * (1 + replicas)
        ports = [None] * total if first_port is None else [*range(first_port, first_port + total)]
        self.password = secrets.token_hex(16)
        self._nodes = [ClusterNode(self.password, port) for port in ports]
        self._primaries = primaries
        self._formed = False
        self._starting = threading.Lock()
        renew_lock_after_fork(self)

    def __str__(self) -> str:
        others = len(self._nodes) - self._primaries
        return f"embedded cluster of {self._primaries} primaries and {others} replicas"

    def settings(self) -> dict[str, Any]:
        """Starts the cluster unless it runs, and returns the settings that reach it: `nodes`, `password`, `patience`.

        A node that was killed stays away as long as another one runs, as in any cluster.

        Raises:
            ServerUnreachable: a node does not start, or they do not agree.
        """
        with self._starting:
            if not (self._formed and any(node.serves() for node in self._nodes)):
                with ThreadPoolExecutor(len(self._nodes)) as executor:
                    list(executor.map(ClusterNode.start, self._nodes))
                self._ports = [node.port for node in self._nodes]
                form(self._ports, self._primaries, self.password)
                self._formed = True
            nodes = [(HOST, port) for port in self._ports]
            return {"nodes": nodes, "password": self.password, "patience": FAILOVER_PATIENCE}

    def leave(self) -> None:
        """Says that this process needs the cluster no longer; the last one to leave ends it."""
        with self._starting:
            self._formed = False
            for node in self._nodes:
                node.leave()

    def after_fork(self) -> None:
        # As that of each server.
        self._starting = threading.Lock()


def form(ports: list[int], primaries: int, password: str) -> None:
    """Makes a cluster of servers, the first `primaries` of which serve slots; several processes may do so at once.

    Raises:
        ServerUnreachable: they do not agree in time.
    """
    with ExitStack() as stack:
        nodes = [stack.enter_context(redis.Redis(HOST, port, password=password)) for port in ports]
        if all(map(_serves, nodes)):
            return
        for number, node in enumerate(nodes):
            if number < primaries:
                first, after = number * SLOTS // primaries, (number + 1) * SLOTS // primaries
                with suppress(redis.ResponseError):  # another process did it
                    _cluster(node, "ADDSLOTSRANGE", first, after - 1)
                    _cluster(node, "SET-CONFIG-EPOCH", number + 1)
            for port in ports[:number]:
                _cluster(node, "MEET", HOST, port)
        _wait(lambda: all(_info(node)["cluster_known_nodes"] == str(len(nodes)) for node in nodes))
        for number, node in enumerate(nodes[primaries:]):
            primary = _cluster(nodes[number % primaries], "MYID")
            _wait(lambda node=node, primary=primary: _cluster(node, "REPLICATE", primary))  # type: ignore[misc]
        _wait(lambda: all(_serves(node) and _replicas_known(node) == len(nodes) - primaries for node in nodes))


def _serves(node: redis.Redis) -> bool:
    """Returns whether a node knows who serves each slot, and follows its primary if it has one."""
    info = _info(node)
    if info["cluster_state"] != "ok" or info["cluster_slots_assigned"] != str(SLOTS):
        return False
    replication = node.info("replication")
    return bool(replication["role"] == "master" or replication["master_link_status"] == "up")


def _replicas_known(node: redis.Redis) -> int:
    """Returns how many replicas a node tells clients of: those that it knows to have the data of their primary."""
    return sum(len(replicas) for _first, _last, _primary, *replicas in _cluster(node, "SLOTS"))


def _info(node: redis.Redis) -> dict[str, str]:
    lines = _cluster(node, "INFO").decode().split()
    return dict(line.split(":", 1) for line in lines)


def _cluster(node: redis.Redis, *args: Any) -> Any:
    """Returns the reply of a node to a command of CLUSTER, as it comes."""
    connection = node.connection_pool.get_connection()
    try:
        connection.send_command("CLUSTER", *args)  # type: ignore[no-untyped-call]
        return connection.read_response()
    finally:
        node.connection_pool.release(connection)


def _wait(condition: Callable[[], Any]) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        with suppress(redis.ResponseError):  # a node does not know another one yet
            if condition():
                return
        if time.monotonic() > until:
            msg = f"the nodes of the embedded cluster do not agree after {PATIENCE:.0f} seconds"
            raise ServerUnreachable(msg)
        time.sleep(POLL_SECONDS)


def _write_once(path: Path, text: str) -> None:
    """Writes a file for the user alone, unless it is there."""
    own = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    file = os.open(own, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, PRIVATE)
    with os.fdopen(file, "w") as writer:
        writer.write(text)
    with suppress(FileExistsError):
        os.link(own, path)
    own.unlink()


def _check_numbers(primaries: Any, replicas: Any) -> None:
    if type(primaries) is not int or primaries < 1 or type(replicas) is not int or replicas < 0:
        msg = (
            "an embedded cluster takes nodes=, the number of its primaries, at least 1, and replicas= for each of "
            f"them, 0 or more; not nodes={shorten(primaries)}, replicas={shorten(replicas)}"
        )
        raise DeclarationError(msg)
    if primaries * (1 + replicas) > MOST_NODES:
        msg = (
            f"an embedded cluster has at most {MOST_NODES} servers, replicas included; nodes={primaries} with "
            f"replicas={replicas} are {primaries * (1 + replicas)}"
        )
        raise DeclarationError(msg)
