"""The guards of promises, and those of the writes after them in a pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Self

from limpyd.requests.guards import Guard

TOMBS = b"\1"
"""The mark of guards of new objects, whose primary keys must have no tombs (see limpyd.targets.tombs)."""
CHECKS = b"\2"
"""The mark of guards that say what was promised, and of what time (see lua/library/guard.lua)."""


class Bar(NamedTuple):
    """The place where a partition may bar what another one promised.

    Attributes:
        prefix: the prefix of the partition where promises may be barred.
        by: what promises: the tag of a partition, or its number if it keeps claims.
    """

    prefix: bytes
    by: bytes


class PromiseGuard(Guard):
    """The guard of a write that rests on promises.

    Attributes:
        times: the time of each promise.
    """

    times: Mapping[Bar, int]

    @classmethod
    def of(cls, meta: bytes, epoch: bytes, times: Mapping[Bar, int]) -> Self:
        """Returns the guard with what it says to the script, and with the times of the promises."""
        guard = cls(meta, epoch)
        guard.times = times
        return guard


def is_promise(guard: Guard) -> bool:
    """Returns whether a guard is about a promise, so that the script that is sent under it needs the code for these."""
    return guard.meta[:1] <= CHECKS


class PromisesBefore:
    """The promises on which the writes of a pipeline rest so far.

    If one is void, its write is refused, and sent again after the others. So all later writes in its slot rest on it
    too: none overtakes it.
    """

    def __init__(self) -> None:
        self._by_slot: dict[int | None, dict[Bar, int]] = {}
        self._tombs: dict[int | None, dict[Guard, None]] = {}

    def guards(self, slot: int | None, guards: Iterable[Guard]) -> list[Guard]:
        """Returns the guards that a write in a slot needs for the promises before it, and takes note of its own."""
        before = self._by_slot.setdefault(slot, {})
        tombs = self._tombs.setdefault(slot, {})
        found = [*_guards_of(before), *tombs]
        for guard in guards:
            if guard.meta.startswith(TOMBS):
                tombs[guard] = None
            elif isinstance(guard, PromiseGuard):
                for bar, time in guard.times.items():
                    before[bar] = min(time, before.get(bar, time))
        return found

    def __bool__(self) -> bool:
        return bool(self._by_slot)


def _guards_of(times: Mapping[Bar, int]) -> list[Guard]:
    by_prefix: dict[bytes, list[bytes]] = {}
    for (prefix, by), time in times.items():
        by_prefix.setdefault(prefix, []).append(netstrings((by, b"%d" % time, b"0", b"0")))
    return [Guard(CHECKS + prefix, b"".join(items)) for prefix, items in by_prefix.items()]


def netstrings(items: Sequence[bytes]) -> bytes:
    """Returns texts as one, each after its length and a colon."""
    return b"".join([b"%d:%b" % (len(item), item) for item in items])
