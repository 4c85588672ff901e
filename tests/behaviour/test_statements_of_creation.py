"""Statements that create objects with members, with a version, and with indexes of several fields."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from limpyd import (
    EqualIndex,
    EqualIndexWith,
    GeoField,
    GeoPoint,
    HashField,
    InstanceHashField,
    ListField,
    PKField,
    RedisDatabase,
    RedisModel,
    SetField,
    SortedSetField,
    StringField,
    VersionField,
)
from limpyd.model.crud import creation_in_general
from limpyd.statements.create import PreparedCreation
from tests.support.expected_indexes import state
from tests.support.statement_comparison import ON_ONE, Scene, outcome


def declared(at):
    class Parcel(RedisModel):
        database = at
        name = InstanceHashField(indexes=[EqualIndexWith(other_fields=["city"], unique=True), EqualIndex])
        city = StringField(indexes=[EqualIndexWith(other_fields=["size"])])
        size = InstanceHashField(type=float, indexable=True)
        label = StringField(unique=True)
        tags = SetField(indexable=True)
        queue = ListField(indexable=True)
        notes = ListField()
        heads = HashField(indexable=True)
        board = SortedSetField(indexable=True)
        spots = GeoField()
        owned = SetField(unique=True)
        version = VersionField()

    class Keyed(Parcel):
        code = PKField()

    return {"parcel": Parcel, "keyed": Keyed}


MEMBERS = {
    "tags": ["a", "b"],
    "queue": ["a", "b", "a"],
    "notes": ["x"],
    "heads": {"k": "v", "l": "v"},
    "board": {"m": 1.5, "n": 2},
    "spots": {"here": GeoPoint(1, 2)},
}
ALL = {"name": "n", "city": "c", "size": 2.0, "label": "l", **MEMBERS}
ACTIONS = {
    "create all": lambda m: m["parcel"].create(**ALL),
    "create some": lambda m: m["parcel"].create(tags=["a"], notes=["x", "y"]),
    "create only values": lambda m: m["parcel"].create(name="n", city="c"),
    "create one of two": lambda m: m["parcel"].create(name="n1"),
    "create nothing": lambda m: m["parcel"].create(),
    "create empty": lambda m: m["parcel"].create(tags=[], heads={}),
    "create many": lambda m: m["parcel"].create(queue=[str(number) for number in range(2100)]),
    "name and city of another": lambda m: m["parcel"].create(**{**ALL, "name": "n1", "city": "c1"}),
    "label of another": lambda m: m["parcel"].create(**{**ALL, "label": "l1"}),
    "create keyed": lambda m: m["keyed"].create(code="p", **ALL),
    "create keyed only": lambda m: m["keyed"].create(code="p"),
    "taken": lambda m: m["keyed"].create(code="a\0*", **ALL),
    "keyed name and city of another": lambda m: m["keyed"].create(code="p", name="n1", city="c1", tags=["a"]),
}
REFUSED = {"name and city of another", "label of another", "taken", "keyed name and city of another"}
GENERAL = lambda m: m["parcel"].create(owned=["x"])  # noqa: E731


def fill(models):
    values = {"name": "n1", "city": "c1", "size": 1.0, "label": "l1", "tags": ["a"], "queue": ["a"]}
    models["parcel"].create(**values)
    models["keyed"].create(code="a\0*", **values)


OF_OBJECTS = [
    *("pks", "seq", "hash:2", "hash:p", *(f"field:{name}:{pk}" for name in [*MEMBERS, "city"] for pk in ("2", "p"))),
    *("eq:tags:a", "eq:tags:b", "eq:queue:b", "eq:heads:1:k:v", "eq:heads:1:l:v", "eq:board:m", "eq:board:n"),
    *("eq:name:n", "uniq:label", "uniq:name+city", "eq:city+size:1:c1:2", "num:size", "field:label:2"),
]
KEYS = [f"{{{name}}}:{key}" for name in ("parcel", "keyed") for key in OF_OBJECTS]


def model_of(named):
    return "keyed" if "keyed" in named or named == "taken" else "parcel"


def on_both(change):
    return lambda client: [change(client, tag) for tag in ("{parcel}:", "{keyed}:")]


STALE = {
    "nothing": lambda client: None,
    "who is new is a member": on_both(lambda client, tag: client.sadd(tag + "pks", "2", "p")),
    "members are left": on_both(lambda client, tag: [client.sadd(f"{tag}field:tags:{pk}", "z") for pk in ("2", "p")]),
    "the hash is left": on_both(lambda client, tag: [client.hset(f"{tag}hash:{pk}", "a", "b") for pk in ("2", "p")]),
    "entries are left": on_both(lambda client, tag: [client.sadd(tag + key, "2", "p") for key in OF_MEMBERS]),
    "values of nobody": on_both(lambda client, tag: client.hset(tag + "uniq:label", "l", "9")),
    "of both of nobody": on_both(lambda client, tag: client.hset(tag + "uniq:name+city", "1:n1:c", "9")),
    "the last is of another": on_both(lambda client, tag: client.hset(tag + "uniq:name+city", "1:n1:c", "1")),
}
OF_MEMBERS = ["eq:tags:a", "eq:heads:1:k:v", "eq:city+size:1:c1:2"]


def test_each_is_prepared(database, small, go):
    models = declared(database)
    for named, action in ACTIONS.items():
        prepared = go("prepared")
        small[1].flushall()
        fill(models)
        prepared.clear()
        outcome(action, models)
        assert prepared == ["create"], named
    prepared = go("prepared")
    GENERAL(models)
    assert prepared == []


@ON_ONE
def test_keys_of_another_type(database, small, go):
    scene = Scene.filled(go, small[1], declared(database), fill, ACTIONS, REFUSED)
    scene.with_keys_of_another_type(
        KEYS, lambda key: [named for named in ACTIONS if model_of(named) == key[1 : key.index("}")]]
    )


@pytest.mark.parametrize("stale", STALE)
def test_stale_entries_and_conflicts(database, small, go, stale):
    Scene.filled(go, small[1], declared(database), fill, ACTIONS, REFUSED).compare(STALE[stale])


COMMANDS = ["exists", "geoadd", "hget", "hset", "hsetnx", "incr", "rpush", "sadd", "set", "sismember", "zadd", "hdel"]
WRITES = ["create all", "create some", "create keyed", "create only values"]


@pytest.mark.parametrize("obstacle", ["nothing", "the last is of another"])
def test_accounts_that_lack_a_command(small, lacking, go, obstacle):
    database, forbid = lacking
    scene = Scene.filled(go, small[1], declared(database), fill, ACTIONS, REFUSED)
    scene.without_commands(forbid, [*COMMANDS, "srem", "del"], WRITES, STALE[obstacle])


TEXTS = st.sampled_from(["", " a ", ":", "{x}", "\0", "a\0b", "é", "\r\n", "]]", "0"])
SEVERAL = st.lists(TEXTS, max_size=3)
VALUES = st.fixed_dictionaries({}, optional={
    "name": TEXTS, "city": TEXTS, "label": TEXTS, "size": st.sampled_from([0.0, -0.0, 1.5]), "tags": SEVERAL,
    "queue": SEVERAL, "notes": SEVERAL, "owned": SEVERAL, "heads": st.dictionaries(TEXTS, TEXTS, max_size=2),
    "board": st.dictionaries(TEXTS, st.sampled_from([0, 1.5, float("inf")]), max_size=2),
})  # fmt: skip


def test_random_objects_by_either_way_are_alike(database, small, go):
    models, client = declared(database), small[1]

    @settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(objects=st.lists(st.one_of(VALUES, st.tuples(TEXTS, VALUES)), max_size=8))
    def run(objects):
        ended = {}
        for way in ("general", "prepared"):
            client.flushall()
            go(way)
            found = []
            for each in objects:
                if isinstance(each, tuple):
                    code, values = each
                    found.append(outcome(lambda m, c=code, v=values: m["keyed"].create(code=c, **v), models))
                else:
                    found.append(outcome(lambda m, v=each: m["parcel"].create(**v), models))
            ended[way] = found, state(client)
        assert ended["prepared"] == ended["general"]
        assert [list(model.check()) for model in models.values()] == [[], []]

    run()


async def test_both_faces(face):
    class Thing(face.Model):
        database = face.database
        name = InstanceHashField(indexable=True)
        tags = SetField(indexable=True)
        version = VersionField()

    request = Thing._schema.statements[Thing._schema.keys.first].creation.request(
        None, {"tags": ["a"]}, bytes, creation_in_general
    )
    assert type(request) is PreparedCreation
    one = await face.do(Thing.create(name="a", tags=["x", "y"]))
    assert await face.do(one.version.get()) == 1
    assert await face.do(one.tags.smembers()) == {"x", "y"}
    assert await face.do(Thing.collection(tags="x").count()) == 1


def test_in_pipelines_and_transactions(one_server):
    with one_server.client() as client:
        client.flushall()
    database = RedisDatabase(port=one_server.port)
    parcel = declared(database)["parcel"]
    with database.pipeline():
        one = parcel(**ALL)
        two = parcel(name="n2", tags=["a"])
    with database.transaction():
        three = parcel(name="n3", tags=["a"], notes=["x"])
    assert [each.version.get() for each in (one, two, three)] == [1, 1, 1]
    assert parcel.collection(tags="a").count() == 3
    assert list(parcel.check()) == []
    database.close()
