"""Transactions, commands on several objects, and get_or_create, of models of several partitions."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from limpyd import InstanceHashField, ListField, PKField, SetField, SortedSetField, StringField
from limpyd.exceptions import InvalidPrimaryKey, NotInPipeline, UnsupportedCommand
from limpyd.pipelines.pending_result import Pending


@pytest.fixture
async def models(any_face):
    database_of_face = any_face.Database(port=any_face.server.port, partitions=4)

    class Post(any_face.Model):
        database = database_of_face
        title = InstanceHashField(indexable=True)
        name = StringField()
        tags = SetField(indexable=True)
        words = ListField()
        scores = SortedSetField()

    class Page(any_face.Model):
        database = database_of_face
        path = PKField()
        title = InstanceHashField(indexable=True)

    class Single(any_face.Model):
        database = database_of_face
        partitions = 1
        title = InstanceHashField(indexable=True)
        tags = SetField(indexable=True)

    class Other(any_face.Model):
        database = database_of_face
        partitions = 1
        title = InstanceHashField()

    yield SimpleNamespace(database=database_of_face, Post=Post, Page=Page, Single=Single, Other=Other)
    await any_face.do(database_of_face.close())


async def in_two_partitions(face, model):
    """Two objects in one partition, and one in another."""
    made = [await face.do(model.create(title="x", tags=["a", "b"], words=["v"], scores={"m": 1})) for _ in range(9)]
    numbers = [int(await face.do(one.pk.get())) % 4 for one in made]
    same = [one for one, number in zip(made, numbers, strict=True) if number == numbers[0]]
    return same[0], same[1], next(one for one, number in zip(made, numbers, strict=True) if number != numbers[0])


def pk_of(made):
    """The primary key of what a pipeline created: an instance, or what stands for it."""
    return (made.value if isinstance(made, Pending) else made)._pk_bytes


async def within(face, block, calls):
    """Makes calls within a block."""
    if face.is_async:
        async with block:
            return calls()
    with block:
        return calls()


class TestTransactions:
    @pytest.mark.parametrize("kind", ["transaction", "multi"])
    async def test_objects_of_one_partition(self, any_face, models, kind):
        one, two, other = await in_two_partitions(any_face, models.Post)
        begin = models.database.transaction if kind == "transaction" else lambda: models.database.pipeline(True)
        await within(any_face, begin(), lambda: (one.title.hset("new"), two.tags.sadd("c"), one.name.set("n")))
        assert await any_face.do(one.title.hget()) == "new"
        assert await any_face.do(two.tags.scard()) == 3
        with any_face.sent() as sent:
            for call in (
                lambda: other.title.hset("never"),
                lambda: other.tags.sadd("never"),
                lambda: other.title.hget(),
                lambda: other.delete(),
                lambda: models.Single.lazy_connect(1).title.hget(),
            ):
                calls = within(any_face, begin(), lambda call=call: (one.title.hset("never"), call()))
                await any_face.refused(
                    NotInPipeline, lambda calls=calls: calls, match=r"not in one partition.*\{post:.*pipeline\(\)"
                )
        calls = within(any_face, begin(), lambda: (one.title.hset("never"), other.title.hset("never")))
        names = rf"Post.title> of '{one._pk}' and .*Post.title> of '{other._pk}' are not in one partition"
        await any_face.refused(NotInPipeline, lambda: calls, match=names)
        assert sent.commands == []
        assert await any_face.do(one.title.hget()) == "new"

    async def test_new_objects_join_the_partition(self, any_face, models):
        for _ in range(5):
            one, _, _ = await in_two_partitions(any_face, models.Post)
            made = await within(
                any_face,
                models.database.transaction(),
                lambda one=one: [one.name.set("n"), *(models.Post.create(title="t") for _ in range(3))][1:],
            )
            keys = models.Post._schema.keys
            partitions = {keys.partition(pk_of(each)) for each in made}
            assert partitions == {keys.partition(one._pk_bytes)}

    async def test_transactions_that_create_take_turns(self, any_face, models):
        found = set()
        for _ in range(4):
            made = await within(
                any_face, models.database.transaction(), lambda: [models.Post.create(title="t") for _ in range(3)]
            )
            partitions = {models.Post._schema.keys.partition(pk_of(each)) for each in made}
            assert len(partitions) == 1
            found |= partitions
        assert len(found) == 4

    async def test_add_joins_the_partition(self, any_face, models):
        transaction = models.database.transaction()

        def calls():
            return [transaction.add(models.Post.create, title="t") for _ in range(3)]

        made = await within(any_face, transaction, calls)
        assert len({models.Post._schema.keys.partition(pk_of(each)) for each in made}) == 1

    async def test_models_of_one_partition_go_together(self, any_face, models):
        await within(
            any_face,
            models.database.transaction(),
            lambda: (models.Single.create(title="a"), models.Other.create(title="b")),
        )
        assert await any_face.do(models.Single.collection().count()) == 1

    async def test_watched_keys_count(self, any_face, models):
        one, two, other = await in_two_partitions(any_face, models.Post)

        def change(instance):
            def run(transaction):
                transaction.multi()
                instance.title.hset("watched")

            async def run_async(transaction):
                run(transaction)

            return run_async if any_face.is_async else run

        await any_face.do(models.database.transaction(change(two), one.name))
        assert await any_face.do(two.title.hget()) == "watched"
        await any_face.refused(
            NotInPipeline, lambda: models.database.transaction(change(other), one.name), match="watched key"
        )
        await any_face.refused(NotInPipeline, lambda: models.database.transaction(change(one), one.name, other.name))


async def test_a_task_does_not_move_the_transaction_of_another(any_face, models):
    if not any_face.is_async:
        pytest.skip("tasks are on the async face")

    async def other():
        for _ in range(20):
            await models.Post.create(title="other")

    for _ in range(10):
        task = asyncio.create_task(other())
        async with models.database.transaction():
            made = []
            for _ in range(3):
                made.append(models.Post.create(title="mine"))
                await asyncio.sleep(0.001)
        assert len({models.Post._schema.keys.partition(pk_of(each)) for each in made}) == 1
        await task


async def test_new_objects_are_spread(any_face, models):
    counts = dict.fromkeys(models.Post._schema.keys.partitions, 0)
    for _ in range(40):
        new = await any_face.do(models.Post.create(title="t"))
        counts[models.Post._schema.keys.partition(new._pk_bytes)] += 1
    assert set(counts.values()) == {10}
    counts = dict.fromkeys(counts, 0)
    for _ in range(40):
        new = await any_face.do(models.Post.create()) if any_face.is_async else models.Post()
        await any_face.do(new.tags.sadd("x"))
        await any_face.do(new.name.set("n"))
        assert await any_face.do(new.tags.smembers()) == {"x"}
        counts[models.Post._schema.keys.partition(new._pk_bytes)] += 1
    assert set(counts.values()) == {10}


class TestSeveralObjects:
    async def test_commands_in_one_partition_and_across(self, any_face, models):
        one, two, other = await in_two_partitions(any_face, models.Post)
        assert await any_face.do(one.tags.sinter(two.tags)) == {"a", "b"}
        assert await any_face.do(one.tags.smove(two.tags, "a"))
        assert await any_face.do(one.tags.sunionstore(one.tags, two.tags)) == 2
        single = await any_face.do(models.Single.create(tags=["a"]))
        with any_face.sent() as sent:
            for call in (
                lambda: one.tags.sinter(other.tags),
                lambda: one.tags.sunionstore(two.tags, other.tags),
                lambda: one.tags.smove(other.tags, "b"),
                lambda: one.tags.sinter(single.tags),
                lambda: one.words.rpoplpush(other.words),
                lambda: one.words.blmove(other.words, 1),
                lambda: one.scores.zunion(other.scores),
                lambda: one.name.copy(other.name),
            ):
                await any_face.refused(
                    UnsupportedCommand, call, match=r"one partition, and .*Post.* is in partition \d"
                )
        assert sent.commands == []

    async def test_an_object_that_is_not_stored_joins_the_others(self, any_face, models):
        for _ in range(6):
            one, _, other = await in_two_partitions(any_face, models.Post)
            new = await any_face.do(models.Post.create()) if any_face.is_async else models.Post()
            assert await any_face.do(new.tags.sinter(one.tags)) == set()
            assert await any_face.do(one.tags.sdiff(new.tags)) == {"a", "b"}
            assert await any_face.do(new.tags.sunionstore(other.tags)) == 2
            keys = models.Post._schema.keys
            assert keys.partition(new._pk_bytes) is keys.partition(other._pk_bytes)


class TestGetOrCreate:
    async def test_by_primary_key(self, any_face, models):
        for number in range(8):
            _, created = await any_face.do(models.Page.get_or_create(path=f"/{number}", title="t"))
            assert created
            found, created = await any_face.do(models.Page.update_or_create(path=f"/{number}", defaults={"title": "u"}))
            assert not created
            assert await any_face.do(found.title.hget()) == "u"
        assert await any_face.do(models.Page.collection().count()) == 8

    async def test_by_automatic_key(self, any_face, models):
        one, _, _ = await in_two_partitions(any_face, models.Post)
        pk = await any_face.do(one.pk.get())
        assert (await any_face.do(models.Post.get_or_connect(pk)))._pk_bytes == pk.encode()
        await any_face.refused(InvalidPrimaryKey, lambda: models.Post.get_or_connect(999))

    async def test_other_filters_are_refused(self, any_face, models):
        with any_face.sent() as sent:
            for call in (
                lambda: models.Page.get_or_create(title="x", defaults={"path": "/"}),
                lambda: models.Page.get_or_connect(title="x"),
            ):
                await any_face.refused(UnsupportedCommand, call, match=r"P.*title.*4 partitions.*partitions = 1")
        assert sent.commands == []
