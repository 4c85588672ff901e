"""How long a server is busy with a single step of some work: it serves nobody else meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import redis

TRIES = 4
MOST_STEPS = 100_000


def longest_step(client: redis.Redis, work: Callable[[], Any], limit: float) -> float:
    """The seconds of the longest step of some work, as the server has them; tried again if they are above a limit.

    Each try has the same steps. What takes long in one try only is the machine, busy with something else.
    """
    shortest = steps(client, work)
    for _ in range(TRIES - 1):
        if max(shortest) < limit:
            break
        shortest = list(map(min, shortest, steps(client, work)))
    return max(shortest)


def steps(client: redis.Redis, work: Callable[[], Any]) -> list[float]:
    """The seconds of each step of some work, the last one first: the first try has some more at its beginning."""
    with everything_is_logged(client):
        work()
        return [entry["duration"] / 1e6 for entry in client.slowlog_get(MOST_STEPS) if not own(entry["command"])]


@contextmanager
def everything_is_logged(client: redis.Redis) -> Iterator[None]:
    """Has the server note how long it is busy with each command."""
    before = client.config_get("slowlog-*")
    client.config_set("slowlog-max-len", MOST_STEPS)
    client.config_set("slowlog-log-slower-than", 0)
    client.slowlog_reset()
    try:
        yield
    finally:
        for name, value in before.items():
            client.config_set(name, value)


def own(command: bytes) -> bool:
    """Whether a command is one of those that look at the others."""
    return command.upper().startswith((b"SLOWLOG", b"CONFIG"))
