"""What limpyd leaves on the server beside data: scripts, which are few, and may be gone at any moment."""

from __future__ import annotations

import time
from contextlib import contextmanager
from itertools import pairwise

import pytest

from limpyd import RedisDatabase
from limpyd.lua.overdue import Overdue
from limpyd.lua.recorders import recorder
from limpyd.pipelines.atomic_script import READING, REMOVING, WRITING
from tests.support.application import Used, use
from tests.support.sentinels import SyncNamed
from tests.support.servers import NEWEST, running

MODELS = 50
GENERAL = 30
"""The scripts that serve fields and queries, whatever the models are."""
OF_A_MODEL = 2
"""Those that create and delete objects."""


@pytest.fixture
def database(one_server):
    database = RedisDatabase(port=one_server.port)
    with one_server.client() as client:
        client.flushall()
        client.script_flush()
    yield database
    database.close()


class Scripts:
    """What a server tells of scripts.

    Attributes:
        kept: how many it keeps.
        bytes: the memory that they take, without what Lua makes of them.
        sent: how many were sent with their source.
        run: how many were run that it knew, or were asked for.
    """

    def __init__(self, client):
        memory, commands = client.info("memory"), client.info("commandstats")
        self.kept = memory["number_of_cached_scripts"]
        self.bytes = memory["used_memory_scripts"]
        self.sent = commands.get("cmdstat_eval", {"calls": 0})["calls"]
        self.run = commands.get("cmdstat_evalsha", {"calls": 0})["calls"]


OVERDUE = Overdue(values=True, objects=True, value_names=b"lapses=deadline:x,1000:", targets=(b"x:",))


@pytest.mark.parametrize("script", [READING, REMOVING.with_promises, WRITING.with_promises])
@pytest.mark.parametrize("expires", ["", "objects", "renewed"])
def test_the_largest_scripts_are_taken(one_server, script, expires):
    """Lua takes at most 200 local variables of a function, and 60 of the functions around it."""
    script = script.expiring if expires else script
    script = (script.renewing(b"x") if expires == "renewed" else script).removing(OVERDUE)
    with one_server.client() as client:
        client.script_load(script.source)
        client.script_load(recorder(script, [b"x"]).source)


@contextmanager
def counted(server):
    """The scripts that are sent and run within a block."""
    with server.client() as client:
        client.config_resetstat()
        found = []
        yield found
        found.append(Scripts(client))


def test_an_application_of_many_models_has_few_scripts(one_server, database):
    """Servers that keep at most 500 that were sent by EVAL keep them all, so none is sent twice."""
    with counted(one_server) as first:
        models = [Used(database, number) for number in range(MODELS)]
        found = use(models)
    assert first[0].kept <= OF_A_MODEL * MODELS + GENERAL
    assert first[0].bytes < 1.5 * 2**20
    assert first[0].sent == first[0].kept
    database.connection.flushdb()
    with counted(one_server) as second:
        assert use(models) == found
    assert second[0].sent == 0


def test_the_first_use_in_a_new_process_is_at_most_one_round_trip_for_each_statement(one_server, database):
    """And none where another process has used the same before."""
    requests = []
    for _ in range(2):
        with counted(one_server) as found:
            use([Used(RedisDatabase(port=one_server.port), 0)])
        requests.append(found[0])
        database.connection.flushdb()
    first, known = requests
    assert first.sent == first.kept
    assert known.sent == 0
    assert known.run == first.run


DEPLOYMENTS = 30


def test_deployments_leave_the_scripts_of_models_that_changed(one_server, database):
    """One for each model that has another field, which creates its objects; nothing of others, nor of their fields."""
    kept = []
    for deployment in range(DEPLOYMENTS):
        deployed = RedisDatabase(port=one_server.port)
        more = (deployment % 20, 0, 0)
        with counted(one_server) as found:
            use([Used(deployed, number, NO_GENERAL_DELETION, more[number]) for number in range(3)], SOME)
        kept.append(found[0])
        deployed.close()
        database.connection.flushdb()
    by_deployment = [after.kept - before.kept for before, after in pairwise(kept)]
    assert by_deployment == [1] * 19 + [0] * (DEPLOYMENTS - 20)
    assert kept[19].bytes - kept[0].bytes < 19 * 25_000
    assert [found.sent for found in kept[1:]] == by_deployment


NO_GENERAL_DELETION = frozenset({"words"})
"""Without this field a statement deletes objects."""
SOME = frozenset({"create", "equality and range", "unique hset", "ranged0 hset", "delete"})


def test_a_flush_costs_one_more_request_for_each_script_and_nothing_else(one_server, database):
    used = Used(database, 0)
    expected = use([used])
    database.connection.flushdb()
    use([used])
    database.connection.flushdb()
    database.connection.script_flush()
    found = []
    for name, act in used.operations():
        database.connection.script_flush()
        with counted(one_server) as scripts:
            found.append((f"Model0: {name}", act()))
        lost = scripts[0]
        assert lost.sent == lost.kept, name
        assert lost.sent <= lost.run <= 2 * lost.sent, name
    assert found == expected


def test_a_failover_costs_one_more_request_for_each_script_and_nothing_else(one_server):
    """Scripts are not replicated."""
    sentinels = SyncNamed([])
    sentinels.server = one_server
    database = RedisDatabase(client=sentinels.master_for("service"))
    used = Used(database, 0)
    expected = use([used])
    one = used.model(**used(equal0="x", ranged0=1))
    with one_server.client() as old, running(NEWEST, "--replicaof", "127.0.0.1", str(one_server.port)) as other:
        old.config_set("repl-diskless-sync-delay", 0)
        with other.client() as new:
            while new.info("replication")["master_link_status"] != "up":
                time.sleep(0.01)
            assert old.info("replication")["connected_slaves"] == 1
            new.replicaof("NO", "ONE")
        sentinels.server = other
        database.close()
        with counted(other) as first:
            assert getattr(one, used["equal0"]).hset("y") == 0
        assert first[0].sent == first[0].run == first[0].kept
        with counted(other) as again:
            one.delete()
            database.connection.flushdb()
            assert use([used]) == expected
        assert again[0].sent == again[0].kept - first[0].kept
        database.close()
