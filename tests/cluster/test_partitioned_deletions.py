"""Deletions of objects to which objects on other nodes of a cluster refer."""

from __future__ import annotations

import pytest

from limpyd import InstanceHashField, PKField, RedisDatabase, RedisModel
from limpyd.exceptions import RestrictedError
from limpyd.relations import FKInstanceHashField, M2MSetField


def test_all_policies(cluster):
    spread = RedisDatabase(nodes=cluster.addresses, partitions=8)

    class Person(RedisModel):
        database = spread
        name = PKField()
        email = InstanceHashField(unique=True)

    class Article(RedisModel):
        database = spread
        slug = PKField()
        owner = FKInstanceHashField(Person, on_delete="cascade")
        readers = M2MSetField(Person, related_name="reads")

    class Seal(RedisModel):
        database = spread
        name = PKField()
        article = FKInstanceHashField(Article, on_delete="restrict")

    for number in range(6):
        Person(name=f"p{number}", email=f"e{number}")
    for number in range(40):
        Article(slug=f"a{number}", owner=f"p{number % 3}", readers=["p0", "p5"])
    Seal(name="s", article="a4")
    Person.lazy_connect("p0").delete()
    Person.lazy_connect("p5").delete()
    with pytest.raises(RestrictedError) as caught:
        Person.lazy_connect("p1").delete()
    assert (caught.value.model, caught.value.pk, caught.value.target) == ("Seal", "s", "a4")
    assert Article.collection().count() == 26
    assert all(article.readers.smembers() == set() for article in Article.collection().instances())
    Seal.lazy_connect("s").delete()
    assert Person.collection().delete() == 4
    assert Article.collection().count() == 0
    Person(name="p0", email="e0")
    assert spread.check().ok
    spread.close()
