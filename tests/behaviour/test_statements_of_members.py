"""Statements that add members to an indexed field of many, or take some out."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from limpyd import (
    EqualIndex,
    ListField,
    M2MSetField,
    PKField,
    RedisModel,
    SetField,
    SortedSetField,
    TextRangeIndex,
)
from tests.support.expected_indexes import state
from tests.support.statement_comparison import ON_ONE, Scene, outcome


def declared(at):
    class Label(RedisModel):
        database = at
        code = PKField()

    class Box(RedisModel):
        database = at
        tags = SetField(indexes=[EqualIndex, TextRangeIndex])
        owned = SetField(unique=True)
        sizes = SetField(type=float, indexable=True, indexes=[EqualIndex])
        board = SortedSetField(indexable=True)
        queue = ListField(indexable=True)
        slots = ListField(unique=True)
        labels = M2MSetField(Label)

    return {"label": Label, "box": Box}


def fill(models):
    for code in "ab":
        models["label"].create(code=code)
    values = {
        "tags": ["a", "b"],
        "sizes": [1.5],
        "board": {"m": 1.5, "n": 2},
        "queue": ["a", "b", "a"],
        "labels": ["a"],
    }
    models["box"].create(**values, owned=["x"], slots=["p"])
    models["box"].create(owned=["y"], slots=["q"])


def command(name, method, *args, pk=1, **options):
    return lambda models: getattr(getattr(models["box"].lazy_connect(pk), name), method)(*args, **options)


ACTIONS = {
    "sadd": command("tags", "sadd", "c"),
    "sadd again": command("tags", "sadd", "a"),
    "sadd several": command("tags", "sadd", "a", "c", "d", "c"),
    "first sadd": command("tags", "sadd", "c", pk=2),
    "srem": command("tags", "srem", "a"),
    "srem several": command("tags", "srem", "a", "c", "b"),
    "srem nobody": command("tags", "srem", "z"),
    "sadd unique": command("owned", "sadd", "z", "w"),
    "sadd its own": command("owned", "sadd", "z", "x"),
    "sadd of another": command("owned", "sadd", "z", "y"),
    "srem unique": command("owned", "srem", "x"),
    "sadd float": command("sizes", "sadd", 2.0, 1e22),
    "srem float": command("sizes", "srem", 1.5),
    "zadd": command("board", "zadd", {"o": 3}),
    "zadd several": command("board", "zadd", {"o": 3, "m": 9, "n": 2}),
    "zrem": command("board", "zrem", "m", "o", "n"),
    "rpush": command("queue", "rpush", "c", "a", "c"),
    "lpush": command("queue", "lpush", "c", "a"),
    "rpush unique": command("slots", "rpush", "r", "p"),
    "rpush of another": command("slots", "rpush", "r", "q"),
    "lpush of another": command("slots", "lpush", "r", "q"),
    "label": command("labels", "sadd", "b"),
    "no label": command("labels", "sadd", "b", "c"),
    "remove label": command("labels", "srem", "a"),
    "gone": command("tags", "sadd", "c", pk=9),
}
GENERAL = {
    "zadd nx": command("board", "zadd", {"o": 3, "m": 9}, nx=True),
    "zincrby": command("board", "zincrby", 1, "m"),
    "lpop": command("queue", "lpop"),
    "many": command("tags", "sadd", *map(str, range(101))),
}
REFUSED = {"sadd of another", "rpush of another", "lpush of another", "no label"}

OF_OBJECTS = ["pks", *(f"field:{name}:1" for name in ("tags", "owned", "sizes", "board", "queue", "slots", "labels"))]
OF_INDEXES = [
    *("eq:tags:a", "eq:tags:b", "eq:tags:c", "lex:tags", "uniq:owned", "eq:sizes:1.5", "eq:sizes:2", "eq:board:m"),
    *("eq:board:o", "eq:queue:a", "eq:queue:c", "uniq:slots", "eq:labels:a", "eq:labels:b"),
]
KEYS = [f"{{box}}:{key}" for key in OF_OBJECTS + OF_INDEXES] + ["{label}:pks"]

STALE = {
    "nothing": lambda client: None,
    "values are lost": lambda client: client.delete(*(f"{{box}}:{key}" for key in OF_OBJECTS[1:])),
    "indexes are lost": lambda client: client.delete(*(f"{{box}}:{key}" for key in OF_INDEXES)),
    "entries are there": lambda client: [client.sadd(f"{{box}}:eq:{key}", "1", "9") for key in ("tags:c", "board:o")],
    "values of nobody": lambda client: [client.hset("{box}:uniq:owned", each, "9") for each in "xyzw"],
    "slots of nobody": lambda client: [client.hset("{box}:uniq:slots", each, "9") for each in "pqr"],
    "values of another": lambda client: [client.hset("{box}:uniq:owned", each, "2") for each in "xw"],
}


def test_each_is_prepared(database, small, go):
    models = declared(database)
    for actions, prepared_of in ((ACTIONS, True), (GENERAL, False)):
        for named, action in actions.items():
            prepared = go("prepared")
            small[1].flushall()
            fill(models)
            prepared.clear()
            outcome(action, models)
            assert bool(prepared) is prepared_of, named


@ON_ONE
def test_keys_of_another_type(database, small, go):
    Scene.filled(go, small[1], declared(database), fill, ACTIONS, REFUSED).with_keys_of_another_type(KEYS)


@pytest.mark.parametrize("stale", STALE)
def test_stale_entries_and_conflicts(database, small, go, stale):
    Scene.filled(go, small[1], declared(database), fill, ACTIONS | GENERAL, REFUSED).compare(STALE[stale])


COMMANDS = [
    "sadd",
    "srem",
    "zadd",
    "zrem",
    "rpush",
    "lpush",
    "rpop",
    "lpop",
    "hget",
    "hset",
    "hsetnx",
    "hdel",
]
WRITES = [
    "sadd several",
    "srem several",
    "sadd unique",
    "srem unique",
    "zadd several",
    "zrem",
    "rpush",
    "lpush",
    "label",
]


def test_accounts_that_lack_a_command(small, lacking, go):
    database, forbid = lacking
    scene = Scene.filled(go, small[1], declared(database), fill, ACTIONS, REFUSED)
    scene.without_commands(forbid, COMMANDS, WRITES)


TEXTS = st.sampled_from(["", "a", ":", "\0", "a\0b", "é", "]]"])
SEVERAL = st.lists(TEXTS, min_size=1, max_size=3).map(tuple)
PKS = st.integers(1, 3)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["tags", "owned"]), st.sampled_from(["sadd", "srem"]), SEVERAL, PKS),
        st.tuples(st.sampled_from(["queue", "slots"]), st.sampled_from(["rpush", "lpush"]), SEVERAL, PKS),
        st.tuples(st.just("queue"), st.just("lpop"), st.just(()), PKS),
        st.tuples(st.just("board"), st.just("zrem"), SEVERAL, PKS),
        st.tuples(
            st.just("board"),
            st.just("zadd"),
            st.tuples(st.dictionaries(TEXTS, st.sampled_from([0, 1.5, float("-inf")]), min_size=1, max_size=3)),
            PKS,
        ),
    ),
    max_size=15,
)


def test_random_writes_by_either_way_are_alike(database, small, go):
    models, client = declared(database), small[1]

    @settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(steps=STEPS)
    def run(steps):
        ended = {}
        for way in ("general", "prepared"):
            client.flushall()
            go("prepared")
            fill(models)
            go(way)
            actions = [command(name, method, *args, pk=pk) for name, method, args, pk in steps]
            ended[way] = [outcome(action, models) for action in actions], state(client)
        assert ended["prepared"] == ended["general"]
        assert list(models["box"].check()) == []

    run()
