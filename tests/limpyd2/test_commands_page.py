"""What limpyd 2's documentation says of the commands of fields, kind by kind."""

import pytest

from limpyd import fields, model


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


# --- the kinds ---


def test_string(thing):
    string = thing.string
    assert string.set("abc")
    assert string.get() == "abc"
    assert string.append("def") == 6
    assert string.strlen() == 6
    assert string.getrange(0, 2) == "abc"
    assert string.setrange(0, "X") == 6
    assert string.getset("new") == "Xbcdef"
    assert not string.setnx("other")
    assert string.setbit(0, 1) == 0
    assert string.getbit(0) == 1
    string.set("a")
    assert string.bitcount() == 3
    assert string.bitpos(1) == 1


def test_numbers_in_a_string(thing):
    number = thing.number
    assert number.incr() == 1
    assert number.incrby(10) == 11
    assert number.decr() == 10
    assert number.decrby(4) == 6
    assert number.incr(2) == 8
    assert float(number.incrbyfloat(0.5)) == 8.5
    assert float(number.incrbyfloat("1.5")) == 10
    assert number.get() == "10"


def test_values_are_given_back_as_text(thing):
    for value, text in [(5, "5"), (1.5, "1.5"), ("é", "é"), (b"bytes", "bytes"), ("", "")]:
        thing.string.set(value)
        assert thing.string.get() == text
        thing.entry.hset(value)
        assert thing.entry.hget() == text
        thing.mapping.hset(value, value)
        assert thing.mapping.hget(value) == text
        thing.queue.rpush(value)
        assert thing.queue.lindex(-1) == text
        thing.members.sadd(value)
        assert thing.members.sismember(value)
        thing.scores.zadd({value: 1})
        assert thing.scores.zscore(value) == 1


def test_instance_hash(thing):
    entry = thing.entry
    assert entry.hget() is None
    assert not entry.hexists()
    assert entry.hset("x") == 1
    assert entry.hset("y") == 0
    assert entry.hexists()
    assert entry.hsetnx("z") == 0
    assert thing.count.hincrby(2) == 7
    assert thing.count.hincrby(-1) == 6
    assert float(thing.count.hincrbyfloat(0.5)) == 6.5
    assert entry.hdel() == 1
    assert entry.hget() is None


def test_hash(thing):
    mapping = thing.mapping
    assert mapping.hset("one", 1) == 1
    assert mapping.hmset(two=2, three="3")
    assert mapping.hget("one") == "1"
    assert mapping.hgetall() == {"one": "1", "two": "2", "three": "3"}
    assert mapping.hmget("one", "none", "two") == ["1", None, "2"]
    assert sorted(mapping.hkeys()) == ["one", "three", "two"]
    assert sorted(mapping.hvals()) == ["1", "2", "3"]
    assert mapping.hlen() == 3
    assert mapping.hexists("one")
    assert mapping.hstrlen("three") == 1
    assert mapping.hincrby("one", 2) == 3
    assert float(mapping.hincrbyfloat("one", 0.5)) == 3.5
    assert mapping.hsetnx("one", 9) == 0
    assert dict(mapping.hscan()) == {"one": "3.5", "two": "2", "three": "3"}
    assert dict(mapping.hscan(match="t*", count=1)) == {"two": "2", "three": "3"}
    assert mapping.hdel("one", "two") == 2
    assert mapping.hgetall() == {"three": "3"}


def test_set(thing):
    members = thing.members
    assert members.sadd("a", "b", 1) == 3
    assert members.scard() == 3
    assert members.smembers() == {"a", "b", "1"}
    assert members.sismember("a")
    assert members.srandmember() in {"a", "b", "1"}
    assert len(members.srandmember(2)) == 2
    assert set(members.sscan()) == {"a", "b", "1"}
    assert members.srem("a", "none") == 1
    assert members.spop() in {"b", "1"}
    assert len(members.spop(1)) == 1
    assert members.smembers() == set()


