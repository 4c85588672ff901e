"""Reads of lazily connected instances: plain commands, and behind each, in its packet, whether the object exists."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest

from limpyd import HashField, InstanceHashField, ListField, SetField, SortedSetField, StringField
from limpyd.exceptions import DoesNotExist, NotExecuted, ServerError, WrongTypeError

READS = {
    "text": lambda one: one.text.get(),
    "entry": lambda one: one.entry.hget(),
    "entries": lambda one: one.hmget("entry", "number"),
    "all entries": lambda one: one.hgetall(),
    "members": lambda one: one.bag.smembers(),
    "items": lambda one: one.queue.lrange(0, -1),
    "ranks": lambda one: one.board.zrange(0, -1, withscores=True),
    "sub-key": lambda one: one.heads.hget("a"),
    "encoding": lambda one: one.text.object_encoding(),
    "two": lambda one: one.bag.sinter(one.bag),
}
VALUES = {
    "text": "t",
    "entry": "e",
    "entries": ["e", None],
    "all entries": {"entry": "e"},
    "members": {"a"},
    "items": ["a", "b"],
    "ranks": [("a", 1.0)],
    "sub-key": "1",
    "encoding": "embstr",
    "two": {"a"},
}


@pytest.fixture
def thing(face):
    class Thing(face.Model):
        database = face.database
        text = StringField()
        entry = InstanceHashField()
        number = InstanceHashField(type=int)
        bag = SetField()
        queue = ListField()
        board = SortedSetField()
        heads = HashField()

    return Thing


async def full(face, thing):
    return await face.do(
        thing.create(text="t", entry="e", bag=["a"], queue=["a", "b"], board={"a": 1}, heads={"a": "1"})
    )


@asynccontextmanager
async def block(face, collected):
    if face.name == "sync":
        with collected as pipe:
            yield pipe
    else:
        async with collected as pipe:
            yield pipe


def reads(face):
    """How often the server has read from a client."""
    return face.client.info("stats")["total_reads_processed"]


@pytest.mark.parametrize("name", READS)
class TestOneRead:
    async def test_it_is_a_plain_command_and_one_packet(self, face, thing, name):
        made = await full(face, thing)
        await face.do(READS[name](made))
        lazy = thing.lazy_connect(1)
        with face.sent() as sent:
            assert await face.do(READS[name](lazy)) == VALUES[name]
        assert "EVAL" not in sent.names[0]
        before = reads(face)
        assert await face.do(READS[name](thing.lazy_connect(1))) == VALUES[name]
        assert reads(face) - before == 2  # that, and the question for the number itself

    async def test_of_an_object_that_does_not_exist(self, face, thing, name):
        await full(face, thing)
        await face.refused(DoesNotExist, lambda: READS[name](thing.lazy_connect(2)), match=r"Thing\('2'\)")

    async def test_in_a_pipeline(self, face, thing, name):
        await full(face, thing)
        for atomic in (False, True):
            async with block(face, face.database.pipeline(transaction=atomic)) as pipe:
                there = pipe.add(READS[name], thing.lazy_connect(1))
                gone = pipe.add(READS[name], thing.lazy_connect(2))
                later = pipe.add(READS[name], thing.lazy_connect(1))
                results = pipe.execute(raise_on_error=False)
                results = results if face.name == "sync" else await results
            assert there.value == later.value == VALUES[name]
            with pytest.raises(DoesNotExist, match=r"Thing\('2'\)"):
                gone.value  # noqa: B018
            assert isinstance(results[1], DoesNotExist)

    async def test_in_a_transaction(self, face, thing, name):
        await full(face, thing)
        async with block(face, face.database.transaction()) as transaction:
            there = transaction.add(READS[name], thing.lazy_connect(1))
        assert there.value == VALUES[name]
        with pytest.raises(DoesNotExist, match=r"Thing\('2'\)"):
            async with block(face, face.database.transaction()) as transaction:
                written = transaction.add(thing.lazy_connect(1).text.set, "new")
                transaction.add(READS[name], thing.lazy_connect(2))
        with pytest.raises(NotExecuted):
            written.value  # noqa: B018
        assert await face.do(thing.lazy_connect(1).text.get()) == "t"


async def test_what_is_left_of_no_object_is_no_value(face, thing):
    """Data that no object has, such as limpyd's keys that somebody wrote by hand."""
    face.client.set("{thing}:field:text:9", "stray")
    face.client.set("{thing}:field:bag:9", "no set")
    await face.refused(DoesNotExist, lambda: thing.lazy_connect(9).text.get())
    await face.refused(DoesNotExist, lambda: thing.lazy_connect(9).bag.smembers())


async def test_a_key_of_another_type_is_told_as_ever(face, thing):
    await full(face, thing)
    face.client.set("{thing}:field:bag:1", "no set")
    await face.refused(WrongTypeError, lambda: thing.lazy_connect(1).bag.smembers(), match=r"Thing\.bag")
    async with block(face, face.database.pipeline()) as pipe:
        wrong = pipe.add(thing.lazy_connect(1).bag.smembers)
        fine = pipe.add(thing.lazy_connect(1).text.get)
        executed = pipe.execute(raise_on_error=False)
        _ = executed if face.name == "sync" else await executed
    with pytest.raises(WrongTypeError, match=r"Thing\.bag"):
        wrong.value  # noqa: B018
    assert fine.value == "t"


async def test_the_set_of_primary_keys_is_of_another_type(face, thing):
    await full(face, thing)
    face.client.set("{thing}:pks", "no set")
    await face.refused((WrongTypeError, ServerError), lambda: thing.lazy_connect(1).text.get(), match="{thing}:pks")


async def test_an_account_without_scripts_reads(face, thing):
    await full(face, thing)
    face.client.execute_command(
        "ACL", "SETUSER", "reader", "on", ">pw", "~{thing}:*", "+get", "+sismember", "+info", "+client", "+hello"
    )
    try:
        database = type(face.database)(port=face.server.port, username="reader", password="pw")
        thing.use_database(database)
        assert await face.do(thing.lazy_connect(1).text.get()) == "t"
        await face.refused(DoesNotExist, lambda: thing.lazy_connect(2).text.get())
        await face.do(database.close())
    finally:
        face.client.execute_command("ACL", "DELUSER", "reader")


@pytest.mark.parametrize("how", ["close", "use_database"])
async def test_where_the_database_may_be_another(any_face, how):
    """An object that was there before may not be there."""

    class Thing(any_face.Model):
        database = any_face.Database(port=any_face.server.port)
        text = StringField()

    made = await any_face.do(Thing.create(text="t"))
    any_face.client.flushall()
    assert await any_face.do(made.text.get()) is None
    database = Thing.database
    if how == "use_database":
        Thing.use_database(any_face.database)
    else:
        await any_face.do(database.close())
    await any_face.refused(DoesNotExist, made.text.get)
    await any_face.do(database.close())


async def test_long_requests_and_large_integers_take_one_request_too(face, thing):
    made = await full(face, thing)
    many = [str(number) for number in range(8000)]
    with face.sent() as sent:
        assert sum(await face.do(thing.lazy_connect(1).bag.smismember(*many))) == 0
    assert sent.names == ["SMISMEMBER"]
    await face.do(made.text.set("t", pxat=2**60 + 1))
    with face.sent() as sent:
        assert await face.do(thing.lazy_connect(1).text.pexpiretime()) == 2**60 + 1
    assert sent.names == ["PEXPIRETIME"]
