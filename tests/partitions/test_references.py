"""References to objects of other partitions: the check before a write, and what it is asked for."""

from __future__ import annotations

import itertools
from functools import partial
from types import SimpleNamespace

import pytest

from limpyd import FKInstanceHashField, InstanceHashField
from limpyd.exceptions import (
    BulkError,
    InvalidFilter,
    InvalidValue,
    NotInPipeline,
    RelatedDoesNotExist,
    UniquenessError,
    UnsupportedCommand,
)
from limpyd.query.merging import narrowing, reading, referred_order
from tests.support import referring_models
from tests.support.blocks import block
from tests.support.colocated import family


@pytest.fixture(params=["4 and 4", "1 and 4", "4 and 1"])
def counts(request):
    people, _, articles = request.param.split()
    return int(people), int(articles)


@pytest.fixture
async def models(any_face, counts):
    database = any_face.Database(port=any_face.server.port, partitions=4)
    people, articles = counts
    declared = referring_models.declare(any_face.Model, database, people=people, articles=articles)
    yield declared
    await any_face.do(database.close())


PEOPLE = [f"p{number}" for number in range(12)]


@pytest.fixture
async def stored(any_face, models):
    people = [{"name": name, "age": number} for number, name in enumerate(PEOPLE)]
    articles = [{"slug": f"a{number}", "title": f"t{number}"} for number in range(8)]
    await any_face.do(models.Person.bulk_create(people))
    await any_face.do(models.Article.bulk_create(articles))
    return SimpleNamespace(
        people=[models.Person.lazy_connect(each["name"]) for each in people],
        articles=[models.Article.lazy_connect(each["slug"]) for each in articles],
    )


WRITES = {
    "create": lambda one, pk: one.create(slug="new", author=pk),
    "create with members": lambda one, pk: one.create(slug="new", readers=["p0", pk], listed=[pk], ranked={pk: 1}),
    "hset": lambda one, pk: one.lazy_connect("a0").author.hset(pk),
    "set": lambda one, pk: one.lazy_connect("a0").editor.set(pk),
    "setnx": lambda one, pk: one.lazy_connect("a0").editor.setnx(pk),
    "getset": lambda one, pk: one.lazy_connect("a0").editor.getset(pk),
    "hsetnx": lambda one, pk: one.lazy_connect("a0").author.hsetnx(pk),
    "hmset": lambda one, pk: one.lazy_connect("a0").hmset(author=pk, title="x"),
    "sadd": lambda one, pk: one.lazy_connect("a0").readers.sadd("p0", pk),
    "zadd": lambda one, pk: one.lazy_connect("a0").ranked.zadd({pk: 2.5}),
    "zincrby": lambda one, pk: one.lazy_connect("a0").ranked.zincrby(2, pk),
    "lpush": lambda one, pk: one.lazy_connect("a0").listed.lpush(pk),
    "dynamic": lambda one, pk: one.lazy_connect("a0").roles("chief").set(pk),
    "update": lambda one, pk: one.lazy_connect("a0").update(author=pk, readers=["p0", pk]),
    "update of the class": lambda one, pk: one.update("a0", editor=pk),
    "update of a collection": lambda one, pk: one.collection(pk="a0").update(author=pk),
    "get_or_create": lambda one, pk: one.get_or_create("new", defaults={"author": pk}),
    "update_or_create": lambda one, pk: one.update_or_create("a0", defaults={"author": pk}),
    "update_or_create of a new one": lambda one, pk: one.update_or_create("new", defaults={"author": pk}),
}


@pytest.mark.parametrize("write", WRITES)
async def test_a_write_checks_what_it_refers_to(any_face, models, stored, write):
    before = sorted(any_face.keys())
    for missing in ("nobody", "p0:", "p*", "p\0", "😀", "{p0}"):
        error = await any_face.refused(RelatedDoesNotExist, partial(WRITES[write], models.Article, missing))
        assert error.pk == missing
    assert sorted(any_face.keys()) == before
    await any_face.do(WRITES[write](models.Article, "p7"))
    assert (await any_face.do(models.Article.check())).ok
    assert (await any_face.do(models.Person.check())).ok


