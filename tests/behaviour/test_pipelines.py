"""Pipelines: what is collected is sent together, and its results are there afterwards."""

from __future__ import annotations

import asyncio
import operator
import threading

import pytest

from limpyd import EqualIndex, HashField, InstanceHashField, ListField, PKField, SetField, StringField
from limpyd.exceptions import (
    DoesNotExist,
    IndexNotBuilt,
    NotExecuted,
    NotInPipeline,
    UniquenessError,
    WrongTypeError,
)
from tests.support.blocks import block, fail
from tests.support.expected_indexes import inconsistencies, state
from tests.support.servers import FEW


@pytest.fixture(params=FEW)
def server(request, servers):
    """Few servers: what is the same on all is shown on all elsewhere."""
    server = servers(request.param)
    with server.client() as client:
        client.flushall()
    return server


ODD = ["", " a b ", ":", "*", "{x}", "\0", "🐍é", "a\r\n"]


def declare(face):
    class Person(face.Model):
        database = face.database
        name = StringField(indexable=True)
        email = InstanceHashField(unique=True)
        age = InstanceHashField(type=int, indexable=True)
        tags = SetField(indexable=True)
        queue = ListField()
        shout = InstanceHashField(indexable=True, indexes=[EqualIndex(transform=lambda value: value.upper())])

    return Person


@pytest.fixture
def person(face):
    return declare(face)


@pytest.fixture
def any_person(any_face):
    return declare(any_face)


