"""What the documentation of redis-limpyd-extensions shows, and what the page about coming from it says of its names."""

from __future__ import annotations

import pytest

from limpyd import StringField, fields
from limpyd.contrib import dynamic, related
from limpyd.contrib.collection import ExtendedCollectionManager
from limpyd.contrib.dynamic import (
    CollectionManagerForModelWithDynamicField,
    CollectionManagerForModelWithDynamicFieldMixin,
    DynamicM2MSetField,
    DynamicSetField,
    DynamicStringField,
    ModelWithDynamicFieldMixin,
)
from limpyd.database import RedisDatabase
from limpyd.exceptions import ImplementationError, UnknownField
from limpyd.fields import PKField
from limpyd.model import RedisModel


@pytest.fixture(params=["limpyd", "limpyd2"])
def database(request, one_server):
    database = RedisDatabase(port=one_server.port, layout=request.param)
    yield database
    database.close()


@pytest.fixture
def my_model(database):
    on = database

    class MyModel(ModelWithDynamicFieldMixin, RedisModel):
        database = on
        foo = DynamicSetField(indexable=True)
        text = DynamicStringField()

    return MyModel


def test_commands_are_those_of_versions(my_model):
    one, other = my_model(), my_model()
    with pytest.raises(ImplementationError):
        one.foo.sadd("one")
    some, more = "bar", "baz"
    one.foo(some).sadd("one", "two", "three")
    one.foo(more).sadd("four", "five")
    other.foo(some).sadd("three", "thirty")
    assert one.get_field("foo_bar").smembers() == one.foo.get_for(some).smembers() == {"one", "two", "three"}
    assert one.foo(more).smembers() == {"four", "five"}
    assert other.foo_bar.smembers() == {"three", "thirty"}


def test_existing_versions(my_model):
    one = my_model()
    for part, value in {"foo": "111", "bar": "222", "baz": "333"}.items():
        one.text(part).set(value)
    assert set(one.text.scan_versions()) == {"foo", "bar", "baz"}
    assert set(one.text.scan_versions("b*")) == set(one.text.sscan("b*")) == {"bar", "baz"}
    assert len(list(one.text.scan_keys())) == 3
    one.text.delete()
    assert set(one.text.scan_versions()) == set()


def test_filters(my_model):
    my_model().foo("bar").sadd("three")
    assert list(my_model.collection(foo_bar="three")) == ["1"]
    assert list(my_model.collection(foo_bar__eq="three")) == ["1"]
    for suffix in ("", "eq", "__eq"):
        assert list(my_model.collection().dynamic_filter("foo", "bar", "three", suffix)) == ["1"]
    assert list(my_model.collection().dynamic_filter("foo", "bar", "three").filter(foo_bar="four")) == []


def test_related_fields(database):
    on = database

    class Tag(RedisModel):
        database = on
        slug = PKField()

    class Person(RedisModel):
        database = on
        name = PKField()

    class Movie(ModelWithDynamicFieldMixin, RedisModel):
        database = on
        name = PKField()
        tags = DynamicM2MSetField(Tag, related_name="movies")

    somebody, matrix, cool = Person(name="Somebody"), Movie(name="Matrix"), Tag(slug="cool")
    matrix.tags.get_for(somebody).sadd(cool)
    assert matrix.tags(somebody).smembers() == {"cool"}
    assert list(cool.movies(somebody)) == ["Matrix"]


def test_names(my_model):
    one = my_model()
    version = one.foo("bar")
    assert version.dynamic_part == version.dynamic_version_of.get_for("bar").dynamic_part == "bar"
    assert one.text("x").dynamic_version_of.versions() == set()
    assert one.pk.dynamic_part is one.pk.dynamic_version_of is None
    assert (one.foo.format, one.foo.pattern) == (my_model.get_field("foo").format, my_model.get_field("foo").pattern)
    assert one.foo.format == "foo_%s"
    assert one.foo.get_name_for("bar") == my_model.get_field_name_for("foo", "bar") == "foo_bar"
    assert my_model.get_field("foo").get_for("bar").name == "foo_bar"
    for kind in ("String", "InstanceHash", "Hash", "List", "Set", "SortedSet"):
        assert getattr(dynamic, f"Dynamic{kind}Field") is getattr(fields, f"Dynamic{kind}Field")
    for kind in ("FKString", "FKInstanceHash", "M2MSet", "M2MList", "M2MSortedSet"):
        assert getattr(dynamic, f"Dynamic{kind}Field").of is getattr(related, f"{kind}Field")


def test_collection_managers(database):
    on = database

    class Manager(CollectionManagerForModelWithDynamicFieldMixin, ExtendedCollectionManager):
        def bars(self, value):
            return self.dynamic_filter("foo", "bar", value)

    class MyModel(RedisModel):
        database = on
        collection_manager = Manager
        foo = DynamicSetField(indexable=True)

    class Other(RedisModel):
        database = on
        collection_manager = CollectionManagerForModelWithDynamicField
        foo = DynamicSetField(indexable=True)

    MyModel(foo_bar=["x"])
    assert list(MyModel.collection().bars("x")) == ["1"]
    assert list(Other.collection().dynamic_filter("foo", "bar", "x")) == []


def test_what_differs(database):
    on = database

    class Thing(RedisModel):
        database = on
        foo = DynamicStringField(pattern=r"foo_(\d+)")
        bar = DynamicStringField(pattern=r"b_(\w+)")
        ba = DynamicStringField(pattern=r"b_(\d+)")
        name = StringField()

    one = Thing(name="x")
    assert not hasattr(one, "foo_1x")
    with pytest.raises(UnknownField, match="change one of the patterns"):
        _ = Thing.collection(b_1="x")
    with pytest.raises(UnknownField, match="two underscores"):
        one.bar("x__y")
    one.foo("1").set("x", xx=True)
    assert one.foo.versions() == set()
    for name in ("DynamicFieldMixin", "DynamicRelatedFieldMixin"):
        assert not hasattr(dynamic, name)
    one.foo("2").set("y")
    assert one.get_instance_field("foo_2").get() == "y"
    assert Thing.get_class_field("foo_2").name == "foo_2"
