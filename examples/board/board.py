"""What users of the board do. Each function takes one request, and one for the `Board` where it needs that."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from limpyd import SORTED_SCORE, Page

from .models import Post, Session, User, board, database, words_of


@dataclass
class Line:
    """A post as the feed shows it."""

    pk: str
    title: str
    votes: int
    author__name: str
    tags: set[str]


def log_in(email: str, lasts: timedelta = timedelta(hours=8)) -> str:
    """Returns the token of a new session of a user (two requests). Raises `DoesNotExist` for an unknown address."""
    token = secrets.token_urlsafe(32)
    Session(token=token, user=User.get(email=email), until=datetime.now(UTC) + lasts)
    return token


def user_of(token: str) -> User | None:
    """Returns the user of a session, or None if it has ended."""
    pk = Session.collection(pk=token, until__gt=datetime.now(UTC)).values_list("user", flat=True).first()
    return None if pk is None else User.lazy_connect(pk)


def publish(author: User, title: str, *tags: str, places: int = 1) -> Post:
    """Creates a post, and gives it to the worker in the same step."""
    queue = board().queue
    with database.transaction():
        post = Post(author=author, title=title, words=words_of(title), tags=tags, at=datetime.now(UTC), places=places)
        queue.rpush(post.pk.get())
    return post


def vote(user: User, post: Post) -> bool:
    """Counts a vote, once for each user, for the post and its author. Returns False for a second one."""
    karma = board().karma
    with database.transaction() as transaction:
        author = transaction.add(post.author.get)
        added = transaction.add(post.voters.sadd, user)
        post.votes.hincrby(added)
        karma.zincrby(added, author)
    return bool(added.value)


def apply(post: Post) -> None:
    """Takes one of the places. Raises `ConstraintError` if none is left."""
    post.places.hincrby(-1)


def feed(*tags: str, after: str | None = None, size: int = 20) -> Page[Line]:
    """Returns a page of the newest posts, and the cursor of the next page."""
    return Post.collection.tagged(*tags).sort(by="-at").rows(Line).page(size=size, after=after)


def search(words: str) -> list[Line]:
    """Returns the ten posts with these words that have most votes."""
    return Post.collection.about(words).sort(by="-votes").rows(Line)[:10]


def leaders(count: int = 10) -> list[tuple[str, int]]:
    """Returns the users with most karma."""
    karma = board().karma
    return User.collection.intersect(karma).sort(by_score=karma, desc=True).values_list("name", SORTED_SCORE)[:count]