class TestResults:
    async def test_all_kinds_of_operations(self, face, person):
        do = face.do
        ada = await do(person.create(name="Ada", email="a@x", age=36))
        bob = await do(person.create(name="Bob", email="b@x", age=40))
        async with block(face, face.database.pipeline()) as pipe:
            name = ada.name.get()
            written = ada.name.set("Ada L")
            added = ada.tags.sadd("x", "y")
            everyone = person.collection().sort(by="age").all()
            count = person.collection(age__gte=30).count()
            at_least_one = person.collection(tags="x").exists()
            page = person.collection().sort(by="age")[:1]
            total = person.collection().sum("age")
            found = person.get(email="b@x")
            gone = bob.delete()
            there = person.exists(email="b@x")
            made = pipe.add(person.create, name="Cid", email="c@x")
            kept = person.get_or_create(email="d@x", defaults={"age": 3})
        assert name.value == "Ada"
        assert written.value is True
        assert added.value == 2
        assert everyone.value == ["1", "2"]
        assert count.value == 2
        assert at_least_one.value is True
        assert page.value == ["1"]
        assert total.value == 76
        assert found.value == bob
        assert gone.value is None
        assert there.value is False
        assert await do(made.value.name.get()) == "Cid"
        assert kept.value[1] is True
        assert await do(kept.value[0].age.get()) == 3
        assert inconsistencies(face.client, person) == []

    async def test_an_indexed_write_leaves_no_stale_entry(self, face, person):
        ada = await face.do(person.create(name="Ada"))
        async with block(face, face.database.pipeline()) as pipe:
            ada.name.set("Eve")
            ada.shout.hset("straße")  # what its index keeps only Python knows
            old = person.collection(name="Ada").all()
            new = person.collection(name="Eve").all()
            assert len(pipe) == 4
        assert old.value == []
        assert new.value == ["1"]
        assert await face.do(person.collection(shout="STRASSE").all()) == ["1"]
        assert inconsistencies(face.client, person) == []

    async def test_execute_gives_a_list(self, face, person):
        ada = await face.do(person.create(name="Ada"))
        async with block(face, face.database.pipeline()) as pipe:
            first = ada.name.get()
            ada.age.hset(3)
            assert await face.do(pipe.execute()) == ["Ada", True]
            assert first.value == "Ada"
            later = ada.age.hget()
            assert not later.is_done
        assert later.value == 3
        assert await face.do(pipe.execute()) == []

    async def test_one_that_is_refused_does_not_stop_the_others(self, face, person):
        await face.do(person.create(email="a@x"))
        bob = await face.do(person.create(email="b@x"))
        face.client.set("{person}:field:tags:2", "no set")
        pipe = face.database.pipeline()
        with pytest.raises(UniquenessError):
            async with block(face, pipe):
                before = bob.name.set("Bob")
                refused = bob.email.hset("a@x")
                wrong = bob.tags.smembers()
                after = bob.age.hset(4)
        assert before.value is True
        assert after.value is True
        with pytest.raises(UniquenessError, match="a@x"):
            _ = refused.value
        with pytest.raises(WrongTypeError, match="should be a set"):
            _ = wrong.value
        async with block(face, face.database.pipeline()) as pipe:
            bob.email.hset("a@x")
            bob.age.hget()
            error, age = await face.do(pipe.execute(raise_on_error=False))
        assert isinstance(error, UniquenessError)
        assert age == 4

    async def test_odd_text(self, face):
        class Named(face.Model):
            database = face.database
            id = PKField()
            text = StringField(indexable=True)
            parts = HashField(indexable=True)

        pks = [text for text in ODD if text]
        async with block(face, face.database.pipeline()) as pipe:
            for text in pks:
                pipe.add(Named.create, id=text, text=text, parts={text: text})
            found = [Named.collection(text=text).all() for text in pks]
            parts = [Named.lazy_connect(text).parts.hgetall() for text in pks]
        assert [one.value for one in found] == [[text] for text in pks]
        assert [one.value for one in parts] == [{text: text} for text in pks]
        assert inconsistencies(face.client, Named) == []

    async def test_many(self, face, person):
        async with block(face, face.database.pipeline()) as pipe:
            for number in range(3000):
                pipe.add(person.create, name=f"N{number}", tags=["a" * 500])
            results = await face.do(pipe.execute())
        assert len(results) == 3000
        assert await face.do(person.collection(tags="a" * 500).count()) == 3000

    async def test_scripts_that_the_server_forgot(self, face, person):
        ada = await face.do(person.create(name="Ada"))
        await face.do(ada.name.set("x"))
        face.client.script_flush()
        async with block(face, face.database.pipeline()):
            one, two = ada.name.set("y"), ada.tags.sadd("a")
            three = ada.name.get()
        assert (one.value, two.value, three.value) == (True, 1, "y")

    @pytest.mark.parametrize("atomic", [False, True])
    async def test_reads_send_no_sources_but_to_a_server_that_does_not_know_them(self, face, person, atomic):
        for number in range(5):
            await face.do(person.create(name="Ada" if number % 2 else "Bob", age=number))
        adas = person.collection(name="Ada", age__gte=1)

        async def views():
            with face.sent() as sent:
                async with block(face, face.database.pipeline(atomic)) as pipe:
                    page, count = pipe.add(adas.page, 1), pipe.add(adas.count)
            assert (page.value.items, count.value) == (["2"], 2)
            return [name for name in sent.names if name.startswith("EVAL")]

        await views()
        assert await views() == ["EVALSHA"] * 2
        face.client.script_flush()
        assert await views() == ["EVALSHA"] * 2 + ["EVAL"] * 2
        assert await views() == ["EVALSHA"] * 2

    async def test_what_writes_sends_its_sources_since_nothing_can_be_made_up_for_behind_it(self, face, person):
        ada = await face.do(person.create(name="Ada", tags=["x"]))
        for _ in range(2):
            face.client.script_flush()
            await face.do(ada.delete())
            ada = await face.do(person.create(name="Ada", tags=["x"]))  # knows some scripts, but not all
            async with block(face, face.database.pipeline()) as pipe:
                pipe.add(ada.tags.sadd, "y")
                adas = pipe.add(person.collection(tags="y").count)
                pipe.add(ada.tags.srem, "y")
                none = pipe.add(person.collection(tags="y").count)
            assert (adas.value, none.value) == (1, 0)


class TestNewObjects:
    async def test_the_primary_key_comes_with_the_execution(self, face, person):
        if face.is_async:
            pytest.skip("constructors are of the sync face")
        with face.database.pipeline() as pipe:
            ada = person(name="Ada", email="a@x")
            again = person(1)
            with pytest.raises(NotExecuted, match="when its pipeline is executed"):
                ada.pk.get()
            with pytest.raises(NotExecuted):
                ada.name.set("x")
            assert "of a pipeline" in repr(ada)
            assert pipe.execute() == [ada, again]
        assert ada.pk.get() == "1"
        assert ada == again
        with pytest.raises(UniquenessError), face.database.pipeline():
            other = person(email="a@x")
        with pytest.raises(UniquenessError):
            other.pk.get()
        with pytest.raises(DoesNotExist), face.database.pipeline():
            person(99)

    async def test_first_writes(self, face, person):
        empty = await face.do(person.create())
        async with block(face, face.database.pipeline()):
            empty.name.set("x")
            with pytest.raises(NotExecuted):
                empty.age.hset(3)
        assert await face.do(empty.pk.get()) == "1"
        assert await face.do(empty.name.get()) == "x"
        other = await face.do(person.create())
        with pytest.raises(ValueError, match="stop"):
            async with block(face, face.database.pipeline()):
                other.name.set("y")
                fail()
        assert other._pk is None
        await face.do(other.name.set("z"))
        assert await face.do(other.pk.get()) == "2"
        assert inconsistencies(face.client, person) == []


