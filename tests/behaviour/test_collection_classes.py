"""Classes of collections: methods of one's own, and default scopes."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest

from limpyd import Collection, CollectionCore, FKInstanceHashField, InstanceHashField, M2MSetField
from limpyd.asyncio import AsyncCollection
from limpyd.exceptions import DeclarationError, DoesNotExist, UnknownField
from tests.support import pickled_models

pytestmark = pytest.mark.each_face


class Live(CollectionCore):
    """Methods for both faces."""

    def default_scope(self):
        return self.filter(deleted=False)

    def live(self):
        return self.filter(published=True)

    def popular(self):
        return self.sort(by="-votes")


async def written(face):
    class Posts(Live, AsyncCollection if face.is_async else Collection):
        pass

    class Author(face.Model):
        database = face.database
        name = InstanceHashField(type=str)

    class Content(face.Model):
        abstract = True
        database = face.database
        collection_manager = Posts

    class Post(Content):
        title = InstanceHashField(type=str, unique=True)
        votes = InstanceHashField(type=int, indexable=True)
        published = InstanceHashField(type=bool, indexable=True)
        deleted = InstanceHashField(type=bool, indexable=True, default=False)
        author = FKInstanceHashField(Author, related_name="posts")
        links = M2MSetField("self", related_name="linked")

    ann, bob = await face.do(Author.create(name="Ann")), await face.do(Author.create(name="Bob"))
    for title, author, votes, published, deleted in (
        ("a", ann, 1, True, False),
        ("b", ann, 2, False, False),
        ("c", ann, 3, True, True),
        ("d", bob, 4, True, False),
    ):
        await face.do(Post.create(title=title, author=author, votes=votes, published=published, deleted=deleted))
    await face.do(Post.lazy_connect(1).links.sadd(3, 4))
    return Author, Post


async def test_methods_are_those_of_every_collection(any_face):
    _, post = await written(any_face)
    author = await any_face.do(post.lazy_connect(1).author.instance())
    live = post.collection.live()
    for found, pks in (
        (live, ["1", "4"]),
        (post.collection().live(), ["1", "4"]),
        (post.collection(votes__gt=1).sort(by="votes").live(), ["4"]),
        (post.collection(votes__gt=1)(published=True), ["4"]),
        (post.collection.popular().live(), ["4", "1"]),
        (post.collection.sort(by="-votes").values("pk").live().primary_keys(), ["4", "1"]),
        (post.instances(votes__lt=4).live().primary_keys(), ["1"]),
        (author.posts.live(), ["1"]),
        (author.posts(votes__gte=1).popular(), ["2", "1"]),
        (author.posts.collection().live(), ["1"]),
    ):
        await any_face.all(found)  # the server knows the script from then on
        with any_face.sent() as sent:
            assert await any_face.all(found) == (pks if found._query.order else sorted(pks))
        assert len(sent.commands) == 1
    assert await any_face.do(author.posts.count()) == 2
    with pytest.raises(AttributeError, match="nothing_like_it"):
        author.posts.nothing_like_it  # noqa: B018
    with pytest.raises(UnknownField):
        author.posts.filter(nothing=1)


async def test_the_scope_applies_to_collections_alone(any_face):
    do = any_face.do
    author, post = await written(any_face)
    ann = await do(author.get(1))
    everything = post.collection.unscoped()
    assert await do(post.collection.count()) == 3
    assert await do(everything.count()) == 4
    assert await do(post.instances().count()) == 3
    assert await do(post.collection.sum("votes")) == 7
    assert await do(post.collection.count_by("published")) == {True: 2, False: 1}
    assert (await do(post.collection.sort(by="-votes").page(2))).items == ["4", "2"]
    assert await any_face.all(post.lazy_connect(1).links()) == ["4"]
    assert await do(post.lazy_connect(3).linked.count()) == 1
    # those that an object, or a value of it, is named for
    gone = await do(post.get(title="c"))
    assert await do(post.exists(3))
    assert await do(post.get(3)) == gone
    assert await do(post.get_or_create(title="c")) == (gone, False)
    assert await do(post.from_pks([3])) == [gone]
    await any_face.refused(DoesNotExist, lambda: post.collection(pk=3).get())
    assert await do(ann.posts.unscoped().update(votes=9)) == 3
    assert await do(post.collection(votes=9).delete()) == 2
    assert await do(everything.count()) == 2


async def test_unscoped_leaves_nothing_but_the_scope(any_face):
    usual = AsyncCollection if any_face.is_async else Collection

    class Latest(usual):
        def default_scope(self):
            return self.filter(deleted=False).sort(by="-votes")

    class Own(any_face.Model):
        database = any_face.database
        collection_manager = Latest
        votes = InstanceHashField(type=int, indexable=True)
        deleted = InstanceHashField(type=bool, indexable=True)

    for votes in (1, 3, 2):
        await any_face.do(Own.create(votes=votes, deleted=votes == 2))
    found = Own.collection(votes__gt=1)
    assert await any_face.all(found) == ["2"]
    assert sorted(await any_face.all(found.unscoped())) == ["2", "3"]
    assert found.unscoped()._query.order == ()
    assert found.unscoped().unscoped()._query == found.unscoped()._query
    for ordered in (Own.collection.sort(by="-votes"), Own.collection.unscoped().sort(by="-votes")):
        assert await any_face.all(ordered.unscoped().values_list("votes", flat=True)) == [3, 2, 1]
    for again in (copy.copy(found), copy.deepcopy(found)):
        assert again.unscoped()._query.conditions == found.unscoped()._query.conditions
    stored = await any_face.do(Own.collection.unscoped().store(ttl=20))
    kept = Own.collection.from_stored(stored.stored_key)
    assert await any_face.do(stored.count()) == 3
    assert await any_face.do(kept.count()) == 2
    assert await any_face.do(kept.unscoped().count()) == 3
    assert type(Own.collection(manager=usual)) is usual
    assert await any_face.do(Own.collection(manager=usual).count()) == 3


def test_a_scope_is_pickled():
    found = pickled_models.Scoped.collection(number=1).sort(by="number")
    again = pickle.loads(pickle.dumps(found))
    assert repr(again) == repr(found)
    assert repr(again.unscoped()) == repr(found.unscoped()) != repr(found)


async def test_scopes_that_are_none_are_refused(any_face):
    usual = AsyncCollection if any_face.is_async else Collection
    other, _ = await written(any_face)
    for scope, reason in (
        (lambda self: self.instances(), "may only narrow and sort"),
        (lambda self: self._model.collection.filter(deleted=False), "narrow self"),
        (lambda self: None, "returned None"),
        (lambda _: other.collection, "it must narrow and return self"),
    ):

        class Own(any_face.Model):
            database = any_face.database
            model_name = f"own {reason}"
            collection_manager = type("Odd", (usual,), {"default_scope": scope})
            deleted = InstanceHashField(type=bool, indexable=True)

        with pytest.raises(DeclarationError, match=reason):
            Own.collection  # noqa: B018


def test_the_collection_of_an_abstract_model_is_refused_when_it_is_used(any_face):
    class Base(any_face.Model):
        abstract = True
        database = any_face.database

    assert dict(inspect.getmembers(Base))["collection"]
    for use in (lambda: Base.collection(), lambda: Base.collection.count(), lambda: Base.instances()):
        with pytest.raises(DeclarationError, match="Base is abstract"):
            use()
