"""Statements of indexes that do not keep values as they are, and of commands whose result only the server knows."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from limpyd import (
    DateTimeIndex,
    EqualIndex,
    InstanceHashField,
    NumberRangeIndex,
    RedisDatabase,
    RedisModel,
    StringField,
    TextRangeIndex,
)
from limpyd.exceptions import InvalidValue, UniquenessError, WrongTypeError
from limpyd.indexes.normalizers import FORMS
from limpyd.lua.linker import providers
from limpyd.statements.assignment import Assignment
from limpyd.statements.scalar_command import ScalarCommand
from tests.support.expected_indexes import state
from tests.support.statement_comparison import ON_ONE, Scene, outcome

BOTH = [EqualIndex, NumberRangeIndex]
NOON = datetime(2020, 2, 29, 12, tzinfo=UTC)


def declared(at):
    class Made(RedisModel):
        database = at
        weight = InstanceHashField(type=float, indexes=BOTH)
        price = InstanceHashField(type=Decimal, indexes=BOTH)
        word = InstanceHashField(indexes=[TextRangeIndex(case_sensitive=False)])
        moment = InstanceHashField(type=datetime, indexes=[*BOTH, DateTimeIndex])
        day = StringField(type=date, indexes=BOTH)
        clock = StringField(type=time, indexes=BOTH)
        length = StringField(type=timedelta, indexes=BOTH)
        flag = StringField(type=bool, indexes=BOTH)
        visits = StringField(type=int, indexable=True)
        serial = InstanceHashField(type=int, unique=True)
        label = StringField(unique=True)
        number = StringField(indexes=[NumberRangeIndex, TextRangeIndex])

    return Made


ONE = {
    "weight": 1.5,
    "price": Decimal("2.50"),
    "word": "Word",
    "moment": NOON,
    "day": date(2020, 2, 29),
    "clock": time(12, 30),
    "length": timedelta(1),
    "flag": True,
    "visits": 7,
    "serial": 4,
    "label": "a",
    "number": "10",
}
OTHER = {"word": "É", "serial": 5, "label": "ab", "number": "1"}
NEW = {
    "weight": 2.0,
    "price": Decimal("0.1"),
    "word": "wörd",
    "moment": NOON + timedelta(1),
    "day": date(2021, 1, 1),
    "clock": time(23, 0, 0, 5),
    "length": timedelta(0),
    "flag": False,
}


def fill(model):
    model.create(**ONE)
    model.create(**OTHER)


def setter(name, value, pk=1):
    return lambda model: getattr(model.lazy_connect(pk), name).set(value)


def command(name, method, *args, pk=1):
    return lambda model: getattr(getattr(model.lazy_connect(pk), name), method)(*args)


SETS = {f"set {name}": setter(name, value) for name, value in NEW.items()}
SETS |= {f"set {name} again": setter(name, ONE[name]) for name in ("weight", "moment", "word")}
SETS |= {
    "first weight": setter("weight", 3.5, 2),
    "fold the word": setter("word", "WORD"),
    "ascii word": setter("word", "abc"),
    "ascii word of another": setter("word", "abc", 2),
    "fold É": setter("word", "é", 2),
    "hdel weight": command("weight", "hdel"),
    "hdel word": command("word", "hdel"),
    "hdel É": command("word", "hdel", pk=2),
    "delete day": command("day", "delete"),
}
RUNS = {
    "incr": command("visits", "incr"),
    "first incr": command("visits", "incr", 3, pk=2),
    "decr": command("visits", "decr", 9),
    "incr 0": command("visits", "incr", 0),
    "incr beyond": command("visits", "incr", 2**60),
    "hincrby": command("serial", "hincrby", 10),
    "hincrby to another's": command("serial", "hincrby"),
    "hincrbyfloat": command("weight", "hincrbyfloat", 0.25),
    "first hincrbyfloat": command("price", "hincrbyfloat", 0.25, pk=2),
    "hincrbyfloat price": command("price", "hincrbyfloat", -0.5),
    "hsetnx": command("weight", "hsetnx", 1.0),
    "first hsetnx": command("weight", "hsetnx", 1.0, pk=2),
    "hsetnx word": command("word", "hsetnx", "x"),
    "append": command("label", "append", "c"),
    "append to another's": command("label", "append", "b"),
    "append nothing": command("label", "append", ""),
    "append no number": command("number", "append", "x"),
    "append to number": command("number", "append", "5"),
    "setrange": command("label", "setrange", 1, "z"),
    "setbit": command("label", "setbit", 3, 1),
    "getset": command("label", "getset", "q"),
    "getset another's": command("label", "getset", "ab"),
    "getdel": command("label", "getdel"),
    "getdel visits": command("visits", "getdel"),
    "setnx": command("label", "setnx", "q"),
    "first setnx": command("visits", "setnx", 8, pk=2),
    "gone": command("visits", "incr", pk=9),
}
REST = {"create": lambda model: model.create(**{**NEW, "word": "É"})}
REST |= {f"delete {pk}": lambda model, pk=pk: model.lazy_connect(pk).delete() for pk in (1, 2)}
ACTIONS = {**SETS, **RUNS, **REST}

OF_OBJECTS = ["hash:1", "hash:2", *(f"field:{name}:1" for name in ("label", "visits", "day", "number"))]
OF_INDEXES = [
    *("eq:weight:1.5", "eq:weight:2", "num:weight", "eq:price:2.5", "num:price", "lex:word", "num:visits"),
    *("num:serial", "uniq:serial", "uniq:label", "num:moment", "num:number", "lex:number"),
]
KEYS = [f"{{made}}:{key}" for key in ["pks", *OF_OBJECTS, *OF_INDEXES]]

STALE = {
    "nothing": lambda client: None,
    "the hash is lost": lambda client: client.delete("{made}:hash:1"),
    "indexes are lost": lambda client: client.delete(*KEYS[len(OF_OBJECTS) + 1 :]),
    "an entry is there": lambda client: client.sadd("{made}:eq:weight:2", "1", "9"),
    "scores are others": lambda client: [client.zadd(f"{{made}}:num:{name}", {"1": 9}) for name in NEW],
    "written otherwise": lambda client: client.hset("{made}:hash:1", mapping={"weight": "15e-1", "price": "2.500"}),
    "values of nobody": lambda client: [client.hset(f"{{made}}:uniq:{name}", v, "9") for name, v in OF_NOBODY],
    "values of another": lambda client: [client.hset(f"{{made}}:uniq:{name}", v, "2") for name, v in OF_NOBODY],
}
OF_NOBODY = [("label", "ac"), ("label", "q"), ("label", "az"), ("serial", "14"), ("serial", "4")]


def test_each_form_has_a_lua_file():
    assert {f"form_{name}" for name in FORMS} - {"form_text"} <= providers().keys()


def test_each_is_prepared(database, small, go):
    model = declared(database)
    for named, action in ACTIONS.items():
        prepared = go("prepared")
        small[1].flushall()
        fill(model)
        prepared.clear()
        outcome(action, model)
        assert prepared, named
    kinds = {
        type(one)
        for field in model._schema.value_fields.values()
        for one in field._places.popitem()[1].statements.values()
    }
    assert kinds == {Assignment, ScalarCommand}


@ON_ONE
def test_keys_of_another_type(database, small, go):
    Scene.filled(go, small[1], declared(database), fill, ACTIONS).with_keys_of_another_type(KEYS)


@pytest.mark.parametrize("stale", STALE)
def test_stale_entries_and_conflicts(database, small, go, stale):
    Scene.filled(go, small[1], declared(database), fill, ACTIONS).compare(STALE[stale])


COMMANDS = [
    "append",
    "get",
    "hdel",
    "hget",
    "hincrby",
    "hset",
    "hsetnx",
    "incrby",
    "sadd",
    "set",
    "srem",
    "zadd",
    "zrem",
]
WRITES = ["set weight", "set moment", "ascii word", "incr", "hincrby", "hincrbyfloat", "append", "first setnx"]


def test_accounts_that_lack_a_command(small, lacking, go):
    database, forbid = lacking
    scene = Scene.filled(go, small[1], declared(database), fill, ACTIONS)
    scene.without_commands(forbid, [*COMMANDS, "zscore", "sismember"], WRITES, STALE["values of nobody"])


NAMES = st.sampled_from(["weight", "price", "word", "moment", "day", "flag"])
NUMBERS = st.sampled_from([-3, 0, 1, 2, 5, 2**53, 2**62])
TEXTS = st.sampled_from(["", "a", "B", "É", "1", "-", "e2", ".", "\0"])
VALUES = {
    "weight": st.sampled_from([0.0, -0.0, 1e300, 0.1, float("inf")]),
    "price": st.sampled_from([Decimal("1.10"), Decimal("-0"), Decimal("1E+2")]),
    "word": TEXTS,
    "moment": st.sampled_from([NOON, NOON + timedelta(microseconds=1), NOON - timedelta(60)]),
    "day": st.dates(date(2019, 12, 30), date(2020, 3, 1)),
    "flag": st.booleans(),
}
PKS = st.integers(1, 3)
WORDS = st.sampled_from(["label", "number"])
STEPS = st.lists(
    st.one_of(
        NAMES.flatmap(lambda name: st.tuples(st.just(name), st.just("set"), st.tuples(VALUES[name]), PKS)),
        st.tuples(st.just("visits"), st.sampled_from(["incr", "decr"]), st.tuples(NUMBERS), PKS),
        st.tuples(st.just("serial"), st.just("hincrby"), st.tuples(NUMBERS), PKS),
        st.tuples(st.just("weight"), st.just("hincrbyfloat"), st.tuples(st.sampled_from([0.5, -1e300])), PKS),
        st.tuples(WORDS, st.sampled_from(["append", "setnx", "getset"]), st.tuples(TEXTS), PKS),
        st.tuples(st.sampled_from(["label", "number", "visits"]), st.just("getdel"), st.just(()), PKS),
    ),
    max_size=20,
)  # fmt: skip


def test_random_writes_by_either_way_are_alike(database, small, go):
    model, client = declared(database), small[1]

    @settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(steps=STEPS)
    def run(steps):
        ended = {}
        for way in ("general", "prepared"):
            client.flushall()
            go("prepared")
            fill(model)
            model.create(day=date(2020, 1, 1))
            go(way)
            actions = [command(name, method, *args, pk=pk) for name, method, args, pk in steps]
            ended[way] = [outcome(action, model) for action in actions], state(client)
        assert ended["prepared"] == ended["general"]
        assert list(model.check()) == []

    run()


def test_what_cannot_be_indexed_is_refused(database, small):
    one = declared(database).create(**ONE)
    before = state(small[1])
    with pytest.raises(InvalidValue, match="does not round"):
        one.visits.incr(2**60)
    with pytest.raises(InvalidValue, match="it is not a number"):
        one.number.append("x")
    assert state(small[1]) == before


@pytest.mark.parametrize("amount", [3, -20, 0, 2**53 - 8])
def test_an_increment_takes_the_new_value_from_its_reply(database, small, amount):
    model, client = declared(database), small[1]
    one = model.create(**ONE)
    one.visits.incr(0)
    client.config_resetstat()
    assert one.visits.incr(amount) == 7 + amount
    assert client.info("commandstats")["cmdstat_get"]["calls"] == 1  # of the old value
    assert list(model.collection(visits=7 + amount)) == list(model.collection(visits__gte=7 + amount)) == ["1"]
    assert list(model.check()) == []


def test_a_command_that_makes_anothers_value_is_refused(database, small):
    model = declared(database)
    fill(model)
    before = state(small[1])
    with pytest.raises(UniquenessError, match=r"'ab' already belongs to Made\('2'\)"):
        model.lazy_connect(1).label.append("b")
    assert state(small[1]) == before


def test_scores_of_several_fields_are_taken_back(one_server, go):
    """What works them out is linked once for all of them."""
    with one_server.client() as client:
        client.flushall()
        go("prepared")

        class Priced(RedisModel):
            database = RedisDatabase(port=one_server.port)
            price = InstanceHashField(type=Decimal, indexable=True)
            cost = InstanceHashField(type=Decimal, indexable=True)
            name = InstanceHashField(indexable=True)

        one = Priced.create(price=Decimal(1), cost=Decimal(2), name="a")
        for name in ("a", "b"):
            client.delete(f"{{priced}}:eq:name:{name}")
            client.rpush(f"{{priced}}:eq:name:{name}", "x")
        before = state(client)
        with pytest.raises(WrongTypeError):
            one.delete()
        with pytest.raises(WrongTypeError):
            one.update(price=Decimal(3), cost=Decimal(4), name="b")
        assert state(client) == before
        Priced.database.close()
