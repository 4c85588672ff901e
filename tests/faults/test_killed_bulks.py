"""Bulk operations that are killed, and several at once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from limpyd import BulkError, InstanceHashField, RedisDatabase, RedisModel, SetField
from tests.support.expected_indexes import inconsistencies
from tests.support.forks import run
from tests.support.servers import FEW

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("server", FEW, indirect=True)
def test_killed_bulks(server):
    """What a killed process leaves is whole."""
    done = run("-m", "tests.faults.programs.killed_bulks", server.port, 20)
    assert done.returncode == 0, done.stderr
    kills, seen = done.stdout.split()
    assert int(kills) == 20
    assert int(seen) > 20 * 20  # they were killed while working, not before


def test_several_at_once(server):
    """Of several that create the same objects each is created once."""

    class Person(RedisModel):
        database = RedisDatabase(port=server.port)
        email = InstanceHashField(unique=True)
        tags = SetField(indexable=True)

    Person(email="999")  # so the one that refuses conflicts meets one
    created, refused = [], []

    def create(on_conflict):
        objects = ({"email": str(number), "tags": ["a", str(number % 3)]} for number in range(1000))
        try:
            created.append(Person.bulk_create(objects, chunk=50, on_conflict=on_conflict).created)
        except BulkError as error:
            refused.append(error)
            created.append(error.done.created)

    threads = [threading.Thread(target=create, args=(how,)) for how in ("skip", "skip", "update", "raise")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(created) == 999
    assert len(refused) == 1
    assert Person.collection().count() == 1000
    with server.client() as client:
        assert inconsistencies(client, Person) == []
    Person.database.close()
