"""Pipelines as redis-py and limpyd 2 have them: commands on keys, MULTI and EXEC, discarded without execute()."""

from __future__ import annotations

import contextlib
import threading

import pytest
import redis

from limpyd import InstanceHashField, RedisModel, StringField
from limpyd.contrib.database import PipelineDatabase
from limpyd.exceptions import InvalidValue, NotExecuted, NotInPipeline, ServerError, UniquenessError
from tests.support.expected_indexes import inconsistencies


@contextlib.asynccontextmanager
async def block(face, context):
    """A block of either face."""
    if face.is_async:
        async with context as entered:
            yield entered
    else:
        with context as entered:
            yield entered


@pytest.fixture
def person(any_face):
    class Person(any_face.Model):
        database = any_face.database
        name = StringField(indexable=True)
        visits = StringField(type=int)
        email = InstanceHashField(unique=True)

    return Person


@pytest.fixture
async def ada(any_face, person):
    return await any_face.do(person.create(name="Ada", visits=1, email="ada@x"))


class TestCommandsOnKeys:
    async def test_in_order_with_those_of_models(self, any_face, ada):
        with any_face.sent() as sent:
            async with block(any_face, any_face.database.pipeline()) as pipe:
                pipe.set("count", 1)
                ada.visits.incr()
                pipe.incrbyfloat("count", 1.5)
                visits = ada.visits.get()
                value = pipe.add(pipe.get, "count")
                results = await any_face.do(pipe.execute())
        assert results == [True, 2, 2.5, 2, "2.5"]
        assert (visits.value, value.value) == (2, "2.5")
        assert sent.names[-1] == "GET"
        assert [name for name in sent.names if name != "EVALSHA"][-4:] in (
            ["SET", "INCRBYFLOAT", "GET", "GET"],
            ["EVAL", "INCRBYFLOAT", "GET", "GET"],
        )

    async def test_results_are_those_of_redis_py(self, any_face):
        client = redis.Redis(port=any_face.server.port, decode_responses=True)
        steps = (
            ("zadd", ({"a": 1, "b": 2.5},), {}),
            ("zrange", (0, -1), {"withscores": True}),
            ("zscore", ("a",), {}),
            ("type", (), {}),
            ("object", ("encoding",), {}),
            ("expire", (100,), {}),
            ("exists", (), {}),
            ("zpopmin", (), {}),
        )
        pipe, expected = any_face.database.pipeline(), client.pipeline(transaction=False)
        for name, args, kwargs in steps:
            for key, pipeline in (("ours", pipe), ("theirs", expected)):
                given = ("encoding", key) if name == "object" else (key, *args)
                getattr(pipeline, name)(*given, **kwargs)
        pipe.hset("h1", mapping={"a": 1}).hgetall("h1").smembers("none").get("none").mget("h0", "none").lrange(
            "l", 0, 1
        )
        expected.hset("h2", mapping={"a": 1}).hgetall("h2").smembers("none").get("none").mget("h0", "none").lrange(
            "l", 0, 1
        )
        pipe.config_get("maxmemory").execute_command("SET", "x", "y", "GET").time()
        expected.config_get("maxmemory").execute_command("SET", "z", "y", "GET").time()
        assert len(pipe) == len(expected)
        assert (await any_face.do(pipe.execute()))[:-1] == expected.execute()[:-1]
        client.close()

    async def test_odd_text_and_bytes(self, any_face):
        pipe = any_face.database.pipeline()
        pipe.set("k\0 é", b"\xff\x00").get("k\0 é").set(b"\xffkey", "🐍").get(b"\xffkey").strlen(b"\xffkey")
        assert await any_face.do(pipe.execute()) == [True, "\udcff\x00", True, "🐍", 4]

    async def test_one_that_fails_does_not_stop_the_others(self, any_face, ada):
        pipe = any_face.database.pipeline()
        pipe.set("text", "x").lpush("text", "y").get("text")
        name = pipe.add(ada.name.get)
        found = await any_face.do(pipe.execute(raise_on_error=False))
        assert [found[0], *found[2:]] == [True, "x", "Ada"]
        assert name.value == "Ada"
        assert isinstance(found[1], ServerError)
        assert isinstance(found[1], redis.ResponseError)
        assert "WRONGTYPE" in str(found[1])

    async def test_refused(self, any_face):
        pipe = any_face.database.pipeline()
        for wrong in (
            lambda: pipe.blpop("a"),
            lambda: pipe.xread({"a": 0}, block=1),
            lambda: pipe.watch("a"),
            lambda: pipe.multi(),
            lambda: pipe.execute_command("SELECT", 3),
            lambda: pipe.execute_command("client", "reply", "off"),
            lambda: pipe.execute_command("CLIENT REPLY", "OFF"),
            lambda: any_face.database.transaction().set("a", 1),
        ):
            await any_face.refused(NotInPipeline, wrong)
        for wrong in (lambda: pipe.nope, lambda: pipe.scan_iter, lambda: pipe._nope, lambda: pipe.pubsub):
            await any_face.refused(AttributeError, wrong)
        await any_face.refused(redis.DataError, lambda: pipe.set("a", None))
        assert len(pipe) == 0
        assert not hasattr(pipe, "nope")


