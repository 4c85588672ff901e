"""The worker: what a new post needs, after its author has gone on.

docs/howto/queue.md shows how the posts of a killed worker return to the queue.
"""

from __future__ import annotations

from .models import Post, board, database


def work(timeout: float = 5) -> Post | None:
    """Handles the next post of the queue. Returns None if there is none within `timeout` seconds."""
    jobs = board()
    pk = jobs.queue.blmove(jobs.working, timeout=timeout)
    if pk is None:
        return None
    post = Post.lazy_connect(pk)
    tags = post.tags.smembers()
    with database.transaction():
        for tag in tags:
            jobs.tags.zincrby(1, tag)
        jobs.working.lrem(1, pk)
    return post
