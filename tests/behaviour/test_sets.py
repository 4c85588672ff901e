"""SetField: every command, on both faces and all servers."""

from __future__ import annotations

import pytest

from limpyd.exceptions import (
    DoesNotExist,
    UniquenessError,
)
from tests.support.expected_indexes import inconsistencies, state
from tests.support.finding import found


@pytest.fixture
def model(members_model):
    return members_model


@pytest.fixture
def thing(members):
    return members


class TestSets:
    async def test_members(self, face, model, thing):
        do, tags = face.do, thing.tags
        assert await do(tags.sadd("a", "b", "a")) == 2
        assert await do(tags.smembers()) == {"a", "b"}
        assert await do(tags.scard()) == 2
        assert await do(tags.sismember("a")) is True
        assert await do(tags.smismember("a", "z", "b")) == [True, False, True]
        assert await do(tags.smismember(["a", "z"])) == [True, False]
        assert await do(tags.srandmember()) in {"a", "b"}
        assert set(await do(tags.srandmember_many(5))) == {"a", "b"}
        assert len(await do(tags.srandmember_many(-5))) == 5
        assert await do(tags.srem("a", "z")) == 1
        assert await found(face, model, tags="a") == []
        assert await found(face, model, tags="b") == ["1"]
        assert await do(tags.spop()) == "b"
        assert await do(tags.spop()) is None
        await do(tags.sadd("a", "b", "c"))
        assert len(await do(tags.spop_many(2))) == 2
        assert await do(tags.spop_many(5)) | await do(tags.smembers()) <= {"a", "b", "c"}
        assert inconsistencies(face.client, model) == []

    async def test_iterating(self, face, thing):
        await face.do(thing.numbers.sadd(*range(2000)))
        assert sorted(await face.all(thing.numbers.sscan(count=100))) == [*range(2000)]
        assert sorted(await face.all(thing.numbers.sscan(match="199?"))) == [*range(1990, 2000)]
        assert await face.all(type(thing).lazy_connect(1).others.sscan()) == []
        with pytest.raises(DoesNotExist):
            await face.all(type(thing).lazy_connect(99).others.sscan())

    async def test_with_other_sets(self, face, model, thing):
        do = face.do
        other = await do(model.create(tags=["b", "c"], others=["c", "x"]))
        await do(thing.tags.sadd("a", "b"))
        assert await do(thing.tags.sinter(other.tags)) == {"b"}
        assert await do(thing.tags.sunion(other.tags, other.others)) == {"a", "b", "c", "x"}
        assert await do(thing.tags.sdiff(other.tags)) == {"a"}
        assert await do(thing.tags.sintercard(other.tags)) == 1
        assert await do(other.tags.sintercard(other.tags, limit=1)) == 1
        assert await do(thing.tags.smove(other.tags, "a")) is True
        assert await do(thing.tags.smove(other.tags, "a")) is False
        assert await found(face, model, tags="a") == ["2"]
        assert await do(thing.tags.sunionstore(other.tags, other.others)) == 4
        assert await found(face, model, tags="x") == ["1"]
        assert await do(thing.tags.sdiffstore(thing.tags, other.others)) == 2
        assert await do(thing.tags.sinterstore(thing.tags, other.tags)) == 2
        assert await do(thing.tags.smembers()) == {"a", "b"}
        assert await found(face, model, tags="x") == []
        assert await do(thing.others.copy(other.tags)) is False
        assert await do(other.others.copy(thing.others)) is True
        assert await do(thing.tags.sort_store(thing.bag, alpha=True, desc=True)) == 2
        assert await do(thing.bag.lrange(0, -1)) == ["b", "a"]
        assert inconsistencies(face.client, model) == []

    async def test_a_member_of_another_object_is_refused(self, face, model, thing):
        other = await face.do(model.create(owned=["theirs"]))
        third = await face.do(model.create(others=["mine", "new"], owned=["third"]))
        before = state(face.client)
        for refused in (
            lambda: other.owned.sadd("new", "mine"),
            lambda: third.others.smove(other.owned, "mine"),
            lambda: other.owned.sunionstore(third.others),
            lambda: third.others.copy(other.owned, replace=True),
        ):
            error = await face.refused(UniquenessError, refused)
            assert (error.model, error.field, error.value, error.owner) == ("Thing", "owned", "mine", "1")
            assert state(face.client) == before
        assert await face.do(thing.owned.smove(other.owned, "mine")) is True
        assert await found(face, model, owned="mine") == ["2"]

    async def test_copies_bring_no_expiry_to_an_indexed_field(self, face, model, thing):
        await face.do(thing.others.sadd("a"))
        await face.do(thing.others.expire(1000))
        assert await face.do(thing.others.copy(thing.tags)) is True
        assert await face.do(thing.tags.ttl()) == -1
        assert await found(face, model, tags="a") == ["1"]