class TestMulti:
    async def test_is_what_is_sent(self, any_face, person, ada):
        async with block(any_face, any_face.database.pipeline(transaction=True)):  # after which the scripts are known
            ada.name.set("Ada")
        with any_face.sent() as sent:
            async with block(any_face, any_face.database.pipeline(transaction=True)) as pipe:
                pipe.set("key", 1)
                ada.name.set("Ada L")
                name = ada.name.get()
                found = person.collection(name="Ada L").all()
                new = person.create(name="New") if any_face.is_async else person(name="New")
        assert [sent.names[0], sent.names[2], sent.names[-1]] == ["WATCH", "MULTI", "EXEC"]
        assert sent.names.count("MULTI") == sent.names.count("EXEC") == 1
        assert name.value == "Ada L"
        assert found.value == ["1"]
        assert await any_face.do((new.value if any_face.is_async else new).name.get()) == "New"
        assert any_face.client.get("key") == b"1"

    async def test_one_that_is_refused_does_not_stop_the_others(self, any_face, person, ada):
        bob = await any_face.do(person.create(name="Bob", email="bob@x"))
        pipe = any_face.database.pipeline(transaction=True)
        pipe.add(ada.visits.incr)
        refused = pipe.add(bob.email.hset, "ada@x")
        pipe.incr("count")
        pipe.add(ada.visits.incr)
        with pytest.raises(UniquenessError):
            await any_face.do(pipe.execute())
        with pytest.raises(UniquenessError):
            _ = refused.value
        assert await any_face.do(ada.visits.get()) == 3
        assert any_face.client.get("count") == b"1"

    async def test_what_the_server_does_not_queue(self, any_face, ada):
        pipe = any_face.database.pipeline(transaction=True)
        pipe.set("key", 1)
        name = pipe.add(ada.name.set, "x")
        pipe.execute_command("NOSUCH")
        with pytest.raises(ServerError, match="NOSUCH"):
            await any_face.do(pipe.execute())
        with pytest.raises(NotExecuted, match="nothing was executed"):
            _ = name.value
        assert await any_face.do(ada.name.get()) == "Ada"
        assert any_face.client.get("key") is None

    async def test_nobody_comes_in_between(self, any_face, ada):
        """Each transaction adds to two values, which others always find alike."""
        differing, done = [], threading.Event()

        def look():
            with redis.Redis(port=any_face.server.port) as client:
                while not done.is_set():
                    one, two = client.mget("{person}:field:visits:1", "two")
                    if one != two:
                        differing.append((one, two))

        any_face.client.set("two", 1)
        looking = threading.Thread(target=look)
        looking.start()
        try:
            for _ in range(50):
                async with block(any_face, any_face.database.pipeline(transaction=True)) as pipe:
                    ada.visits.incr()
                    for _ in range(20):
                        pipe.get("two")
                    pipe.incr("two")
        finally:
            done.set()
            looking.join()
        assert differing == []

    async def test_when_the_indexes_have_changed(self, any_face, person, ada):
        """Nothing of it was done under the epoch that was known; all is done again, in one MULTI."""
        assert await any_face.do(person.collection(name="Ada").count()) == 1
        await self.changed(any_face)
        with any_face.sent() as sent:
            async with block(any_face, any_face.database.pipeline(transaction=True)):
                count = ada.visits.incr()
                ada.name.set("New")
                found = person.collection(name="New").all()
        assert sent.names.count("MULTI") == 2
        assert (count.value, found.value) == (2, ["1"])
        assert not inconsistencies(any_face.client, person)

    @staticmethod
    async def changed(face):
        """Changes what is built of the indexes, as another process would."""
        other = face.Database(port=face.server.port)
        twin = type("Person", (face.Model,), {
            "database": other, "name": StringField(indexable=True), "visits": StringField(type=int),
            "email": InstanceHashField(unique=True),
        })  # fmt: skip
        await face.do(twin.rebuild_indexes())
        await face.do(other.close())

    @pytest.mark.parametrize("first", ["built", "before the first object"])
    async def test_when_they_have_changed_commands_on_keys_are_not_done_either(self, face, first):
        class Person(face.Model):
            database = face.database
            name = StringField(indexable=True)
            visits = StringField(type=int)
            email = InstanceHashField(unique=True)

        if first == "built":
            await face.do(Person.create(name="Ada", visits=1))
        assert await face.do(Person.collection(name="Ada").count()) == (first == "built")
        await self.changed(face)
        if first != "built":
            face.client.set("{person}:seq", 0)
        async with block(face, face.database.pipeline(transaction=True)) as pipe:
            before = pipe.add(pipe.incr, "counter:{person}")
            found = Person.collection(name="Eve").all()
            Person.create(name="Eve")
            again = Person.collection(name="Eve").all()
            after = pipe.add(pipe.get, "counter:{person}")
        seen = [before.value, len(found.value), len(again.value), after.value]
        assert seen == [1, 0, 1, "1"], "all of it was done once, in its order"
        assert not face.client.hexists("{person}:meta", ":changed")
        face.client.delete("counter:{person}")
        assert not inconsistencies(face.client, Person)

    async def test_when_they_have_changed_reads_are_of_one_moment(self, any_face, person, ada):
        assert await any_face.do(person.collection(name="Ada").count()) == 1
        await self.changed(any_face)
        with any_face.sent() as sent:
            async with block(any_face, any_face.database.pipeline(transaction=True)):
                name, found = ada.name.get(), person.collection(name="Ada").all()
        assert (name.value, found.value) == ("Ada", ["1"])
        last = len(sent.names) - sent.names[::-1].index("MULTI")
        assert sent.names[last:] == ["GET", "SMEMBERS", "EXEC"]

    async def test_arguments(self, any_face):
        for wrong in ({"transaction": 1}, {"autoexecute": "no"}):
            await any_face.refused(InvalidValue, lambda wrong=wrong: any_face.database.pipeline(**wrong))


