"""What a filter finds."""

from __future__ import annotations

import itertools

TOO_MANY = 5000
"""Nothing here finds so many, unless it does not end."""


async def found(face, model, **filters):
    """The primary keys that match, in order."""
    return sorted(await face.all(model.collection(**filters)))


async def paged(face, collection, size):
    """All items, page by page."""
    items, cursor = [], None
    while True:
        page = await face.do(collection.page(size=size, after=cursor))
        assert len(page.items) == size or page.cursor is None
        items += page.items
        cursor = page.cursor
        if cursor is None or len(items) > TOO_MANY:
            return items


async def walked(face, items):
    """All items of a walk, but for those of one that does not end."""
    if not face.is_async:
        return list(itertools.islice(items, TOO_MANY))
    found = []
    async for item in items:
        found.append(item)
        if len(found) == TOO_MANY:
            break
    return found