class TestRefusals:
    async def test_values_before_the_execution(self, any_face, any_person):
        ada = await any_face.do(any_person.create(name="Ada"))
        async with block(any_face, any_face.database.pipeline()):
            name = ada.name.get()
            with pytest.raises(NotExecuted, match="after the block"):
                _ = name.value
            assert await name is name  # as in a function that awaits its calls, in a block or not
            with pytest.raises(NotInPipeline, match="neither true nor false"):
                bool(name)
            for compare in (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge):
                for compared in ((name, "Ada"), ("Ada", name)):
                    with pytest.raises(NotInPipeline, match="cannot be compared with 'Ada'"):
                        compare(*compared)
            other = ada.name.get()
            assert name not in {other, -other}
            assert name in [other, name]
        assert await name == "Ada"

    async def test_nothing_is_sent_if_the_block_raises(self, any_face, any_person):
        ada = await any_face.do(any_person.create(name="Ada"))
        await any_face.do(ada.name.set("Ada"))
        before = state(any_face.client)
        with any_face.sent() as sent, pytest.raises(ValueError, match="stop"):
            async with block(any_face, any_face.database.pipeline()):
                name = ada.name.set("x")
                fail()
        assert sent.commands == []
        assert state(any_face.client) == before
        with pytest.raises(NotExecuted, match="raised an error"):
            _ = name.value

    async def test_what_cannot_be_in_one(self, any_face, any_person):
        ada = await any_face.do(any_person.create(name="Ada", tags=["a"]))
        database = any_face.database
        calls = [
            lambda: any_person.collection().delete(),
            lambda: any_person.collection().update(age=3),
            lambda: any_person.rebuild_indexes(),
            lambda: any_person.clear_indexes(),
            lambda: any_person.collection().iterate(),
            lambda: ada.tags.sscan(),
            lambda: ada.queue.blpop(timeout=1),
        ]
        if not any_face.is_async:
            calls += [
                lambda: list(any_person.collection()),
                lambda: bool(any_person.collection()),
                lambda: len(any_person.collection()),
                lambda: "1" in any_person.collection(),
                lambda: list(reversed(any_person.collection())),
                lambda: len(ada.tags),
                lambda: "a" in ada.tags,
                lambda: list(ada.tags),
                lambda: bool(ada.tags),
                lambda: ada.queue[0],
                lambda: list(database.scan_keys()),
                lambda: list(ada.scan_keys()),
                lambda: list(any_person.scan_model_keys()),
            ]
        async with block(any_face, database.pipeline()) as pipe:
            for call in calls:
                with pytest.raises(NotInPipeline):
                    call()
            for walk in (any_person.collection(), ada.tags) if any_face.is_async else ():
                with pytest.raises(NotInPipeline):
                    _ = [item async for item in walk]
            with pytest.raises(NotInPipeline, match="takes one operation"):
                pipe.add(lambda: None)
            assert len(pipe) == 0

    async def test_a_block_begins_once(self, any_face, any_person):
        ada = await any_face.do(any_person.create(name="Ada"))
        pipe = any_face.database.pipeline()
        async with block(any_face, pipe):
            pass
        with pytest.raises(NotInPipeline, match="create a new one"):
            async with block(any_face, pipe):
                pass
        with pytest.raises(NotInPipeline, match="has ended"):
            pipe.add(ada.name.get)

    async def test_without_a_block(self, any_face, any_person):
        ada = await any_face.do(any_person.create(name="Ada"))
        pipe = any_face.database.pipeline()
        name = pipe.add(ada.name.get)
        assert await any_face.do(ada.name.get()) == "Ada"
        assert await any_face.do(pipe.execute()) == ["Ada"]
        assert name.value == "Ada"

    async def test_indexes_that_are_not_built(self, any_face, any_person):
        ada = await any_face.do(any_person.create(name="Ada"))
        await any_face.do(any_person.clear_indexes())
        with pytest.raises(IndexNotBuilt):
            async with block(any_face, any_face.database.pipeline()):
                refused = any_person.collection(name="Ada").all()
                name = ada.name.get()
        assert name.value == "Ada"
        with pytest.raises(IndexNotBuilt):
            _ = refused.value


