"""Upkeep of models of several partitions: checks, rebuilds, walks of keys, permissions."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from limpyd import InstanceHashField, NumberRangeIndex, SetField, StringField
from limpyd.acl import acl_rules
from limpyd.exceptions import IndexNotBuilt, InvalidValue

COUNT = 40
ROOT = "{upkept}:meta"


def declared(face, database, **more):
    """The model; each call makes it as another process declares it."""
    own = database

    class Upkept(face.Model):
        database = own
        partitions = 4
        title = InstanceHashField(indexable=True)
        votes = InstanceHashField(type=int, indexable=True, indexes=[NumberRangeIndex])
        tags = SetField(indexable=True)
        note = StringField()
        locals().update(more)

    return Upkept


@pytest.fixture
async def upkept(any_face):
    """The model, with objects in all partitions."""
    model = declared(any_face, any_face.database)
    for number in range(COUNT):
        await any_face.do(model.create(title=f"t{number % 3}", votes=number, tags=["x", str(number % 2)], note="n"))
    return model


@pytest.fixture
async def another_process(any_face):
    """The model as another process sees it."""
    database = any_face.Database(port=any_face.server.port)
    yield declared(any_face, database)
    await any_face.do(database.close())


def partition(model, number):
    return model._schema.keys.partitions[number]


async def found(face, model, **options):
    """The kind and the key of each finding, and how many were repaired."""
    report = await face.do(model.check(**options))
    return {(finding.kind, finding.key) for finding in report}, sum(report.repaired.values())


async def test_a_check_looks_at_all_partitions(any_face, upkept):
    for report in (await any_face.do(upkept.check()), await any_face.do(any_face.database.check())):
        assert list(report) == []
        assert report.ok
        assert report.objects == COUNT
        assert report.models == ("Upkept",)
    seen = []
    await any_face.do(upkept.check(progress=lambda done, whole: seen.append((done, whole))))
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1] > COUNT


async def test_a_check_finds_and_repairs_in_each_partition(any_face, upkept):
    client = any_face.client
    expected = set()
    for number in range(4):
        keys = partition(upkept, number)
        client.delete(keys.index_key(b"eq", "title") + b":t1")
        client.set(keys.prefix + b"odd", "x")
        expected |= {("missing", f"{keys.prefix.decode()}eq:title:t1"), ("unexplained", f"{keys.prefix.decode()}odd")}
    assert (await found(any_face, upkept))[0] == expected
    findings, repaired = await found(any_face, upkept, repair="all")
    assert findings == expected
    assert repaired > 4
    assert (await found(any_face, upkept)) == (set(), 0)
    assert await any_face.do(upkept.collection(title="t1").count()) == 13


async def test_a_check_tells_of_objects_in_another_partition(any_face, upkept):
    any_face.client.sadd(partition(upkept, 0).pks, "2")
    any_face.client.hset(partition(upkept, 0).hash_prefix + b"2", "title", "elsewhere")
    report = await any_face.do(upkept.check(repair=True))
    (finding,) = report.of("misplaced")
    assert (finding.pk, finding.key, finding.repaired) == ("2", partition(upkept, 0).pks.decode(), False)
    assert partition(upkept, 1).pks.decode() in finding.what
    assert not report.ok


@pytest.mark.parametrize(
    ("last", "repaired"), [("1", "38"), ("41", "38"), ("40", "38"), ("43", "42"), ("1002", "1002")]
)
async def test_a_check_looks_at_each_counter(any_face, upkept, last, repaired):
    seq = partition(upkept, 1).seq  # the highest primary key differs with where the thread began
    pks = [int(pk) for pk in any_face.client.smembers(partition(upkept, 1).pks)]
    difference = max(pks) - 38
    any_face.client.set(seq, int(last) + difference)
    findings, _ = await found(any_face, upkept)
    assert findings == ({("counter", seq.decode())} if last != repaired else set())
    await found(any_face, upkept, repair=True)
    assert int(any_face.client.get(seq)) == int(repaired) + difference
    assert (await found(any_face, upkept))[0] == set()


async def test_the_record_is_no_foreign_key(any_face, upkept):
    assert ROOT in {key async for key in walked(any_face, upkept.scan_model_keys())}
    any_face.client.sadd("{upkept}:pks", "1")
    (finding,) = await any_face.do(any_face.database.check())
    assert (finding.kind, finding.model) == ("unowned", "upkept")
    assert "declared with 4 partitions" in finding.what


async def walked(face, walk):
    for key in await face.all(walk):
        yield key


async def test_a_walk_of_keys_finds_those_of_the_model_only(any_face, upkept):
    stored = {key.decode() for key in any_face.client.scan_iter(count=1000)}
    any_face.client.set("{upkept:article}:pks", "x")
    any_face.client.set("{upkepts}:pks", "x")
    with any_face.sent() as sent:
        assert set(await any_face.all(upkept.scan_model_keys(count=1000))) == stored
    assert sent.names == ["SCAN"]
    instance = upkept.lazy_connect(3)
    assert {key.split("}:")[1] for key in await any_face.all(instance.scan_keys())} == {
        "hash:3",
        "field:tags:3",
        "field:note:3",
    }


async def test_indexes_are_cleared_and_built_in_all_partitions(any_face, upkept, another_process):
    assert len(await any_face.do(another_process.collection(title="t1").all())) == 13
    await any_face.do(upkept.clear_indexes())
    assert not any(b"}:eq:" in key for key in any_face.client.scan_iter(count=1000))
    for model in (upkept, another_process):
        await any_face.refused(IndexNotBuilt, lambda model=model: model.collection(title="t1").all())
    seen = []
    await any_face.do(another_process.rebuild_indexes(progress=lambda done, whole: seen.append((done, whole))))
    assert seen == sorted(seen)
    assert seen[-1] == (3 * COUNT, 3 * COUNT)
    for model in (upkept, another_process):
        assert len(await any_face.do(model.collection(title="t1").all())) == 13
        assert await any_face.do(model.collection(votes__gte=30, tags="1").count()) == 5
    assert (await found(any_face, upkept))[0] == set()


async def test_one_index_is_cleared_and_built(any_face, upkept, another_process):
    await any_face.do(upkept.title.clear_indexes())
    await any_face.refused(IndexNotBuilt, lambda: another_process.collection(title="t1").all())
    assert await any_face.do(another_process.collection(votes__gte=30).count()) == 10
    await any_face.do(another_process.title.rebuild_indexes(chunk_size=3))
    assert await any_face.do(upkept.collection(title="t1").count()) == 13


class Interrupted(Exception):
    """Ends a rebuild."""


@pytest.mark.parametrize("after", [1, 3, 5, 9])
async def test_an_interrupted_rebuild_is_continued_by_another_process(any_face, upkept, another_process, after):
    await any_face.do(upkept.clear_indexes())
    steps = []

    def interrupt(done, whole):
        steps.append(done)
        if len(steps) == after:
            raise Interrupted

    with pytest.raises(Interrupted):
        await any_face.do(upkept.title.rebuild_indexes(progress=interrupt, chunk_size=3))
    await any_face.do(upkept.create(title="t1", votes=100))
    await any_face.refused(IndexNotBuilt, lambda: another_process.collection(title="t1").all())
    await any_face.do(another_process.rebuild_indexes())
    assert await any_face.do(another_process.collection(title="t1").count()) == 14
    assert (await found(any_face, upkept))[0] == set()


async def test_an_undeclared_index_is_told_and_forgotten(any_face, upkept):
    database = any_face.Database(port=any_face.server.port)
    without = declared(any_face, database, title=InstanceHashField())
    findings, _ = await found(any_face, without)
    assert {kind for kind, _ in findings} == {"undeclared", "orphan"}
    findings, repaired = await found(any_face, without, repair=True)
    assert repaired >= 4 + 12
    assert (await found(any_face, without))[0] == set()
    await any_face.refused(IndexNotBuilt, lambda: upkept.collection(title="t1").all())
    await any_face.do(upkept.rebuild_indexes())
    assert await any_face.do(upkept.collection(title="t1").count()) == 13
    await any_face.do(database.close())


async def test_several_processes_build_at_once(any_face, upkept, another_process):
    await any_face.do(upkept.clear_indexes())
    models = [upkept, another_process, another_process]
    if any_face.is_async:
        await asyncio.gather(*(model.rebuild_indexes() for model in models))
    else:
        with ThreadPoolExecutor() as executor:
            list(executor.map(lambda model: model.rebuild_indexes(), models))
    assert await any_face.do(upkept.collection(title="t1").count()) == 13
    assert (await found(any_face, another_process))[0] == set()


def test_no_one_key_of_an_index_has_all_objects(upkept):
    with pytest.raises(InvalidValue, match="4 partitions"):
        upkept.title.get_index().get_storage_key("t1")


async def test_all_objects_are_deleted_in_all_partitions(any_face, upkept):
    assert await any_face.do(upkept.collection().delete()) == COUNT
    left = {key.decode().split("}:")[1] for key in any_face.client.scan_iter(count=1000)}
    assert left == {"meta", "seq"}
    assert (await found(any_face, upkept))[0] == set()


async def test_an_account_of_the_smallest_rules_can_do_all(any_face, upkept):
    rules = acl_rules(upkept)
    keys = upkept._schema.keys
    assert {rule for rule in rules if rule.startswith("~")} == {
        f"~{part.pattern.decode()}" for part in (keys.root, *keys.partitions)
    }
    any_face.client.execute_command("ACL", "SETUSER", "upkeeper", "on", ">secret", *rules)
    database = any_face.Database(port=any_face.server.port, username="upkeeper", password="secret")
    model = declared(any_face, database)
    await any_face.do(model.create(title="t1", votes=3))
    assert await any_face.do(model.collection(title="t1").count()) == 14
    await any_face.do(model.rebuild_indexes())
    assert (await any_face.do(model.check())).ok
    await any_face.do(database.close())
    any_face.client.execute_command("ACL", "DELUSER", "upkeeper")
