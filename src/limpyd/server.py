"""The facts of a server, asked once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from limpyd.exceptions import ServerTooOld

MINIMUM = {"redis": (7, 0), "valkey": (7, 2)}


class Server(NamedTuple):
    """A server's name and version, from INFO."""

    name: str
    version: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.name.capitalize()} {'.'.join(map(str, self.version))}"


def from_info(raw: bytes) -> Server:
    """Reads the reply of INFO server."""
    facts = dict(line.split(b":", 1) for line in raw.splitlines() if b":" in line)
    name = "valkey" if facts.get(b"server_name") == b"valkey" else "redis"
    version = facts.get(b"valkey_version") if name == "valkey" else facts.get(b"redis_version")
    numbers = (version or b"0").split(b"-")[0].split(b".")
    return Server(name, tuple(int(number) for number in numbers if number.isdigit()))


def redis_version(facts: Mapping[str, Any]) -> tuple[int, ...]:
    """The version of Redis that a server is, or says to be compatible with: from what redis-py's `info` returns."""
    return tuple(int(part) for part in facts["redis_version"].split(".") if part.isdigit())


def is_clustered(raw: bytes) -> bool:
    """Returns whether the reply of INFO server is that of a node of a cluster."""
    return b"redis_mode:cluster" in raw or b"server_mode:cluster" in raw


def checked(server: Server, address: str) -> Server:
    """The server, if it is recent enough.

    Raises:
        ServerTooOld: it is not.
    """
    if server.version < MINIMUM[server.name]:
        needed = " or ".join(str(Server(name, version)) for name, version in MINIMUM.items())
        msg = f"the server at {address} is {server}; limpyd needs {needed}, or later"
        raise ServerTooOld(msg)
    return server


class Needs(NamedTuple):
    """The versions of Redis and Valkey from which on a server knows something; None if no version does."""

    redis: tuple[int, ...] | None
    valkey: tuple[int, ...] | None

    def __str__(self) -> str:
        known = (("Redis", self.redis), ("Valkey", self.valkey))
        return " or ".join(f"{name} {'.'.join(map(str, version))}" for name, version in known if version)
