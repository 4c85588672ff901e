"""What one call takes, on both sides."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import redis

SLOW = 500
"""Commands that took at least so many microseconds are looked at."""
INFO = {b"INFO", b"CONFIG", b"SLOWLOG"}


class Reading(NamedTuple):
    """What a call took.

    Attributes:
        client: seconds of this process's processor.
        server: seconds of the server's processor.
        longest: seconds of the longest command.
        commands: how many commands the server ran, those within scripts included.
        keys: how many keys they looked up to read.
        sent: bytes that the server received.
        received: bytes that it replied.
        client_memory: bytes by which this process grew at its largest.
        server_memory: the same of the server.
    """

    client: float
    server: float
    longest: float
    commands: int
    keys: int
    sent: int
    received: int
    client_memory: int
    server_memory: int


class Meter:
    """Measures calls on one server."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        client.config_set("slowlog-log-slower-than", SLOW)
        client.config_set("slowlog-max-len", 100_000)
        self._server = Memory(_info(client, "server")["process_id"])
        self._mine = Memory("self")

    def reading(self, call: Callable[[], Any]) -> Reading:
        """What a call takes, but for what asking takes."""
        client = self._client
        client.config_resetstat()
        client.slowlog_reset()
        self._server.begin()
        self._mine.begin()
        net, used = _info(client, "stats"), _cpu(client)
        start = time.process_time()
        call()
        mine = time.process_time() - start
        server = _cpu(client) - used
        stats = _info(client, "stats")
        own = sum(len(text) for text in ("INFO", "INFO stats", "INFO cpu"))
        counted = _info(client, "commandstats")
        commands = sum(each["calls"] for name, each in counted.items() if name[len("cmdstat_") :].upper() != "INFO")
        entries: Any = client.slowlog_get(1_000)
        slow = [entry["duration"] for entry in entries if entry["command"].split()[0] not in INFO]
        return Reading(
            mine,
            server,
            max(slow, default=0) / 1e6,
            commands - RESETS,
            stats["keyspace_hits"] + stats["keyspace_misses"],
            max(0, stats["total_net_input_bytes"] - net["total_net_input_bytes"] - own),
            stats["total_net_output_bytes"] - net["total_net_output_bytes"] - ASKING,
            self._mine.grown(),
            self._server.grown(),
        )


RESETS = 2
"""Commands that are counted but not of the call: those that reset counts."""
ASKING = 3_000
"""About how many bytes the replies are that tell of the processor and of the counts."""


class Memory:
    """How much a process grows; nothing where the system does not tell."""

    def __init__(self, pid: int | str) -> None:
        self._folder = Path(f"/proc/{pid}")
        self._before = 0

    def begin(self) -> None:
        """Begins anew: what it has now is what it has at the least."""
        with suppress(OSError):
            (self._folder / "clear_refs").write_text("5")
        self._before = self._line("VmRSS")

    def grown(self) -> int:
        """By how many bytes it grew at its largest."""
        return max(0, self._line("VmHWM") - self._before)

    def _line(self, name: str) -> int:
        with suppress(OSError):
            for line in (self._folder / "status").read_text().splitlines():
                if line.startswith(name):
                    return int(line.split()[1]) * 1024
        return 0


def _info(client: redis.Redis, section: str) -> dict[str, Any]:
    found: Any = client.info(section)
    return found  # type: ignore[no-any-return]


def _cpu(client: redis.Redis) -> float:
    used = _info(client, "cpu")
    return float(used["used_cpu_user_main_thread"] + used["used_cpu_sys_main_thread"])
