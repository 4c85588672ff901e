"""The conversation that claims values: it ends with a claim of each, or with the object that has it.

Each step of it is one request to each partition that takes part, however many values it is about, and whoever is
stopped between two steps leaves nothing wrong.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

from limpyd.claims import requests
from limpyd.claims.requests import GivenUp, InTheWay, Wanted
from limpyd.claims.restoring import restore
from limpyd.claims.unique_value import UniqueValue
from limpyd.exceptions import LimpydError
from limpyd.keys import Partition
from limpyd.requests.promise import SHORTEST_PAUSE, longer
from limpyd.requests.request import Request
from limpyd.requests.scattered import Pause, Rounds

T = TypeVar("T")


class Claimable(Protocol):
    """A value that a partition is to have."""

    value: UniqueValue
    partition: Partition

    def wanted(self) -> Wanted:
        """Returns a new claim, in place of the last one."""
        ...

    def hold(self, time: int) -> None:
        """Notes that the claim is made, and its time."""
        ...

    def leave_to(self, owner: bytes) -> None:
        """Notes the object that has the value."""
        ...


def claimed(claims: Sequence[Claimable]) -> Rounds[None]:
    """Claims different values, or finds the objects that have them."""
    left, pause, at_least = list(claims), SHORTEST_PAUSE, None
    upkeep = _Upkeep(claims)
    while left:
        attempts = [(one, one.wanted()) for one in left]
        homes = by_partition(attempts, lambda attempt: attempt[1].home)
        if at_least is None:
            at_least = yield from _latest_bar([wanted for _, wanted in attempts if wanted.barred])
        asked = [requests.claim(home, [wanted for _, wanted in some], at_least) for home, some in homes]
        try:
            replies = yield [*asked, *upkeep.requests]
        except LimpydError:
            if not upkeep.requests:
                raise
            upkeep.requests = []  # that of another node, perhaps: it can wait
            continue
        upkeep.note(replies[len(asked) :])
        found: list[tuple[Claimable, Wanted, InTheWay]] = []
        lost: list[Claimable] = []
        for (one, wanted), answer in _answered(homes, replies):
            if answer is None:
                lost.append(one)
            elif isinstance(answer, InTheWay):
                found.append((one, wanted, answer))
            else:
                one.hold(answer)
        young, left = yield from _settled(found)
        if lost:
            yield from restore(lost[0].value.model)
            left += lost
        if young:
            # At random: two that wait for each other do not go on at the same time.
            yield Pause(pause * random.uniform(0.5, 1))  # noqa: S311 - it keeps no secret
            pause = longer(pause)
            left += young


def _latest_bar(refused: Sequence[Wanted]) -> Rounds[int]:
    """Returns the time that claims must have for the partitions which did not accept former ones to accept them."""
    times = [0]
    while refused:
        model = refused[0].value.model
        histories = yield [requests.report_history(model, each) for each in {one.partition for one in refused}]
        times = [history.latest_bar for history in histories]
        if all(history.continued for history in histories):
            break
        yield from restore(model)
    return max(times)


def _settled(found: Sequence[tuple[Claimable, Wanted, InTheWay]]) -> Rounds[tuple[list[Claimable], list[Claimable]]]:
    """Finds the owners of values, or takes over the claims in the way.

    Returns:
        those in whose way a young claim is; and the others that are to be claimed again.
    """
    young: list[Claimable] = []
    left: list[Claimable] = []
    if not found:
        return young, left
    owners = yield from owners_of([(one.value, answer) for one, _, answer in found])
    old = []
    for (one, wanted, answer), owner in zip(found, owners, strict=True):
        if owner is not None:
            one.leave_to(owner)
        elif answer.is_old:
            old.append((one, wanted, answer))
        else:
            young.append(one)
    if old:
        homes = by_partition(old, lambda each: each[1].home)
        replies = yield [
            requests.take_over(home, [(wanted, answer) for _, wanted, answer in some]) for home, some in homes
        ]
        for (one, _, _), time in _answered(homes, replies):
            if time is None:
                left.append(one)
            else:
                one.hold(time)
    return young, left


def owners_of(found: Sequence[tuple[UniqueValue, InTheWay]]) -> Rounds[list[bytes | None]]:
    """Finds the object that has each of some values, by the claims of these; bars old claims of others."""
    keys = found[0][0].model.keys
    claims = [(at, holder) for at, (_, claim) in enumerate(found) for holder in keys.holders(claim.number)]
    asked = by_partition(claims, lambda one: one[1])
    replies = yield [requests.verify(holder, [found[at] for at, _ in some]) for holder, some in asked]
    owners: list[bytes | None] = [None] * len(found)
    for (at, _), owner in _answered(asked, replies):
        owners[at] = owners[at] if owner is None else owner
    return owners


class _Upkeep:
    """The removal of claims of values that were given up before, beside the first round.

    Attributes:
        requests: the requests for it.
    """

    def __init__(self, claims: Sequence[Claimable]) -> None:
        model = claims[0].value.model
        self._maintenance = model.maintenance
        given_up: list[GivenUp] = self._maintenance.given_up
        self._maintenance.given_up = []
        homes = by_partition(given_up, lambda one: one.value.home)
        takers = by_partition(claims, lambda one: one.partition)
        self._taken = len(takers)
        self.requests: list[Request[Any]] = [
            *(requests.take_given_up(model, partition, len(some)) for partition, some in takers),
            *(requests.release(home, some) for home, some in homes),
        ]

    def note(self, replies: Sequence[Any]) -> None:
        """Notes what was taken, to be removed beside the next claims."""
        self.requests = []
        for taken in replies[: self._taken]:
            self._maintenance.given_up += taken


def by_partition(items: Iterable[T], partition_of: Callable[[T], Partition]) -> list[tuple[Partition, list[T]]]:
    """Returns partitions, each with the items that belong to it."""
    found: dict[Partition, list[T]] = {}
    for item in items:
        found.setdefault(partition_of(item), []).append(item)
    return [*found.items()]


def _answered(asked: Sequence[tuple[Partition, list[T]]], replies: Sequence[list[Any]]) -> Iterable[tuple[T, Any]]:
    """Yields each item with the answer to it."""
    for (_, items), answers in zip(asked, replies, strict=False):
        yield from zip(items, answers, strict=True)
