"""Subclasses that are declared when their base classes are in use already."""

from __future__ import annotations

import pytest

from limpyd import (
    EqualIndex,
    EqualIndexWith,
    HashField,
    InstanceHashField,
    RedisDatabase,
    RedisModel,
    SetField,
    StringField,
    TextRangeIndex,
)
from limpyd.relations import FKStringField, M2MSetField


@pytest.fixture
def database(one_server):
    return RedisDatabase(port=one_server.port)


def use(model, tag):
    """Everything for which a model, or a field of it, works something out once."""
    one = model(name="Ada", age=36, email="ada@x", words={"a"}, heads={"x": "1"}, tags=[tag])
    other = model(name="Bob", age=36, parent=one)
    for filters in (
        {"name": "Ada", "age__gte": 30},
        {"email": "ada@x"},
        {"words": "a"},
        {"heads__x": "1"},
        {"name__lower": "ada"},
        {"tags": tag, "age": 36},
        {"tags__label": "red"},
        {"name": "Ada", "age": 36},
    ):
        assert list(model.collection(**filters)) == [one.pk.get()], filters
    assert list(model.collection(model.name == "Bob")) == list(one.children()) == [other.pk.get()]
    assert model.collection(age=36).sort(by="-name", alpha=True).values_list("name", flat=True)[:] == ["Bob", "Ada"]
    assert model.collection(name="Bob").update(age=40) == 1
    one.update(age=37)
    model.bulk_update([(one, {"name": "Eve"})])
    one.email.hset("eve@x")
    model.rebuild_indexes()
    assert not model.check().findings, str(model.check())
    one.delete()
    assert model.collection(parent=one.pk.get()).count() == 0
    model.collection().delete()


def test_inherit_nothing_that_was_worked_out_for_the_base_class(database):
    where = database

    class Tag(RedisModel):
        database = where
        label = StringField(indexable=True)

    class Base(RedisModel):
        database = where
        name = InstanceHashField(
            indexes=[EqualIndex, TextRangeIndex, EqualIndex(prefix="lower", transform=str.lower)], default="nobody"
        )
        age = InstanceHashField(type=int, indexable=True)
        email = InstanceHashField(unique=True)
        words = SetField(indexable=True)
        heads = HashField(indexable=True)
        tags = M2MSetField(Tag)
        parent = FKStringField("self", related_name="children")
        name_and_age = InstanceHashField(indexes=[EqualIndexWith(other_fields=["name"])])

    use(Base, Tag(label="red"))

    class Child(Base):
        more = StringField(indexable=True)

    use(Child, Tag(label="red"))

    class Grandchild(Child):
        name = InstanceHashField(indexes=[TextRangeIndex, EqualIndex(prefix="lower", transform=str.lower), EqualIndex])

    use(Grandchild, Tag(label="red"))
    use(Base, Tag(label="red"))
    assert Child.get_field("name") is not Base.get_field("name")
    assert Child.get_field("name").declaration is Base.get_field("name").declaration


def test_have_the_reverse_side_of_a_reference_to_itself(database):
    where = database

    class Node(RedisModel):
        database = where
        name = StringField()
        parent = FKStringField("self", related_name="children")

    class Leaf(Node):
        pass

    root, top = Leaf(name="root"), Node(name="top")
    leaf, node = Leaf(parent=root), Node(parent=top)
    assert (list(root.children()), list(top.children())) == ([leaf.pk.get()], [node.pk.get()])
