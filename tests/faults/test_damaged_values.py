"""Values damaged at random: after a repair, what a check calls well can be read, and is found by its indexes."""

from __future__ import annotations

from collections import Counter
from contextlib import closing

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from limpyd import RedisDatabase, RedisModel
from limpyd.exceptions import StoredValueError, WrongTypeError
from limpyd.fields import ValueField
from tests.support.amounts import amount
from tests.support.damage import LOSING, UNREPAIRABLE, declare, values
from tests.support.expected_indexes import state
from tests.support.snapshots import Snapshot

EXAMPLES = amount("LIMPYD_DAMAGES", 12)
TEXTS = [b"\xff", b"oops", b"", b"5", b"{", b"1,2", b"nan", b"-0", b"9" * 30, b"a\0b", b"2024-02-30", b" 7"]
REFERENCES = {"home", "work", "towns", "route", "ranks", "wish"}


@pytest.fixture(scope="module")
def sound(servers):
    """A model with data that is right, and how to bring it back."""
    server = servers("valkey-9.1")
    with server.client() as client, closing(RedisDatabase(port=server.port)) as database:
        client.flushall()
        town, thing = declare(RedisModel, database)
        for code in ("t1", "t2"):
            town(code=code, name="x")
        for number in range(5):
            thing(**values(number)).log.xadd({"a": "b"})
        yield thing, client, Snapshot(client).put_back
        client.flushall()


def spoil(client, field, pk, text, expires):
    """Puts a text where a value of a field is, or lets that expire."""
    (where,) = field.model.keys.partitions
    place = field.place_in(where)
    key = place.prefix + pk.encode()
    if expires:
        if place.stored == b"entry":
            client.hexpire(key, 1000, field.sub)
        else:
            client.expire(key, 1000)
        return
    commands = {
        b"entry": lambda: client.hset(key, field.sub_key, text),
        b"string": lambda: client.set(key, text),
        b"set": lambda: client.sadd(key, text),
        b"list": lambda: client.rpush(key, text),
        b"zset": lambda: client.zadd(key, {text: 1}),
        b"hash": lambda: client.hset(key, "x", text),
        b"stream": lambda: client.xadd(key, {"x": text}),
    }
    commands[place.stored]()


def reads(thing, field, pk):
    """What reading a value raises, if it does."""
    bound = getattr(thing.lazy_connect(pk), field.name)
    for name in ("get", "smembers", "hgetall"):
        if hasattr(bound, name):
            break
    else:
        name = "zrange" if field.redis_type == "zset" else "lrange" if field.redis_type == "list" else "xrange"
    arguments = (0, -1) if name in {"zrange", "lrange"} else ()
    try:
        getattr(bound, name)(*arguments)
    except (StoredValueError, WrongTypeError) as error:
        return error
    return None


def _of_entries(found):
    """How many findings of each kind there are, missing entries and conflicts as one.

    Of two objects with a unique value that no index knows, a repair enters the first; then the second conflicts.
    """
    entries = Counter(found)
    entries["missing"] += entries.pop("conflict", 0)
    return +entries


DAMAGE = st.tuples(
    st.integers(0, 1000), st.sampled_from("12345"), st.sampled_from(TEXTS), st.sampled_from([False] * 4 + [True])
)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    database=None,
)
@given(damages=st.lists(DAMAGE, min_size=1, max_size=6))
def test_random_values(sound, damages):
    thing, client, restore = sound
    restore()
    fields = [
        field
        for field in thing._schema.fields.values()
        if isinstance(field, ValueField) and field.decoded and field.name not in REFERENCES
    ]
    for number, pk, text, expires in damages:
        spoil(client, fields[number % len(fields)], pk, text, expires)
    spoiled = state(client)
    first = thing.check()
    assert state(client) == spoiled
    repaired = thing.check(repair=True)
    assert _of_entries(repaired.found) == _of_entries(first.found)
    left = thing.check()
    assert {finding.kind for finding in left} <= UNREPAIRABLE | LOSING
    broken = {(finding.pk, finding.key) for finding in left.of("undecodable")}
    (where,) = thing._schema.keys.partitions
    for field in fields:
        for pk in "12345":
            key = (field.place_in(where).prefix + pk.encode()).decode()
            told = any(one == (pk, key) for one in broken)
            error = reads(thing, field, pk)
            assert error is None or told, (field, pk, error)
            if field.redis_type != "hash" or field.has_subkeys:
                assert told == (error is not None), (field, pk, error)
            if field.indexed and field.stored_as != b"entry":
                assert client.ttl(key) < 0
    for key in client.keys("{thing}:eq:age*") + client.keys("{thing}:lex:*"):
        assert client.ttl(key) == -1
    for finding in left.of("undecodable"):
        client.delete(finding.key)
    thing.check(repair=True)
    assert {finding.kind for finding in thing.check()} <= {"conflict", "unindexable", "constraint"}
