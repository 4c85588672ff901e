"""What limpyd leaves on the server beside data: scripts, which are few, and may be gone at any moment."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from limpyd import RedisDatabase
from tests.application import Used, use

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
