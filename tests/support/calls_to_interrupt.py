"""What is interrupted: calls of the sync face, what is done before each, and what each gives."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable
from time import sleep
from typing import Any

import redis

from limpyd import InstanceHashField, ListField, RedisDatabase, RedisModel, StringField
from limpyd.drivers.connection_pool import IDLE_UNCHECKED

MARK = "reply of its own"


class Interrupted(RedisModel):
    """The model that the calls are on."""

    database = RedisDatabase()
    number = StringField(type=int, indexable=True)
    other = StringField()
    name = InstanceHashField(indexable=True)
    queue = ListField()


def _pipeline(database: RedisDatabase, thing: Interrupted) -> Any:
    with database.pipeline() as pipe:
        thing.number.set(6)
        thing.name.hset("new")
        pipe.add(thing.other.get)


def _transaction(database: RedisDatabase, thing: Interrupted) -> Any:
    with database.transaction():
        thing.number.set(6)
        thing.name.hset("new")


def _watched(database: RedisDatabase, thing: Interrupted) -> Any:
    def change(transaction: Any) -> None:
        assert thing.other.get() == MARK
        transaction.multi()
        thing.number.set(6)
        thing.name.hset("new")

    database.transaction(change, thing.number)


def _closed(database: RedisDatabase, _: redis.Redis, _thing: Interrupted) -> None:
    database.close()


def _cut(_: RedisDatabase, client: redis.Redis, _thing: Interrupted) -> None:
    client.client_kill_filter(_type="normal", skipme=True)


def _cut_before(database: RedisDatabase, client: redis.Redis, thing: Interrupted) -> None:
    _cut(database, client, thing)
    sleep(IDLE_UNCHECKED)


def _nothing(_: RedisDatabase, _client: redis.Redis, _thing: Interrupted) -> None:
    pass


def _pushed(_: RedisDatabase, _client: redis.Redis, thing: Interrupted) -> None:
    thing.queue.rpush("x")


def _garbage(_: RedisDatabase, _client: redis.Redis, _thing: Interrupted) -> None:
    """Leaves a connection for the collector, which finds it at some moment of the call."""
    gc.collect()
    connection: Any = redis.Connection()
    connection.of_itself = connection
    gc.set_threshold(gc.get_count()[0] + random.randrange(2, 40))


Before = Callable[[RedisDatabase, redis.Redis, Interrupted], None]
Call = Callable[[RedisDatabase, Interrupted], Any]
CALLS: dict[str, tuple[Before, Call, Any]] = {
    "read": (_nothing, lambda _, thing: thing.other.get(), MARK),
    "indexed write": (_nothing, lambda _, thing: thing.number.set(6), True),
    "create": (_nothing, lambda _, thing: Interrupted(number=6, name="made").number.get(), 6),
    "pipeline": (_nothing, _pipeline, None),
    "transaction": (_nothing, _transaction, None),
    "watched transaction": (_nothing, _watched, None),
    "blocking command": (_pushed, lambda _, thing: thing.queue.blpop(timeout=5), "x"),
    "query": (_nothing, lambda _, thing: list(Interrupted.collection(name="old")), ["1"]),
    "iteration": (_nothing, lambda database, thing: len(list(database.scan_keys())) > 3, True),
    "first use": (_closed, lambda _, thing: thing.other.get(), MARK),
    "first pipeline": (_closed, _pipeline, None),
    "new connection": (_cut_before, lambda _, thing: thing.number.set(6), True),
    "read after a loss": (_cut, lambda _, thing: thing.other.get(), MARK),
    "query after a loss": (_cut, lambda _, thing: Interrupted.collection(name="old").count(), 1),
    "read and a finalizer": (_garbage, lambda _, thing: thing.other.get(), MARK),
    "closing": (_nothing, lambda database, thing: database.close(), None),
}
CHANGES = (_pipeline, _transaction, _watched)
WHOLE = {"transaction", "watched transaction"}
