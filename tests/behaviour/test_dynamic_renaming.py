"""Renaming with dynamic fields: their versions and inventories are moved with the object. See also test_renaming.py."""

from __future__ import annotations

import re

import pytest

from limpyd import (
    DynamicInstanceHashField,
    DynamicListField,
    DynamicSetField,
    DynamicStringField,
    EqualIndex,
    NumberRangeIndex,
    StringField,
    TextRangeIndex,
)
from limpyd.exceptions import InvalidValue, MoveConflict, UniquenessError
from tests.support.expected_indexes import inconsistencies, state
from tests.support.renaming import ODD, declare, fill
from tests.support.servers import FEW


@pytest.fixture
async def another(face):
    """Another database on the server, as another process would have it."""
    database = face.Database(port=face.server.port)
    yield database
    await face.do(database.close())


few = pytest.mark.parametrize("server", FEW, indirect=True)


@few
class TestFields:
    @pytest.mark.parametrize("field", ["points", "words", "rows"])
    async def test_versions_are_moved(self, face, another, field):
        await fill(face, declare(face.Model, another, "Thing"), ODD)
        new = declare(face.Model, face.database, "Thing", **{field: "fresh"})
        keys = {key.replace(b":%s" % field.encode(), b":fresh") for key in state(face.client) if b"}:field" in key}
        assert await face.do(new.rename_field(field, "fresh")) == (len(ODD), [], [])
        assert inconsistencies(face.client, new) == []
        assert {key for key in state(face.client) if b"}:field" in key} == keys
        assert not [name for name in face.client.hkeys("{thing}:meta") if field.encode() in name]
        if field == "points":
            assert await face.all(new.collection(points_chess=3)) == [ODD[3]]
        elif field == "words":
            assert await face.do(new.collection(new.fresh(":*") == "x").count()) == len(ODD)
        assert await face.do(new.rename_field(field, "fresh")) == (0, [], [])
        assert (await face.do(new.check())).ok

    async def test_versions_of_both_names_come_together_if_none_has_two_values(self, face, another):
        await fill(face, declare(face.Model, another, "Thing"), ["a", "b"])
        new = declare(face.Model, face.database, "Thing", words="fresh", points="scores")
        a, b = await face.do(new.get("a")), await face.do(new.get("b"))
        await face.do(a.fresh("y").set("1"))
        await face.do(a.scores("y").hset(1))
        await face.do(b.fresh("x").set("1"))
        moved = await face.do(new.rename_field("words", "fresh"))
        assert (moved.objects, [(each.pk, type(each.error)) for each in moved.conflicts]) == (1, [("b", MoveConflict)])
        assert await face.do(a.fresh.versions()) == {"x", "y", ":*"}
        assert face.client.smembers("{thing}:field:words:b") == {b"x", b":*"}
        assert (await face.do(new.rename_field("points", "scores"))).objects == 2
        assert await face.do(a.scores.versions()) == {"chess", "go", "y"}
        await face.do(b.fresh("x").delete())
        assert await face.do(new.rename_field("words", "fresh")) == (1, [], [])
        assert inconsistencies(face.client, new) == []


