"""Deletions of objects to which objects of other partitions refer."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from limpyd import EqualIndexWith, InstanceHashField, PKField
from limpyd.deletions import requests
from limpyd.exceptions import (
    BulkError,
    DoesNotExist,
    NotInPipeline,
    RestrictedError,
    TooManyChanges,
    UndeclaredReference,
    WrongTypeError,
)
from limpyd.relations import FKInstanceHashField, FKStringField, M2MListField, M2MSetField, M2MSortedSetField
from limpyd.testing import assert_requests
from tests.support.blocks import block


def declare(base: Any, database_: Any, people: int, others: int) -> SimpleNamespace:
    class Person(base):
        database = database_
        partitions = people
        name = PKField()
        email = InstanceHashField(unique=True)

    class Article(base):
        database = database_
        partitions = others
        slug = PKField()
        title = InstanceHashField(indexable=True, unique=True)
        owner = FKInstanceHashField(Person, on_delete="cascade", related_name="owned")
        critic = FKInstanceHashField(
            Person, related_name="criticised", indexes=[EqualIndexWith.configure(other_fields=["title"])]
        )
        author = FKStringField(Person, related_name="articles")
        readers = M2MSetField(Person, related_name="reads")
        ranked = M2MSortedSetField(Person, related_name="ranked_in")
        listed = M2MListField(Person, related_name="listed_in")

    class Comment(base):
        database = database_
        text = InstanceHashField()
        article = FKInstanceHashField(Article, on_delete="cascade", related_name="comments")
        above = FKInstanceHashField("self", on_delete="cascade", related_name="answers")

    class Seal(base):
        """What forbids the deletion of a comment, and so that of its article and of that one's owner."""

        database = database_
        name = PKField()
        comment = FKInstanceHashField(Comment, on_delete="restrict", related_name="seals")

    class Note(base):
        """A model whose deletions nobody can forbid."""

        database = database_
        name = PKField()
        text = InstanceHashField()

    class Mark(base):
        database = database_
        name = PKField()
        note = FKInstanceHashField(Note, related_name="marks")
        on = FKInstanceHashField(Note, on_delete="cascade", related_name="marked")

    return SimpleNamespace(
        database=database_, Person=Person, Article=Article, Comment=Comment, Seal=Seal, Note=Note, Mark=Mark
    )


@pytest.fixture(params=["4 and 4", "1 and 4", "4 and 1"])
async def models(request, any_face):
    people, _, others = request.param.split()
    database = any_face.Database(port=any_face.server.port, partitions=4)
    yield declare(any_face.Model, database, int(people), int(others))
    await any_face.do(database.close())


@pytest.fixture
async def stored(any_face, models):
    async def made(model, objects):
        created = await any_face.do(model.bulk_create(objects, pks=True))
        return [model.lazy_connect(pk) for pk in created.pks]

    articles = [
        {
            "slug": f"a{each}",
            "title": f"t{each}",
            "owner": f"p{each % 2}",
            "author": f"p{each % 3}",
            "critic": "p0",
            "readers": ["p0", "p1", "p3"],
            "ranked": {"p0": 1, "p1": 2},
            "listed": ["p0", "p1", "p0"],
        }
        for each in range(12)
    ]
    stored = SimpleNamespace()
    stored.people = await made(models.Person, [{"name": f"p{each}", "email": f"{each}@x"} for each in range(4)])
    stored.articles = await made(models.Article, articles)
    stored.comments = await made(models.Comment, [{"text": "x", "article": f"a{each}"} for each in range(12)])
    stored.answers = await made(models.Comment, [{"text": "y", "above": each} for each in stored.comments])
    return stored


def left(face: Any) -> list[bytes]:
    """What deletions have left."""
    return [key for key in face.client.scan_iter(count=1000) if key.endswith((b":closing", b":tomb"))]


async def check(face: Any, models: Any) -> None:
    assert left(face) == []
    assert (await face.do(models.database.check())).ok


