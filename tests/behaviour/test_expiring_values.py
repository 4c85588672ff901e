"""What is indexed does not expire: indexes are not built over values that do, and a check finds such values."""

from __future__ import annotations

import re

import pytest

from limpyd import (
    EqualIndex,
    EqualIndexWith,
    GeoField,
    HashField,
    InstanceHashField,
    JSONField,
    ListField,
    NumberRangeIndex,
    ScoredEqualIndex,
    SetField,
    SortedSetField,
    StringField,
    TextRangeIndex,
)
from limpyd.commands.table import TABLE
from limpyd.exceptions import IndexNotBuilt, InvalidValue
from tests.support.expected_indexes import state
from tests.support.server_versions import knows

LENGTH = EqualIndex.configure(transform=len)
FIELDS = {
    "text": (StringField, {"indexable": True}, "x"),
    "unique": (StringField, {"unique": True}, "x"),
    "ordered": (StringField, {"indexes": [TextRangeIndex]}, "x"),
    "number": (StringField, {"indexes": [NumberRangeIndex]}, "5"),
    "transformed": (StringField, {"indexes": [LENGTH]}, "x"),
    "doc": (JSONField, {"indexable": True}, {"a": 1}),
    "tags": (SetField, {"indexable": True}, {"x", "y"}),
    "own": (SetField, {"unique": True}, {"x", "y"}),
    "queue": (ListField, {"indexes": [TextRangeIndex(case_sensitive=False)]}, ["x", "y"]),
    "board": (SortedSetField, {"indexable": True}, {"x": 1}),
    "spots": (GeoField, {"indexable": True}, {"x": (1, 1)}),
    "heads": (HashField, {"indexable": True}, {"from": "x"}),
    "together": (StringField, {"indexes": [EqualIndexWith(other_fields=["other"], unique=True)]}, "x"),
    "scored": (StringField, {"indexes": [ScoredEqualIndex(score_field="score")]}, "x"),
}
ENTRIES = {
    "name": (InstanceHashField, {"indexable": True}, "x"),
    "email": (InstanceHashField, {"unique": True}, "x"),
    "both": (InstanceHashField, {"indexes": [EqualIndexWith(other_fields=["other"])]}, "x"),
}
OTHERS = {"other": "o", "score": 3}


def things(face, name, field, *, indexed, database=None, called=None):
    """A model with one such field, with its index or without."""
    kind, options, _ = {**FIELDS, **ENTRIES}[field]
    fields = {
        called or field: kind(**(options if indexed else {})),
        "other": InstanceHashField(),
        "score": InstanceHashField(type=int),
        "plain": StringField(indexable=True),
    }
    return type(name, (face.Model,), {"database": database or face.Database(port=face.server.port), **fields})


async def left_behind(face, field, expire, *, name="Thing"):
    """Objects of a class without the index, of which the second expires."""
    before = things(face, name, field, indexed=False)
    value = {**FIELDS, **ENTRIES}[field][2]
    await face.do(before.create(plain="p"))
    made = await face.do(before.create(**{field: value}, **OTHERS, plain="p"))
    await expire(getattr(made, field))
    await face.do(before.database.close())


async def key_expires(bound):
    return await done(bound.pexpire(500_000))


async def entry_expires(bound):
    return await done(bound.hpexpire(500_000))


async def sub_key_expires(bound):
    return await done(bound.hpexpire(500_000, "from"))


async def done(call):
    return await call if hasattr(call, "__await__") else call


CASES = [(field, key_expires) for field in FIELDS]
CASES += [("heads", sub_key_expires), *((field, entry_expires) for field in ENTRIES)]
EACH = pytest.mark.parametrize(("field", "expire"), CASES, ids=[f"{field}, {how.__name__}" for field, how in CASES])


@pytest.fixture
def may(face):
    """Passes over what the server does not know."""

    def check(expire):
        if expire is not key_expires and not knows(face, TABLE["HPEXPIRE"].needs):
            pytest.skip("this server has no expiry of single entries")

    return check


