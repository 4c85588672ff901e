"""Models whose objects refer to others in other partitions."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from limpyd import InstanceHashField, PKField
from limpyd.contrib.dynamic import DynamicFKStringField
from limpyd.relations import (
    FKInstanceHashField,
    FKStringField,
    M2MListField,
    M2MSetField,
    M2MSortedSetField,
)


def declare(model: Any, database_: Any, *, people: int | None = None, articles: int | None = None) -> SimpleNamespace:
    """Declares people, articles that refer to them in all ways, and nodes that refer to nodes.

    Args:
        model: the base class of the models.
        database_: their database.
        people: the number of partitions of people, if not that of the database.
        articles: the same of articles.
    """

    class Person(model):
        database = database_
        partitions = people
        name = PKField()
        age = InstanceHashField(type=int, indexable=True)

    class Article(model):
        database = database_
        partitions = articles
        slug = PKField()
        title = InstanceHashField(type=str, indexable=True)
        author = FKInstanceHashField(Person, related_name="articles")
        editor = FKStringField(Person, related_name="edited")
        free = FKInstanceHashField(Person, related_name="freely", check=False)
        readers = M2MSetField(Person, related_name="reads")
        ranked = M2MSortedSetField(Person, related_name="ranked_in")
        listed = M2MListField(Person, related_name="listed_in")
        roles = DynamicFKStringField(Person, related_name="roles_in")

    class Comment(model):
        database = database_
        text = InstanceHashField(type=str, indexable=True)
        article = FKInstanceHashField(Article, related_name="comments")

    class Node(model):
        database = database_
        name = PKField()
        parent = FKInstanceHashField("self", related_name="children")
        only = FKInstanceHashField(Person, related_name="only_of", unique=True)

    return SimpleNamespace(database=database_, Person=Person, Article=Article, Comment=Comment, Node=Node)
