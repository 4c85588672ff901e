"""Indexes are rebuilt while others write: nobody waits long, nothing is missing, and in the end all is right."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Event, Thread

import pytest

from limpyd import (
    EqualIndex,
    InstanceHashField,
    ListField,
    RedisDatabase,
    RedisModel,
    SetField,
    StringField,
    TextRangeIndex,
)
from limpyd.exceptions import IndexNotBuilt
from tests.faults.programs.steady_writer import FIXED, WRITTEN, model_on
from tests.support.expected_indexes import inconsistencies
from tests.support.servers import NEWEST_AND_OLDEST
from tests.support.step_durations import longest_step
from tests.support.writers import writers

ROOT = Path(__file__).parents[2]
OBJECTS = 3_500
LONGEST_WAIT = 0.07


@pytest.fixture(params=NEWEST_AND_OLDEST)
def server(request, servers):
    """The newest and the oldest server; a cluster of one node does nothing else here, and this takes time."""
    server = servers(request.param)
    with server.client() as client:
        client.flushall()
    return server


@pytest.fixture
def thing(server):
    model = model_on(RedisDatabase(port=server.port))
    for number in range(WRITTEN):
        model(name=str(number), age=number, email=str(number))
    for _ in range(FIXED):
        model(fixed="yes")
    yield model
    model.database.close()


def test_what_is_built_stays_right_meanwhile(server, thing):
    fixed = {str(pk) for pk in range(WRITTEN + 1, WRITTEN + FIXED + 1)}
    rebuilt = Event()
    wrong = []

    def look():
        reader = model_on(RedisDatabase(port=server.port))
        while not rebuilt.is_set():
            found = set(reader.collection(fixed="yes"))
            if found != fixed:
                wrong.append(found ^ fixed)
        reader.database.close()

    watcher = Thread(target=look)
    with writers(server.port, 2):
        watcher.start()
        for _ in range(2):
            thing.rebuild_indexes()
        rebuilt.set()
        watcher.join()
    assert wrong == []
    assert len(thing.collection()) > WRITTEN + FIXED  # the writers did write
    with server.client() as client:
        assert inconsistencies(client, thing) == []


def test_cleared_and_rebuilt(server, thing):
    with writers(server.port, 3), server.client() as client:
        for round_number in range(4):
            thing.clear_indexes()
            if round_number % 2:
                thing.rebuild_indexes()
            else:
                for field in thing._schema.value_fields:
                    thing.get_field(field).rebuild_indexes()
    with server.client() as client:
        assert inconsistencies(client, thing) == []
        assert b"-" not in client.hgetall("{manyindexes}:meta").values()
    assert len(thing.collection(fixed="yes")) == FIXED


def test_several_rebuild_and_one_clears(server, thing):
    stop = Event()
    failed = []

    def work(change):
        model = model_on(RedisDatabase(port=server.port))
        try:
            while not stop.is_set():
                change(model)
        except Exception as error:  # noqa: BLE001 - it is told below
            failed.append(error)
        model.database.close()

    def query(model):
        try:
            found = len(model.collection(name__ci="never"))
        except IndexNotBuilt:
            return
        assert found == 0

    changes = [
        lambda model: model.rebuild_indexes(),
        lambda model: model.get_field("tags").rebuild_indexes(),
        lambda model: (time.sleep(0.2), model.get_field("name").clear_indexes()),
        query,
    ]
    threads = [Thread(target=work, args=(change,)) for change in changes]
    with writers(server.port, 2):
        for thread in threads:
            thread.start()
        time.sleep(1)
        stop.set()
        for thread in threads:
            thread.join()
        thing.rebuild_indexes()
    assert failed == []
    with server.client() as client:
        assert inconsistencies(client, thing) == []


@pytest.fixture(scope="module")
def many(servers):
    """A model of many objects, without an index."""
    server = servers("valkey-9.1")
    with server.client() as client:
        client.flushall()
        pipe = client.pipeline(transaction=False)
        for pk in range(OBJECTS):
            pipe.sadd("{many}:pks", pk)
            pipe.set(f"{{many}}:field:name:{pk}", f"Name {pk} {'é' * (pk % 3)}")
            pipe.hset(f"{{many}}:hash:{pk}", "age", pk % 100)
            pipe.sadd(f"{{many}}:field:tags:{pk}", *(f"t{pk % 7} {number}" for number in range(5)))
            pipe.sadd(f"{{many}}:field:numbers:{pk}", *(f"{pk}.{number}5" for number in range(3)))
        pipe.rpush("{many}:field:queue:1", *range(10_000))
        pipe.sadd("{many}:field:tags:1", *range(12_000))
        pipe.execute()
    yield server
    with server.client() as client:
        client.flushall()


FIELDS = {
    "eq": {"name": StringField(indexes=[EqualIndex])},
    "lex": {"name": StringField(indexes=[TextRangeIndex])},
    "casefold": {"name": StringField(indexes=[TextRangeIndex(case_sensitive=False)])},
    "transform": {"name": StringField(indexes=[EqualIndex(transform=lambda value: value[::-1])])},
    "unique": {"name": StringField(unique=True)},
    "num": {"age": InstanceHashField(type=int, indexable=True)},
    "sets": {"tags": SetField(indexable=True)},
    "numbers": {"numbers": SetField(type=float, indexable=True)},
    "list": {"queue": ListField(indexable=True)},
}


@pytest.mark.parametrize("name", FIELDS)
def test_nobody_waits_long(many, name):
    model = type("Many", (RedisModel,), {"database": RedisDatabase(port=many.port), **FIELDS[name]})
    with many.client() as client:
        longest = longest_step(client, lambda: (model.rebuild_indexes(), model.clear_indexes()), LONGEST_WAIT)
    model.database.close()
    assert longest < LONGEST_WAIT
