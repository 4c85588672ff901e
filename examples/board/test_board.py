"""The board's own tests, on the private server of limpyd's pytest plugin."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from limpyd import ConstraintError, RedisDatabase, UniquenessError

from . import board, models, worker
from .models import User, database


@pytest.fixture(autouse=True)
def private(limpyd_use: Callable[[RedisDatabase], None]) -> None:
    limpyd_use(database)


@pytest.fixture
def ada() -> User:
    return User(email="ada@x.org", name="Ada")


def test_users_and_sessions(ada: User) -> None:
    token = board.log_in("ada@x.org")
    assert board.user_of(token) == ada
    assert board.user_of(board.log_in("ada@x.org", timedelta(seconds=-1))) is None
    with pytest.raises(UniquenessError):
        User(email="ada@x.org", name="Another")
    with pytest.raises(ConstraintError):
        User(email="nowhere", name="Nobody")


def test_feed_and_search(ada: User) -> None:
    posts = [board.publish(ada, f"Job number {number}", "python", places=2) for number in range(5)]
    posts[3].removed.set(True)
    page = board.feed("python", size=3)
    assert [line.title for line in page.items] == ["Job number 4", "Job number 2", "Job number 1"]
    assert [line.author__name for line in board.feed(after=page.cursor).items] == ["Ada"]
    assert [line.pk for line in board.search("NUMBER 2")] == ["3"]
    assert (ada.posts.count(), ada.posts.unscoped().count()) == (4, 5)


def test_votes_and_leaders(ada: User) -> None:
    bob = User(email="bob@x.org", name="Bob")
    post = board.publish(ada, "A job")
    assert [board.vote(bob, post), board.vote(bob, post), board.vote(ada, post)] == [True, False, True]
    assert board.leaders(1) == [("Ada", 2)]


def test_places_are_bounded(ada: User) -> None:
    post = board.publish(ada, "A job", places=1)
    board.apply(post)
    with pytest.raises(ConstraintError):
        board.apply(post)


def test_the_worker(ada: User) -> None:
    post = board.publish(ada, "A job", "python", "redis")
    assert worker.work() == post
    assert worker.work(timeout=0.01) is None
    assert models.board().tags.zmscore(["python", "redis"]) == [1, 1]
