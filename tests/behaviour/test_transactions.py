"""Transactions: all of their operations are done, or nothing."""

from __future__ import annotations

import asyncio
import random
import threading

import pytest

from limpyd import EqualIndex, HashField, InstanceHashField, ListField, PKField, SetField, SortedSetField, StringField
from limpyd.exceptions import (
    DoesNotExist,
    InvalidValue,
    LimpydError,
    NotExecuted,
    NotInPipeline,
    UniquenessError,
    WatchError,
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


ODD = [" a b ", ":", "*", "{x}", "\0", "🐍é", "a\r\n"]


def declare(face):
    class Person(face.Model):
        database = face.database
        id = PKField()
        name = StringField(indexable=True)
        email = InstanceHashField(unique=True)
        age = InstanceHashField(type=int, indexable=True)
        visits = StringField(type=int)
        tags = SetField(indexable=True)
        queue = ListField()
        board = SortedSetField(indexable=True)
        props = HashField(indexable=True)
        shout = InstanceHashField(indexable=True, indexes=[EqualIndex(transform=lambda value: value.upper())])

    return Person


@pytest.fixture
def person(face):
    return declare(face)


@pytest.fixture
def any_person(any_face):
    return declare(any_face)


class TestAllOrNothing:
    async def test_all_is_done(self, face, person):
        do = face.do
        ada = await do(person.create(id="ada", name="Ada", email="a@x"))
        async with block(face, face.database.transaction()) as transaction:
            before = ada.name.get()
            ada.name.set("Eve")
            after = ada.name.get()
            ada.shout.hset("straße")
            visits = ada.visits.incr()
            found = person.collection(name="Eve", age__isnull=True).all()
            there = person.exists(email="a@x")
            page = person.collection().sort(by="age").values("name", "age")[:5]
            made = transaction.add(person.create, id="bob", name="Bob", tags=["a"])
            got = person.get_or_create(id="bob")
            results = await do(transaction.execute())
        assert len(results) == 10
        assert (before.value, after.value, visits.value, there.value) == ("Ada", "Eve", 1, True)
        assert found.value == ["ada"]
        assert page.value == [{"name": "Eve", "age": None}]
        assert got.value == (made.value, False)
        assert await do(person.collection(shout="STRASSE").all()) == ["ada"]
        assert inconsistencies(face.client, person) == []

    async def test_a_refusal_leaves_no_trace(self, face, person):
        """Whatever came before it is taken back: values, indexes, new and deleted objects, expiries."""
        do = face.do
        ada = await do(
            person.create(
                id="ada", name="Ada", email="a@x", tags=["a"], queue=["1", "2"], board={"m": 1}, props={"k": "v"}
            )
        )
        bob = await do(person.create(id="bob", email="b@x", visits=1, shout="x"))
        await do(bob.visits.expire(1000))
        writes = [
            lambda: ada.name.set("Eve"),
            lambda: ada.name.delete(),
            lambda: ada.tags.sadd("b"),
            lambda: ada.tags.spop(),
            lambda: ada.queue.lpop(),
            lambda: ada.queue.rpush("3"),
            lambda: ada.queue.lrem(1, "2"),
            lambda: ada.board.zincrby(2, "m"),
            lambda: ada.props.hset("k", "w"),
            lambda: ada.props.delete(),
            lambda: bob.visits.set(4),
            lambda: bob.visits.persist(),
            lambda: bob.shout.hset("y"),
            lambda: person.create(id="cid", name="Cid", tags=["a"]),
            lambda: person.get_or_create(id="dan", defaults={"age": 3}),
            lambda: bob.delete(),
        ]
        refusals = [
            (UniquenessError, lambda: ada.email.hset("c@x")),
            (UniquenessError, lambda: person.create(id="ada")),
            (DoesNotExist, lambda: person.lazy_connect("nobody").name.set("x")),
        ]
        await do(person.create(id="eve", email="c@x"))
        for error, refusal in refusals:
            before = state(face.client)
            for write in writes:
                with pytest.raises(error) as caught:
                    async with block(face, face.database.transaction()):
                        first = write()
                        refused = refusal()
                        ada.age.hset(9)
                assert "operation 2 of 3 in a transaction" in caught.value.__notes__[0]
                assert state(face.client) == before
                if write is not writes[13] or face.is_async:
                    with pytest.raises(NotExecuted, match="operation 2 was refused"):
                        _ = first.value
                if face.is_async or error is not UniquenessError:
                    with pytest.raises(error):
                        _ = refused.value
        assert await do(bob.visits.ttl()) > 900
        assert inconsistencies(face.client, person) == []

    async def test_an_object_is_replaced(self, face, person):
        old = await face.do(person.create(id="ada", name="Ada", email="a@x", tags=["a"]))
        async with block(face, face.database.transaction()) as transaction:
            old.delete()
            gone = person.collection(tags="a").count()
            transaction.add(person.create, id="ada", name="Eve", email="a@x")
        assert gone.value == 0
        assert await face.do(old.name.get()) == "Eve"
        assert inconsistencies(face.client, person) == []

    async def test_errors_of_the_server(self, face, person):
        ada = await face.do(person.create(id="ada", name="x"))
        face.client.rpush("{person}:field:tags:ada", "no set")
        before = state(face.client)
        for wrong in (
            ada.tags.smembers,
            lambda: ada.tags.sadd("a"),
            lambda: person.collection(name="x").values("tags").all(),
        ):
            with pytest.raises(LimpydError) as caught:
                async with block(face, face.database.transaction()):
                    ada.age.hset(1)
                    wrong()
            assert "operation 2 of 2" in caught.value.__notes__[0]
            assert state(face.client) == before
        with pytest.raises(WrongTypeError):
            async with block(face, face.database.transaction()):
                ada.tags.smembers()

    async def test_odd_text(self, face, person):
        async with block(face, face.database.transaction()) as transaction:
            for text in ODD:
                transaction.add(person.create, id=text, name=text, email=text, props={text: text})
            found = [person.collection(name=text).all() for text in ODD]
        assert [one.value for one in found] == [[text] for text in ODD]
        assert inconsistencies(face.client, person) == []

    async def test_many(self, face, person):
        async with block(face, face.database.transaction()) as transaction:
            for number in range(1100):
                transaction.add(person.create, id=number, name="x", tags=["a" * 100])
        assert await face.do(person.collection(name="x").count()) == 1100
        before = state(face.client)
        with pytest.raises(UniquenessError):
            async with block(face, face.database.transaction()) as transaction:
                for number in range(1100):
                    transaction.add(person.lazy_connect(number).delete)
                for number in range(1101):
                    transaction.add(person.create, id=number % 1100, name="y")
        assert state(face.client) == before

    async def test_objects_without_a_primary_key(self, face):
        class Note(face.Model):
            database = face.database
            text = StringField(indexable=True)
            tags = SetField()

        empty, other = await face.do(Note.create()), await face.do(Note.create())
        async with block(face, face.database.transaction()):
            removed = empty.tags.srem("a")  # which makes no object
            other.text.set("x")
        assert removed.value == 0
        assert empty._pk is None
        assert await face.do(other.pk.get()) == "1"
        assert await face.do(Note.collection().all()) == ["1"]
        assert inconsistencies(face.client, Note) == []

    async def test_nothing_is_done_if_the_block_raises(self, any_face, any_person):
        with pytest.raises(ValueError, match="stop"):
            async with block(any_face, any_face.database.transaction()) as transaction:
                transaction.add(any_person.create, id="ada")
                fail()
        assert any_face.keys() == set()

    async def test_what_cannot_be_in_one(self, any_face, any_person):
        async with block(any_face, any_face.database.transaction()) as transaction:
            for call in (
                any_person.collection().store,
                any_person.collection().explain,
                any_person.collection().delete,
            ):
                with pytest.raises(NotInPipeline):
                    call()
            assert len(transaction) == 0


class TestRoundTrips:
    async def test_a_transaction_is_one_request(self, any_face, any_person):
        ada = await any_face.do(any_person.create(id="ada"))
        for _ in range(2):  # the first one brings the script
            with any_face.sent() as sent:
                async with block(any_face, any_face.database.transaction()):
                    ada.name.set("x")
                    ada.tags.sadd("a")
                    ada.name.get()
                    any_person.collection(tags="a").all()
        assert sent.names == ["EVALSHA"]

    async def test_what_only_reads(self, any_face, any_person):
        ada = await any_face.do(any_person.create(id="ada", name="Ada"))
        async with block(any_face, any_face.database.transaction()):
            name, there = ada.name.get(), any_person.exists("ada")
        assert (name.value, there.value) == ("Ada", True)

    async def test_watching_takes_two(self, any_face, any_person):
        ada = await any_face.do(any_person.create(id="ada", visits=1))
        for _ in range(2):
            with any_face.sent() as sent:
                await any_face.do(any_face.database.transaction(counting(any_face, ada), ada.visits))
        assert sent.names == ["WATCH", "SCRIPT", "GET", "MULTI", "EVALSHA", "EXEC"]


def counting(face, ada, in_between=None):
    """A function for `transaction` that counts a visit."""

    def count(transaction):
        before = ada.visits.get()
        if in_between is not None:
            in_between()
        transaction.multi()
        ada.visits.set(before + 1)
        return before

    async def count_async(transaction):
        before = await ada.visits.get()
        if in_between is not None:
            in_between()
        transaction.multi()
        ada.visits.set(before + 1)
        return before

    return count_async if face.is_async else count


class TestWatching:
    async def test_it_is_done_if_nothing_changed(self, face, person):
        ada = await face.do(person.create(id="ada", visits=1))
        transaction = face.database.transaction
        assert await face.do(transaction(counting(face, ada), ada.visits)) == [True]
        assert await face.do(transaction(counting(face, ada), ada.visits.key, value_from_callable=True)) == 2
        assert await face.do(ada.visits.get()) == 3

    async def test_it_is_tried_again(self, face, person):
        ada = await face.do(person.create(id="ada", visits=1))
        changes = iter([10, 20])

        def change():
            value = next(changes, None)
            if value is not None:
                face.client.set(ada.visits.key, value)

        await face.do(face.database.transaction(counting(face, ada, change), ada.visits))
        assert await face.do(ada.visits.get()) == 21

    async def test_tries_are_bounded(self, any_face, any_person):
        ada = await any_face.do(any_person.create(id="ada", visits=1))
        tries = []

        def change():
            tries.append(1)
            any_face.client.set(ada.visits.key, len(tries) * 10)

        call = counting(any_face, ada, change)
        await any_face.refused(
            WatchError,
            lambda: any_face.database.transaction(call, ada.visits, max_tries=3),
            match="in each of 3 tries",
        )
        assert len(tries) == 3
        assert await any_face.do(ada.visits.get()) == 30
        transaction = any_face.database.transaction
        await any_face.refused(InvalidValue, lambda: transaction(call, ada.visits, max_tries=0))
        await any_face.refused(InvalidValue, lambda: transaction(call, ada), match="watches keys and fields")
        await any_face.refused(InvalidValue, lambda: transaction(call, 3))

    async def test_refusals_and_errors_leave_nothing(self, any_face, any_person):
        face = any_face
        ada = await face.do(any_person.create(id="ada", email="a@x"))
        bob = await face.do(any_person.create(id="bob", email="b@x"))

        def body(transaction):
            transaction.multi()
            bob.name.set("Bob")
            bob.email.hset("a@x")

        async def body_async(transaction):
            body(transaction)

        def failing(transaction):
            transaction.multi()
            bob.name.set("Bob")
            fail()

        async def failing_async(transaction):
            failing(transaction)

        before = state(face.client)
        transaction = face.database.transaction
        await face.refused(UniquenessError, lambda: transaction(body_async if face.is_async else body, ada.email))
        await face.refused(ValueError, lambda: transaction(failing_async if face.is_async else failing, ada.email))
        assert state(face.client) == before
        assert await face.do(bob.name.get()) is None

    async def test_values_that_only_python_can_index(self, any_face, any_person):
        ada = await any_face.do(any_person.create(id="ada"))

        def body(_transaction):
            ada.shout.hset("straße")

        async def body_async(transaction):
            body(transaction)

        call = body_async if any_face.is_async else body
        assert await any_face.do(any_face.database.transaction(call)) == [True]
        assert await any_face.do(any_person.collection(shout="STRASSE").all()) == ["ada"]

    async def test_waits_get_longer(self, any_face, any_person, monkeypatch):
        """Long enough altogether for hundreds at once, each of whom needs some milliseconds."""
        face = any_face
        ada = await face.do(any_person.create(id="ada", visits=0))
        waits = []
        monkeypatch.setattr(random, "uniform", lambda _, longest: waits.append(longest) or 0)

        def change(transaction):
            face.client.incr("{person}:field:visits:ada")
            transaction.multi()
            ada.visits.incr()

        async def change_async(transaction):
            change(transaction)

        call = change_async if face.is_async else change
        await face.refused(WatchError, lambda: face.database.transaction(call, ada.visits))
        assert len(waits) == 30
        assert waits == sorted(waits)
        assert 5 < sum(waits) / 2 < 15

    async def test_several_at_once(self, any_face, any_person):
        face = any_face
        ada = await face.do(any_person.create(id="ada", visits=0))

        async def work():
            for _ in range(10):
                await face.do(face.database.transaction(counting(face, ada), ada.visits, max_tries=1000))

        if face.is_async:
            await asyncio.gather(*(work() for _ in range(4)))
        else:
            threads = [threading.Thread(target=lambda: asyncio.run(work())) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert await face.do(ada.visits.get()) == 40
