"""How long a server is busy with a single step of some work: it serves nobody else meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import redis

TRIES = 4
MAX_STEPS = 100_000


def longest_step(client: redis.Redis, work: Callable[[], Any], limit: float) -> float:
    """The seconds of the longest step of some work, as the server has them; tried again if they are above a limit.

    Each try has the same steps. What takes long in one try only is the machine, busy with something else. Mostly no
    step is near the limit: so at first only those are looked at that are, and half the limit is told if none is.
    """
    with logged_from(client, limit / 2):
        work()
        near = [seconds for _, seconds in logged(client)]
    if max(near, default=0) < limit:
        return max(near, default=limit / 2)
    shortest = steps(client, work)
    for _ in range(TRIES - 1):
        if max(shortest) < limit:
            break
        shortest = list(map(min, shortest, steps(client, work)))
    return max(shortest)


def steps(client: redis.Redis, work: Callable[[], Any]) -> list[float]:
    """The seconds of each step of some work, the last one first: the first try has some more at its beginning.

    They are the seconds that the server has taken by its clock, less the part of all in which it did not run, since
    the machine was busy with something else.
    """
    with logged_from(client, 0):
        before = processor_seconds(client)
        work()
        used = processor_seconds(client) - before
        entries = logged(client)
    # What a script calls is in the log besides the script.
    scripts = [seconds for name, seconds in entries if name.startswith(b"EVAL")]
    ran = min(1, used / sum(scripts or [seconds for _, seconds in entries]))
    return [seconds * ran for _, seconds in entries]


async def in_time(face: Any, call: Callable[[], Any], seconds: float) -> Any:
    """The result of a call that takes so little of this process and of the server, at its least of some tries.

    The time of the processor counts: on a busy machine any call may be late.
    """
    took: list[float] = []
    while not took or (min(took) >= seconds and len(took) < TRIES):
        start = time.process_time() + processor_seconds(face.client)
        result = await face.do(call())
        took.append(time.process_time() + processor_seconds(face.client) - start)
    assert min(took) < seconds, took
    return result


@contextmanager
def logged_from(client: redis.Redis, seconds: float) -> Iterator[None]:
    """Has the server note how long it is busy with each command that takes so many seconds or more."""
    before = client.config_get("slowlog-*")
    client.config_set("slowlog-max-len", MAX_STEPS)
    client.config_set("slowlog-log-slower-than", int(seconds * 1e6))
    client.slowlog_reset()
    try:
        yield
    finally:
        for name, value in before.items():
            client.config_set(name, value)


def processor_seconds(client: redis.Redis) -> float:
    """The seconds of the processor that the server has used for commands."""
    used: Any = client.info("cpu")
    return used["used_cpu_user_main_thread"] + used["used_cpu_sys_main_thread"]


def logged(client: redis.Redis) -> list[tuple[bytes, float]]:
    """The name and the seconds of each command in the log, the last one first, but for those that look at the log.

    There are as many as 100,000, so the reply is taken as it comes: redis-py makes a dictionary of each.
    """
    connection = client.connection_pool.get_connection()
    try:
        connection.send_command("SLOWLOG", "GET", MAX_STEPS)
        entries: Any = connection.read_response()
    finally:
        client.connection_pool.release(connection)
    commands = ((entry[3][0].upper(), entry[2] / 1e6) for entry in entries)
    return [(name, seconds) for name, seconds in commands if name not in {b"SLOWLOG", b"CONFIG", b"INFO"}]
