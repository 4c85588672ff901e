"""What limpyd 2's documentation says of models, statement by statement."""

import pytest

from limpyd import fields, model
from limpyd.exceptions import DoesNotExist, ImplementationError, UniquenessError


@pytest.fixture
def example_model(database):
    main_database = database

    class Example(model.RedisModel):
        database = main_database

        foo = fields.StringField()
        bar = fields.StringField()

    return Example


# --- creating and retrieving ---


def test_named_arguments_create(example_model):
    example = example_model(foo="FOO", bar="BAR")
    assert f"New example object with pk #{example.pk.get()}" == "New example object with pk #1"
    assert (example.foo.get(), example.bar.get()) == ("FOO", "BAR")


def test_the_only_argument_is_the_pk(example_model):
    example_model(foo="FOO", bar="BAR")
    assert example_model(1).foo.get() == "FOO"
    assert example_model("1").bar.get() == "BAR"
    with pytest.raises(DoesNotExist):
        example_model(2)


def test_both_forms_together_are_refused(example_model):
    example_model(foo="FOO")
    with pytest.raises(ValueError):
        example_model(1, foo="other")


def test_names_of_no_field_are_refused(example_model):
    with pytest.raises(ValueError):
        example_model(baz="BAZ")
    assert list(example_model.collection()) == []


def test_without_arguments_the_defaults_are_stored(database):
    main_database = database

    class WithDefaults(model.RedisModel):
        database = main_database
        foo = fields.StringField(default="FOO")
        bar = fields.InstanceHashField(default="BAR")
        other = fields.StringField()

    example = WithDefaults(other="x")
    assert (example.foo.get(), example.bar.hget(), example.other.get()) == ("FOO", "BAR", "x")
    assert WithDefaults(foo="given").foo.get() == "given"


def test_without_defaults_an_instance_is_empty(example_model):
    example = example_model()
    assert list(example_model.collection()) == []
    example.foo.set("FOO")  # the pk comes with the first field
    assert list(example_model.collection()) == ["1"]
    assert example.pk.get() == "1"
    assert example.bar.get() is None


def test_one_of_many_fields_may_be_stored(example_model):
    example = example_model(bar="BAR")
    assert example.bar.exists()
    assert not example.foo.exists()
    assert len(list(example.scan_keys())) == 1


def test_no_data_is_kept_in_instances(example_model):
    example, same = example_model(foo="FOO"), example_model(1)
    same.foo.set("other")
    assert example.foo.get() == "other"


def test_instances_are_compared_by_class_and_pk(database, example_model):
    main_database = database

    class Other(model.RedisModel):
        database = main_database
        foo = fields.StringField()

    example = example_model(foo="FOO")
    assert example == example_model(1)
    assert hash(example) == hash(example_model(1))
    assert len({example, example_model(1)}) == 1
    assert example != Other(foo="FOO")


# --- attributes ---


def test_the_database_is_mandatory():
    with pytest.raises(ImplementationError):

        class NoDatabase(model.RedisModel):
            foo = fields.StringField()


def test_one_name_stands_for_one_model(database, example_model):
    main_database = database
    assert example_model.namespace == ""
    with pytest.raises(ImplementationError):

        class Example(model.RedisModel):
            database = main_database
            foo = fields.StringField()


def test_namespaces_keep_models_of_one_name_apart(database):
    main_database = database

    def user(where):
        class User(model.RedisModel):
            database = main_database
            namespace = where
            name = fields.StringField()

        return User

    registration, payment = user("registration"), user("payment")
    registration(name="Ada")
    payment(name="Ben")
    assert (registration(1).name.get(), payment(1).name.get()) == ("Ada", "Ben")
    assert not set(registration.scan_model_keys()) & set(payment.scan_model_keys())


def test_abstract_models_are_bases(database):
    main_database = database

    class Content(model.RedisModel):
        database = main_database
        namespace = "content"
        abstract = True

        title = fields.InstanceHashField()
        pub_date = fields.InstanceHashField()

    class Article(Content):
        content = fields.StringField()

    class Image(Content):
        path = fields.InstanceHashField()

    article = Article(title="One", pub_date="2020-01-01", content="…")
    image = Image(title="Two", path="/two.png")
    assert [field.name for field in article.fields] == ["pk", "title", "pub_date", "content"]
    assert [field.name for field in image.fields] == ["pk", "title", "pub_date", "path"]
    assert [field.proxy_get() for field in article.fields] == ["1", "One", "2020-01-01", "…"]
    assert [field.proxy_get() for field in image.get_fields()] == ["1", "Two", None, "/two.png"]
    assert (Article.namespace, Article.abstract, Image.database) == ("content", False, main_database)
    with pytest.raises((ImplementationError, AttributeError)):
        Content(title="x")


def test_pks_come_first_among_inherited_fields(database):
    main_database = database

    class Base(model.RedisModel):
        database = main_database
        namespace = "inheritance"
        first = fields.StringField()
        second = fields.HashField(indexable=True)

    class Below(Base):
        third = fields.SetField()
        code = fields.PKField()
        fourth = fields.InstanceHashField(unique=True)

    class Further(Below):
        fifth = fields.ListField()

    names = ["code", "first", "second", "third", "fourth", "fifth"]
    assert [field.name for field in Further.get_fields()] == names
    assert [field.name for field in Further.get_class_fields()] == names
    assert [field.name for field in Below.get_fields()] == names[:-1]
    assert [field.name for field in Base.get_fields()] == ["pk", "first", "second"]
    further = Further(code="c", first="f")
    assert [field.name for field in further.fields] == names
    assert [field.name for field in further.get_instance_fields()] == names
    assert further.get_instance_field("first").get() == "f"
    assert Further.get_class_field("first").name == "first"
    assert [field.indexable for field in further.fields] == [False, False, True, False, True, False]
    assert [field.name for field in further.fields if field.unique] == ["fourth"]


def test_lockable_is_taken_by_models_and_fields(database):
    main_database = database

    class Quick(model.RedisModel):
        database = main_database
        lockable = False
        foo = fields.StringField(indexable=True)
        bar = fields.StringField(indexable=True, lockable=False)

    Quick(foo="FOO", bar="BAR").foo.set("other")
    assert list(Quick.collection(foo="other", bar="BAR")) == ["1"]


def test_unique_fields_refuse_second_objects(database):
    main_database = database

    class Bike(model.RedisModel):
        database = main_database
        name = fields.InstanceHashField(unique=True)
        color = fields.InstanceHashField()
        wheels = fields.StringField(default=2)

    mountainbike = Bike(name="mountainbike")
    assert mountainbike.wheels.get() == "2"
    mountainbike.wheels.incr()
    assert mountainbike.wheels.get() == "3"
    mountainbike.name.hset("tricycle")
    tricycle = Bike.collection(name="tricycle")[0]
    assert tricycle == "1"
    with pytest.raises(UniquenessError):
        Bike(name="tricycle")
    assert Bike(name="mountainbike").name.hget() == "mountainbike"
    assert Bike(1).hmset(color="blue")
    assert Bike(1).hmget("color", "name") == ["blue", "tricycle"]
