"""Foreign-key fields as values, and the other short ways of relations that limpyd 2 has."""

from __future__ import annotations

import pytest

from limpyd import InstanceHashField, StringField
from limpyd.exceptions import InvalidFilter, InvalidValue, NotInPipeline
from limpyd.relations import FKInstanceHashField, FKStringField, M2MListField, M2MSetField, M2MSortedSetField


@pytest.fixture
async def posts(any_face):
    face = any_face

    class Person(face.Model):
        database = face.database
        name = InstanceHashField(indexable=True)

    class Post(face.Model):
        database = face.database
        author = FKStringField(Person, related_name="posts")
        editor = FKInstanceHashField(Person, related_name="edited")
        twin = FKStringField("self", related_name="twins")
        readers = M2MSetField(Person, related_name="read")
        queue = M2MListField(Person, related_name="queued")
        ranks = M2MSortedSetField(Person, related_name="ranked")
        score = StringField()

    people = [await face.do(Person.create(name=name)) for name in "ab"]
    first = await face.do(Post.create(author=people[0], editor=people[1], score="2"))
    other = await face.do(Post.create(score="1"))
    return Person, Post, first, other


async def test_a_collection_is_no_value(any_face, posts):
    person, _, first, _ = posts
    for call in (lambda: first.author.set(person.collection()), lambda: first.readers.sadd(person.collection())):
        await any_face.refused(InvalidValue, call, match="a primary key is a str")


class TestAForeignKeyAsAValue:
    async def test_of_a_new_object(self, any_face, posts):
        _, post, first, _ = posts
        made = await any_face.do(post.create(author=first.editor, readers=[first.author, first.editor, "1"]))
        assert await any_face.do(made.author.get()) == "2"
        assert await any_face.do(made.readers.smembers()) == {"1", "2"}
        found, new = await any_face.do(post.get_or_create(author=first.author, editor=first.author))
        assert (await any_face.do(found.editor.hget()), new) == ("1", True)
        assert await any_face.all(post.collection(author=first.editor)) == [await any_face.do(made.pk.get())]

    async def test_of_commands(self, any_face, posts):
        do = any_face.do
        _, post, first, other = posts
        assert await do(other.author.set(first.editor)) is True
        assert await do(other.editor.hset(first.author)) is True
        assert (await do(other.author.get()), await do(other.editor.hget())) == ("2", "1")
        assert await do(other.author.getset(first.author)) == "2"
        assert await do(other.readers.sadd(first.author, first.editor)) == 2
        assert await do(other.readers.sismember(first.author)) is True
        assert await do(other.readers.srem(first.author)) == 1
        assert await do(other.queue.rpush(first.author, "2")) == 2
        assert await do(other.queue.linsert("before", first.author, first.editor)) == 3
        assert await do(other.queue.lrem(0, first.author)) == 1
        assert await do(other.ranks.zadd({first.author: 1})) == 1
        assert await do(other.ranks.zscore(first.author)) == 1.0
        await do(other.update(author=first.editor))
        assert await do(post.collection(author=first.editor).update(editor=first.editor)) == 1
        await do(post.update("2", author=first.author))
        assert [await do(other.author.get()), await do(other.editor.hget())] == ["1", "2"]
        new = post() if not any_face.is_async else await do(post.create())
        await do(new.author.set(first.author))
        assert await do(new.author.get()) == "1"

    async def test_that_is_none(self, any_face, posts):
        _, post, first, other = posts
        made = await any_face.do(post.create(author=other.author, score="3"))
        assert await any_face.do(made.author.exists()) is False
        await any_face.refused(InvalidValue, lambda: first.author.set(other.author))
        await any_face.do(first.update(author=other.author))
        assert await any_face.do(first.author.get()) is None

    async def test_of_another_kind_is_refused(self, any_face, posts):
        _, post, first, other = posts
        await any_face.refused(InvalidValue, lambda: other.author.set(first.twin), match="to those of Post")
        await any_face.refused(InvalidValue, lambda: other.author.set(first.readers), match="value first")
        await any_face.refused(InvalidValue, lambda: other.author.set(first.score), match="value first")
        await any_face.refused(InvalidValue, lambda: post.create(author=first.twin), match="to those of Post")

    async def test_takes_two_requests(self, any_face, posts):
        _, _, first, other = posts
        await any_face.do(other.author.set(first.author))
        with any_face.sent() as sent:
            await any_face.do(other.author.set(first.editor))
        assert [command[0] for command in sent.commands] == ["HGET", "EVALSHA"]

    async def test_is_refused_in_a_pipeline(self, any_face, posts):
        _, post, first, other = posts
        pipeline = any_face.database.pipeline()
        if any_face.is_async:
            async with pipeline:
                with pytest.raises(NotInPipeline, match="get its value before"):
                    other.author.set(first.author)
        else:
            with pipeline:
                for call in (lambda: other.author.set(first.author), lambda: post(author=first.author)):
                    with pytest.raises(NotInPipeline, match="get its value before"):
                        call()


async def test_collections_by_name(any_face, posts):
    _, _, first, _ = posts
    await any_face.do(first.readers.sadd("1", "2"))
    assert await any_face.all(first.readers.collection(name="b")) == ["2"]
    person = await any_face.do(first.author.instance())
    assert await any_face.all(person.posts.collection()) == ["1"]
    assert await any_face.all(person.posts.collection(editor="1")) == []


async def test_sorting_by_fields(any_face, posts):
    person, post, first, _ = posts
    for by in (first.score, post.score, post.get_field("score"), [first.score], "score"):
        assert await any_face.all(post.collection().sort(by=by)) == ["2", "1"]
    assert await any_face.all(post.collection().sort(by=first.score, desc=True)) == ["1", "2"]
    with pytest.raises(InvalidFilter, match=r"Post\.score: it is not a field of Person"):
        person.collection().sort(by=first.score)
