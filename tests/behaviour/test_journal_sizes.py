"""What a transaction keeps, to take itself back: as much as it changes, not as much as the values are large."""

from __future__ import annotations

import pytest

from limpyd import InstanceHashField, SetField, StreamField, StringField
from limpyd.exceptions import BulkError, UniquenessError
from limpyd.fields.string import IncrBy, Set
from tests.support.blocks import block

LARGE = 300_000
CHANGES = {
    "setbit": lambda bits, at: bits.setbit(at * 8 + at % 2, 1),
    "setbit beyond the end": lambda bits, at: bits.setbit((LARGE + 2 * at) * 8, 1),
    "setrange": lambda bits, at: bits.setrange(at * 3, "abc"),
    "setrange over the end": lambda bits, at: bits.setrange(LARGE - 1 + at, "abc"),
    "append": lambda bits, at: bits.append("abc"),
    "append nothing": lambda bits, at: bits.append(""),
    "append nothing first": lambda bits, at: bits.append("abc" if at else ""),
    "bitfield": lambda bits, at: bits.bitfield(Set("u12", at * 12, 5), IncrBy("i7", "#3", 1, overflow="SAT")),
    "bitfield beyond the end": lambda bits, at: bits.bitfield(Set("u16", (LARGE - 1 + at) * 8, 5)),
}
TIMES = 20


@pytest.fixture
def thing(any_face):
    class Thing(any_face.Model):
        database = any_face.database
        bits = StringField(type=bytes)
        other = StringField(type=bytes)
        tags = SetField()
        more = SetField()
        log = StreamField()
        code = InstanceHashField(unique=True)

    return Thing


async def refused(any_face, one, other, changes):
    """Makes some changes in a transaction that is refused at its end; the commands that ran."""
    with pytest.raises(UniquenessError):
        async with block(any_face, any_face.database.transaction()):
            changes()
            other.code.hset("taken")
    any_face.client.config_resetstat()
    with pytest.raises(UniquenessError):
        async with block(any_face, any_face.database.transaction()):
            changes()
            other.code.hset("taken")
    return {
        name.removeprefix("cmdstat_"): facts["calls"] for name, facts in any_face.client.info("commandstats").items()
    }


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("value", [bytes(range(250)) * (LARGE // 250), b"", None], ids=["large", "empty", "none"])
async def test_strings(any_face, thing, name, value):
    one = await any_face.do(thing.create(code="taken", bits=value))
    if value == b"":
        await any_face.do(one.bits.set(b""))
    other = await any_face.do(thing.create(code="free"))
    key = "{thing}:field:bits:1"
    if value is not None:
        await any_face.do(one.bits.expire(10_000))
    before, expires = any_face.client.get(key), any_face.client.pexpiretime(key)

    ran = await refused(any_face, one, other, lambda: [CHANGES[name](one.bits, at) for at in range(TIMES)])

    assert (any_face.client.get(key), any_face.client.pexpiretime(key)) == (before, expires)
    assert ran.get("get", 0) == 0
    assert ran.get("set", 0) <= 1  # it is cut once
    assert ran.get("getrange", 0) <= 2 * TIMES + 1


async def test_strings_between_other_changes(any_face, thing):
    one = await any_face.do(thing.create(code="taken", bits=b"abcdef", other=b"xyz"))
    other = await any_face.do(thing.create(code="free"))

    def changes():
        one.bits.append("1")
        one.bits.set(b"another")
        one.bits.append("2")
        one.bits.setrange(3, "long enough to make it longer")
        one.bits.delete()
        one.bits.append("3")
        one.other.delete()
        one.other.setbit(100, 1)
        one.other.getdel()
        one.other.setrange(2, "x")

    await refused(any_face, one, other, changes)
    assert any_face.client.mget("{thing}:field:bits:1", "{thing}:field:other:1") == [b"abcdef", b"xyz"]


async def test_an_object_that_goes(any_face, thing):
    one = await any_face.do(thing.create(bits=b"abcdef"))
    await any_face.do(thing.create(code="taken"))
    other = await any_face.do(thing.create(code="free"))

    def changes():
        one.bits.append("1")
        one.delete()

    await refused(any_face, one, other, changes)
    assert any_face.client.get("{thing}:field:bits:1") == b"abcdef"


async def test_a_set_is_copied_once(any_face, thing):
    one = await any_face.do(thing.create(code="taken", tags=map(str, range(100)), more=["x", "y"]))
    other = await any_face.do(thing.create(code="free"))
    ran = await refused(any_face, one, other, lambda: [one.tags.sunionstore(one.tags, one.more) for _ in range(TIMES)])
    assert any_face.client.smembers("{thing}:field:tags:1") == {b"%d" % at for at in range(100)}
    assert ran["smembers"] == 1


async def test_a_stream_is_dumped_once(any_face, thing):
    one = await any_face.do(thing.create(code="taken"))
    other = await any_face.do(thing.create(code="free"))
    for at in range(5):
        await any_face.do(one.log.xadd({"at": str(at)}))
    before = any_face.client.xrange("{thing}:field:log:1")
    ran = await refused(any_face, one, other, lambda: [one.log.xadd({"at": "x"}) for _ in range(TIMES)])
    assert any_face.client.xrange("{thing}:field:log:1") == before
    assert ran["dump"] == 1


async def test_a_part_that_is_taken_back_alone(any_face, thing):
    """The second change of an object in one chunk is refused: what the first one wrote stays."""
    await any_face.do(thing.create(code="a", bits=b"0", tags=["0"], more=["0"]))
    await any_face.do(thing.create(code="b"))
    changes = [
        ("1", {"bits": b"1", "tags": ["1"], "more": ["1"], "code": "x"}),
        ("1", {"bits": b"2", "tags": ["2"], "more": ["2"], "code": "b"}),
    ]
    refused = await any_face.refused(BulkError, lambda: thing.bulk_update(changes))
    assert refused.position == 1
    held = [any_face.client.smembers(f"{{thing}}:field:{name}:1") for name in ("tags", "more")]
    assert (any_face.client.get("{thing}:field:bits:1"), held) == (b"1", [{b"1"}, {b"1"}])
