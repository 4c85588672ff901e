"""Declarations that name types for type checkers, and are checked themselves."""

from __future__ import annotations

from typing import ClassVar

import pytest

from limpyd import (
    AutoPKField,
    DynamicFKStringField,
    DynamicStringField,
    FKInstanceHashField,
    FKStringField,
    InstanceHashField,
    JSONField,
    M2MListField,
    M2MSetField,
    RedisDatabase,
    RedisModel,
    Reverse,
    StringField,
    TypedModel,
    VersionField,
)
from limpyd.asyncio import AsyncRedisDatabase, AsyncTypedModel
from limpyd.exceptions import DeclarationError


@pytest.fixture
def database():
    return RedisDatabase(host="nowhere.invalid")


def declare(base, name, annotations=None, /, **body):
    body = {"__module__": __name__, "__annotations__": annotations or {}, **body}
    return type(base)(name, (base,), body)


def test_a_typed_model_is_one_like_others(database):
    base = declare(TypedModel, "Base", {"made": "StringField[int]"}, abstract=True, made=StringField(type=int))
    more = {"version": VersionField(), "id": AutoPKField(), "texts": DynamicStringField()}
    kind = declare(base, "Person", {"data": "JSONField"}, database=database, data=JSONField(), **more)
    assert set(kind._schema.fields) == {"made", "data", "version", "id"}
    asynchronous = declare(
        AsyncTypedModel, "Other", {"name": "x"}, database=AsyncRedisDatabase(), name=StringField(type=str)
    )
    assert "name" in asynchronous._schema.fields


@pytest.mark.parametrize(
    ("annotations", "field", "message"),
    [
        ({}, lambda: StringField(type=str), r"Person\.name: .* are annotated.*: name: StringField\[…\] = StringField"),
        (
            {"name": "StringField"},
            StringField,
            r"Person\.name: .* name the type of their values: StringField\(type=str\)",
        ),
        ({"books": "Reverse[Book]"}, lambda: None, r"Person\.books is no argument.*books: ClassVar\[Reverse\[Book\]\]"),
    ],
)
def test_what_type_checkers_would_not_know_is_refused(database, annotations, field, message):
    with pytest.raises(DeclarationError, match=message):
        declare(TypedModel, "Person", annotations, database=database, name=field())


def test_fields_of_a_plain_base_class_are_refused(database):
    class Plain:
        name = StringField(type=str)

    with pytest.raises(DeclarationError, match=r"Person\.name: it is declared in Plain, which is no typed model"):

        class Person(Plain, TypedModel):
            database = database


def test_references_by_type_arguments(database):
    main = database

    class Group(RedisModel):
        database = main
        by_name = FKInstanceHashField["Person"](related_name="a")
        by_path = FKStringField["models.Person"](related_name="b")
        by_class = FKStringField["Group"]()
        namespaced = M2MSetField["Other"]("elsewhere:Other", related_name="c")
        dynamic = DynamicFKStringField["Person"](related_name="d")

    assert Group.by_class.target is Group._schema
    assert declare(RedisModel, "Person", database=database)._schema is Group.by_name.target is Group.by_path.target
    assert Group.dynamic.target is Group.dynamic("x").target is Group.by_name.target
    other = declare(RedisModel, "Other", database=database, namespace="elsewhere", up=M2MListField[Group]())
    assert Group.namespaced.target is other._schema
    assert other.up.target is Group._schema


@pytest.mark.parametrize("kind", [FKStringField, M2MSetField, DynamicFKStringField])
def test_a_reference_to_nothing_is_refused(database, kind):
    with pytest.raises(
        DeclarationError,
        match=rf"to: a {kind.__name__.removeprefix('Dynamic')} names the model|to: a {kind.__name__} names",
    ):
        declare(RedisModel, "Group", database=database, to=kind())


PERSON = [
    {"posts": "Reverse[Post]"},
    {"posts": "ClassVar[limpyd.Reverse['models.Post']]"},
    {"posts": Reverse["Post"]},
    {"posts": ClassVar[Reverse["Post"]]},  # noqa: F821
    {"posts": "Reverse[Post]", "liked": "Reverse[Post]", "others": "Reverse[Other]", "name": "str"},
]


@pytest.mark.parametrize("annotations", PERSON)
def test_reverse_sides_may_be_annotated(database, annotations):
    person = declare(RedisModel, "Person", annotations, database=database)
    fields = {
        "author": FKStringField("Person", related_name="posts"),
        "likes": M2MSetField(person, related_name="liked"),
    }
    post = declare(RedisModel, "Post", database=database, **fields)
    assert person.posts.field is post.author


@pytest.mark.parametrize("first", ["Person", "Post"])
@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        (
            {"articles": "Reverse[Post]"},
            r"Person\.articles is annotated as Reverse\[Post\], but no .* related_name='articles'; Post\.author has",
        ),
        (
            {"posts": Reverse["Article"]},
            r"Person\.posts is annotated as Reverse\[Article\], and .* of Post\.author: annotate it as Reverse\[Post\]",
        ),
        ({"posts": "list[str]"}, r"would be Person\.posts, which is already something else"),
    ],
)
def test_wrong_annotations_are_refused(database, first, annotations, message):
    def person():
        return declare(RedisModel, "Person", annotations, database=database)

    def post():
        return declare(RedisModel, "Post", database=database, author=FKStringField("Person", related_name="posts"))

    one, other = (person, post) if first == "Person" else (post, person)
    one()
    with pytest.raises(DeclarationError, match=message):
        other()


def test_an_annotated_reverse_side_that_nobody_declares(database):
    person = declare(RedisModel, "Person", {"posts": "Reverse[Post]"}, database=database, name=InstanceHashField())
    with pytest.raises(
        AttributeError, match=r"no attribute 'posts': it is annotated as Reverse\[Post\].*import the module"
    ):
        print(person.lazy_connect(1).posts)
