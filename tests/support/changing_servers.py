"""Walks in whose middle another server process takes over, and what they must find all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from limpyd import HashField, InstanceHashField, SetField, SortedSetField
from limpyd.fields import VersionField

OBJECTS = 2500
"""So many that sums are added up in chunks."""
CHUNK = 100


class Takeover:
    """Has another process take over once, after so many requests of one operation.

    Args:
        take_over: makes another process answer.
    """

    def __init__(self, take_over: Callable[[], None]) -> None:
        self._take_over = take_over
        self._left = 0
        self._operation = ""

    def after(self, requests: int, operation: str) -> None:
        """Waits for so many requests of an operation from now on."""
        self._left, self._operation = requests, operation

    def __call__(self, event: Any) -> None:
        """Counts a request; a callback of `on_request`."""
        if self._left and event.name == self._operation:
            self._left -= 1
            if not self._left:
                self._take_over()

    @property
    def is_over(self) -> bool:
        """True if it has taken place."""
        return not self._left


def declared(database: Any, base: Any, name: str = "Thing") -> Any:
    """The model, under a name."""
    fields = {
        "number": InstanceHashField(type=int, unique=True),
        "state": InstanceHashField(indexable=True),
        "points": InstanceHashField(type=int, default=1),
        "version": VersionField(),
        "tags": SetField(),
        "settings": HashField(),
        "ranks": SortedSetField(),
    }
    return type(name, (base,), {"database": database, "namespace": "changing", "__module__": __name__, **fields})


async def filled(face: Any, model: Any) -> Any:
    """Objects, the first of which, returned, has as many members in each of its fields."""
    await face.do(model.bulk_create([{"number": number, "state": "new"} for number in range(OBJECTS)]))
    thing = await face.do(model.get(number=0))
    members = [f"member {number}" for number in range(OBJECTS)]
    await face.do(thing.tags.sadd(*members))
    await face.do(thing.settings.hset(mapping=dict.fromkeys(members, "on")))
    await face.do(thing.ranks.zadd(dict(zip(members, range(OBJECTS), strict=True))))
    return thing
