"""Prepared statements end as the general scripts do, however they are refused midway."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from limpyd import InstanceHashField, NumberRangeIndex, PKField, RedisDatabase, RedisModel, SetField, StringField
from limpyd.exceptions import ConstraintError, ServerError, UniquenessError
from tests.support.expected_indexes import state
from tests.support.statement_comparison import ON_ONE, Scene, outcome


class Models(NamedTuple):
    """Models whose objects are created, deleted and written to: of automatic and of given primary keys;
    and one whose indexed fields have keys of their own."""

    thing: type[RedisModel]
    keyed: type[RedisModel]
    own: type[RedisModel]


def declared(at):
    class Thing(RedisModel):
        database = at
        name = InstanceHashField(indexable=True)
        email = InstanceHashField(unique=True)
        age = InstanceHashField(type=int, indexable=True)
        size = InstanceHashField(type=float, indexes=[NumberRangeIndex])
        login = InstanceHashField(unique=True)
        note = InstanceHashField()
        loose = StringField()
        bag = SetField()

    class Keyed(Thing):
        id = PKField()

    class Own(RedisModel):
        database = at
        title = StringField(indexable=True)
        slug = StringField(unique=True)
        stock = InstanceHashField(type=int, ge=0)
        crowd = SetField(type=str, required=True, max_members=2)

    return Models(Thing, Keyed, Own)


ALL = {"name": "n", "email": "e", "age": 5, "size": 0.5, "login": "l", "note": "x"}
OTHER = {"name": "n", "email": "e1", "age": 6, "size": 1.5, "login": "l1", "note": "y"}

ACTIONS = {
    "create": lambda m: m.thing.create(**ALL),
    "create keyed": lambda m: m.keyed.create(id="p", **ALL),
    "create taken": lambda m: m.keyed.create(id="a\0*", **ALL),
    "create little": lambda m: m.thing.create(note="x"),
    "delete": lambda m: m.thing.lazy_connect(1).delete(),
    "delete keyed": lambda m: m.keyed.lazy_connect("a\0*").delete(),
    "new name": lambda m: m.thing.lazy_connect(1).name.hset("new"),
    "same name": lambda m: m.thing.lazy_connect(1).name.hset("n"),
    "first name": lambda m: m.thing.lazy_connect(2).name.hset("n"),
    "new email": lambda m: m.thing.lazy_connect(1).email.hset("new"),
    "its email": lambda m: m.thing.lazy_connect(1).email.hset("e1"),
    "first email": lambda m: m.thing.lazy_connect(2).email.hset("e"),
    "email of another": lambda m: m.thing.lazy_connect(2).email.hset("e1"),
    "keyed email": lambda m: m.keyed.lazy_connect("a\0*").email.hset("new"),
    "own: new title": lambda m: m.own.lazy_connect(1).title.set("new"),
    "own: new slug": lambda m: m.own.lazy_connect(1).slug.set("new"),
    "own: slug of another": lambda m: m.own.lazy_connect(1).slug.set("s2"),
    "own: create": lambda m: m.own.create(title="t", crowd=["a"]),
    "own: stock": lambda m: m.own.lazy_connect(1).stock.hincrby(2),
    "own: too little stock": lambda m: m.own.lazy_connect(1).stock.hincrby(-2),
    "own: crowd": lambda m: m.own.lazy_connect(1).crowd.sadd("b"),
    "own: too large a crowd": lambda m: m.own.lazy_connect(1).crowd.sadd("b", "c"),
    "own: no crowd": lambda m: m.own.lazy_connect(1).crowd.srem("a"),
    "own: delete": lambda m: m.own.lazy_connect(1).delete(),
    "note": lambda m: m.thing.lazy_connect(1).note.hset("z"),
    "loose": lambda m: m.thing.lazy_connect(1).loose.append("z"),
    "bag": lambda m: sorted(m.thing.lazy_connect(1).bag.spop_many(5)),
    "many": lambda m: m.thing.lazy_connect(1).bag.sadd(*map(str, range(9000))),
}
REFUSED = {
    *("create taken", "email of another", "own: slug of another"),
    *("own: too little stock", "own: too large a crowd", "own: no crowd"),
}
GENERAL = {"many"}


def model_of(named):
    """The model of an action."""
    if "keyed" in named or "taken" in named:
        return "keyed"
    return "own" if "own:" in named else "thing"


def fill(models):
    models.thing.create(**OTHER, loose="a", bag=["a"])
    models.thing.create(note="x")
    models.keyed.create(id="a\0*", **OTHER)
    models.own.create(title="t", slug="s", stock=1, crowd=["a"])
    models.own.create(title="t", slug="s2", crowd=["a"])


OF_OBJECTS = ["hash:1", "hash:2", "hash:3", "hash:p", "hash:a\0*", "field:loose:1", "field:loose:3", "field:bag:1"]
OF_INDEXES = ["eq:name:n", "eq:name:new", "uniq:email", "uniq:login", "num:age", "num:size"]
OF_OWN = [
    "field:title:1",
    "field:title:3",
    "eq:title:t",
    "eq:title:new",
    "uniq:slug",
    "field:slug:1",
    "hash:1",
    "field:crowd:1",
]
KEYS = [f"{{{model}}}:{key}" for model in ("thing", "keyed") for key in ["pks", "seq", *OF_OBJECTS, *OF_INDEXES]]
KEYS += [f"{{own}}:{key}" for key in ["pks", "seq", *OF_OWN]]


def on_both(change):
    """The same damage to both models."""
    return lambda client: [change(client, tag) for tag in ("{thing}:", "{keyed}:")]


NEW = ("3", "p")


def someone(tag):
    """The primary key of an object."""
    return "1" if tag == "{thing}:" else "a\0*"


STALE = {
    "nothing": lambda client: None,
    "who is new is a member": on_both(lambda client, tag: client.sadd(tag + "pks", *NEW)),
    "the counter is lost": lambda client: client.delete("{thing}:seq"),
    "the counter is behind": lambda client: client.set("{thing}:seq", 1),
    "the counter is no number": lambda client: client.set("{thing}:seq", "x"),
    "the counter is at its end": lambda client: client.set("{thing}:seq", 2**63 - 1),
    "the counter is large": lambda client: client.set("{thing}:seq", 2**53 + 3),
    "a hash is left": on_both(lambda client, tag: [client.hset(f"{tag}hash:{pk}", "a", "b") for pk in NEW]),
    "a value is left": on_both(lambda client, tag: [client.set(f"{tag}field:loose:{pk}", "b") for pk in NEW]),
    "the hash is lost": on_both(lambda client, tag: client.delete(tag + "hash:1", tag + "hash:a\0*")),
    "indexes are lost": on_both(
        lambda client, tag: client.delete(*(tag + key for key in ("eq:name:n", "uniq:email", "num:age")))
    ),
    "an old name": on_both(lambda client, tag: client.sadd(tag + "eq:name:n", "1", "2", *NEW)),
    "a new name": on_both(lambda client, tag: client.sadd(tag + "eq:name:new", "1", "2", *NEW)),
    "a new title": lambda client: client.sadd("{own}:eq:title:new", "1"),
    "its own email": on_both(
        lambda client, tag: client.hset(
            tag + "uniq:email", mapping={"e": "3" if tag == "{thing}:" else "p", "new": "1"}
        )
    ),
    "an email of nobody": on_both(lambda client, tag: client.hset(tag + "uniq:email", mapping={"e": "9", "new": "9"})),
    "the old email of another": on_both(lambda client, tag: client.hset(tag + "uniq:email", "e1", "9")),
    "the last unique value": on_both(lambda client, tag: client.hset(tag + "uniq:login", "l", someone(tag))),
    "the last unique value, of nobody": on_both(lambda client, tag: client.hset(tag + "uniq:login", "l", "9")),
    "numbers": on_both(lambda client, tag: client.zadd(tag + "num:age", {"1": 99, "2": 99, "3": 99, "p": 99})),
    "numbers, and the last unique value": on_both(
        lambda client, tag: (
            client.zadd(tag + "num:age", {"3": 99, "p": 99}),
            client.hset(tag + "uniq:login", "l", someone(tag)),
        )
    ),
}


def test_each_is_prepared(database, small, go):
    models = declared(database)
    for named, action in ACTIONS.items():
        prepared = go("prepared")
        small[1].flushall()
        fill(models)
        prepared.clear()
        if named in REFUSED:
            with pytest.raises((ConstraintError, UniquenessError)):
                action(models)
        else:
            action(models)
        assert (not prepared) is (named in GENERAL), named


@ON_ONE
def test_keys_of_another_type(database, small, go):
    scene = Scene.filled(go, small[1], declared(database), fill, ACTIONS)
    scene.with_keys_of_another_type(
        KEYS, lambda key: [name for name in ACTIONS if model_of(name) == key[1 : key.index("}")]]
    )


@pytest.mark.parametrize("stale", STALE)
def test_stale_entries_and_conflicts(database, small, go, stale):
    Scene.filled(go, small[1], declared(database), fill, ACTIONS).compare(STALE[stale])


COMMANDS = [
    *("decr", "del", "exists", "get", "hdel", "hget", "hmget", "hset", "hsetnx", "incr", "sadd", "scard", "set"),
    *("sismember", "srem", "type", "unlink", "zadd", "zrem", "zscore"),
]
WRITES = ["create", "create keyed", "delete", "new name", "first name", "new email", "first email", "note"]
WRITES += ["own: new title", "own: new slug"]


@pytest.mark.parametrize("obstacle", ["nothing", "numbers, and the last unique value"])
def test_accounts_that_lack_a_command(small, lacking, go, obstacle):
    database, forbid = lacking
    scene = Scene.filled(go, small[1], declared(database), fill, ACTIONS)
    scene.without_commands(forbid, COMMANDS, WRITES, STALE[obstacle])


def test_what_could_not_be_taken_back_is_told(small, lacking, go):
    """The command that was refused is named, and all else is taken back."""
    client, (database, forbid) = small[1], lacking
    scene = Scene.filled(go, client, declared(database), fill, ACTIONS)

    def damage(client):
        STALE["numbers, and the last unique value"](client)
        client.delete("{thing}:num:size")
        client.set("{thing}:num:size", "x")

    for named, command, model, left in (
        ("create", "hdel", "a new Thing", {b"{thing}:uniq:email"}),
        ("new name", "srem", "Thing", set()),
        ("delete", "sadd", "Thing", {b"{thing}:eq:name:n", b"{thing}:pks"}),
        ("delete", "hset", "Thing", {b"{thing}:uniq:email"}),
    ):
        forbid(command)
        scene.kept.put_back()
        damage(client)
        before = state(client)
        found, after = scene.ending("prepared", named, damage)
        assert {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)} == left
        assert not left or f"{command.upper()}: " in found[1]
        assert model in found[1]


def test_accounts_that_may_not_ask_for_the_type(small, lacking):
    client, (database, forbid) = small[1], lacking
    models = declared(database)
    fill(models)
    client.delete("{thing}:field:loose:1")
    client.rpush("{thing}:field:loose:1", "x")
    forbid("type")
    with pytest.raises(ServerError, match="nothing was changed"):
        models.thing.lazy_connect(1).loose.append("z")


TEXTS = st.sampled_from(["", " a b ", ":", "*", "{x}", "\0", "a\0b", "é🐍", "\r\n", "0", "-0"])
VALUES = st.fixed_dictionaries({}, optional={
    "name": TEXTS, "email": TEXTS, "login": TEXTS, "note": TEXTS, "age": st.integers(-3, 3),
    "size": st.sampled_from([0.0, -0.0, 1.5, float("inf"), 5e-324]),
})  # fmt: skip
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("create"), VALUES),
        st.tuples(st.just("create keyed"), TEXTS, VALUES),
        st.tuples(st.just("delete"), st.integers(1, 4)),
        st.tuples(st.just("delete keyed"), TEXTS),
        st.tuples(st.sampled_from(["name", "email", "login", "note"]), st.integers(1, 4), TEXTS),
    ),
    max_size=25,
)


def step_of(step):
    """A random step as an action."""
    what, *args = step
    if what == "create":
        return lambda m: m.thing.create(**(args[0] or {"note": "x"}))
    if what == "create keyed":
        return lambda m: m.keyed.create(id=args[0], **args[1])
    if what == "delete":
        return lambda m: m.thing.lazy_connect(args[0]).delete()
    if what == "delete keyed":
        return lambda m: m.keyed.lazy_connect(args[0]).delete()
    return lambda m: getattr(m.thing.lazy_connect(args[0]), what).hset(args[1])


def test_random_writes_by_either_way_are_alike(database, small, go):
    models, client = declared(database), small[1]

    @settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(steps=STEPS)
    def run(steps):
        ended = {}
        for way in ("general", "prepared"):
            client.flushall()
            go(way)
            ended[way] = [outcome(step_of(step), models) for step in steps], state(client)
        assert ended["prepared"] == ended["general"]

    run()


def test_a_thousand_fields(one_server, go):
    """More than goes the short way."""
    names = {f"field{number}": InstanceHashField(indexable=number < 3) for number in range(1100)}
    wide = type("Wide", (RedisModel,), {"database": RedisDatabase(port=one_server.port), **names})
    client, ended = one_server.client(), {}
    for way in ("general", "prepared"):
        client.flushall()
        go(way)
        made = wide(**dict.fromkeys(names, "a\0b"))
        wide(**dict.fromkeys(names, "c"))
        made.field1.hset("new")
        created = state(client)
        made.delete()
        ended[way] = created, state(client)
    assert ended["prepared"] == ended["general"]
    wide.database.close()
    client.close()