class TestWhoseItIs:
    async def test_blocks_within_blocks(self, any_face, any_person):
        ada = await any_face.do(any_person.create(name="Ada"))
        async with block(any_face, any_face.database.pipeline()):
            outer = ada.name.set("x")
            async with block(any_face, any_face.database.pipeline()):
                inner = ada.name.get()
            assert inner.value == "Ada"
            after = ada.name.get()
            assert not outer.is_done
        assert after.value == "x"

    async def test_other_databases_are_not_affected(self, any_face, any_person):
        class Other(any_face.Model):
            database = any_face.Database(port=any_face.server.port)
            name = StringField()

        async with block(any_face, any_face.database.pipeline()) as pipe:
            other = await any_face.do(Other.create(name="o"))
            assert await any_face.do(other.name.get()) == "o"
            with pytest.raises(NotInPipeline, match="takes one operation"):
                pipe.add(lambda: None if any_face.is_async else other.name.get())
        await any_face.do(Other.database.close())

    async def test_two_at_once_do_not_mix(self, any_face, any_person):
        """Limpyd 2 mixed the commands of threads."""
        face = any_face
        people = [await face.do(any_person.create(name=f"N{number}")) for number in range(8)]

        async def work(number):
            for turn in range(20):
                async with block(face, face.database.pipeline()) as pipe:
                    people[number].name.set(f"{number}.{turn}")
                    if face.is_async:
                        await asyncio.sleep(0)
                    read = people[number].name.get()
                    everything = await face.do(pipe.execute())
                assert everything == [True, f"{number}.{turn}"]
                assert read.value == f"{number}.{turn}"

        if face.is_async:
            await asyncio.gather(*(work(number) for number in range(8)))
            return
        errors = []

        def run(number):
            try:
                asyncio.run(work(number))
            except BaseException as error:  # noqa: BLE001
                errors.append(error)

        threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []

    async def test_what_is_begun_within_a_block_is_not_of_it(self, any_face, any_person):
        face = any_face
        ada = await face.do(any_person.create(name="Ada"))

        async def ask():
            return await face.do(ada.name.get())

        async with block(face, face.database.pipeline()) as pipe:
            ada.name.set("x")
            late = asyncio.create_task(ask())
            assert await asyncio.create_task(ask()) == "Ada"
            if not face.is_async:
                assert await asyncio.to_thread(ada.name.get) == "Ada"
            assert len(pipe) == 1
        assert await late in {"Ada", "x"}


class TestRoundTrips:
    async def test_a_pipeline_is_one_write(self, any_face, any_person):
        """All is sent at once: one write, one wait; with one more before it where a question comes first."""
        face = any_face
        ada = await face.do(any_person.create(name="Ada"))
        await face.do(any_person.collection(name="Ada").all())
        connection = await self.watched(face)
        async with block(face, face.database.pipeline()):
            for number in range(50):
                ada.name.set(str(number))
                ada.tags.sadd(str(number))
                ada.name.get()
            any_person.collection(name="49").all()
        assert connection.written == 1

    async def test_a_question_is_asked_once(self, any_face):
        face = any_face
        await face.do(face.database.connect())
        first, second = declare(face), None

        class Other(face.Model):
            database = face.database
            name = StringField(indexable=True)

        second = Other
        with face.sent() as sent:
            async with block(face, face.database.pipeline()) as pipe:
                for number in range(3):
                    pipe.add(first.create, name=str(number))
                    pipe.add(second.create, name=str(number))
        assert len(sent.commands) == 2 + 6
        with face.sent() as sent:
            async with block(face, face.database.pipeline()) as pipe:
                pipe.add(first.create, name="x")
        assert len(sent.commands) == 1

    @staticmethod
    async def watched(face):
        """Counts the writes to the socket of the face's connection."""

        class Counted:
            written = 0

            def __init__(self, sends):
                self._sends = sends

            def __getattr__(self, name):
                return getattr(self._sends, name)

            def sendall(self, data):
                Counted.written += 1
                return self._sends.sendall(data)

            def write(self, data):
                Counted.written += 1
                return self._sends.write(data)

        if face.is_async:
            line = face.database._driver.connections.shared()
            line._transport = Counted(line._transport)
        else:
            (line,) = face.database._access.driver.connections._idle
            line._socket = line.connection._sock = Counted(line._socket)
        return Counted
