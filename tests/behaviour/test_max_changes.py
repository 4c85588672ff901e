"""How much one step may change: what is beyond it is refused before anything is done, with a way around."""

from __future__ import annotations

import pytest

from limpyd import (
    FKInstanceHashField,
    HashField,
    InstanceHashField,
    ListField,
    M2MSetField,
    SetField,
    SortedSetField,
)
from limpyd.exceptions import DeclarationError, TooManyChanges
from tests.support.blocks import block
from tests.support.expected_indexes import state

MOST = 100


@pytest.fixture
def models(any_face):
    any_face.database.max_changes = MOST

    class User(any_face.Model):
        database = any_face.database
        name = InstanceHashField(indexable=True)

    class Post(any_face.Model):
        database = any_face.database
        title = InstanceHashField(indexable=True)
        author = FKInstanceHashField(User, on_delete="cascade")
        editor = FKInstanceHashField(User, on_delete="clear", related_name="edited")

    class Reply(any_face.Model):
        database = any_face.database
        to = FKInstanceHashField(Post, on_delete="cascade")

    class Group(any_face.Model):
        database = any_face.database
        name = InstanceHashField(indexable=True)
        people = M2MSetField(User, related_name="groups")
        tags = SetField(indexable=True)
        queue = ListField(indexable=True)
        board = SortedSetField(indexable=True)
        heads = HashField(indexable=True)
        plain = SetField()

    return User, Post, Reply, Group


async def unchanged(face, call):
    """The refusal of a call, which leaves no trace."""
    before = state(face.client)
    with pytest.raises(TooManyChanges) as refused:
        await face.do(call())
    assert state(face.client) == before
    assert refused.value.limit == MOST
    assert refused.value.changes > MOST
    return str(refused.value)


async def test_a_cascade(any_face, models):
    user, post, _, _ = models
    one, other = await any_face.do(user.create(name="a")), await any_face.do(user.create(name="b"))
    await any_face.do(post.bulk_create({"title": f"{at}", "author": one} for at in range(40)))
    await any_face.do(post.bulk_create({"title": f"{at}", "author": other} for at in range(18)))

    told = await unchanged(any_face, one.delete)
    assert "User('1')" in told
    assert "max_changes" in told
    assert "Post.collection(author=…).delete()" in told
    await any_face.do(other.delete())  # 18 posts of 5 changes each, and itself with its own
    # What the message advises, in chunks that are cut as small as they have to be.
    assert await any_face.do(post.collection(author=one).delete()) == 40
    await any_face.do(one.delete())
    assert await any_face.do(post.collection().count()) == 0


async def test_many_that_refer_are_not_even_listed(any_face, models):
    user, post, _, _ = models
    one = await any_face.do(user.create(name="a"))
    await any_face.do(post.bulk_create({"title": "x", "author": one} for _ in range(300)))
    any_face.client.config_resetstat()
    with pytest.raises(TooManyChanges):
        await any_face.do(one.delete())
    ran = any_face.client.info("commandstats")
    assert ran["cmdstat_evalsha"]["calls"] <= 3
    assert not {"cmdstat_smembers", "cmdstat_srem"} & ran.keys()


async def test_a_cascade_of_several_levels(any_face, models):
    user, post, reply, _ = models
    one = await any_face.do(user.create(name="a"))
    first = await any_face.do(post.create(title="x", author=one))
    await any_face.do(reply.bulk_create({"to": first} for _ in range(60)))
    assert "Reply.collection(to=…)" in await unchanged(any_face, one.delete)
    any_face.database.max_changes = None
    await any_face.do(one.delete())
    assert await any_face.do(reply.collection().count()) == 0


async def test_any_depth(any_face):
    class Node(any_face.Model):
        database = any_face.database
        parent = FKInstanceHashField("self", on_delete="cascade", check=False)

    await any_face.do(Node.bulk_create({"parent": str(at)} for at in range(10_000)))
    with pytest.raises(TooManyChanges, match=r"Node.collection\(parent=…\)"):
        await any_face.do(Node.lazy_connect(1).delete())
    assert await any_face.do(Node.collection().count()) == 10_000
    any_face.database.max_changes = None
    await any_face.do(Node.lazy_connect(1).delete())
    assert await any_face.do(Node.collection().count()) == 0


async def test_references_that_are_cleared(any_face, models):
    user, post, _, _ = models
    one = await any_face.do(user.create(name="a"))
    await any_face.do(post.bulk_create({"title": "x", "editor": one} for _ in range(70)))
    assert "Post.collection(editor=…)" in await unchanged(any_face, one.delete)
    assert await any_face.do(post.collection(editor=one).update(editor=None)) == 70
    await any_face.do(one.delete())


async def test_references_among_members_are_not_cleared_by_an_update(any_face, models):
    user, _, _, group = models
    one = await any_face.do(user.create(name="a"))
    await any_face.do(group.bulk_create({"people": [one]} for _ in range(60)))

    told = await unchanged(any_face, one.delete)
    assert "Group.collection(people=…).delete()" in told
    assert "update" not in told
    await any_face.do(group.collection(people=one).delete())
    await any_face.do(one.delete())


