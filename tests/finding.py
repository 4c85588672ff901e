"""What a filter finds."""

from __future__ import annotations


async def found(face, model, **filters):
    """The primary keys that match, in order."""
    return sorted(await face.all(model.collection(**filters)))
