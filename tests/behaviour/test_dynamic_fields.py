"""Dynamic fields: versions by name and by part, their inventory, indexes, and what becomes of them with the object."""

from __future__ import annotations

import pytest

from limpyd import (
    DynamicInstanceHashField,
    DynamicStringField,
    HyperLogLogField,
    InstanceHashField,
    SetField,
    StreamField,
    StringField,
)
from limpyd.exceptions import (
    DeclarationError,
    DoesNotExist,
    ImplementationError,
    IndexNotBuilt,
    InvalidFilter,
    InvalidValue,
    UniquenessError,
    UnknownField,
    UnsupportedCommand,
    WrongTypeError,
)
from limpyd.fields import DynamicField, JSONField
from tests.support.dynamic_models import VALUES, player


@pytest.fixture
def model(face):
    return player(face)


def contents_of(face):
    read = {
        b"string": face.client.get,
        b"hash": face.client.hgetall,
        b"set": face.client.smembers,
        b"list": lambda key: face.client.lrange(key, 0, -1),
        b"zset": lambda key: face.client.zrange(key, 0, -1, withscores=True),
    }
    return {key: read[face.client.type(key)](key) for key in sorted(face.keys())}


class TestReaching:
    async def test_by_name_by_part_and_by_get_field(self, face, model):
        one = await face.do(model.create(**VALUES))
        assert await face.do(one.text_x.get()) == "1"
        assert await face.do(one.text("x").get()) == "1"
        assert await face.do(one.text.get_for("x").get()) == "1"
        assert await face.do(one.get_field("text_x").get()) == "1"
        assert await face.do(one.scores("ada").get()) == 3
        assert await face.do(one.tags_foo.smembers()) == {"m", "n"}
        assert await face.do(one.log_today.lrange(0, -1)) == ["one", "two"]
        assert await face.do(one.ranks_all.zscore("a")) == 1.0
        assert await face.do(one.heads_http.hget("k")) == "v"
        assert one.text.get_name_for("x") == model.get_field_name_for("text", "x") == "text_x"
        assert model.get_field("scores").get_name_for("ada") == "score_ada"
        assert model.has_field("score_bob")
        assert model.has_field("scores")
        assert not model.has_field("rank_bob")

    async def test_any_text_is_a_part(self, face, model):
        one = await face.do(model.create(name="a"))
        parts = ["a:b", "3:a", "*", "é", "a b", "a\nb", "\udcff", "x.1:y", "{z}", "[a]", 7, "[", "%s"]
        for part in parts:
            await face.do(one.text(part).set(f"of {part!a}"))
        assert await face.do(one.text.versions()) == set(map(str, parts))
        for part in parts:
            assert await face.do(one.text(part).get()) == f"of {part!a}"
            assert await face.all(model.collection(model.text(part) == f"of {part!a}")) == ["1"]
            assert await face.do(model.collection(name="a").values(model.text(part).name)[0]) == {
                model.text(part).name: f"of {part!a}"
            }
        assert (await face.do(model.check())).ok
        await face.do(one.delete())
        assert face.keys() == {"{player}:seq"}

    async def test_other_types_by_subclassing(self, face):
        class DynamicJSONField(DynamicField):
            of = JSONField

        class Thing(face.Model):
            database = face.database
            data = DynamicJSONField()

        one = await face.do(Thing.create(data_x={"a": [1]}))
        assert await face.do(one.data_x.get()) == {"a": [1]}

    async def test_a_subclass_and_another_database_have_their_own(self, face, model, one_server):
        class Master(model):
            extra = DynamicStringField()

        await face.do(model.create(text_x="1"))
        one = await face.do(Master.create(text_x="2", extra_y="3"))
        assert await face.do(one.text_x.get()) == "2"
        assert await face.all(Master.collection(text_x="2")) == ["1"]
        assert await face.all(model.collection(text_x="2")) == []
        assert not model.has_field("extra_y")

    async def test_an_instance_without_a_primary_key_gets_it_with_the_first_version(self, face, model):
        one = model() if face.name == "sync" else await face.do(model.create())
        assert await face.do(one.text.versions()) == set()
        assert await face.all(one.text.scan_versions()) == []
        assert await face.do(one.text_x.get()) is None
        assert await face.do(one.text.delete()) == 0
        await face.do(one.tags("a").sadd("m"))
        assert await face.do(one.tags.versions()) == {"a"}
        assert await face.do(one.pk.get()) == "1"


