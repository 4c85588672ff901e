"""What docs/migrating.md says of values and writes, each statement tried here."""

import datetime as dt

import pytest

from limpyd import fields, model
from limpyd.contrib.indexes import ScoredEqualIndex
from limpyd.exceptions import (
    DoesNotExist,
    ImplementationError,
    InvalidValue,
    MultipleObjectsReturned,
    UniquenessError,
    UnknownField,
)
from limpyd.indexes import NumberRangeIndex
from tests.support.limpyd2.differences import difference, refuses


@pytest.fixture
def things(database):
    main_database = database

    class Thing(model.RedisModel):
        database = main_database
        name = fields.InstanceHashField(indexable=True)
        email = fields.StringField(unique=True)
        size = fields.StringField(indexable=True, indexes=[NumberRangeIndex])
        note = fields.StringField()
        exact = fields.StringField(type=int)
        raw = fields.StringField(type=bytes)
        tags = fields.SetField(indexable=True)
        scores = fields.SortedSetField(indexable=True)
        queue = fields.ListField(indexable=True)
        headers = fields.HashField()

    return Thing


@pytest.fixture
def thing(things):
    return things(name="a")


@difference("all values are returned as text")
def test_types_are_declared(thing):
    thing.note.set(5)
    assert thing.note.get() == "5"
    thing.exact.set(5)
    assert thing.exact.get() == 5
    for refused in (True, None, dt.date(2024, 1, 1), [1]):
        refuses(InvalidValue, lambda value=refused: thing.note.set(value))
    refuses(InvalidValue, lambda: thing.exact.set("5"))


@difference("reading bytes that are not UTF-8 raises `UnicodeDecodeError`")
def test_bytes(thing):
    thing.note.set(b"\xff")
    assert thing.note.get() == "\udcff"
    thing.note.set(thing.note.get())
    assert thing.note.get().encode("utf-8", "surrogateescape") == b"\xff"
    thing.raw.set(b"\xff")
    assert thing.raw.get() == b"\xff"


@difference("`Person.get(…)` raises `ValueError` if several objects match")
def test_several_matches(things):
    things(name="a")
    things(name="a")
    assert isinstance(refuses(MultipleObjectsReturned, lambda: things.get(name="a")), ValueError)


@difference("`get_or_connect` returns an instance and whether it is new")
def test_get_or_connect(things):
    assert things.get_or_connect(name="a") == things(1)
    assert things.get_or_create(name="a") == (things(1), False)
    assert things.get_or_create(name="b") == (things(2), True)


@difference("`lazy_connect(11).title.get()` gives None if 11 is absent")
def test_lazy_connect(things):
    refuses(DoesNotExist, lambda: things.lazy_connect(11).note.get())


@difference("`pk.get()` of a deleted instance raises `DoesNotExist`")
def test_pk_of_the_deleted(thing):
    thing.delete()
    assert thing.pk.get() == "1"
    refuses(DoesNotExist, lambda: thing.note.get())


@difference("`exists()` of a field of a deleted object is False")
def test_fields_of_the_deleted(thing):
    thing.delete()
    refuses(DoesNotExist, lambda: thing.note.exists())


@difference("`Model(1, 2)` ignores both and makes an empty instance; `get(1, 2)` raises `ValueError`")
def test_two_positional_arguments(things):
    refuses(TypeError, lambda: things(1, 2))
    refuses(TypeError, lambda: things.get(1, 2))


@difference("a write through a deleted instance restores a part of the object")
def test_writes_to_the_deleted(things, thing):
    things(1).delete()
    refuses(DoesNotExist, lambda: thing.note.set("x"))
    assert not list(things.scan_model_keys()) or "note" not in "".join(things.scan_model_keys())


@difference("`zadd(…, nx=True)`, `xx`, `incr` and `set(…, nx=True)`, `xx` are refused")
def test_conditional_writes(things, thing):
    assert thing.scores.zadd({"a": 1}, xx=True) == 0
    assert thing.scores.zadd({"a": 1}, nx=True) == 1
    assert thing.email.set("x", nx=True)
    assert not thing.email.set("y", nx=True)
    assert list(things.collection(scores="a", email="x")) == ["1"]


@difference("`SADD`, `HSET`, `EXISTS` … return 1 or 0 in some methods and a bool in others")
def test_replies(thing):
    assert thing.tags.sismember("a") is False
    assert thing.name.hset("b") is False
    assert thing.headers.hset("a", 1) == 1
    assert type(thing.tags.sadd("a", "b")) is int
    assert thing.tags.exists() is True


@difference("redis-py refuses None as a value of a new object")
def test_none_at_creation(things):
    thing = things(name="a", note=None)
    assert thing.note.get() is None
    assert not thing.note.exists()


@difference("two objects with the same custom primary key can be created at once")
def test_custom_pks(database):
    main_database = database

    class Person(model.RedisModel):
        database = main_database
        name = fields.PKField()

    Person(name="x")
    refuses(UniquenessError, lambda: Person(name="x"))


@difference("a creation that fails leaves a half object; a killed process leaves index and value apart")
def test_failed_creations(things):
    things(email="x")
    before = set(things.database.connection.keys())
    refuses(UniquenessError, lambda: things(name="b", email="x"))
    refuses(InvalidValue, lambda: things(name="b", note=True))
    assert set(things.database.connection.keys()) == before
    assert len(things.collection()) == 1


@difference("`lockable` takes locks")
def test_lockable(database):
    main_database = database

    class Person(model.RedisModel):
        database = main_database
        lockable = True
        name = fields.StringField(indexable=True, lockable=True)

    Person(name="x").name.set("y")
    assert not [key for key in database.connection.scan_iter() if "lock" in key]


@difference("`setnx`, `append` … on a unique field write, then raise")
def test_unique_writes(things):
    things(email="xy")
    other = things(email="x")
    refuses(UniquenessError, lambda: other.email.append("y"))
    assert other.email.get() == "x"
    assert other.email.append("z") == 2


@difference("`hmset` does not check uniqueness, and accepts unknown names")
def test_hmset(database):
    main_database = database

    class Person(model.RedisModel):
        database = main_database
        name = fields.InstanceHashField(unique=True)
        note = fields.StringField()

    Person(name="x")
    other = Person(name="y")
    refuses(UniquenessError, lambda: other.hmset(name="x"))
    refuses(UnknownField, lambda: other.hmset(nothing="x"))
    refuses((ImplementationError, UnknownField, ValueError), lambda: other.hmset(note="x"))


@difference("a released unique value of a `ScoredEqualIndex` stays taken")
def test_released_values(database):
    main_database = database

    class Person(model.RedisModel):
        database = main_database
        rank = fields.InstanceHashField()
        team = fields.InstanceHashField(unique=True, indexes=[ScoredEqualIndex.configure(score_field="rank")])

    Person(team="x", rank=1).team.hset("y")
    assert Person(team="x", rank=2).team.hget() == "x"


@difference("popping one of two equal members removes the index entry of the other")
def test_popping(things, thing):
    thing.queue.rpush("x", "x")
    thing.queue.lpop()
    assert list(things.collection(queue="x")) == ["1"]


@difference("expiry on indexed fields is refused for some commands")
def test_expiry(thing):
    for call in (
        lambda: thing.size.expire(10),
        lambda: thing.size.set(1, ex=10),
        lambda: thing.size.setex(10, 1),
        lambda: thing.tags.pexpire(10),
    ):
        refuses(ImplementationError, call)
