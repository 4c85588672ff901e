"""Any sequence of any commands on indexed fields leaves the indexes as a rebuild would make them.

A command that is refused, whatever the reason, leaves everything as it was.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from limpyd import InstanceHashField, LimpydError, RedisDatabase, RedisModel, StringField
from tests.rebuild import inconsistencies, state

TEXTS = st.sampled_from(["", "a", "b", "1", "2", "10", "a b", ":", "*", "é", "\0"])
NUMBERS = st.sampled_from([0.0, -0.0, 0.1, 0.2, 0.3, 1.5, 2.0, -2.0, 1e20, 123456.1])
SMALL = st.integers(-3, 3)
STRINGS = {
    "set": st.one_of(TEXTS.map(lambda t: ((t,), {})), st.tuples(TEXTS).map(lambda a: (a, {"nx": True}))),
    "setnx": TEXTS.map(lambda t: ((t,), {})),
    "getset": TEXTS.map(lambda t: ((t,), {})),
    "getdel": st.just(((), {})),
    "getex": st.just(((), {})),
    "append": TEXTS.map(lambda t: ((t,), {})),
    "setrange": st.tuples(st.integers(0, 3), TEXTS).map(lambda a: (a, {})),
    "incr": SMALL.map(lambda n: ((n,), {})),
    "decrby": SMALL.map(lambda n: ((n,), {})),
    "incrbyfloat": NUMBERS.map(lambda n: ((n,), {})),
    "setbit": st.tuples(st.integers(0, 20), st.integers(0, 1)).map(lambda a: (a, {})),
    "delete": st.just(((), {})),
}
ENTRIES = {
    "hset": TEXTS.map(lambda t: ((t,), {})),
    "hsetnx": TEXTS.map(lambda t: ((t,), {})),
    "hdel": st.just(((), {})),
    "hincrby": SMALL.map(lambda n: ((n,), {})),
    "hincrbyfloat": NUMBERS.map(lambda n: ((n,), {})),
}
MONEY = {
    "hset": st.sampled_from([Decimal("1.5"), Decimal("1.50"), Decimal(0), Decimal("-0.0"), Decimal(2)]).map(
        lambda n: ((n,), {})
    ),
    "hincrbyfloat": st.sampled_from([0.5, -0.5, 1.0]).map(lambda n: ((n,), {})),
    "hdel": st.just(((), {})),
}
FLOATS = {
    "set": NUMBERS.map(lambda n: ((n,), {})),
    "incrbyfloat": NUMBERS.map(lambda n: ((n,), {})),
    "delete": st.just(((), {})),
}


def on_field(names: list[str], commands: dict[str, Any]) -> Any:
    return st.sampled_from(sorted(commands)).flatmap(
        lambda command: st.tuples(st.sampled_from(names), st.just(command), commands[command])
    )


ON_MODEL = st.one_of(
    st.fixed_dictionaries({}, optional={"entry": TEXTS, "only": TEXTS, "plain": TEXTS}).map(
        lambda values: (None, "hmset", ((), values))
    ),
    st.lists(st.sampled_from(["entry", "only", "plain"]), min_size=1).map(lambda names: (None, "hdel", (names, {}))),
    st.just((None, "delete", ((), {}))),
    st.fixed_dictionaries({}, optional={"text": TEXTS, "one": TEXTS, "entry": TEXTS, "only": TEXTS}).map(
        lambda values: (None, "create", ((), values))
    ),
    st.tuples(TEXTS, TEXTS).map(lambda a: (None, "get_or_create", ((), {"text": a[0], "defaults": {"one": a[1]}}))),
)
STEPS = st.lists(
    st.tuples(
        st.integers(0, 4),  # 0 is an instance that has no primary key yet
        st.one_of(
            on_field(["text", "one"], STRINGS),
            on_field(["entry", "only", "plain"], ENTRIES),
            on_field(["ratio", "rate"], FLOATS),
            on_field(["price"], MONEY),
            ON_MODEL,
        ),
    ),
    max_size=25,
)


@pytest.fixture
def thing(server):
    class Thing(RedisModel):
        database = RedisDatabase(port=server.port)
        text = StringField(indexable=True)
        one = StringField(unique=True)
        ratio = StringField(type=float, indexable=True)
        rate = StringField(type=float, unique=True)
        price = InstanceHashField(type=Decimal, unique=True)
        entry = InstanceHashField(indexable=True)
        only = InstanceHashField(unique=True)
        plain = InstanceHashField()

    yield Thing
    Thing.database.close()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_indexes_equal_a_rebuild(server, thing, steps):
    with server.client() as client:
        client.flushall()
        thing(text="a", one="a", entry="a", only="a")
        thing(text="a", one="b")
        for pk, (field, command, (args, kwargs)) in steps:
            before = state(client)
            instance = thing.lazy_connect(pk) if pk else thing()
            target = instance if field is None else getattr(instance, field)
            try:
                getattr(target, command)(*args, **kwargs)
            except LimpydError:
                assert state(client) == before, (pk, field, command, args, kwargs)
        assert inconsistencies(client, thing) == []


def test_the_check_finds_what_is_wrong(server, thing):
    """Breaks each kind of entry by hand, so that the test above cannot pass by looking away."""
    with server.client() as client:
        thing(text="a", one="a", ratio=1.5, entry="a", only="a")
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
        ):
            client.execute_command(*spoil)
            assert inconsistencies(client, thing) != [], spoil
            client.execute_command(*mend)
            assert inconsistencies(client, thing) == []
