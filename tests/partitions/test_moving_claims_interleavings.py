"""The steps of writers of unique values and of movers in random orders, on a real server: each is one message.

The models in tests/protocols explore the protocol; here it is what is implemented. Writers, each a process with its own
knowledge, and movers are stopped anywhere, for a while or for good. After each step no value has two owners.
"""

from __future__ import annotations

import random
from binascii import crc32
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from limpyd import InstanceHashField, PKField, RedisDatabase, RedisModel
from limpyd.claims import requests
from limpyd.exceptions import ObjectsMoved, UniquenessError
from limpyd.model.crud import creation
from limpyd.repartitioning import announcing, delivery, parcels
from limpyd.requests.decoders import returned
from tests.support.amounts import amount
from tests.support.deletion_steps import steps_of
from tests.support.servers import NEWEST
from tests.support.slow_moves import given_by, messages_of, moved_until

SCHEDULES = amount("LIMPYD_SCHEDULES", 12)
PKS = [f"o{number}" for number in range(8)]
VALUES = [f"v {number}" for number in range(4)]
WRITERS, MOVERS = 4, 2


@pytest.fixture(scope="module")
def world(servers):
    server = servers(NEWEST)
    databases = [RedisDatabase(port=server.port, patience=0) for _ in range(WRITERS + MOVERS + 1)]

    def declared(number: int, count: int) -> Any:
        email = InstanceHashField(unique=True, type=str)
        body = {"database": databases[number], "partitions": count, "key": PKField(), "email": email}
        return type("Wandering", (RedisModel,), {**body, "note": InstanceHashField(), "__module__": __name__})

    yield server.client(), declared
    for database in databases:
        database.close()


@pytest.fixture(autouse=True)
def small_steps(monkeypatch):
    for owner, name, value in (
        (announcing, "IN_SLICE", 3),
        (announcing, "SLICES", 4),
        (parcels, "OBJECTS", 1),
        (delivery, "FOUND", 2),
    ):
        monkeypatch.setattr(owner, name, value)


def writing(model: Any, choose: random.Random) -> Iterator[Any]:
    """A writer that ends after some operations."""
    for _ in range(6):
        yield from setting(model, choose.choice(PKS), choose.choice((None, *VALUES, *VALUES)))


def setting(model: Any, pk: str, value: str | None) -> Iterator[Any]:
    """The messages of a write, which is described again if objects have moved; returns whether it was done."""
    while True:
        bound = model.lazy_connect(pk).email
        kind, record = type(bound), model._schema.maintenance.record
        try:
            if not record.compared:
                yield from steps_of(record.question(may_write=True))
            request = kind.hdel.describe(bound) if value is None else kind.hset.describe(bound, value)
            yield from steps_of(request)
        except ObjectsMoved:
            yield None
        except UniquenessError:
            return False
        else:
            return True


def sent(client: Any, asked: Any) -> Any:
    """Sends a message, and returns the reply."""
    if asked is None:
        return None
    request, args = asked
    for _ in range(2):
        try:
            return client.execute_command(*args)
        except redis.exceptions.NoScriptError:
            client.script_load(request.script.source)
        except redis.ResponseError as error:
            return error
    raise AssertionError


def owners(client: Any, model: Any) -> dict[bytes, list[bytes]]:
    """Returns the objects that have values, by the indexes of all partitions."""
    keys = model._schema.keys
    with client.pipeline(transaction=False) as pipeline:
        for number in range(keys.declared):
            pipeline.hgetall(keys.at(number).prefix + b"uniq:email")
        found: dict[bytes, list[bytes]] = {}
        for entries in pipeline.execute():
            for value, pk in entries.items():
                found.setdefault(value, []).append(pk)
    return found