def cure_of(error):
    """The call that a message advises, of one value."""
    return re.search(r"with Thing\('2'\)\.(\w+)\.(\w+)\((.*?)\)[;,]", str(error)).groups()


@EACH
async def test_a_rebuild_is_refused(face, may, field, expire):
    may(expire)
    await left_behind(face, field, expire)
    thing = things(face, "Thing", field, indexed=True)
    for build in (thing.rebuild_indexes, thing.get_field(field).rebuild_indexes):
        error = await face.refused(
            InvalidValue, build, match=r"Thing\('2'\): Thing\.\w+ cannot be indexed, because the (key|entry)"
        )
        assert "expires in 49" in str(error) or "expires in 500 s" in str(error)
        assert f"Thing.{field}" in str(error)
        assert "The index is not built" in str(error)
    assert not [
        key for key in state(face.client) if re.match(rb"\{thing\}:(eq|uniq|num|lex|geo|scored):(?!plain)", key)
    ]
    report = await face.do(thing.check())
    assert {finding.kind for finding in report} == {"expiring", "unbuilt"}
    assert [finding.pk for finding in report.of("expiring")] == ["2"]

    name, command, arguments = cure_of(error)
    instance = await face.do(thing.get(2))
    method = getattr(getattr(instance, name), command)
    assert await face.do(method(*([arguments.strip("'")] if arguments else []))) in (1, [1])
    await face.do(thing.rebuild_indexes())
    assert len(await face.do(thing.check())) == 0
    await face.do(thing.database.close())


@EACH
async def test_a_check_repairs_it(face, may, field, expire):
    """As the message advises; or all at once, with the index that is built after it."""
    may(expire)
    await left_behind(face, field, expire)
    thing = things(face, "Thing", field, indexed=True)
    report = await face.do(thing.check(repair=["expiring"]))
    assert (report.repaired["expiring"], report.left("expiring")) == (1, 0)
    await face.do(thing.rebuild_indexes())
    assert len(await face.do(thing.check())) == 0
    await left_behind(face, field, expire, name="Other")
    other = things(face, "Other", field, indexed=True)
    report = await face.do(other.check(repair=True))
    assert report.ok
    assert len(await face.do(other.check())) == 0
    for model in (thing, other):
        await face.do(model.database.close())


@EACH
async def test_without_a_cure_a_check_does_not_build(face, may, field, expire):
    may(expire)
    await left_behind(face, field, expire)
    thing = things(face, "Thing", field, indexed=True)
    report = await face.do(thing.check(repair=["unbuilt"]))
    assert not report.ok
    assert "cannot be built: Thing('2')" in str(report)
    assert len(await face.do(thing.check())) > 0
    await face.do(thing.database.close())


@EACH
async def test_a_renamed_model(face, may, field, expire):
    """The object stays under its old name, as it was, until its expiry is taken away."""
    may(expire)
    await left_behind(face, field, expire, name="Old")
    face.client.delete("{old}:meta")
    before = state(face.client)
    new = things(face, "New", field, indexed=True)
    moved = await face.do(new.rename_from("old"))
    (conflict,) = moved.conflicts
    assert (moved.objects, conflict.pk) == (1, "2")
    assert isinstance(conflict.error, InvalidValue)
    assert f"New.{field}" in str(conflict.error)
    after = state(face.client)
    assert {key: value for key, value in after.items() if b":2" in key} == {
        key: value for key, value in before.items() if b":2" in key
    }
    assert not [key for key in after if re.match(rb"\{new\}:(eq|uniq|num|lex|geo|scored):(?!plain)", key)]
    command, arguments = re.search(r"connection\.(h?persist)\((.*?)\), and move", str(conflict.error)).groups()
    assert getattr(face.client, command)(*(each.strip("'") for each in arguments.split(", "))) in (1, [1])
    moved = await face.do(new.rename_from("old"))
    assert (moved.objects, moved.conflicts) == (1, [])
    assert len(await face.do(new.check())) == 0
    await face.do(new.database.close())


