"""How much longer queries take where there are more objects; and whether a walk over all keeps others waiting.

Prints, for each query, the median time on each number of objects, and beside it how many times as long
as on the fewest: the aim is at most 2. Each number of objects has a server of its own, and the rounds
take turns, all on one core. Then the longest PING of another process during a walk over the most
objects, beside the longest during as long an idle time, with the client that pings on another core if
there is one.

    python -m benchmarks.growth [--sizes 10000 100000 1000000] [--rounds 15] [--calls 100] [--server valkey-9.1]
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import socket
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import redis

from benchmarks.pairs import timed
from benchmarks.people import MATCHES
from limpyd import InstanceHashField, RedisDatabase, RedisModel
from tests.servers import binaries, running

AIM = 2
ALIKE = 100
BATCH = 1000
CHUNK = 1000
HALF = 45
PAGE = 20
PAUSE = 0.0002
WALKS = 5

LOAD = """
local call = redis.call
for number = tonumber(ARGV[1]), tonumber(ARGV[2]) do
  local pk = tostring(number)
  local age, side = number * 37 % 90, math.floor(number / 7) % 2 == 0 and 'left' or 'right'
  local team = 'Team ' .. math.floor(number / ARGV[3])
  call('SADD', '{person}:pks', pk)
  call('HSET', '{person}:hash:' .. pk, 'name', 'Person ' .. pk, 'age', age, 'side', side, 'team', team)
  call('ZADD', '{person}:num:age', age, pk)
  call('SADD', '{person}:eq:side:' .. side, pk)
  call('SADD', '{person}:eq:team:' .. team, pk)
