"""Rebuilds, clearing, renames and checks of values that are unique over several partitions."""

from __future__ import annotations

import threading
from contextlib import suppress
from types import SimpleNamespace

import pytest

from limpyd import InstanceHashField, PKField, RedisDatabase, RedisModel, SetField
from limpyd.claims.unique_value import UniqueValue
from limpyd.exceptions import IndexNotBuilt, UniquenessError
from limpyd.integrity import claim_check
from tests.support.claim_writers import World

COUNT = 60


def declared(face, database, name, field="email"):
    body = {
        "database": database,
        "partitions": 4,
        "name": PKField(),
        field: InstanceHashField(unique=True, type=str),
        "codes": SetField(unique=True),
        "city": InstanceHashField(indexable=True),
        "__module__": __name__,
    }
    return type(name, (face.Model,), body)


@pytest.fixture
async def model(any_face):
    model = declared(any_face, any_face.Database(port=any_face.server.port), "Claiming")
    await any_face.do(model.bulk_create(one(number) for number in range(COUNT)))
    yield model
    await any_face.do(model.database.close())


def one(number):
    return {"name": f"n{number}", "email": f"e{number}", "codes": [f"c{number}", f"d{number}"], "city": "here"}


def partition_of(model, pk):
    return model._schema.keys.partition(pk.encode())


async def is_unique(face, model, field="email"):
    """Each value belongs to its object, in all partitions, and no other object may have it."""
    assert World(model, face.client).faults(field) == []
    for number in range(0, COUNT, 7):
        for values in ({field: f"e{number}"}, {"codes": ["x", f"d{number}"]}):
            error = await face.refused(UniquenessError, lambda: model.create(name="new", **values))  # noqa: B023
            assert error.owner == f"n{number}"
    assert (await face.do(model.check())).ok


async def test_rebuild(any_face, model):
    await any_face.do(model.rebuild_indexes())
    await is_unique(any_face, model)


async def test_clear_and_rebuild(any_face, model):
    await any_face.do(model.clear_indexes())
    keys = set(any_face.client.scan_iter(count=1000))
    assert not any(b"}:uniq:" in key or b"}:nonce:" in key for key in keys)
    await any_face.refused(IndexNotBuilt, lambda: model.collection(email="e1").count())
    await any_face.do(model.rebuild_indexes())
    await is_unique(any_face, model)


async def test_a_rebuild_names_both_owners(any_face, model):
    await any_face.do(model.clear_indexes())
    for pk in ("n1", "n2"):
        any_face.client.hset(partition_of(model, pk).hash_prefix + pk.encode(), "email", "same")
    error = await any_face.refused(UniquenessError, lambda: model.rebuild_indexes())
    assert "same" in str(error)
    assert "'n1'" in str(error)
    assert "'n2'" in str(error)
    any_face.client.hset(partition_of(model, "n2").hash_prefix + b"n2", "email", "e2")
    await any_face.do(model.lazy_connect("n1").email.hset("e1"))
    await any_face.do(model.rebuild_indexes())
    await is_unique(any_face, model)


async def test_a_field_is_renamed(any_face, model):
    renamed = declared(any_face, any_face.database, "Claiming", "mail")
    moved = await any_face.do(renamed.rename_field("email", "mail"))
    assert (moved.objects, moved.conflicts) == (COUNT, [])
    await is_unique(any_face, renamed, "mail")
    assert not any(key.endswith(b":email") for key in any_face.client.scan_iter(count=1000))


async def test_a_model_is_renamed(any_face, model):
    renamed = declared(any_face, any_face.database, "Renamed")
    moved = await any_face.do(renamed.rename_from(":claiming"))
    assert (moved.objects, moved.conflicts, moved.kept) == (COUNT, [], [])
    await is_unique(any_face, renamed)
    assert not any(key.startswith(b"{claiming") for key in any_face.client.scan_iter(count=1000))


async def test_a_value_that_the_renamed_model_has_in_another_partition(any_face, model):
    renamed = declared(any_face, any_face.database, "Renamed")
    for number in range(8):
        await any_face.do(renamed.create(name=f"new{number}", email=f"e{number}"))
    moved = await any_face.do(renamed.rename_from(":claiming"))
    assert moved.objects == COUNT - 8
    assert {conflict.pk for conflict in moved.conflicts} == {f"n{number}" for number in range(8)}
    assert {type(conflict.error) for conflict in moved.conflicts} == {UniquenessError}
    for number in range(8):
        await any_face.do(renamed.lazy_connect(f"new{number}").delete())
    moved = await any_face.do(renamed.rename_from(":claiming"))
    assert (moved.objects, moved.conflicts) == (8, [])
    await is_unique(any_face, renamed)


async def test_a_missing_entry_is_entered_by_a_check(any_face, model):
    for pk in ("n1", "n2", "n3"):
        partition = partition_of(model, pk)
        for key in (b"uniq:email", b"nonce:email"):
            any_face.client.hdel(partition.prefix + key, f"e{pk[1:]}")
    assert (await any_face.do(model.check())).found == {"missing": 3}
    report = await any_face.do(model.check(repair=True))
    assert report.repaired == {"missing": 3}
    await is_unique(any_face, model)