async def test_commands_whose_result_only_the_server_knows(any_face, models, stored):
    one = stored.articles[0]
    same = next(
        each
        for each in stored.articles[1:]
        if models.Article._schema.keys.partition(each._pk_bytes) is models.Article._schema.keys.partition(b"a0")
    )
    await any_face.do(one.readers.sadd("p1", "p2"))
    assert await any_face.do(one.readers.smove(same.readers, "p2")) is True
    assert await any_face.do(same.readers.smembers()) == {"p2"}
    assert (await any_face.do(models.Article.check())).ok


async def test_a_barred_check_is_made_again(any_face, models, stored):
    one = stored.articles[0]
    keys, holders = models.Person._schema.keys, models.Article._schema.keys
    await any_face.do(one.author.hset("p3"))
    await any_face.do(one.author.hset("p1"))
    target = keys.partition(b"p3")
    any_face.client.hset(holders.partition(b"a0").barred, target.tag, 7)
    with any_face.sent() as sent:
        await any_face.do(one.author.hset("p3"))
    assert sent.names.count("HMGET") == 1  # it was refused: what time must a check have?
    assert any_face.client.get(target.clock) == b"7"
    with any_face.sent() as sent:
        await any_face.do(one.author.hset("p3"))
    assert sent.names == ["EVALSHA", "EVALSHA"]
    any_face.client.set(target.clock, 8)
    await any_face.do(stored.articles[1].author.hset("p3"))


async def test_requests(any_face, models, stored):
    articles, people = stored.articles, stored.people
    for article, person in itertools.product(articles, PEOPLE):  # so that all that has to be recorded is
        await any_face.do(article.author.hset(person))
        await any_face.do(article.readers.sadd(person))
    one, numbers = articles[0], itertools.count()
    calls = [
        (2, lambda: one.author.hset("p3")),
        (2, lambda: one.update(author="p4", title="x")),
        (2, lambda: one.editor.set(people[3])),
        (1, lambda: one.free.hset("p3")),
        (1, lambda: one.title.hset("y")),
        (1, one.author.hdel),
        (1, one.editor.delete),
        (1, lambda: one.readers.srem("p1", "p2")),
        (1, lambda: one.update(author=None)),
        (2, lambda: models.Article.create(slug=f"m{next(numbers)}", author="p1")),
        (2, lambda: people[1].articles.sadd("a0")),
        (1, lambda: people[1].articles.srem("a0")),
        (1, lambda: people[1].reads.srem("a0")),
        (1, lambda: one.author.hget()),
    ]
    for count, call in calls:
        await any_face.do(call())  # so that the server knows the scripts
        with any_face.sent() as sent:
            await any_face.do(call())
        assert len(sent.names) == count, sent.names
    homes = {models.Person._schema.keys.partition(name.encode()) for name in PEOPLE}
    with any_face.sent() as sent:
        await any_face.do(one.readers.sadd(*PEOPLE))
    assert len(sent.names) == len(homes) + 1  # the checks at once, and the write


async def test_a_reference_that_is_unique(any_face, models, stored):
    one = await any_face.do(models.Node.create(name="one", only="p1"))
    two = await any_face.do(models.Node.create(name="two", only="p2"))
    await any_face.refused(UniquenessError, lambda: two.only.hset("p1"))
    await any_face.refused(RelatedDoesNotExist, lambda: two.only.hset("nobody"))
    await any_face.do(one.only.hset("p3"))
    await any_face.do(two.only.hset("p1"))
    assert await any_face.all(stored.people[1].only_of()) == ["two"]


