"""update_or_create: the one object that matches gets new values, or a new one is created, in one step."""

from __future__ import annotations

import threading

import pytest

from limpyd import InstanceHashField, RedisDatabase, RedisModel, SetField, StringField, VersionField
from limpyd.exceptions import (
    ConstraintError,
    InvalidFilter,
    InvalidPrimaryKey,
    InvalidValue,
    MultipleObjectsReturned,
    StoredValueError,
    UniquenessError,
    UnknownField,
)
from tests.support.blocks import block


def declared(face):
    class Page(face.Model):
        database = face.database
        path = InstanceHashField(type=str, unique=True)
        title = StringField(type=str, unique=True)
        kind = InstanceHashField(type=str, indexable=True)
        hits = InstanceHashField(type=int, indexable=True, default=0)
        tags = SetField(indexable=True)
        version = VersionField()

    return Page


async def test_updates_or_creates(face):
    page = declared(face)
    defaults = {"title": "A", "tags": {"x", "y"}}
    one, created = await face.do(page.update_or_create(path="/a", defaults=defaults))
    assert created
    assert await face.do(one.values("path", "title", "hits", "tags")) == {"path": "/a", "hits": 0, **defaults}
    again = await face.do(page.update_or_create(path="/a", defaults={"title": "B", "tags": ["z"], "kind": "k"}))
    assert again == (one, False)
    assert await face.do(one.values("title", "tags", "kind")) == {"title": "B", "tags": {"z"}, "kind": "k"}
    for found in (page.collection(kind="k"), page.collection(title="B"), page.collection(tags="z")):
        assert await face.all(found) == ["1"]
    for lost in (page.collection(title="A"), page.collection(tags="x")):
        assert await face.all(lost) == []
    assert await face.do(one.version.get()) == 2
    counted = {"defaults": {"hits": page.hits + 1}, "create_defaults": {"hits": 1}}
    assert [(await face.do(page.update_or_create(path="/n", **counted)))[1] for _ in range(3)] == [True, False, False]
    assert await face.do(page.collection(path="/n").values_list("hits", flat=True).get()) == 3
    assert (await face.do(page.update_or_create(path="/n", create_defaults={"hits": 9})))[1] is False


async def test_it_is_one_request(any_face):
    page = declared(any_face)
    for _ in range(2):
        await any_face.do(page.update_or_create(path="/a", defaults={"kind": "k"}))
    for path in ("/a", "/b"):
        with any_face.sent() as sent:
            await any_face.do(page.update_or_create(path=path, defaults={"kind": "l"}))
        assert sent.names == ["EVALSHA"]


async def test_refusals_leave_nothing(any_face):
    do, page = any_face.do, declared(any_face)
    await do(page.create(path="/a", title="A", kind="k"))
    await do(page.create(path="/b", title="B", kind="k"))
    before = any_face.keys(), await do(page.collection().values().all())
    for path, title in (("/a", "B"), ("/c", "A")):
        taken = await any_face.refused(
            UniquenessError,
            lambda path=path, title=title: page.update_or_create(path=path, defaults={"kind": "z", "title": title}),
        )
        assert taken.field == "title"
    for error, filters, more in (
        (MultipleObjectsReturned, {"kind": "k"}, {"defaults": {"hits": 1}}),
        (UnknownField, {"path": "/a"}, {"defaults": {"nothing": 1}}),
        (InvalidValue, {"path": "/a"}, {"defaults": {"hits": "x"}}),
        (InvalidFilter, {"path": "/a"}, {"defaults": {"path": "/b"}}),
        (InvalidFilter, {"path": "/a"}, {"defaults": {"hits": page.hits + 1}}),
        (InvalidFilter, {}, {"defaults": {"hits": 1}}),
        (InvalidPrimaryKey, {"pk": 1}, {"defaults": {"hits": 1}}),
    ):
        await any_face.refused(error, lambda filters=filters, more=more: page.update_or_create(**more, **filters))
    assert (any_face.keys(), await do(page.collection().values().all())) == before
    async with block(any_face, any_face.database.transaction()):
        updated = page.update_or_create(path="/a", defaults={"hits": 5})
        made = page.update_or_create(path="/z", defaults={"hits": 6})
    assert (updated.value[1], made.value[1]) == (False, True)


@pytest.mark.server("valkey-9.1")
async def test_errors_name_the_object_that_matches(any_face):
    class Item(any_face.Model):
        database = any_face.database
        path = InstanceHashField(unique=True)
        stock = InstanceHashField(type=int, le=10)

    await any_face.do(Item.create(path="/a", stock=10))

    def add(number):
        return Item.update_or_create(path="/a", defaults={"stock": Item.stock + number}, create_defaults={"stock": 1})

    error = await any_face.refused(ConstraintError, lambda: add(1), match="be 11")
    assert error.pk == "1"
    with pytest.raises(ConstraintError) as refused:
        async with block(any_face, any_face.database.transaction()):
            await any_face.do(Item.create(path="/b"))
            await any_face.do(add(1))
    assert refused.value.pk == "1"
    await any_face.refused(InvalidValue, lambda: add(2**63 - 5), match=r"^Item\('1'\): Item.stock: the result")
    any_face.client.hset("{item}:hash:1", "stock", "many")
    await any_face.refused(StoredValueError, lambda: add(1), match=r"^Item\('1'\)")


def test_of_several_callers_one_creates_and_all_count(servers):
    server = servers("valkey-9.1")

    class Counter(RedisModel):
        database = RedisDatabase(port=server.port)
        name = InstanceHashField(unique=True)
        count = InstanceHashField(type=int)

    created = []

    def run():
        for _ in range(25):
            values = {"defaults": {"count": Counter.count + 1}, "create_defaults": {"count": 1}}
            created.append(Counter.update_or_create(name="x", **values)[1])

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(created) == 1
    assert Counter.collection(name="x").values_list("count", flat=True).get() == 200
    Counter.database.close()