class TestInventory:
    async def test_it_lists_what_has_a_value(self, face, model):
        one = await face.do(model.create(name="a"))
        await face.do(one.tags("a").sadd("1"))
        await face.do(one.tags("b").sadd("1"))
        assert await face.do(one.tags.versions()) == {"a", "b"}
        await face.do(one.tags("a").srem("1"))
        assert await face.do(one.tags.versions()) == {"b"}
        await face.do(one.log("x").rpush("1"))
        await face.do(one.log("x").lpop())
        await face.do(one.log("x").llen())
        assert await face.do(one.log.versions()) == set()
        await face.do(one.scores("x").hincrby(3))
        assert await face.do(one.scores.versions()) == {"x"}
        await face.do(one.scores("x").hdel())
        assert await face.do(one.scores.versions()) == set()

    async def test_a_command_that_stores_nothing_lists_nothing(self, face, model):
        one = await face.do(model.create(name="a"))
        await face.do(one.tags("a").srem("1"))
        await face.do(one.text("a").set("1", xx=True))
        await face.do(one.log("a").rpushx("1"))
        assert await face.all(one.scan_keys()) == ["{player}:field:name:1"]

    async def test_scans_take_a_pattern(self, face, model):
        one = await face.do(model.create(text_foo="1", text_bar="2", text_baz="3"))
        assert set(await face.all(one.text.scan_versions())) == {"foo", "bar", "baz"}
        assert set(await face.all(one.text.scan_versions("b*"))) == {"bar", "baz"}
        assert set(await face.all(one.text.sscan(match="b*", count=1))) == {"bar", "baz"}
        keys = {f"{{player}}:field:text.3:{part}:1" for part in ("foo", "bar", "baz")}
        assert set(await face.all(one.text.scan_keys())) == keys
        assert set(await face.all(one.scan_keys())) == keys | {"{player}:field:text:1"}

    async def test_what_has_expired_is_left_out(self, face, model):
        one = await face.do(model.create(log_a=["1"], log_b=["1"]))
        await face.do(one.log("a").pexpireat(1))
        assert await face.do(one.log.versions()) == {"b"}
        face.client.delete("{player}:field:log.1:b:1")  # as an expiry does it
        assert await face.do(one.log.versions()) == set()
        assert await face.all(one.log.scan_versions()) == []

    async def test_all_versions_are_deleted_in_one_step(self, face, model):
        one = await face.do(model.create(**VALUES))
        await face.do(model.create(**{**VALUES, "mail_home": "b@x"}))
        await face.do(one.text("y").set("2"))
        assert await face.do(one.text.delete()) == 2
        for name in ("scores", "tags", "log", "ranks", "heads", "mail"):
            assert await face.do(getattr(one, name).delete()) == 1
        assert await face.all(one.scan_keys()) == ["{player}:field:name:1"]
        assert await face.all(model.collection(text_x="1")) == ["2"]
        assert (await face.do(model.check())).ok
        await face.do(one.delete())
        await face.refused(DoesNotExist, lambda: one.text.delete())
        await face.refused(DoesNotExist, lambda: one.text.versions())