async def test_a_pipeline_checks_all_first(any_face, models, stored):
    await any_face.do(stored.articles[0].author.hset("p1"))
    async with block(any_face, models.database.pipeline()):
        for number, article in enumerate(stored.articles):
            article.author.hset(PEOPLE[number])
            models.Article.create(slug=f"more{number}", author=PEOPLE[number + 1], readers=PEOPLE)
        models.Person.create(name="late", age=3)
        models.Article.create(slug="for one that is created before", author="late")
    found = [await any_face.do(each.author.hget()) for each in stored.articles]
    assert found == PEOPLE[:8]
    assert await any_face.do(models.Article.lazy_connect("for one that is created before").author.hget()) == "late"
    with pytest.raises(RelatedDoesNotExist):
        async with block(any_face, models.database.pipeline()):
            stored.articles[0].author.hset("p9")
            refused = stored.articles[1].author.hset("nobody")
            stored.articles[2].author.hset("p9")
    assert isinstance(refused.error, RelatedDoesNotExist)
    found = [await any_face.do(each.author.hget()) for each in stored.articles[:3]]
    assert found == ["p9", "p1", "p9"]
    assert (await any_face.do(models.Article.check())).ok


async def test_a_write_that_is_refused_is_not_overtaken(any_face, models, stored):
    one, keys = stored.articles[0], models.Person._schema.keys
    holder = models.Article._schema.keys.partition(b"a0")
    for first, second in (("p1", "p2"), ("p2", "p3"), ("p3", "p1")):
        any_face.client.hset(holder.barred, keys.partition(first.encode()).tag, 1000)
        any_face.client.delete(*(partition.clock for partition in keys.partitions))
        async with block(any_face, models.database.pipeline()):
            one.author.hset(first)
            one.author.hset(second)
            one.listed.rpush(second, first)
        assert await any_face.do(one.author.hget()) == second
    assert await any_face.do(one.listed.lrange(0, -1)) == ["p2", "p1", "p3", "p2", "p1", "p3"]


async def test_the_checks_of_a_pipeline_are_one_for_each_partition(any_face, models, stored):
    for article in stored.articles:
        for name in PEOPLE:
            await any_face.do(article.author.hset(name))
    writes = [(article, name) for article in stored.articles for name in PEOPLE] * 3
    with any_face.sent() as sent:
        async with block(any_face, models.database.pipeline()):
            for article, name in writes:
                article.author.hset(name)
    sizes = [sum(map(len, command)) for command in sent.commands if command[0] == "EVALSHA"]
    assert max(sizes) < 1200  # none has the checks of all
    homes = {models.Person._schema.keys.partition(name.encode()) for name in PEOPLE}
    holders = {models.Article._schema.keys.partition(article._pk_bytes) for article in stored.articles}
    assert len(sent.names) <= len(homes) * len(holders) + len(writes)


async def test_a_transaction_is_all_or_nothing(any_face, models, stored):
    one = stored.articles[0]
    async with block(any_face, models.database.transaction()):
        one.author.hset("p5")
        one.update(editor="p6", readers=["p1", "p2"])
    assert await any_face.do(one.editor.get()) == "p6"
    with pytest.raises(RelatedDoesNotExist):
        async with block(any_face, models.database.transaction()):
            one.title.hset("changed")
            one.author.hset("nobody")
    assert await any_face.do(one.title.hget()) == "t0"
    with pytest.raises(NotInPipeline, match=r"use transaction\(\)"):
        async with block(any_face, models.database.pipeline(transaction=True)):
            one.author.hset("p1")


async def test_results_of_a_transaction_are_checked_in_the_middle(any_face, models, stored):
    one = stored.articles[0]
    await any_face.do(one.author.hset("p5"))
    async with block(any_face, models.database.transaction()):
        found = one.author.hget()
        one.readers.sadd(found)
    assert await any_face.do(one.readers.smembers()) == {"p5"}
    await any_face.do(one.free.hset("nobody"))
    with pytest.raises(RelatedDoesNotExist):
        async with block(any_face, models.database.transaction()):
            found = one.free.hget()
            one.readers.sadd(found)
    assert await any_face.do(one.readers.smembers()) == {"p5"}


