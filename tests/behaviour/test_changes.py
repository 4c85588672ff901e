"""Feeds of changes: what is recorded, in the step that changes it, and how it is read."""

import asyncio
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest

from limpyd import (
    BulkError,
    ChangeFeed,
    DeadlineField,
    DynamicInstanceHashField,
    DynamicSetField,
    FKInstanceHashField,
    InstanceHashField,
    LimpydError,
    ListField,
    PKField,
    SetField,
    StringField,
    VersionField,
)
from limpyd.exceptions import (
    ChangesLost,
    DeclarationError,
    InvalidValue,
    StoredValueError,
    UnsupportedCommand,
    WrongTypeError,
)
from tests.support.random_changes import ODD


@pytest.fixture
def models(any_face):
    class Customer(any_face.Model):
        database = any_face.database
        name = InstanceHashField(unique=True)

    class Order(any_face.Model):
        database = any_face.database
        changes = ChangeFeed()
        status = InstanceHashField(indexable=True)
        note = InstanceHashField()
        code = InstanceHashField(unique=True)
        tags = SetField(indexable=True)
        lines = ListField()
        text = StringField()
        price = DynamicInstanceHashField()
        customer = FKInstanceHashField(Customer, on_delete="cascade")
        version = VersionField()

    return SimpleNamespace(Customer=Customer, Order=Order)


def facts(change):
    return change.kind, change.pk, change.fields, change.version


async def told(face, model, after="0"):
    return [facts(change) for change in await face.all(model.changes(after))]


class Since:
    """Tells what is new each time."""

    def __init__(self, face, model):
        self.face, self.reader = face, model.changes("0")

    async def __call__(self):
        return [facts(change) for change in await self.face.all(self.reader)]


