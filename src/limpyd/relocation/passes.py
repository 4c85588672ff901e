"""The passes of a relocation: each copies what has changed since it was copied, and removes copies of what is gone."""

from __future__ import annotations

from limpyd.exceptions import LimpydError, MoveConflict
from limpyd.indexes.maintenance.generators import OnProgress
from limpyd.keys import Partition
from limpyd.relocation.copying import Copying, count
from limpyd.relocation.places import Place, Steps
from limpyd.requests.walks import Origin

MOST_PASSES = 10
"""The most passes while the models are in use."""
FEW = 100
"""If a pass copies no more objects, the models may be closed; or no more than one in `FEW` of all."""


class Passes:
    """The copying of the objects of all models that move together.

    Args:
        origin: where the objects are.
        destination: where they go.
        progress: called with the number of objects that were compared, and that of all as far as it is known.
    """

    def __init__(self, origin: Place, destination: Place, progress: OnProgress | None) -> None:
        self._origin = origin
        self._progress = progress
        self._compared = self._all = 0
        pairs = zip(origin.schemas, destination.schemas, strict=True)
        self._parts = {source: Copying(origin, source, destination, target) for source, target in pairs}

    @property
    def copied(self) -> int:
        """The number of copies that were made."""
        return sum(part.copied for part in self._parts.values())

    @property
    def unindexed(self) -> list[tuple[str, LimpydError]]:
        """The primary keys of objects that an index refused, each with the error."""
        return [found for part in self._parts.values() for found in part.unindexed]

    def while_in_use(self, mark: bytes) -> Steps[None]:
        """Makes passes until one finds little, or not much less than the one before."""
        before = None
        for _ in range(MOST_PASSES):
            changed = yield from self._one(mark)
            few = max(FEW, self._all // FEW)
            if changed <= few or (before is not None and changed > before / 2):
                return
            before = changed

    def last(self, mark: bytes) -> Steps[int]:
        """Makes the pass after the models were closed at their origin; returns the number of objects."""
        yield from self._one(mark)
        every = 0
        for source, part in self._parts.items():
            yield from part.bring_refused()
            found, objects = yield from part.sizes()
            if found != objects:
                msg = (
                    f"{source.name}: {found} objects arrived, of {objects}. Something other than limpyd changes them "
                    "at the origin, or at the destination. Nothing was opened; call migrate_to again"
                )
                raise MoveConflict(msg)
            every += objects
        return every

    def _one(self, mark: bytes) -> Steps[int]:
        """Makes a pass; returns how many objects were not as they had been copied.

        Args:
            mark: the mark of the move at its origin.
        """
        partitions = [(source, old) for source in self._parts for old in source.keys.partitions]
        counts = yield self._origin.ask(*(count(source, old) for source, old in partitions))
        begun, self._all = self._compared, sum(counts)
        for source, part in self._parts.items():
            part.mark = mark
            part.begin_pass()
            for old in source.keys.partitions:
                yield from self._compare_all(part, old, begun)
            yield from part.remove_what_is_gone()
        return sum(part.changed for part in self._parts.values())

    def _compare_all(self, part: Copying, old: Partition, begun: int) -> Steps[None]:
        walk, cursor, again = Origin(), b"0", True
        while again or cursor != b"0":
            after, compared = yield from part.compare(old, cursor, walk)
            again = not after
            cursor = after or b"0"
            self._report(compared, begun)

    def _report(self, compared: int, begun: int) -> None:
        self._compared += compared
        if self._progress is not None:
            whole = begun + self._all
            self._progress(min(self._compared, whole), whole)