async def test_objects_of_one_transaction_refer_to_each_other(any_face, models):
    if models.Node._schema.keys.count == 1:
        return
    names = iter(
        [name for name in (f"n{n}" for n in range(99)) if models.Node._schema.keys.partition(name.encode()).number == 0]
    )
    root, child = next(names), next(names)
    async with block(any_face, models.database.transaction()):
        models.Node.create(name=root)
        models.Node.create(name=child, parent=root)
    assert await any_face.do(models.Node.lazy_connect(child).parent.hget()) == root
    await any_face.do(models.Node.create(name="itself", parent="itself"))
    assert await any_face.all(models.Node.lazy_connect("itself").children()) == ["itself"]


async def test_bulk_operations(any_face, models, stored):
    rows = [{"slug": f"b{number}", "author": PEOPLE[number % 12], "readers": PEOPLE[:3]} for number in range(60)]
    await any_face.do(models.Article.bulk_create(rows, chunk=7))
    assert await any_face.do(stored.people[3].articles().count()) == 5
    await any_face.do(models.Article.bulk_update([(f"b{number}", {"author": "p0"}) for number in range(60)]))
    assert await any_face.do(stored.people[0].articles().count()) == 60
    error = await any_face.refused(
        BulkError,
        lambda: models.Article.bulk_create(
            [{"slug": f"c{number}", "author": "p1" if number != 5 else "nobody"} for number in range(9)]
        ),
    )
    assert (error.position, type(error.__cause__)) == (5, RelatedDoesNotExist)
    lines = [line async for line in each_of(any_face, models.Article.export())]
    for slug in [f"b{number}" for number in range(60)]:
        await any_face.do(models.Article.lazy_connect(slug).author.hdel())
    await any_face.do(models.Article.import_(lines, on_conflict="update"))
    assert await any_face.do(stored.people[0].articles().count()) == 60
    assert (await any_face.do(models.Article.check())).ok


async def each_of(face, items):
    for item in await face.all(items):
        yield item


async def test_the_reverse_side(any_face, models, stored):
    person = stored.people[2]
    await any_face.do(person.articles.sadd("a1"))
    await any_face.do(person.reads.sadd("a1"))
    await any_face.do(person.listed_in.rpush("a1"))
    await any_face.do(person.ranked_in.zadd(3, "a1"))
    for side in (person.articles, person.reads, person.listed_in, person.ranked_in):
        assert await any_face.all(side()) == ["a1"]
    assert await any_face.do(person.articles.srem("a1")) == 1
    assert await any_face.do(person.articles.srem("a1")) == 0
    assert await any_face.do(person.ranked_in.zrem("a1")) == 1
    assert await any_face.do(person.listed_in.lrem(0, "a1")) == 1
    assert await any_face.all(person.articles()) == []
    gone = models.Person.lazy_connect("nobody")
    await any_face.refused(RelatedDoesNotExist, lambda: gone.articles.sadd("a1"))
    await any_face.refused(RelatedDoesNotExist, lambda: gone.reads.sadd("a1"))
    if models.Article._schema.keys.count > 1:
        slugs = [article._pk_bytes.decode() for article in stored.articles]
        for side in (person.articles, person.reads):
            await any_face.refused(UnsupportedCommand, lambda: side.sadd(*slugs), match="in one partition")  # noqa: B023
    assert (await any_face.do(models.Article.check())).ok


@pytest.fixture
async def related(any_face, models, stored):
    for number, article in enumerate(stored.articles):
        await any_face.do(article.update(author=PEOPLE[number % 4], readers=[PEOPLE[number], PEOPLE[number + 1]]))
        await any_face.do(models.Comment.create(text=f"c{number}", article=article))
    await any_face.do(models.Article.create(slug="lonely", title="z"))
    return stored


