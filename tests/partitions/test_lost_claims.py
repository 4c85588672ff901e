"""Claims that a server loses, by a failover or a restart: writers of unique values in many orders, on a real server.

The failovers are those of one partition, which goes back to what it had a moment ago.
"""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

from limpyd import InstanceHashField, PKField, RedisDatabase, RedisModel
from limpyd.claims import requests, restoring
from limpyd.exceptions import UniquenessError
from limpyd.keys.partitioned import PartitionedKeys
from tests.support.claim_writers import Case, Steps, World
from tests.support.servers import BINARIES, NEWEST, running

KEEPER = 3
"""The partition that fails over; of objects it has none."""
VALUES = 3
ROUNDS = 15


@pytest.fixture(scope="module")
def world():
    with running(NEWEST, "--enable-debug-command", "local") as server:
        spread = RedisDatabase(port=server.port, partitions=4)
        yield World(declared(spread), server.client())
        spread.close()


def declared(spread):
    class Claiming(RedisModel):
        database = spread
        pk = PKField()
        email = InstanceHashField(unique=True, type=str)
        other = InstanceHashField()

    return Claiming


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch):
    monkeypatch.setattr(requests, "GRACE", -1)
    monkeypatch.setattr(restoring, "PATIENCE", -1.0)


def in_partition(number: int, beginning: str, count: int = 1) -> list[str]:
    """Returns texts that belong in a partition of four."""
    keys = PartitionedKeys("", "claiming", 4)
    texts = (f"{beginning}{each}" for each in range(999))
    return [text for text in texts if keys.partition(text.encode()).number == number][:count]


OBJECTS = [*in_partition(0, "a", 2), *in_partition(1, "b"), *in_partition(2, "c")]
KEPT = in_partition(KEEPER, "v", VALUES)
"""Values whose claims the partition keeps."""
OTHERS = [in_partition(number, "w")[0] for number in range(4) if number != KEEPER]
"""One value that each other partition keeps the claim of."""


def steps_at_random(world: World, choose: random.Random, case: Case, failing: int) -> None:
    """Runs writers at random, some of whom are killed, while a partition fails over now and then."""
    left: list[Steps | None] = [*world.begin(case)]
    waiting = [next(writer) for writer in left if writer is not None]
    copy = world.copied(failing)
    while any(left):
        number = choose.choice([number for number, writer in enumerate(left) if writer is not None])
        kind = choose.random()
        if kind < 0.1:
            copy = world.copied(failing)
        elif kind < 0.15:
            world.fail_over(failing, copy)
        elif kind < 0.18:
            left[number] = None  # killed
            continue
        try:
            waiting[number] = left[number].send(world.sent(waiting[number]))
        except StopIteration:
            left[number] = None
        assert world.faults() == [], case


def restored(world: World) -> None:
    """Lets a writer alone claim each value, which restores what is lost."""
    for value in (*KEPT, *OTHERS):
        with suppress(UniquenessError):
            world.model(pk=f"{OBJECTS[0]} {value}", email=value)
    assert not world.is_lost
    assert world.faults() == []


def test_the_claims_of_others_are_restored(world):
    choose = random.Random(2)
    for _ in range(ROUNDS):
        writers = [[(choose.choice(OBJECTS), choose.choice([*KEPT, None])) for _ in range(2)] for _ in "123"]
        steps_at_random(world, choose, Case("", writers), KEEPER)
        restored(world)


def test_a_partition_that_loses_bars_and_objects(world):
    """No value is given up here: who loses that gives a value to two objects, of which the other one got it since."""
    choose = random.Random(3)
    value = in_partition(0, "v", VALUES)
    for _ in range(ROUNDS):
        writers = [[(pk, choose.choice(value))] for pk in OBJECTS]
        steps_at_random(world, choose, Case("", writers), 0)


def test_what_is_not_remembered_is_looked_for(world):
    """A partition remembers its last thousand claims; of older ones it knows that there were some."""
    world.begin(Case("", [[(OBJECTS[1], None)]]))
    empty = world.copied(KEEPER)
    world.model(pk=OBJECTS[0], email=KEPT[0])
    partition = world.keys.partition(OBJECTS[0].encode())
    world.client.rpush(partition.recent, *(b"\0\3nonce%03d\0\0\0\0\0\0email\0x" % each for each in range(999)))
    world.model.lazy_connect(OBJECTS[1]).email.hset(KEPT[1])
    assert world.client.llen(partition.recent) == 1000
    assert [*world.client.hgetall(partition.forgotten)] == [b"%d" % KEEPER]
    world.fail_over(KEEPER, empty)
    for number in (0, 1):
        with pytest.raises(UniquenessError) as caught:
            world.model(pk="another", email=KEPT[number])
        assert caught.value.owner == OBJECTS[number]
    assert world.faults() == []


def test_a_pipeline_restores_once(world):
    world.begin(Case("", []))
    world.fail_over(KEEPER, {})
    seen = []
    with world.model.database.on_request(seen.append), world.model.database.pipeline():
        for number in range(40):
            world.model(pk=f"p{number}", email=f"e{number}")
    assert not world.is_lost
    assert len(seen) < 20
    assert world.faults() == []


@pytest.mark.parametrize("name", BINARIES)
def test_a_server_that_starts_with_the_data_of_a_moment_ago(name):
    """It has lost the claim of a writer that sleeps, and gives another one."""
    with running(name) as server:
        spread = RedisDatabase(port=server.port, partitions=4)
        world = World(declared(spread), server.client())
        world.begin(Case("", [[(pk, None) for pk in OBJECTS]]))
        world.client.save()
        sleeper = world.writer([(OBJECTS[0], KEPT[0])])
        asked = next(sleeper)
        while not is_claim(asked):
            asked = sleeper.send(world.sent(asked))
        asked = sleeper.send(world.sent(asked))
        assert world.client.hexists(world.keys.partitions[KEEPER].prefix + b"claim:email", KEPT[0])
        server.kill()
        server.start()
        assert world.model.exists(OBJECTS[2])  # a read finds that the connection is closed
        assert not world.client.hexists(world.keys.partitions[KEEPER].prefix + b"claim:email", KEPT[0])
        world.model.lazy_connect(OBJECTS[2]).email.hset(KEPT[0])
        assert end_of(world, sleeper, asked) == "taken"
        assert world.faults() == []
        spread.close()


def is_claim(asked) -> bool:
    """Returns whether a step of a writer claims a value."""
    return asked is not None and asked[0].script is not None and asked[0].script.name == "claim"


def end_of(world: World, writer: Steps, asked) -> str:
    """Runs a writer to its end."""
    while True:
        try:
            asked = writer.send(world.sent(asked))
        except StopIteration as end:
            return end.value
