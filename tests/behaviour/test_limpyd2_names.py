"""limpyd 2's names for what has another name here, or none."""

from __future__ import annotations

import pytest

import limpyd
from limpyd import (
    DoesNotExist,
    HashField,
    InstanceHashField,
    ListField,
    PKField,
    SetField,
    SortedSetField,
    StringField,
)
from limpyd.contrib.collection import DEFAULT_STORE_TTL
from limpyd.contrib.indexes import DateIndexParts
from limpyd.contrib.related import RelatedCollection
from limpyd.database import DEFAULT_CONNECTION_SETTINGS, RedisDatabase
from limpyd.database import Lock as LockOfDatabase
from limpyd.exceptions import InvalidPrimaryKey, InvalidValue
from limpyd.fields import Field, RedisField
from limpyd.indexes import BaseIndex, EqualIndex, Index, NumberRangeIndex
from limpyd.model import RedisDatabase as SameDatabase
from limpyd.relations.reverse import BoundReverse
from limpyd.utils import Lock, make_key, normalize, unique_key


@pytest.fixture
def model(any_face):
    class Thing(any_face.Model):
        database = any_face.database
        slug = PKField()
        text = StringField(indexes=[EqualIndex])
        entry = InstanceHashField()
        tags = SetField()
        queue = ListField()
        board = SortedSetField()
        heads = HashField(indexes=[EqualIndex])

    return Thing


async def test_values_by_any_type(any_face, model):
    do = any_face.do
    one = await do(model.create(slug="a"))
    for name, value, read in [
        ("text", "x", "x"),
        ("entry", "y", "y"),
        ("tags", {"1", "2"}, {"1", "2"}),
        ("tags", "3", {"1", "2", "3"}),
        ("queue", ["b", "a"], ["b", "a"]),
        ("board", {"z": 1.0, "y": 2.0}, ["z", "y"]),
        ("heads", {"k": "v"}, {"k": "v"}),
    ]:
        field = getattr(one, name)
        await do(field.proxy_set(value))
        assert await do(field.proxy_get()) == read
        with any_face.sent() as sent:
            await do(field.proxy_set(value))
            await do(field.proxy_get())
        assert len(sent.names) == 2
        if name == "queue":
            await do(field.ltrim(0, len(read) - 1))
        assert field.proxy_setter in dir(field)
    assert await do(one.pk.proxy_get()) == "a"
    assert await do(one.queue.lmembers()) == ["b", "a"]
    assert await do(one.board.zmembers()) == ["z", "y"]


async def test_models(any_face, model):
    do = any_face.do
    one = await do(model.create(slug="a", text="x"))
    assert model.DoesNotExist is DoesNotExist
    assert one.connected
    lazy = model.lazy_connect("a")
    assert not lazy.connected
    await do(lazy.text.get())
    assert lazy.connected
    assert one.connection is model.get_connection() is one.text.connection is any_face.database.connection
    assert model.make_key("a", 1) == one.text.make_key("a", 1) == "a:1"
    collection = model.collection(text="x")
    assert await any_face.all(collection.clone()) == ["a"]
    await do(one.delete())
    assert not one.connected


async def test_connecting_checks_once_that_the_object_exists(any_face, model):
    do = any_face.do
    await do(model.create(slug="a", text="x"))
    lazy, absent = model.lazy_connect("a"), model.lazy_connect("z")
    with any_face.sent() as sent:
        await do(lazy.connect())
        await do(lazy.connect())
    assert sent.names == ["SISMEMBER"]
    assert lazy.connected
    with pytest.raises(DoesNotExist):
        await do(absent.connect())
    assert not absent.connected


async def test_fields_of_models(any_face, model):
    one = await any_face.do(model.create(slug="a", text="x", entry="y"))
    names = ["slug", "text", "entry", "tags", "queue", "board", "heads"]
    with any_face.sent() as sent:
        assert [field.name for field in one.fields] == names
        assert [field.name for field in one.get_fields()] == names
        assert [field.key for field in one.get_fields()] == [getattr(one, name).key for name in names]
        assert list(model.get_fields()) == list(model.get_class_fields()) == [model.get_field(name) for name in names]
        assert model.get_class_field("text") is model.get_field("text")
        assert one.get_instance_field("text").key == one.text.key
        with pytest.raises(AttributeError):
            one.get_instance_field("absent")
        assert (one.text.indexable, one.text.unique, one.entry.indexable) == (True, False, False)
        assert one.text.database is one.database
    assert sent.names == []
    assert any_face.client.hgetall(one.key) == {b"entry": b"y"}
    with pytest.raises(InvalidPrimaryKey):
        model._empty().key  # noqa: B018


