"""limpyd on a cluster of three nodes against limpyd on a single server, and against redis-py on the cluster.

Prints the µs of CPU time that the client needs for a call on each side, as medians of rounds in which the sides take
turns, and ratios of these. The client and all servers, which are reached over TCP, share one core.

    python -m benchmarks.cluster [--rounds 21] [--tasks 0 1 50] [--server valkey-9.1]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import count
from typing import Any

import redis
import redis.asyncio

from benchmarks.__main__ import table
from benchmarks.cluster_sides import PIPELINES, Calls, by_hand, fill, with_limpyd
from benchmarks.people import FEW
from benchmarks.rounds import pin_to_one_core
from limpyd import RedisDatabase
from limpyd.asyncio import AsyncRedisDatabase
from tests.support.clusters import Cluster, cluster_of
from tests.support.servers import NEWEST, running

NODES = 3
SECONDS = 0.05
"""The CPU time of limpyd on the single server in a round."""
NOT_ASYNC = 0
"""The number of tasks that stands for the sync face."""
SINGLE, CLUSTER, HAND = "single server", "cluster", "redis-py"

Run = Callable[[Callable[[], Any], int], float]
"""The seconds of CPU time of this process for so many calls."""


def one_by_one(call: Callable[[], Any], calls: int) -> float:
    """Makes calls of the sync face."""
    start = time.process_time()
    for _ in range(calls):
        call()
    return time.process_time() - start


async def in_tasks(call: Callable[[], Awaitable[Any]], calls: int, tasks: int) -> float:
    """Makes calls of the async face, shared among tasks."""

    async def work() -> None:
        for _ in range(-(-calls // tasks)):
            await call()

    start = time.process_time()
    await asyncio.gather(*(work() for _ in range(tasks)))
    return time.process_time() - start


def take_turns(sides: dict[str, Calls], run: Run, rounds: int, tasks: int) -> Iterator[list[str]]:
    """Measures each operation, and gives the cells of its row."""
    for name in sides[SINGLE]:
        if tasks > 1 and name.startswith(PIPELINES):
            continue
        able = [side for side in sides if name in sides[side]]
        calls = _calls_within(run, sides[SINGLE][name], tasks)
        seconds: dict[str, list[float]] = {side: [] for side in able}
        for number in range(rounds + 1):
            turn = number % len(able)
            for side in able[turn:] + able[:turn]:
                gc.collect()
                took = run(sides[side][name], calls)
                if number:  # the first warms up
                    seconds[side].append(took / calls)
        yield row(name, {side: statistics.median(taken) * 1e6 for side, taken in seconds.items()})


def row(name: str, took: dict[str, float]) -> list[str]:
    """The cells of a row: the µs of each side, and the ratios of the cluster to the others."""
    cells = [name, f"{took[SINGLE]:.1f}", f"{took[CLUSTER]:.1f}", f"{took[CLUSTER] / took[SINGLE]:.2f}"]
    return [*cells, *([f"{took[HAND]:.1f}", f"{took[HAND] / took[CLUSTER]:.1f}"] if HAND in took else "--")]


def _calls_within(run: Run, call: Callable[[], Any], tasks: int) -> int:
    """How many calls take SECONDS, a multiple of the tasks."""
    tasks = max(1, tasks)
    calls = 10 * tasks
    run(call, calls)
    taken = run(call, calls)
    return max(1, round(SECONDS / (taken or 1e-6) * calls / tasks)) * tasks


def measured(port: int, cluster: Cluster, numbers: Iterator[int], rounds: int, tasks: int) -> Iterator[list[str]]:
    """The rows of one face, with so many tasks."""
    if tasks == NOT_ASYNC:
        client: Any = cluster.client()
        single, several = RedisDatabase(port=port), RedisDatabase(nodes=cluster.addresses)
        yield from take_turns(_sides(single, several, client, numbers), one_by_one, rounds, tasks)
        return
    with asyncio.Runner() as runner:
        nodes = [redis.asyncio.cluster.ClusterNode(*address) for address in cluster.addresses]
        client = redis.asyncio.RedisCluster(startup_nodes=nodes)
        runner.run(client.initialize())  # which fails for some, if many tasks do it at once
        sides = _sides(AsyncRedisDatabase(port=port), AsyncRedisDatabase(nodes=cluster.addresses), client, numbers)
        yield from take_turns(sides, lambda call, calls: runner.run(in_tasks(call, calls, tasks)), rounds, tasks)
        runner.run(client.aclose())


def _sides(single: Any, several: Any, client: Any, numbers: Iterator[int]) -> dict[str, Calls]:
    return {
        SINGLE: with_limpyd(single, numbers, NODES),
        CLUSTER: with_limpyd(several, numbers, NODES),
        HAND: by_hand(client, NODES),
    }


def head(tasks: int) -> Sequence[str]:
    """The head of a table."""
    face = "sync" if tasks == NOT_ASYNC else f"async, {tasks} task{'s' * (tasks > 1)}"
    return [face, "single server, µs", "cluster, µs", "ratio", "redis-py, µs", "times as fast"]


def main() -> None:
    """Runs everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--tasks", type=int, nargs="+", default=[NOT_ASYNC, 1, 50], help="0 for the sync face")
    parser.add_argument("--server", default=NEWEST)
    options = parser.parse_args()
    pin_to_one_core()
    with running(options.server) as single, cluster_of(options.server, NODES) as cluster:
        fill(RedisDatabase(port=single.port), NODES)
        fill(RedisDatabase(nodes=cluster.addresses), NODES)
        numbers = count(FEW + 1)
        for tasks in options.tasks:
            table(head(tasks), measured(single.port, cluster, numbers, options.rounds, tasks))


if __name__ == "__main__":
    main()
