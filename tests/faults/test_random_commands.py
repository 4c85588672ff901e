"""Any sequence of any commands on indexed fields leaves the indexes as a rebuild would make them.

A command that is refused, whatever the reason, leaves everything as it was.
"""

from __future__ import annotations

import inspect
from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings

from limpyd import (
    GeoField,
    HashField,
    InstanceHashField,
    JSONField,
    LimpydError,
    ListField,
    RedisDatabase,
    RedisModel,
    SetField,
    SortedSetField,
    StringField,
)
from limpyd.command_table import Scope
from tests.faults.random_steps import FIELDS, PAIRS, STEPS, Other
from tests.rebuild import inconsistencies, state

SEQUENCES = 250
NO_INDEX = {"note", "plain", "loose", "bag", "loose_heads", "floats"}
REFUSED_WHEN_INDEXED = {  # they wait, or let values expire
    *("blpop", "brpop", "blmpop", "blmove", "brpoplpush", "bzpopmin", "bzpopmax", "bzmpop"),
    *("expire", "pexpire", "expireat", "pexpireat", "hexpire", "hpexpire", "hexpireat", "hpexpireat"),
    *("setex", "psetex"),
}
CHANGE_NO_VALUE = {"persist", "hpersist"}


@pytest.fixture
def thing(server):
    class Thing(RedisModel):
        database = RedisDatabase(port=server.port)
        text = StringField(indexable=True)
        one = StringField(unique=True)
        note = StringField()
        ratio = StringField(type=float, indexable=True)
        rate = StringField(type=float, unique=True)
        json = JSONField(unique=True)
        price = InstanceHashField(type=Decimal, unique=True)
        entry = InstanceHashField(indexable=True)
        only = InstanceHashField(unique=True)
        plain = InstanceHashField()
        tags = SetField(indexable=True)
        own_tags = SetField(unique=True)
        loose = SetField()
        prices = SetField(type=Decimal, indexable=True)
        queue = ListField(indexable=True)
        own_queue = ListField(unique=True)
        bag = ListField()
        coins = ListField(type=Decimal, indexable=True)
        floats = ListField(type=float)
        board = SortedSetField(indexable=True)
        own_board = SortedSetField(unique=True)
        ratios = SortedSetField(type=float, unique=True)
        heads = HashField(indexable=True)
        own_heads = HashField(unique=True)
        loose_heads = HashField()
        rates = HashField(type=float, indexable=True)
        places = GeoField(unique=True)

    yield Thing
    Thing.database.close()


def resolved(model, argument):
    """An argument, as the bound field that it stands for."""
    return getattr(model.lazy_connect(argument.pk), argument.field) if isinstance(argument, Other) else argument


def test_indexes_equal_a_rebuild(server, thing, capsys):
    done, refused, sequences = Counter(), Counter(), Counter()

    @settings(max_examples=SEQUENCES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(steps=STEPS)
    def run(steps):
        sequences["run"] += 1
        with server.client() as client:
            client.flushall()
            thing(text="a", one="a", entry="a", only="a", own_tags=["a"], own_queue=["a", "b"], own_heads={"a": "a"})
            thing(text="a", one="b", tags=["a", "b"], queue=["a", "b", "a"], own_board={"a": 1}, places={"a": (1, 2)})
            for pk, (field, command, (args, kwargs)) in steps:
                before = state(client)
                instance = thing.lazy_connect(pk) if pk else thing()
                target = instance if field is None else getattr(instance, field)
                try:
                    getattr(target, command)(*(resolved(thing, arg) for arg in args), **kwargs)
                    done[field, command] += 1
                except LimpydError:
                    refused[field, command] += 1
                    assert state(client) == before, (pk, field, command, args, kwargs)
            assert inconsistencies(client, thing) == []

    run()
    with capsys.disabled():
        print(
            f"\n{thing.database.server}: {sequences['run']} sequences of {done.total()} commands done and "
            f"{refused.total()} refused; {len({name for _, name in done})} of {len({name for _, name in PAIRS})} "
            f"methods done, {len(done)} of {len(PAIRS)} methods of fields"
        )


def test_every_modifier_is_among_them(server, thing):
    """What can change an indexed field is tried on it."""
    for name, commands in FIELDS.items():
        if name in NO_INDEX:
            continue
        bound = type(getattr(thing.lazy_connect(1), name))
        usable = {
            method
            for method, value in inspect.getmembers(bound)
            if getattr(value, "facts", None) is not None and value.facts.scope is not Scope.READ
        }
        usable -= REFUSED_WHEN_INDEXED | CHANGE_NO_VALUE | makes_no_sense(thing._schema.fields[name])
        assert usable == commands.keys(), name


def makes_no_sense(field):
    """What the type of a field refuses, so that nothing can go wrong with it."""
    counting = {"incr", "incrby", "decr", "decrby", "hincrby"}
    cutting = {"append", "setrange", "setbit", "bitfield", "bitop"}
    return {"float": counting | cutting, "Decimal": counting | cutting}.get(field.codec.name, set())


def test_the_check_finds_what_is_wrong(server, thing):
    """Breaks each kind of entry by hand, so that the test above cannot pass by looking away."""
    with server.client() as client:
        thing(
            text="a", one="a", ratio=1.5, entry="a", only="a", tags=["a"], queue=["a"], board={"a": 1}, heads={"a": "b"}
        )
        assert inconsistencies(client, thing) == []
        for spoil, mend in (
            (["SADD", "{thing}:eq:text:a", "2"], ["SREM", "{thing}:eq:text:a", "2"]),
            (["SREM", "{thing}:eq:entry:a", "1"], ["SADD", "{thing}:eq:entry:a", "1"]),
            (["HSET", "{thing}:uniq:one", "a", "2"], ["HSET", "{thing}:uniq:one", "a", "1"]),
            (["HDEL", "{thing}:uniq:only", "a"], ["HSET", "{thing}:uniq:only", "a", "1"]),
            (["SADD", "{thing}:eq:ratio:2", "1"], ["SREM", "{thing}:eq:ratio:2", "1"]),
            (["SET", "{thing}:field:text:1", "b"], ["SET", "{thing}:field:text:1", "a"]),
            (["SET", "{thing}:field:text:2", "b"], ["DEL", "{thing}:field:text:2"]),
            (["SREM", "{thing}:pks", "1"], ["SADD", "{thing}:pks", "1"]),
            (["SADD", "{thing}:field:tags:1", "b"], ["SREM", "{thing}:field:tags:1", "b"]),
            (["RPUSH", "{thing}:field:queue:1", "b"], ["RPOP", "{thing}:field:queue:1"]),
            (["ZADD", "{thing}:field:board:1", "1", "b"], ["ZREM", "{thing}:field:board:1", "b"]),
            (["HSET", "{thing}:field:heads:1", "a", "c"], ["HSET", "{thing}:field:heads:1", "a", "b"]),
            (["SREM", "{thing}:eq:heads:1:a:b", "1"], ["SADD", "{thing}:eq:heads:1:a:b", "1"]),
        ):
            client.execute_command(*spoil)
            assert inconsistencies(client, thing) != [], spoil
            client.execute_command(*mend)
            assert inconsistencies(client, thing) == []
