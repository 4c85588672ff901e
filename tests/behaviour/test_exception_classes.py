"""Errors are caught by the classes under which limpyd 2 and redis-py raise them."""

from __future__ import annotations

import copy
import pickle

import pytest
import redis

from limpyd import HashField, InstanceHashField, ListField, SetField, SortedSetField, StreamField, StringField
from limpyd.exceptions import (
    DeclarationError,
    ImplementationError,
    InvalidValue,
    LimpydException,
    MissingArgument,
    UnknownField,
)


@pytest.fixture
def model(any_face):
    class Thing(any_face.Model):
        database = any_face.database
        name = InstanceHashField(indexable=True)
        kept = StringField(indexable=True)
        plain = StringField()
        number = StringField(type=int)
        places = HashField(indexable=True)
        tags = SetField(indexable=True)
        board = SortedSetField()
        queue = ListField(indexable=True)
        log = StreamField()

    return Thing


@pytest.fixture
async def thing(any_face, model):
    return await any_face.do(model.create(name="a", kept="x", plain="y"))


async def test_refused_filters(any_face, model):
    do = any_face.do
    for wrong in (
        lambda: model.collection(plain="y"),
        lambda: model.collection(plain__in=["y"]),
        lambda: model.collection(tags__startswith=1),
        lambda: model.collection(name__gt="a"),
        lambda: model.collection(name__nope="a"),
        lambda: model.collection().filter(plain="y"),
        lambda: model.collection(model.plain == "y"),
        lambda: model.get(plain="y"),
        lambda: model.exists(plain="y"),
        lambda: model.get_or_connect(plain="y"),
        lambda: model.instances(plain="y"),
    ):
        with pytest.raises(ImplementationError) as refusal:
            await do(wrong())
        assert isinstance(refusal.value, ValueError)


async def test_refused_commands(any_face, thing):
    do = any_face.do
    for wrong in (
        lambda: thing.kept.expire(3),
        lambda: thing.kept.pexpire(3),
        lambda: thing.kept.expireat(3),
        lambda: thing.kept.pexpireat(3),
        lambda: thing.kept.set("x", ex=3),
        lambda: thing.kept.setex(3, "x"),
        lambda: thing.kept.psetex(3, "x"),
        lambda: thing.kept.getex(ex=3),
        lambda: thing.name.hexpire(3),
        lambda: thing.places.hexpire(3, "a"),
        lambda: thing.tags.expire(3),
        lambda: thing.queue.blpop(1),
        lambda: thing.number.append("1"),
    ):
        with pytest.raises(ImplementationError) as refusal:
            await do(wrong())
        assert isinstance(refusal.value, TypeError)
        assert not isinstance(refusal.value, DeclarationError)


async def test_declarations(any_face):
    for wrong in (
        lambda: StringField(unique=True, default="x"),
        lambda: type("Lost", (any_face.Model,), {}),
        lambda: ListField(default=[]),
    ):
        with pytest.raises((ImplementationError, TypeError)):
            wrong()
    assert issubclass(DeclarationError, ImplementationError)


async def test_unknown_names(any_face, model, thing):
    do = any_face.do
    for wrong in (
        lambda: model.collection(nope="a"),  # AttributeError of limpyd 2
        lambda: model.get_field("nope"),  # the same
        lambda: model.create(nope="a"),  # ValueError of limpyd 2
        lambda: thing.hmget("nope"),
        lambda: thing.hmset(nope="a"),
        lambda: thing.hmget("plain"),
        lambda: model.exists(nope="a"),
    ):
        with pytest.raises(UnknownField) as refusal:
            await do(wrong())
        assert isinstance(refusal.value, ValueError)
        assert isinstance(refusal.value, AttributeError)
        assert isinstance(refusal.value, ImplementationError)


async def test_nothing_named(any_face, thing):
    """redis-py leaves it to the server, which replies with an error, or raises DataError for an empty mapping."""
    do = any_face.do
    for wrong in (
        thing.hmget,
        thing.hmset,
        thing.hdel,
        thing.places.hmget,
        thing.places.hdel,
        thing.places.hset,
        thing.places.hmset,
        lambda: thing.places.hmset({}),
        lambda: thing.places.hset(mapping={}),
        thing.tags.sadd,
        thing.tags.srem,
        thing.tags.smismember,
        thing.queue.lpush,
        thing.queue.rpush,
        thing.board.zadd,
        lambda: thing.board.zadd({}),
        thing.board.zrem,
        lambda: thing.board.zmscore([]),
        thing.log.xdel,
    ):
        with pytest.raises(MissingArgument) as refusal:
            await do(wrong())
        for kind in (InvalidValue, ValueError, redis.DataError, redis.ResponseError, LimpydException):
            assert isinstance(refusal.value, kind)


async def test_arguments_that_exclude_each_other(any_face, thing):
    do = any_face.do
    for wrong in (
        lambda: thing.plain.set("y", nx=True, xx=True),
        lambda: thing.plain.set("y", ex=1, px=1),
        lambda: thing.plain.getex(ex=1, persist=True),
        lambda: thing.board.zadd({"a": 1}, nx=True, xx=True),
        lambda: thing.board.zadd({"a": 1}, nx=True, gt=True),
        lambda: thing.board.zadd({"a": 1}, lt=True, gt=True),
        lambda: thing.board.zadd(["a", 1]),
        lambda: thing.board.zrange(0, 1, byscore=True, bylex=True),
        lambda: thing.board.zrange(0, 1, offset=1, num=1),
        lambda: thing.board.zrangebyscore(0, 1, start=1),
        lambda: thing.plain.expire(3, nx=True, gt=True),
        lambda: thing.plain.set({"a": 1}),
        lambda: thing.plain.set(None),
        lambda: thing.places.hset("a"),
    ):
        with pytest.raises(redis.DataError) as refusal:
            await do(wrong())
        assert isinstance(refusal.value, InvalidValue)


@pytest.mark.parametrize("kind", [InvalidValue, MissingArgument, UnknownField, ImplementationError])
def test_they_are_copied_as_others(kind):
    error = kind("why")
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert (type(other), str(other), repr(other)) == (kind, "why", f"{kind.__name__}('why')")
