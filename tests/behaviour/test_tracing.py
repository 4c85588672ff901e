"""`on_request`: callbacks see each request once, and nothing that they do reaches a connection or a caller."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections import Counter

import pytest
from redis.exceptions import NoScriptError

from limpyd import InstanceHashField, ListField, RedisDatabase, RedisModel, SetField, StringField
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from limpyd.exceptions import (
    DeclarationError,
    DoesNotExist,
    OutcomeUnknown,
    ServerUnreachable,
    UniquenessError,
    WrongTypeError,
)
from limpyd.testing import using
from limpyd.tracing import Address, Operation, on_request
from tests.support.blocks import block
from tests.support.counting import calls
from tests.support.proxy import Proxy


@pytest.fixture
async def person(any_face):
    class Person(any_face.Model):
        database = any_face.database
        name = StringField(indexable=True)
        email = InstanceHashField(unique=True)
        age = InstanceHashField(type=int)
        tags = SetField(indexable=True)
        queue = ListField()

    await any_face.do(Person.create(name="Ada", email="a@x", age=36, queue=["x"]))
    return Person


@pytest.fixture
async def ada(any_face, person):
    return await any_face.do(person.get("1"))


@pytest.fixture
def events(any_face):
    seen = []
    with any_face.database.on_request(seen.append):
        yield seen


def things(where):
    """A model on a database of either face."""

    class Thing(AsyncRedisModel if isinstance(where, AsyncRedisDatabase) else RedisModel):
        database = where
        name = InstanceHashField(indexable=True)
        age = InstanceHashField(type=int)
        queue = ListField()

    return Thing


class Monitor:
    """How many commands clients send within a block, by MONITOR, without those of connections that open or walk."""

    OPENING = ("HELLO", "CLIENT", "SELECT", "AUTH", "INFO")

    def __init__(self, server):
        self._server = server
        self.count = 0

    def __enter__(self):
        self._client = self._server.client()
        self._monitor = self._client.monitor().__enter__()
        return self

    def __exit__(self, *_):
        self._client.echo("the end")
        while (seen := self._monitor.next_command())["command"] != "ECHO the end":
            opens = seen["command"].upper().startswith(self.OPENING)
            self.count += seen["client_type"] != "lua" and not opens
        self._monitor.__exit__()
        self._client.close()


async def in_block(face, context, *operations):
    async with block(face, context):
        for operation in operations:
            operation()


OPERATIONS = {
    "plain write": (lambda _, one: one.age.hset(37), "hset Person.age"),
    "indexed write": (lambda _, one: one.name.set("Bob"), "set Person.name"),
    "append": (lambda _, one: one.name.append("x"), "append Person.name"),
    "members": (lambda _, one: one.tags.sadd("x", "y"), "sadd Person.tags"),
    "read": (lambda _, one: one.name.get(), "get Person.name"),
    "two words": (lambda _, one: one.name.memory_usage(), "memory usage Person.name"),
    "hmget": (lambda _, one: one.hmget("email", "age"), "hmget Person"),
    "create": (lambda model, _: model.create(name="new"), "create Person"),
    "get": (lambda model, _: model.get(email="a@x"), "query Person"),
    "exists": (lambda model, _: model.exists("1"), "sismember Person"),
    "count": (lambda model, _: model.collection(name="Ada").count(), "query Person"),
    "sorted": (lambda model, _: model.collection(name="Ada").sort(by="age").all(), "query Person"),
    "update": (lambda _, one: one.update(name="Cy", age=1), "update Person"),
    "delete": (lambda _, one: one.delete(), "delete Person"),
    "bulk": (lambda model, _: model.bulk_create([{"name": "x"}]), "bulk_create Person"),
}


class TestWhatIsSeen:
    @pytest.mark.parametrize("which", OPERATIONS)
    async def test_one_operation(self, any_face, person, ada, events, which):
        call, told = OPERATIONS[which]
        await any_face.do(call(person, ada))
        events.clear()
        if which == "delete":
            ada = await any_face.do(person.create(name="other"))
            events.clear()
        with Monitor(any_face.server) as monitor:
            await any_face.do(call(person, ada))
        (event,) = events
        assert [*map(str, event.operations)] == [told]
        assert event.name == told.rsplit(" ", 1)[0]
        assert event.model == "Person"
        assert event.field == (told.partition(".")[2] or None)
        assert (event.batch, event.batch_size, event.retry, event.error) == (None, 1, None, None)
        assert event.commands == monitor.count
        assert event.database is any_face.database
        assert 0 < event.duration < 60
        assert abs(event.started + event.duration - time.time()) < 60

    async def test_batches(self, any_face, person, ada, events):
        face, where = any_face, any_face.database
        operations = (lambda: ada.age.hset(1), lambda: ada.name.get(), lambda: person.create(name="x"))
        blocks = [where.pipeline, where.transaction, lambda: where.pipeline(transaction=True)]
        for begin in blocks:
            await in_block(face, begin(), *operations)
        for begin, batch in zip(blocks, ("pipeline", "transaction", "transaction"), strict=True):
            events.clear()
            with Monitor(face.server) as monitor:
                await in_block(face, begin(), *operations)
            (event,) = events
            assert event.name == event.batch == batch
            assert event.batch_size == 3
            assert event.operations == (
                Operation("hset", "Person", "age"),
                Operation("get", "Person", "name"),
                Operation("create", "Person"),
            )
            assert (event.model, event.field, event.error) == ("Person", None, None)
            assert event.commands == monitor.count

    async def test_a_transaction_that_watches(self, any_face, ada, events):
        async def change_async(transaction):
            await ada.age.hget()
            transaction.multi()
            ada.age.hset(1)

        def change(transaction):
            ada.age.hget()
            transaction.multi()
            ada.age.hset(1)

        with Monitor(any_face.server) as monitor:
            await any_face.do(any_face.database.transaction(change_async if any_face.is_async else change, ada.age))
        assert [event.name for event in events] == ["watch", "hget", "transaction"]
        assert events[-1].operations == (Operation("hset", "Person", "age"),)
        assert sum(event.commands for event in events) == monitor.count

    async def test_commands_that_wait(self, any_face, ada, events):
        await any_face.do(ada.queue.blpop(0.01))
        assert [str(event.operations[0]) for event in events] == ["sismember Person", "blpop Person.queue"]

    async def test_everything_that_takes_several(self, any_face, person, ada, events):
        with Monitor(any_face.server) as monitor:
            await any_face.do(person.rebuild_indexes())
            await any_face.do(person.check())
            await any_face.do(person.collection(name="Ada").update(age=3))
            await any_face.all(ada.tags.sscan_iter() if hasattr(ada.tags, "sscan_iter") else ada.tags.sscan())
            await any_face.do(person.clear_indexes())
        assert sum(event.commands for event in events) == monitor.count
        assert {"rebuild_indexes", "check", "update", "sscan", "clear_indexes"} <= {event.name for event in events}

    async def test_sizes(self, any_face, person):
        proxy = Proxy(any_face.server.port)
        database = any_face.Database(port=proxy.port)
        seen = []
        with database.on_request(seen.append), using(database, any_face.database):
            one = await any_face.do(person.get("1"))
            for call in (
                lambda: one.name.set("x" * 1000),
                lambda: one.name.get(),
                lambda: person.collection(name="x" * 1000).values("name", "age").all(),
                lambda: in_block(any_face, database.pipeline(), lambda: one.name.get(), lambda: one.age.hset(1)),
                lambda: in_block(any_face, database.transaction(), lambda: one.name.get(), lambda: one.age.hset(1)),
            ):
                await any_face.do(call())
                seen.clear()
                proxy.count()
                await any_face.do(call())
                assert [event.bytes_sent for event in seen] == [proxy.passed["requests"]]
                assert sum(event.bytes_received for event in seen) <= proxy.passed["replies"]
            seen.clear()
            await any_face.do(one.name.get())
            assert seen[0].bytes_received == 1000
        await any_face.do(database.close())
        proxy.close()

    async def test_handshakes_are_marked(self, any_face):
        database, seen = any_face.Database(port=any_face.server.port), []
        assert database.address == Address("localhost", any_face.server.port, 0)
        with database.on_request(seen.append):
            await any_face.do(database.connect())
            await any_face.do(database.connect())
        assert [event.name for event in seen] == ["handshake", "ping", "ping"]
        assert seen[0].commands == 2
        await any_face.do(database.close())


class TestErrors:
    async def test_refusals_are_those_that_the_caller_gets(self, any_face, person, ada, events):
        bob = await any_face.do(person.create(email="b@x"))
        any_face.client.set(ada.tags.key, "no set")
        for error, call in (
            (UniquenessError, lambda: bob.email.hset("a@x")),
            (UniquenessError, lambda: person.create(email="a@x")),
            (WrongTypeError, lambda: ada.tags.smembers()),
            (DoesNotExist, lambda: person.get(email="nobody")),
        ):
            events.clear()
            refusal = await any_face.refused(error, call)
            assert [event.error for event in events if event.error and event.retry == events[-1].retry][-1] is refusal
        for begin in (any_face.database.pipeline, any_face.database.transaction):
            events.clear()
            with pytest.raises(UniquenessError) as caught:
                await in_block(any_face, begin(), lambda: bob.age.hset(1), lambda: bob.email.hset("a@x"))
            assert events[-1].error is caught.value
            assert events[-1].batch_size == 2

    async def test_without_a_server(self, any_face):
        class Thing(any_face.Model):
            database = any_face.Database(port=1)
            name = InstanceHashField()

        seen = []
        with Thing.database.on_request(seen.append):
            error = await any_face.refused(ServerUnreachable, lambda: Thing.create(name="x"))
        assert seen[-1].error is error

    async def test_a_server_that_goes_away(self, any_face):
        proxy = Proxy(any_face.server.port)
        Thing = things(any_face.Database(port=proxy.port))  # noqa: N806 - a class
        one, seen = await any_face.do(Thing.create(name="x")), []
        proxy.close()
        with Thing.database.on_request(seen.append):
            await any_face.refused(ServerUnreachable, lambda: one.age.hget())
            assert (seen[-1].name, type(seen[-1].error)) == ("hget", ServerUnreachable)
            for begin in (Thing.database.pipeline, Thing.database.transaction):
                with pytest.raises(ServerUnreachable):
                    await in_block(any_face, begin(), lambda: one.age.hset(1))
                assert (seen[-1].name, type(seen[-1].error)) == ("connect", ServerUnreachable)
                seen.clear()
            await any_face.refused(ServerUnreachable, lambda: Thing.database.transaction(lambda _: None, one.age))
            assert (seen[-1].name, type(seen[-1].error)) == ("connect", ServerUnreachable)
        await any_face.do(Thing.database.close())

    async def test_lost_connections(self, any_face, person):
        proxy = Proxy(any_face.server.port)
        database = any_face.Database(port=proxy.port)
        seen = []
        with database.on_request(seen.append), using(database, any_face.database):
            one = await any_face.do(person.get("1"))
            await any_face.do(one.age.hset(1))
            seen.clear()
            proxy.cut_replies = 1
            error = await any_face.refused(OutcomeUnknown, lambda: one.age.hset(2))
            assert [(event.name, event.error) for event in seen] == [("hset", error)]
            await any_face.do(one.age.hget())
            seen.clear()
            proxy.cut_replies = 1
            assert await any_face.do(one.age.hget()) == 2
            assert [(event.name, event.retry, event.error is None) for event in seen] == [
                ("hget", None, False),
                ("hget", "reconnect", True),
            ]
        await any_face.do(database.close())
        proxy.close()

    async def test_scripts_that_the_server_does_not_know(self, any_face, ada, events):
        await any_face.do(ada.name.set("x"))
        events.clear()
        any_face.client.script_flush()
        await any_face.do(ada.name.set("y"))
        first, second = events
        assert isinstance(first.error, NoScriptError)
        assert (second.name, second.retry, second.error) == ("set", "noscript", None)
        assert second.bytes_sent > first.bytes_sent

    async def test_what_a_process_knew_of_indexes_has_changed(self, any_face, person, ada, events):
        await any_face.do(ada.name.set("x"))
        other = RedisDatabase(port=any_face.server.port)

        class Person(RedisModel):
            database = other
            name = StringField(indexable=True)
            email = InstanceHashField(unique=True)
            age = InstanceHashField(type=int)
            tags = SetField(indexable=True)
            queue = ListField()

        Person.clear_indexes()
        Person.rebuild_indexes()
        events.clear()
        await any_face.do(ada.name.set("y"))
        assert [(event.name, event.retry) for event in events][-1] == ("set", "stale")
        assert [event.name for event in events if event.name == "catalog"] == ["catalog"]
        events.clear()
        Person.clear_indexes()
        Person.rebuild_indexes()
        await in_block(any_face, any_face.database.pipeline(), lambda: ada.name.set("z"))
        assert [event.retry for event in events if event.batch] == [None, "stale"]
        other.close()


class TestCallbacks:
    async def test_end(self, any_face, ada):
        seen = []
        registration = any_face.database.on_request(seen.append)
        await any_face.do(ada.age.hget())
        registration.remove()
        registration.remove()
        await any_face.do(ada.age.hget())
        assert len(seen) == 1
        with any_face.database.on_request(seen.append), any_face.database.on_request(seen.append):
            await any_face.do(ada.age.hget())
        assert len(seen) == 2
        await any_face.do(ada.age.hget())
        assert len(seen) == 2

    async def test_of_all_databases(self, any_face, ada):
        seen = []
        with on_request(seen.append), any_face.database.on_request(seen.append):
            await any_face.do(ada.age.hget())
            other = any_face.Database(port=any_face.server.port)
            await any_face.do(other.connect())
        assert [event.name for event in seen] == ["hget", "handshake", "ping"]
        assert seen[0].database is any_face.database
        assert seen[1].database is other
        await any_face.do(other.close())

    async def test_outlive_connections(self, any_face, ada, events):
        await any_face.do(any_face.database.reset())
        await any_face.do(ada.age.hget())
        assert events[-1].name == "hget"

    async def test_what_they_raise_is_logged(self, any_face, ada, events, caplog):
        def fail(event):
            raise ZeroDivisionError(event.name)

        seen = []
        with any_face.database.on_request(fail), any_face.database.on_request(seen.append):
            assert await any_face.do(ada.age.hget()) == 36
            await any_face.do(ada.age.hset(37))
            with pytest.raises(UniquenessError):
                await any_face.do(type(ada).create(email="a@x"))
        assert [record.levelname for record in caplog.records] == ["ERROR"] * len(seen)
        assert caplog.records[0].exc_info[0] is ZeroDivisionError
        assert len(seen) == len(events) >= 3
        assert await any_face.do(ada.age.hget()) == 37

    async def test_interruptions_pass(self, any_face, ada):
        def interrupt(_):
            raise KeyboardInterrupt

        with any_face.database.on_request(interrupt), pytest.raises(KeyboardInterrupt):
            await any_face.do(ada.age.hset(37))
        assert await any_face.do(ada.age.hget()) == 37

    async def test_what_they_do_is_not_seen(self, any_face, person):
        tasks, seen = [], []

        def count(event):
            seen.append(event.name)
            if any_face.is_async:
                tasks.append(asyncio.ensure_future(person.create(name="counted")))
            else:
                person.create(name="counted")

        with any_face.database.on_request(count):
            assert await any_face.do(person.collection(name="Ada").count()) == 1
            await asyncio.gather(*tasks)
        assert seen == ["query"]
        assert await any_face.do(person.collection(name="counted").count()) == 1

    async def test_wrong_ones(self, any_face):
        async def never(_):
            pass

        class Never:
            async def __call__(self, _):
                pass

        for wrong, why in ((7, "not 7"), (never, "awaits nothing"), (Never(), "awaits nothing")):
            for register in (any_face.database.on_request, on_request):
                with pytest.raises(DeclarationError, match=why):
                    register(wrong)

    async def test_cost_nothing_once_they_are_gone(self, one_server):
        database = RedisDatabase(port=one_server.port)

        Thing = things(database)  # noqa: N806 - a class
        one = Thing(name="x", age=1)
        work = (lambda: one.age.hset(1), lambda: one.age.hget(), lambda: one.name.hset("y"), lambda: Thing(name="z"))
        for call in work * 3:
            call()
        before = [calls(call) for call in work]
        with database.on_request(lambda _: None):
            assert all(calls(call) > cost for call, cost in zip(work, before, strict=True))
        assert [calls(call) for call in work] == before
        database.close()


def blocked(server):
    """Waits until a client waits at the server."""
    with server.client() as client:
        while not client.info("clients")["blocked_clients"]:
            time.sleep(0.001)


class TestWhoCalls:
    async def test_cancelled_tasks(self, one_server):
        database, seen = AsyncRedisDatabase(port=one_server.port), []

        Thing = things(database)  # noqa: N806 - a class
        one = await Thing.create(queue=["x"], name="x")
        await one.queue.lpop()
        with database.on_request(seen.append):
            waiting = asyncio.create_task(one.queue.blpop(30))
            await asyncio.to_thread(blocked, one_server)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        assert [event.name for event in seen] == ["sismember", "blpop"]
        assert isinstance(seen[-1].error, asyncio.CancelledError)
        assert await one.name.hget() == "x"
        await database.close()

    def test_interrupted_calls(self, one_server):
        class Interruption(Exception):
            pass

        def interrupt(*_):
            raise Interruption

        database, seen = RedisDatabase(port=one_server.port), []

        Thing = things(database)  # noqa: N806 - a class
        one = Thing(queue=["x"], name="x")
        one.queue.lpop()
        main = threading.get_ident()

        def wait_and_interrupt():
            blocked(one_server)
            signal.pthread_kill(main, signal.SIGUSR1)

        before = signal.signal(signal.SIGUSR1, interrupt)
        try:
            with database.on_request(seen.append):
                threading.Thread(target=wait_and_interrupt).start()
                with pytest.raises(Interruption) as caught:
                    one.queue.blpop(30)
        finally:
            signal.signal(signal.SIGUSR1, before)
        assert seen[-1].name == "blpop"
        assert seen[-1].error is caught.value
        assert one.name.hget() == "x"
        database.close()

    def test_threads(self, one_server):
        database = RedisDatabase(port=one_server.port)

        Thing = things(database)  # noqa: N806 - a class
        seen = Counter()

        def work():
            for _ in range(50):
                Thing(name="x")

        Thing(name="x")
        threads = [threading.Thread(target=work) for _ in range(4)]
        with database.on_request(lambda event: seen.update([(threading.current_thread(), event.name)])):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert seen == {(thread, "create"): 50 for thread in threads}
        database.close()

    async def test_tasks(self, one_server):
        database, seen = AsyncRedisDatabase(port=one_server.port), Counter()

        Thing = things(database)  # noqa: N806 - a class
        await Thing.create(name="x")

        async def work():
            for _ in range(20):
                await Thing.create(name="x")

        with database.on_request(lambda event: seen.update([(asyncio.current_task(), event.name)])):
            tasks = [asyncio.create_task(work()) for _ in range(5)]
            await asyncio.gather(*tasks)
        assert seen == {(task, "create"): 20 for task in tasks}
        await database.close()

    def test_children(self, one_server):
        database = RedisDatabase(port=one_server.port)

        Thing = things(database)  # noqa: N806 - a class
        one, seen = Thing(name="x"), []
        with database.on_request(seen.append):
            one.name.hget()
            child = os.fork()
            if child == 0:
                try:
                    one.name.hget()
                    os._exit(len(seen))
                finally:
                    os._exit(99)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2
            one.name.hget()
        assert [event.name for event in seen] == ["hget", "hget"]
        database.close()