class TestIndexes:
    async def test_filters_orders_and_values(self, face, model):
        for number in range(5):
            await face.do(model.create(name=f"n{number}", score_ada=number, text_x=str(number % 2)))
        assert await face.all(model.collection(text_x="1")) == ["2", "4"]
        assert await face.all(model.collection(score_ada__gte=3)) == ["4", "5"]
        assert await face.all(model.collection(model.scores("ada") >= 3, text_x="1")) == ["4"]
        assert await face.all(model.collection().dynamic_filter("scores", "ada", 3, "gte")) == ["4", "5"]
        assert await face.all(model.collection().dynamic_filter("text", "x", "1")) == ["2", "4"]
        assert await face.all(model.collection(score_ada__in=[1, 2]).sort(by="-score_ada")) == ["3", "2"]
        assert await face.all(
            model.collection(score_ada__lt=2).sort(by="score_ada").values_list("score_ada", "name")
        ) == [
            (0, "n0"),
            (1, "n1"),
        ]
        assert await face.do(model.exists(score_ada=4))
        assert not await face.do(model.exists(score_bob=4))
        assert await face.do(model.collection(score_ada__isnull=True).count()) == 0

    async def test_versions_are_apart(self, face, model):
        await face.do(model.create(text_a="1", mail_a="x"))
        await face.do(model.create(text_b="1", mail_b="x"))
        assert await face.all(model.collection(text_a="1")) == ["1"]
        await face.refused(UniquenessError, lambda: model.create(mail_a="x"), match="mail_a")
        assert await face.do(model.collection().count()) == 2

    async def test_they_follow_and_a_refused_write_leaves_no_trace(self, face, model):
        one = await face.do(model.create(**VALUES))
        two = await face.do(model.create(name="b"))
        before = face.keys()
        await face.refused(UniquenessError, lambda: two.mail("home").set("a@x"))
        await face.refused(UniquenessError, lambda: two.update(text_x="7", mail_home="a@x"))
        assert face.keys() == before
        await face.do(one.text_x.append("0"))
        await face.do(one.tags("foo").smove(one.tags("bar"), "m"))
        await face.do(one.update(score_ada=9, log_today=None, tags_new=["q"]))
        await face.do(one.hmset(score_bob=4))
        assert await face.all(model.collection(text_x="10", tags_bar="m", score_ada=9, tags_new="q", score_bob=4)) == [
            "1"
        ]
        assert await face.do(one.log.versions()) == set()
        assert await face.do(one.hgetall()) == {"score_ada": 9, "score_bob": 4}
        assert sorted(await face.do(one.hkeys())) == ["score_ada", "score_bob"]
        assert await face.do(one.hmget("score_bob", "score_eve")) == [4, None]
        assert (await face.do(model.check())).ok

    async def test_clear_rebuild_and_check(self, face, model):
        for number in range(3):
            await face.do(model.create(**{**VALUES, "mail_home": str(number)}))
        before = face.keys()
        await face.do(model.clear_indexes())
        await face.refused(IndexNotBuilt, lambda: face.all(model.collection(text_x="1")))
        assert len(face.keys()) < len(before)
        await face.do(model.rebuild_indexes())
        assert face.keys() == before
        await face.do(model.get_field("text").clear_indexes())
        assert not face.client.exists("{player}:eq:text.1:x:1")
        await face.do(model.get_field("text_x").rebuild_indexes())
        assert face.keys() == before
        face.client.srem("{player}:eq:text.1:x:1", "1")
        face.client.sadd("{player}:eq:text.1:y:1", "2")
        face.client.hset("{player}:uniq:mail.4:home", "nobody", "3")
        assert {finding.kind for finding in (await face.do(model.check(repair=True))).findings} == {"missing", "stale"}
        assert face.keys() == before
        assert (await face.do(model.check())).ok


class TestObjects:
    async def test_nothing_is_left_of_a_deleted_object(self, face, model):
        one = await face.do(model.create(**VALUES))
        await face.do(one.delete())
        assert face.keys() == {"{player}:seq"}

    @pytest.mark.parametrize("way", ["delete", "collection", "bulk_delete", "delete of all versions"])
    async def test_a_list_of_versions_of_another_type_stops_a_deletion(self, any_face, way):
        model = player(any_face)
        one = await any_face.do(model.create(**VALUES))
        two = await any_face.do(model.create(**VALUES | {"mail_home": "b@x"}))
        any_face.client.delete("{player}:field:log:2")
        any_face.client.set("{player}:field:log:2", "no set")
        before = contents_of(any_face)
        deletions = {
            "delete": two.delete,
            "collection": lambda: model.collection().delete(),
            "bulk_delete": lambda: model.bulk_delete([one, two]),
            "delete of all versions": two.log.delete,
        }
        await any_face.refused(WrongTypeError, deletions[way], match=r"'\{player\}:field:log:2' should be a set but")
        assert contents_of(any_face) == before
        await any_face.refused(WrongTypeError, two.log.versions, match=r"'\{player\}:field:log:2' should be a set but")

    async def test_bulk(self, face, model):
        made = await face.do(model.bulk_create([{**VALUES, "mail_home": str(n), f"text_{n}": "x"} for n in range(9)]))
        assert made.created == 9
        assert await face.all(model.collection(text_4="x")) == ["5"]
        await face.do(model.bulk_update([(1, {"text_x": "8"}), (2, {"tags_foo": ["z"]})]))
        assert await face.all(model.collection(text_x="8")) == ["1"]
        assert await face.all(model.collection(tags_foo="z")) == ["2"]
        assert await face.do(model.collection(text_x="1").update(score_ada=50)) == 8
        assert await face.do(model.collection(score_ada=50).count()) == 8
        assert (await face.do(model.check())).ok
        await face.do(model.bulk_delete([1, 2]))
        await face.do(model.collection(score_ada=50).delete())
        assert face.keys() == {"{player}:seq"}

    async def test_get_or_create(self, face, model):
        one, new = await face.do(model.get_or_create(text_x="1", defaults={"score_a": 1}))
        same, again = await face.do(model.get_or_create(text_x="1"))
        assert (new, again, one == same) == (True, False, True)
        assert await face.do(one.score_a.get()) == 1

    async def test_what_a_process_does_not_declare_goes_with_the_object(self, face, model):
        one = await face.do(model.create(**{name: value for name, value in VALUES.items() if name != "name"}))
        pk = await face.do(one.pk.get())

        class Player(face.Model):
            database = face.Database(port=face.server.port)
            name = StringField(indexable=True)

        await face.do(Player.lazy_connect(pk).delete())
        await face.do(Player.database.close())
        assert not any(":field:" in key or ":hash:" in key for key in sorted(face.keys()))

    async def test_others_than_limpyd_may_not_take_the_place(self, face, model):
        face.client.set("{player}:field:tags:1", "x")
        await face.refused(Exception, lambda: model.create(tags_a=["1"]), match="tags")


