"""What the board stores."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from limpyd import Collection, RedisDatabase, RedisModel, Reverse, fields
from limpyd.relations import FKInstanceHashField, M2MSetField, M2MSortedSetField

database = RedisDatabase.embedded()  # or RedisDatabase.from_url("redis://localhost:6379/0")


class Base(RedisModel):
    """Each model of the board is in its database and its namespace."""

    abstract = True
    database = database
    namespace = "board"


class User(Base):
    """Somebody who posts jobs and votes for them."""

    email = fields.InstanceHashField(type=str, required=True, unique=True, pattern=r"^[^@\s]+@[^@\s]+$")
    name = fields.InstanceHashField(type=str, required=True, max_length=50)
    posts: Reverse[Post]


class Session(Base):
    """A user who is logged in, until a moment."""

    token = fields.PKField()
    user = FKInstanceHashField(User, required=True, on_delete="cascade", related_name="sessions")
    until = fields.InstanceHashField(type=datetime, required=True, indexable=True)


class Posts(Collection[str, "Post"]):
    """Posts that nobody has removed, if not `unscoped()`."""

    def default_scope(self) -> Self:
        return self.filter(removed=False)

    def tagged(self, *tags: str) -> Self:
        """Returns the posts that have all of these tags."""
        return self.filter(*(Post.tags.contains(tag) for tag in tags))

    def about(self, text: str) -> Self:
        """Returns the posts with all of these words in their titles."""
        return self.filter(*(Post.words.contains(word) for word in words_of(text)))


class Post(Base):
    """A job."""

    collection_manager = Posts
    title = fields.InstanceHashField(type=str, required=True, min_length=3, max_length=100)
    words = fields.SetField(type=str, indexable=True)
    tags = fields.SetField(type=str, indexable=True, max_members=5)
    author = FKInstanceHashField(User, required=True, on_delete="cascade", related_name="posts")
    at = fields.InstanceHashField(type=datetime, required=True, indexable=True)
    votes = fields.InstanceHashField(type=int, default=0, ge=0, indexable=True)
    voters = M2MSetField(User, related_name="voted")
    places = fields.InstanceHashField(type=int, default=1, ge=0)
    removed = fields.InstanceHashField(type=bool, default=False, indexable=True)


class Board(Base):
    """What is one for the whole board: the queue of the worker, and what it counts."""

    name = fields.PKField()
    queue = fields.ListField(type=str)
    working = fields.ListField(type=str)
    karma = M2MSortedSetField(User, related_name="karma_on")
    tags = fields.SortedSetField(type=str)


def words_of(text: str) -> set[str]:
    """Returns the words that a title is found by."""
    return {word.casefold() for word in text.split()}


def board() -> Board:
    """Returns the board, which the first call creates."""
    return Board.get_or_connect("jobs")
