"""The steps of movers, and of readers of a feed of changes, in random orders, on a real server.

The model in tests/protocols explores the protocol; here it is what is implemented. Each message of a mover is a step;
movers are stopped for good anywhere. Between two steps processes of both numbers write, and readers and workers of
groups read, a few changes at a time; workers stop for good, and others take over.
"""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from limpyd import AutoPKField, ChangeFeed, InstanceHashField, RedisDatabase, RedisModel
from limpyd.repartitioning import parcels
from tests.support.amounts import amount
from tests.support.feed_readers import Group, Plain, Running, Truth
from tests.support.servers import NEWEST
from tests.support.slow_moves import messages_of, move_few_at_once

SCHEDULES = amount("LIMPYD_SCHEDULES", 6)


@pytest.fixture(scope="module")
def world(servers):
    server = servers(NEWEST)
    databases = [RedisDatabase(port=server.port, patience=0) for _ in range(8)]

    def declared(number: int, count: int, *, feed: bool = True) -> Any:
        body = {
            "database": databases[number],
            "namespace": "moving_feeds",
            "partitions": count,
            "key": AutoPKField(),
            "number": InstanceHashField(int),
            "__module__": __name__,
            **({"changes": ChangeFeed()} if feed else {}),
        }
        return type("Fed", (RedisModel,), body)

    yield server.client(), declared
    for database in databases:
        database.close()


@pytest.fixture(autouse=True)
def small_steps(monkeypatch):
    move_few_at_once(monkeypatch)
    monkeypatch.setattr(parcels, "OBJECTS", 2)


def whole(model: Any) -> dict[str, list[tuple[int, str]]]:
    """The changes of each object in the streams: those of the partition that it has left have the smaller number."""
    client, found = model.database.connection, {}
    for partition in model._schema.keys.partitions:
        for entry, facts in client.xrange(partition.changes):
            found.setdefault(facts["pk"], []).append((partition.number, entry))
    return found


class Schedule:
    """A move, and what happens meanwhile.

    Args:
        declared: declares the model as a process sees it.
        seed: of the random order.
    """

    def __init__(self, declared: Any, seed: int) -> None:
        self.rng = random.Random(seed)
        self.before = self.rng.choice((2, 4))
        self.after = self.before * self.rng.choice((2, 4))
        self.declared, self.truth = declared, Truth(self.rng)
        self.running = [declared(number, self.before) for number in range(2)]
        for _ in range(30):
            self.truth.write(self.rng.choice(self.running))
        self.readers: list[Any] = []
        self._names = (f"g{number}" for number in itertools.count())
        self.begin(self.running[0])

    def begin(self, model: Any) -> None:
        """Begins readers and groups from the first change, and from now on."""
        for last_id in ("0", "$"):
            for reader in (Plain(self.truth, last_id), Running(self.truth, last_id, model)):
                reader.read(model, self.rng, 2 * self.after + 2)
                if reader.began:
                    self.readers.append(reader)
            group = Group(self.truth, next(self._names), last_id)
            if last_id == "0" or group.begins(model):
                self.readers.append(group)

    def use(self) -> None:
        """Writes, or has somebody read."""
        model = self.rng.choice(self.running)
        if self.rng.random() < 0.4:
            self.truth.write(model)
        else:
            self.rng.choice(self.readers).read(model, self.rng, self.rng.choice((1, 3, 10)))

    def move(self) -> None:
        """Moves the objects. A mover may declare no feed."""
        movers = [messages_of(self.declared(2 + number, self.after, feed=number > 0)) for number in range(3)]
        last = movers[-1]
        keys, client = self.running[0]._schema.keys, self.running[0].database.connection
        while not client.hget(keys.root.meta, ":partitions").startswith("-"):
            next(last)
        self.running.append(self.declared(5, self.after))
        begins = self.rng.randrange(40)
        for step in itertools.count():
            each = self.rng.choice(movers)
            if next(each, "ended") == "ended" or (each is not last and self.rng.random() < 0.01):
                movers.remove(each)
            for _ in range(self.rng.randrange(4)):
                self.use()
            if step == begins:
                self.begin(self.rng.choice(self.running))
            if not movers:
                return

    def compare(self) -> None:
        """All changes have come to all readers, in order."""
        for _ in range(20):
            self.use()
        there = whole(self.declared(6, self.after))
        for reader in self.readers:
            reader.drain(self.rng.choice(self.running))
            reader.compare(self.truth, there)
        model = self.running[0]
        assert (model._schema.keys.count, model._schema.keys.move) == (self.after, None)
        assert list(model.check()) == []


@pytest.mark.parametrize("seed", range(SCHEDULES))
def test_random_orders(world, seed):
    client, declared = world
    client.flushall()
    random.seed(seed)
    schedule = Schedule(declared, seed)
    schedule.move()
    schedule.compare()
