"""References between models on a cluster of three nodes: of one partition with other hash tags, and of several."""

from __future__ import annotations

import pytest

from limpyd import RedisDatabase, RedisModel
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from limpyd.exceptions import RelatedDoesNotExist
from tests.support import referring_models

PEOPLE = [f"p{number}" for number in range(12)]


@pytest.fixture
def database(cluster):
    made = RedisDatabase(nodes=cluster.addresses)
    yield made
    made.close()


@pytest.mark.parametrize(("people", "articles"), [(1, 1), (8, 8), (1, 8), (8, 1)])
def test_references(cluster, database, people, articles):
    models = referring_models.declare(RedisModel, database, people=people, articles=articles)
    person, article, node = models.Person, models.Article, models.Node
    people = [person(name=name, age=number) for number, name in enumerate(PEOPLE)]
    for number, name in enumerate(PEOPLE):
        one = article(slug=f"a{number}", title="t", author=name, readers=PEOPLE[:3], roles_chief=name)
        one.listed.rpush(*PEOPLE)
        with pytest.raises(RelatedDoesNotExist):
            one.author.hset("nobody")
        with pytest.raises(RelatedDoesNotExist):
            one.update(title="new", editor="nobody")
    assert article.collection(title="t").count() == len(PEOPLE)
    node(name="root")
    node(name="child", parent="root")
    assert list(node.lazy_connect("root").children()) == ["child"]
    assert list(people[3].articles()) == ["a3"]
    assert list(article.collection(author__age=5).values_list("slug", "author__age")) == [("a5", 5)]
    with database.pipeline():
        for number in range(40):
            person.create(name=f"new{number}", age=99)
            article.create(slug=f"n{number}", author=f"new{number}")
    assert article.collection(author__age=99).count() == 40
    with database.transaction():
        article.lazy_connect("a1").author.hset("p2")
        article.lazy_connect("a1").title.hset("changed")
    assert article.lazy_connect("a1").author.hget() == "p2"
    article.bulk_create({"slug": f"b{number}", "author": PEOPLE[number % 12]} for number in range(50))
    people[0].delete()
    assert article.lazy_connect("a0").author.hget() is None
    assert article.lazy_connect("a7").readers.smembers() == {"p1", "p2"}
    assert person.collection(age=99).delete() == 40
    assert article.collection(author__isnull=True).count() == 1 + 40 + 5
    assert database.check().ok


async def test_on_the_async_face(cluster):
    database = AsyncRedisDatabase(nodes=cluster.addresses)
    models = referring_models.declare(AsyncRedisModel, database)
    for number, name in enumerate(PEOPLE):
        await models.Person.create(name=name, age=number)
    async with database.pipeline():
        for number, name in enumerate(PEOPLE):
            models.Article.create(slug=f"a{number}", author=name)
    assert await models.Article.collection(author__age=7)[:] == ["a7"]
    with pytest.raises(RelatedDoesNotExist):
        await models.Article.lazy_connect("a7").author.hset("nobody")
    await database.close()
