"""Constraints that the server checks: values that only it knows, numbers of members, values that are removed."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Annotated

import annotated_types
import pytest

from limpyd import (
    DynamicInstanceHashField,
    DynamicSetField,
    FKInstanceHashField,
    GeoField,
    HashField,
    InstanceHashField,
    ListField,
    M2MSetField,
    PKField,
    RedisDatabase,
    RedisModel,
    SetField,
    SortedSetField,
    StringField,
)
from limpyd.exceptions import BulkError, ConstraintError, DeclarationError, UnknownField, UnsupportedCommand
from limpyd.fields.string import IncrBy
from tests.support.blocks import block
from tests.support.expected_indexes import inconsistencies, state
from tests.support.random_constraints import compare

LARGE = 2**62


@pytest.fixture
def model(face):
    class Item(face.Model):
        database = face.database
        name = InstanceHashField(required=True, indexable=True)
        stock = InstanceHashField(type=int, ge=0)
        sold = InstanceHashField(type=int, ge=0, le=100, indexable=True)
        large = StringField(type=int, lt=LARGE + 1)
        price = StringField(type=Annotated[Decimal, annotated_types.Interval(gt=0, le=Decimal("0.3"))])
        rate = InstanceHashField(type=float, le=0.3)
        text = StringField(type=str, min_length=1, max_length=3)
        raw = StringField(type=bytes, max_length=3)
        state = StringField(type=int, choices=[1, 2, 3])
        code = StringField(type=str, pattern="^a")
        needed = StringField(type=bytes, required=True)
        free = StringField(type=bytes)
        none = StringField(type=bytes)
        counts = HashField(type=int, ge=0, max_members=2)
        tags = SetField(type=int, ge=0, max_members=2)
        labels = SetField(type=str, required=True, indexable=True)
        queue = ListField(type=str, max_length=3, max_members=2)
        board = SortedSetField(type=str, max_length=3, max_members=2)
        places = GeoField(type=str, max_members=1)
        score = DynamicInstanceHashField(type=int, ge=0)
        groups = DynamicSetField(type=int, ge=0, max_members=2)
        numbers = SetField(type=int)
        waiting = ListField(type=str)
        ranks = SortedSetField(type=str)
        words = StringField(type=str)

    return Item


@pytest.fixture
async def item(face, model):
    do = face.do
    item = await do(
        model.create(
            name="x", stock=3, sold=3, large=LARGE - 1, price=Decimal("0.1"), rate=0.1, text="é", raw=b"ab", state=1,
            code="a", counts={"a": 1, "b": 2}, tags=[1, 2], labels=["one"], queue=["a", "b"], board={"a": 1, "b": 2},
            places={"a": (1, 2)}, numbers=[-1, 5], waiting=["long one", "c"], ranks={"long one": 1, "c": 2, "d": 3},
            needed=b"a", free=b"much", words="much too long", score_x=1, groups_y=[1, 2],
        )
    )  # fmt: skip
    await do(model.create(name="y", labels=["two"], stock=0, needed=b"a"))
    return item


REFUSED = {
    "hincrby": lambda item: item.stock.hincrby(-5),
    "hincrby of an indexed field": lambda item: item.sold.hincrby(98),
    "incrby beyond 2**53": lambda item: item.large.incrby(2),
    "incrbyfloat of a Decimal": lambda item: item.price.incrbyfloat(Decimal("0.20000000000000001")),
    "hincrbyfloat": lambda item: item.rate.hincrbyfloat(0.3),
    "hincrbyfloat to infinity": lambda item: item.rate.hincrbyfloat(1e308),
    "append of characters": lambda item: item.text.append("éée"),
    "append of bytes": lambda item: item.raw.append("é"),
    "setrange": lambda item: item.text.setrange(4, "x"),
    "setbit": lambda item: item.raw.setbit(24, 1),
    "bitfield": lambda item: item.raw.bitfield(IncrBy("u8", 24, 1)),
    "bitop": lambda item: item.raw.bitop("OR", item.free),
    "bitop that leaves nothing": lambda item: item.needed.bitop("AND", item.none),
    "a choice": lambda item: item.state.incrby(3),
    "a sub-key": lambda item: item.counts.hincrby("a", -2),
    "a new sub-key": lambda item: item.counts.hincrby("c", 1),
    "too many sub-keys": lambda item: item.counts.hset("c", 1),
    "too many members": lambda item: item.tags.sadd(3),
    "too many by union": lambda item: item.tags.sunionstore(item.tags, item.groups("y"), item.numbers),
    "a member by union": lambda item: item.tags.sunionstore(item.numbers),
    "a member by smove": lambda item: item.numbers.smove(item.tags, -1),
    "one member more by smove": lambda item: item.numbers.smove(item.tags, 5),
    "too long a list": lambda item: item.queue.rpush("c"),
    "too long a list by linsert": lambda item: item.queue.linsert("BEFORE", "a", "c"),
    "lmove": lambda item: item.waiting.lmove(item.queue),
    "sort": lambda item: item.waiting.sort_store(item.queue, alpha=True),
    "copy": lambda item: item.waiting.copy(item.queue, replace=True),
    "copy of a string": lambda item: item.words.copy(item.text, replace=True),
    "too large a board": lambda item: item.board.zadd({"c": 1}),
    "too large a board by zincrby": lambda item: item.board.zincrby(1, "c"),
    "zrangestore": lambda item: item.board.zrangestore(item.ranks, 0, -1),
    "too many places": lambda item: item.places.geoadd({"b": (1, 2)}),
    "the last member": lambda item: item.labels.srem("one"),
    "the last member by spop": lambda item: item.labels.spop(),
    "all members": lambda item: item.labels.delete(),
    "a value": lambda item: item.name.delete(),
    "a value by name": lambda item: item.hdel("stock", "name"),
    "a version": lambda item: item.score("x").hincrby(-2),
    "a version with members": lambda item: item.groups("y").sadd(3),
    "an update": lambda item: item.update(stock=1, name=None),
    "an update of members": lambda item: item.update(stock=1, labels=None),
}
"""Calls that only the server can refuse."""


async def test_the_server_refuses(face, model, item):
    """Each call by itself takes one request and changes nothing; nor does a transaction of several."""
    before = state(face.client)
    for name, call in REFUSED.items():
        with pytest.raises(ConstraintError) as caught:
            pytest.fail(f"{name}: {await face.do(call(item))}")
        error = caught.value
        assert (name, state(face.client)) == (name, before)
        assert error.model == "Item"
        with pytest.raises(ConstraintError):
            async with block(face, face.database.transaction()):
                item.stock.hset(1)
                item.words.append("!")
                call(item)
        assert (name, state(face.client)) == (name, before)
    with face.sent() as sent:
        for call in REFUSED.values():
            await face.refused(ConstraintError, lambda call=call: call(item))
    assert len(sent.commands) == len(REFUSED)
    assert inconsistencies(face.client, model) == []


async def test_an_update_of_a_collection(face, model, item):
    before = state(face.client)
    await face.refused(ConstraintError, lambda: model.collection().update(stock=5, name=None), match="required")
    await face.refused(ConstraintError, lambda: model.collection().update(stock=-1), match="ge=0")
    assert state(face.client) == before


ALLOWED = {
    "hincrby to the limit": lambda item: item.stock.hincrby(-3),
    "incrby beyond 2**53": lambda item: item.large.incrby(1),
    "incrbyfloat of a Decimal": lambda item: item.price.incrbyfloat(Decimal("0.2")),
    "hincrbyfloat": lambda item: item.rate.hincrbyfloat(0.2),
    "append of characters": lambda item: item.text.append("éé"),
    "a choice": lambda item: item.state.incrby(2),
    "members that are there": lambda item: item.tags.sadd(1, 2),
    "smove of a member that is there": lambda item: item.tags.smove(item.numbers, 2),
    "within the list": lambda item: item.queue.lmove(item.queue),
    "another of the labels": lambda item: item.labels.sadd("three"),
    "one of the labels": lambda item: item.labels.srem("one"),
    "a sub-key": lambda item: item.counts.hincrby("a", -1),
    "a version": lambda item: item.score("x").hincrby(-1),
    "an expiry": lambda item: item.words.expire(100),
    "removal of what is not required": lambda item: item.hdel("stock"),
}


async def test_the_server_allows(face, model, item):
    for call in ALLOWED.values():
        await face.do(call(item))
    assert inconsistencies(face.client, model) == []
    values = await face.do(item.values("large", "price", "rate", "text", "state", "tags", "labels", "queue", "counts"))
    assert values == {
        "large": LARGE, "price": Decimal("0.3"), "rate": pytest.approx(0.3), "text": "ééé", "state": 3, "tags": {1},
        "labels": {"three"}, "queue": ["b", "a"], "counts": {"a": 0, "b": 2},
    }  # fmt: skip


async def test_only_python_can_check(face, item):
    """What the server makes of a value with a pattern or a validator is refused at the call."""
    with face.sent() as sent:
        await face.refused(UnsupportedCommand, lambda: item.code.append("b"), match="only Python can check")
        await face.refused(UnsupportedCommand, lambda: item.words.copy(item.code, replace=True), match="COPY")
        await face.refused(UnsupportedCommand, lambda: item.code.bitop("NOT", item.code), match="BITOP")
    assert sent.commands == []
    assert await face.do(item.code.set("ab")) is True


class TestRequired:
    async def test_new_objects(self, any_face):
        class Item(any_face.Model):
            database = any_face.database
            code = PKField(pattern="^[A-Z]+$")
            name = InstanceHashField(required=True)
            labels = SetField(required=True)
            other = StringField(default="x")

        face = any_face
        with face.sent() as sent:
            for values in (
                {"name": "x"},
                {"labels": ["a"]},
                {"name": "x", "labels": []},
                {"name": None, "labels": "a"},
            ):
                await face.refused(
                    ConstraintError, lambda values=values: Item.create(code="A", **values), match="required"
                )
            await face.refused(ConstraintError, lambda: Item.create(code="a", name="x", labels=["a"]), match="pattern")
            await face.refused(UnknownField, lambda: Item.create(code="A", nmae="x"), match="did you mean 'name'")
            error = await face.refused(BulkError, lambda: Item.bulk_create([{"code": "A", "other": "x"}]))
        assert isinstance(error.__cause__, ConstraintError)
        assert sent.commands == []

    async def test_what_exists_is_found_without_them(self, any_face):
        class Person(any_face.Model):
            database = any_face.database
            email = InstanceHashField(type=str, unique=True, required=True)
            name = InstanceHashField(type=str, required=True)
            karma = InstanceHashField(type=int, ge=0)

        face, email = any_face, "a@x"
        calls = {
            "get_or_create": lambda email: Person.get_or_create(email=email, defaults={"karma": 1}),
            "get_or_connect": lambda email: Person.get_or_connect(email=email),
            "update": lambda email: Person.update_or_create(email=email, defaults={"karma": 2}),
            "no update": lambda email: Person.update_or_create(email=email),
        }
        for call in calls.values():
            error = await face.refused(ConstraintError, lambda call=call: call(email), match="no object matches")
            assert error.field == "name"
        with pytest.raises(ConstraintError):
            async with block(face, face.database.transaction()):
                Person.create(email=email, name="A")
                calls["update"]("b@x")
        assert face.client.keys() == [b"{person}:meta"]
        one = await face.do(Person.create(email=email, name="A"))
        for call in calls.values():
            with face.sent() as sent:
                found = await face.do(call(email))
            assert found in (one, (one, False))
            assert len(sent.commands) == 1
        assert await face.do(one.values("name", "karma")) == {"name": "A", "karma": 2}
        for collect in (face.database.pipeline, face.database.transaction):
            async with block(face, collect()):
                results = [call(email) for call in calls.values()]
            assert [each.value for each in results] == [(one, False), one, (one, False), (one, False)]
        await face.refused(
            ConstraintError, lambda: Person.get_or_create(email=email, defaults={"karma": -1}), match="ge=0"
        )
        complete = {"defaults": {"karma": 1}, "create_defaults": {"name": "B"}}
        assert (await face.do(Person.update_or_create(email="b@x", **complete)))[1]

    def test_the_first_write_of_an_instance(self, one_server):
        class Item(RedisModel):
            database = RedisDatabase(port=one_server.port)
            name = InstanceHashField(required=True)
            other = StringField()

        class Named(Item):
            code = PKField()

        for write in (lambda: Item().other.set("x"), lambda: Named().pk.set("A")):
            with pytest.raises(ConstraintError, match=r"\.name cannot be without a value"):
                write()
        item = Item()
        item.name.hset("x")
        assert item.name.hget() == "x"
        Item.database.close()

    async def test_values_do_not_expire(self, any_face, item_of_any):
        await any_face.refused(UnsupportedCommand, lambda: item_of_any.labels.expire(5), match="is required")

    def test_references(self):
        with pytest.raises(DeclarationError, match="on_delete='cascade'"):
            FKInstanceHashField("Person", required=True)
        M2MSetField("Person", required=True, on_delete="restrict", max_members=3)


@pytest.fixture
async def item_of_any(any_face):
    class Item(any_face.Model):
        database = any_face.database
        labels = SetField(required=True)
        stock = InstanceHashField(type=int, ge=0)
        queue = ListField(max_members=2)

    return await any_face.do(Item.create(labels=["a"], stock=100))


async def test_nothing_waits_for_what_cannot_be_checked(any_face, item_of_any):
    await any_face.refused(UnsupportedCommand, lambda: item_of_any.queue.blpop(1), match="has constraints")


async def test_a_bounded_counter(any_face, item_of_any):
    """Many writers at once never pass the bound, and all that could be taken is taken."""

    async def take():
        taken = 0
        while True:
            try:
                await any_face.do(item_of_any.stock.hincrby(-1))
            except ConstraintError:
                return taken
            taken += 1

    if not any_face.is_async:
        with ThreadPoolExecutor(100) as pool:
            counts = list(pool.map(lambda _: asyncio.run(take()), range(100)))
    else:
        counts = await asyncio.gather(*(take() for _ in range(100)))
    assert sum(counts) == 100
    assert await any_face.do(item_of_any.stock.hget()) == 0


async def test_fields_without_constraints_send_the_same(any_face):
    """The requests of a field do not change when another one of its model has constraints."""
    classes = []
    for options in ({}, {"ge": 0}):

        class Item(any_face.Model):
            database = any_face.database
            model_name = "item"
            free = InstanceHashField(type=int)
            bound = InstanceHashField(type=int, **options)

        classes.append(Item)
        sent = []
        item = await any_face.do(Item.create(free=1, bound=1))
        await any_face.do(item.free.hincrby(1))
        with any_face.sent() as watch:
            await any_face.do(item.free.hincrby(1))
            await any_face.do(item.free.hset(1))
        sent.append([command[:2] + command[3:] for command in watch.commands])
    assert sent[0] == sent[-1]


async def test_random_writes(any_face):
    """Like plain Python; the same for longer is `python -m tests.support.random_constraints`."""
    refused = await compare(any_face, 300, 17)
    assert 50 < refused < 290


async def test_a_check_finds_what_others_wrote(any_face):
    """After a constraint was added, or by what does not know it; a repair takes nothing away."""

    class Item(any_face.Model):
        database = any_face.database
        name = InstanceHashField(required=True)
        stock = InstanceHashField(type=int, ge=0, indexable=True)
        code = StringField(type=bytes, pattern=b"^a")
        tags = SetField(type=int, ge=0, max_members=2)
        labels = SetField(required=True)
        even = ListField(type=int, validator=lambda value: value % 2 == 0)

    do, client = any_face.do, any_face.client
    for _ in range(2):
        await do(Item.create(name="x", stock=1, code=b"a", tags=[1, 2], labels=["a"], even=[2]))
    assert (await do(Item.check())).ok
    client.hset("{item}:hash:1", "stock", -5)
    client.hdel("{item}:hash:1", "name")
    client.set("{item}:field:code:1", b"\xff")
    client.sadd("{item}:field:tags:1", -1)
    client.delete("{item}:field:labels:1")
    client.rpush("{item}:field:even:2", 3)
    client.hset("{item}:hash:2", "stock", "many")
    report = await do(Item.check(repair=True))
    found = sorted((finding.kind, finding.pk, finding.what) for finding in report if finding.kind != "stale")
    broken = [
        ("constraint", "1", "Item.code cannot be b'\\xff': it must match b'^a'"),
        ("constraint", "1", "Item.labels cannot be without a value: it must have a value"),
        ("constraint", "1", "Item.name cannot be without a value: it must have a value"),
        ("constraint", "1", "Item.stock cannot be -5: it must be at least 0"),
        ("constraint", "1", "Item.tags cannot be -1: it must be at least 0"),
        ("constraint", "1", "Item.tags cannot have 3 members: it must have at most 2 members"),
    ]
    assert [one for one in found if one[:2] == ("constraint", "1")] == broken
    assert [one[:2] for one in found if one[1] == "2"] == [
        ("constraint", "2"),
        ("undecodable", "2"),
        ("unindexable", "2"),
    ]
    assert not report.ok
    item = await do(Item.get("1"))
    assert await do(item.stock.hincrby(7)) == 2  # what is broken can be put right
    assert await do(item.tags.srem(-1)) == 1
    await do(item.update(name="y", labels=["b"], code=b"a"))
    assert {finding.pk for finding in await do(Item.check())} == {"2"}


async def test_a_refused_command_leaves_the_expiry(any_face):
    class Item(any_face.Model):
        database = any_face.database
        text = StringField(type=str, max_length=3)
        number = StringField(type=int, le=9)
        stock = InstanceHashField(type=int, le=9)

    do, client = any_face.do, any_face.client
    item = await do(Item.create(text="ab", number=5, stock=5))
    await do(item.text.expire(1000))
    await do(item.number.expire(1000))
    await do(item.stock.hexpire(1000))
    for refused in (
        lambda: item.text.append("cd"),
        lambda: item.text.setrange(5, "x"),
        lambda: item.number.incrby(5),
        lambda: item.stock.hincrby(5),
    ):
        await any_face.refused(ConstraintError, refused)
    assert client.ttl("{item}:field:text:1") > 0
    assert client.ttl("{item}:field:number:1") > 0
    assert client.httl("{item}:hash:1", "stock")[0] > 0
    assert await do(item.values("text", "number", "stock")) == {"text": "ab", "number": 5, "stock": 5}


async def test_what_moves_into_a_constrained_field(any_face):
    """A renamed model, or field, leaves objects whose values break a constraint where they are."""

    other = any_face.Database(port=any_face.server.port)

    class Former(any_face.Model):
        database = other
        amount = InstanceHashField(type=int)
        tags = SetField(type=int)
        words = StringField()

    class Item(any_face.Model):
        database = any_face.database
        amount = InstanceHashField(type=int, ge=0)
        tags = SetField(type=int, ge=0)
        words = StringField(max_length=3)

    do = any_face.do
    for values in ({"amount": 1, "tags": [1], "words": "abc"}, {"amount": -1}, {"tags": [1, -1]}, {"words": "long"}):
        await do(Former.create(**values))
    await do((await do(Former.get("1"))).words.expire(1000))
    moved = await do(Item.rename_from("former"))
    assert moved.objects == 1
    assert sorted((pk, error.constraint) for pk, error in moved.conflicts) == [
        ("2", "ge=0"),
        ("3", "ge=0"),
        ("4", "max_length=3"),
    ]
    assert await do(Item.collection().count()) == 1
    await do(other.close())


async def test_a_check_finds_what_a_move_does_not_check(face):
    class Item(face.Model):
        database = face.database
        former = InstanceHashField()
        name = InstanceHashField(required=True)
        tags = SetField(max_members=1)
        code = StringField(pattern="^a")
        even = ListField(type=int, validator=lambda value: value % 2 == 0)

    face.client.sadd("{item}:pks", 1)
    face.client.hset("{item}:hash:1", "former", "x")
    for field, push in (("labels", face.client.sadd), ("numbers", face.client.rpush)):
        push(f"{{item}}:field:{field}:1", 1, 2)
    face.client.set("{item}:field:word:1", "b")
    for now, was in (("tags", "labels"), ("code", "word"), ("even", "numbers")):
        moved = await face.do(Item.rename_field(was, now))
        assert (moved.objects, moved.conflicts) == (1, [])
    report = await face.do(Item.check())
    assert sorted(finding.what.partition(" ")[0] for finding in report if finding.kind == "constraint") == [
        "Item.code",
        "Item.even",
        "Item.name",
        "Item.tags",
    ]