async def test_all_policies(any_face, models, stored):
    do = any_face.do
    await do(stored.people[0].delete())
    slugs = {f"a{each}" for each in range(1, 12, 2)}
    assert set(await any_face.all(models.Article.collection())) == slugs
    assert await do(models.Comment.collection().count()) == 12
    assert await do(models.Comment.collection(article__in=sorted(slugs)).count()) == 6
    for each in range(1, 12, 2):
        article = stored.articles[each]
        assert await do(article.author.get()) == (f"p{each % 3}" if each % 3 else None)
        assert await do(article.critic.hget()) is None
        assert await do(article.readers.smembers()) == {"p1", "p3"}
        assert await do(article.ranked.zrange(0, -1)) == ["p1"]
        assert await do(article.listed.lrange(0, -1)) == ["p1"]
    await any_face.refused(DoesNotExist, stored.people[0].delete)
    await do(models.Person.create(name="p0", email="0@x"))
    await do(models.Article.create(slug="a0", title="t0", owner="p0"))
    await check(any_face, models)


async def test_a_restriction_changes_nothing(any_face, models, stored):
    before = sorted(any_face.client.scan_iter(count=1000))
    await any_face.do(models.Seal.create(name="s", comment=stored.answers[4]))
    for deleted in (stored.people[0], stored.articles[4], stored.comments[4], stored.answers[4]):
        error = await any_face.refused(RestrictedError, deleted.delete, match="nothing was deleted")
        assert (error.model, error.field, error.pk) == ("Seal", "comment", "s")
        assert f"Comment('{error.target}')" in str(error)
    assert await any_face.do(models.Article.collection().count()) == 12
    assert await any_face.do(models.Comment.collection().count()) == 24
    assert set(before) <= set(any_face.client.scan_iter(count=1000))
    await any_face.do(models.Seal.lazy_connect("s").comment.hdel())
    await any_face.do(stored.people[0].delete())
    await check(any_face, models)


async def test_who_goes_too_forbids_nothing(any_face, models, stored):
    class Ticket(any_face.Model):
        database = models.database
        name = PKField()
        person = FKInstanceHashField(models.Person, on_delete="restrict")
        article = FKInstanceHashField(models.Article, on_delete="cascade")

    await any_face.do(Ticket.create(name="one", person="p0", article="a0"))
    await any_face.do(Ticket.create(name="two", person="p1", article="a0"))
    await any_face.do(stored.people[0].delete())
    assert await any_face.do(Ticket.collection().count()) == 0
    await any_face.do(Ticket.create(name="three", person="p1", article="a3"))
    await any_face.do(Ticket.create(name="four", person="p1"))
    error = await any_face.refused(RestrictedError, stored.people[1].delete)
    assert (error.model, error.field, error.pk, error.target) == ("Ticket", "person", "four", "p1")
    await check(any_face, models)


async def test_collections(any_face, models, stored):
    do = any_face.do
    assert await do(models.Person.collection(name__in=["p0", "p2"]).delete()) == 2
    assert await do(models.Article.collection().count()) == 6
    await do(models.Seal.create(name="s", comment=stored.comments[3]))
    await any_face.refused(RestrictedError, models.Article.collection().delete)
    await do(models.Seal.lazy_connect("s").delete())
    found = await do(models.Article.collection().count())
    assert await do(models.Article.collection().delete(chunk=2)) == found
    assert await do(models.Comment.collection().count()) == 0
    await check(any_face, models)


async def test_bulk_deletions(any_face, models, stored):
    do = any_face.do
    await do(models.Seal.create(name="s", comment=stored.comments[5]))
    with pytest.raises(BulkError) as caught:
        await do(models.Article.bulk_delete([f"a{each}" for each in range(12)]))
    assert isinstance(caught.value.__cause__, RestrictedError)
    assert await do(models.Article.exists("a5"))
    assert await do(models.Comment.collection(article="a5").count()) == 1
    assert not await do(models.Article.exists("a4"))
    deleted = await do(models.Article.bulk_delete(["a4", "a6", "no", "a7"], on_missing="skip"))
    assert deleted.deleted + deleted.missing == 4
    with pytest.raises(BulkError) as caught:
        await do(models.Note.bulk_delete(["no"]))
    assert isinstance(caught.value.__cause__, DoesNotExist)
    await check(any_face, models)


async def test_requests(any_face, models, stored):
    """The requests of deletions that are sent one after the other, each to all partitions that it concerns."""
    do = any_face.do
    for each in range(6):
        await do(models.Note.create(name=f"n{each}", text="x"))
        await do(models.Mark.create(name=f"m{each}", note=f"n{each}", on=f"n{each % 2}"))
    await do(models.Note.lazy_connect("n5").delete())
    for name in ("n4", "n0"):  # a reference is taken away; and objects go too
        with assert_requests(3):
            await do(models.Note.lazy_connect(name).delete())
    with assert_requests(1):
        await do(models.Note.create(name="n0", text="y"))  # it looks for the tomb in the same step
    await do(stored.people[2].delete())
    with assert_requests(5):  # closed, found, deleted, swept, finished
        await do(stored.people[3].delete())
    lonely = await do(models.Person.create(name="lonely"))
    with assert_requests(3):
        await do(lonely.delete())
    with assert_requests(11):  # of those who go too others are asked as well: their comments, and the answers to those
        await do(stored.people[0].delete())
    await check(any_face, models)


