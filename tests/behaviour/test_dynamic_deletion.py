"""The deletion of all versions of a dynamic field: what it costs, and that it is all or nothing."""

from __future__ import annotations

import contextlib

import pytest
import redis

from limpyd import DynamicInstanceHashField, DynamicListField, DynamicStringField, RedisDatabase, RedisModel
from limpyd.exceptions import LimpydError

MANY = 2500


def thing(on):
    class Thing(RedisModel):
        database = on
        plain = DynamicStringField()
        text = DynamicStringField(indexable=True)
        log = DynamicListField()
        entry = DynamicInstanceHashField(indexable=True)
        bare = DynamicInstanceHashField()

    return Thing


def calls(client):
    return {name.removeprefix("cmdstat_"): facts["calls"] for name, facts in client.info("commandstats").items()}


@pytest.mark.parametrize("field", ["plain", "text", "log", "entry"])
def test_what_the_deletion_of_many_asks_of_the_server(one_server, field):
    model, client = thing(RedisDatabase(port=one_server.port)), one_server.client()
    value = ["x"] if field == "log" else "x"
    model().plain.delete()
    one = model(plain_a="1", **{f"{field}_{number}": value for number in range(MANY)})
    client.config_resetstat()
    assert getattr(one, field).delete() == MANY + (field == "plain")
    done = calls(client)
    assert done["smembers"] <= 3
    assert done["unlink"] <= MANY // 1000 + 2
    assert done.get("get", 0) == (MANY if field == "text" else 0)  # what no index keeps is not read
    assert done.get("srem", 0) == (MANY if field in {"text", "entry"} else 0)
    assert done.get("hdel", 0) == (3 if field == "entry" else 0)
    assert done.get("hget", 0) <= 2
    assert not any(f":{field}." in key for key in map(str, client.keys()))
    model.database.close()


def contents(client):
    read = {b"string": client.get, b"hash": client.hgetall, b"set": client.smembers}
    found = {key: read[client.type(key)](key) for key in client.scan_iter()}
    with contextlib.suppress(redis.ResponseError):
        found["expires"] = client.hpexpiretime("{thing}:hash:1", "bare.1:a")
    return found


@pytest.mark.parametrize("field", ["text", "entry", "bare"])
def test_what_stops_it_puts_all_back(server, field):
    client = server.client()
    client.execute_command("ACL", "SETUSER", "lacking", "reset", "on", ">secret", "~*", "+@all", "-unlink")
    model = thing(RedisDatabase(port=server.port, username="lacking", password="secret"))
    one = model(text_a="1", text_b="2", entry_a="1", entry_b="2", entry_c="3", bare_a="1", bare_b="2")
    with contextlib.suppress(redis.ResponseError):  # older servers do not know it
        client.hpexpire("{thing}:hash:1", 10**9, "bare.1:a")
    before = contents(client)
    with pytest.raises(LimpydError, match="nothing was changed"):
        getattr(one, field).delete()
    assert contents(client) == before
    client.acl_deluser("lacking")
    model.database.close()
