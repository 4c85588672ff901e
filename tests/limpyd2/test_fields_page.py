"""What limpyd 2's documentation says of fields, statement by statement."""

import time
from datetime import datetime, timedelta

import pytest

from limpyd import fields, model
from limpyd.exceptions import DoesNotExist, ImplementationError, UniquenessError
from limpyd.indexes import EqualIndex, NumberRangeIndex, TextRangeIndex


@pytest.fixture
def things(database):
    """A model with a field of each kind, none indexed; and one object."""
    main_database = database

    class Thing(model.RedisModel):
        database = main_database
        string = fields.StringField()
        number = fields.StringField(default=0)
        entry = fields.InstanceHashField()
        count = fields.InstanceHashField(default=5)
        mapping = fields.HashField()
        members = fields.SetField()
        queue = fields.ListField()
        scores = fields.SortedSetField()

    return Thing


@pytest.fixture
def thing(things):
    return things(string="x")


# --- arguments ---


def test_defaults(things):
    thing = things(string="x")
    assert (thing.number.get(), thing.count.hget()) == ("0", "5")
    assert things(number="7").number.get() == "7"


def test_indexable_fields_are_filtered_by(database):
    main_database = database

    class Person(model.RedisModel):
        database = main_database
        name = fields.StringField(indexable=True)
        nickname = fields.InstanceHashField()

    Person(name="Ada", nickname="A")
    assert list(Person.collection(name="Ada")) == ["1"]
    with pytest.raises(ImplementationError):
        list(Person.collection(nickname="A"))


def test_unique_implies_indexable_and_excludes_defaults(database):
    main_database = database

    class Person(model.RedisModel):
        database = main_database
        name = fields.StringField(unique=True)

    Person(name="Ada")
    assert list(Person.collection(name="Ada")) == ["1"]
    with pytest.raises(UniquenessError):
        Person(name="Ada")
    with pytest.raises(ImplementationError):

        class WithDefault(model.RedisModel):
            database = main_database
            name = fields.StringField(unique=True, default="x")


def test_indexes(database):
    main_database = database

    class Person(model.RedisModel):
        database = main_database
        age = fields.StringField(indexable=True, indexes=[NumberRangeIndex])
        name = fields.StringField(indexable=True, indexes=[TextRangeIndex, EqualIndex])

    Person(age=36, name="Ada")
    assert list(Person.collection(age__gt=30, name__startswith="A")) == ["1"]


# --- every field ---


def test_delete_and_exists(thing):
    thing.entry.hset("x")
    thing.mapping.hset("a", 1)
    thing.members.sadd("a")
    thing.queue.rpush("a")
    thing.scores.zadd({"a": 1})
    for name in ("string", "number", "entry", "count", "mapping", "members", "queue", "scores"):
        field = thing.get_field(name)
        if name == "mapping":
            assert field.hexists("a")
        else:
            assert field.exists()
        assert field.delete()
        if name != "mapping":
            assert not field.exists()
    assert thing.mapping.hgetall() == {}


def test_expiry(thing):
    assert thing.string.ttl() < 0
    assert thing.string.expire(100)
    assert 0 < thing.string.ttl() <= 100
    assert thing.string.pexpire(50_000)
    assert 0 < thing.string.pttl() <= 50_000
    assert thing.string.persist()
    assert thing.string.ttl() < 0
    assert thing.string.expireat(int(time.time()) + 100)
    assert 0 < thing.string.ttl() <= 100
    assert thing.string.pexpireat(int(time.time() * 1000) + 50_000)
    assert 0 < thing.string.ttl() <= 50
    assert thing.string.expire(timedelta(seconds=10))
    assert 0 < thing.string.ttl() <= 10
    assert thing.string.expireat(datetime.now() + timedelta(seconds=100))  # noqa: DTZ005 - local time, as in redis-py
    assert 10 < thing.string.ttl() <= 101
    assert thing.string.set("y", ex=5)
    assert thing.string.setex(100, "z")
    assert thing.string.psetex(100_000, "z")
    assert thing.string.get() == "z"


def test_indexed_fields_do_not_expire(database):
    main_database = database

    class Person(model.RedisModel):
        database = main_database
        name = fields.StringField(indexable=True)

    person = Person(name="Ada")
    for refused in (
        lambda: person.name.expire(10),
        lambda: person.name.pexpire(10),
        lambda: person.name.expireat(2_000_000_000),
        lambda: person.name.pexpireat(2_000_000_000_000),
        lambda: person.name.setex(10, "x"),
        lambda: person.name.set("x", ex=10),
    ):
        with pytest.raises(ImplementationError):
            refused()
    assert person.name.get() == "Ada"


# --- primary keys ---


def test_auto_pk(things):
    thing = things(string="x")
    assert thing.pk.get() == "1"
    assert things(string="y").pk.get() == "2"
    assert thing.pk.exists()
    with pytest.raises(ValueError):
        things(pk=7)
    with pytest.raises((ValueError, ImplementationError)):
        thing.pk.delete()


def test_pk_given_by_the_user(database):
    main_database = database

    class Person(model.RedisModel):
        database = main_database
        name = fields.PKField()
        age = fields.InstanceHashField()

    ada = Person(name="ada")
    assert ada.pk.get() == ada.name.get() == "ada"
    assert Person(pk="ben").name.get() == "ben"
    assert list(Person.collection(name="ada")) == list(Person.collection(pk="ada")) == ["ada"]
    assert Person.exists(name="ben")
    assert Person.get(pk="ada") == Person("ada")
    with pytest.raises(UniquenessError):
        Person(name="ada")
    with pytest.raises(ValueError):
        ada.pk.set("other")
    with pytest.raises(ValueError):
        Person(name="x", pk="y")
    with pytest.raises((ValueError, DoesNotExist)):
        Person(age=5)


def test_one_pk_for_each_model(database):
    main_database = database
    with pytest.raises(ImplementationError):

        class Person(model.RedisModel):
            database = main_database
            one = fields.PKField()
            two = fields.PKField()


def test_auto_pk_of_another_name(database):
    main_database = database

    class Person(model.RedisModel):
        database = main_database
        id = fields.AutoPKField()
        name = fields.InstanceHashField()

    person = Person(name="Ada")
    assert person.id.get() == person.pk.get() == "1"
    assert list(Person.collection(id=1)) == ["1"]
    with pytest.raises(ValueError):
        Person(id=5)


# --- indexes of fields ---


def test_clear_and_rebuild_indexes(database):
    main_database = database

    class Person(model.RedisModel):
        database = main_database
        name = fields.InstanceHashField(indexable=True)

    Person(name="Ada")
    Person.get_field("name").clear_indexes()
    assert list(Person.collection()) == ["1"]
    Person.get_field("name").rebuild_indexes()
    assert list(Person.collection(name="Ada")) == ["1"]


def test_get_index(database):
    main_database = database

    class Person(model.RedisModel):
        database = main_database
        name = fields.InstanceHashField(
            indexable=True,
            indexes=[TextRangeIndex, EqualIndex.configure(prefix="first", transform=lambda name: name[:1])],
        )

    name = Person.get_field("name")
    assert isinstance(name.get_index(index_class=TextRangeIndex), TextRangeIndex)
    assert isinstance(name.get_index(prefix="first"), EqualIndex)
    with pytest.raises(ValueError):
        name.get_index()
    with pytest.raises(ValueError):
        name.get_index(index_class=NumberRangeIndex)
