"""A process that runs the operations of one side when it is told to, and replies how long they took.

It reads one JSON object a line and writes one in reply:

    {"open": "singles", "port": 6379, "db": 0, "size": 100}   the names of the side's operations
    {"time": "create", "calls": 100, "tasks": 1}               the seconds that so many calls took
    {"prepare": "delete", "calls": 10}                         makes what so many calls need
    {"latencies": "create", "seconds": 2.0}                    the µs of each call within so many seconds

    python -m benchmarks.worker benchmarks.sides.limpyd_sync

Only the standard library is needed, so that a peer runs it in an environment of its own.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks.people import Operation


class Side:
    """The operations of a module, sync or async."""

    def __init__(self, module: str) -> None:
        self._module = importlib.import_module(module)
        self._loop = asyncio.new_event_loop() if getattr(self._module, "ASYNC", False) else None
        self._operations: dict[str, Operation] = {}

    def open(self, scene: str, port: int, db: int, size: int) -> list[str]:
        """Makes what a scene needs, and tells what can be done in it."""
        make = getattr(self._module, scene, None)
        operations = {} if make is None else make(port, db, size)
        self._operations = {
            name: each if isinstance(each, Operation) else Operation(each) for name, each in operations.items()
        }
        return list(self._operations)

    def prepare(self, name: str, calls: int) -> None:
        """Makes what so many calls need."""
        prepare = self._operations[name].prepare
        if prepare is not None:
            prepare(calls)

    def time(self, name: str, calls: int, tasks: int) -> float:
        """Seconds for so many calls, one after the other or shared among tasks."""
        call = self._operations[name].call
        gc.collect()
        if self._loop is not None:
            return self._loop.run_until_complete(_timed_tasks(call, calls, tasks))
        start = time.perf_counter()
        for _ in range(calls):
            call()
        return time.perf_counter() - start

    def latencies(self, name: str, seconds: float) -> list[float]:
        """The µs of each call that ended within so many seconds."""
        call, clock = self._operations[name].call, time.perf_counter
        found = []
        before = clock()
        end = before + seconds
        while before < end:
            call()
            after = clock()
            found.append((after - before) * 1e6)
            before = after
        return found


async def _timed_tasks(call: Callable[[], Awaitable[Any]], calls: int, tasks: int) -> float:
    async def work() -> None:
        for _ in range(calls // tasks):
            await call()

    start = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(tasks)))
    return time.perf_counter() - start


def main() -> None:
    """Serves until its input ends."""
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints must not get among the replies
    side = Side(sys.argv[1])
    for line in sys.stdin:
        told = json.loads(line)
        try:
            if "open" in told:
                reply: Any = side.open(told["open"], told["port"], told["db"], told["size"])
            elif "prepare" in told:
                reply = side.prepare(told["prepare"], told["calls"])
            elif "time" in told:
                reply = side.time(told["time"], told["calls"], told["tasks"])
            else:
                reply = side.latencies(told["latencies"], told["seconds"])
        except Exception as error:  # noqa: BLE001 - the one that asked tells it
            reply = {"error": f"{type(error).__name__}: {error}"}
        replies.write(json.dumps(reply) + "\n")


if __name__ == "__main__":
    main()
