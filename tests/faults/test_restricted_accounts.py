"""Accounts that may not run every command: a refused write leaves no trace, or says that it does."""

from __future__ import annotations

import pytest

from limpyd import HashField, InstanceHashField, ListField, RedisDatabase, RedisModel, SetField
from limpyd.exceptions import ServerError, UniquenessError
from tests.support.expected_indexes import inconsistencies, state


@pytest.fixture
def limited(server):
    """Makes the model, for an account that may run all commands but some."""
    made = []

    def model_without(*commands):
        with server.client() as client:
            rules = [f"-{command}" for command in commands]
            client.execute_command("ACL", "SETUSER", "limited", "reset", "on", ">secret", "~*", "+@all", *rules)

        class Thing(RedisModel):
            database = RedisDatabase(port=server.port, username="limited", password="secret")
            parts = ListField(unique=True)
            tags = SetField(unique=True)
            loose = SetField()
            headers = HashField()
            indexed = HashField(indexable=True)
            entry = InstanceHashField()
            only = InstanceHashField(unique=True)

        made.append(Thing)
        return Thing

    yield model_without
    for model in made:
        model.database.close()
    with server.client() as client:
        client.execute_command("ACL", "DELUSER", "limited")


def test_without_dumps(server, limited):
    thing = limited("restore", "dump")
    thing(parts=["a"], tags=["a"])
    second = thing(parts=["x", "y", "x"], tags=["x"], loose=["a", "b"])
    with server.client() as client:
        before = state(client)
        for refused in (
            lambda: second.tags.sunionstore(second.loose),
            lambda: second.loose.copy(second.tags, replace=True),
            lambda: second.parts.linsert("AFTER", "x", "a"),
            lambda: second.parts.lset(1, "a"),
        ):
            with pytest.raises(UniquenessError):
                refused()
            assert state(client) == before
        assert second.parts.lrem(0, "x") == 2
        assert inconsistencies(client, thing) == []


def test_expiries_that_may_not_be_told_or_taken_away(server, limited):
    with server.client() as client:
        if not client.execute_command("COMMAND DOCS", "HPERSIST"):
            return
        thing = limited("hpersist", "hpexpiretime")
        one = thing(headers={"a": "1"}, entry="x", only="a")
        thing(only="b")
        one.headers.hexpire(100, "a")
        one.entry.hexpire(100)
        for refused in (lambda: one.headers.copy(one.indexed), lambda: one.hmset(entry="y", only="b")):
            before = state(client)
            with pytest.raises(ServerError, match=r"permission|can't run"):
                refused()
            assert state(client) == before
        assert 90 < one.entry.httl() <= 100


def test_what_cannot_be_taken_back_is_told(server, limited):
    thing = limited("srem")
    thing(tags=["a"])
    second = thing(tags=["x"])
    with pytest.raises(ServerError, match=r"Thing\('2'\).* not all of its changes could be undone: SREM"):
        second.tags.sadd("a", "b")