def test_the_name_in_keys(any_face):
    class Base(any_face.Model):
        abstract = True
        database = any_face.database

    class Alone(Base):
        pass

    class Within(Base):
        namespace = "space"

    assert (Alone._name, Within._name, Within._empty()._name) == (":alone", "space:within", "space:within")
    assert not hasattr(Base, "_name")


async def test_collections(any_face, model):
    do = any_face.do
    for slug, text in (("b", "2"), ("a", "1")):
        await do(model.create(slug=slug, text=text))
    collection = model.collection().sort(by="text", alpha=True)
    assert (collection.model, collection.connection) == (model, any_face.database.connection)
    unsorted = collection.sort(by="nosort")
    assert sorted(await any_face.all(unsorted)) == ["a", "b"]
    assert "sort" not in repr(unsorted)


async def test_entries_of_hashes_exist(any_face, model):
    do = any_face.do
    one = await do(model.create(slug="a", heads={"k": "v"}))
    assert [await do(one.heads.exists(*key)) for key in ((), ("k",), ("z",))] == [True, True, False]


async def test_walks_take_a_count(any_face, model):
    one = await any_face.do(model.create(slug="a", text="x"))
    assert await any_face.all(one.scan_keys(count=5)) == [one.text.key]
    assert one.text.key in await any_face.all(model.scan_model_keys(count=5))


async def test_fields_may_have_these_names(any_face):
    class Device(any_face.Model):
        database = any_face.database
        connected = StringField(type=bool)
        connection = StringField()
        connect = StringField()
        fields = StringField()
        key = StringField()
        get_fields = StringField()

    values = {"connection": "wired", "connect": "1", "fields": "2", "key": "3", "get_fields": "4"}
    one = await any_face.do(Device.create(connected=True, **values))
    assert await any_face.do(one.connected.get()) is True
    for name, value in values.items():
        assert await any_face.do(getattr(one, name).get()) == value


async def test_keys_of_indexes(any_face, model):
    await any_face.do(model.create(slug="a", text="x", heads={"k": "v"}))
    text = model.get_field("text").get_index().get_storage_key("x")
    heads = model.get_field("heads").get_index().get_storage_key("k", "v")
    assert any_face.client.smembers(text) == any_face.client.smembers(heads) == {b"a"}


@pytest.mark.parametrize("layout", [{}, {"layout": "limpyd2"}], ids=["", "limpyd2"])
async def test_keys_of_indexes_with_a_transform(any_face, layout):
    class Thing(any_face.Model):
        database = any_face.Database(port=any_face.server.port, **layout)
        text = StringField(
            indexes=[
                EqualIndex(prefix="first", transform=lambda value: value[0]),
                NumberRangeIndex(prefix="n", transform=len),
            ]
        )
        words = StringField(indexes=[EqualIndex(transform=lambda value: value.split() or None)])
        heads = HashField(indexes=[EqualIndex(transform=str.upper)])

    await any_face.do(Thing.create(text="abc", heads={"k": "v"}))
    index = Thing.get_field("text").get_index(prefix="first")
    heads = Thing.get_field("heads").get_index()
    for key in (
        index.get_storage_key("abc"),
        index.get_storage_key("a", transform_value=False),
        heads.get_storage_key("k", "v"),
        heads.get_storage_key("k", "V", transform_value=False),
    ):
        assert any_face.client.smembers(key) == {b"1"}, key
    number = Thing.get_field("text").get_index(prefix="n").get_storage_key("anything")
    assert any_face.client.zrangebyscore(number, 3, 3) == [b"1" if layout else b"3:1"]
    if not layout:
        for value in ("a b", ""):
            with pytest.raises(InvalidValue, match="has no one key"):
                Thing.get_field("words").get_index().get_storage_key(value)
    await any_face.do(Thing.database.close())


async def test_names_of_databases(any_face):
    database = any_face.database
    said = any_face.client.info()["redis_version"]
    assert await any_face.do(database.redis_version) == tuple(map(int, said.split(".")))
    assert database.get_connection() is database.connection


def test_databases_and_helpers(one_server):
    database = RedisDatabase(port=one_server.port)
    assert SameDatabase is RedisDatabase
    assert DEFAULT_CONNECTION_SETTINGS == {"host": "localhost", "port": 6379, "db": 0}
    assert limpyd.__version__ == limpyd.EXACT_VERSION
    assert issubclass(DateIndexParts, Index)
    assert RelatedCollection is BoundReverse
    assert (RedisField, BaseIndex, LockOfDatabase, DEFAULT_STORE_TTL) == (Field, Index, Lock, 60)
    assert make_key("a", 1, "b") == "a:1:b"
    assert normalize(b"x") == normalize("x") == "x"
    assert normalize(3) == 3
    assert unique_key(database.connection, "p").startswith("p:")
    with Lock(database.connection, "lock", timeout=5):
        assert database.connection.exists("lock")
    database.close()