async def test_queries_across_references(any_face, models, related):
    article, comment = models.Article, models.Comment

    async def found(collection):
        return sorted(await any_face.all(collection))

    assert await found(article.collection(author__age=1)) == ["a1", "a5"]
    assert await found(article.collection(article.author.age >= 2)) == ["a2", "a3", "a6", "a7"]
    assert await found(article.collection(readers__age=4)) == ["a3", "a4"]
    assert await found(article.collection(author__age=1, title="t5")) == ["a5"]
    assert await found(article.collection(author__age=99)) == []
    assert await found(article.collection(~(article.author.age >= 1))) == ["a0", "a4", "lonely"]
    assert await found(article.collection((article.author.age == 3) | (article.title == "z"))) == ["a3", "a7", "lonely"]
    assert await found(article.collection(author__in=related.people[:2])) == ["a0", "a1", "a4", "a5"]
    assert await found(article.collection(author__isnull=True)) == ["lonely"]
    assert await found(related.people[3].articles(title="t7")) == ["a7"]
    assert await found(models.Person.collection(age__lt=3).intersect(related.articles[1].readers)) == ["p1", "p2"]
    assert await found(comment.collection(article__author__age=1).values_list("text", flat=True)) == ["c1", "c5"]
    assert await any_face.do(article.collection(author__age=1).count()) == 2
    assert await any_face.do(article.collection(author__age=1).exists()) is True
    assert (await any_face.do(article.get(author__age=1, title="t5")))._pk_bytes == b"a5"
    assert await any_face.do(article.collection(author__age=1).update(title="of p1")) == 2
    assert await found(article.collection(title="of p1")) == ["a1", "a5"]
    page = await any_face.do(article.collection(author__age__gte=0).sort(by="title").page(3))
    rest = await any_face.do(article.collection(author__age__gte=0).sort(by="title").page(9, after=page.cursor))
    assert [*page.items, *rest.items] == ["a1", "a5", "a0", "a2", "a3", "a4", "a6", "a7"]


async def test_requests_of_queries(any_face, models, related):
    several = models.Person._schema.keys.count, models.Article._schema.keys.count
    await any_face.all(models.Article.collection(author__age=1))
    with any_face.sent() as sent:
        await any_face.all(models.Article.collection(author__age=1))
    assert len(sent.names) == sum(several)  # all partitions at once, twice
    explained = await any_face.do(models.Article.collection(author__age=1).explain())
    assert explained.round_trips == 2
    assert explained.reads == ["the objects of Person with author__age=1"]


async def test_too_many_objects_between(any_face, models, related, monkeypatch):
    monkeypatch.setattr(reading, "MAX_FOUND", 3)
    assert len(await any_face.all(models.Article.collection(author__age__lt=3))) == 6
    await any_face.refused(
        InvalidFilter, lambda: models.Article.collection(author__age__lt=4).count(), match="more than 3"
    )


async def test_other_filters_narrow_objects_between(any_face, models, related, monkeypatch):
    monkeypatch.setattr(reading, "MAX_FOUND", 3)
    monkeypatch.setattr(narrowing, "MAX_FOUND", 3)
    article, comment = models.Article, models.Comment

    async def found(collection):
        return sorted(await any_face.all(collection))

    few = {"title__in": ["t1", "t5", "z"]}  # of p1, p1, nobody
    assert await found(article.collection(author__age__gte=0, **few)) == ["a1", "a5"]
    assert await found(article.collection(~(article.author.age >= 1), **few)) == ["lonely"]
    assert await found(article.collection((article.author.age >= 1) | (article.title == "z"), **few)) == [
        "a1",
        "a5",
        "lonely",
    ]
    assert await found(article.collection(author__age__gte=0, readers__age__gte=0, title="t4")) == ["a4"]
    assert await found(article.collection(author__age__gte=0, author__age__lte=0, title="t4")) == ["a4"]
    assert await found(article.collection(author__age__gte=0, title="z")) == []
    assert await found(article.collection(author__age__gte=0, title="none")) == []
    assert await any_face.do(article.collection(author__age__gte=0, **few).sort(by="author__age").count()) == 2
    texts = comment.collection(article__author__age__gte=0, text="c6").values_list("text", flat=True)
    assert await found(texts) == ["c6"]
    for collection in (
        article.collection(author__age__gte=0, title__in=["t1", "t2", "t3", "t5"]),
        comment.collection(article__author__age__gte=0),
    ):
        await any_face.refused(InvalidFilter, collection.count, match="more than 3")


