"""Processes that do the same at once, or are killed at it: get_or_create, versions, rebuilds."""

from __future__ import annotations

import random
import time
from contextlib import closing

from limpyd import RedisDatabase
from tests.faults.programs.races import COUNTS, NAMES, player_on
from tests.faults.programs.steady_writer import WRITTEN, model_on
from tests.support.amounts import amount
from tests.support.expected_indexes import inconsistencies
from tests.support.forks import Forked
from tests.support.writers import writers

PROCESSES = 4
ROUNDS = amount("LIMPYD_RACES", 1)
SECONDS = amount("LIMPYD_REBUILT_SECONDS", 1.0)


def racing(server, what, seed):
    """A process that races."""
    return Forked("-m", "tests.faults.programs.races", server.port, what, seed)


def raced(server, what):
    """What each of several processes at once says at its end."""
    processes = [racing(server, what, seed) for seed in range(PROCESSES)]
    said = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * PROCESSES
    return [int(text) for text in said]


def test_get_or_create(one_server):
    """Exactly one object of each, whatever means the same."""
    for _ in range(ROUNDS):
        with one_server.client() as client, closing(RedisDatabase(port=one_server.port)) as database:
            client.flushall()
            model = player_on(database)
            assert sum(raced(one_server, "get_or_create")) == NAMES
            assert model.collection().count() == NAMES
            assert [str(finding) for finding in model.check()] == []


def test_versions(one_server):
    """Each count is of the version that it was read from, so none is lost."""
    with closing(RedisDatabase(port=one_server.port)) as database:
        model = player_on(database)
        player = model.get_or_connect(name="counter")
        first = player.version.get()
        stale = raced(one_server, "count")
        assert player.count.get() == PROCESSES * COUNTS
        assert player.version.get() == first + PROCESSES * COUNTS
        print(sum(stale), "were stale")


def test_rebuilds_at_once_that_are_killed(one_server):
    """Whatever is left of them, the next one makes the indexes right, while others write."""
    rng = random.Random(1)
    with one_server.client() as client, closing(RedisDatabase(port=one_server.port)) as database:
        thing = model_on(database)
        for number in range(WRITTEN + 400):
            thing(name=f"é {number}", age=number, tags=["a", f"{number}"], numbers=[number, 0.1], board={"a": 1})
        killed = 0
        with writers(one_server.port, 1):
            processes = [racing(one_server, "rebuild", seed) for seed in range(2)]
            for process in processes:
                process.stdout.readline()
            end = time.monotonic() + SECONDS
            while killed < 4 or time.monotonic() < end:
                time.sleep(rng.uniform(0.01, 0.3))
                victim = rng.randrange(2)
                processes[victim].kill()
                processes[victim].communicate()
                killed += 1
                processes[victim] = racing(one_server, "rebuild", killed + 2)
                processes[victim].stdout.readline()
            for process in processes:
                process.kill()
                process.communicate()
            thing.rebuild_indexes()
            print(killed, "were killed")
        assert [str(finding) for finding in thing.check() if finding.kind != "bare"] == []
        assert inconsistencies(client, thing) == []
