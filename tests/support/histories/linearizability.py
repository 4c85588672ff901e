"""Whether what many clients saw at the same time is explained by doing it in some order, one after the other.

A history is a list of operations, each with the times of its call and of its reply. An order explains it if each
operation takes its effect between the two, and a thing that does one at a time would have given the same results. One
whose outcome is unknown takes its effect between the two or never.

The search goes through the orders depth first, and tries nothing twice from the same state: J. Wing and C. Gong,
"Testing and Verifying Concurrent Objects", 1993.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from math import inf
from typing import Any, NamedTuple

UNKNOWN = "?"
"""The result of an operation that was perhaps done."""


@dataclass(frozen=True)
class Operation:
    """What a client asked, and what it saw.

    Attributes:
        kind: a method of the sequential model.
        args: what it takes after the state.
        call: the time before it was asked.
        reply: the time after its result was there, or after which it can no longer take its effect.
        result: what came back; `UNKNOWN` if the outcome is.
    """

    kind: str
    args: tuple[Hashable, ...]
    call: float
    reply: float = inf
    result: Hashable = UNKNOWN


class Counter:
    """A number."""

    start = 0

    def changes(self, kind: str, result: Hashable) -> bool:
        """Whether an operation with this result may have changed the state."""
        return kind == "incr"

    def incr(self, number: int) -> tuple[int, int]:
        return number + 1, number + 1

    def get(self, number: int) -> tuple[int, int]:
        return number, number


Held = frozenset[tuple[str, str]]


class Claims:
    """A unique field of many objects: each holds one value at most, and each value has one holder at most."""

    start: Held = frozenset()

    def changes(self, kind: str, result: Hashable) -> bool:
        return kind != "owner" and bool(result)

    def claim(self, held: Held, holder: str, value: str) -> tuple[bool, Held]:
        if self.owner(held, value)[0] not in {None, holder}:
            return False, held
        return True, self.release(held, holder)[1] | {(holder, value)}

    def release(self, held: Held, holder: str) -> tuple[bool, Held]:
        mine = {claim for claim in held if claim[0] == holder}
        return bool(mine), held - mine

    def owner(self, held: Held, value: str) -> tuple[str | None, Held]:
        return next((holder for holder, taken in held if taken == value), None), held


class Links:
    """A relation of many to many, read from both sides."""

    start: Held = frozenset()

    def changes(self, kind: str, result: Hashable) -> bool:
        return kind in {"add", "remove"} and bool(result)

    def add(self, links: Held, group: str, person: str) -> tuple[int, Held]:
        return int((group, person) not in links), links | {(group, person)}

    def remove(self, links: Held, group: str, person: str) -> tuple[int, Held]:
        return int((group, person) in links), links - {(group, person)}

    def members(self, links: Held, group: str) -> tuple[frozenset[str], Held]:
        return frozenset(person for one, person in links if one == group), links

    def groups(self, links: Held, person: str) -> tuple[frozenset[str], Held]:
        return frozenset(group for group, one in links if one == person), links


Versioned = tuple[int, str]


class Page:
    """A text with a version, which is updated by whoever knows the version."""

    start: Versioned = (1, "")

    def changes(self, kind: str, result: tuple[Hashable, ...]) -> bool:
        return result[0] == "updated"

    def update(self, page: Versioned, version: int, text: str) -> tuple[tuple[str, int], Versioned]:
        if version != page[0]:
            return ("stale", page[0]), page
        return ("updated", version + 1), (version + 1, text)

    def read(self, page: Versioned) -> tuple[Versioned, Versioned]:
        return page, page


class Progress(NamedTuple):
    """How far an order has come.

    Attributes:
        first: the first of the answered operations, by their calls, that is not done.
        done: bits of those after it that are.
        used: bits of the operations of unknown outcome that are done, of those that could still be.
        state: the state of the model.
    """

    first: int
    done: int
    used: int
    state: Any


Seen = dict[tuple[int, int, Any], list[int]]
"""How far the orders came that were tried, and which unknown operations each of them used."""


class History:
    """The operations on one thing.

    Args:
        model: the sequential model of the thing.
        operations: in any order.
    """

    def __init__(self, model: Any, operations: list[Operation]) -> None:
        self._model = model
        self._answered = sorted((one for one in operations if one.result != UNKNOWN), key=lambda one: one.call)
        self._unknown = sorted((one for one in operations if one.result == UNKNOWN), key=lambda one: one.reply)

    def unexplained(self) -> list[Operation]:
        """Nothing if some order explains it; else the operations that the longest order could not go on with."""
        begin = Progress(0, 0, 0, self._model.start)
        seen: Seen = defaultdict(list)
        trail = [self._next(begin)]
        longest = begin
        while trail:
            progress = next(trail[-1], None)
            if progress is None:
                trail.pop()
            elif progress.first == len(self._answered):
                return []
            elif self._is_new(progress, seen):
                trail.append(self._next(progress))
                longest = max(longest, progress, key=lambda one: (one.first, one.done.bit_count()))
        return [self._answered[number] for number in self._possible(longest)[0]]

    @staticmethod
    def _is_new(progress: Progress, seen: Seen) -> bool:
        """Whether no other came as far, to the same state, with as few unknown operations."""
        known = seen[progress.first, progress.done, progress.state]
        if any(used & progress.used == used for used in known):
            return False
        known.append(progress.used)
        return True

    def _next(self, progress: Progress) -> Iterator[Progress]:
        """What can come next: answered ones whose result is right, then unknown ones, which are needed rarely.

        One that never changes anything is as good now as later: if an answered one is right, and no unknown one
        had to come before it, no other needs to be tried; an unknown one that would change nothing need not be tried.
        """
        first, done, used, state = progress
        answered, until = self._possible(progress)
        changing = []
        for number in answered:
            operation = self._answered[number]
            result, after = self._do(operation, state)
            if result == operation.result:
                following = self._skipped(first, done | 1 << (number - first), used, after)
                too_late = self._expired(following.first, following.done) > self._expired(first, done)
                if not too_late and not self._model.changes(operation.kind, result):
                    yield following
                    return
                changing.append(following)
        yield from changing
        tried = set()
        for number in range(self._expired(first, done), len(self._unknown)):
            operation = self._unknown[number]
            sort = operation.kind, operation.args
            if not used >> number & 1 and operation.call <= until and sort not in tried:
                tried.add(sort)  # of those that do the same, the one that can wait the least
                _, after = self._do(operation, state)
                if after != state:
                    yield Progress(first, done, used | 1 << number, after)

    def _expired(self, first: int, done: int) -> int:
        """How many unknown operations can no longer take their effect, since one that was called later is done."""
        last = first + done.bit_length() - 1
        return bisect_left(self._unknown, self._answered[last].call, key=lambda one: one.reply) if last >= 0 else 0

    def _possible(self, progress: Progress) -> tuple[list[int], float]:
        """The answered ones that may be next, and the time before which the next one takes its effect."""
        found, until = [], inf
        for number in range(progress.first, len(self._answered)):
            operation = self._answered[number]
            if operation.call > until:
                break
            if not progress.done >> (number - progress.first) & 1:
                found.append(number)
                until = min(until, operation.reply)
        return sorted(found, key=lambda number: self._answered[number].reply), until

    def _do(self, operation: Operation, state: Any) -> tuple[Hashable, Any]:
        done: tuple[Hashable, Any] = getattr(self._model, operation.kind)(state, *operation.args)
        return done

    def _skipped(self, first: int, done: int, used: int, state: Any) -> Progress:
        """Goes on to the first one that is not done, and forgets the unknown ones that came too late."""
        while done & 1:
            first, done = first + 1, done >> 1
        expired = self._expired(first, done)
        return Progress(first, done, used >> expired << expired, state)
