"""Checks of data that was damaged at random, and of data that others write to meanwhile."""

from __future__ import annotations

import random
import threading
import time
from contextlib import closing, contextmanager, suppress

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from limpyd import LimpydError, RedisDatabase, RedisModel
from tests.faults.programs.steady_writer import WRITTEN, model_on
from tests.support.amounts import amount
from tests.support.damage import declare, values
from tests.support.expected_indexes import inconsistencies, state
from tests.support.related_models import MANY, REFERENCES, problems, related_models
from tests.support.writers import writers

EXAMPLES = amount("LIMPYD_DAMAGES", 12)
SECONDS = amount("LIMPYD_CHECKED_SECONDS", 0.5)
PKS = ["a", "b b", "c:c", "*", "{e}", "nul\0"]
NAMES = ["1", "3", "nobody", "", "*", "a\0b", "7", "0.5"]


def database_on(server):
    return closing(RedisDatabase(port=server.port))


@pytest.fixture(scope="module")
def damaged(servers):
    """A model with data that is right, to be damaged."""
    server = servers("valkey-9.1")
    with server.client() as client, database_on(server) as database:
        client.flushall()
        town, thing = declare(RedisModel, database)
        for code in ("t1", "t2"):
            town(code=code, name="x")
        for number in range(5):
            thing(**values(number))
        yield thing, client, state(client)


def damage(client, key, what, name, number):
    """Damages one key of an index."""
    kind = client.type(key)
    if what == "delete":
        client.delete(key)
    elif kind == b"set":
        client.srem(key, client.srandmember(key)) if what == "remove" else client.sadd(key, name)
    elif kind == b"hash":
        fields = client.hkeys(key)
        client.hdel(key, fields[0]) if what == "remove" else client.hset(key, fields[-1], name)
    elif kind == b"zset":
        members = client.zrange(key, 0, -1)
        if what == "remove":
            client.zrem(key, members[-1])
        else:
            member = {"add": name, "score": members[0], "alike": members[0].replace(b"1", b"2")}[what]
            client.zadd(key, {member: number})


DAMAGE = st.tuples(
    st.integers(0, 10_000),
    st.sampled_from(["delete", "remove", "add", "score", "alike"]),
    st.sampled_from(NAMES),
    st.sampled_from([0, 1, 3.5, -7, 1e300]),
)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    database=None,
)
@given(damages=st.lists(DAMAGE, min_size=1, max_size=8))
def test_random_damage(damaged, damages):
    """Whatever is done to indexes is found, and after the repair all is as it was."""
    thing, client, right = damaged
    kinds = (b"eq", b"uniq", b"num", b"lex", b"geo", b"scored")
    keys = sorted(key for key in right if key.startswith(b"{thing}:") and key.split(b":")[1] in kinds)
    for number, what, name, score in damages:
        damage(client, keys[number % len(keys)], what, name, score)
    spoiled = state(client)
    report = thing.check()
    assert (len(report) > 0) == (spoiled != right)
    assert state(client) == spoiled
    repaired = thing.check(repair=True)
    assert repaired.ok
    assert repaired.found == report.found
    assert state(client) == right
    assert len(thing.check()) == 0


@contextmanager
def linking(models):
    """Two threads that create, link and delete objects without pause."""
    stopped = threading.Event()

    def link(seed):
        rng = random.Random(seed)
        while not stopped.is_set():
            (name, field), (kind, _, _) = rng.choice(list(REFERENCES.items()))
            one, value = models[name].lazy_connect(rng.choice(PKS)), rng.choice(PKS)
            many = MANY.get(kind)
            with suppress(LimpydError):  # what there is not, or must stay
                if rng.random() < 0.3:
                    models[name](name=rng.choice(PKS), text=value)
                elif rng.random() < 0.3:
                    one.delete()
                else:
                    one.update(**{field: value if many is None else {value: 1} if many is dict else [value]})

    threads = [threading.Thread(target=link, args=(seed,)) for seed in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopped.set()
        for thread in threads:
            thread.join()


def checked(database, repair):
    """Checks again and again; how often."""
    end, times = time.monotonic() + SECONDS, 0
    while times < 2 or time.monotonic() < end:
        report = database.check(repair=repair)
        assert [str(finding) for finding in report if finding.kind != "bare"] == []
        assert report.ok
        times += 1
    return times


@pytest.mark.parametrize("repair", [False, True])
def test_live_writers_of_indexes(one_server, repair):
    with one_server.client() as client, database_on(one_server) as database:
        thing = model_on(database)
        for number in range(WRITTEN + 300):
            thing(name=f"é {number}", age=number, tags=["a", f"{number}"], numbers=[number, 0.1], board={"a": 1})
        with writers(one_server.port, 2):
            print(checked(database, repair), "checks")
        assert inconsistencies(client, thing) == []


def test_live_writers_of_references(one_server):
    with one_server.client() as client, database_on(one_server) as database:
        models = related_models(RedisModel, database)
        with linking(models):
            print(checked(database, True), "checks")
        assert problems(client, models) == []


def test_an_index_that_is_cleared_and_rebuilt_meanwhile(one_server):
    """What is missing then is not damage."""
    with database_on(one_server) as database, database_on(one_server) as other:
        thing, same = model_on(database), model_on(other)
        for number in range(600):
            thing(name=f"é {number}", age=number, tags=["a", f"{number}"])
        done = []

        def progress(_done, _total):
            done.append(1)
            if len(done) == 2:
                same.clear_indexes()

        report = thing.check(progress=progress)
        assert len(done) > 3
        assert len(report) == 0
        assert set(thing.check().found) == {"unbuilt"}
        assert thing.check(repair=True).ok
        assert len(thing.check()) == 0
