"""What limpyd 2's documentation says of the methods of models, statement by statement."""

import pytest

from limpyd import fields, model
from limpyd.exceptions import DoesNotExist


@pytest.fixture
def example_model(database):
    main_database = database

    class Example(model.RedisModel):
        database = main_database

        foo = fields.StringField()
        bar = fields.StringField()

    return Example


@pytest.fixture
def article_model(database):
    main_database = database

    class Article(model.RedisModel):
        database = main_database

        title = fields.InstanceHashField(indexable=True)
        content = fields.InstanceHashField(indexable=True)

    return Article


# --- class methods ---


def test_get(article_model):
    article = article_model(title="foo", content="bar")
    twin = article_model(title="foo", content="other")
    assert article_model.get(1) == article_model.get(pk=1) == article
    assert article_model.get(title="foo", content="bar") == article
    assert article_model.get(content="other") == twin
    with pytest.raises(DoesNotExist):
        article_model.get(title="none")
    with pytest.raises(DoesNotExist):
        article_model.get(12)
    with pytest.raises(ValueError):
        article_model.get(title="foo")
    with pytest.raises(ValueError):
        article_model.get()


def test_get_or_connect(article_model):
    article = article_model.get_or_connect(title="foo")
    same_article = article_model.get_or_connect(title="foo")
    assert article == same_article
    assert len(article_model.collection()) == 1


def test_exists(article_model):
    if not article_model.exists(title="foo"):
        article_model(title="foo", content="bar")
    assert article_model.exists(title="foo")
    assert article_model.exists(title="foo", content="bar")
    assert article_model.exists(pk=1)
    assert not article_model.exists(pk=2)
    assert not article_model.exists(title="bar")
    with pytest.raises(ValueError):
        article_model.exists()


def test_lazy_connect(article_model):
    article_model(title="foo")
    existing = article_model.lazy_connect(1)
    assert existing.title.hget() == "foo"
    missing = article_model.lazy_connect(11)
    with pytest.raises(DoesNotExist):
        missing.title.hset("bar")
    with pytest.raises(DoesNotExist):
        article_model.lazy_connect(11).title.hget()
    with pytest.raises(article_model.DoesNotExist):
        article_model.lazy_connect(11).delete()


def test_connected(article_model):
    article_model(title="foo")
    assert article_model(1).connected
    assert not article_model.lazy_connect(1).connected


def test_from_pks(article_model):
    for title in ("a", "b", "c"):
        article_model(title=title)
    article_model(2).delete()
    assert [article.title.hget() for article in article_model.from_pks(["1", 2, 3])] == ["a", "c"]
    assert [article.pk.get() for article in article_model.from_pks([1, 2], lazy=True)] == ["1", "2"]


def test_instances(article_model):
    article_model(title="a")
    article_model(title="b")
    assert sorted(article.title.hget() for article in article_model.instances()) == ["a", "b"]
    assert [article.pk.get() for article in article_model.instances(lazy=True, title="b")] == ["2"]


def test_scan_model_keys(article_model):
    article_model(title="foo")
    keys = set(article_model.scan_model_keys())
    for key in keys:
        assert " - " + key
    connection = article_model.database.connection
    assert keys == set(connection.keys("*"))


def test_use_database(one_server, database):
    main_database = database
    other = type(database)(host="localhost", port=one_server.port, db=1)

    class Base(model.RedisModel):
        database = main_database
        abstract = True
        name = fields.InstanceHashField()

    class One(Base):
        pass

    class Two(One):
        more = fields.StringField()

    Base.use_database(other)
    assert One.database is Two.database is other
    Two(name="x")
    assert other.connection.dbsize()
    assert not database.connection.dbsize()
    other.connection.close()


def test_get_field_and_has_field(article_model):
    assert article_model.get_field("title").name == "title"
    assert article_model.has_field("title")
    assert not article_model.has_field("nothing")
    article = article_model(title="foo")
    assert article.get_field("title").hget() == "foo"
    with pytest.raises(AttributeError):
        article_model.get_field("nothing")


# --- instance methods ---


def test_delete_removes_object_and_indexes(article_model):
    article = article_model(title="foo")
    article.delete()
    assert not article_model.exists(title="foo")
    assert list(article_model.collection()) == []
    with pytest.raises(DoesNotExist):
        article.title.hget()


def test_scan_keys(example_model):
    example = example_model(foo="FOO", bar="BAR")
    example_model(foo="other")
    keys = set(example.scan_keys())
    assert keys == {example.foo.key, example.bar.key}


def test_commands_over_the_instance_hash(database):
    main_database = database

    class Person(model.RedisModel):
        database = main_database
        name = fields.InstanceHashField()
        city = fields.InstanceHashField()
        other = fields.StringField()

    person = Person(name="Ada", city="London", other="no")
    assert person.hmget("name", "city") == ["Ada", "London"]
    assert person.hmset(name="Ben", city="Paris")
    assert person.hgetall() == {"name": "Ben", "city": "Paris"}
    assert sorted(person.hkeys()) == ["city", "name"]
    assert sorted(person.hvals()) == ["Ben", "Paris"]
    assert person.hlen() == 2
    assert person.hdel("city") == 1
    assert person.city.hget() is None