class TestWrites:
    async def test_of_single_objects(self, any_face, models):
        do, new = any_face.do, Since(any_face, models.Order)
        order = await do(models.Order.create(status="new", tags=["a"]))
        assert await new() == [("created", "1", ("status", "tags"), 1)]
        await do(order.status.hset("paid"))
        await do(order.note.hset("x"))
        await do(order.text.append("x"))
        await do(order.lines.rpush(1, 2))
        await do(order.price("é.:").hset(3))
        fields = [("status",), ("note",), ("text",), ("lines",), (order.price("é.:").name,)]
        assert await new() == [("changed", "1", names, 1) for names in fields]
        await do(order.update(status="sent", lines=[1], text="q"))
        assert await new() == [("changed", "1", ("status", "lines", "text"), 2)]
        await do(order.delete())
        assert await new() == [("deleted", "1", (), None)]

    async def test_what_changes_nothing_is_no_change(self, any_face, models):
        do = any_face.do
        order = await do(models.Order.create(status="new", tags=["a"], code="1"))
        other = await do(models.Order.create(code="2"))
        new = Since(any_face, models.Order)
        await new()
        await do(order.tags.sadd("a"))
        await do(order.tags.srem("b"))
        await do(order.note.hdel())
        await do(order.text.delete())
        await do(order.lines.lpop())
        await do(order.text.set("x", xx=True))
        for refused in (
            lambda: order.code.hset("2"),
            lambda: order.update(status="x", code="2"),
            lambda: order.update(status="x", if_version=7),
            lambda: models.Order.create(code="2"),
            lambda: order.lines.lset(5, "x"),
            lambda: models.Order.create(customer="9"),
        ):
            await any_face.refused(LimpydError, refused)
        assert await new() == []
        await do(other.delete())
        await any_face.refused(LimpydError, lambda: other.note.hset("x"))
        assert await new() == [("deleted", "2", (), None)]

    async def test_of_many_objects(self, any_face, models):
        do, new, orders = any_face.do, Since(any_face, models.Order), models.Order
        await do(orders.bulk_create([{"status": "new", "code": str(number)} for number in range(3)]))
        assert await new() == [("created", pk, ("status", "code"), 1) for pk in "123"]
        await any_face.refused(BulkError, lambda: orders.bulk_create([{"code": "8"}, {"code": "1"}, {"code": "9"}]))
        assert [change[0] for change in await new()] == ["created"]
        await do(orders.collection(status="new").update(status="old"))
        assert sorted(await new()) == [("changed", pk, ("status",), 2) for pk in "123"]
        await do(orders.bulk_update([{"pk": "1", "note": "x"}, {"pk": "2", "note": "y"}]))
        assert await new() == [("changed", pk, ("note",), 3) for pk in "12"]
        await do(orders.collection(status="old").delete())
        assert sorted(await new()) == [("deleted", pk, (), None) for pk in "123"]

    async def test_a_transaction_tells_each_object_once(self, any_face, models):
        do, orders = any_face.do, models.Order
        order, gone = await do(orders.create(code="1")), await do(orders.create(code="2"))
        new = Since(any_face, orders)
        await new()
        await self._transaction(
            any_face,
            lambda: order.status.hset("x"),
            lambda: order.tags.sadd("y"),
            lambda: orders.create(status="z"),
            lambda: gone.note.hset("q"),
            lambda: gone.delete(),
        )
        assert await new() == [
            ("changed", "1", ("status", "tags"), 1),
            ("created", "3", ("status",), 1),
            ("deleted", "2", (), None),
        ]
        with pytest.raises(LimpydError):
            await self._transaction(any_face, lambda: order.status.hset("y"), lambda: orders.create(code="1"))
        assert await new() == []

    async def test_what_a_transaction_creates_and_deletes_has_no_entry(self, any_face):
        class Page(any_face.Model):
            database = any_face.database
            name = PKField()
            changes = ChangeFeed()
            title = InstanceHashField()
            text = StringField()
            tags = SetField(indexable=True)
            part = DynamicSetField()

        page, new = Page.lazy_connect("a"), Since(any_face, Page)
        steps = {
            "create": lambda: Page.create(name="a", title="x", text="x", tags=["x"]),
            "write": lambda: page.part("x").sadd("x"),
            "delete": lambda: page.delete(),
        }

        async def told(*names):
            await self._transaction(any_face, *(steps[name] for name in names))
            return [change[0] for change in await new()]

        assert await told("create", "write", "delete") == []
        assert await told("create", "delete", "create", "delete") == []
        assert await told("create", "delete", "create") == ["created"]
        assert await told("write", "delete", "create", "write", "delete") == ["deleted"]
        await self._transaction(any_face, steps["create"])
        await new()
        await self._transaction(any_face, steps["write"], steps["delete"], steps["create"])
        assert await new() == [("deleted", "a", (), None), ("created", "a", ("title", "text", "tags"), None)]

    async def _transaction(self, face, *calls):
        if face.is_async:
            async with face.database.transaction():
                for call in calls:
                    call()
        else:
            with face.database.transaction():
                for call in calls:
                    call()

    async def test_of_those_who_refer(self, any_face, models):
        """The model that is deleted from has no feed."""
        do = any_face.do
        customer = await do(models.Customer.create(name="a"))
        await do(models.Order.create(customer=customer))
        new = Since(any_face, models.Order)
        await new()
        await do(customer.delete())
        assert await new() == [("deleted", "1", (), None)]
        assert any_face.client.exists("{customer}:changes") == 0

    async def test_only_some_fields(self, any_face):
        class Order(any_face.Model):
            database = any_face.database
            changes = ChangeFeed(["status"], max_length=10)
            status = InstanceHashField()
            queue = ListField()

        do, new = any_face.do, Since(any_face, Order)
        order = await do(Order.create(status="x", queue=["1"]))
        await do(order.queue.lpush("2"))
        await do(order.status.hset("y"))
        await do(order.delete())
        assert await new() == [
            ("created", "1", ("status",), None),
            ("changed", "1", ("status",), None),
            ("deleted", "1", (), None),
        ]
        other = await do(Order.create(queue=["1"]))
        assert await do(other.queue.blpop()) == "1"  # not recorded, so it may wait

    async def test_expiries_are_no_changes(self, any_face, models):
        do, new = any_face.do, Since(any_face, models.Order)
        order = await do(models.Order.create(text="x"))
        await do(order.text.expire(100))
        await do(order.text.persist())
        assert [change[0] for change in await new()] == ["created"]
        await do(order.text.expire(0))
        assert await new() == [("changed", "1", ("text",), 1)]

    async def test_what_waits_is_refused(self, any_face, models):
        order = await any_face.do(models.Order.create(lines=["1"]))
        error = await any_face.refused(UnsupportedCommand, lambda: order.lines.blpop())
        assert "Order.lines is recorded by Order.changes, and BLPOP cannot add to a feed" in str(error)

    async def test_expired_objects(self, any_face):
        class Session(any_face.Model):
            database = any_face.database
            changes = ChangeFeed()
            user = InstanceHashField(indexable=True)
            data = StringField()
            deadline = DeadlineField(ttl=timedelta(hours=1))

        do, new = any_face.do, Since(any_face, Session)
        session = await do(Session.create(user=1, data="x"))
        await self._transaction(any_face, lambda: session.user.hset(2), lambda: session.data.set("y"))
        await do(session.deadline.touch())
        await do(session.deadline.expire(0))
        assert await new() == [
            ("created", "1", ("user", "deadline", "data"), None),
            ("changed", "1", ("user", "data"), None),
            ("changed", "1", ("deadline",), None),
            ("changed", "1", ("deadline",), None),
        ]
        await any_face.refused(LimpydError, lambda: session.user.hset(2))
        await do(Session.sweep())
        assert await new() == [("expired", "1", (), None)]

    @pytest.mark.parametrize("odd", [*ODD, "x" * 5000])
    async def test_odd_text(self, any_face, odd):
        class Thing(any_face.Model):
            database = any_face.database
            key = PKField()
            changes = ChangeFeed()
            text = StringField()
            part = DynamicSetField()

        thing = await any_face.do(Thing.create(key=odd, text=odd))
        names = [("text",)]
        if odd and "\0" not in odd:
            await any_face.do(thing.part(odd).sadd(odd))
            names.append((thing.part(odd).name,))
        found = await any_face.all(Thing.changes())
        assert [(change.pk, change.fields) for change in found] == [(odd, one) for one in names]

    async def test_a_stream_of_another_type(self, any_face, models):
        any_face.client.set("{order}:changes", "x")
        error = await any_face.refused(LimpydError, lambda: models.Order.create(status="x"))
        assert "{order}:changes" in str(error)
        assert any_face.client.exists("{order}:pks") == 0
        assert not (await any_face.do(models.Order.check(repair=True))).ok
        await any_face.refused(WrongTypeError, lambda: models.Order.changes.delete_group("g"), match="{order}:changes")
        assert (await any_face.do(models.Order.check(repair=["mistyped"]))).ok
        await any_face.do(models.Order.create(status="x"))

    async def test_a_stream_of_another_type_of_those_who_refer(self, any_face, models):
        customer = await any_face.do(models.Customer.create(name="a"))
        order = await any_face.do(models.Order.create(customer=customer))
        any_face.client.set("{order}:changes", "x")
        error = await any_face.refused(LimpydError, customer.delete)
        assert "{order}:changes" in str(error)
        assert [await any_face.do(one.pk.exists()) for one in (order, customer)] == [True, True]

    async def test_a_hash_of_another_type_has_no_version(self, any_face, models):
        """A write to another key is done, so it is no error."""
        order = await any_face.do(models.Order.create(status="x"))
        any_face.client.delete("{order}:hash:1")
        any_face.client.set("{order}:hash:1", "x")
        assert await any_face.do(order.lines.rpush("a")) == 1
        assert (await told(any_face, models.Order))[-1] == ("changed", "1", ("lines",), None)

    async def test_the_length_is_bounded(self, any_face):
        class Thing(any_face.Model):
            database = any_face.database
            changes = ChangeFeed(max_length=100)
            text = InstanceHashField()

        await any_face.do(Thing.bulk_create([{"text": "x"}] * 1000))
        assert 100 <= any_face.client.xlen("{thing}:changes") <= 300