def test_list(thing):
    queue = thing.queue
    assert queue.rpush("a", "b", 1) == 3
    assert queue.lpush("z") == 4
    assert queue.lrange(0, -1) == queue.lmembers() == ["z", "a", "b", "1"]
    assert queue.llen() == 4
    assert queue.lindex(1) == "a"
    assert queue.linsert("before", "a", "y") == 5
    assert queue.lset(0, "Z")
    assert queue.lpop() == "Z"
    assert queue.rpop() == "1"
    assert queue.rpushx("a") == 4
    assert queue.lpushx("a") == 5
    assert queue.lmembers() == ["a", "y", "a", "b", "a"]
    assert queue.lcontains("y")
    assert not queue.lcontains("none")
    assert queue.lrank("b") == 3
    assert queue.lrank("none") is None
    assert queue.lcount("a") == 3
    assert queue.lrem(1, "a") == 1
    assert queue.ltrim(0, 1)
    assert queue.lmembers() == ["y", "a"]


def test_sorted_set(thing):
    scores = thing.scores
    assert scores.zadd({"a": 1, "b": 2}) == 2
    assert scores.zadd(c=3, d=4) == 2
    assert scores.zcard() == 4
    assert scores.zmembers() == scores.zrange(0, -1) == ["a", "b", "c", "d"]
    assert scores.zrange(0, 1, withscores=True) == [("a", 1.0), ("b", 2.0)]
    assert scores.zrevrange(0, 0) == ["d"]
    assert scores.zrevrange(0, 0, withscores=True) == [("d", 4.0)]
    assert scores.zrangebyscore(2, 3) == ["b", "c"]
    assert scores.zrangebyscore("(2", "+inf", start=0, num=1, withscores=True) == [("c", 3.0)]
    assert scores.zrevrangebyscore(3, 2) == ["c", "b"]
    assert scores.zcount(2, 4) == 3
    assert scores.zscore("a") == 1.0
    assert (scores.zrank("a"), scores.zrevrank("a")) == (0, 3)
    assert scores.zincrby(10, "a") == 11.0
    assert dict(scores.zscan()) == {"b": 2.0, "c": 3.0, "d": 4.0, "a": 11.0}
    assert scores.zrem("d", "none") == 1
    assert scores.zremrangebyscore(2, 2) == 1
    assert scores.zremrangebyrank(0, 0) == 1
    assert scores.zmembers() == ["a"]


def test_sorted_set_by_text(thing):
    scores = thing.scores
    scores.zadd(dict.fromkeys("abcd", 0))
    assert scores.zrangebylex("[b", "(d") == ["b", "c"]
    assert scores.zrevrangebylex("+", "[c") == ["d", "c"]
    assert scores.zlexcount("-", "+") == 4
    assert scores.zremrangebylex("-", "[b") == 2


def test_several_values_at_creation(things):
    thing = things(queue=["a", "b"], members={"a", "b"}, scores={"a": 1}, mapping={"a": "x"})
    assert thing.queue.lmembers() == ["a", "b"]
    assert thing.members.smembers() == {"a", "b"}
    assert thing.scores.zscore("a") == 1
    assert thing.mapping.hgetall() == {"a": "x"}


def test_sorting_a_field(thing):
    thing.queue.rpush(3, 1, 2)
    assert thing.queue.sort() == ["1", "2", "3"]
    assert thing.queue.sort(desc=True) == ["3", "2", "1"]
    thing.members.sadd("b", "a")
    assert thing.members.sort(alpha=True) == ["a", "b"]


def test_proxies(thing):
    """proxy_get and proxy_set read and write whole fields, whatever their kind."""
    values = {
        "string": "x",
        "entry": "x",
        "mapping": {"a": "1"},
        "members": {"a", "b"},
        "queue": ["a", "b"],
    }
    for name, value in values.items():
        field = thing.get_field(name)
        field.delete()
        field.proxy_set(value)
        assert field.proxy_get() == value
    thing.scores.proxy_set({"a": 1})
    assert thing.scores.proxy_get() == ["a"]
