"""One call, one request, on fields of many members: counted at the server, on both faces."""

from __future__ import annotations

import contextlib

import pytest

from limpyd import GeoField, HashField, ListField, RedisDatabase, RedisModel, SetField, SortedSetField, StreamField
from limpyd.exceptions import ServerError
from tests.support import command_calls as calls
from tests.support.face import Sent


@pytest.fixture
def thing(any_face):
    class Thing(any_face.Model):
        database = any_face.database
        tags = SetField(indexable=True)
        loose = SetField()
        queue = ListField(indexable=True)
        bag = ListField()
        board = SortedSetField(indexable=True)
        ranks = SortedSetField()
        heads = HashField(indexable=True)
        plain = HashField()
        places = GeoField(indexable=True)

    return Thing


async def ask(face, instance, other, name, command, args):
    """Runs a command, and gives what was sent; a refusal is a reply as well."""
    given = [getattr(other, name) if arg is calls.OTHER else arg for arg in args]
    with face.sent() as sent, contextlib.suppress(ServerError):
        call = getattr(getattr(instance, name), command)
        if command.endswith(("scan", "scan_no_values", "scan_no_scores")):
            await face.all(call(*given))
        else:
            await face.do(call(*given, **calls.KEYWORDS.get(command, {})))
    return sent.names


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("name", calls.MEMBER_FIELDS)
async def test_one_request(any_face, thing, name, lazy):
    commands, value = calls.MEMBER_FIELDS[name]
    for command, args in commands.items():
        any_face.client.flushdb()
        one = await any_face.do(thing.create(**{name: value}))
        other = await any_face.do(thing.create(**{name: value}))
        if lazy:
            one, other = thing.lazy_connect(1), thing.lazy_connect(2)
        names = await ask(any_face, one, other, name, command, args)
        if names == ["EVALSHA", "EVAL"]:  # the server learned a script
            names = await ask(any_face, one, other, name, command, args)
        if command in {**calls.BLOCKING_LIST, **calls.BLOCKING_SORTED_SET}:
            assert names[0] == "SISMEMBER"  # whether the object exists
            names.pop(0)
        assert len(names) == 1, (command, names)


async def test_arguments_that_choose_another_result(any_face, thing):
    one = await any_face.do(thing.create(loose={"1"}, bag=["1", "2"], ranks={"1": 1, "2": 2}, plain={"1": "1"}))
    for call in (
        lambda: one.loose.spop(2),
        lambda: one.loose.srandmember(2),
        lambda: one.bag.lpop(1),
        lambda: one.bag.rpop(1),
        lambda: one.bag.lpos("1", count=0),
        lambda: one.bag.sort(get="#"),
        lambda: one.bag.sort(get=["#", "#"], groups=True),
        lambda: one.bag.sort(store=one.bag),
        lambda: one.ranks.zadd({"1": 1}, incr=True),
        lambda: one.ranks.zrange(0, 1, withscores=True),
        lambda: one.ranks.zrevrange(0, 1, withscores=True),
        lambda: one.ranks.zrangebyscore(0, 1, withscores=True),
        lambda: one.ranks.zrevrangebyscore(1, 0, withscores=True),
        lambda: one.ranks.zinter(one.ranks, withscores=True),
        lambda: one.ranks.zunion([one.ranks], withscores=True),
        lambda: one.ranks.zdiff(one.ranks, withscores=True),
        lambda: one.ranks.zrank("1", withscore=True),
        lambda: one.ranks.zrandmember(2, withscores=True),
        lambda: one.plain.hrandfield(2, withvalues=True),
        lambda: one.places.geosearch(longitude=1, latitude=1, radius=1, withdist=True),
    ):
        await any_face.do(call())
        with any_face.sent() as sent:
            await any_face.do(call())
        assert len(sent.names) == 1


@pytest.mark.parametrize("name", ["loose", "bag", "ranks"])
async def test_sorting(any_face, thing, name):
    one = await any_face.do(thing.create(**{name: calls.MEMBER_FIELDS[name][1]}))
    for _ in range(2):
        for command, args in calls.SORTING.items():
            given = args or (one.bag,)
            with any_face.sent() as sent:
                await any_face.do(getattr(getattr(one, name), command)(*given))
    assert sent.names == ["EVALSHA"]


async def test_moving_while_waiting(any_face, thing):
    one = await any_face.do(thing.create(bag=["1", "2"]))
    for command, rest in (("blmove", (0.01,)), ("brpoplpush", (0.01,))):
        with any_face.sent() as sent:
            await any_face.do(getattr(one.bag, command)(one.bag, *rest))
        assert sent.names == ["SISMEMBER", "BLMOVE"]


