"""The passes of a relocation: each copies what has changed since it was copied, and removes copies of what is gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from limpyd.exceptions import LimpydError, MoveConflict
from limpyd.indexes.maintenance.generators import OnProgress
from limpyd.keys import Partition, to_text
from limpyd.relocation import copies, states
from limpyd.relocation.beginning import overtaken
from limpyd.relocation.copies import Copy, by_partition
from limpyd.relocation.places import Place, Steps
from limpyd.requests.request import Request
from limpyd.requests.walks import Origin, attempt

MOST_PASSES = 10
"""The most passes while the model is in use."""
FEW = 100
"""If a pass copies no more objects, the model may be closed; or no more than one in `FEW` of all."""


class Passes:
    """The copying of the objects of a model.

    Args:
        origin: where the objects are.
        destination: where they go.
        progress: called with the number of objects that were compared, and that of all as far as it is known.

    Attributes:
        mark: the mark of the move at its origin.
        copied: how many copies were made.
        unindexed: the primary keys of objects that an index refused, each with the error.
    """

    def __init__(self, origin: Place, destination: Place, progress: OnProgress | None) -> None:
        self._origin = origin
        self._destination = destination
        self._progress = progress
        self._compared = self._all = self._changed = 0
        self._waiting: dict[Partition, list[bytes]] = {}
        self.mark = b""
        self.copied = 0
        self.unindexed: list[tuple[str, LimpydError]] = []

    def while_in_use(self) -> Steps[None]:
        """Makes passes until one finds little, or not much less than the one before."""
        before = None
        for _ in range(MOST_PASSES):
            changed = yield from self._one()
            few = max(FEW, self._all // FEW)
            if changed <= few or (before is not None and changed > before / 2):
                return
            before = changed

    def last(self) -> Steps[int]:
        """Makes the pass after the model was closed at its origin; returns the number of objects."""
        yield from self._one()
        waiting, self._waiting = self._waiting, {}
        for old, pks in waiting.items():
            yield from self._bring(old, dict.fromkeys(pks, b""), is_last=True)
        found, count = yield from self._sizes()
        if found != count:
            msg = (
                f"{self._origin.schema.name}: {found} objects arrived, of {count}. Something other than limpyd changes "
                "them at the origin, or at the destination. Nothing was opened; call migrate_to again"
            )
            raise MoveConflict(msg)
        return count

    def _one(self) -> Steps[int]:
        """Makes a pass; returns how many objects were not as they had been copied."""
        origin = self._origin
        self._changed, self._waiting = 0, {}
        counts = yield origin.ask(*(_count(origin, old) for old in origin.schema.keys.partitions))
        begun, self._all = self._compared, sum(counts)
        for old in origin.schema.keys.partitions:
            walk, cursor, again = Origin(), b"0", True
            while again or cursor != b"0":
                step = attempt(walk, copies.digests(origin.schema, old, cursor), cursor)
                (after, found), again = yield origin.run(step)
                cursor = b"0" if again else after
                yield from self._bring(old, dict(found), is_last=False)
                self._report(len(found), begun)
        yield from self._remove_what_is_gone()
        return self._changed

    def _bring(self, old: Partition, found: Mapping[bytes, bytes], *, is_last: bool) -> Steps[None]:
        """Copies those of some objects that are not as they were copied.

        Args:
            old: the partition that has them.
            found: the digest of each, by primary key.
            is_last: true to copy those that an index refuses, too.
        """
        here = self._destination
        homes = by_partition(here.schema, found)
        known = yield here.ask(*(copies.noted(here.schema, new, pks) for new, pks in homes.items()))
        changed: list[bytes] = []
        stale: dict[Partition, list[bytes]] = {}
        for (new, pks), noted in zip(homes.items(), known, strict=True):
            for pk, digest in zip(pks, noted, strict=True):
                if digest != found[pk]:
                    changed.append(pk)
                    if digest is not None:
                        stale.setdefault(new, []).append(pk)
        self._changed += len(changed)
        yield from self._remove(stale)
        while changed:
            [(looked, packed)] = yield self._origin.ask(copies.pack(self._origin.schema, old, changed))
            changed = changed[looked:]
            yield from self._add(old, packed, is_last=is_last)

    def _add(self, old: Partition, packed: Sequence[Copy], *, is_last: bool) -> Steps[None]:
        here = self._destination
        by_pk = {copy.pk: copy for copy in packed}
        homes = by_partition(here.schema, by_pk)
        results = yield here.ask(
            *(copies.add(here.schema, new, [by_pk[pk] for pk in pks], is_last=is_last) for new, pks in homes.items())
        )
        for added in results:
            self.copied += added.objects
            if is_last:
                self.unindexed += ((to_text(pk), error) for pk, error in added.refused)
            elif added.refused:
                self._waiting.setdefault(old, []).extend(pk for pk, _ in added.refused)

    def _remove_what_is_gone(self) -> Steps[None]:
        """Removes the copies of objects that are no more.

        If all objects have a copy, or wait for one, and are as many as these, there are none. While the model is in
        use, that may be wrong, and a later pass finds them.
        """
        here, there = self._destination, self._origin
        copied, count = yield from self._sizes()
        waiting = sum(map(len, self._waiting.values()))
        for new in here.schema.keys.partitions if copied + waiting > count else ():
            walk, cursor, again = Origin(), b"0", True
            while again or cursor != b"0":
                (after, found), again = yield here.run(attempt(walk, _noted(here, new, cursor), cursor))
                cursor = b"0" if again else after
                homes = by_partition(there.schema, dict.fromkeys(found))
                asked = [_exist(there, old, pks) for old, pks in homes.items()]
                *exist, root = yield there.ask(*asked, states.state(there.schema, there.schema.keys.root))
                if root.leaving != self.mark:  # they may be gone because the server has lost its data
                    raise overtaken(there.schema.name)
                gone = [
                    pk
                    for pks, those in zip(homes.values(), exist, strict=True)
                    for pk, exists in zip(pks, those, strict=True)
                    if not exists
                ]
                yield from self._remove({new: gone} if gone else {})

    def _remove(self, stale: Mapping[Partition, Sequence[bytes]]) -> Steps[None]:
        here = self._destination
        if stale:
            yield here.ask(*(copies.remove(here.schema, new, pks) for new, pks in stale.items()))

    def _sizes(self) -> Steps[tuple[int, int]]:
        """Returns how many copies there are, and how many objects (HLEN, SCARD)."""
        here, there = self._destination, self._origin
        noted = yield here.ask(*(copies.count(here.schema, new) for new in here.schema.keys.partitions))
        exist = yield there.ask(*(_count(there, old) for old in there.schema.keys.partitions))
        return sum(noted), sum(exist)

    def _report(self, compared: int, begun: int) -> None:
        self._compared += compared
        if self._progress is not None:
            whole = begun + self._all
            self._progress(min(self._compared, whole), whole)


def _count(place: Place, partition: Partition) -> Request[int]:
    """Returns the number of objects in a partition (SCARD)."""
    return Request((b"SCARD", partition.pks), int, readonly=True, subject=place.schema)


def _noted(place: Place, partition: Partition, cursor: bytes) -> Request[tuple[bytes, list[bytes]]]:
    """Finds some copies (HSCAN)."""

    def decode(reply: Any) -> tuple[bytes, list[bytes]]:
        return reply[0], reply[1][::2]

    args = (b"HSCAN", partition.copied, cursor, b"COUNT", copies.FOUND)
    return Request(args, decode, readonly=True, subject=place.schema)


def _exist(place: Place, partition: Partition, pks: Sequence[bytes]) -> Request[list[int]]:
    """Returns 1 for each object that exists, and 0 for others (SMISMEMBER)."""
    return Request((b"SMISMEMBER", partition.pks, *pks), list, readonly=True, subject=place.schema)