async def test_a_value_of_two_objects_is_told(any_face, model):
    pks = ["n1", next(f"n{n}" for n in range(2, 9) if partition_of(model, f"n{n}") is not partition_of(model, "n1"))]
    any_face.client.hset(partition_of(model, pks[1]).hash_prefix + pks[1].encode(), "email", "e1")
    report = await any_face.do(model.check(repair=True))
    (finding,) = report.of("conflict")
    assert "'e1'" in str(finding)
    assert "'n1'" in str(finding)


def home_of(model, value, index=b"email"):
    return UniqueValue(model._schema, index, value.encode()).home


async def test_a_check_claims_what_is_not_claimed(any_face, model):
    for number in range(4):
        home = home_of(model, f"e{number}")
        record = any_face.client.hget(home.prefix + b"claim:email", f"e{number}")
        if number < 2:
            any_face.client.hdel(home.prefix + b"claim:email", f"e{number}")
        elif number == 2:  # one of nobody in the same partition, and in another one
            any_face.client.hset(home.prefix + b"claim:email", "e2", record[:2] + b"x" * 8 + record[10:])
        else:
            other = (int.from_bytes(record[:2]) + 1) % 4
            any_face.client.hset(home.prefix + b"claim:email", "e3", other.to_bytes(2) + b"x" * 8 + record[10:])
    assert (await any_face.do(model.check())).found == {"unclaimed": 4}
    report = await any_face.do(model.check(repair=True))
    assert report.repaired == {"unclaimed": 4}
    assert {finding.pk for finding in report} == {f"n{number}" for number in range(4)}
    await is_unique(any_face, model)


async def test_a_check_removes_claims_of_nobody(any_face, model, monkeypatch):
    monkeypatch.setattr(claim_check, "IN_FLIGHT", -1)
    for number in range(20):
        await any_face.do(model.lazy_connect(f"n{number}").delete())
    claims = [each.prefix + b"claim:email" for each in model._schema.keys.partitions]
    left = sum(map(any_face.client.hlen, claims)) - (COUNT - 20)
    report = await any_face.do(model.check())
    assert 0 < left <= report.found["abandoned"]
    assert report.ok
    await any_face.do(model.check(repair=True))
    assert sum(map(any_face.client.hlen, claims)) == COUNT - 20
    assert (await any_face.do(model.check())).found == {}


async def test_two_owners_in_different_partitions_are_told(any_face, model):
    """As if a failover had lost that the first one gave the value up."""
    first = "n1"
    second = next(f"n{n}" for n in range(2, 9) if partition_of(model, f"n{n}") is not partition_of(model, first))
    partition = partition_of(model, second)
    any_face.client.hset(partition.hash_prefix + second.encode(), "email", "e1")
    any_face.client.hset(partition.prefix + b"uniq:email", "e1", second)
    any_face.client.hset(partition.prefix + b"nonce:email", "e1", "another.")
    report = await any_face.do(model.check(repair=True))
    (finding,) = report.of("conflict")
    assert (finding.pk, finding.repaired) == (second, False)
    assert "'n1'" in str(finding)
    assert not report.ok


async def test_writers_cause_no_findings(any_face, model, monkeypatch):
    monkeypatch.setattr(claim_check, "IN_FLIGHT", -1)
    others = declared(SimpleNamespace(Model=RedisModel), RedisDatabase(port=any_face.server.port), "Claiming")
    ended = threading.Event()

    def write() -> None:
        for number in range(10_000):
            if ended.is_set():
                break
            one = others.lazy_connect(f"n{number % COUNT}")
            with suppress(UniquenessError):
                one.email.hset(f"e{number % 7}")
            one.email.hdel()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(4):
            assert {*(await any_face.do(model.check(repair=True))).found} <= {"abandoned"}
    finally:
        ended.set()
        writer.join()
    others.database.close()
    assert World(model, any_face.client).faults() == []


DELETIONS = {
    "of a collection": lambda model: model.collection().delete(),
    "of many": lambda model: model.bulk_delete([f"n{number}" for number in range(COUNT)]),
    "of values": lambda model: model.bulk_update(
        [(f"n{number}", {"email": f"new{number}"}) for number in range(COUNT)]
    ),
}


@pytest.mark.parametrize("deletion", DELETIONS)
async def test_claims_of_many_values_that_are_given_up_are_removed_at_once(any_face, model, deletion):
    await any_face.do(DELETIONS[deletion](model))
    assert not any(any_face.client.exists(each.given_up) for each in model._schema.keys.partitions)
    claims = [each.prefix + b"claim:email" for each in model._schema.keys.partitions]
    assert sum(map(any_face.client.hlen, claims)) == await any_face.do(model.collection().count())


@pytest.mark.parametrize("key", ["claim:email", "nonce:email", "uniq:email", "barred", "clock", "recent", "history"])
async def test_keys_of_another_type_are_found(any_face, model, key):
    partition = model._schema.keys.first
    any_face.client.delete(partition.prefix + key.encode())
    any_face.client.xadd(partition.prefix + key.encode(), {"a": "b"})
    report = await any_face.do(model.check())
    assert report.found["mistyped"] == 1
