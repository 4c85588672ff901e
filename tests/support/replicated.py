"""A primary, replicas, and sentinels that watch them and promote a replica when the primary is gone."""

from __future__ import annotations

import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import redis

from tests.support.servers import BINARIES, Server, free_port

SERVICE = "service"
QUORUM = 2
GONE_AFTER = 300  # milliseconds without an answer


class Sentinel(Server):
    """One that watches a primary."""

    def __init__(self, binary: str, primary: Server) -> None:
        self._primary = primary
        super().__init__(binary)

    def start(self) -> None:
        config = Path(tempfile.mkdtemp(dir=self.folder)) / "sentinel.conf"
        config.write_text(
            f"port {self.port}\nbind 127.0.0.1\ndir {self.folder}\nloglevel warning\n"
            f"sentinel monitor {SERVICE} 127.0.0.1 {self._primary.port} {QUORUM}\n"
            f"sentinel down-after-milliseconds {SERVICE} {GONE_AFTER}\n"
            f"sentinel failover-timeout {SERVICE} 2000\nsentinel parallel-syncs {SERVICE} 2\n"
        )
        self.process = subprocess.Popen([self.binary, str(config), "--sentinel"], stdout=subprocess.DEVNULL)
        self._wait()
        with self.client() as client:  # it looks around once in 10 s otherwise
            client.execute_command("SENTINEL", "DEBUG", "INFO-PERIOD", 100, "ASK-PERIOD", 100)
            # Those that do not hear of a promotion within four of these periods take it back.
            client.execute_command("SENTINEL", "DEBUG", "PUBLISH-PERIOD", 250)


class Replicated:
    """The whole of it.

    Attributes:
        servers: the primary and its replicas, whichever is what by now.
        sentinels: those who decide.
    """

    def __init__(self, name: str, *options: str, replicas: int = 2) -> None:
        binary = BINARIES[name]
        self._options = ("--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1", *options)
        first = Server(binary, *self._options, port=free_port())
        others = [Server(binary, *self._options, *replica_of(first)) for _ in range(replicas)]
        self.servers = [first, *others]
        self.sentinels = [Sentinel(binary, first) for _ in range(3)]
        self.wait_until_whole()

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Of the sentinels."""
        return [("127.0.0.1", sentinel.port) for sentinel in self.sentinels]

    def primary(self) -> Server:
        """The server that the sentinels agree on, once it takes writes."""
        for _ in range(3000):
            named = {self._named(sentinel) for sentinel in self.sentinels}
            if len(named) == 1:
                server = next(server for server in self.servers if server.port in named)
                if server.process.poll() is None and self._role(server) == "master":
                    return server
            time.sleep(0.01)
        msg = "the sentinels do not agree on a primary"
        raise RuntimeError(msg)

    def fail_over(self) -> None:
        """Has a sentinel promote a replica, with the primary alive."""
        old = self.primary()
        asked_at = 0.0
        give_up_at = time.monotonic() + 60
        while self.primary() is old:
            if time.monotonic() > give_up_at:
                msg = "the sentinels do not promote another primary"
                raise RuntimeError(msg)
            if time.monotonic() - asked_at > 2:  # one that fails is given up, and has to be asked for again
                asked_at = time.monotonic()
                with self.sentinels[0].client() as client, suppress(redis.ResponseError):
                    client.execute_command("SENTINEL", "FAILOVER", SERVICE)
            time.sleep(0.01)

    def crash(self) -> None:
        """kill -9 of the primary; it comes back as a replica once another one has been promoted."""
        old = self.primary()
        old.kill()
        while (new := self.primary()) is old:
            time.sleep(0.01)
        old.options = (*self._options, *replica_of(new))
        old.start()

    def wait_until_whole(self) -> None:
        """Waits until all replicas follow the primary, and all sentinels know each other."""
        for _ in range(500):
            following = 0
            port = self.primary().port
            with redis.Redis(port=port, single_connection_client=True) as client, suppress(redis.RedisError):
                client.set("probe", 1)
                client.delete("probe")
                following = client.wait(len(self.servers) - 1, 100)
            if following == len(self.servers) - 1 and all(map(self._knows_all, self.sentinels)):
                return
            time.sleep(0.02)
        msg = "the replicas do not follow"
        raise RuntimeError(msg)

    def stop(self) -> None:
        """Ends all of them."""
        for server in [*self.sentinels, *self.servers]:
            server.stop()

    def _knows_all(self, sentinel: Server) -> bool:
        with sentinel.client() as client:
            known = client.sentinel_master(SERVICE)
        return (
            known["num-other-sentinels"] == len(self.sentinels) - 1
            and known["num-slaves"] == len(self.servers) - 1
            and known["flags"] == "master"
        )

    def _named(self, sentinel: Server) -> int:
        with sentinel.client() as client:
            return int(client.sentinel_get_master_addr_by_name(SERVICE)[1])

    @staticmethod
    def _role(server: Server) -> str:
        with server.client() as client:
            return str(client.info("replication")["role"])


def replica_of(server: Server) -> tuple[str, str]:
    """The options of a server that follows another one."""
    return "--replicaof", f"127.0.0.1 {server.port}"
