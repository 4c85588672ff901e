"""What limpyd takes of a process: by counts of calls and of bytes, which are the same on any machine."""

from __future__ import annotations

import gc
import subprocess
import sys
import tracemalloc

import pytest

from limpyd import InstanceHashField, RedisDatabase, RedisModel
from limpyd.statements.statement import Statement
from tests.support.application import FIELDS, Used, use
from tests.support.counting import calls

LUA_THAT_IS_READ = """
import sys
read = []
sys.addaudithook(lambda event, args: event == "open" and str(args[0]).endswith(".lua") and read.append(args[0]))
import limpyd, limpyd.asyncio, limpyd.collection
from tests.support.application import Used
used = Used(limpyd.RedisDatabase(), 0)
print(len(read))
used.model._schema.statements[used.model._schema.keys.first].creation
print(len(read))
"""


def test_importing_and_declaring_read_no_lua():
    found = subprocess.run([sys.executable, "-c", LUA_THAT_IS_READ], capture_output=True, check=True, text=True)
    imported, prepared = map(int, found.stdout.split())
    assert imported == 0
    assert prepared > 0


def test_a_count_of_calls_leaves_out_collections_of_garbage():
    """One that came in the middle was counted, with all that others hang on it."""

    def look(_phase, _info):
        len("a call more")

    threshold = gc.get_threshold()
    gc.callbacks.append(look)
    gc.set_threshold(1)
    try:
        found = calls(lambda: [[number] for number in range(100)])
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.remove(look)
    assert found < 10
    assert gc.isenabled()


def test_a_class_of_twenty_fields_is_declared_in_few_calls():
    """They take at most 2 ms where a call takes 0.1 µs; and each field more costs the same."""
    database = RedisDatabase()
    Used(database, 0)
    assert len(FIELDS) == 20
    twenty, forty = (calls(lambda n=number, m=more: Used(database, n, more=m)) for number, more in ((1, 0), (2, 20)))
    assert twenty < 15_000
    assert forty < 2 * twenty


def test_instances_hold_a_primary_key_and_a_flag():
    class Thing(RedisModel):
        database = RedisDatabase()
        name = InstanceHashField()
        age = InstanceHashField(type=int, indexable=True)

    Thing.lazy_connect(1)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        things = [Thing.lazy_connect(number) for number in range(10_000)]
        for thing in things:
            assert thing.name is not thing.age
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert all(vars(thing).keys() == {"_pk_bytes", "_seen"} for thing in things)
    assert len({id(thing._seen) for thing in things}) == 1
    assert (after - before) / len(things) < 200


@pytest.fixture
def database(one_server):
    database = RedisDatabase(port=one_server.port)
    yield database
    database.close()


def test_statements_of_a_model_of_twenty_fields_are_small(database):
    """With all that it is used for; what fields of other models share with it is there already."""
    use([Used(database, 0)])
    used = Used(database, 1)
    gc.collect()
    tracemalloc.start(1)
    try:
        use([used])
        gc.collect()
        of_statements = tracemalloc.Filter(True, "*/limpyd/statements/*")
        taken = tracemalloc.take_snapshot().filter_traces([of_statements])
    finally:
        tracemalloc.stop()
    prepared = [each for each in gc.get_objects() if isinstance(each, Statement) and each.model is used.model._schema]
    assert len(prepared) > 30
    assert sum(trace.size for trace in taken.traces) < 100 * 1024
