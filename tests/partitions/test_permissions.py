"""The rules of an account allow all that models of several partitions do."""

from __future__ import annotations

from limpyd.acl import acl_rules
from limpyd.exceptions import UniquenessError
from tests.support import referring_models


async def test_an_account_of_the_smallest_rules(any_face):
    await any_face.do(any_face.database.connect())
    own = any_face.Database(port=any_face.server.port, partitions=4, username="spread", password="secret")
    models = referring_models.declare(any_face.Model, own)
    rules = acl_rules(models.Person, server=any_face.database.server)
    any_face.client.execute_command("ACL", "SETUSER", "spread", "on", ">secret", *rules)
    people = [await any_face.do(models.Person.create(name=f"p{number}", age=number)) for number in range(6)]
    article = await any_face.do(models.Article.create(slug="a", author="p1", readers=["p1", "p2", "p3"]))
    await any_face.do(models.Node.create(name="one", only="p2"))
    await any_face.refused(UniquenessError, lambda: models.Node.create(name="two", only="p2"))
    await any_face.do(models.Node.lazy_connect("one").only.hset("p4"))
    assert await any_face.all(models.Article.collection(author__age=1)) == ["a"]
    await any_face.do(people[1].delete())
    assert await any_face.do(article.readers.smembers()) == {"p2", "p3"}
    assert (await any_face.do(models.Article.check(repair=True))).ok
    await any_face.do(own.close())
    any_face.client.execute_command("ACL", "DELUSER", "spread")