@pytest.mark.parametrize("seed", range(SCHEDULES))
def test_random_orders(world, seed, monkeypatch):
    client, declared = world
    client.flushall()
    choose = random.Random(seed)
    before = choose.choice((2, 4))
    after = before * choose.choice((2, 4) if before == 2 else (2,))
    last = declared(WRITERS + MOVERS, after)
    start = declared(0, before)
    for number, pk in enumerate(PKS):
        start(key=pk, note="n", **({"email": VALUES[number]} if number < 2 else {}))
    movers = [messages_of(declared(WRITERS + number, after)) for number in range(MOVERS)]
    for _ in range(choose.randrange(12)):
        next(movers[0])
    writers: list[Any] = [writing(declared(number, before), choose) for number in range(WRITERS)]
    waiting = {writer: next(writer) for writer in writers}
    monkeypatch.setattr(requests, "GRACE", -1)
    busy = [*writers, *movers]
    for _ in range(4000):
        if not busy:
            break
        one = choose.choice(busy[: choose.randrange(1, len(busy) + 1)])  # the first ones go on most
        try:
            if one in movers:
                next(one)
            else:
                waiting[one] = one.send(sent(client, waiting[one]))
        except StopIteration:
            busy.remove(one)
        if choose.random() < 0.002 and one in busy:
            busy.remove(one)  # it is stopped for good
        if choose.random() < 0.02:
            choose.shuffle(busy)
        assert all(len(pks) == 1 for pks in owners(client, last).values())
    last.repartition()
    for value in VALUES:
        have = owners(client, last).get(value.encode(), [])
        assert list(last.collection(email=value)) == [pk.decode() for pk in have]
        taken = bool(have)
        try:
            creation_of(last, f"new {value}", value)
        except UniquenessError:
            assert taken
        else:
            assert not taken
    assert list(last.check()) == []


def spread(remainder: int, partitions: int, beginning: str) -> str:
    """Returns a text whose hash leads to a partition."""
    texts = (f"{beginning}{each}" for each in range(99))
    return next(text for text in texts if crc32(text.encode()) % partitions == remainder)


def is_announced(records: dict[int, str]) -> bool:
    return [*records.values()] == ["-4 2 0 1"] * 4


def has_one_moved(records: dict[int, str]) -> bool:
    return records == {0: "4", 1: "-4 2 0 1", 2: "4", 3: "-4 2 0 1"}


@pytest.mark.parametrize("has_ended", [False, True])
def test_a_sleeper_whose_claim_has_moved_is_refused(world, monkeypatch, has_ended):
    """Its own partition has not changed since; the claim was taken over where it had come to."""
    client, declared = world
    client.flushall()
    monkeypatch.setattr(requests, "GRACE", -1)
    own, keeper = (0, 1) if has_ended else (1, 0)
    sleepers, others, value = spread(own, 2, "s"), spread(keeper, 4, "o"), spread(keeper + 2, 4, "v")
    start = declared(0, 2)
    for pk in (sleepers, others):
        start(key=pk, note="n")
    for number in range(5):  # the clock of the partition that keeps the claim ticks
        start.lazy_connect(sleepers).email.hset(spread(keeper + 2, 4, f"w{number}"))
    steps = moved_until(declared(WRITERS, 4), has_one_moved if has_ended else is_announced)
    writer = setting(declared(1, 2), sleepers, value)
    asked = next(writer)
    while asked is None or not any(str(text).startswith("b'\\x00{") for text in asked[1]):  # the guard of a claim
        asked = writer.send(sent(client, asked))
    for _ in steps:
        if (
            client.hget("{wandering}:meta", ":partitions") == b"4"
            if has_ended
            else has_one_moved(given_by(declared(3, 4)))
        ):
            break
    assert [*drained(client, setting(declared(2, 4), others, value))] == [True]
    assert [*drained(client, writer, asked)] == [False]
    assert owners(client, declared(3, 4))[value.encode()] == [others.encode()]
    for _ in steps:
        pass
    assert list(declared(3, 4).check()) == []


def drained(client: Any, writer: Any, asked: Any = None) -> Iterator[bool]:
    """Runs a writer to its end, and yields whether the write was done."""
    try:
        asked = next(writer) if asked is None else asked
        while True:
            asked = writer.send(sent(client, asked))
    except StopIteration as end:
        yield end.value


def creation_of(model: Any, pk: str, value: str) -> Any:
    return model.database._run(creation(model._schema, {"key": pk, "note": "n", "email": value}, returned))
