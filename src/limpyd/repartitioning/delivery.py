"""The delivery of objects from a partition to those where they belong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from limpyd.exceptions import LimpydError
from limpyd.keys import Partition
from limpyd.repartitioning import parcels
from limpyd.requests.request import Program, Request
from limpyd.requests.walks import Origin, attempt
from limpyd.schema.schema import Schema

FOUND = 5000
"""About how many objects a step finds: of many, few leave with a slice, and they wait until it has found all."""


class Delivery:
    """The delivery of objects by a mover.

    Args:
        target: the model as movers see it, with the new number of partitions.

    Attributes:
        objects: how many objects were moved.
        unindexed: those that an index refused.
    """

    def __init__(self, target: Schema) -> None:
        self._target = target
        self.objects = 0
        self.unindexed: list[tuple[str, LimpydError]] = []

    def move(
        self,
        source: Schema,
        old: Partition,
        homes: Sequence[Partition],
        home_of: Callable[[bytes], Partition | None],
        found: Callable[[int], object],
    ) -> Program[None]:
        """Moves objects from a partition.

        Args:
            source: the model that it is a partition of, as movers see it.
            old: the partition.
            homes: the partitions that get objects.
            home_of: returns that of an object; None, or another one, if it stays.
            found: called with how many objects were found and, if they had to, moved.
        """
        origin, cursor, again = Origin(), b"0", True
        while again or cursor != b"0":
            (after, pks), again = yield from attempt(origin, _find(source, old, cursor), cursor)
            cursor = b"0" if again else after
            leaving: dict[Partition | None, list[bytes]] = {home: [] for home in homes}
            for pk in pks:
                leaving.get(home_of(pk), []).append(pk)
            yield from self._deliver(source, old, {home: some for home, some in leaving.items() if home and some})
            found(len(pks))
        # What is on its way now, which others have packed, was not found. Nothing else can be packed any more.
        yield from self._deliver(source, old, {home: [] for home in homes})

    def _deliver(self, source: Schema, old: Partition, leaving: Mapping[Partition, list[bytes]]) -> Program[None]:
        """Moves objects of a partition, by the partitions where they belong, and what is on its way there."""
        waiting = dict(leaving)
        while waiting:
            in_use = source is self._target  # else all of it is behind a fence
            packed = yield [
                parcels.pack(source, old, new, pks[: parcels.OBJECTS], in_use=in_use) for new, pks in waiting.items()
            ]
            sent = {new: parcel for new, parcel in zip(waiting, packed, strict=True) if parcel is not None}
            for new in [new for new in waiting if new not in sent]:
                waiting[new] = waiting[new][parcels.OBJECTS :]
                if not waiting[new]:
                    del waiting[new]
            if sent:
                arrived = yield [parcels.unpack(self._target, new, parcel) for new, parcel in sent.items()]
                for each in arrived:
                    self.objects += each.objects
                    self.unindexed += each.unindexed
                yield [parcels.drop(source, old, new, parcel) for new, parcel in sent.items()]


def _find(source: Schema, partition: Partition, cursor: bytes) -> Request[tuple[bytes, list[bytes]]]:
    args = (b"SSCAN", partition.pks, cursor, b"COUNT", FOUND)
    return Request(args, tuple, readonly=True, subject=source)