class TestMistakes:
    @pytest.mark.parametrize(
        ("call", "error", "reason"),
        [
            (lambda pipe: pipe.evalsha("0" * 40, 0), ServerError, "No matching script"),
            (lambda pipe: pipe.register_script("return 1"), AttributeError, "not a command of redis-py"),
            (lambda pipe: pipe.execute_command(), redis.DataError, "takes the name of a command first"),
            (lambda pipe: pipe.execute_command(" "), redis.DataError, "takes the name of a command first"),
        ],
        ids=["a script that is not loaded", "register_script", "no command", "an empty command"],
    )
    async def test_are_told(self, any_face, call, error, reason):
        for transaction in (False, True):
            with pytest.raises(error, match=reason):
                async with block(any_face, any_face.database.pipeline(transaction=transaction)) as pipe:
                    call(pipe)

    async def test_a_command_may_be_named_in_bytes(self, any_face):
        async with block(any_face, any_face.database.pipeline()) as pipe:
            pipe.execute_command(b"SET", "key", 1)
        assert any_face.client.get("key") == b"1"


class TestWithoutExecute:
    async def test_nothing_is_sent(self, any_face, ada):
        async with block(any_face, any_face.database.pipeline(autoexecute=False)) as pipe:
            lost = ada.name.set("lost")
            pipe.set("key", 1)
        with pytest.raises(NotExecuted, match=r"ended without execute\(\)"):
            _ = lost.value
        assert await any_face.do(ada.name.get()) == "Ada"
        assert any_face.client.get("key") is None

    async def test_what_was_executed_is_done(self, any_face, ada):
        async with block(any_face, any_face.database.pipeline(autoexecute=False)) as pipe:
            ada.name.set("done")
            assert await any_face.do(pipe.execute()) == [True]
            ada.name.set("lost")
        assert await any_face.do(ada.name.get()) == "done"

    async def test_reset(self, any_face, ada):
        async with block(any_face, any_face.database.pipeline()) as pipe:
            lost = ada.name.set("lost")
            await any_face.do(pipe.reset())
            ada.visits.incr()
        with pytest.raises(NotExecuted, match="was reset"):
            _ = lost.value
        assert await any_face.do(ada.name.get()) == "Ada"
        assert await any_face.do(ada.visits.get()) == 2


class TestAsInLimpyd2:
    def test_the_database(self, one_server):
        class Person(RedisModel):
            database = PipelineDatabase(port=one_server.port)
            name = StringField(indexable=True)

        database = Person.database
        ada = Person(name="Ada")
        with database.pipeline() as pipe:
            ada.name.set("lost")
        assert ada.name.get() == "Ada"
        with database.pipeline() as pipe:
            ada.name.set("Ada L")
            pipe.set("key", 1)
            ada.name.get()
            assert pipe.execute() == [True, True, "Ada L"]
        with database.pipeline(False) as pipe:
            ada.name.set("not in MULTI")
            assert pipe.execute() == [True]
        with database.pipeline(transaction=False, share_in_threads=False, autoexecute=True):
            ada.name.set("sent")
        assert ada.name.get() == "sent"
        with pytest.raises(NotInPipeline, match="open one in each thread"):
            database.pipeline(share_in_threads=True)
        assert list(Person.collection(name="sent")) == ["1"]
        database.close()
