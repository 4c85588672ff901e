"""The check of targets, as an assumption of the write that is to refer to them."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from typing import Any, NamedTuple

from limpyd.keys import Partition, to_bytes
from limpyd.requests.guards import Guard
from limpyd.requests.promise import Promise
from limpyd.requests.promise_guards import CHECKS, Bar, PromiseGuard, netstrings
from limpyd.requests.scattered import Rounds
from limpyd.targets.closings import called_off
from limpyd.targets.requests import Checked, bars, check, record
from limpyd.targets.target import REFERS


class _Found(NamedTuple):
    """The state of a target at a time of the clock of its partition."""

    partition: Partition
    time: int
    exists: bool


class TargetCheck(Promise):
    """The assumption that targets exist, and nobody is about to delete them.

    The script of the write is told which do. A target that is absent may come into being meanwhile, so the script asks
    for another check; only then does it refuse the write.

    Args:
        referring: the model of the objects that are to refer to the targets.
        holder: their partition.
        model: the model of the targets.
        targets: their primary keys, and whether the script shall refuse the write if the object is absent.
        writes: false if it only looks.
    """

    __slots__ = ("_found", "_holder", "_is_barred", "_model", "_parts", "_referring", "_targets", "_writes")

    def __init__(
        self, referring: Any, holder: Partition, model: Any, targets: Mapping[bytes, bool], *, writes: bool = True
    ) -> None:
        super().__init__()
        self._referring = referring
        self._holder = holder
        self._model = model
        self._targets = dict(targets)
        self._found: dict[bytes, _Found] = {}
        self._parts: list[TargetCheck] = []
        self._is_barred = False
        self._writes = writes

    @property
    def about(self) -> tuple[Partition, Any]:
        return self._holder, self._model

    @property
    def model(self) -> Any:
        return self._model

    def guard(self) -> Guard | None:
        if self._guard is None and self._found:
            self._guard = self._made_guard()
        return self._guard

    def invalidate(self) -> None:
        super().invalidate()
        self._found = {}
        self._is_barred = True

    def merged(self, other: TargetCheck) -> TargetCheck:
        """Returns one check for both, whose answers both get."""
        both: TargetCheck = self
        if not self._parts:
            both = TargetCheck(
                self._referring, self._holder, self._model, self._targets, writes=self._writes or other._writes
            )
            both._parts.append(self)
            both._found, both._is_barred = dict(self._found), self._is_barred
        both._parts.append(other)
        for pk, final in other._targets.items():
            both._targets[pk] = final or both._targets.get(pk, False)
        if both._found and other._found:
            both._found |= other._found
        else:
            both._found = {}
        both._is_barred |= other._is_barred
        both._guard = None
        return both

    def conversation(self) -> Rounds[None]:
        """Asks the partitions of the targets whether they exist; waits for deletions that are not decided."""
        left: dict[Partition, list[bytes]] = {}
        for pk in self._targets:
            left.setdefault(self._model.keys.partition(pk), []).append(pk)
        at_least = (yield from self._bars(list(left))) if self._is_barred else {}
        found: dict[bytes, _Found] = {}
        yield from self._record(left)
        while left:
            replies: list[Checked] = yield [
                check(self._model, partition, pks, at_least.get(partition, 0)) for partition, pks in left.items()
            ]
            closing: dict[Partition, list[bytes]] = {}
            for (partition, pks), (time, states) in zip(left.items(), replies, strict=True):
                for pk, state in zip(pks, states, strict=True):
                    if isinstance(state, bytes):
                        yield from called_off(self._model, pk, state)
                        closing.setdefault(partition, []).append(pk)
                    else:
                        found[pk] = _Found(partition, time, state)
            left = closing
        for part in (self, *self._parts):
            part._take(found)

    def _record(self, partitions: Iterable[Partition]) -> Generator[Any, Any, None]:
        """Records the references of the model where deletions of the targets look for them.

        This comes before the check: a deletion that read the records between the two would not look for the reference.
        """
        recorded = self._referring.maintenance.recorded_at
        new = [partition for partition in partitions if self._writes and partition not in recorded]
        if new:
            yield [record(self._referring, self._model, partition) for partition in new]
            recorded.update(new)

    def _bars(self, partitions: list[Partition]) -> Generator[Any, Any, dict[Partition, int]]:
        """Returns the times from which checks of some partitions are valid for the holders."""
        (times,) = yield [bars(self._model, self._holder, partitions)]
        return dict(zip(partitions, times, strict=True))

    def _take(self, found: Mapping[bytes, _Found]) -> None:
        """Notes what was found of its targets."""
        self._guard, self._is_barred = None, False
        self._found = {pk: found[pk] for pk in self._targets}

    def _made_guard(self) -> Guard:
        """Returns the guard: tag and time of each partition, the targets there that exist, and those that do not."""
        by_check: dict[tuple[Partition, int], tuple[list[bytes], list[bytes]]] = {}
        for pk, (partition, time, exists) in self._found.items():
            known, absent = by_check.setdefault((partition, time), ([], []))
            if exists:
                known.append(pk)
            elif self._targets[pk]:
                absent.append(pk)
        items: list[bytes] = []
        times: dict[Bar, int] = {}
        for (partition, time), (known, absent) in by_check.items():
            items += (partition.tag, b"%d" % time, b"%d" % len(known), *known, b"%d" % len(absent), *absent)
            bar = Bar(self._holder.prefix, partition.tag)
            times[bar] = min(time, times.get(bar, time))
        key = self._holder.prefix + REFERS + to_bytes(self._model.keys.tag)
        return PromiseGuard.of(CHECKS + key, netstrings(items), times)
