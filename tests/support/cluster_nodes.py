"""One node of a cluster of several, and its own view of the cluster."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.support.servers import Server

HOST = "127.0.0.1"
SLOTS = 16384


@dataclass(frozen=True)
class Member:
    """A node as one of the nodes sees it.

    Attributes:
        id: its name in the cluster.
        port: of `HOST`.
        flags: such as `myself`, `master`, `slave`, `fail?`, `fail`.
        primary: the id of the node that it is a replica of; None for a primary.
        epoch: its configuration epoch: of two nodes that claim a slot, the one with the higher epoch has it.
        ranges: the slots that it serves, as `first-last`.
    """

    id: str
    port: int
    flags: frozenset[str]
    primary: str | None
    epoch: int
    ranges: tuple[str, ...]

    @property
    def slots(self) -> set[int]:
        """The slots that it serves."""
        bounds = [(int(first), int(last or first)) for first, _, last in (each.partition("-") for each in self.ranges)]
        return {slot for first, last in bounds for slot in range(first, last + 1)}


class Node(Server):
    """A node of a cluster on loopback TCP."""

    clustered = True

    def __init__(self, binary: str, *options: str) -> None:
        self._client: redis.Redis | None = None
        self.paused = False
        super().__init__(binary, "--cluster-enabled", "yes", *options)

    def __repr__(self) -> str:
        return f"<node {self.port}>"

    @property
    def address(self) -> tuple[str, int]:
        """Its host and port."""
        return HOST, self.port

    @property
    def bus_port(self) -> int:
        """The port at which other nodes reach it."""
        return self.port

    @property
    def running(self) -> bool:
        """Returns whether it is neither killed nor paused."""
        return self.process.poll() is None and not self.paused

    def start(self) -> None:
        """Starts it (again), with what it knew of the cluster; its data is gone, unless its options keep it.

        Raises:
            RuntimeError: another server has its port.
        """
        super().start()
        if self.call("INFO", "server").split("process_id:")[1].split()[0] != str(self.process.pid):
            self.kill()
            msg = f"another server has port {self.port}"
            raise RuntimeError(msg)

    def call(self, *args: Any) -> Any:
        """What the node itself answers, as text; redirections are raised, not followed."""
        if self._client is None:
            retry = Retry(NoBackoff(), 0)
            self._client = redis.Redis(HOST, self.port, retry=retry, socket_timeout=10, protocol=3)
        connection = self._client.connection_pool.get_connection()
        try:
            connection.send_command(*args)
            return _text(connection.read_response())
        finally:
            self._client.connection_pool.release(connection)

    def members(self) -> list[Member]:
        """All nodes that this one knows, as it sees them."""
        found = []
        for line in self.call("CLUSTER", "NODES").splitlines():
            name, address, flags, primary, _, _, epoch, _, *ranges = line.split()
            port = int(address.partition("@")[0].rpartition(":")[2])
            served = tuple(each for each in ranges if not each.startswith("["))
            found.append(
                Member(name, port, frozenset(flags.split(",")), primary.strip("-") or None, int(epoch), served)
            )
        return found

    def me(self) -> Member:
        """The node as it sees itself."""
        return next(member for member in self.members() if "myself" in member.flags)

    @property
    def id(self) -> str:
        """Its name in the cluster."""
        return str(self.call("CLUSTER", "MYID"))

    @property
    def is_primary(self) -> bool:
        """Returns whether it is a primary, by its own word."""
        return self.me().primary is None

    def pause(self) -> None:
        """SIGSTOP: its port takes connections and bytes, but nothing is answered."""
        os.kill(self.process.pid, signal.SIGSTOP)
        self.paused = True

    def resume(self) -> None:
        """SIGCONT: it answers all that has come meanwhile."""
        os.kill(self.process.pid, signal.SIGCONT)
        self.paused = False

    def kill(self) -> None:
        super().kill()
        self.paused = False

    def stop(self) -> None:
        if self.paused:
            self.resume()
        if self._client is not None:
            self._client.close()
        super().stop()

    def forget_scripts(self) -> None:
        """SCRIPT FLUSH: this node answers EVALSHA with NOSCRIPT."""
        self.call("SCRIPT", "FLUSH", "SYNC")


def _text(reply: Any) -> Any:
    if isinstance(reply, bytes):
        return reply.decode()
    if isinstance(reply, list):
        return [_text(each) for each in reply]
    if isinstance(reply, dict):
        return {_text(key): _text(value) for key, value in reply.items()}
    return reply
