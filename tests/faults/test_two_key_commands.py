"""Commands that touch two keys: refused by the second one, on keys of another type, by accounts that lack a command."""

from __future__ import annotations

from collections import defaultdict

import pytest

from limpyd import (
    GeoField,
    HashField,
    InstanceHashField,
    ListField,
    RedisDatabase,
    RedisModel,
    SetField,
    SortedSetField,
    StreamField,
    StringField,
)
from limpyd.exceptions import LimpydError
from tests.support.expected_indexes import state
from tests.support.servers import FEW
from tests.support.snapshots import Snapshot
from tests.support.statement_comparison import in_turn

NOT_BACK = "not all of its changes could be undone"
LATER = 4_000_000_000_000


def declared(at):
    class Thing(RedisModel):
        database = at
        email = InstanceHashField(unique=True)
        text = StringField()
        slug = StringField(unique=True)
        loose = SetField()
        tags = SetField(unique=True)
        bag = ListField()
        queue = ListField(unique=True)
        heads = HashField()
        props = HashField(unique=True)
        board = SortedSetField()
        ranks = SortedSetField(unique=True)
        places = GeoField()
        log = StreamField()

    return Thing


def fill(model, client):
    """The first object has what the third one must not get; keys that may expire do."""
    model(email="1", slug="a", tags=["a"], queue=["a"], props={"k": "a"}, ranks={"a": 1})
    one = model(
        email="2", text="a", loose=["a", "b", "c"], bag=["a", "b", "a"], heads={"k": "a", "l": "b"},
        board={"a": 1, "b": 2}, places={"a": (1, 2), "b": (3, 4)},
    )  # fmt: skip
    other = model(
        email="3", text="x", slug="x", loose=["b", "x"], tags=["x", "y"], bag=["x"], queue=["x", "y"],
        heads={"k": "x"}, props={"k": "x"}, board={"b": 5}, ranks={"x": 1, "y": 2}, places={"b": (5, 6)},
    )  # fmt: skip
    one.log.xadd({"a": "b"}, "1-1")
    other.log.xadd({"x": "y"}, "1-1")
    other.log.xgroup_create("g", 0)
    for thing in (one, other):
        for field in (thing.text, thing.loose, thing.bag, thing.heads, thing.board, thing.places, thing.log):
            client.pexpireat(field.key, LATER)


# What moves or copies from the second object to the third one: with members that the first one has, and with others.
REFUSED = {
    "smove": lambda one, other: one.loose.smove(other.tags, "a"),
    "lmove": lambda one, other: one.bag.lmove(other.queue, "LEFT", "LEFT"),
    "rpoplpush": lambda one, other: one.bag.rpoplpush(other.queue),
    "copy set": lambda one, other: one.loose.copy(other.tags, replace=True),
    "copy list": lambda one, other: one.bag.copy(other.queue, replace=True),
    "copy hash": lambda one, other: one.heads.copy(other.props, replace=True),
    "copy sorted set": lambda one, other: one.board.copy(other.ranks, replace=True),
    "copy text": lambda one, other: one.text.copy(other.slug, replace=True),
    "sort": lambda one, other: one.bag.sort_store(other.queue, alpha=True),
    "sunionstore": lambda one, other: other.tags.sunionstore(one.loose, other.loose),
    "sinterstore": lambda one, other: other.tags.sinterstore(one.loose),
    "sdiffstore": lambda one, other: other.tags.sdiffstore(one.loose, other.loose),
    "zrangestore": lambda one, other: other.ranks.zrangestore(one.board, 0, 0),
    "zunionstore": lambda one, other: other.ranks.zunionstore(one.board, other.board),
    "zinterstore": lambda one, other: other.ranks.zinterstore(one.board),
    "zdiffstore": lambda one, other: other.ranks.zdiffstore(one.board, other.board),
    "bitop": lambda one, other: other.slug.bitop("OR", one.text),
}
DONE = {
    "smove": lambda one, other: one.loose.smove(other.loose, "a"),
    "smove of one that it has": lambda one, other: one.loose.smove(other.loose, "b"),
    "smove to an index": lambda one, other: one.loose.smove(other.tags, "c"),
    "smove from an index": lambda one, other: other.tags.smove(one.loose, "x"),
    "lmove": lambda one, other: one.bag.lmove(other.bag, "LEFT", "RIGHT"),
    "lmove to its other end": lambda one, other: one.bag.lmove(one.bag, "RIGHT", "LEFT"),
    "lmove from an index": lambda one, other: other.queue.lmove(one.bag, "RIGHT", "LEFT"),
    "lmove within an index": lambda one, other: other.queue.lmove(other.queue, "RIGHT", "LEFT"),
    "copy set": lambda one, other: one.loose.copy(other.loose, replace=True),
    "copy list": lambda one, other: one.bag.copy(other.bag, replace=True),
    "copy hash": lambda one, other: one.heads.copy(other.heads, replace=True),
    "copy sorted set": lambda one, other: one.board.copy(other.board, replace=True),
    "copy text": lambda one, other: one.text.copy(other.text, replace=True),
    "copy stream": lambda one, other: one.log.copy(other.log, replace=True),
    "sort": lambda one, other: one.bag.sort_store(other.bag, alpha=True),
    "sunionstore": lambda one, other: other.loose.sunionstore(one.loose),
    "zrangestore": lambda one, other: other.board.zrangestore(one.board, 0, 0),
    "zunionstore": lambda one, other: other.board.zunionstore(one.board),
    "geosearchstore": lambda one, other: other.places.geosearchstore(
        one.places, longitude=1, latitude=2, radius=9, unit="km"
    ),
    "bitop": lambda one, other: other.text.bitop("OR", one.text),
}
ACTIONS = {
    **{f"refused {name}": action for name, action in REFUSED.items()},
    **{f"done {name}": action for name, action in DONE.items()},
}
COMMANDS = [
    *("bitop", "copy", "del", "dump", "exists", "geosearchstore", "get", "getdel", "hdel", "hget", "hgetall", "hkeys"),
    *("hmget", "hpersist", "hpexpireat", "hpexpiretime", "hset", "hsetnx", "linsert", "lindex", "lmove", "lpop"),
    *("lpos", "lpush", "lrange", "lrem", "lset", "ltrim", "persist", "pexpireat", "pexpiretime", "restore", "rpop"),
    *("rpush", "sadd", "sdiffstore", "set", "sinterstore", "sismember", "smembers", "smismember", "smove", "sort"),
    *("srem", "sunionstore", "type", "unlink", "zadd", "zdiffstore", "zinterstore", "zmscore", "zrange", "zrangestore"),
    *("zrem", "zunionstore"),
]