class TestReading:
    async def test_positions(self, any_face, models):
        do, orders = any_face.do, models.Order
        assert await told(any_face, orders) == []
        order = await do(orders.create(status="x"))
        await do(order.status.hset("y"))
        first, second = await any_face.all(orders.changes(count=1))
        assert (first.id, first.partition, first.kind) < (second.id, second.partition, second.kind)
        assert await any_face.all(orders.changes(first.id)) == [second]
        reader = orders.changes("$")
        assert await any_face.all(reader) == []
        await do(order.status.hset("z"))
        (third,) = await any_face.all(reader)
        assert reader.position == third.id
        assert abs(third.time.timestamp() - time.time()) < 60
        assert await any_face.all(orders.changes(reader.position)) == []

    async def test_waiting(self, any_face, models):
        do, orders = any_face.do, models.Order
        began = time.monotonic()
        assert await any_face.all(orders.changes(block=30)) == []
        assert time.monotonic() - began >= 0.03
        await do(orders.create(status="x"))
        assert len(await any_face.all(orders.changes(block=1))) == 1

    async def test_who_falls_behind_is_told(self, any_face, models):
        do, orders = any_face.do, models.Order
        order = await do(orders.create(status="x"))
        (first,) = await any_face.all(orders.changes())
        for status in "yz":
            await do(order.status.hset(status))
        any_face.client.xtrim("{order}:changes", maxlen=1, approximate=False)
        with pytest.raises(ChangesLost, match=f"Order.changes: the entry {first.id} was removed") as caught:
            await any_face.all(orders.changes(first.id))
        assert (caught.value.model, caught.value.last_id) == ("Order", first.id)
        assert len(await any_face.all(orders.changes())) == 1

    async def test_who_began_with_nothing_and_falls_behind_is_told(self, any_face, models):
        do, orders = any_face.do, models.Order
        early = [orders.changes(), orders.changes("$")]
        for reader in early:
            assert await any_face.all(reader) == []
            assert reader.position == "0-0"
        await do(orders.bulk_create([{"status": "x"}] * 3))
        whole = [orders.changes(early[0].position), early[1]]
        assert [len(await any_face.all(reader)) for reader in whole] == [3, 3]
        any_face.client.xtrim("{order}:changes", maxlen=1, approximate=False)
        with pytest.raises(ChangesLost, match="the first entries were removed"):
            await any_face.all(early[0])
        assert len(await any_face.all(orders.changes())) == 1

    async def test_what_others_add_is_named(self, any_face, models):
        any_face.client.xadd("{order}:changes", {"a": "b"})
        with pytest.raises(StoredValueError, match="another program has added it"):
            await any_face.all(models.Order.changes())

    @pytest.mark.parametrize("last_id", ["", "x", "1-2-3", "1,2", None, 5, f"1-{2**64}", f"{2**64}", "\u0661-\u0660"])
    def test_wrong_positions(self, models, last_id):
        with pytest.raises(InvalidValue, match=r"Order\.changes: last_id"):
            models.Order.changes(last_id)

    def test_wrong_arguments(self, models):
        for wrong in ({"count": 0}, {"block": -1}, {"group": ""}, {"group": "g", "consumer": ""}):
            with pytest.raises(InvalidValue, match=r"Order\.changes"):
                models.Order.changes(**wrong)
        with pytest.raises(InvalidValue, match="a group knows what it has read"):
            models.Order.changes("1-1", group="g")