async def test_requests_of_narrowed_queries(any_face, models, related, monkeypatch):
    monkeypatch.setattr(reading, "MAX_FOUND", 3)
    monkeypatch.setattr(narrowing, "MAX_FOUND", 3)
    await any_face.all(models.Article.collection(author__age__gte=0, title="t4"))
    with any_face.sent() as sent:
        assert await any_face.all(models.Article.collection(author__age__gte=0, title="t4")) == ["a4"]
    people, articles = models.Person._schema.keys.count, models.Article._schema.keys.count
    assert len(sent.names) <= people + articles + 1 + articles  # too many people; articles; their author; articles


async def test_values_of_referred_objects(any_face, models, related):
    article, comment = models.Article, models.Comment
    rows = await any_face.all(article.collection(title__in=["t5", "z"]).sort(by="title").values("title", "author__age"))
    assert rows == [{"title": "t5", "author__age": 1}, {"title": "z", "author__age": None}]
    flat = article.collection(title__in=["t5", "t6"]).sort(by="title").values_list("author__age", flat=True)
    assert await any_face.all(flat) == [1, 2]
    assert await any_face.do(flat[1]) == 2
    rows = comment.collection(text="c7").values_list(
        "text", "article__title", "article__author__age", "article__author__name"
    )
    assert await any_face.all(rows) == [("c7", "t7", 3, "p3")]
    page = await any_face.do(article.collection().sort(by="title").values("author__age").page(2))
    assert page.items == [{"author__age": 0}, {"author__age": 1}]
    walked = await any_face.all(article.collection().values_list("slug", "author__age").iterate(chunk=2))
    assert sorted(walked, key=str) == sorted([*((f"a{n}", n % 4) for n in range(8)), ("lonely", None)], key=str)
    instances = await any_face.all(comment.collection(text="c6").instances(prefetch=["article__author__age"]))
    assert instances[0].prefetched["article"].prefetched["author"].prefetched == {"age": 2}
    instances = await any_face.all(article.collection(slug="a4").instances(prefetch=["readers__age", "title"]))
    assert sorted(each.prefetched["age"] for each in instances[0].prefetched["readers"]) == [4, 5]
    with_values = await any_face.do(related.articles[3].author.instance())
    assert with_values._pk_bytes == b"p3"
    await any_face.refused(InvalidFilter, lambda: article.collection().max("author__age"), match="count_by")
    await any_face.refused(InvalidFilter, lambda: article.collection().sum("author__age"), match="count_by")
    assert await any_face.do(article.collection().count_by("author")) == {f"p{n}": 2 for n in range(4)}


async def test_orders_by_values_of_referred_objects(any_face, models, related, monkeypatch):
    article, comment = models.Article, models.Comment

    async def found(collection):
        return await any_face.all(collection)

    by_age = article.collection().sort(by=["author__age", "title"])
    names = ["a0", "a4", "a1", "a5", "a2", "a6", "a3", "a7", "lonely"]
    assert await found(by_age) == names
    assert await any_face.do(by_age[2:5]) == names[2:5]
    assert await any_face.do(by_age.first()) == "a0"
    assert await any_face.do(by_age.count()) == 9
    down = article.collection(title__in=["t1", "t2", "t7"]).sort(by="-author__age")
    assert await found(down.values_list("slug", "author__age")) == [("a7", 3), ("a2", 2), ("a1", 1)]
    assert await found(
        comment.collection().sort(by=["-article__author__age", "text"]).values_list("text", flat=True)
    ) == [*("c3", "c7", "c2", "c6", "c1", "c5", "c0", "c4")]
    pages, cursor = [], None
    while not pages or cursor is not None:
        page = await any_face.do(by_age.values_list("slug", flat=True).page(2, after=cursor))
        pages += page.items
        cursor = page.cursor
    assert pages == names
    back = await any_face.do(by_age.page(2, before=(await any_face.do(by_age.page(4))).cursor))
    assert back.items == ["a4", "a1"]
    assert sorted(await found(by_age.iterate(chunk=2))) == sorted(names)
    explained = await any_face.do(by_age.explain())
    assert "in Python" in explained.sort
    monkeypatch.setattr(referred_order, "MAX_FOUND", 5)
    await any_face.refused(InvalidFilter, lambda: by_age[:2], match="more than 5")


