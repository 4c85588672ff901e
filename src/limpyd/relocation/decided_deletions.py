"""The end of deletions at the origin: nobody refers to what is gone when the objects are copied for the last time.

Deletions over several partitions leave tombs until nobody refers any more (see limpyd.deletions). Tombs do not move.
Nor do the notes of deletions that are not decided: those do not come about.
"""

from __future__ import annotations

from typing import Any

from limpyd.keys import Partition
from limpyd.relocation.places import Place, Steps
from limpyd.requests.request import Request
from limpyd.requests.scattered import Scattered
from limpyd.schema.schema import Schema
from limpyd.targets.closings import AGE


def finish_deletions(origin: Place, age: int = AGE) -> Steps[bool]:
    """Finishes the deletions that are decided now (HKEYS, scripts of deletions); returns whether there were any.

    What goes too leaves tombs, which are those of another mover if that has begun. So whoever needs that there are none
    calls this until there were none.

    Args:
        origin: where the objects are.
        age: the milliseconds after which a process that deletes has ended; others are waited for.
    """
    places = [(schema, each) for schema in origin.schemas if schema.incoming for each in schema.keys.partitions]
    tombs = yield origin.ask(*(_tombs(*place) for place in places))
    for (schema, partition), pks in zip(places, tombs, strict=True):
        if pks:
            yield origin.ask(_finished(schema, partition, pks, age))
    return any(tombs)


def _tombs(schema: Schema, partition: Partition) -> Request[list[bytes]]:
    return Request((b"HKEYS", partition.tomb), list, readonly=True, subject=schema)


def _finished(schema: Schema, partition: Partition, pks: list[bytes], age: int) -> Request[Any]:
    return Scattered(lambda: schema.deletions.finished(partition, pks, age), subject=schema, readonly=False)
