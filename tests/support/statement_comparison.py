"""What is done by prepared statements and by the general scripts, and compared: what it gives, and what it leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Any, NamedTuple

import pytest

from limpyd import RedisDatabase
from limpyd.exceptions import LimpydError
from limpyd.statements.create import PreparedCreation
from limpyd.statements.delete import PreparedDeletion
from limpyd.statements.prepared_requests import PreparedWrite
from limpyd.statements.statement_cache import StatementCache
from limpyd.statements.update import PreparedUpdate
from limpyd.tracing import on_request
from tests.support.amounts import amount
from tests.support.expected_indexes import state
from tests.support.servers import FEW
from tests.support.snapshots import Snapshot

ON_ONE = pytest.mark.parametrize("small", FEW[-1:], indirect=True)
"""On the server that refuses most; for tests of many steps."""
STRIDE = amount("LIMPYD_STRIDE", 3)
"""Each how many-th action is tried after a damage: the next ones after the next damage."""
NOT_BACK = "not all of its changes could be undone"


@pytest.fixture
def go(monkeypatch):
    """Chooses what serves: prepared statements, or the general scripts."""
    on = ["prepared"]
    prepared: list[str] = []

    def chosen(kind):
        def made(*args):
            request = kind(*args)
            if on[0] == "general":
                return request.transactional()
            prepared.append(request.script.name)
            return request

        return made

    monkeypatch.setattr("limpyd.fields.bound.value.PreparedWrite", chosen(PreparedWrite))
    monkeypatch.setattr("limpyd.statements.create.PreparedCreation", chosen(PreparedCreation))
    monkeypatch.setattr("limpyd.statements.delete.PreparedDeletion", chosen(PreparedDeletion))
    monkeypatch.setattr("limpyd.statements.update.PreparedUpdate", chosen(PreparedUpdate))
    monkeypatch.setattr("limpyd.schema.statements.StatementCache", partial(StatementCache, threshold=0))

    def choose(way):
        on[0] = way
        prepared.clear()
        return prepared

    with on_request(lambda _: None):  # so that every call is described as a request
        yield choose


@pytest.fixture(params=FEW)
def small(request, servers):
    """A server, and a client of it."""
    server = servers(request.param)
    client = server.client()
    client.flushall()
    yield server, client
    client.close()


@pytest.fixture
def database(small):
    database = RedisDatabase(port=small[0].port)
    yield database
    database.close()


@pytest.fixture
def lacking(small):
    """A database of an account that may do everything; and what forbids it a command."""
    server, client = small

    def forbid(command):
        client.execute_command("ACL", "SETUSER", "lacking", "+@all", f"-{command}")

    client.execute_command("ACL", "SETUSER", "lacking", "reset", "on", ">secret", "~*", "+@all")
    database = RedisDatabase(port=server.port, username="lacking", password="secret")
    yield database, forbid
    database.close()
    client.acl_deluser("lacking")


def outcome(action, models):
    """What an action gives, or how it is refused."""
    try:
        result = action(models)
    except LimpydError as error:
        return type(error), str(error)
    return getattr(result, "_pk", result)


def changed(one, other):
    """The keys that differ, with what they hold."""
    return {key: (one.get(key), other.get(key)) for key in one.keys() | other.keys() if one.get(key) != other.get(key)}


def in_turn(actions, number):
    """A part of the actions; all of them are in turn while the number increases."""
    stride = max(1, min(STRIDE, len(actions)))
    return actions[number % stride :: stride]


def none(_client):
    """No damage."""


class Scene(NamedTuple):
    """What actions are compared on.

    Attributes:
        go: chooses what serves.
        client: a client of the server.
        models: the models.
        kept: what the database holds at the beginning of each action.
        actions: the actions by their names.
        refused: those that are refused anyway: which of two reasons is told may differ.
        damaged: what the database holds when an action begins, by the damage that was done before.
    """

    go: Callable[[str], list[str]]
    client: Any
    models: Any
    kept: Snapshot
    actions: Mapping[str, Callable[[Any], Any]]
    refused: AbstractSet[str]
    damaged: dict[Callable[[Any], object], Any]

    @classmethod
    def filled(cls, go, client, models, fill, actions, refused=frozenset()):
        """The scene on a database that is filled."""
        go("prepared")
        client.flushall()
        fill(models)
        return cls(go, client, models, Snapshot(client), actions, refused, {})

    def ending(self, way, named, damage=none):
        """How an action ends: what it gives, and what the database holds. What is refused leaves no trace."""
        self.kept.put_back()
        damage(self.client)
        if damage not in self.damaged:
            self.damaged[damage] = state(self.client)
        self.go(way)
        found = outcome(self.actions[named], self.models)
        after = state(self.client)
        if type(found) is tuple and NOT_BACK not in found[1]:
            assert after == self.damaged[damage], (named, way)
        return found, after

    def compare(self, damage=none, only=None):
        """Statements leave what the general scripts leave, and say the same."""
        for named in self.actions if only is None else only:
            general, prepared = (self.ending(way, named, damage) for way in ("general", "prepared"))
            if named in self.refused and type(prepared[0]) is type(general[0]) is tuple:
                general = prepared[0], general[1]
            assert prepared == general, (named, prepared[0], general[0], changed(general[1], prepared[1]))

    def with_keys_of_another_type(self, keys, only=lambda _: None):
        """The same where keys, one after the other, are of another type; `only` gives the actions that one concerns."""
        for number, key in enumerate(keys):
            concerned = only(key)

            def damage(client, key=key):
                client.delete(key)
                client.rpush(key, "x")

            self.compare(damage, in_turn([*self.actions] if concerned is None else concerned, number))

    def without_commands(self, forbid, commands, writes, damage=none):
        """A statement may need fewer commands than a general script; where it may not go on, all is as with that."""
        expected = {named: self.ending("prepared", named, damage) for named in writes}
        for number, command in enumerate(commands):
            forbid(command)
            for named in in_turn(writes, number):
                general, prepared = (self.ending(way, named, damage) for way in ("general", "prepared"))
                if prepared != expected[named]:
                    assert general != expected[named], (named, command)
                    assert (NOT_BACK in str(prepared[0])) <= (NOT_BACK in str(general[0])), (named, command)