async def test_queries_in_pipelines(any_face, models, related):
    async with block(any_face, models.database.pipeline()):
        found = models.Article.collection(author__age=1)[:]
        rows = models.Article.collection(author__age=1).sort(by="title").values_list("title", "author__age")[:]
        count = models.Article.collection(author__age=1).count()
    assert (sorted(found.value), rows.value, count.value) == (["a1", "a5"], [("t1", 1), ("t5", 1)], 2)


async def test_check_finds_references_to_nobody(any_face, models, related):
    partition = models.Article._schema.keys.partition(b"a2")
    any_face.client.hset(partition.hash_prefix + b"a2", "author", "nobody")
    any_face.client.sadd(partition.field_prefix("readers") + b"a2", "nobody too")
    report = await any_face.do(models.Article.check())
    dangling = [finding for finding in report.findings if finding.kind == "dangling"]
    assert sorted(finding.what.split(",")[0] for finding in dangling) == [
        "Article.author refers to 'nobody'",
        "Article.readers refers to 'nobody too'",
    ]
    report = await any_face.do(models.Article.check(repair=True))
    assert all(finding.repaired for finding in report.findings)
    assert (await any_face.do(models.Article.check())).ok
    assert await any_face.do(related.articles[2].author.hget()) is None
    assert await any_face.do(related.articles[2].readers.smembers()) == {"p2", "p3"}


async def test_references_are_recorded_where_deletions_look_for_them(any_face, models, stored):
    for article, name in itertools.product(stored.articles, PEOPLE):
        await any_face.do(article.author.hset(name))
    for name in PEOPLE:
        meta = models.Person._schema.keys.partition(name.encode()).meta
        assert b"Article.author" in any_face.client.hget(meta, ":references")


async def test_models_in_the_same_partitions_refer_elsewhere_too(any_face):
    database = any_face.Database(port=any_face.server.port)
    shop = family(any_face.Model, database, 4)

    class Customer(any_face.Model):
        database = shop.Order.database
        partitions = 2
        name = InstanceHashField(indexable=True)
        favourite = FKInstanceHashField(shop.Line, related_name="fans")

    class Shipping(any_face.Model):
        database = shop.Order.database
        namespace = "shop"
        colocate_with = shop.Order
        order = FKInstanceHashField(shop.Order, related_name="shippings")
        customer = FKInstanceHashField(Customer, related_name="shippings")

    orders = [await any_face.do(shop.Order.create(status="new", total=number)) for number in range(8)]
    lines = [await any_face.do(shop.Line.create(order=order, sku=f"s{at}")) for at, order in enumerate(orders)]
    for number, order in enumerate(orders):
        customer = await any_face.do(Customer.create(name=f"c{number}", favourite=lines[number]))
        await any_face.do(Shipping.create(order=order, customer=customer))
    expected = {"order__total": 3, "customer__name": "c3"}
    found = Shipping.collection(order__status="new", customer__favourite__sku="s3")
    assert await any_face.do(found.values(*expected).all()) == [expected]
    assert await any_face.do(Customer.collection(favourite__order__total=5).values_list("name", flat=True).all()) == [
        "c5"
    ]
    assert await any_face.do(lines[2].fans().count()) == await any_face.do(orders[2].shippings().count()) == 1
    await any_face.refused(RelatedDoesNotExist, lambda: Customer.create(name="x", favourite=999))
    await any_face.refused(InvalidValue, lambda: Shipping.create(customer=1), match="create it with Shipping")
    for count, order in enumerate(orders[:4], 1):  # one of each partition
        await any_face.do(order.delete())
        assert await any_face.do(shop.Line.collection().count()) == 8 - count
        assert await any_face.do(Customer.collection(favourite__isnull=True).count()) == count
    assert list(await any_face.do(database.check())) == []
    await any_face.do(database.close())
