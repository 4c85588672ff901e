"""Several writers at once, and writers that are killed: indexes stay right, and nobody waits."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from limpyd import InstanceHashField, PKField, RedisDatabase, RedisModel, StringField, UniquenessError
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from tests.support.expected_indexes import inconsistencies
from tests.support.forks import Forked, run
from tests.support.servers import FEW, NEWEST

ROOT = Path(__file__).parents[2]
THREADS = 8


@pytest.fixture
def served(server):
    database = RedisDatabase(port=server.port)
    yield database
    database.close()


def at_once(call):
    """Runs a call in eight threads at the same moment; their results, or errors."""
    barrier = Barrier(THREADS)

    def run(number):
        barrier.wait()
        try:
            return call(number)
        except UniquenessError as error:
            return error

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


class TestThreads:
    def test_one_unique_value(self, served):
        class Account(RedisModel):
            database = served
            email = InstanceHashField(unique=True)

        for attempt in range(10):
            results = at_once(lambda _, attempt=attempt: Account(email=f"{attempt}@x"))
            assert sum(isinstance(result, Account) for result in results) == 1
            assert sum(isinstance(result, UniquenessError) for result in results) == THREADS - 1
        assert len(Account.collection()) == 10

    def test_one_custom_primary_key(self, served):
        class Country(RedisModel):
            database = served
            code = PKField()
            name = StringField()

        for attempt in range(10):
            results = at_once(lambda number, attempt=attempt: Country(code=attempt, name=str(number)))
            assert sum(isinstance(result, Country) for result in results) == 1
        assert len(Country.collection()) == 10

    def test_get_or_create(self, served):
        class Tag(RedisModel):
            database = served
            label = StringField(indexable=True)

        for attempt in range(10):
            results = at_once(lambda _, attempt=attempt: Tag.get_or_create(label=str(attempt)))
            assert sum(created for _, created in results) == 1
            assert len({tag for tag, _ in results}) == 1

    def test_counting(self, served):
        class Counter(RedisModel):
            database = served
            count = StringField(type=int, indexable=True)

        counter = Counter(count=0)
        at_once(lambda _: [counter.count.incr() for _ in range(100)])
        assert counter.count.get() == THREADS * 100
        assert list(Counter.collection(count=THREADS * 100)) == ["1"]


async def test_tasks_at_once(server):
    class Account(AsyncRedisModel):
        database = AsyncRedisDatabase(port=server.port)
        email = InstanceHashField(unique=True)

    results = await asyncio.gather(*(Account.create(email="a@x") for _ in range(50)), return_exceptions=True)
    assert sum(isinstance(result, Account) for result in results) == 1
    assert sum(isinstance(result, UniquenessError) for result in results) == 49
    assert await Account.collection().count() == 1
    await Account.database.close()


WRITER = """
import sys
from limpyd import InstanceHashField, RedisDatabase, RedisModel, StringField

class Thing(RedisModel):
    database = RedisDatabase(port=int(sys.argv[1]))
    text = StringField(indexable=True)
    entry = InstanceHashField(indexable=True)

thing = Thing(1)
for number in range(300):
    thing.text.set(f"{sys.argv[2]} {number}")
    thing.entry.hset(f"{sys.argv[2]} {number}")
    thing.text.append("!")
"""


@pytest.mark.parametrize("server", FEW, indirect=True)
def test_four_processes_write_one_object(server):
    class Thing(RedisModel):
        database = RedisDatabase(port=server.port)
        text = StringField(indexable=True)
        entry = InstanceHashField(indexable=True)

    Thing(text="start", entry="start")
    processes = [Forked("-c", WRITER, server.port, number) for number in range(4)]
    assert [(*process.communicate(), process.returncode) for process in processes] == [("", "", 0)] * 4
    with server.client() as client:
        assert inconsistencies(client, Thing) == []
        assert len(list(client.scan_iter("{thing}:eq:*"))) == 2
    Thing.database.close()


@pytest.mark.parametrize("kind", ["single", "bulk"])
@pytest.mark.parametrize("server", FEW, indirect=True)
def test_killed_claimants(server, kind):
    done = run("-m", "tests.faults.programs.killed_claimants", server.port, 16, kind)
    assert done.returncode == 0, done.stderr
    kills, scripts, slowest, _ = done.stdout.split()
    assert int(kills) == 16
    assert int(scripts) > 40  # they were killed while working
    assert float(slowest) < 1.0


@pytest.mark.parametrize("server", FEW, indirect=True)
def test_killed_deleters(server):
    done = run("-m", "tests.faults.programs.killed_deleters", server.port, 15)
    assert done.returncode == 0, done.stderr
    kills, scripts, _ = done.stdout.split()
    assert int(kills) == 15
    assert int(scripts) > 50  # they were killed while working


@pytest.mark.parametrize("server", FEW, indirect=True)
@pytest.mark.parametrize(("partitions", "referred"), [(1, 0), (4, 0), (4, 1)])
def test_killed_sweepers(server, partitions, referred):
    done = run("-m", "tests.faults.programs.killed_sweepers", server.port, 6, partitions, referred)
    assert done.returncode == 0, done.stderr
    kills, scripts, _ = done.stdout.split()
    assert int(kills) == 6
    assert int(scripts) > 30  # they were killed while working


def test_a_restart_among_expiring_objects():
    done = run("-m", "tests.faults.programs.restarted_sweeps", NEWEST, 1)
    assert done.returncode == 0, done.stderr
    restarts, size, _ = map(int, done.stdout.split())
    assert restarts == 1
    assert size > 1000  # there were writes


@pytest.mark.parametrize("server", FEW, indirect=True)
def test_killed_readers_of_a_feed(server):
    """Each change comes at least once, and those of each object in order."""
    done = run("-m", "tests.faults.programs.killed_readers", server.port, 600, 6)
    assert done.returncode == 0, done.stderr
    changes, notes, kills, _ = done.stdout.split()
    assert changes == "600"
    assert int(kills) >= 4
    assert int(notes) >= 600


@pytest.mark.parametrize("server", FEW, indirect=True)
def test_killed_writers(server):
    done = run("-m", "tests.faults.programs.killed_writers", server.port, 20)
    assert done.returncode == 0, done.stderr
    kills, written, slowest = done.stdout.split()
    assert int(kills) == 20
    assert int(written) > 200  # they were killed while working, not before
    assert float(slowest) < 1.0