class TestGroups:
    async def _take(self, face, reader, count=None):
        found = []
        if face.is_async:
            async for change in reader:
                found.append(change.id)
                if len(found) == count:
                    break
        else:
            for change in reader:
                found.append(change.id)
                if len(found) == count:
                    break
        return found

    async def test_each_change_goes_to_one_worker(self, any_face, models):
        orders = models.Order
        await any_face.do(orders.bulk_create([{"status": "x"}] * 6))
        every = [change.id for change in await any_face.all(orders.changes())]
        first = await self._take(any_face, orders.changes(group="g", consumer="a", count=2), 2)
        second = await self._take(any_face, orders.changes(group="g", consumer="b", count=2))
        assert first == every[:2]
        assert second == every[2:]
        assert await self._take(any_face, orders.changes(group="g", consumer="a")) == every[1:2]  # left unacknowledged
        assert any_face.client.xpending("{order}:changes", "g")["pending"] == 0
        assert set(any_face.client.hgetall("{order}:readers:g")) == {b"wa", b"wb"}
        assert (await any_face.do(orders.check())).ok
        assert await any_face.do(orders.changes.delete_group("g")) is True
        assert await any_face.do(orders.changes.delete_group("g")) is False
        assert any_face.client.exists("{order}:readers:g") == 0

    async def test_an_object_has_one_worker_at_a_time(self, any_face, models):
        do, orders = any_face.do, models.Order
        order, other = await do(orders.create(status="x")), await do(orders.create(status="x"))
        assert len(await self._take(any_face, orders.changes(group="g", consumer="a", count=1), 1)) == 1
        await do(order.status.hset("y"))
        await do(other.status.hset("y"))
        second = orders.changes(group="g", consumer="b")
        ids = {change.id: change.pk for change in await any_face.all(orders.changes())}
        assert [ids[one] for one in await self._take(any_face, second)] == ["2", "2"]
        assert [ids[one] for one in await self._take(any_face, orders.changes(group="g", consumer="a"))] == ["1", "1"]

    async def test_a_request_looks_at_a_bounded_number_of_changes(self, any_face, models):
        do, orders = any_face.do, models.Order
        await do(orders.create(status="x"))
        first = orders.changes(group="g", consumer="a", count=1)
        assert len(await self._take(any_face, first, 1)) == 1
        pipeline = any_face.client.pipeline()
        entry = {"pk": "1", "kind": "changed"}
        for _ in range(2500):
            pipeline.xadd("{order}:changes", entry)
        pipeline.execute()
        await do(orders.create(status="x"))
        with any_face.sent() as sent:
            found = await self._take(any_face, orders.changes(group="g", consumer="b"))
        assert found == [change.id for change in await any_face.all(orders.changes()) if change.pk == "2"]
        assert [one[0] for one in sent.commands] == ["EVALSHA"] * 5  # three that take, one that finds nothing

    async def test_a_worker_that_is_gone(self, any_face, models):
        do, orders = any_face.do, models.Order
        order = await do(orders.create(status="x"))
        await do(order.status.hset("y"))
        every = [change.id for change in await any_face.all(orders.changes())]
        gone = orders.changes(group="g", consumer="a")
        assert await self._take(any_face, gone, 1) == every[:1]
        assert await self._take(any_face, orders.changes(group="g", consumer="b", min_idle_time=60_000)) == []
        await asyncio.sleep(0.002)
        assert await self._take(any_face, orders.changes(group="g", consumer="b", min_idle_time=1)) == every
        assert await do(gone.acknowledge((await any_face.all(orders.changes()))[0])) is False

    async def test_what_a_dead_worker_lost_is_told(self, any_face, models):
        do, orders = any_face.do, models.Order
        await do(orders.bulk_create([{"status": "x"}] * 3))
        every = [change.id for change in await any_face.all(orders.changes())]
        assert await self._take(any_face, orders.changes(group="g", consumer="a", count=3), 1) == every[:1]
        any_face.client.xdel("{order}:changes", every[1])
        await asyncio.sleep(0.002)
        reader = orders.changes(group="g", consumer="b", min_idle_time=1)
        with pytest.raises(ChangesLost) as caught:
            await self._take(any_face, reader)
        assert caught.value.last_id == every[1]
        assert await self._take(any_face, reader) == [every[0], every[2]]
        consumers = any_face.client.xinfo_consumers("{order}:changes", "g")
        assert [consumer["name"] for consumer in consumers] == [b"b"]

    async def test_explicit_acknowledgement(self, any_face, models):
        do, orders = any_face.do, models.Order
        await do(orders.bulk_create([{"status": "x"}] * 2))
        reader = orders.changes(group="g")
        for change in await any_face.all(orders.changes()):
            assert await do(reader.acknowledge(change)) is False  # none was given to it
        first, second = await any_face.all(orders.changes())
        assert await self._take(any_face, reader, 1) == [first.id]
        assert await do(reader.acknowledge(first)) is True
        assert await self._take(any_face, reader) == [second.id]

    async def test_new_groups_from_now_on(self, any_face, models):
        do, orders = any_face.do, models.Order
        await do(orders.create(status="x"))
        reader = orders.changes("$", group="g", block=5)
        assert await self._take(any_face, reader) == []
        await do(orders.create(status="x"))
        assert len(await self._take(any_face, reader)) == 1

    async def test_a_group_that_falls_behind_is_told_once(self, any_face, models):
        do, orders = any_face.do, models.Order
        await do(orders.bulk_create([{"status": "x"}] * 3))
        reader = orders.changes(group="g", count=1)
        assert len(await self._take(any_face, reader, 1)) == 1
        any_face.client.xtrim("{order}:changes", maxlen=1, approximate=False)
        with pytest.raises(ChangesLost):
            await self._take(any_face, reader)
        assert len(await self._take(any_face, reader)) == 1

    async def test_a_group_that_began_with_nothing_and_falls_behind_is_told_once(self, any_face, models):
        do, orders = any_face.do, models.Order
        groups = [orders.changes(group="all", count=1), orders.changes("$", group="new", count=1)]
        for reader in groups:
            assert await self._take(any_face, reader) == []
        await do(orders.bulk_create([{"status": "x"}] * 3))
        any_face.client.xtrim("{order}:changes", maxlen=2, approximate=False)
        for reader in groups:
            with pytest.raises(ChangesLost, match="the first entries were removed"):
                await self._take(any_face, reader)
            assert len(await self._take(any_face, reader, 1)) == 1
            assert len(await self._take(any_face, reader)) == 2
        assert len(await self._take(any_face, orders.changes(group="later"))) == 2

    @pytest.mark.parametrize("odd", [*ODD[:-1], "\ud800"])
    async def test_odd_names(self, any_face, odd):
        class Thing(any_face.Model):
            database = any_face.database
            key = PKField()
            changes = ChangeFeed()
            text = InstanceHashField()

        if odd == "\ud800":
            for names in ({"group": odd}, {"group": "g", "consumer": odd}):
                with pytest.raises(InvalidValue, match="cannot be sent as text"):
                    Thing.changes(**names)
            return
        thing = await any_face.do(Thing.create(key=odd, text="x"))
        await any_face.do(thing.text.hset("y"))
        for name in (odd, "x"):
            assert len(await self._take(any_face, Thing.changes(group=name, consumer=odd))) == 2
        assert any_face.client.xpending("{thing}:changes", "x")["pending"] == 0
        assert await any_face.do(Thing.changes.delete_group(odd))
        assert (await any_face.do(Thing.check())).ok


