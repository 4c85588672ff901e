"""Queries that another thread overtakes, which finds meanwhile that objects have moved, and sends the same query."""

from __future__ import annotations

from typing import Any

import pytest

from limpyd import InstanceHashField, PKField, RedisDatabase, RedisModel
from limpyd.exceptions import ObjectsMoved
from limpyd.query.merging.parts import Parts
from limpyd.repartitioning import announcing
from tests.support.servers import NEWEST
from tests.support.slow_moves import given_by, moved_until

COUNT = 40


def declare(port: int, count: int) -> Any:
    """The model, as a process sees it that has sent nothing yet."""

    class Thing(RedisModel):
        database = RedisDatabase(port=port)
        namespace = "overtaken_queries"
        partitions = count
        name = PKField()
        kind = InstanceHashField(indexable=True)
        number = InstanceHashField(int, indexable=True)

    return Thing


@pytest.fixture
def processes(servers, monkeypatch):
    """The model of a process that uses it, and of one that moves its objects."""
    monkeypatch.setattr(announcing, "SLICES", 4)
    monkeypatch.setattr(announcing, "IN_SLICE", 3)
    port = servers(NEWEST).port
    models = declare(port, 2), declare(port, 4)
    models[0].database.connection.flushall()
    yield models
    for model in models:
        model.database.close()


QUERIES = {
    "all": lambda model: sorted(model.collection(kind="k").all()),
    "count": lambda model: model.collection(kind="k").count(),
    "a range": lambda model: model.collection(number__gte=0).count(),
    "a page": lambda model: model.collection(kind="k").sort(by="-number")[:COUNT],
    "values": lambda model: sorted(model.collection(kind="k").values_list("number", flat=True)),
}


@pytest.mark.parametrize("given", [1, 2, 4])
@pytest.mark.parametrize("name", QUERIES)
def test_they_ask_all_partitions(processes, monkeypatch, name, given):
    """Also with the requests that the other thread has prepared for the partitions that there are now."""
    used, mover, query = *processes, QUERIES[name]
    used.bulk_create([{"name": f"n{number}", "kind": "k", "number": number} for number in range(COUNT)])
    expected = query(used)
    assert query(used) == expected
    requests, overtakes, steps = Parts.requests, iter([True]), []

    def overtaken(self: Parts, *args: Any) -> Any:
        if next(overtakes, False):
            text = "4" if given == 4 else f"-4 2 {given} 4"
            steps.append(moved_until(mover, lambda records: records.get(0) == text))
            for _ in range(2):
                assert query(used) == expected
        return requests(self, *args)

    monkeypatch.setattr(Parts, "requests", overtaken)
    assert query(used) == expected
    assert next(overtakes, None) is None
    for _ in steps[0]:
        pass
    assert query(used) == expected


def test_primary_keys_are_looked_for_where_they_are(processes, monkeypatch):
    """Another thread finds that objects have moved while the partitions of primary keys are told apart."""
    used, mover = processes
    pks = [f"n{number}" for number in range(COUNT)]
    used.bulk_create([{"name": pk, "kind": "k", "number": 0} for pk in pks])
    pks.sort(key=lambda pk: used._schema.keys.partition(pk.encode()).number, reverse=True)  # first what stays
    steps = moved_until(mover, lambda records: records.get(0) == "-4 2 1 4")
    assert sorted(used.collection(pk__in=pks, kind="k").all()) == sorted(pks)
    keys, overtakes = used._schema.keys, iter([True])
    spread = keys.spread

    def overtaken(pk: bytes) -> int:
        if next(overtakes, False):
            while given_by(mover)[0] != "-4 2 2 4":
                next(steps)
            assert used.collection(kind="k").count() == COUNT
        return spread(pk)

    monkeypatch.setattr(keys, "spread", overtaken)
    assert sorted(used.collection(pk__in=pks, kind="k").all()) == sorted(pks)
    assert next(overtakes, None) is None
    for _ in steps:
        pass


def test_existing_primary_keys_are_all_found(processes):
    """The same while it is asked which of some exist, after the query was planned."""
    used, mover = processes
    pks = [b"n%d" % number for number in range(COUNT)]
    used.bulk_create([{"name": pk.decode(), "kind": "k", "number": 0} for pk in pks])
    plan = used.collection()._plan()
    steps = moved_until(mover, lambda records: records.get(0) == "-4 2 2 4")
    assert used.collection(kind="k").count() == COUNT
    with pytest.raises(ObjectsMoved):
        used.database._run(plan.existing(pks))
    assert used.database._run(used.collection()._plan().existing(pks)) == pks
    for _ in steps:
        pass
