"""What is refused while a class is made, and what is passed on to subclasses."""

from __future__ import annotations

import enum
import io

import pytest

from limpyd import (
    AutoPKField,
    FKStringField,
    InstanceHashField,
    PKField,
    RedisDatabase,
    RedisModel,
    StringField,
    fields,
    model,
)
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from limpyd.exceptions import DeclarationError, InvalidPrimaryKey, UnknownField
from tests.support.counting import calls


@pytest.fixture
def database():
    return RedisDatabase(port=1)  # nobody serves it: nothing here may be sent


def declare(name, base=RedisModel, /, **body):
    return type(base)(name, (base,), body)


class TestDatabase:
    @pytest.mark.parametrize("base", [RedisModel, AsyncRedisModel])
    def test_missing(self, base):
        with pytest.raises(DeclarationError, match="Orphan needs a database"):
            declare("Orphan", base)

    def test_of_the_other_face(self, database):
        with pytest.raises(DeclarationError, match="AsyncRedisDatabase"):
            declare("Mixed", AsyncRedisModel, database=database)
        with pytest.raises(DeclarationError, match="RedisDatabase"):
            declare("Mixed", database=AsyncRedisDatabase(port=1))

    def test_inherited(self, database):
        base = declare("Base", database=database, abstract=True)
        assert declare("Child", base).database is database

    def test_two_models_of_one_name(self, database):
        declare("Person", database=database)
        with pytest.raises(DeclarationError, match=r"have the name 'person'.*namespace"):
            declare("Person", database=database, __module__="another")
        with pytest.raises(DeclarationError, match="two models"):
            declare("PERSON", database=database)
        declare("Person", database=database, namespace="other")
        declare("Person", database=RedisDatabase(port=1))
        with pytest.raises(DeclarationError, match="two models"):
            declare("Other", database=database, model_name="person")

    def test_a_refused_class_is_not_registered(self, database):
        with pytest.raises(DeclarationError):
            declare("Person", database=database, get=StringField())
        declare("Person", database=database)

    def test_use_database_takes_subclasses_along(self, database):
        other, third = RedisDatabase(port=2), RedisDatabase(port=3)
        base = declare("Base", database=database, abstract=True)
        child = declare("Child", base)
        grandchild = declare("Grandchild", child)
        elsewhere = declare("Elsewhere", base, database=third)
        base.use_database(other)
        assert [each.database for each in (base, child, grandchild, elsewhere)] == [other, other, other, third]
        declare("Child", database=database)  # the name is free again
        with pytest.raises(DeclarationError, match="two models"):
            child.use_database(database)
        assert (child.database, grandchild.database) == (other, other)
        with pytest.raises(DeclarationError, match="takes a RedisDatabase"):
            child.use_database(AsyncRedisDatabase())

    def test_use_database_leaves_what_is_below_a_subclass_on_another_one(self, database):
        other, third = RedisDatabase(port=2), RedisDatabase(port=3)
        base = declare("Base", database=database)
        child = declare("Child", base, database=third)
        grandchild = declare("Grandchild", child, database=database)
        both = type(base)("Both", (grandchild, base), {})
        base.use_database(other)
        assert [each.database for each in (base, child, grandchild)] == [other, third, database]
        assert both.database is other  # it is below the base class by itself as well
        base.use_database(database)
        assert [each.database for each in (base, child, grandchild, both)] == [database, third, database, database]


