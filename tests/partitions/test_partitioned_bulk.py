"""Bulk operations, exports and imports of models of several partitions."""

from __future__ import annotations

import json
from functools import partial
from itertools import pairwise
from types import SimpleNamespace

import pytest

from limpyd import BulkError, InstanceHashField, PKField, SetField
from limpyd.exceptions import ImportRefused, InvalidValue


@pytest.fixture
async def models(any_face):
    database_of_face = any_face.Database(port=any_face.server.port, partitions=4)

    class Minted(any_face.Model):
        database = database_of_face
        number = InstanceHashField(type=int, indexable=True)
        tags = SetField(indexable=True)

    class Named(any_face.Model):
        database = database_of_face
        key = PKField()
        number = InstanceHashField(type=int, indexable=True)

    yield SimpleNamespace(database=database_of_face, Minted=Minted, Named=Named)
    await any_face.do(database_of_face.close())


def named(*numbers):
    return [{"key": f"k{number}", "number": number} for number in numbers]


async def numbers_of(face, model):
    return sorted(await face.do(model.collection().values_list("number", flat=True)[:]))


class TestCreation:
    async def test_minted_chunks_are_whole_and_take_turns(self, any_face, models):
        await any_face.do(models.Minted.bulk_create([{"number": -1, "tags": ["x"]}] * 4, chunk=1))
        with any_face.sent() as sent:
            done = await any_face.do(
                models.Minted.bulk_create([{"number": n, "tags": ["x"]} for n in range(40)], chunk=5, pks=True)
            )
        assert sent.names == ["EVALSHA"] * 8
        assert len(set(done.pks)) == 40
        residues = [{int(pk) % 4 for pk in done.pks[at : at + 5]} for at in range(0, 40, 5)]
        assert all(len(each) == 1 for each in residues)
        assert all(one != other for one, other in pairwise(residues))
        stored = [await any_face.do(models.Minted.lazy_connect(pk).number.hget()) for pk in done.pks]
        assert stored == list(range(40))

    async def test_objects_that_are_made_meanwhile_do_not_divide_a_chunk(self, any_face, models):
        def objects():
            for number in range(20):
                models.Minted._schema.take_turn({})  # as each creation in this thread does
                yield {"number": number, "tags": [str(number)]}

        done = await any_face.do(models.Minted.bulk_create(objects(), chunk=10, pks=True))
        for number, pk in enumerate(done.pks):
            one = models.Minted.lazy_connect(pk)
            assert await any_face.do(one.number.hget()) == number
            assert await any_face.do(one.tags.smembers()) == {str(number)}
        assert await numbers_of(any_face, models.Minted) == list(range(20))

    async def test_given_keys_are_returned_in_order(self, any_face, models):
        progress = []
        done = await any_face.do(
            models.Named.bulk_create(named(*range(50)), chunk=4, pks=True, progress=progress.append)
        )
        assert (done.created, done.pks) == (50, [f"k{number}" for number in range(50)])
        assert progress == sorted(progress)
        assert progress[-1] == 50
        assert all(later - earlier <= 16 for earlier, later in zip([0, *progress], progress, strict=False))
        again = named(*range(45, 55), 45)
        done = await any_face.do(models.Named.bulk_create(again, chunk=4, pks=True, on_conflict="skip"))
        assert (done.created, done.skipped, done.pks) == (5, 6, [f"k{number}" for number in range(50, 55)])
        done = await any_face.do(models.Named.bulk_create(again, chunk=4, pks=True, on_conflict="update"))
        assert (done.updated, done.pks) == (11, [one["key"] for one in again])

    async def test_a_refusal_says_exactly_what_is_done(self, any_face, models):
        await any_face.do(models.Named.create(key="k37", number=-1))
        await any_face.do(models.Named.create(key="k40", number=-1))
        objects = named(*range(60))
        error = await any_face.refused(BulkError, lambda: models.Named.bulk_create(objects, chunk=20))
        assert error.position == 37
        stored = {number for number in await numbers_of(any_face, models.Named) if number >= 0}
        assert stored == set(range(37)) | set(error.done_after)
        assert error.done.created == len(stored)
        assert 40 not in error.done_after
        assert len(error.done_after) > 5

    async def test_an_object_that_does_not_fit_ends_it(self, any_face, models):
        objects = [*named(*range(9)), {"key": "x", "number": "no"}, *named(9)]
        error = await any_face.refused(BulkError, lambda: models.Named.bulk_create(objects, on_conflict="update"))
        assert (error.position, error.done.created, error.done_after) == (9, 9, [])
        assert await numbers_of(any_face, models.Named) == list(range(9))