async def test_pipelines_and_transactions(any_face, models, stored):
    database = models.database
    async with block(any_face, database.pipeline()):
        first, second = stored.people[0].delete(), stored.people[1].delete()
    assert [first.value, second.value] == [None, None]
    assert await any_face.do(models.Article.collection().count()) == 0
    with pytest.raises(NotInPipeline, match="several partitions"):
        async with block(any_face, database.transaction()):
            stored.people[2].delete()
    with pytest.raises(NotInPipeline, match="deletion of an object with the same primary key"):
        async with block(any_face, database.pipeline(transaction=True)):
            models.Note.create(name="n", text="x")
    await check(any_face, models)


async def test_a_key_of_another_type_is_named(any_face, models, stored):
    do, client = any_face.do, any_face.client
    person, article = models.Person._schema.keys.partition(b"p0"), models.Article._schema.keys.partition(b"a0")
    for key, kind in ((person.closing, "hash"), (person.tomb, "hash"), (article.closing, "hash")):
        client.set(key, "x")
        error = await any_face.refused(WrongTypeError, stored.people[0].delete)
        assert (error.key, error.expected) == (key.decode(), kind)
        assert not (await do(models.Person.check())).ok or key == article.closing
        client.delete(key)
        assert left(any_face) == []  # what was closed is open again
    await do(stored.people[0].delete())
    await check(any_face, models)


async def test_a_key_of_another_type_stops_what_follows(any_face, models, stored):
    do, client = any_face.do, any_face.client
    article = models.Article._schema.keys.partition(b"a0")
    key = article.field_prefix("readers") + b"a0"
    client.delete(key)
    client.set(key, "x")
    error = await any_face.refused(WrongTypeError, stored.people[3].delete)
    assert error.key == key.decode()
    assert "Person objects are deleted: ['p3']; others may still refer to them" in error.__notes__[0]
    tomb = models.Person._schema.keys.partition(b"p3").tomb
    client.hset(tomb, b"p3", bytes(14))  # as after a second
    report = await do(models.database.check(repair=True))
    assert [(each.kind, each.repaired) for each in report if each.kind == "unfinished"] == [("unfinished", False)]
    client.delete(key)
    client.hset(tomb, b"p3", bytes(14))
    assert (await do(models.database.check(repair=True))).ok
    await check(any_face, models)


async def test_steps_that_are_executed_twice(any_face, models, stored, monkeypatch):
    """Each is sent again after its reply was lost, or because a server refused what came before it."""
    for name in ("find", "sweep"):
        original = getattr(requests, name)

        def twice(*args: Any, original: Any = original) -> Any:
            request = original(*args)
            request.preflight = original(*args)
            return request

        monkeypatch.setattr(requests, name, twice)
    await test_all_policies(any_face, models, stored)


async def test_a_limit_of_changes(any_face, models, stored):
    models.database.max_changes = 3
    await any_face.refused(TooManyChanges, stored.articles[0].delete)
    models.database.max_changes = None
    await any_face.do(stored.articles[0].delete())
    await check(any_face, models)


async def test_undeclared_references(any_face, models, stored):
    """A process that does not declare a model that refers must not delete what that refers to."""

    class Mention(any_face.Model):
        database = models.database
        name = PKField()
        person = FKInstanceHashField(models.Person)

    await any_face.do(Mention.create(name="m", person="p3"))
    other = any_face.Database(port=any_face.server.port, partitions=4)
    theirs = declare(any_face.Model, other, models.Person._schema.keys.count, models.Article._schema.keys.count)
    error = await any_face.refused(UndeclaredReference, theirs.Person.lazy_connect("p3").delete)
    assert "Mention" in str(error)
    assert left(any_face) == []
    await any_face.do(other.close())
    await any_face.do(stored.people[3].delete())
    assert await any_face.do(Mention.lazy_connect("m").person.hget()) is None
    await check(any_face, models)