class TestDeclarations:
    def test_wrong_ones(self, any_face):
        def declare(**body):
            return type("Thing", (any_face.Model,), {"database": any_face.database, **body})

        for wrong in ({"fields": "status"}, {"fields": []}, {"max_length": 0}, {"max_length": True}):
            with pytest.raises(DeclarationError, match="ChangeFeed"):
                ChangeFeed(**wrong)
        with pytest.raises(DeclarationError, match=r"Thing\.changes: Thing has no field 'titel'; did you mean 'title'"):
            declare(title=InstanceHashField(), changes=ChangeFeed(["titel"]))
        with pytest.raises(DeclarationError, match="two feeds of changes: changes and log"):
            declare(changes=ChangeFeed(), log=ChangeFeed())
        with pytest.raises(DeclarationError, match="cannot have this name"):
            declare(collection=ChangeFeed())

    async def test_inherited_ones(self, any_face):
        class Base(any_face.Model):
            abstract = True
            database = any_face.database
            changes = ChangeFeed()

        class Thing(Base):
            text = InstanceHashField()

        class Quiet(Base):
            changes = None
            text = InstanceHashField()

        for model in (Thing, Quiet):
            await any_face.do(model.create(text="x"))
        assert await told(any_face, Thing) == [("created", "1", ("text",), None)]
        assert any_face.client.exists("{quiet}:changes") == 0

    async def test_other_code_does_not_know_of_it(self, any_face, models):
        """An older process, or one that declares no feed, writes without entries, and finds nothing strange."""
        own = any_face.Database(port=any_face.server.port)
        body = {"database": own, "status": InstanceHashField(indexable=True), "__module__": __name__}
        old = type("Order", (any_face.Model,), body)
        await any_face.do(models.Order.create(status="x"))
        assert len(await any_face.all(models.Order.changes(group="g"))) == 1
        await any_face.do(old.lazy_connect("1").status.hset("y"))
        assert len(await told(any_face, models.Order)) == 1
        report = await any_face.do(old.check())
        assert [finding.kind for finding in report if ":changes" in finding.key or ":readers" in finding.key] == []
        await any_face.do(own.close())

    async def test_other_models_run_the_same_scripts(self, any_face, models):
        class Plain(any_face.Model):
            database = any_face.database
            text = InstanceHashField(indexable=True)

        one = await any_face.do(Plain.create(text="x"))
        with any_face.sent() as sent:
            await any_face.do(one.text.hset("y"))
        assert not any("changes=" in argument for command in sent.commands for argument in command)


