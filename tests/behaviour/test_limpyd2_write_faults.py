"""Faults of limpyd 2's writes, relations and pipelines, each of which must not come back.

What kills processes in the middle is in tests/faults (13 and 15: killed_writers.py, killed_relations.py).
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from limpyd import (
    EqualIndexWith,
    FKInstanceHashField,
    InstanceHashField,
    LimpydError,
    M2MListField,
    PKField,
    ScoredEqualIndex,
    StringField,
)
from limpyd.exceptions import DoesNotExist, RelatedDoesNotExist, UniquenessError, UnknownField
from tests.support.expected_indexes import state


@pytest.fixture
def person(any_face):
    class Person(any_face.Model):
        database = any_face.database
        namespace = "Upper:Case"
        name = PKField()
        email = InstanceHashField(unique=True)
        nick = StringField(unique=True)
        city = InstanceHashField(indexable=True)
        rank = InstanceHashField(type=int, indexable=True)
        team = InstanceHashField(unique=True, indexes=[ScoredEqualIndex.configure(score_field="rank")])
        first = InstanceHashField(indexes=[EqualIndexWith.configure(other_fields=["last"], unique=True)])
        last = InstanceHashField()

    return Person


async def make(face, model, **values):
    return await face.do(model.create(**values)) if face.is_async else model(**values)


async def at_once(face, calls):
    """What came of several calls at once: from threads, or from tasks."""
    if face.is_async:
        return await asyncio.gather(*(call() for call in calls), return_exceptions=True)

    def outcome(call):
        try:
            return call()
        except LimpydError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(outcome, calls))


class TestUniqueness:
    async def test_8_one_of_several_creates_a_primary_key(self, any_face, person):
        create = person.create if any_face.is_async else person
        found = await at_once(any_face, [lambda: create(name="same", city="x")] * 8)
        assert sum(isinstance(each, UniquenessError) for each in found) == 7

    async def test_9_hmset_gives_one_object_a_unique_value(self, any_face, person):
        people = [await make(any_face, person, name=str(number)) for number in range(6)]
        found = await at_once(any_face, [lambda one=one: one.hmset(email="same", city="x") for one in people])
        assert sum(isinstance(each, UniquenessError) for each in found) == 5
        with pytest.raises(UnknownField):
            await any_face.do(people[0].hmset(nick="no hash field"))

    async def test_10_refused_writes_leave_what_was_there(self, any_face, person):
        await make(any_face, person, name="a", nick="ab")
        other = await make(any_face, person, name="b")
        for write in (lambda: other.nick.setnx("ab"), lambda: other.nick.set("a"), lambda: other.nick.append("b")):
            before = state(any_face.client)
            try:
                await any_face.do(write())
            except UniquenessError:
                assert state(any_face.client) == before
        assert await any_face.do(other.nick.get()) == "a"

    async def test_11_a_unique_value_with_a_score_is_given_back(self, any_face, person):
        one = await make(any_face, person, name="a", team="red", rank=1)
        await any_face.do(one.team.hdel())
        other = await make(any_face, person, name="b", team="red", rank=2)
        await any_face.do(other.delete())
        await make(any_face, person, name="c", team="red", rank=3)

    async def test_12_values_that_are_unique_together_are_not_joined(self, any_face, person):
        await make(any_face, person, name="a", first="x:y", last="z")
        await make(any_face, person, name="b", first="x", last="y:z")
        with pytest.raises(UniquenessError):
            await make(any_face, person, name="c", first="x", last="y:z")


class TestHalfObjects:
    async def test_14_a_constructor_that_fails_leaves_nothing(self, any_face, person):
        await make(any_face, person, name="a", email="taken")
        before = state(any_face.client)
        with pytest.raises(UniquenessError):
            await make(any_face, person, name="b", nick="n", city="x", email="taken")
        assert state(any_face.client) == before

    async def test_16_a_write_to_what_was_deleted_brings_nothing_back(self, any_face, person):
        one = await make(any_face, person, name="a", city="x", nick="n")
        same = await any_face.do(person.get("a"))
        await any_face.do(one.delete())
        before = state(any_face.client)
        for write in (
            lambda: same.city.hset("y"),
            lambda: same.nick.set("y"),
            lambda: same.hmset(city="y"),
            lambda: same.update(city="y", nick="z"),
        ):
            with pytest.raises(DoesNotExist):
                await any_face.do(write())
        assert state(any_face.client) == before


class TestRelations:
    @pytest.fixture
    def group(self, any_face, person):
        class Group(any_face.Model):
            database = any_face.database
            namespace = "Upper:Case"
            name = PKField()
            owner = FKInstanceHashField("Person", related_name="owned")
            queue = M2MListField("Upper:Case:Person", related_name="queued")

        return Group

    async def test_a_namespace_in_upper_case(self, any_face, person, group):
        one = await make(any_face, person, name="a", city="x")
        made = await make(any_face, group, name="g", owner=one, queue=[one])
        assert await any_face.do(made.owner.instance()) == one
        assert await any_face.all(one.owned()) == ["g"]
        assert await any_face.all(group.collection(owner__city="x")) == ["g"]

    async def test_deleting_who_is_in_a_list(self, any_face, person, group):
        one = await make(any_face, person, name="a")
        made = await make(any_face, group, name="g", queue=[one, one])
        await any_face.do(one.delete())
        assert await any_face.do(made.queue.llen()) == 0

    async def test_a_reference_to_nobody(self, any_face, person, group):
        with pytest.raises(RelatedDoesNotExist):
            await make(any_face, group, name="g", owner="nobody")


class TestPipelines:
    async def test_an_indexed_write_leaves_no_stale_entry(self, any_face, person):
        one = await make(any_face, person, name="a", city="x")
        if any_face.is_async:
            async with any_face.database.pipeline():
                one.city.hset("y")
        else:
            with any_face.database.pipeline():
                one.city.hset("y")
        assert await any_face.all(person.collection(city="x")) == []
        assert await any_face.all(person.collection(city="y")) == ["a"]

    async def test_two_at_once_do_not_mix(self, any_face, person):
        people = [await make(any_face, person, name=str(number)) for number in range(2)]
        database = any_face.database

        def fill(one, pipe):
            for number in range(20):
                one.city.hset(f"{one!r} {number}")
            return len(pipe)

        def in_thread(one):
            with database.pipeline() as pipe:
                return fill(one, pipe)

        async def in_task(one):
            async with database.pipeline() as pipe:
                await asyncio.sleep(0)
                return fill(one, pipe)

        run = in_task if any_face.is_async else in_thread
        assert await at_once(any_face, [lambda one=one: run(one) for one in people]) == [20, 20]
        for one in people:
            assert await any_face.do(one.city.hget()) == f"{one!r} 19"