end
call('SET', '{person}:seq', ARGV[2])
"""
"""Writes what the model writes, for the objects of some numbers: `check_loader` compares."""


def values(number: int) -> dict[str, Any]:
    """The fields of a person: MATCHES share a team, half of all a side."""
    return {
        "name": f"Person {number}",
        "age": number * 37 % 90,
        "side": "right" if number // 7 % 2 else "left",
        "team": f"Team {number // MATCHES}",
    }


def model(port: int) -> Any:
    """The model, on a server."""

    class PersonOfGrowth(RedisModel):
        database = RedisDatabase(port=port)
        model_name = "person"
        name = InstanceHashField()
        age = InstanceHashField(type=int, indexable=True)
        side = InstanceHashField(indexable=True)
        team = InstanceHashField(indexable=True)

    return PersonOfGrowth


class Query(NamedTuple):
    """A query, and how many primary keys it finds."""

    name: str
    call: Callable[[Any], Any]
    finds: range


QUERIES = [
    Query(
        f"{MATCHES} matches and half a range",
        lambda people: list(people.collection(team="Team 2", age__gte=HALF)),
        range(1, MATCHES),
    ),
    Query(
        f"sorted, first {PAGE}",
        lambda people: list(people.collection().sort(by="age")[:PAGE]),
        range(PAGE, PAGE + 1),
    ),
    Query(
        f"sorted, first {PAGE} of half",
        lambda people: list(people.collection(side="right").sort(by="age")[:PAGE]),
        range(PAGE, PAGE + 1),
    ),
]


# --- loading ---


def contents(client: redis.Redis) -> dict[bytes, Any]:
    """Everything that is stored, by key."""
    read: dict[Any, Callable[[bytes], Any]] = {
        b"string": client.get,
        b"set": client.smembers,
        b"hash": client.hgetall,
        b"zset": lambda key: client.zrange(key, 0, -1, withscores=True),
    }
    return {key: read[client.type(key)](key) for key in client.scan_iter(count=BATCH)}


def load(client: redis.Redis, first: int, last: int) -> None:
    """Stores the objects of these numbers without limpyd, which would take minutes for a million."""
    script = client.register_script(LOAD)
    for start in range(first, last + 1, BATCH):
        script(args=[start, min(start + BATCH - 1, last), MATCHES])


def check_loader(people: Any, client: redis.Redis) -> None:
    """The first objects are stored by limpyd, and then replaced by the same ones loaded.

    Raises:
        RuntimeError: what limpyd stores differs from what is loaded.
    """
    for number in range(1, ALIKE + 1):
        people(**values(number))
    stored = contents(client)
    client.delete(*(key for key in stored if not key.endswith(b":meta")))  # which is limpyd's own record
    load(client, 1, ALIKE)
    loaded = contents(client)
    if stored != loaded:
        different = [key for key in stored.keys() | loaded.keys() if stored.get(key) != loaded.get(key)]
        msg = f"limpyd and the loader differ in {sorted(different)}"
        raise RuntimeError(msg)


def load_people(port: int, size: int) -> Any:
    """The model on a server, with so many objects."""
    people = model(port)
    with redis.Redis(port=port) as client:
        check_loader(people, client)
        load(client, ALIKE + 1, size)
        if client.scard("{person}:pks") != size or people(size).hmget(*values(size)) != [*values(size).values()]:
            msg = f"{size} objects were not loaded as they should"
            raise RuntimeError(msg)
    return people


# --- queries ---


def time_queries(models: dict[int, Any], rounds: int, calls: int) -> None:
    """Prints the times of each query on each number of objects."""
    sizes = list(models)
    print(f"\n{'':28}" + "".join(f"{size:>22,}" for size in sizes))
    for query in QUERIES:
        for size, people in models.items():
            found = len(query.call(people))
            if found not in query.finds:
                msg = f"{query.name}: {found} found among {size:,}"
                raise RuntimeError(msg)
        times: dict[int, list[float]] = {size: [] for size in sizes}
        for _ in range(rounds):
            for size, people in models.items():
                gc.collect()
                call = partial(query.call, people)
                timed(call, max(1, calls // 5))  # warms up: another server had the core
                times[size].append(timed(call, calls) / calls * 1e6)
        print(f"{query.name:28}" + "".join(cell(times[size], times[sizes[0]]) for size in sizes))


def cell(times: list[float], fewest: list[float]) -> str:
    """A median time, and how many times as long it is as on the fewest objects."""
    ratio = statistics.median(mine / theirs for mine, theirs in zip(times, fewest, strict=True))
    return f"{statistics.median(times):10.1f} µs {ratio:5.2f} x{'' if ratio <= AIM else '!':1}"


# --- a walk ---


def ping(port: int, core: int | None, line: Connection) -> None:
    """Asks for PONG until told to stop, then tells how often, and the longest that it took, in seconds."""
    if core is not None:
        os.sched_setaffinity(0, {core})
    gc.disable()
    longest, asked = 0.0, 0
    with socket.create_connection(("127.0.0.1", port)) as server:
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.send("ready")
        while not line.poll():
            start = time.perf_counter()
            server.sendall(b"PING\r\n")
            server.recv(64)
            longest = max(longest, time.perf_counter() - start)
            asked += 1
            time.sleep(PAUSE)
    line.send((asked, longest))


class Pings(NamedTuple):
    """What some work gave and how many seconds it took; how many PINGs there were meanwhile, and the longest."""

    result: Any
    seconds: float
    asked: int
    longest: float


def pinged(port: int, core: int | None, work: Callable[[], Any]) -> Pings:
    """Does some work while another process pings the server."""
    processes = multiprocessing.get_context("spawn")
    mine, theirs = processes.Pipe()
    pinging = processes.Process(target=ping, args=(port, core, theirs))
    pinging.start()
    mine.recv()
    start = time.perf_counter()
    try:
        result = work()
        seconds = time.perf_counter() - start
    finally:
        mine.send("stop")
    asked, longest = mine.recv()
    pinging.join()
    return Pings(result, seconds, asked, longest)


def time_walks(people: Any, port: int, size: int, core: int | None) -> None:
    """Prints the longest PINGs during walks over all objects, and during as long idle times.

    A PING also waits where the system is slow to wake the server or the process that pings, which takes some ms
    at times, idle or not. So the longest command that the server ran meanwhile stands beside it (SLOWLOG).
    """
    during: dict[str, list[Pings]] = {"a walk": [], "idle": []}
    with redis.Redis(port=port) as client:
        client.config_set("slowlog-max-len", size)
        client.config_set("slowlog-log-slower-than", 50)
        client.slowlog_reset()
        for _ in range(WALKS):
            walk = pinged(port, core, lambda: sum(1 for _ in people.collection().iterate(chunk=CHUNK)))
            if walk.result < size:  # SSCAN may give one twice
                msg = f"{walk.result} of {size} objects were walked over"
                raise RuntimeError(msg)
            during["a walk"].append(walk)
            during["idle"].append(pinged(port, core, partial(time.sleep, walk.seconds)))
        slowest = max((entry["duration"] for entry in client.slowlog_get(size)), default=0)
    seconds = statistics.median(walk.seconds for walk in during["a walk"])
    where = "the same core" if core is None else "another core"
    print(f"\niterate(chunk={CHUNK}) over {size:,} objects: {seconds:.2f} s; PINGs from {where}, {WALKS} times")
    for what, all_pings in during.items():
        longest = [pings.longest * 1e3 for pings in all_pings]
        figures = f"{statistics.median(longest):8.2f} ms   ({min(longest):.2f} to {max(longest):.2f})"
        print(f"longest PING during {what:8}{figures}, of some {all_pings[0].asked:,}")
    print(f"longest command of a walk   {slowest / 1e3:8.2f} ms")


def main() -> None:
    """Runs everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--server", default="valkey-9.1", choices=sorted(binaries()))
    options = parser.parse_args()
    other = None
    if hasattr(os, "sched_setaffinity"):
        core, *others = sorted(os.sched_getaffinity(0))
        other = others[0] if others else None
        os.sched_setaffinity(0, {core})  # the servers inherit it
    with ExitStack() as servers:
        models, ports = {}, {}
        for size in sorted(options.sizes):
            ports[size] = servers.enter_context(running(options.server)).port
            start = time.perf_counter()
            models[size] = load_people(ports[size], size)
            print(f"{options.server}: {size:,} objects loaded in {time.perf_counter() - start:.1f} s")
        time_queries(models, options.rounds, options.calls)
        time_walks(models[size], ports[size], size, other)


if __name__ == "__main__":
    main()
