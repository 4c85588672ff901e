"""What pipelines and transactions tell of what was done: done, not done, or unknown."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from copy import copy

import pytest

from limpyd import EqualIndex, InstanceHashField, StringField
from limpyd.exceptions import (
    DoesNotExist,
    LimpydError,
    MultipleObjectsReturned,
    NotExecuted,
    OutcomeUnknown,
    ServerError,
    StoredValueError,
    WatchError,
)
from tests.support.blocks import block
from tests.support.servers import FEW

pytestmark = pytest.mark.each_face


@pytest.fixture(params=FEW)
def server(request, servers):
    """Few servers: what is the same on all is shown on all elsewhere."""
    server = servers(request.param)
    with server.client() as client:
        client.flushall()
    return server


def declare(face):
    class Thing(face.Model):
        database = face.database
        name = StringField(indexable=True)
        count = InstanceHashField(type=int)
        total = StringField(type=int)
        shout = InstanceHashField(indexes=[EqualIndex(transform=lambda value: value.upper())])

    return Thing


@pytest.fixture
def model(face):
    return declare(face)


@pytest.fixture
async def thing(face, model):
    do = face.do
    thing = await do(model.create(name="a", count=0, total=0))
    await do(model.create(name="twin", count=1))
    await do(model.create(name="twin", count=2))
    return thing


async def in_transaction(face, kind, *calls):
    """What is raised, and the results of some calls that are collected in one of the ways."""
    pendings, raised = [], None
    try:
        if kind == "watched":
            if face.is_async:

                async def func(_):
                    pendings.extend(call() for call in calls)

            else:

                def func(_):
                    pendings.extend(call() for call in calls)

            await face.do(face.database.transaction(func))
        else:
            async with block(face, face.database.transaction()):
                pendings.extend(call() for call in calls)
    except LimpydError as error:
        raised = error
    return raised, pendings


WAYS = ["block", "watched"]


@pytest.mark.parametrize("way", WAYS)
class TestTransactions:
    """An error of the block means that nothing was done; what Python finds afterwards waits in its `Pending`."""

    @pytest.mark.parametrize(
        ("error", "lookup"),
        [
            (DoesNotExist, lambda model: model.get(name="nobody")),
            (DoesNotExist, lambda model: model.get(99)),
            (DoesNotExist, lambda model: model.get(pk=99)),
            (DoesNotExist, lambda model: model.get(shout="nobody")),
            (MultipleObjectsReturned, lambda model: model.get(name="twin")),
            (DoesNotExist, lambda model: model.collection(name="nobody").get()),
            (DoesNotExist, lambda model: model.collection(name__in=[]).get()),
            (DoesNotExist, lambda model: model.collection(name="nobody").values("count").get()),
            (DoesNotExist, lambda model: model.collection(name="nobody").instances().sort(by="name", alpha=True).get()),
            (MultipleObjectsReturned, lambda model: model.collection(name="twin").get()),
            (MultipleObjectsReturned, lambda model: model.collection().get()),
            (
                MultipleObjectsReturned,
                lambda model: model.collection(name="twin").values_list("count", flat=True).get(),
            ),
            (DoesNotExist, lambda model: model.collection().from_stored("{thing}nothing").all()),
            (DoesNotExist, lambda model: model.lazy_connect(99).name.get()),
            (DoesNotExist, lambda model: model.lazy_connect(99).count.hincrby()),
        ],
    )
    async def test_what_fails_fails_all(self, face, model, thing, way, error, lookup):
        raised, (first, failed, last) = await in_transaction(
            face, way, thing.count.hincrby, lambda: lookup(model), thing.total.incr
        )
        assert type(raised) is error
        assert raised.__notes__ == ["operation 2 of 3 in a transaction; nothing was executed"]
        assert failed.error is raised
        for other in (first, last):
            assert isinstance(other.error, NotExecuted)
        assert await face.do(thing.count.hget()) == 0
        assert await face.do(thing.total.get()) == 0

    async def test_what_is_found_is_given(self, face, model, thing, way):
        raised, pendings = await in_transaction(
            face,
            way,
            lambda: model.get(name="a"),
            lambda: model.get(thing._pk),
            lambda: model.collection(name="a").get(),
            lambda: model.collection(name="a").values("name", "count").get(),
            lambda: model.collection(name="a").values_list("name", flat=True).get(),
            lambda: model.collection(name="a").instances().get(),
            lambda: model.collection(name="a").sort(by="name", alpha=True).get(),
        )
        assert raised is None
        found = [pending.value for pending in pendings]
        assert found == [thing, thing, "1", {"name": "a", "count": 0}, "a", thing, "1"]

    async def test_a_constructor_of_nobody(self, face, model, thing, way):
        if face.is_async:
            pytest.skip("its constructor makes nothing")
        raised, (first, made) = await in_transaction(face, way, thing.count.hincrby, lambda: model(99))
        assert type(raised) is DoesNotExist
        assert isinstance(first.error, NotExecuted)
        with pytest.raises(DoesNotExist):
            made.name.get()
        assert await face.do(thing.count.hget()) == 0

    async def test_what_python_finds_waits(self, face, model, thing, way):
        face.client.hset("{thing}:hash:2", "count", "no number")
        other = await face.do(model.get(2))
        raised, (first, unreadable, rows, last) = await in_transaction(
            face,
            way,
            thing.count.hincrby,
            other.count.hget,
            lambda: model.collection(name="twin").values("count").all(),
            thing.total.incr,
        )
        assert raised is None
        assert (first.value, last.value) == (1, 1)
        for one in (unreadable, rows):
            with pytest.raises(StoredValueError) as caught:
                _ = one.value
            assert caught.value.__notes__ == [
                "the transaction was executed; this error was found in the reply of one of its operations"
            ]
        assert await face.do(thing.count.hget()) == 1

    async def test_what_a_function_raises(self, face, thing, way):
        pendings = []

        def collect():
            pendings.append(thing.count.hincrby())
            msg = "stop"
            raise ValueError(msg)

        with pytest.raises(ValueError, match="stop"):
            await in_transaction(face, way, collect)
        assert isinstance(pendings[0].error, NotExecuted)
        assert "it was not executed" in str(pendings[0].error)
        assert await face.do(thing.count.hget()) == 0


class TestExecute:
    async def test_the_list_holds_what_python_found(self, face, model, thing):
        face.client.hset("{thing}:hash:2", "count", "no number")
        other = await face.do(model.get(2))
        async with block(face, face.database.transaction()) as transaction:
            thing.count.hincrby()
            other.count.hget()
            count, unreadable = await face.do(transaction.execute())
        assert count == 1
        assert isinstance(unreadable, StoredValueError)

    async def test_a_pipeline_raises_it(self, face, model, thing):
        face.client.hset("{thing}:hash:2", "count", "no number")
        other = await face.do(model.get(2))
        with pytest.raises(StoredValueError):
            async with block(face, face.database.pipeline()):
                count = thing.count.hincrby()
                other.count.hget()
        assert count.value == 1


async def test_the_tries_of_what_watches_are_not_executed(face, thing):
    pendings = []

    def change():
        face.client.incr(thing.total._key())
        pendings.append(thing.count.hincrby())

    if face.is_async:

        async def func(transaction):
            transaction.multi()
            change()

    else:

        def func(transaction):
            transaction.multi()
            change()

    await face.refused(WatchError, lambda: face.database.transaction(func, thing.total, max_tries=3))
    assert [type(pending.error) for pending in pendings] == [NotExecuted] * 3
    assert await face.do(thing.count.hget()) == 0


async def test_what_the_server_refuses_whole_is_told_by_each(face, thing):
    face.client.execute_command("ACL", "SETUSER", "reader", "on", "nopass", "~*", "+@all", "-exec")
    database = face.Database(port=face.server.port, username="reader", password="x")
    type(thing).use_database(database)
    pendings = []

    def collect():
        pendings.append(thing.count.hincrby())

    if face.is_async:

        async def func(transaction):
            transaction.multi()
            collect()

    else:

        def func(transaction):
            transaction.multi()
            collect()

    refused = await face.refused(ServerError, lambda: database.transaction(func, thing.total))
    assert pendings[0].error is refused
    type(thing).use_database(face.database)
    await face.do(database.close())


# --- interruptions ---


class Interrupted(Exception):
    """What a signal handler raises, as those of task queues do."""


KINDS = ["pipeline", "transaction", "watched"]


def begin(face, kind, collect):
    """Collects, and executes in one of the ways; for a task or a thread of its own."""
    if kind == "watched":

        async def func(_):
            collect()

        return face.database.transaction(func if face.is_async else lambda _: collect())
    if not face.is_async:
        with getattr(face.database, kind)():
            collect()
        return None

    async def run():
        async with getattr(face.database, kind)():
            collect()

    return run()


@contextlib.contextmanager
def interrupting(after):
    """Raises an exception from a signal handler after some seconds."""

    def handler(*_):
        raise Interrupted

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, after)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


async def interrupt(face, kind, collect, after=0.2):
    """Has the end of a pipeline interrupted while it waits for its replies."""
    if face.is_async:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(begin(face, kind, collect), after)
    elif threading.current_thread() is threading.main_thread():
        with pytest.raises(Interrupted), interrupting(after):
            begin(face, kind, collect)


@pytest.mark.parametrize("kind", KINDS)
class TestInterruptions:
    async def test_after_it_was_sent(self, any_face, kind):
        thing = await any_face.do(declare(any_face).create(name="a", count=0))
        for _ in range(2):  # the first time it is sent with sources of scripts
            pendings = []

            def collect(pendings=pendings):
                pendings.extend([thing.count.hincrby(), thing.name.get()])

            await any_face.do(begin(any_face, kind, collect))
            count = await any_face.do(thing.count.hget())
            pendings.clear()
            any_face.client.execute_command("CLIENT", "PAUSE", 600, "WRITE")
            await interrupt(any_face, kind, collect)
            any_face.client.execute_command("CLIENT", "UNPAUSE")
            assert isinstance(pendings[0].error, OutcomeUnknown), pendings[0].error
            assert "may have been executed" in str(pendings[0].error)
            assert pendings[1].error is None or isinstance(pendings[1].error, OutcomeUnknown | NotExecuted)
            await asyncio.sleep(0.1)
            assert await any_face.do(thing.count.hget()) in {count, count + 1}

    async def test_what_only_reads_was_not_executed(self, any_face, kind):
        thing = await any_face.do(declare(any_face).create(name="a", count=0))
        pendings = []
        with any_face.server.frozen():
            await interrupt(any_face, kind, lambda: pendings.append(thing.name.get()))
        if pendings:  # else it waited to watch
            assert isinstance(pendings[0].error, NotExecuted)
        assert await any_face.do(thing.name.get()) == "a"

    async def test_before_it_was_sent(self, any_face, kind):
        """While a connection is opened to a server that says nothing."""
        model = declare(any_face)
        thing = await any_face.do(model.create(name="a", count=0))
        await any_face.do(any_face.database.close())
        pendings = []
        with any_face.server.frozen():
            await interrupt(any_face, kind, lambda: pendings.append(thing.count.hincrby()))
        for pending in pendings:
            assert isinstance(pending.error, NotExecuted), pending.error
        assert await any_face.do(thing.count.hget()) == 0

    async def test_while_indexes_are_asked_for(self, any_face, kind):
        model = declare(any_face)
        thing = await any_face.do(model.create(name="a", count=0))
        any_face.database._models.forget_indexes()
        pendings = []
        with any_face.server.frozen():
            await interrupt(any_face, kind, lambda: pendings.append(thing.count.hincrby()))
        for pending in pendings:
            assert isinstance(pending.error, NotExecuted), pending.error
        assert await any_face.do(thing.count.hget()) == 0


@pytest.mark.parametrize("kind", KINDS)
async def test_an_exception_while_replies_are_read_leaves_the_others_theirs(any_face, kind, monkeypatch):
    thing = await any_face.do(declare(any_face).create(name="a", count=0, total=0))
    field = type(thing).get_field("name")

    def interrupted(*_):
        raise Interrupted

    pendings = []

    def collect():
        pendings.extend([thing.count.hincrby(), thing.name.get(), thing.total.incr(), thing.name.get()])

    codec = copy(field.codec)
    codec.decode = interrupted
    monkeypatch.setattr(field, "codec", codec)
    with pytest.raises(Interrupted):
        await any_face.do(begin(any_face, kind, collect))
    assert (pendings[0].value, pendings[2].value) == (1, 1)
    for one in (pendings[1], pendings[3]):
        assert isinstance(one.error, OutcomeUnknown)
        assert "it was executed" in str(one.error)
