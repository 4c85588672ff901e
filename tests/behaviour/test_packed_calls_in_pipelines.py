"""Frequent calls in pipelines, which are packed when they are collected, and described only if they have to be."""

from __future__ import annotations

import asyncio
import sys
from contextvars import Context

import pytest

from limpyd import InstanceHashField, SetField, StringField
from limpyd.exceptions import DoesNotExist, InvalidValue, NotExecuted, StoredValueError, UniquenessError
from limpyd.statements.packed_calls import PackedCall
from tests.support.blocks import block

pytestmark = pytest.mark.each_face


def declare(face, name="person"):
    class Person(face.Model):
        database = face.database
        model_name = name
        age = InstanceHashField(type=int)
        city = InstanceHashField(indexable=True)
        email = InstanceHashField(unique=True)
        note = StringField()
        tags = SetField()

    return Person


@pytest.fixture
async def person(any_face):
    """The model, whose calls have been made once, so that limpyd knows how to make them."""
    model = declare(any_face)
    one = await any_face.do(model.create(age=1, city="Paris", email="1@x"))
    for _ in range(2):
        for call in calls(one, 1):
            await any_face.do(call())
        async with block(any_face, any_face.database.pipeline()):  # which brings the scripts
            for call in calls(one, 1):
                call()
    return model


async def existing(face, person):
    """An instance that knows that its object exists; if one does not, its first read asks."""
    one = person.lazy_connect(1)
    await face.do(one.age.hget())
    return one


def calls(one, number):
    """Calls of all kinds."""
    return [
        lambda: one.age.hset(number),
        lambda: one.age.hset(number + 1),
        lambda: one.age.hget(),
        lambda: one.city.hset(f"City {number}"),
        lambda: one.note.set(f"note {number}"),
        lambda: one.note.get(),
        lambda: one.tags.sadd(f"tag {number}"),
        lambda: one.tags.scard(),
        lambda: one.hmget("age", "city"),
        lambda: one.update(city=f"Town {number}", age=number),
        lambda: one.hmget("age", "city"),
        lambda: type(one).exists(1),
    ]


async def test_they_do_what_single_calls_do(any_face, person):
    one, other = await existing(any_face, person), declare(any_face, "other")
    twin = await any_face.do(other.create(age=1, city="Paris", email="1@x"))
    for number in range(3):
        expected = [await any_face.do(call()) for call in calls(twin, number)]
        async with block(any_face, any_face.database.pipeline()):
            pendings = [call() for call in calls(one, number)]
    assert [pending.value for pending in pendings] == expected
    assert [pending.request for pending in pendings if type(pending.request) is not PackedCall] == []
    assert any_face.client.hgetall("{person}:hash:1") == any_face.client.hgetall("{other}:hash:1")
    assert await any_face.do(person.collection(city="Town 2").count()) == 1


async def test_creations_have_their_primary_key_afterwards(any_face, person):
    for number in (7, 8):
        async with block(any_face, any_face.database.pipeline()):
            made = [person.create(age=number, city="Oslo", email=f"{number}.{each}@x", note="") for each in range(3)]
        if any_face.is_async:
            made = [pending.value for pending in made]
        pks = [await any_face.do(one.pk.get()) for one in made]
        assert len(set(pks)) == 3
        assert sorted(await any_face.do(person.collection(city="Oslo")[:]))[-3:] == sorted(pks)[-3:]


async def test_each_refusal_names_its_operation(any_face, person):
    await any_face.do(person.create(age=3, city="x", email="taken@x"))
    one, nobody, mistyped = await existing(any_face, person), person.lazy_connect(99), person.lazy_connect(2)
    any_face.client.hset("{person}:hash:2", "age", "old")
    any_face.client.set("{person}:field:tags:1", "no set")
    await any_face.do(mistyped.city.hget())
    with pytest.raises(UniquenessError, match=r"Person.email.*'taken@x'.*Person\('2'\)"):
        async with block(any_face, any_face.database.pipeline()):
            refused = [
                one.email.hset("taken@x"),
                nobody.age.hset(4),
                mistyped.age.hget(),
                one.tags.scard(),
                one.tags.sadd("x"),
            ]
            done = one.age.hset(44)
    assert [type(pending.error).__name__ for pending in refused] == [
        "UniquenessError",
        "DoesNotExist",
        "StoredValueError",
        "WrongTypeError",
        "WrongTypeError",
    ]
    assert isinstance(refused[1].error, DoesNotExist)
    assert isinstance(refused[2].error, StoredValueError)
    assert "Person.age" in str(refused[2].error)
    assert "{person}:field:tags:1" in str(refused[3].error)
    assert (done.value, any_face.client.hget("{person}:hash:1", "age")) == (False, b"44")


