"""Dynamic fields where something is odd: names, writers beside each other, keys of other types."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from limpyd import DynamicListField, DynamicSortedSetField, DynamicStringField, ListField, RedisDatabase, RedisModel
from limpyd.exceptions import DoesNotExist, NotInPipeline, UnsupportedCommand, WrongTypeError
from tests.support.dynamic_models import VALUES, player
from tests.support.expected_indexes import inconsistencies

ODD = [
    *("a b", "a:b", "3:a", "*", "{x}", "{}", "}", "[a]", "é", "🐍", "\udcff", "\n", "\r\n", " ", "-x", "%s", "a.b"),
    *("1", "01", "+5", "=", "'", '"', "\\", "\t", "a_", "x" * 10_000),
]
WRITES = {
    "text": lambda version: version.set("1"),
    "tags": lambda version: version.sadd("1"),
    "log": lambda version: version.rpush("1"),
    "ranks": lambda version: version.zadd({"1": 1}),
    "heads": lambda version: version.hset("a", "1"),
    "mail": lambda version: version.append("1"),
}


async def test_odd_parts_in_each_place(any_face):
    face, model = any_face, player(any_face)
    one = await face.do(model.create(name="a"))
    for part in ODD:
        for field, write in WRITES.items():
            await face.do(write(getattr(one, field)(part)))
        name = model.get_field_name_for("text", part)
        assert await face.do(getattr(one, name).get()) == "1"
        assert await face.all(model.collection(**{name: "1"}, name="a")) == ["1"]
        assert await face.all(model.collection(model.tags(part) == "1", model.ranks(part) == "1")) == ["1"]
        assert await face.all(model.collection(model.mail(part) == "1").sort(by=f"-{name}").values_list(name)) == [
            ("1",)
        ]
        two = await face.do(model.create(**{name: "2"}))
        await face.do(two.update(**{name: "3"}))
        assert await face.all(model.collection(**{name: "3"})) == [await face.do(two.pk.get())]
        assert name in str(await face.do(model.collection(**{name: "3"}).explain()))
        await face.do(two.delete())
        assert await face.do(one.text(part).get()) == "1"
    assert await face.do(one.text.versions()) == set(await face.all(one.text.scan_versions())) == set(ODD)
    assert inconsistencies(face.client, model) == []
    assert (await face.do(model.check())).ok
    await face.do(model.rebuild_indexes())
    assert inconsistencies(face.client, model) == []
    await face.do(one.delete())
    assert face.keys() == {"{player}:seq"}


def test_writers_of_one_version_beside_each_other(one_server):
    database = RedisDatabase(port=one_server.port)

    class Thing(RedisModel):
        tags = DynamicSortedSetField(indexable=True)
        text = DynamicStringField()
        log = DynamicListField()

        database = RedisDatabase(port=one_server.port)

    one = Thing(text_a="1")

    def work(number):
        for turn in range(60):
            comes = (turn + number) % 2
            one.tags("x").zadd({str(number): 1}) if comes else one.tags("x").zrem(str(number))
            one.text("x").set("1") if comes else one.text("x").delete()
            one.log("x").rpush("1") if comes else one.log("x").lpop()
            if turn % 15 == 0:
                one.log.delete()
                one.text.versions()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert inconsistencies(one_server.client(), Thing) == []
    assert Thing.check().found == {}
    Thing.database.close()
    database.close()


async def test_nothing_comes_back_of_an_object_that_another_process_deleted(any_face):
    face, model = any_face, player(any_face)
    one = await face.do(model.create(**VALUES))
    await face.do(one.text("x").get())
    other = player(face, face.Database(port=face.server.port))
    await face.do(other.lazy_connect("1").delete())
    keys = face.keys()
    calls = {field: lambda field=field: WRITES[field](getattr(one, field)("new")) for field in WRITES}
    calls |= {
        "entry": lambda: one.scores("ada").hincrby(1),
        "delete": lambda: one.log.delete(),
        "update": lambda: one.update(text_y="1"),
        "hmset": lambda: one.hmset(score_bob=1),
        "move": lambda: one.tags("foo").smove(one.tags("bar"), "m"),
        "lazy": lambda: model.lazy_connect("1").log("x").rpush("1"),
    }
    for call in calls.values():
        await face.refused(DoesNotExist, call)
    assert face.keys() == keys
    await face.do(other.database.close())


@pytest.mark.parametrize("field", WRITES)
async def test_a_key_of_another_type_under_a_version(any_face, field):
    face, model = any_face, player(any_face)
    one = await face.do(model.create(**VALUES))
    (key,) = await face.all(getattr(one, field).scan_keys())
    part = key.split(":")[3]
    face.client.delete(key)
    face.client.xadd(key, {"a": "b"})
    before = face.keys()
    for call in (lambda: WRITES[field](getattr(one, field)(part)), *([] if field == "log" else [one.delete])):
        error = await face.refused(WrongTypeError, call)
        assert error.key == key
    assert face.keys() == before
    assert await face.do(getattr(one, field).versions()) == {part}


async def test_an_inventory_of_another_type(any_face):
    face, model = any_face, player(any_face)
    one = await face.do(model.create(**VALUES))
    for field in ("log", "scores"):
        key = f"{{player}}:field:{field}:1"
        face.client.delete(key)
        face.client.rpush(key, "x")
        for call in (
            getattr(one, field).versions,
            getattr(one, field).delete,
            lambda field=field: face.all(getattr(one, field).scan_versions()),
            one.delete,
        ):
            error = await face.refused(WrongTypeError, call)
            assert error.key == key
        assert key in await face.all(one.scan_keys())
        face.client.delete(key)


class TestWhatCannotBeListed:
    async def test_a_move_that_waits(self, any_face):
        face = any_face

        class Thing(face.Model):
            database = face.database
            queue = ListField()
            log = DynamicListField()

        one = await face.do(Thing.create(queue=["1", "2"], log_a=["3"]))
        for call in (lambda: one.queue.blmove(one.log("b"), 1), lambda: one.queue.brpoplpush(one.log("b"))):
            await face.refused(UnsupportedCommand, call, match="use lmove")
        assert await face.do(one.log("a").blmove(one.queue, 1)) == "3"
        assert await face.do(one.log.versions()) == set()
        await face.do(one.queue.lmove(one.log("b")))
        assert await face.do(one.log.versions()) == {"b"}

    async def test_a_value_is_no_attribute(self, any_face):
        face, model = any_face, player(any_face)
        one = await face.do(model.create(**VALUES))
        with pytest.raises(AttributeError, match=r"Player\.text_x cannot be assigned to"):
            one.text_x = "2"
        one.something = "else"
        assert one.something == "else"
        assert await face.do(one.text_x.get()) == "1"

    async def test_a_walk_in_a_pipeline(self, any_face):
        face, model = any_face, player(any_face)
        one = await face.do(model.create(**VALUES))

        def work():
            made = one.text("new").set("1"), one.text.versions()
            with pytest.raises(NotInPipeline):
                one.text.scan_versions()
            return made

        if face.is_async:
            async with face.database.pipeline():
                results = work()
        else:
            with face.database.pipeline():
                results = work()
        assert results[1].value == {"x", "new"}
