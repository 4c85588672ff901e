"""The feed that comes before that of a partition: that of the partition from which objects came.

When objects move to more partitions, their entries stay where they are, and later ones come into the feeds of the new
partitions. So that those of an object are read in order, each new partition notes the last entry of the former one when
objects left that last (see repartitioning/continue_feed.lua). Nothing of the new feed is read before that entry.

That note changes only while both partitions are closed, so it belongs to the record of where the objects are: a process
that has learned of another record asks for it again.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from limpyd.keys import Partition
from limpyd.requests.request import Request

AFTER = "after"
"""The sub-key of the note."""


class Origin(NamedTuple):
    """The end of another feed, which comes first.

    Attributes:
        number: the number of its partition.
        last: the id of its last entry at that time.
    """

    number: int
    last: bytes

    @classmethod
    def of(cls, text: bytes | None) -> Origin | None:
        """Returns what a note tells; None if there is none."""
        if not text:
            return None
        number, _, last = text.partition(b" ")
        return cls(int(number), last)


def origin(model: Any, partition: Partition) -> Request[Origin | None]:
    """Returns what comes before the feed of a partition (HGET)."""
    args = ("HGET", partition.feed_origin, AFTER)
    request = Request(args, Origin.of, readonly=True, subject=model)
    return request.assuming(*model.maintenance.at(partition).built(()))


def numbers(entry_id: bytes | str) -> tuple[int, ...]:
    """Returns the numbers of an id, by which ids are in order."""
    return tuple(map(int, entry_id.split("-" if isinstance(entry_id, str) else b"-")))  # type: ignore[arg-type]