async def test_bad_values_are_refused_where_they_are_given(any_face, person):
    one = await existing(any_face, person)
    async with block(any_face, any_face.database.pipeline()) as pipe:
        with pytest.raises(InvalidValue, match=r"Person\.age"):
            one.age.hset("no number")
        with pytest.raises(InvalidValue, match=r"Person\.age"):
            one.update(city="x", age="no number")
        assert len(pipe) == 0


async def changed_by_another_process(face):
    """Changes the epoch of the model, as another process would."""
    other = face.Database(port=face.server.port)
    twin = declare(face)
    await face.do(type(twin)("Person", (twin,), {"database": other, "model_name": "person"}).rebuild_indexes())
    await face.do(other.close())


async def outside(face, call):
    """Makes a call outside the block that is open, as another task would."""
    if face.is_async:

        async def made():
            return await call()

        return await asyncio.create_task(made(), context=Context())
    return Context().run(call)


@pytest.mark.parametrize("is_known", [False, True], ids=["unknown to this process", "known since they were packed"])
async def test_the_epoch_changes(any_face, person, is_known):
    """No write goes out under an epoch that is over, and none overtakes another."""
    one = await existing(any_face, person)
    with any_face.sent() as sent:
        async with block(any_face, any_face.database.pipeline()):
            first = [one.city.hset("A"), one.note.set("A"), one.city.hget()]
            await changed_by_another_process(any_face)
            if is_known:
                await outside(any_face, lambda: one.city.hset("between"))
            second = [one.city.hset("B"), one.note.set("B"), one.city.hget()]
    assert [pending.value for pending in (*first, *second)] == [False, True, "A", False, True, "B"]
    assert any_face.client.hget("{person}:hash:1", "city") == b"B"
    assert any_face.client.get("{person}:field:note:1") == b"B"
    assert await any_face.do(person.collection(city="B").count()) == 1
    assert await any_face.do(person.collection(city="A").count()) == 0
    assert sent.names.count("HGET") == (2 if is_known else 4), "of those that were refused, all is sent again"


async def test_scripts_are_removed(any_face, person):
    one = await existing(any_face, person)
    for number in range(3):
        async with block(any_face, any_face.database.pipeline()):
            pendings = [one.city.hset(f"City {number}"), one.city.hget(), one.note.set("x"), one.note.get()]
        assert [pending.value for pending in pendings] == [False, f"City {number}", True, "x"]
        any_face.client.script_flush()


async def test_a_write_that_was_overtaken(any_face, person):
    one = await existing(any_face, person)
    async with block(any_face, any_face.database.pipeline()):
        one.city.hset("known")
        one.note.set("known")
    any_face.client.script_flush()
    await any_face.do(one.note.set("brings its script"))
    with pytest.raises(NotExecuted, match=r"city.*call it again"):
        async with block(any_face, any_face.database.pipeline()):
            first, note, second = one.city.hset("lost"), one.note.set("later"), one.city.hset("last")
    assert isinstance(first.error, NotExecuted)
    assert (note.value, second.value) == (True, False)
    assert any_face.client.hget("{person}:hash:1", "city") == b"last"


@pytest.fixture
async def pair(any_face, person):
    """An object of each of two models."""
    other = declare(any_face, "other")
    twin = await any_face.do(other.create(age=1, city="Paris", email="1@x"))
    one = await existing(any_face, person)
    async with block(any_face, any_face.database.pipeline()):
        for each in (twin, one, twin, one):
            each.city.hset("x")
            each.note.set("x")
            each.city.hget()
    return one, twin