class TestRequests:
    async def test_writes_take_one(self, any_face, models):
        do, orders = any_face.do, models.Order
        order = await do(orders.create(status="x"))
        for call in (
            lambda: order.status.hset("y"),
            lambda: order.note.hset("y"),
            lambda: order.update(status="z", note="q"),
            lambda: orders.create(status="q"),
            lambda: orders.bulk_create([{"status": "x"}] * 3),
            lambda: order.delete(),
        ):
            await do(order.lines.rpush("1"))
            with any_face.sent() as sent:
                await do(call())
            assert len([one for one in sent.commands if one[0].startswith("EVAL")]) <= 2  # an unknown script twice
            assert all(one[0].startswith("EVAL") for one in sent.commands)

    async def test_reading(self, any_face, models):
        orders = models.Order
        await any_face.do(orders.bulk_create([{"status": "x"}] * 5))
        await any_face.all(orders.changes(group="g"))
        with any_face.sent() as sent:
            assert len(await any_face.all(orders.changes(count=10))) == 5
        assert [one[0] for one in sent.commands] == ["XRANGE"] * 2
        with any_face.sent() as sent:
            assert await any_face.all(orders.changes("$", block=1)) == []
        assert [one[0] for one in sent.commands] == ["XREVRANGE", "XRANGE", "XREAD"]
        await any_face.do(orders.bulk_create([{"status": "x"}] * 5))
        with any_face.sent() as sent:
            assert len(await any_face.all(orders.changes(group="g", count=5))) == 5
        assert [one[0] for one in sent.commands] == ["EVALSHA"] * 7  # two that take, five that acknowledge
