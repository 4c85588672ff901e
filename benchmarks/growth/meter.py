"""Measurement of a single call, on the client and on the server."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import redis

SLOW = 500
"""The microseconds from which SLOWLOG records a command."""
OWN = {b"INFO", b"CONF", b"SLOW"}


class Reading(NamedTuple):
    """The cost of a call.

    Attributes:
        client: CPU seconds of this process.
        server: CPU seconds of the server.
        longest: seconds of the longest command, scaled by the share of time in which the server had a core.
        commands: the number of commands that the server ran, including those called by scripts.
        keys: the number of keys that they looked up for reading.
        sent: bytes that the server received.
        received: bytes that the server sent.
        client_memory: bytes of peak memory that this process needed in addition.
        server_memory: the same for the server.
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
        """Returns the cost of a call, without that of measuring."""
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
        slow = [(entry["command"][:4].upper(), entry["duration"] / 1e6) for entry in entries]
        slow = [(name, seconds) for name, seconds in slow if name[:4] not in OWN]
        # The log holds the commands called by a script besides the script itself.
        logged = sum(seconds for name, seconds in slow if name == b"EVAL") or sum(seconds for _, seconds in slow)
        ran = min(1, server / logged) if slow else 1  # less than 1 on a busy machine
        return Reading(
            mine,
            server,
            max((seconds for _, seconds in slow), default=0) * ran,
            commands - RESETS,
            stats["keyspace_hits"] + stats["keyspace_misses"],
            max(0, stats["total_net_input_bytes"] - net["total_net_input_bytes"] - own),
            stats["total_net_output_bytes"] - net["total_net_output_bytes"] - ASKING,
            self._mine.grown(),
            self._server.grown(),
        )


RESETS = 2
"""The commands of the measurement itself that are counted: those that reset the counters."""
ASKING = 3_000
"""Approximate bytes of the replies to the INFO commands of the measurement."""


class Memory:
    """The peak memory of a process, from /proc; always 0 on systems without it."""

    def __init__(self, pid: int | str) -> None:
        self._folder = Path(f"/proc/{pid}")
        self._before = 0

    def begin(self) -> None:
        """Resets the peak to the present size."""
        with suppress(OSError):
            (self._folder / "clear_refs").write_text("5")
        self._before = self._line("VmRSS")

    def grown(self) -> int:
        """Returns the bytes by which the peak exceeds the size at `begin`."""
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
