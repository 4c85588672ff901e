"""Cases of instances, fields, bulk operations, pipelines and transactions."""

from __future__ import annotations

from typing import Any

from benchmarks.growth.case import Case
from benchmarks.growth.datasets import empty, item, items, large, members, referring

CREATE, GET, THERE = "Model(…), create", "get, get_or_create", "exists, instances of a primary key"
FIELD, INDEXED = "a command of a field", "a write to an indexed field of one value"
MEMBERS, LISTS = "a command on an indexed field of many members", "lrem, ltrim, lset of an indexed list"
SEVERAL, DELETE, WHOLE = "hmget, hmset, update", "delete of an instance", "hgetall, smembers, lrange: the whole value"
BULK, FROM = "bulk_create, bulk_update, bulk_delete", "from_pks"
PIPELINE, TRANSACTION = "a pipeline", "a transaction"


def _in_pipeline(dataset: Any, size: int) -> None:
    with dataset.database.pipeline():
        for number in range(size):
            dataset.first.plain.hset(number)
            dataset.first.number.hset(number)


def _in_transaction(dataset: Any, size: int) -> None:
    with dataset.database.transaction():
        for number in range(size):
            dataset.first.plain.hset(number)
            dataset.first.number.hset(number)


def _bits(dataset: Any, count: int) -> None:
    with dataset.database.transaction():
        for number in range(count):
            dataset.one.text.setbit(number * 8, 1)


def _updates(dataset: Any, size: int) -> Any:
    return dataset.model.bulk_update((number, {"plain": 1, "number": -number}) for number in range(1, size + 1))


CASES = [
    Case(
        "Model(…)",
        CREATE,
        "objects",
        items,
        lambda w, _: w.model(group="a", number=-1, code="x", plain=1),
        changes=True,
    ),
    Case(
        "Model(tags=…)",
        CREATE,
        "members",
        members,
        lambda w, n: w.group(name="b", tags=[str(each) for each in range(n)]),
        changes=True,
    ),
    Case("get(pk)", GET, "objects", items, lambda w, _: w.model.get(7)),
    Case("get(code=…)", GET, "objects", items, lambda w, _: w.model.get(code="c7")),
    Case("get_or_create(code=…)", GET, "objects", items, lambda w, _: w.model.get_or_create(code="c7")),
    Case("exists(pk)", THERE, "objects", items, lambda w, _: w.model.exists(pk=7)),
    Case("plain.hset", FIELD, "objects", items, lambda w, _: w.first.plain.hset(5)),
    Case("loose.sadd", FIELD, "members", members, lambda w, _: w.one.loose.sadd("new")),
    Case("plain.append", FIELD, "bytes", large, lambda w, _: w.one.plain.append("y")),
    Case("text.setbit", FIELD, "bytes", large, lambda w, _: w.one.text.setbit(9, 1)),
    Case(
        "text.setrange, getrange",
        FIELD,
        "bytes",
        large,
        lambda w, _: (w.one.text.setrange(5, b"y"), w.one.text.getrange(5, 9)),
    ),
    Case(
        "number.hset, group.hset, code.hset",
        INDEXED,
        "objects",
        items,
        lambda w, _: (w.first.number.hset(5), w.first.group.hset("g1"), w.first.code.hset("new")),
    ),
    Case("indexed.set", INDEXED, "bytes", large, lambda w, n: w.one.indexed.set("y" * n)),
    Case("ranged.set", INDEXED, "bytes", large, lambda w, n: w.one.ranged.set("y" * n)),
    Case(
        "tags.sadd, srem of ten",
        MEMBERS,
        "members",
        members,
        lambda w, _: (w.one.tags.sadd(*"abcdefghij"), w.one.tags.srem(*"abcdefghij")),
    ),
    Case(
        "queue.rpush, rpop", MEMBERS, "members", members, lambda w, _: (w.one.queue.rpush("a", "b"), w.one.queue.rpop())
    ),
    Case(
        "board.zadd, zrem",
        MEMBERS,
        "members",
        members,
        lambda w, _: (w.one.board.zadd({"a": 1.0}), w.one.board.zrem("a")),
    ),
    Case(
        "heads.hset, hdel",
        MEMBERS,
        "members",
        members,
        lambda w, _: (w.one.heads.hset("a", "b"), w.one.heads.hdel("a")),
    ),
    Case("members.sadd of one", MEMBERS, "members", members, lambda w, _: w.one.members.sadd("1")),
    Case(
        "tags.sadd of n", MEMBERS, "values", members, lambda w, n: w.one.tags.sadd(*(f"t{each}" for each in range(n)))
    ),
    Case(
        "board.zadd of n",
        MEMBERS,
        "values",
        members,
        lambda w, n: w.one.board.zadd({f"t{each}": float(each) for each in range(n)}),
    ),
    Case(
        "queue.rpush of n",
        MEMBERS,
        "values",
        members,
        lambda w, n: w.one.queue.rpush(*(f"t{each}" for each in range(n))),
    ),
    Case(
        "queue.lset, lrem",
        LISTS,
        "members",
        members,
        lambda w, n: (w.one.queue.lset(n // 2, "x"), w.one.queue.lrem(1, "x"), w.one.queue.rpush("y")),
    ),
    Case("tags.smembers", WHOLE, "members", members, lambda w, _: w.one.tags.smembers()),
    Case(
        "hmget, hmset, update",
        SEVERAL,
        "objects",
        items,
        lambda w, _: (w.first.hmget("plain", "city"), w.first.hmset(plain=1, number=2), w.first.update(city="x")),
    ),
    Case("delete()", DELETE, "objects", items, lambda w, _: w.first.delete(), changes=True),
    Case("delete() with members", DELETE, "members", members, lambda w, _: w.one.delete(), changes=True),
    Case("delete() with a cascade", DELETE, "referring", referring, lambda w, _: w.one.delete(), changes=True),
    Case(
        "bulk_create",
        BULK,
        "objects",
        empty,
        lambda w, n: w.model.bulk_create(item(each, n) for each in range(1000, 1000 + n)),
        changes=True,
    ),
    Case("bulk_update", BULK, "objects", items, _updates, changes=True),
    Case("bulk_delete", BULK, "objects", items, lambda w, n: w.model.bulk_delete(range(1, n + 1)), changes=True),
    Case("from_pks", FROM, "values", items, lambda w, n: list(w.model.from_pks(range(1, n + 1)))),
    Case("pipeline", PIPELINE, "requests", empty, _in_pipeline),
    Case("transaction", TRANSACTION, "requests", empty, _in_transaction),
    Case("transaction of 50 setbit", INDEXED, "bytes", large, lambda w, _: _bits(w, 50)),
]