@pytest.mark.parametrize("field", ["text", "tags", "name"])
async def test_a_renamed_field(face, may, field):
    expire = entry_expires if field == "name" else key_expires
    may(expire)
    await left_behind(face, field, expire)
    thing = things(face, "Thing", field, indexed=True, called="new")
    outcome = thing.rename_field(field, "new")
    moved = await face.do(outcome)
    (conflict,) = moved.conflicts
    assert conflict.pk == "2"
    command, arguments = re.search(r"connection\.(h?persist)\((.*?)\), and move", str(conflict.error)).groups()
    assert getattr(face.client, command)(*(each.strip("'") for each in arguments.split(", "))) in (1, [1])
    moved = await face.do(thing.rename_field(field, "new"))
    assert moved.conflicts == []
    assert await face.do(thing.collection(new="x").count()) == 1
    await face.do(thing.database.close())


async def test_what_is_not_indexed_goes_on_to_expire(any_face):
    face = any_face
    await left_behind(face, "text", key_expires, name="Old")
    new = things(face, "New", "text", indexed=False)
    moved = await face.do(new.rename_from("old"))
    assert (moved.objects, moved.conflicts) == (2, [])
    assert face.client.pttl("{new}:field:text:2") > 0
    await face.do(new.rebuild_indexes())
    assert len(await face.do(new.check())) == 0
    await face.do(new.database.close())


async def test_a_whole_hash_that_something_else_let_expire(any_face):
    """No field's command takes that away, so the message advises the check."""
    face = any_face
    await left_behind(face, "name", done_nothing)
    face.client.expire("{thing}:hash:2", 500)
    thing = things(face, "Thing", "name", indexed=True)
    error = await face.refused(
        InvalidValue, thing.rebuild_indexes, match=r"Thing\('2'\).*'\{thing\}:hash:2' expires in"
    )
    assert "persist" not in str(error)
    assert (await face.do(thing.check(repair=["expiring"]))).repaired == {"expiring": 1}
    await face.do(thing.rebuild_indexes())
    assert len(await face.do(thing.check())) == 0
    await face.do(thing.database.close())


async def done_nothing(_bound):
    pass


async def test_a_value_without_an_entry_may_expire(any_face):
    """The hash of an object that has no value in the field gives nothing to the index."""
    face = any_face
    await left_behind(face, "name", done_nothing)
    face.client.hdel("{thing}:hash:2", "name")
    face.client.expire("{thing}:hash:2", 500)
    thing = things(face, "Thing", "name", indexed=True)
    await face.do(thing.get_field("name").rebuild_indexes())
    await face.do(thing.database.close())


@pytest.mark.parametrize(("field", "expire"), CASES, ids=[f"{field}, {how.__name__}" for field, how in CASES])
async def test_something_else_lets_an_indexed_value_expire(face, may, field, expire):
    may(expire)
    thing = things(face, "Thing", field, indexed=True)
    await face.do(thing.create(**{field: {**FIELDS, **ENTRIES}[field][2]}, **OTHERS))
    if expire is key_expires:
        face.client.pexpire(f"{{thing}}:field:{field}:1", 500_000)
    elif expire is sub_key_expires:
        face.client.hpexpire("{thing}:field:heads:1", 500_000, "from")
    else:
        face.client.hpexpire("{thing}:hash:1", 500_000, field)
    report = await face.do(thing.check())
    assert [(finding.kind, finding.pk) for finding in report] == [("expiring", "1")]
    assert (await face.do(thing.check(repair=True))).ok
    assert len(await face.do(thing.check())) == 0
    await face.do(thing.database.close())


async def test_an_unbuilt_index_is_not_asked(any_face):
    face = any_face
    await left_behind(face, "unique", key_expires)
    thing = things(face, "Thing", "unique", indexed=True)
    await face.refused(InvalidValue, thing.rebuild_indexes)
    await face.refused(
        IndexNotBuilt,
        lambda: thing.collection(unique="x").all() if face.is_async else list(thing.collection(unique="x")),
    )
    assert (await face.do(thing.create(unique="x")))._pk == "3"
    await face.do(thing.database.close())
