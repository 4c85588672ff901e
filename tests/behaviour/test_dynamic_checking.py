"""Checks and rebuilds of models with dynamic fields: their inventories, and what a look at many versions costs."""

from __future__ import annotations

import pytest

from limpyd import DynamicInstanceHashField, DynamicListField, DynamicSetField, DynamicStringField
from limpyd.exceptions import UniquenessError
from tests.support.dynamic_models import VALUES, player

MANY = 1500


def calls(client):
    return {name.removeprefix("cmdstat_"): facts["calls"] for name, facts in client.info("commandstats").items()}


async def test_a_look_at_many_versions_grows_with_them(any_face):
    face = any_face

    class Thing(face.Model):
        database = face.database
        text = DynamicStringField(indexable=True)
        log = DynamicListField(indexable=True)

    values = {f"text_{number}": "x" for number in range(MANY)} | {f"log_{number}": ["x"] for number in range(MANY)}
    await face.do(Thing.create(**values))
    for look in (Thing.check, lambda: Thing.check(repair=True), Thing.rebuild_indexes):
        face.client.config_resetstat()
        await face.do(look())
        done = calls(face.client)
        assert MANY <= done["get"] < 6 * MANY
        assert MANY <= done["lrange"] < 6 * MANY
    assert (await face.do(Thing.check())).ok


async def test_two_versions_with_the_unique_values_of_another_object(any_face):
    face = any_face

    class Thing(face.Model):
        database = face.database
        mail = DynamicStringField(unique=True)

    one = await face.do(Thing.create(mail_a="x", mail_b="y"))
    await face.do(Thing.create(mail_c="z"))
    for part, value in {"a": "x", "b": "y"}.items():  # as something other than limpyd may write
        face.client.set(f"{{thing}}:field:mail.1:{part}:2", value)
        face.client.sadd("{thing}:field:mail:2", part)
    report = await face.do(Thing.check(repair=True))
    assert sorted(finding.kind for finding in report.findings) == ["conflict", "conflict"]
    assert face.client.hget("{thing}:uniq:mail.1:a", "x") == face.client.hget("{thing}:uniq:mail.1:b", "y") == b"1"
    await face.refused(UniquenessError, Thing.rebuild_indexes)
    assert face.client.hget("{thing}:uniq:mail.1:a", "x") == b"1"
    await face.do(one.delete())


async def found(face, model, **options):
    report = await face.do(model.check(**options))
    return report.ok, sorted((each.kind, each.key, each.pk, each.repaired) for each in report.findings), report


@pytest.mark.parametrize("layout", ["limpyd", "limpyd2"])
@pytest.mark.parametrize("more", [0, 700], ids=["few", "many"])
async def test_inventories_are_compared_with_what_there_is(any_face, layout, more):
    face = any_face
    model = player(face, face.Database(port=face.server.port, layout=layout))
    values = (
        VALUES | {f"score_of{number}": 1 for number in range(more)} | {f"log_{number}": ["1"] for number in range(more)}
    )
    await face.do(model.create(**values))
    before, inventory = face.keys(), ":player:1:{}" if layout == "limpyd2" else "{{player}}:field:{}:1"
    assert (await found(face, model))[1] == []
    for field, part in {"text": "x", "scores": "ada", "tags": "foo"}.items():
        assert face.client.srem(inventory.format(field), part) == 1
    for field in ("log", "mail", "scores"):
        face.client.sadd(inventory.format(field), "gone")
    lost = [("missing", inventory.format(field), "1") for field in ("scores", "tags", "text")]
    gone = [("expired", inventory.format(field), "1") for field in ("log", "mail", "scores")]
    ok, findings, report = await found(face, model)
    assert (ok, findings) == (False, [(*each, False) for each in sorted(gone) + lost])
    assert "the version 'x' of text is not listed here, but the object has it" in str(report)
    assert not (await found(face, model, repair=["expired"]))[0]
    ok, findings, _ = await found(face, model, repair=True)
    assert (ok, findings) == (True, [(*each, True) for each in lost])
    assert (await found(face, model))[1] == []
    assert face.keys() == before
    one = await face.do(model.get(1))
    assert "x" in await face.do(one.text.versions())
    await face.do(one.scores("ada").hdel())  # an entry that only its version knows
    assert face.client.sismember(inventory.format("scores"), "ada") == 0
    await face.do(model.database.close())


async def test_an_expired_version_is_no_fault(any_face):
    face, model = any_face, player(any_face)
    await face.do(model.create(log_a=["1"], log_b=["1"]))
    face.client.delete("{player}:field:log.1:a:1")  # as an expiry does it
    assert (await found(face, model))[:2] == (True, [("expired", "{player}:field:log:1", "1", False)])
    assert (await found(face, model, repair=True))[:2] == (True, [("expired", "{player}:field:log:1", "1", True)])
    assert face.client.smembers("{player}:field:log:1") == {b"b"}


async def test_what_is_of_another_type_is_told_once(any_face):
    face, model = any_face, player(any_face)
    await face.do(model.create(log_a=["1"], score_x=1))
    for key in ("{player}:field:log:1", "{player}:hash:1"):
        face.client.delete(key)
        face.client.set(key, "x")
    _, findings, _ = await found(face, model)
    assert [each[:3] for each in findings if each[0] == "mistyped"] == [
        ("mistyped", "{player}:field:log:1", "1"), ("mistyped", "{player}:hash:1", "1")
    ]  # fmt: skip


@pytest.mark.parametrize("layout", ["limpyd", "limpyd2"])
async def test_values_of_versions_are_checked(any_face, layout):
    """Few versions and many, small ones and large ones."""
    face = any_face

    class Item(face.Model):
        database = face.Database(port=face.server.port, layout=layout)
        score = DynamicInstanceHashField(type=int, ge=0, indexable=True)
        groups = DynamicSetField(type=int, ge=0, max_members=600)
        log = DynamicListField(type=str, max_length=5)

    many = {f"score_{number}": number for number in range(600)} | {f"log_{number}": ["a"] for number in range(600)}
    item = await face.do(Item.create(groups_few=[1], groups_many=range(600), **many))
    other = await face.do(Item.create(score_x=1, log_x=["a"]))
    assert (await found(face, Item))[:2] == (True, [])
    for owner, part, value in ((item, "599", -5), (other, "x", "many")):
        face.client.hset(owner.score(part).key, Item.score(part).sub_key, value)
    face.client.sadd(item.groups("few").key, -1)
    face.client.sadd(item.groups("many").key, 600)
    face.client.rpush(item.log("599").key, "too long")
    for options in ({}, {"repair": True}):
        _, _, report = await found(face, Item, **options)
        findings = [(each.kind, each.pk, each.what) for each in report if each.kind in {"constraint", "undecodable"}]
        assert sorted(findings) == [
            ("constraint", "1", "Item.groups_few cannot be -1: it must be at least 0"),
            ("constraint", "1", "Item.groups_many cannot have 601 members: it must have at most 600 members"),
            ("constraint", "1", "Item.log_599 cannot be 'too long': its length must be at most 5"),
            ("constraint", "1", "Item.score_599 cannot be -5: it must be at least 0"),
            ("undecodable", "2", REASON),
        ]
    await face.do(Item.database.close())


REASON = "Item.score_x holds b'many', which is not a valid int: invalid literal for int() with base 10: b'many'"
