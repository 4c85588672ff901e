"""The steps of movers, and of processes that declare the old or the new number, in random orders, on a real server.

They move behind a fence: from one partition, or by a class that lacks a unique value.

The model in tests/protocols explores the protocol; here it is what is implemented. Each request of a mover is a step;
movers are stopped for good anywhere. A process that has read the epoch writes when many steps have come between.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from limpyd import InstanceHashField, PKField, RedisDatabase, RedisModel
from limpyd.exceptions import DifferentPartitions, UniquenessError
from limpyd.repartitioning import delivery, mover, parcels
from tests.support.amounts import amount
from tests.support.servers import NEWEST

SCHEDULES = amount("LIMPYD_SCHEDULES", 6)
PKS = [str(number) for number in range(12)]
VALUES = ["u", "v", "w"]


@pytest.fixture(scope="module")
def world(servers):
    server = servers(NEWEST)
    databases = [RedisDatabase(port=server.port) for _ in range(2)]

    def declared(database: RedisDatabase, count: int, **more: Any) -> Any:
        body = {
            "database": database,
            "namespace": "interleaved",
            "partitions": count,
            "key": PKField(),
            "email": InstanceHashField(unique=True),
            "count": InstanceHashField(int, indexable=True),
            "__module__": __name__,
            **more,
        }
        return type("Stepwise", (RedisModel,), body)

    yield server.client(), lambda database, count, **more: declared(databases[database], count, **more)
    for database in databases:
        database.close()


@pytest.fixture(autouse=True)
def small_steps(monkeypatch):
    monkeypatch.setattr(delivery, "FOUND", 3)
    monkeypatch.setattr(parcels, "OBJECTS", 1)


def steps_of(model: Any) -> Iterator[None]:
    """A mover that stops before each of its requests."""
    program = mover.repartition(model._schema, None)
    try:
        asked = next(program)
        while True:
            yield
            try:
                answer = model.database._send_step(asked)
            except DifferentPartitions as error:
                asked = program.throw(error)
            else:
                asked = program.send(answer)
    except StopIteration:
        return


def write(model: Any, truth: dict[str, list[Any]], rng: random.Random) -> bool:
    """Writes to an object, and keeps account of it; returns whether it was not refused."""
    pk, value = rng.choice(PKS), rng.choice([*VALUES, None])
    try:
        if pk not in truth:
            if value in {known[0] for known in truth.values()}:
                value = None
            model(key=pk, count=0, **({} if value is None else {"email": value}))
            truth[pk] = [value, 0]
        elif rng.random() < 0.2:
            model.lazy_connect(pk).delete()
            del truth[pk]
        elif rng.random() < 0.5:
            truth[pk][1] = model.lazy_connect(pk).count.hincrby(1)
        elif value is None:
            model.lazy_connect(pk).email.hdel()
            truth[pk][0] = None
        else:
            has_it = any(known[0] == value for other, known in truth.items() if other != pk)
            try:
                model.lazy_connect(pk).email.hset(value)
            except UniquenessError:
                assert has_it
            else:
                assert not has_it
                truth[pk][0] = value
    except DifferentPartitions:
        return False
    return True


def agrees(model: Any, truth: dict[str, list[Any]]) -> None:
    assert {row[0]: list(row[1:]) for row in model.collection().values_list("key", "email", "count")} == truth
    assert list(model.check()) == []


@pytest.mark.parametrize("before", [1, 2])
@pytest.mark.parametrize("seed", range(SCHEDULES))
def test_random_orders(world, before, seed):
    client, declared = world
    client.flushall()
    rng, truth = random.Random(seed), dict[str, list[Any]]()
    if before > 1:
        declared(0, before, lost=InstanceHashField(unique=True))(key="once", count=0)
        truth["once"] = [None, 0]
    old, new = declared(0, before), declared(1, 2 * before)
    for _ in range(12):
        assert write(old, truth, rng)
    assert not write(new, truth, rng)
    movers = [steps_of(new) for _ in range(3)]
    moved = 0
    while movers:
        each = rng.choice(movers)
        for _ in range(rng.choice((1, 1, 2, 10, 40))):
            if next(each, "ended") == "ended" or rng.random() < 0.01:  # or it is stopped for good
                movers.remove(each)
                break
        moved += write(rng.choice((old, new)), truth, rng)
    assert new.repartition().unindexed == []
    agrees(new, truth)
    assert write(old, truth, rng) is (before > 1)  # it follows
    for _ in range(12):
        assert write(new, truth, rng)
    agrees(new, truth)