@pytest.fixture
def client(server):
    with server.client() as client:
        yield client


@pytest.fixture
def lacking(server, client):
    """A model, for an account that may do everything; and what forbids it a command."""

    def forbid(command):
        client.execute_command("ACL", "SETUSER", "lacking", "+@all", f"-{command}")

    client.execute_command("ACL", "SETUSER", "lacking", "reset", "on", ">secret", "~*", "+@all")
    database = RedisDatabase(port=server.port, username="lacking", password="secret")
    yield declared(database), forbid
    database.close()
    client.acl_deluser("lacking")


def known(client):
    """The commands that the server knows."""
    there = client.execute_command("COMMAND LIST")
    return [command for command in COMMANDS if command.encode() in there]


def used(client):
    """The commands that ran since the statistics were reset, those of scripts included."""
    return {name.removeprefix("cmdstat_").partition("|")[0] for name in client.info("commandstats")}


def alone(model, action):
    return action(model.lazy_connect(2), model.lazy_connect(3))


def then_refused(model, action):
    """The same in a transaction that is refused after it."""
    with model.database.transaction():
        alone(model, action)
        model.lazy_connect(3).email.hset("1")


def ending(run, model, action):
    """What an action gives, or how it is refused."""
    try:
        return run(model, action)
    except LimpydError as error:
        return error


@pytest.mark.parametrize("server", FEW, indirect=True)
@pytest.mark.parametrize("run", [alone, then_refused])
def test_accounts_that_lack_a_command(client, lacking, run):
    """What is refused leaves no trace, or says that it does; what is done is done as with all rights."""
    model, forbid = lacking
    fill(model, client)
    kept, before = Snapshot(client), state(client)
    expected, users, told = {}, defaultdict(list), 0
    for name, action in ACTIONS.items():
        kept.put_back()
        client.config_resetstat()
        found = ending(run, model, action)
        for command in used(client):
            users[command].append((name, action))
        expected[name] = found, state(client)
        refused = run is then_refused or name.startswith("refused")
        assert isinstance(expected[name][0], LimpydError) is refused, (name, expected[name][0])
        assert (expected[name][1] == before) is refused, name
    for command in known(client):
        forbid(command)
        kept.put_back()
        for name, action in users[command]:  # what does not use it cannot miss it
            found, after = ending(run, model, action), state(client)
            if isinstance(found, LimpydError):
                not_back = NOT_BACK in str(found)
                assert (after == before) is not not_back, (name, command, str(found))
                told += not_back
            else:
                assert (found, after) == expected[name], (name, command)
            if after != before:
                kept.put_back()
    print(f"{run.__name__}: {told} of {sum(map(len, users.values()))} say that not all could be undone")


@pytest.mark.parametrize(("run", "server"), [(alone, FEW[0]), (then_refused, FEW[-1])], indirect=["server"])
def test_keys_of_another_type(client, lacking, run):
    model, _ = lacking
    fill(model, client)
    kept, types = Snapshot(client), {key: kind for key, (kind, _, _) in state(client).items()}
    keys = [getattr(model.lazy_connect(pk), name).key for pk in (2, 3) for name in model._schema.value_fields]
    tag = model._schema.keys.partition(None).prefix.decode()
    keys += [f"{tag}{index}" for index in ("uniq:slug", "uniq:tags", "uniq:queue", "uniq:props", "uniq:ranks")]
    for number, key in enumerate(dict.fromkeys(keys)):
        kept.put_back()
        of_text = "field:" in key and client.type(key) in {b"string", b"none"}
        client.delete(key)
        if of_text:
            client.rpush(key, "x")
        else:
            client.set(key, "x")
        damaged, before = Snapshot(client), state(client)
        for name, action in in_turn([*ACTIONS.items()], number):
            found, after = ending(run, model, action), state(client)
            if isinstance(found, LimpydError):
                assert after == before, (name, key, str(found))
            spread = {at for at, (kind, _, _) in after.items() if types.get(at, kind) != kind} - {key.encode()}
            assert not spread, (name, key)
            if after != before:
                damaged.put_back()
