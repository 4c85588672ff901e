"""ListField: every command, on both faces and all servers."""

from __future__ import annotations

import asyncio
import threading

import pytest

from limpyd import (
    ListField,
)
from limpyd.exceptions import (
    DoesNotExist,
    InvalidPrimaryKey,
    OutcomeUnknown,
    ServerError,
    UniquenessError,
    UnsupportedCommand,
)
from tests.support.expected_indexes import inconsistencies, state
from tests.support.finding import found


@pytest.fixture
def model(members_model):
    return members_model


@pytest.fixture
def thing(members):
    return members


class TestLists:
    async def test_adding_and_removing(self, face, model, thing):
        do, queue = face.do, thing.queue
        assert await do(queue.rpushx("a")) == await do(queue.lpushx("a")) == 0
        assert await do(queue.rpush("a", "b", "a")) == 3
        assert await do(queue.lpush("c", "d")) == 5
        assert await do(queue.lrange(0, -1)) == ["d", "c", "a", "b", "a"]
        assert await do(queue.lpushx("e")) == await do(queue.rpushx("f")) - 1 == 6
        assert await do(queue.linsert("BEFORE", "a", "g")) == 8
        assert await do(queue.linsert("after", "nope", "g")) == -1
        assert await do(queue.lset(0, "h")) is True
        await face.refused(ServerError, lambda: queue.lset(100, "i"), match="out of range")
        assert await do(queue.lrange(0, -1)) == ["h", "d", "c", "g", "a", "b", "a", "f"]
        assert [await found(face, model, queue=member) for member in "eghi"] == [[], ["1"], ["1"], []]
        assert await do(queue.lpop()) == "h"
        assert await do(queue.rpop_many(2)) == ["f", "a"]
        assert await found(face, model, queue="a") == ["1"]  # one of two is left
        assert await do(queue.lrem(2**63 - 1, "nope")) == await do(queue.lrem(1 - 2**63, "nope")) == 0
        assert await do(queue.lrem(0, "a")) == 1
        assert await found(face, model, queue="a") == []
        assert await do(queue.lmpop("RIGHT")) == ["b"]
        assert await do(queue.ltrim(1, -2)) is True
        assert await do(queue.lrange(0, -1)) == ["c"]
        assert await do(queue.lpop_many(5)) == ["c"]
        assert await do(queue.lpop()) is await do(queue.rpop()) is None
        assert await do(queue.lpop_many(2)) == await do(queue.lmpop("LEFT", 2)) == []
        assert inconsistencies(face.client, model) == []

    async def test_reading(self, face, thing):
        do, ids = face.do, thing.ids
        await do(ids.rpush(1, 2, 3, 2))
        assert await do(ids.llen()) == 4
        assert await do(ids.lindex(-1)) == 2
        assert await do(ids.lindex(9)) is None
        assert await do(ids.lpos(2)) == 1
        assert await do(ids.lpos(2, rank=-1, maxlen=1)) == 3
        assert await do(ids.lpos(9)) is None
        assert await do(ids.lpos_many(2)) == [1, 3]
        assert await do(ids.lpos_many(2, count=1)) == [1]
        assert await do(ids.lcontains(3)) is True
        assert await do(ids.lrank(3)) == 2
        assert await do(ids.lcount(2)) == 2
        assert await do(ids.sort(desc=True)) == [3, 2, 2, 1]
        assert await do(ids.sort(start=1, num=2)) == [2, 2]
        if not face.server.clustered:
            face.client.mset({"weight_1": 3, "weight_2": 2, "weight_3": 1})
            assert await do(ids.sort(by="weight_*")) == [3, 2, 2, 1]
            assert await do(ids.sort_get("#", "weight_*", "no_*", start=0, num=2)) == [
                ("1", "3", None),
                ("2", "2", None),
            ]

    async def test_moving(self, face, model, thing):
        do = face.do
        other = await do(model.create(queue=["x"]))
        await do(thing.queue.rpush("a", "b", "c"))
        assert await do(thing.queue.lmove(other.queue)) == "a"
        assert await do(thing.queue.rpoplpush(other.queue)) == "c"
        assert await do(thing.queue.lmove(thing.queue)) == "b"
        assert await do(other.queue.lrange(0, -1)) == ["c", "x", "a"]
        assert await do(other.queue.lmove(other.queue, "RIGHT", "LEFT")) == "a"
        assert await do(other.queue.lrange(0, -1)) == ["a", "c", "x"]
        assert await found(face, model, queue="a") == ["2"]
        assert await do(thing.bag.lmove(other.queue)) is None
        gone = await do(model.create(queue=["z"]))
        await do(gone.delete())
        await face.refused(DoesNotExist, lambda: other.queue.lmove(gone.queue), match=r"Thing\('3'\)")
        assert await do(other.queue.llen()) == 3
        assert inconsistencies(face.client, model) == []

    async def test_waiting(self, face, model, thing):
        do, bag = face.do, thing.bag
        await do(bag.rpush("a", "b", "c", "d"))
        assert await do(bag.blpop(None)) == "a"
        assert await do(bag.brpop(timeout=1)) == "d"
        assert await do(bag.blmpop(1, "LEFT", 5)) == ["b", "c"]
        assert await do(bag.blpop(0.01)) is await do(bag.brpop(0.01)) is None
        assert await do(bag.blmpop(0.01)) == []
        assert await do(bag.blmove(bag, 0.01)) is await do(bag.brpoplpush(bag, 0.01)) is None
        pushed = threading.Timer(0.2, lambda: face.client.rpush("{thing}:field:bag:1", "late"))
        pushed.start()
        assert await do(bag.blmove(bag, 5)) == "late"
        pushed.join()
        await face.refused(UnsupportedCommand, lambda: thing.queue.blpop(), match="indexed")
        await face.refused(DoesNotExist, lambda: model.lazy_connect(9).bag.blpop(0.01))
        gone = await do(model.create(bag=["x"]))
        await do((await do(model.get(await do(gone.pk.get())))).delete())
        await face.refused(DoesNotExist, lambda: gone.bag.blpop())
        await face.refused(DoesNotExist, lambda: gone.ranks.bzpopmin())
        if not face.is_async:
            await face.refused(InvalidPrimaryKey, lambda: model().bag.blpop(0.01))
        other = await do(model.create(bag=["x"]))
        await face.refused(UnsupportedCommand, lambda: other.bag.blmove(bag, 1), match="may be deleted")

    async def test_a_cancelled_wait_is_over(self, any_face):
        """Also where Python 3.11 loses the cancellation: what waited on would take what is another's."""
        if not any_face.is_async:
            return

        class Job(any_face.Model):
            database = any_face.database
            parts = ListField()

        job = await Job.create(parts=["x"])
        await job.parts.blpop()
        for number in range(200):
            waiting = asyncio.create_task(job.parts.blpop())
            await asyncio.sleep(number * 0.00001)
            waiting.cancel()
            done, _ = await asyncio.wait([waiting], timeout=2)
            assert done
            assert waiting.cancelled()

    async def test_closing_ends_what_waits(self, any_face):
        if not any_face.is_async:
            return

        class Job(any_face.Model):
            database = any_face.database
            parts = ListField()

        job = await Job.create(parts=["x"])
        await job.parts.blpop()
        waiting = [asyncio.create_task(job.parts.blpop()) for _ in range(3)]
        await asyncio.sleep(0.1)
        await Job.database.close()
        for ended in await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 5):
            assert isinstance(ended, OutcomeUnknown)
        await job.parts.rpush("y")
        assert await job.parts.blpop(1) == "y"

    async def test_a_burst_of_waits_does_not_occupy_the_server(self, any_face):
        if not any_face.is_async:
            return

        class Job(any_face.Model):
            database = any_face.database
            parts = ListField()

        job = await Job.create(parts=["x"])
        await asyncio.gather(*(job.parts.blpop(0.1) for _ in range(50)))
        await asyncio.sleep(0.1)
        assert any_face.client.info("clients")["connected_clients"] < 20

    async def test_others_do_not_wait_with_it(self, face, thing):
        if not face.is_async:
            pytest.skip("threads have connections of their own")
        waiting = asyncio.ensure_future(thing.bag.blpop(5))
        await asyncio.sleep(0.05)
        await thing.bag.rpush("x")
        assert await waiting == "x"

    async def test_a_cancelled_wait_leaves_the_others_alone(self, face, thing):
        if not face.is_async:
            pytest.skip("threads cannot be cancelled")
        for _ in range(3):
            waiting = asyncio.ensure_future(thing.bag.blpop(5))
            await asyncio.sleep(0.02)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        await thing.bag.rpush("a", "b")
        assert [await thing.bag.blpop(1), await thing.bag.blpop(1)] == ["a", "b"]

    async def test_refused_pushes_leave_no_trace(self, face, model, thing):
        class Job(face.Model):
            database = face.database
            parts = ListField(unique=True)
            loose = ListField()

        first = await face.do(Job.create(parts=["a", "b"]))
        second = await face.do(Job.create(parts=["x", "y", "x"], loose=["a"]))
        before = state(face.client)
        for refused in (
            lambda: second.parts.rpush("z", "a"),
            lambda: second.parts.lpush("z", "a"),
            lambda: second.parts.linsert("AFTER", "x", "a"),
            lambda: second.parts.lset(1, "a"),
            lambda: second.loose.lmove(second.parts),
            lambda: second.loose.copy(second.parts, replace=True),
            lambda: second.loose.sort_store(second.parts, alpha=True),
        ):
            error = await face.refused(UniquenessError, refused)
            assert (error.value, error.owner) == ("a", "1")
            assert state(face.client) == before
        assert await face.do(first.parts.lmove(second.parts)) == "a"