CALLS = {
    "versions": lambda one: one.text.versions(),
    "delete": lambda one: one.text.delete(),
    "set": lambda one: one.text("new").set("1"),
    "get": lambda one: one.text_x.get(),
    "hset": lambda one: one.scores("new").hset(1),
    "sadd": lambda one: one.tags("new").sadd("1"),
    "update": lambda one: one.update(text_x="2", tags_foo=["1"]),
    "filter": lambda one: type(one).collection(text_x="2").count(),
    "create": lambda one: type(one).create(**{**VALUES, "mail_home": "z"}),
    "delete the object": lambda one: one.delete(),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_each_is_one_request(any_face, call):
    face, model = any_face, player(any_face)
    for first in (True, False):  # the first one may bring the script, and asks for the catalog
        await face.do(model.collection().delete())
        one = await face.do(model.create(**VALUES))
        with face.sent() as sent:
            await face.do(call(one))
        assert first or len(sent.commands) == 1, sent.commands


async def test_a_scan_is_a_request_for_each_chunk(any_face):
    face, model = any_face, player(any_face)
    one = await face.do(model.create(**VALUES))
    await face.all(one.text.scan_versions())
    with face.sent() as sent:
        await face.all(one.text.scan_versions())
    assert len(sent.commands) == 1


class TestTogether:
    async def test_pipelines_and_transactions(self, face, model):
        one = await face.do(model.create(**VALUES))
        before = face.keys()
        block = face.database.transaction()

        def work():
            return one.text("x").set("5"), one.log("n").rpush("1"), one.scores.delete(), one.mail("home").get()

        if face.is_async:
            async with block:
                results = work()
        else:
            with block:
                results = work()
        assert results[2].value == 1
        assert await face.do(one.log.versions()) == {"today", "n"}
        assert await face.all(model.collection(text_x="5")) == ["1"]
        assert await face.all(model.collection(score_ada=3)) == []
        assert before != face.keys()

    async def test_a_refused_transaction_leaves_no_trace(self, face, model):
        one = await face.do(model.create(**VALUES))
        two = await face.do(model.create(mail_home="b@x"))
        contents = contents_of(face)

        def work():
            one.text("x").delete()
            one.scores.delete()
            one.tags.delete()
            one.log("new").rpush("1")
            one.delete()
            two.mail("home").set("c@x")
            two.text("x").set("1")
            two.tags("a").sadd("1")
            model.create(mail_home="c@x")

        with pytest.raises(UniquenessError):
            if face.is_async:
                async with face.database.transaction():
                    work()
            else:
                with face.database.transaction():
                    work()
        assert contents_of(face) == contents


class TestRefused:
    async def test_commands_on_all_versions(self, face, model):
        one = await face.do(model.create(name="a"))
        with pytest.raises(ImplementationError, match=r"name a version of it, such as text\('…'\)\.set"):
            one.text.set("1")
        assert not hasattr(one.text, "nonsense")
        assert not hasattr(one.text, "set")
        with pytest.raises(UnsupportedCommand):
            _ = one.text.get

    async def test_names(self, face, model):
        one = await face.do(model.create(name="a"))
        for part, reason in {
            "": "cannot be empty",
            "a\0b": "NUL",
            "a__b": "two underscores",
            None: "a str, an int",
            True: "a str, an int",
            "\ud800": "not text",
        }.items():
            with pytest.raises(UnknownField, match=reason):
                one.text(part)
        with pytest.raises(UnknownField, match="pattern"):
            one.scores("a-b")
        with pytest.raises(UnknownField, match="is a dynamic field"):
            model.collection(text="1")
        with pytest.raises(UnknownField, match="is a dynamic field"):
            model.collection().values("text")
        with pytest.raises(UnknownField, match="has no field"):
            model.collection(rank_a="1")
        await face.refused(UnknownField, lambda: model.create(text="1"), match="is a dynamic field")
        await face.refused(InvalidValue, lambda: model.create(score_a="x"))
        with pytest.raises(InvalidFilter, match=r"Player\.text\('…'\)"):
            model.collection(model.text == "1")
        with pytest.raises(AttributeError):
            _ = one.nothing

    async def test_names_of_something_else(self, face):
        class Thing(face.Model):
            database = face.database
            scan = DynamicStringField()
            a = DynamicStringField()
            b = DynamicStringField(pattern=r"a_(\w+)_b", format="a_%s_b")
            own = SetField()

        one = await face.do(Thing.create(own=["1"]))
        with pytest.raises(UnknownField, match="'scan_keys' is another attribute of Thing"):
            one.scan("keys")
        with pytest.raises(UnknownField, match=r"too; change one of the patterns"):
            one.a("x_b")
        with pytest.raises(UnknownField, match=r"too; change one of the patterns"):
            Thing.collection(a_x_b="1")
        await face.do(one.a("x").set("1"))


class TestLimpyd2Layout:
    """With the keys of redis-limpyd-extensions, on one face and server."""

    @pytest.fixture
    def face(self, one_server):
        from tests.support.face import Face  # noqa: PLC0415

        return Face("sync", one_server)

    @pytest.fixture
    def model(self, face):
        return player(face, face.Database(port=face.server.port, layout="limpyd2"))

    def test_keys(self, face, model):
        one = model(**VALUES)
        assert face.keys() >= {
            ":player:1:text", ":player:1:text_x", ":player:1:scores", ":player:1:hash", ":player:1:tags_foo",
            ":player:text_x:1", ":player:tags_foo:m", ":player:score_ada:number-range", ":player:mail_home:a@x",
        }  # fmt: skip
        assert face.client.hgetall(":player:1:hash") == {b"score_ada": b"3"}
        assert face.client.smembers(":player:1:scores") == {b"ada"}
        assert list(model.collection(text_x="1", score_ada__gte=2)) == ["1"]
        assert model.check().ok
        before = face.keys()
        model.clear_indexes()
        model.rebuild_indexes()
        assert face.keys() == before
        with pytest.raises(UnknownField, match="colon"):
            one.text("a:b")
        one.delete()
        assert face.keys() <= {":player:max_pk", ":player:meta"}


async def test_fields_that_take_no_index_have_dynamic_ones(any_face):
    class DynamicStreamField(DynamicField):
        of = StreamField

    class DynamicCounterField(DynamicField):
        of = HyperLogLogField

    class Thing(any_face.Model):
        database = any_face.database
        name = StringField()
        events = DynamicStreamField()
        visitors = DynamicCounterField()

    one = await any_face.do(Thing.create(name="x"))
    await any_face.do(one.events("today").xadd({"a": "1"}))
    await any_face.do(one.visitors("today").pfadd("ann", "bob"))
    assert await any_face.do(one.events("today").xlen()) == 1
    assert await any_face.do(one.visitors("today").pfcount()) == 2
    assert await any_face.do(one.events.versions()) == await any_face.do(one.visitors.versions()) == {"today"}
    await any_face.do(one.delete())
    assert any_face.keys() == {"{thing}:seq"}
    with pytest.raises(DeclarationError, match="StreamField"):
        DynamicStreamField(indexable=True)


@pytest.mark.parametrize("way", ["delete", "bulk", "collection", "transaction"])
@pytest.mark.parametrize("name", [StringField(), InstanceHashField(indexable=True)], ids=["plain", "indexed"])
async def test_versions_without_an_index_go_with_the_object(any_face, name, way):
    """The deletion of an object with few indexes goes a short way, which knows nothing of versions."""

    class Thing(any_face.Model):
        database = any_face.database
        title = name
        text = DynamicStringField()
        entry = DynamicInstanceHashField()

    one = await any_face.do(Thing.create(title="x", text_a="1", entry_a="1"))
    await any_face.do(one.text("b").set("1"))
    if way == "bulk":
        await any_face.do(Thing.bulk_delete([one]))
    elif way == "collection":
        await any_face.do(Thing.collection().delete())
    elif way == "transaction" and any_face.is_async:
        async with any_face.database.transaction():
            one.delete()
    elif way == "transaction":
        with any_face.database.transaction():
            one.delete()
    else:
        await any_face.do(one.delete())
    assert any_face.keys() == {"{thing}:seq"}
