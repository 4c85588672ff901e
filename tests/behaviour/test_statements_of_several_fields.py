"""Statements that write several fields of an object: `update`, `hmset` and `hdel` of the instance."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import ResponseError

from limpyd import (
    EqualIndex,
    FKInstanceHashField,
    InstanceHashField,
    ListField,
    NumberRangeIndex,
    PKField,
    RedisDatabase,
    RedisModel,
    SetField,
    StringField,
    TextRangeIndex,
    VersionField,
)
from limpyd.exceptions import StaleObject, UniquenessError
from limpyd.statements.statement_cache import PREPARE_THRESHOLD
from tests.support.expected_indexes import state
from tests.support.statement_comparison import ON_ONE, Scene, outcome


def declared(at):
    class Team(RedisModel):
        database = at
        code = PKField()
        title = StringField()

    class Worker(RedisModel):
        database = at
        name = InstanceHashField(indexable=True)
        email = InstanceHashField(unique=True)
        age = InstanceHashField(type=int, indexable=True)
        word = InstanceHashField(indexes=[TextRangeIndex(case_sensitive=False)])
        team = FKInstanceHashField(Team)
        note = InstanceHashField()
        login = StringField(unique=True)
        born = StringField(type=date, indexes=[EqualIndex, NumberRangeIndex])
        text = StringField()
        tags = SetField()

    class Counted(Worker):
        version = VersionField()

    return {"team": Team, "worker": Worker, "counted": Counted}


ONE = {"name": "n", "email": "e1", "age": 5, "word": "Word", "note": "x", "login": "l1", "born": date(2000, 1, 1)}
TWO = {"email": "e2", "login": "l2", "word": "É"}


def fill(models):
    models["team"].create(code="a", title="A")
    models["team"].create(code="b", title="B")
    for name in ("worker", "counted"):
        models[name].create(**ONE, team="a", text="t", tags=["x"])
        models[name].create(**TWO)


def update(pk=1, **values):
    return lambda model: model.update(pk, **values)


def on_instance(operation, *args, pk=1, **values):
    return lambda model: getattr(model.lazy_connect(pk), operation)(*args, **values)


OF_BOTH = {
    "update two": update(name="m", age=6),
    "update all": update(
        name="m", email="e", age=6, word="wörd", team="b", note="y", login="l", born=date(2001, 1, 1), text="u"
    ),
    "update the same": update(name="n", age=5, email="e1", login="l1"),
    "update and remove": update(name=None, age=7, login=None, note=None, text="v"),
    "remove all": update(name=None, email=None, age=None, word=None, note=None, login=None, born=None, text=None),
    "update the first": update(2, name="m", age=6, born=date(2001, 1, 1)),
    "email of another": update(name="m", email="e2", age=6),
    "login of another": update(name="m", email="e", login="l2", born=date(2001, 1, 1)),
    "a team that is not there": update(name="m", team="c"),
    "gone": update(9, name="m", age=6),
    "hmset": on_instance("hmset", name="m", age=6, email="e"),
    "hmset the same": on_instance("hmset", name="n", email="e1", note="x"),
    "hmset email of another": on_instance("hmset", name="m", email="e2"),
    "hmset word": on_instance("hmset", word="WORD", note="z"),
    "hmset é": on_instance("hmset", pk=2, word="é", note="z"),
    "hmset gone": on_instance("hmset", pk=9, name="m", email="e2"),
    "hdel": on_instance("hdel", "name", "age", "note"),
    "hdel of nothing": on_instance("hdel", "name", "age", pk=2),
    "hdel unique": on_instance("hdel", "email", "name"),
}
ACTIONS = {
    f"{name}: {named}": lambda models, name=name, action=action: action(models[name])
    for name in ("worker", "counted")
    for named, action in OF_BOTH.items()
}
ACTIONS |= {
    "counted: right version": lambda models: models["counted"].update(1, if_version=1, name="m", age=6),
    "counted: wrong version": lambda models: models["counted"].update(1, if_version=7, name="m", age=6),
    "counted: other version": lambda models: models["counted"].update(2, if_version=0, login="l1"),
}

REFUSED = {named for named in ACTIONS if named.endswith(("of another", "not there", "wrong version"))}

OF_OBJECTS = ["pks", "hash:1", "hash:2", "field:login:1", "field:born:1", "field:text:1", "field:tags:1"]
OF_INDEXES = ["eq:name:n", "eq:name:m", "uniq:email", "uniq:login", "num:age", "lex:word", "eq:team:a", "eq:team:b"]
OF_INDEXES += ["eq:born:2000-01-01", "eq:born:2001-01-01", "num:born"]
KEYS = [f"{{{name}}}:{key}" for name in ("worker", "counted") for key in OF_OBJECTS + OF_INDEXES] + ["{team}:pks"]


def on_both(change):
    return lambda client: [change(client, tag) for tag in ("{worker}:", "{counted}:")]


STALE = {
    "nothing": lambda client: None,
    "hashes are lost": on_both(lambda client, tag: client.delete(tag + "hash:1", tag + "hash:2")),
    "indexes are lost": on_both(lambda client, tag: client.delete(*(tag + key for key in OF_INDEXES))),
    "no version": lambda client: client.hdel("{counted}:hash:1", "version"),
    "the version is no number": lambda client: client.hset("{counted}:hash:1", "version", "x"),
    "the version is large": lambda client: client.hset("{counted}:hash:1", "version", 2**53 + 3),
    "the version is at its end": lambda client: client.hset("{counted}:hash:1", "version", 2**63 - 1),
    "emails of nobody": on_both(lambda client, tag: client.hset(tag + "uniq:email", mapping={"e": "9", "e2": "9"})),
    "emails are its own": on_both(lambda client, tag: client.hset(tag + "uniq:email", mapping={"e": "1", "e1": "1"})),
    "logins of another": on_both(lambda client, tag: client.hset(tag + "uniq:login", mapping={"l": "2", "l1": "2"})),
    "entries are there": on_both(lambda client, tag: [client.sadd(tag + key, "1", "2") for key in PRESENT]),
    "scores are there": on_both(lambda client, tag: client.zadd(tag + "num:born", {"2": 3})),
}
PRESENT = ["eq:name:m", "eq:team:b", "eq:born:2001-01-01"]


def model_of(key):
    return key[1 : key.index("}")]


def test_each_is_prepared(database, small, go):
    models = declared(database)
    for named, action in ACTIONS.items():
        prepared = go("prepared")
        small[1].flushall()
        fill(models)
        prepared.clear()
        outcome(action, models)
        assert prepared, named


@ON_ONE
def test_keys_of_another_type(database, small, go):
    scene = Scene.filled(go, small[1], declared(database), fill, ACTIONS, REFUSED)
    scene.with_keys_of_another_type(
        KEYS, lambda key: [named for named in ACTIONS if model_of(key) in {"team", named.partition(":")[0]}]
    )


@pytest.mark.parametrize("stale", STALE)
def test_stale_entries_and_conflicts(database, small, go, stale):
    Scene.filled(go, small[1], declared(database), fill, ACTIONS, REFUSED).compare(STALE[stale])


def values_expire(client, tag):
    client.pexpireat(f"{tag}field:text:1", FAR)
    with suppress(ResponseError):  # entries of a hash cannot expire on older servers
        client.hpexpireat(f"{tag}hash:1", FAR, "note")


FAR = 4_102_444_800_000
EXPIRING = [f"{name}: {named}" for name in ("worker", "counted") for named in ("update all", "update and remove")]
EXPIRING += ["worker: hmset word", "worker: remove all", "counted: remove all"]


@pytest.mark.parametrize("key", ["lex:word", "eq:name:n"])
def test_what_is_refused_expires_as_before(database, small, go, key):
    """A value that no index keeps may expire; a write takes that away, and what takes the write back restores it."""

    def damage(client, tag):
        values_expire(client, tag)
        client.delete(tag + key)
        client.rpush(tag + key, "x")

    scene = Scene.filled(go, small[1], declared(database), fill, ACTIONS, REFUSED)
    scene.compare(on_both(values_expire), EXPIRING)
    scene.compare(on_both(damage), EXPIRING)


def test_what_an_account_may_not_do_expires_as_before(database, small, lacking, go):
    database, forbid = lacking
    scene = Scene.filled(go, small[1], declared(database), fill, ACTIONS, REFUSED)
    for command, refused in {"set": "update all", "del": "remove all"}.items():
        forbid(command)
        endings = {named: scene.ending("prepared", named, on_both(values_expire))[0] for named in EXPIRING}
        assert all(type(found) is tuple for named, found in endings.items() if named.endswith(refused))


COMMANDS = [
    "del",
    "get",
    "hdel",
    "hget",
    "hincrby",
    "hset",
    "hsetnx",
    "sadd",
    "set",
    "sismember",
    "srem",
    "zadd",
    "zrem",
]
WRITES = ["worker: update two", "worker: update and remove", "worker: hmset", "worker: hdel", "counted: update two"]
WRITES += ["counted: update all", "counted: login of another"]


@pytest.mark.parametrize("obstacle", ["nothing", "emails of nobody"])
def test_accounts_that_lack_a_command(small, lacking, go, obstacle):
    database, forbid = lacking
    scene = Scene.filled(go, small[1], declared(database), fill, ACTIONS, REFUSED)
    scene.without_commands(forbid, COMMANDS, WRITES, STALE[obstacle])


TEXTS = st.sampled_from(["", " a ", "{x}", "\0", "a\0b", "é", "É", "\r\n", "]]"])
VALUES = {
    **dict.fromkeys(["name", "email", "word", "note", "login", "text"], TEXTS),
    "age": st.integers(-2, 2),
    "born": st.sampled_from([date(2000, 1, 1), date(2000, 1, 2)]),
    "team": st.sampled_from(["a", "b", "c"]),
}
UPDATES = st.fixed_dictionaries({}, optional={name: st.one_of(st.none(), values) for name, values in VALUES.items()})
ENTRIES = st.fixed_dictionaries(
    {}, optional={name: VALUES[name] for name in ("name", "email", "word", "note", "age")}
).filter(bool)
PKS = st.integers(1, 3)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("update"), PKS, UPDATES.filter(bool)),
        st.tuples(st.just("hmset"), PKS, ENTRIES),
        st.tuples(st.just("hdel"), PKS, ENTRIES),
    ),
    max_size=15,
)


def test_random_writes_by_either_way_are_alike(database, small, go):
    models, client = declared(database), small[1]
    model = models["counted"]

    def action(what, pk, values):
        if what == "hdel":
            return on_instance("hdel", *values, pk=pk)
        return update(pk, **values) if what == "update" else on_instance("hmset", pk=pk, **values)

    @settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(steps=STEPS)
    def run(steps):
        ended = {}
        for way in ("general", "prepared"):
            client.flushall()
            go("prepared")
            fill(models)
            model.create(note="x")
            go(way)
            ended[way] = [outcome(action(*step), model) for step in steps], state(client)
        assert ended["prepared"] == ended["general"]
        assert list(model.check()) == []

    run()


def test_a_combination_is_compiled_after_a_few_uses(one_server):
    """As many requests either way; then others in any order of their names use the same script."""
    with one_server.client() as client:
        client.flushall()
    database = RedisDatabase(port=one_server.port)
    worker = declared(database)["worker"]
    one = worker(name="a")
    statements = worker._schema.statements[worker._schema.keys.first]
    with one_server.client() as client:
        before = client.info("commandstats")["cmdstat_evalsha"]["calls"]
        for number in range(PREPARE_THRESHOLD + 5):
            one.hmset(name=f"n{number}", age=number)
        calls = client.info("commandstats")["cmdstat_evalsha"]["calls"] - before
    assert calls <= PREPARE_THRESHOLD + 5 + 2  # both scripts were new to the server
    statement = statements.update("hmset", {"name": "x", "age": 1})
    for _ in range(PREPARE_THRESHOLD + 1):
        other = statements.update("update", {"age": 1, "name": "x"})
    assert statement is not other
    assert statement.script.sha == other.script.sha
    assert one.hgetall() == {"name": f"n{number}", "age": number}
    assert worker.collection(name=f"n{number}", age=number).count() == 1
    database.close()


@pytest.mark.parametrize("count", [40, 55, 60, 250])
@pytest.mark.parametrize("lists", [0, 90])
def test_models_of_many_fields(one_server, go, count, lists):
    """A function of Lua has room for so many locals and arguments; for what needs more the general script serves."""
    with one_server.client() as client:
        client.flushall()
    go("prepared")

    class Wide(RedisModel):
        database = RedisDatabase(port=one_server.port)

        for number in range(count):
            locals()[f"f{number}"] = InstanceHashField(indexable=number < 20)
        for number in range(lists):
            locals()[f"l{number}"] = ListField()
        del number

    names = [f"f{number}" for number in range(count)]
    one = Wide.create(**dict.fromkeys(names, "a"))
    one.update(**dict.fromkeys(names, "b"))
    one.hmset(**dict.fromkeys(names, "c"))
    assert one.hgetall() == dict.fromkeys(names, "c")
    assert list(Wide.check()) == []
    assert one.hdel(*names) == count
    one.delete()
    assert list(Wide.check()) == []
    Wide.database.close()


def test_in_pipelines_and_transactions(one_server, go):
    with one_server.client() as client:
        client.flushall()
    go("prepared")
    database = RedisDatabase(port=one_server.port)
    models = declared(database)
    fill(models)
    one, two = models["counted"].lazy_connect(1), models["counted"].lazy_connect(2)
    with database.pipeline():
        first = one.update(name="p", word="Ü")
        one.hmset(name="q", age=1)
        second = one.update(name="r", word="ü")
    assert (first.value, second.value, one.name.hget()) == (2, 3, "r")
    with pytest.raises(UniquenessError), database.transaction():
        one.update(name="s", age=9)
        two.update(name="s", email="e1")
    with pytest.raises(StaleObject), database.transaction():
        one.hmset(name="s", age=9)
        two.update(if_version=9, name="s", note="x")
    assert (one.name.hget(), one.age.hget(), one.version.hget()) == ("r", 1, 3)
    assert list(models["counted"].check()) == []
    database.close()


async def test_both_faces(face, go):
    go("prepared")

    class Thing(face.Model):
        database = face.database
        name = InstanceHashField(indexable=True)
        email = InstanceHashField(unique=True)
        version = VersionField()

    one = await face.do(Thing.create(name="a", email="a"))
    assert await face.do(one.update(name="b", email="b")) == 2
    assert await face.do(one.hmset(name="c", email="c")) is True
    assert await face.do(one.hdel("name", "email")) == 2
    assert await face.do(Thing.update(1, name="d", email=None)) == 3
    assert await face.do(Thing.collection(name="d").count()) == 1