@few
class TestClasses:
    async def test_what_stands_against_it_names_the_version(self, face, another):
        old, new = declare(face.Model, another, "Old"), declare(face.Model, face.database, "New")
        await fill(face, old, ["a", "b", "c"])
        await face.do(new.create(key="other", mails_home="a"))
        face.client.set("{new}:field:words.1:x:b", "of nobody")
        of_a = re.compile(rb"\{old\}:(hash|field):.*:a|\{old\}:hash:a").fullmatch
        before = {key: value for key, value in state(face.client).items() if of_a(key)}
        assert len(before) > 20
        moved = await face.do(new.rename_from("old"))
        errors = {each.pk: each.error for each in moved.conflicts}
        assert {pk: type(error) for pk, error in errors.items()} == {"a": UniquenessError, "b": MoveConflict}
        assert "mails_home" in str(errors["a"])
        assert "'other'" in str(errors["a"])
        assert "{new}:field:words.1:x:b" in str(errors["b"])
        assert {key: value for key, value in state(face.client).items() if of_a(key)} == before
        await face.do((await face.do(new.get("other"))).delete())
        face.client.delete("{new}:field:words.1:x:b")
        assert (await face.do(new.rename_from("old")))[1:] == ([], [])
        assert inconsistencies(face.client, new) == []
        assert face.client.keys("{old}*") == []

    async def test_what_expires_and_would_be_indexed_now_is_told_where_it_is(self, face, another):
        old = type("Old", (face.Model,), {"database": another, "text": DynamicStringField()})
        fields = {"text": DynamicStringField(indexable=True)}
        new = type("New", (face.Model,), {"database": face.database, **fields})
        one = await face.do(old.create(text_x="1"))
        await face.do(one.text("x").expire(100))
        (conflict,) = (await face.do(new.rename_from("old"))).conflicts
        assert "persist('{old}:field:text.1:x:1')" in str(conflict.error)
        assert "text_x" in str(conflict.error)
        face.client.persist("{old}:field:text.1:x:1")
        assert (await face.do(new.rename_from("old"))).objects == 1
        assert await face.all(new.collection(text_x="1")) == ["1"]

    async def test_what_only_others_declare_stays_known(self, face, another):
        """A process that does not know a dynamic field moves its versions, and what is known of them."""
        fields = {"text": DynamicStringField(), "entry": DynamicInstanceHashField()}
        old = type("Old", (face.Model,), {"database": another, **fields})
        await face.do(old.create(text_x="1", entry_y="2"))
        new = type("New", (face.Model,), {"database": face.database})
        await face.do(new.rename_from("old"))
        assert face.client.get("{new}:field:text.1:x:1") == b"1"
        await face.do((await face.do(new.get(1))).delete())
        assert face.keys() == {"{new}:seq"}


async def test_a_version_is_no_field_to_be_renamed(any_face):
    model = declare(any_face.Model, any_face.database, "Thing")
    await any_face.refused(
        InvalidValue, lambda: model.rename_field("old", "words_x"), match=r"a version of the dynamic field words"
    )
    await any_face.refused(InvalidValue, lambda: model.rename_field("words", "mails"), match="is still a field")


async def test_from_the_layout_of_limpyd_2(any_face):
    face = any_face
    fields = {
        "text": DynamicStringField(indexable=True, indexes=[EqualIndex, TextRangeIndex]),
        "scores": DynamicInstanceHashField(int, pattern=r"score_(\w+)", indexes=[NumberRangeIndex]),
        "tags": DynamicSetField(indexable=True),
        "log": DynamicListField(pattern=r"log_of_(\w+)_day"),
        "name": StringField(indexable=True),
    }
    former = face.Database(port=face.server.port, layout="limpyd2")
    old = type("Player", (face.Model,), {"database": former, "namespace": "game", **fields})
    values = {
        "text_x": "1",
        "text_a*": "2",
        "score_ada": 3,
        "score_bob": 4,
        "tags_a": ["m", "n"],
        "log_of_may_day": ["1"],
    }
    for number in range(3):
        await face.do(old.create(name=str(number), **values))
    new = type("Player", (face.Model,), {"database": face.database, "namespace": "game", **fields})
    face.client.sadd("game:player:1:log", "june")  # what redis-limpyd-extensions leaves when a list became empty
    face.client.rpush("game:player:2:log_of_april_day", "1")  # and when it was killed before it listed this one
    moved = await face.do(new.migrate_from_limpyd2())
    assert moved == (3, [], ["game:player:2:log_of_april_day"])
    assert not [key for key in face.keys() - set(moved.kept) if not key.startswith("{game:player}:")]
    face.client.delete(*moved.kept)
    face.client.srem("{game:player}:field:log:1", "june")
    assert inconsistencies(face.client, new) == []
    one = await face.do(new.get(1))
    assert await face.do(one.hgetall()) == {"score_ada": 3, "score_bob": 4}
    assert await face.do(one.log_of_may_day.lrange(0, -1)) == ["1"]
    assert await face.do(new.collection(score_bob=4, text_x="1", tags_a="m").count()) == 3
    assert (await face.do(new.check())).ok
    await face.do(former.close())