class TestChanges:
    async def test_update_and_delete(self, any_face, models):
        await any_face.do(models.Named.bulk_create(named(*range(30))))
        changes = [(f"k{number}", {"number": number + 100}) for number in range(20)]
        assert await any_face.do(models.Named.bulk_update([*changes, ("k3", {"number": 7})], chunk=3)) == (21, 0)
        expected = [7, *range(20, 30), *(number + 100 for number in range(20) if number != 3)]
        assert await numbers_of(any_face, models.Named) == sorted(expected)
        assert await any_face.do(models.Named.bulk_delete([f"k{n}" for n in range(29)], chunk=3)) == (29, 0)
        assert await any_face.do(models.Named.bulk_delete(["k29", "none"], on_missing="skip")) == (1, 1)

    async def test_an_absent_object_ends_its_partition(self, any_face, models):
        await any_face.do(models.Named.bulk_create(named(*(n for n in range(30) if n != 11))))
        error = await any_face.refused(
            BulkError, lambda: models.Named.bulk_update([(f"k{n}", {"number": -1}) for n in range(30)])
        )
        assert error.position == 11
        assert await any_face.do(models.Named.collection(number=-1).count()) == 11 + len(error.done_after)
        error = await any_face.refused(BulkError, lambda: models.Named.bulk_delete([f"k{n}" for n in range(30)]))
        assert error.position == 11
        left = {f"k{n}" for n in range(30) if n != 11 and not (n < 11 or n in error.done_after)}
        assert set(await any_face.do(models.Named.collection()[:])) == left

    async def test_what_is_too_much_for_a_step_is_done_before_a_refusal_is_told(self, any_face, models):
        models.database.max_changes = 6
        await any_face.do(models.Named.bulk_create(named(*range(40))))
        objects = [*(f"k{n}" for n in range(30)), "none", *(f"k{n}" for n in range(30, 40))]
        error = await any_face.refused(BulkError, lambda: models.Named.bulk_delete(objects))
        assert error.position == 30
        left = {f"k{n}" for n in range(30, 40) if n + 1 not in error.done_after}
        assert set(await any_face.do(models.Named.collection()[:])) == left
        assert error.done.deleted == 40 - len(left)


class TestTransfer:
    async def test_there_and_back_with_counters(self, any_face, models):
        await any_face.do(models.Minted.bulk_create([{"number": n, "tags": [f"t{n}"]} for n in range(30)], chunk=4))
        lines = await any_face.all(models.Minted.export())
        assert len(lines) == 31
        pks = [json.loads(line)["pk"] for line in lines[1:]]
        any_face.client.flushall()
        assert (await any_face.do(models.Minted.import_(lines, chunk=3))).created == 30
        assert sorted(await any_face.all(models.Minted.export())) == sorted(lines)
        for partition in models.Minted._schema.keys.partitions:
            own = [int(pk) for pk in pks if models.Minted._schema.keys.partition(pk.encode()) is partition]
            assert int(any_face.client.get(partition.seq)) == max(own)
        new = [await any_face.do(models.Minted.create(number=n)) for n in range(8)]
        assert not {await any_face.do(one.pk.get()) for one in new} & set(pks)

    async def test_a_refused_import_goes_on_with_nothing_lost_or_twice(self, any_face, models):
        await any_face.do(models.Named.bulk_create(named(*range(60))))
        lines = sorted(await any_face.all(models.Named.export()), key=lambda line: (line[2:3] == "p", line))
        any_face.client.flushall()
        await any_face.do(models.Named.create(key="k20", number=-1))
        await any_face.do(models.Named.create(key="k40", number=-1))
        arguments = {}
        for _ in range(2):
            importing = partial(models.Named.import_, lines, **arguments)
            error = await any_face.refused(ImportRefused, importing)
            assert f"from_line={error.line}, skip_lines={error.skip_lines!r}" in str(error)
            await any_face.do(models.Named.lazy_connect(json.loads(lines[error.line - 1])["pk"]).delete())
            arguments = {"from_line": error.line, "skip_lines": error.skip_lines}
        await any_face.do(models.Named.import_(lines, **arguments))
        assert await numbers_of(any_face, models.Named) == list(range(60))

    async def test_lines_to_skip_are_numbers(self, any_face, models):
        await any_face.refused(InvalidValue, lambda: models.Named.import_([], skip_lines="a-b"), match="14-20,25")

    async def test_new_keys(self, any_face, models):
        await any_face.do(models.Minted.bulk_create([{"number": n} for n in range(10)]))
        lines = await any_face.all(models.Minted.export())
        assert (await any_face.do(models.Minted.import_(lines, new_pks=True, chunk=3))).created == 10
        assert await numbers_of(any_face, models.Minted) == sorted([*range(10), *range(10)])
