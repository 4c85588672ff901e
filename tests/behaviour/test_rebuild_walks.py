"""Rebuilding many indexes walks through the keys of the database once, not once for each."""

from __future__ import annotations

import pytest

from limpyd import HashField, InstanceHashField, SetField
from limpyd.indexes.maintenance import requests
from tests.support.expected_indexes import inconsistencies

OTHERS = 3000
INDEXES = 8


@pytest.fixture
async def thing(any_face):
    for at in range(OTHERS):
        any_face.client.set(f"other:{at}", at)
    body = {f"f{number}": InstanceHashField(indexable=True) for number in range(INDEXES)}
    body["tags"] = SetField(indexable=True)
    body["sizes"] = HashField(type=int, indexable=True)
    kind = type("Thing", (any_face.Model,), {"database": any_face.database, **body})
    objects = (
        {**{f"f{number}": f"{at % 7}" for number in range(INDEXES)}, "tags": [f"{at}", "all"], "sizes": {"a": at}}
        for at in range(20)
    )
    await any_face.do(kind.bulk_create(objects))
    return kind


def spoil(client):
    """Leaves entries that no object gives, under keys old and new."""
    client.sadd("{thing}:eq:f0:stale", 1, 2, "nobody")
    client.sadd("{thing}:eq:f1:1", "nobody")
    client.sadd("{thing}:eq:tags:gone", 3)
    client.zadd("{thing}:num:sizes:b", {"4": 5})


def wrong(face, kind):
    """What is wrong with the keys of the model."""
    return [told for told in inconsistencies(face.client, kind) if "other:" not in told]


async def test_it_is_one_walk(any_face, thing, monkeypatch):
    monkeypatch.setattr(requests, "SCANNED", 500)
    spoil(any_face.client)
    any_face.client.srem("{thing}:eq:f2:0", 1)
    any_face.client.config_resetstat()
    await any_face.do(thing.rebuild_indexes())
    scans = any_face.client.info("commandstats")["cmdstat_scan"]["calls"]
    assert scans <= any_face.client.dbsize() / 500 + 3
    assert wrong(any_face, thing) == []


async def test_a_process_ends_in_the_middle(any_face, thing, monkeypatch):
    monkeypatch.setattr(requests, "SCANNED", 500)
    for ends_at in (0.3, 0.6, 0.9):
        spoil(any_face.client)

        def stop(done, total, ends_at=ends_at):
            if done >= ends_at * total:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            await any_face.do(thing.rebuild_indexes(progress=stop))
    # Others go on by themselves with one that waits for keys.
    await any_face.do(thing.get_field("f0").rebuild_indexes())
    assert await any_face.do(thing.collection(f0="stale").count()) == 0
    await any_face.do(thing.rebuild_indexes())
    assert wrong(any_face, thing) == []


async def test_two_at_once(any_face, thing):
    spoil(any_face.client)
    inner = []

    def again(_done, _total):
        if not inner and not any_face.is_async:
            inner.append(1)
            thing.rebuild_indexes()

    await any_face.do(thing.rebuild_indexes(progress=again))
    assert wrong(any_face, thing) == []


async def test_progress_goes_up_to_the_end(any_face, thing):
    told = []
    await any_face.do(thing.rebuild_indexes(progress=lambda done, total: told.append((done, total))))
    total = 20 * (INDEXES + 2)
    assert told == sorted(told)
    assert told[-1] == (total, total)