class TestInheritance:
    def test_order_of_fields(self, database):
        where = database

        class Content(model.RedisModel):
            database = where
            namespace = "content"
            abstract = True
            title = fields.InstanceHashField()
            pub_date = fields.InstanceHashField()

        class Article(Content):
            content = fields.StringField()

        class Image(Content):
            path = fields.InstanceHashField()

        assert list(Article._schema.fields) == ["pk", "title", "pub_date", "content"]
        assert list(Image._schema.fields) == ["pk", "title", "pub_date", "path"]
        assert Article.namespace == "content"
        assert Content.abstract is True
        assert Article.abstract is False
        assert str(Article.title) == "Article.title"
        assert str(Image.title) == "Image.title"
        with pytest.raises(DeclarationError, match="abstract"):
            Content(title="x")
        with pytest.raises(DeclarationError, match="abstract"):
            Content.collection()

    def test_fields_of_a_plain_class(self, database):
        where = database

        class Named:
            name = StringField()

        class Person(Named, RedisModel):
            database = where
            age = StringField(type=int)

        class AsyncPerson(Named, AsyncRedisModel):
            database = AsyncRedisDatabase(port=1)
            model_name = "person"

        assert list(Person._schema.fields) == ["pk", "name", "age"]
        assert Person._schema.keys.tag == AsyncPerson._schema.keys.tag == "person"

    def test_a_field_is_replaced(self, database):
        base = declare("Base", database=database, size=StringField(), name=StringField())
        child = declare("Child", base, size=InstanceHashField(type=int))
        assert isinstance(child.get_field("size"), InstanceHashField)
        assert isinstance(base.get_field("size"), StringField)

    def test_a_field_is_taken_away(self, database):
        base = declare("Base", database=database, size=StringField())
        child = declare("Child", base, size=None)
        assert not child.has_field("size")

    def test_model_name_is_not_inherited(self, database):
        base = declare("Base", database=database, model_name="other")
        assert base._schema.keys.tag == "other"
        assert declare("Child", base)._schema.keys.tag == "child"


class TestPrimaryKeys:
    def test_default(self, database):
        made = declare("Made", database=database)
        assert isinstance(made.get_field("pk"), AutoPKField)

    def test_own(self, database):
        made = declare("Made", database=database, name=StringField(), code=PKField())
        assert list(made._schema.fields) == ["code", "name"]
        assert made.get_field("pk") is made.get_field("code")
        assert made.has_field("pk")

    def test_two(self, database):
        with pytest.raises(DeclarationError, match="two primary keys"):
            declare("Made", database=database, code=PKField(), number=PKField())
        base = declare("Base", database=database, code=PKField())
        with pytest.raises(DeclarationError, match="two primary keys"):
            declare("Child", base, number=AutoPKField())

    def test_what_they_may_be(self, database):
        made = declare("Made", database=database)
        for wrong in (True, None, object(), "\ud800"):
            with pytest.raises(InvalidPrimaryKey):
                made.lazy_connect(wrong)


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            "get",
            "create",
            "collection",
            "database",
            "delete",
            "namespace",
            "exists",
            "hmget",
            "scan_keys",
            "lazy",
            "self",
            "cls",
            "abstract",
        ],
    )
    def test_that_would_hide_the_api(self, database, name):
        for face, where in ((RedisModel, database), (AsyncRedisModel, AsyncRedisDatabase(port=1))):
            base = declare("Base", face, database=where, abstract=True)
            with pytest.raises(DeclarationError, match=f"Made.{name}: .*hide"):
                declare("Made", base, **{name: StringField()})

    @pytest.mark.parametrize(
        ("name", "part"),
        [("_x", "underscore"), ("a__b", "underscores"), ("a:b", "not a Python name"), ("pk", "primary key")],
    )
    def test_other(self, database, name, part):
        with pytest.raises(DeclarationError, match=part):
            declare("Made", database=database, **{name: StringField()})

    @pytest.mark.parametrize("name", ["key", "connection", "fields", "hash", "name", "type", "value", "pks", "seq"])
    def test_that_limpyd_2_failed_on(self, database, name):
        assert declare("Made", database=database, **{name: StringField()}).has_field(name)

    def test_a_field_that_something_else_hides(self, database):
        base = declare("Base", database=database, abstract=True, title=StringField())
        for other in (property(lambda _: "x"), lambda _: "x", "x"):
            with pytest.raises(DeclarationError, match=r"Made\.title is a field of a base class"):
                declare("Made", base, title=other)

        class Mixin:
            title = "x"

        with pytest.raises(DeclarationError, match=r"Made\.title"):
            type(base)("Made", (Mixin, base), {})

    def test_of_other_types(self, database):
        for body in ({"namespace": None}, {"namespace": b"x"}, {"namespace": "\ud800"}, {"model_name": 5}):
            with pytest.raises(DeclarationError, match="Made: the"):
                declare("Made", database=database, **body)
        with pytest.raises(DeclarationError, match="no primary key"):
            declare("Made", database=database, pk=None)

    def test_braces(self, database):
        with pytest.raises(DeclarationError, match=r"Made: the namespace 'a\{b\}' contains a brace"):
            declare("Made", database=database, namespace="a{b}")

    def test_one_object_under_two_names(self, database):
        field = StringField()
        with pytest.raises(DeclarationError, match="Made: 'a' and 'b' are one field"):
            declare("Made", database=database, a=field, b=field)