async def test_a_worker_connects_once(any_face, thing):
    one = await any_face.do(thing.create(bag=[str(number) for number in range(20)]))
    await any_face.do(one.bag.blpop(1))
    before = any_face.client.info("stats")["total_connections_received"]
    for _ in range(10):
        await any_face.do(one.bag.blpop(1))
    assert any_face.client.info("stats")["total_connections_received"] == before


async def test_plain_reads_are_plain_commands(any_face, thing):
    one = await any_face.do(thing.create(tags=["a"]))
    other = await any_face.do(thing.create(tags=["b"]))
    with any_face.sent() as sent:
        await any_face.do(one.tags.smembers())
        await any_face.do(one.tags.sinter(other.tags))
        await any_face.do(one.board.zunion(other.board, other.tags))
        await any_face.do(one.bag.lrange(0, -1))
        await any_face.do(one.plain.hgetall())
    assert sent.names == ["SMEMBERS", "SINTER", "ZUNION", "LRANGE", "HGETALL"]


async def test_thousands_of_members_are_one_request(any_face, thing):
    one = await any_face.do(thing.create(tags=["a"]))
    await any_face.do(one.tags.sadd("b"))
    with any_face.sent() as sent:
        await any_face.do(one.tags.sadd(*map(str, range(20_000))))
    assert sent.names == ["EVALSHA"]


class TestPythonsOwnSyntax:
    def test_one_request_each(self, one_server):
        class Thing(RedisModel):
            database = RedisDatabase(port=one_server.port)
            tags = SetField()
            queue = ListField()
            board = SortedSetField()
            heads = HashField()
            log = StreamField()

        one = Thing(tags=["a", "b"], queue=["a", "b"], board={"a": 1, "b": 2}, heads={"a": "1", "b": "2"})
        one.log.xadd({"a": "b"})
        for field in (one.tags, one.queue, one.board, one.heads):
            for consume, expected in (
                (len, 2),
                (bool, True),
                (lambda f: "a" in f, True),
                (lambda f: "z" in f, False),
                (sorted, ["a", "b"]),
                (lambda f: sorted(list(f)), ["a", "b"]),  # noqa: C414 - list() asks for a hint of the length
                (lambda f: len([*f]), 2),
                (lambda f: len({*f}), 2),
                (lambda f: len(tuple(f)), 2),
                (lambda f: sorted(set(f)), ["a", "b"]),
            ):
                with Sent(one_server) as sent:
                    assert consume(field) == expected
                assert len(sent.names) == 1, (field, sent.names)
        for consume, expected in (
            (lambda f: f[0], "a"),
            (lambda f: f[-1], "b"),
            (lambda f: f[:1], ["a"]),
            (lambda f: f[-1:], ["b"]),
            (lambda f: f[1:9], ["b"]),
            (lambda f: f[0:-1], ["a"]),
            (lambda f: list(reversed(f)), ["b", "a"]),
        ):
            with Sent(one_server) as sent:
                assert consume(one.queue) == expected
            assert len(sent.names) == 1
        tags = one.tags
        unread = iter(tags)
        tags.sadd("c")
        assert len(tags) == 3
        assert sorted(unread) == ["a", "b"]
        assert one.queue[1:0] == one.queue[5:] == []
        with pytest.raises(IndexError):
            one.queue[2]
        assert len(one.log) == len(list(one.log)) == 1
        with Sent(one_server) as sent:
            assert one.heads["a"] == "1"
        assert sent.names == ["HGET"]
        with pytest.raises(KeyError):
            one.heads["z"]
        empty = Thing()
        assert not empty.tags
        assert len(empty.queue) == 0
        assert list(empty.board) == []
        Thing.database.close()

    async def test_asynchronous_iteration(self, any_face, thing):
        one = await any_face.do(thing.create(tags=["a"], queue=["b"], board={"c": 1}, heads={"d": "1"}))
        for field, expected in ((one.tags, "a"), (one.queue, "b"), (one.board, "c"), (one.heads, "d")):
            if any_face.is_async:
                with any_face.sent() as sent:
                    assert [member async for member in field] == [expected]
                assert len(sent.names) == 1
            else:
                with pytest.raises(TypeError, match="plain `for`"):
                    [member async for member in field]

    async def test_not_on_the_async_face(self, any_face, thing):
        if not any_face.is_async:
            return
        one = await thing.create(tags=["a"], queue=["a"])
        with any_face.sent() as sent:
            for refused in (
                lambda: len(one.tags),
                lambda: bool(one.tags),
                lambda: "a" in one.tags,
                lambda: list(one.tags),
                lambda: one.queue[0],
                lambda: len(one.board),
                lambda: list(one.heads),
            ):
                with pytest.raises(TypeError, match="await"):
                    refused()
        assert sent.names == []
