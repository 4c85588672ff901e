"""What upkeep costs: in proportion to the change, not to the size of the value."""

from __future__ import annotations

import statistics
import time

import pytest

from limpyd import (
    HashField,
    ListField,
    NumberRangeIndex,
    RedisDatabase,
    RedisModel,
    SetField,
    SortedSetField,
    StringField,
)
from limpyd.exceptions import InvalidValue, ServerError

LARGE = 20_000
ROUNDS = 40
MOST = 3
"""How many times what a small value costs a large one may cost."""

MEMBERS = [f"new {number}" for number in range(10)]
KINDS = {
    "sadd": ("tags", lambda field: field.sadd(*MEMBERS), lambda field: field.srem(*MEMBERS)),
    "srem": ("tags", lambda field: field.srem(*MEMBERS), None),
    "spop": ("tags", lambda field: field.spop_many(10), None),
    "rpush": ("queue", lambda field: field.rpush(*MEMBERS), lambda field: field.ltrim(0, -11)),
    "ltrim": ("queue", lambda field: field.ltrim(0, -1), None),
    "zadd": ("board", lambda field: field.zadd(dict.fromkeys(MEMBERS, 1e9)), lambda field: field.zrem(*MEMBERS)),
    "zremrangebyscore": ("board", lambda field: field.zremrangebyscore(1e8, "inf"), None),
    "zpopmin": ("board", lambda field: field.zpopmin(10), None),
    "hset": (
        "heads",
        lambda field: field.hset(mapping=dict.fromkeys(MEMBERS, "v")),
        lambda field: field.hdel(*MEMBERS),
    ),
}


@pytest.fixture(scope="module")
def sizes(servers):
    class Thing(RedisModel):
        database = RedisDatabase(port=servers("valkey-9.1").port)
        tags = SetField(indexable=True)
        queue = ListField(indexable=True)
        board = SortedSetField(indexable=True)
        heads = HashField(indexable=True)

    def made(size):
        members = [str(number) for number in range(size)]
        return Thing(
            tags=members,
            queue=members,
            board={member: number for number, member in enumerate(members)},
            heads=dict.fromkeys(members, "v"),
        )

    with servers("valkey-9.1").client() as client:
        client.flushall()
        # Room for the entries of the rounds too, so that what is popped does not run out.
        yield made(10 + ROUNDS * 10), made(LARGE)
        client.flushall()
    Thing.database.close()


@pytest.mark.parametrize("name", KINDS)
def test_a_large_value_costs_what_a_small_one_costs(sizes, name):
    field, change, undo = KINDS[name]
    times = [[], []]
    for _ in range(ROUNDS):
        for number, thing in enumerate(sizes):
            bound = getattr(thing, field)
            start = time.perf_counter()
            change(bound)
            times[number].append(time.perf_counter() - start)
            if undo is not None:
                undo(bound)
    small, large = map(statistics.median, times)
    assert large < MOST * small, f"{name}: {large * 1e6:.0f} µs against {small * 1e6:.0f} µs"


class TestLongTextsThatAreNearlyNumbers:
    """A pattern that tries each way to divide the digits takes the square of their number: minutes, here."""

    NEARLY = "1" * 200_000 + "x"

    def test_a_sum(self, one_server):
        class Thing(RedisModel):
            database = RedisDatabase(port=one_server.port)
            text = StringField()

        Thing(text=self.NEARLY)
        with pytest.raises(ServerError, match="not a number"):
            Thing.collection().sum("text")
        Thing.database.close()

    @pytest.mark.parametrize("ending", ["x", ""])
    def test_a_number_index_of_limpyd_2(self, one_server, ending):
        class Thing(RedisModel):
            database = RedisDatabase(port=one_server.port, layout="limpyd2")
            text = StringField(indexes=[NumberRangeIndex])

        one = Thing(text="5")
        one.text.set("1" + " " * 200_000 + ending)
        assert Thing.collection(text__lte=1).count() == 1
        one.text.set(" " * 200_000)
        assert Thing.collection(text__lte=0).count() == 1
        Thing.database.close()

    def test_a_check(self, one_server):
        class Thing(RedisModel):
            database = RedisDatabase(port=one_server.port)
            size = StringField(type=float)

        Thing(size=1.5)
        with one_server.client() as client:
            client.set("{thing}:field:size:1", self.NEARLY)
        assert [finding.kind for finding in Thing.check().findings] == ["undecodable"]
        Thing.database.close()

    def test_an_argument(self, one_server):
        class Thing(RedisModel):
            database = RedisDatabase(port=one_server.port)
            text = StringField()

        with pytest.raises(InvalidValue):
            Thing(text="5").text.incrbyfloat(self.NEARLY)
        Thing.database.close()


def test_many_are_taken_out_of_an_indexed_list(one_server):
    class Thing(RedisModel):
        database = RedisDatabase(port=one_server.port)
        queue = ListField(indexable=True)

    one = Thing(queue=[f"{at}" for at in range(5000)])
    one.queue.rpush("0", "1", "17")
    with one_server.client() as client:

        def ran(call):
            client.config_resetstat()
            call()
            stats = client.info("commandstats")
            return {
                name: stats[f"cmdstat_{name}"]["calls"] for name in ("lpos", "lrange") if f"cmdstat_{name}" in stats
            }

        assert ran(lambda: one.queue.lpop(12)) == {"lpos": 12}
        # All of the list is looked at, a thousand at a time; and no more of it than is needed to find the others.
        assert ran(lambda: one.queue.lpop(20)) == {"lrange": 5}
        one.queue.lpush(*[f"{at}" for at in range(100, 200)] * 2)
        assert ran(lambda: one.queue.lpop(100)) == {"lrange": 1}
    assert [Thing.collection(queue=name).count() for name in ("0", "5", "17", "25", "150", "32")] == [1, 0, 1, 0, 1, 1]