class TestFields:
    def test_types(self):
        class Mixed(enum.Enum):
            A = 1
            B = "b"

        class Odd(enum.Enum):
            A = (1, 2)

        for wrong in (list, dict, io.BytesIO, "str", None, Mixed, Odd):
            with pytest.raises(DeclarationError, match="type="):
                StringField(type=wrong)

    def test_defaults(self, database):
        with pytest.raises(DeclarationError, match=r"Made\.size: its default 'x' does not fit the field"):
            declare("Made", database=database, size=StringField(type=int, default="x"))
        with pytest.raises(DeclarationError, match="unique"):
            StringField(unique=True, default="x")
        assert StringField(unique=True, default=lambda: "x").indexable

    def test_lookup(self, database):
        made = declare("Made", database=database, name=StringField())
        assert made.get_field("name") is made.name
        with pytest.raises(UnknownField, match=r"Made has no field 'nope'; it has pk, name"):
            made.get_field("nope")

    def test_async_constructors_say_what_to_do(self):
        made = declare("Made", AsyncRedisModel, database=AsyncRedisDatabase(port=1))
        for call in (made, lambda: made(1), lambda: made(name="x")):
            with pytest.raises(TypeError, match=r"await Made.create"):
                call()

    def test_creating_and_getting_at_once(self, database):
        made = declare("Made", database=database, name=StringField())
        with pytest.raises(InvalidPrimaryKey, match="not both"):
            made(1, name="x")

    def test_lockable_is_accepted(self, database):
        made = declare("Made", database=database, lockable=False, name=StringField(lockable=False))
        assert made.lockable is False
        assert made.name.lockable is False


class TestManyModels:
    @pytest.mark.parametrize("first", [True, False])
    def test_each_costs_the_same_however_many_there_are(self, first):
        """Models that refer to one, which is declared before or after them."""

        def declared(count):
            database = RedisDatabase(port=1)
            if first:
                declare("Hub", database=database)
            for number in range(count):
                own = FKStringField("Hub", related_name=f"of_{number}")
                declare(f"Model{number}", database=database, hub=own)
            if not first:
                declare("Hub", database=database)
            return database

        few, many = calls(lambda: declared(50)), calls(lambda: declared(200))
        assert many < 4.2 * few

    def test_a_reference_finds_what_is_declared_later_under_either_name(self, database):
        own, keys, spaced = (
            declare(f"To{number}", database=database, other=FKStringField(to, related_name=f"of_{number}"))
            for number, to in enumerate(("Person", "people", "shop:Person"))
        )
        other = declare("Person", database=database, namespace="shop")
        person = declare("Person", database=database, model_name="people")
        assert isinstance(person.of_0, type(other.of_2))
        assert [model._schema.fields["other"]._target.model for model in (own, keys, spaced)] == [person, person, other]

    def test_a_model_that_was_refused_or_moved_away_is_not_found(self, database):
        declare("Thing", database=database, owner=FKStringField("Person", related_name="things"))
        with pytest.raises(DeclarationError, match="reverse side"):
            declare("Person", database=database, things=StringField())
        elsewhere = RedisDatabase(port=2)
        cart = declare("Cart", database=database, owner=FKStringField("Person", related_name="carts"))
        cart.use_database(elsewhere)
        person = declare("Person", database=database)
        assert hasattr(person, "things")
        assert not hasattr(person, "carts")
        person = declare("Person", database=elsewhere)
        assert hasattr(person, "carts")
        assert not hasattr(person, "things")