@pytest.mark.parametrize(
    ("name", "value", "way"),
    [
        ("tags", [f"{at}" for at in range(150)], lambda field: field.spop(100)),
        ("queue", [f"{at}" for at in range(150)], lambda field: field.lpop(100)),
        ("board", {f"{at}": at for at in range(150)}, lambda field: field.zpopmin(100)),
        ("heads", {f"{at}": "x" for at in range(150)}, lambda field: field.hdel(*map(str, range(100)))),
    ],
)
async def test_an_object_of_many_entries(any_face, models, name, value, way):
    *_, group = models
    one = await any_face.do(group.create(**{name: value}))
    told = await unchanged(any_face, one.delete)
    assert f"{name} of Group('1')" in told
    await unchanged(any_face, group.collection().delete)
    await unchanged(any_face, lambda: group.collection(pk="1").delete())
    await any_face.do(way(getattr(one, name)))
    await any_face.do(one.delete())
    assert await any_face.do(group.collection().count()) == 0


async def test_what_no_index_keeps_does_not_count(any_face, models):
    *_, group = models
    one = await any_face.do(group.create(plain=[f"{at}" for at in range(1000)]))
    await any_face.do(one.delete())


async def test_bulk_delete_goes_on_in_smaller_steps(any_face, models):
    user, post, _, group = models
    for at in range(5):
        await any_face.do(group.create(tags=[f"{at}.{number}" for number in range(60)]))
    assert await any_face.do(group.bulk_delete([*map(str, range(1, 6))])) == (5, 0)
    people = [await any_face.do(user.create(name="a")) for _ in range(5)]
    await any_face.do(post.bulk_create({"title": "x", "author": people[at % 5]} for at in range(80)))
    assert await any_face.do(user.bulk_delete(people)) == (5, 0)
    assert await any_face.do(post.collection().count()) == 0


async def test_members_that_are_updated_in_one_step(any_face, models):
    user, _, _, group = models
    await any_face.do(user.bulk_create({"name": "a"} for _ in range(80)))
    one = await any_face.do(group.create(people=[str(at) for at in range(1, 81)]))
    found = one.people()
    told = await unchanged(any_face, lambda: found.update(name="b"))
    assert "pk__in" in told
    pks = [str(at) for at in range(1, 81)]
    for at in range(0, 60, 30):
        assert await any_face.do(user.collection(pk__in=pks[at : at + 30]).update(name="b")) == 30
    await unchanged(any_face, found.delete)


async def test_within_a_transaction_each_deletion_counts_by_itself(any_face, models):
    user, post, *_ = models
    people = [await any_face.do(user.create(name="a")) for _ in range(4)]
    await any_face.do(post.bulk_create({"title": "x", "author": people[at % 3]} for at in range(45)))
    await any_face.do(post.bulk_create({"title": "x", "author": people[3]} for at in range(50)))

    async def deleted(*some):
        async with block(any_face, any_face.database.transaction()):
            for one in some:
                one.delete()

    await unchanged(any_face, lambda: deleted(*people))
    await deleted(*people[:3])
    assert await any_face.do(post.collection().count()) == 50


@pytest.mark.parametrize("most", [0, -1, 1.5, "10", True])
def test_it_is_a_count(any_face, most):
    with pytest.raises(DeclarationError, match="max_changes takes the number"):
        any_face.database.max_changes = most
    with pytest.raises(DeclarationError, match="max_changes takes the number"):
        type(any_face.database)(max_changes=most)


def test_it_is_told(any_face):
    kind = type(any_face.database)
    assert kind().max_changes == 10_000
    assert kind(max_changes=None).max_changes is None
    assert kind.embedded(max_changes=5).max_changes == 5
    assert kind.from_url("redis://localhost", max_changes=7).max_changes == 7


async def test_a_renaming_leaves_what_is_too_large(any_face):
    class Old(any_face.Model):
        database = any_face.database
        tags = SetField(indexable=True)

    for count in (3, 80, 4):
        await any_face.do(Old.create(tags=[f"{at}" for at in range(count)]))

    class New(any_face.Model):
        database = any_face.Database(port=any_face.server.port, max_changes=MOST)
        tags = SetField(indexable=True)

    moved = await any_face.do(New.rename_from("old"))
    assert moved.objects == 2
    (conflict,) = moved.conflicts
    assert conflict.pk == "2"
    assert isinstance(conflict.error, TooManyChanges)
    assert "of New('2') has many entries" in str(conflict.error)
    assert any_face.client.scard("{old}:field:tags:2") == 80
    assert any_face.client.smembers("{old}:eq:tags:3") == {b"2"}
    New.database.max_changes = None
    assert (await any_face.do(New.rename_from("old"))).objects == 1
    assert await any_face.do(New.collection(tags="3").count()) == 2
    await any_face.do(New.database.close())