async def test_several_models_in_one_pipeline(any_face, pair):
    for number in range(3):
        with any_face.sent() as sent:
            async with block(any_face, any_face.database.pipeline()):
                pendings = [each.city.hset(f"City {number}") for each in pair * 2]
                reads = [each.city.hget() for each in pair]
    assert [pending.value for pending in pendings] == [False] * 4
    assert [pending.value for pending in reads] == ["City 2"] * 2
    assert [type(pending.request) for pending in pendings] == [PackedCall] * 4
    assert sent.names == ["EVALSHA"] * 4 + ["HGET"] * 2
    assert len({command[1] for command in sent.commands[:4]}) == 2, "the first writes to one model only"
    for one in pair:
        assert await any_face.do(type(one).collection(city="City 2").count()) == 1


@pytest.mark.parametrize("place", [0, 1], ids=["of the first model", "of the second model"])
async def test_no_write_overtakes_one_of_another_model(any_face, pair, place):
    """If one is refused, so are those after it; so each sees what was there in its turn."""
    one, twin = pair
    name = ("person", "other")[place]
    with any_face.sent() as sent:
        async with block(any_face, any_face.database.pipeline()):
            pendings = [each.city.hset(f"City {number}") for number in range(3) for each in (one, twin)]
            any_face.client.hset(f"{{{name}}}:meta", ":epoch", "another")
    assert [pending.value for pending in pendings] == [False] * 6
    written = [command[1] for command in sent.commands if any(arg.startswith("City") for arg in command)]
    assert len(written) == 6 + 6 - place, "all from the first of the model on are refused, and sent again"
    for key in ("{person}:hash:1", "{other}:hash:1"):
        assert any_face.client.hget(key, "city") == b"City 2"
    for each in pair:
        assert await any_face.do(type(each).collection(city="City 2").count()) == 1


async def test_callbacks_see_them(any_face, person):
    one, events = await existing(any_face, person), []
    with any_face.database.on_request(events.append):
        async with block(any_face, any_face.database.pipeline()):
            one.age.hset(5)
            one.city.hget()
    (event,) = events
    assert [str(operation) for operation in event.operations] == ["hset Person.age", "hget Person.city"]
    assert (event.batch, event.commands) == ("pipeline", 2)


async def test_others_that_are_described_go_with_them(any_face, person):
    one = await existing(any_face, person)
    with any_face.sent() as sent:
        async with block(any_face, any_face.database.pipeline()) as pipe:
            age, found = one.age.hset(9), person.collection(city="Town 1").count()
            both, key = one.hmget("age", "city"), pipe.add(pipe.incr, "{person}:other")
            one.age.hset(10)
    assert (age.value, found.value, both.value, key.value) == (False, 1, [9, "Town 1"], 1)
    assert sent.names == ["EVALSHA", "SCARD", "HMGET", "INCRBY", "EVALSHA"]


async def test_a_block_within_a_block_reads_exactly(any_face, person):
    one = await existing(any_face, person)
    async with block(any_face, any_face.database.pipeline()):
        outer = one.age.hset(3)
        async with block(any_face, any_face.database.pipeline()):
            inner = one.age.hget()
    assert inner.value == 1
    assert not inner.request.may_be_stale
    assert outer.value is False


async def test_what_an_operation_costs_the_client(any_face, person):
    """A count of function calls, which does not depend on the machine."""
    one = await existing(any_face, person)

    async def piped(count):
        async with block(any_face, any_face.database.pipeline()):
            pendings = [call() for _ in range(count) for call in (one.city.hget, lambda: one.age.hset(3))]
        return [pending.value for pending in pendings]

    async def function_calls(count):
        calls = 0

        def note(_frame, event, _argument):
            nonlocal calls
            calls += event in {"call", "c_call"}

        sys.setprofile(note)
        try:
            await piped(count)
        finally:
            sys.setprofile(None)
        return calls

    await piped(10)
    few, many = await function_calls(100), await function_calls(600)
    assert (many - few) / 1000 < 80