@pytest.mark.parametrize("number", range(4))
async def test_undeclared_references_of_several_partitions(any_face, models, stored, number):
    """Only the first partition of those who refer is recorded, and no process may have declared their model there."""
    do = any_face.do

    class Mention(any_face.Model):
        database = models.database
        partitions = 4
        name = PKField()
        person = FKInstanceHashField(models.Person)

    keys = Mention._schema.keys
    name = next(each for each in map(str, range(1000)) if keys.partition(each.encode()) is keys.partitions[number])
    await do(Mention.create(name=name, person="p3"))
    other = any_face.Database(port=any_face.server.port, partitions=4)
    theirs = declare(any_face.Model, other, models.Person._schema.keys.count, models.Article._schema.keys.count)
    error = await any_face.refused(UndeclaredReference, theirs.Person.lazy_connect("p3").delete)
    assert "Mention" in str(error)
    assert await do(models.Person.exists("p3"))
    assert left(any_face) == []

    await do(Mention.lazy_connect(name).delete())
    await do(Mention.create(name=name))
    await any_face.refused(UndeclaredReference, theirs.Person.lazy_connect("p3").delete)  # nobody can say it yet
    await do(Mention.clear_indexes())
    catalog, index = re.search(r"hdel\('(.+)', '(.+)'\)$", error.__notes__[0]).groups()
    any_face.client.hdel(catalog, index)
    await do(theirs.Person.lazy_connect("p3").delete())
    await do(other.close())


@pytest.mark.parametrize("kind", ["create", "bulk", "get_or_create", "pipeline", "transaction", "import"])
async def test_creations_over_a_tomb(any_face, models, stored, kind):
    """A deletion was killed after its decision; whoever creates the object anew finishes it."""
    do, model = any_face.do, models.Note
    await do(model.create(name="n", text="x"))
    await do(models.Mark.create(name="m", note="n"))
    partition, lines = model._schema.keys.partition(b"n"), await any_face.all(model.export())
    await do(model.lazy_connect("n").delete())
    any_face.client.hset(partition.tomb, b"n", bytes(14))
    holders = models.Mark._schema.keys.partition(b"m")
    any_face.client.hset(holders.hash_prefix + b"m", "note", "n")  # as if it had not been swept
    any_face.client.sadd(holders.prefix + b"eq:note:n", "m")
    if kind == "create":
        await do(model.create(name="n", text="y"))
    elif kind == "bulk":
        await do(model.bulk_create([{"name": "n", "text": "y"}, {"name": "o", "text": "y"}]))
    elif kind == "get_or_create":
        await do(model.get_or_create("n", defaults={"text": "y"}))
    elif kind == "import":
        await do(model.import_(lines))
    else:
        async with block(any_face, getattr(models.database, kind)()):
            model.create(name="n", text="z")
            model.lazy_connect("n").text.hset("y")
    assert await do(models.Mark.lazy_connect("m").note.hget()) is None
    assert await do(model.lazy_connect("n").text.hget()) == ("x" if kind == "import" else "y")
    await check(any_face, models)


async def test_a_check_finishes_deletions(any_face, models, stored):
    """One was killed after its decision, others while they asked."""
    do, client = any_face.do, any_face.client
    await do(models.Note.create(name="n", text="x"))
    await do(models.Note.create(name="o", text="x"))
    await do(models.Mark.create(name="m", note="n"))
    await do(models.Note.lazy_connect("n").delete())
    gone, holders = models.Note._schema.keys.partition(b"n"), models.Mark._schema.keys.partition(b"m")
    client.hset(gone.tomb, b"n", bytes(14))
    client.hset(holders.hash_prefix + b"m", "note", "n")
    client.sadd(holders.prefix + b"eq:note:n", "m")
    person, article = models.Person._schema.keys.partition(b"p1"), models.Article._schema.keys.partition(b"a1")
    client.hset(person.closing, b"p1", b"A" * 8 + bytes(6))
    client.hset(article.closing, b"a1", b"A" * 8 + bytes(6) + person.tag + b"\0p1")
    report = await do(models.database.check())
    assert report.found["unfinished"] == 3
    assert not report.ok
    assert (await do(models.database.check(repair=True))).ok
    assert await do(models.Mark.lazy_connect("m").note.hget()) is None
    assert await do(models.Article.exists("a1"))
    await do(stored.people[1].delete())
    await check(any_face, models)
