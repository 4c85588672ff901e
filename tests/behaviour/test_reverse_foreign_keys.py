"""Foreign keys written from the side of the object that they refer to: all of them, or none."""

from __future__ import annotations

import pytest

from limpyd import EqualIndex, EqualIndexWith, InstanceHashField, StringField
from limpyd.exceptions import (
    DoesNotExist,
    InvalidValue,
    MissingArgument,
    UniquenessError,
    UnsupportedCommand,
    WrongTypeError,
)
from limpyd.relations import FKInstanceHashField, FKStringField
from tests.support.blocks import block
from tests.support.expected_indexes import state

KINDS = {"string": FKStringField, "hash": FKInstanceHashField}


@pytest.fixture(params=KINDS)
def models(face, request):
    class Group(face.Model):
        database = face.database
        name = InstanceHashField()

    class Person(face.Model):
        database = face.database
        name = InstanceHashField(indexable=True)
        group = KINDS[request.param](
            Group, "members", indexes=[EqualIndex, EqualIndexWith(other_fields=["name"], unique=True)]
        )
        badge = KINDS[request.param](Group, "wearer", unique=True)
        guest_of = KINDS[request.param](Group, "guests", check=False)

    return Group, Person


@pytest.fixture
async def made(face, models):
    group, person = models
    groups = [await face.do(group.create(name=name)) for name in "ab"]
    people = [await face.do(person.create(name=name)) for name in ("ann", "bob", "cid")]
    return groups, people


async def members(face, group):
    return sorted(await face.all(group.members()))


async def test_they_are_set_and_removed(face, models, made):
    (first, second), (ann, bob, cid) = made
    assert await face.do(first.members.sadd(ann, bob._pk)) == 2
    assert await face.do(first.members.sadd(ann, cid, cid)) == 1, "how many did not refer to it before"
    assert await face.do(second.members.sadd(ann)) == 1, "whatever it referred to"
    assert (await members(face, first), await members(face, second)) == (["2", "3"], ["1"])
    assert await face.do(ann.group.get() if hasattr(ann.group, "get") else ann.group.hget()) == "2"
    assert await face.do(first.members.srem(ann, bob)) == 1, "one that refers to another stays"
    assert (await members(face, first), await members(face, second)) == (["3"], ["1"])
    assert await face.do(first.members.srem(bob)) == 0
    assert await face.do(second.guests.sadd(bob)) == 1
    assert (await face.do(models[1].check())).ok
    await face.do(second.delete())
    assert not await face.do(bob.guest_of.exists())
    assert (await face.do(models[1].check())).ok


async def test_all_or_none(face, models, made):
    _, person = models
    (first, second), (ann, bob, cid) = made
    await face.do(first.wearer.sadd(ann))
    await face.do(first.members.sadd(bob))
    twin = await face.do(person.create(name="bob"))
    await face.do(cid.delete())
    before = state(face.client)
    for error, call in (
        (UniquenessError, lambda: first.wearer.sadd(bob)),
        (UniquenessError, lambda: second.wearer.sadd(ann, bob)),
        (UniquenessError, lambda: first.members.sadd(ann, twin)),
        (DoesNotExist, lambda: first.members.sadd(ann, cid)),
        (DoesNotExist, lambda: first.members.srem(bob, cid)),
        (DoesNotExist, lambda: type(first).lazy_connect(9).members.sadd(ann)),
        (DoesNotExist, lambda: type(first).lazy_connect(9).guests.sadd(ann)),
        (InvalidValue, lambda: first.members.sadd(ann, second)),
        (MissingArgument, lambda: first.members.sadd()),
        (UnsupportedCommand, lambda: first.members.rpush(ann)),
        (UnsupportedCommand, lambda: first.members.zrem(ann)),
    ):
        await face.refused(error, call)
        assert state(face.client) == before
    refused = await face.refused(UniquenessError, lambda: first.wearer.sadd(bob))
    assert (refused.model, refused.field, refused.owner) == ("Person", "badge", "1")
    with pytest.raises(DoesNotExist, match=r"no Person\('3'\)"):
        await face.do(first.members.sadd(ann, cid))


async def test_one_request_and_in_blocks(face, made):
    (first, second), (ann, bob, _) = made
    for _ in range(2):  # the first time the server learns the scripts
        with face.sent() as sent:
            await face.do(first.members.sadd(ann, bob))
            await face.do(first.members.srem(ann, bob))
        counted = sent.names
    assert len(counted) == 2
    async with block(face, face.database.pipeline()):
        added, removed = first.members.sadd(ann, bob), first.members.srem(bob)
    assert (added.value, removed.value) == (2, 1)
    async with block(face, face.database.transaction()):
        moved = second.members.sadd(ann, bob)
    assert moved.value == 2
    before = state(face.client)
    with pytest.raises(UniquenessError):
        async with block(face, face.database.transaction()):
            first.members.sadd(ann)
            second.members.srem(bob)
            first.wearer.sadd(ann, bob)
    assert state(face.client) == before


async def test_a_key_of_another_type(face, models, made):
    (first, _), (ann, bob, _) = made
    key = bob.group.key
    face.client.delete(key)
    face.client.rpush(key, "x")
    before = state(face.client)
    error = await face.refused(WrongTypeError, lambda: first.members.sadd(ann, bob))
    assert error.key == key
    assert state(face.client) == before


async def test_of_a_model_itself(face):
    class Node(face.Model):
        database = face.database
        parent = FKInstanceHashField("self", "children")
        note = StringField()

    root, child = [await face.do(Node.create(note="n")) for _ in range(2)]
    assert await face.do(root.children.sadd(child, root)) == 2
    assert await face.all(root.children()) in (["1", "2"], ["2", "1"])
    assert await face.do(root.children.srem(root)) == 1
    assert (await face.do(Node.check())).ok


async def test_with_setters_of_a_class_of_ones_own(any_face):
    class Checked(FKStringField):
        def set(self, value):
            if getattr(value, "_pk", value) == "2":
                raise ValueError
            return super().set(value)

    class Group(any_face.Model):
        database = any_face.database
        name = InstanceHashField()

    class Person(any_face.Model):
        database = any_face.database
        group = Checked(Group, "members")
        name = InstanceHashField()

    first, second = [await any_face.do(Group.create(name=name)) for name in "ab"]
    ann = await any_face.do(Person.create(name="ann"))
    assert await any_face.do(first.members.sadd(ann)) == 1
    await any_face.refused(ValueError, lambda: second.members.sadd(ann))


async def test_in_the_layout_of_limpyd2(any_face):
    old = any_face.Database(port=any_face.server.port, layout="limpyd2")

    class Group(any_face.Model):
        database = old
        name = InstanceHashField()

    class Person(any_face.Model):
        database = old
        group = FKStringField(Group, "members", unique=True)
        name = InstanceHashField(indexable=True)

    group = await any_face.do(Group.create(name="a"))
    ann, bob = [await any_face.do(Person.create(name=name)) for name in ("ann", "bob")]
    await any_face.refused(UniquenessError, lambda: group.members.sadd(ann, bob))
    assert await any_face.do(group.members.sadd(ann)) == 1
    assert await any_face.all(group.members()) == ["1"]
    assert any_face.client.smembers(":person:group:1") == {b"1"}
    assert await any_face.do(group.members.srem(ann, bob)) == 1
    assert not any_face.client.exists(":person:group:1", ":person:1:group")
    await any_face.do(old.close())
