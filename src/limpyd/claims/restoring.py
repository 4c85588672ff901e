"""Restores what partitions lost of claims.

They are lost when a replica that lagged behind takes a primary's place, or a server starts with the data of a moment
ago. Each partition notes the history of its server's data. If the server has another one by now, the partition may lack
the last claims that it gave, its last bars, and the last ticks of its clock. Whoever meets that first restores it, in
three rounds: what each partition reports; then bars in all partitions, for all claims that a lost clock may have given
times to; then the claims of the values that partitions have got since, which they remember. Others may restore the same
at once, and whoever does so may be stopped anywhere: the last step does nothing if it was done already, or if the
history is another one again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from time import monotonic
from typing import Any

from limpyd.claims import requests
from limpyd.claims.held_values import held_values
from limpyd.claims.requests import Bar, Held, History
from limpyd.keys import Partition
from limpyd.requests.scattered import Pause, Rounds

JUMP = 1_000_000
"""How far a clock is set forward: more than the ticks that a server can lose."""
PATIENCE = 1.0
"""The seconds for which others in this process leave the restoring to the one that has begun it."""
PAUSE = 0.002
"""The seconds after which they look again."""
CHUNK = 500
"""The most claims that are entered in one step."""


def restore(model: Any) -> Rounds[None]:
    """Restores the claims of all partitions of a model that may have lost some; or waits a little, if another does."""
    maintenance = model.maintenance
    if monotonic() - maintenance.restoring_since < PATIENCE:
        yield Pause(PAUSE)
        return
    maintenance.restoring_since = monotonic()
    try:
        yield from _restore(model)
    finally:
        maintenance.restoring_since = float("-inf")


def _restore(model: Any) -> Rounds[None]:
    partitions: Sequence[Partition] = model.keys.partitions
    histories: list[History] = yield [requests.report_history(model, partition) for partition in partitions]
    lost = [history for history in histories if not history.continued]
    if not lost:
        return
    time = max(max(history.time, history.latest_bar) for history in histories) + JUMP
    bars = [requests.bar_claims(model, each.partition, [*_bars(each, histories, time)]) for each in histories]
    claims: dict[int, list[Held]] = {history.partition.number: [] for history in lost}
    is_moving = model.keys.move is not None
    for partition, (incomplete, remembered) in zip(partitions, (yield bars), strict=True):
        found = [held for held in remembered if held.value.home.number in claims]
        missing = claims.keys() if is_moving else incomplete  # what has moved is remembered elsewhere
        if missing:
            found += [one for one in (yield from held_values(model, partition)) if one.value.home.number in missing]
        for held in found:
            claims[held.value.home.number].append(held)
    if is_moving:  # none of the values was on its way to another partition
        yield [requests.report_history(model, partition) for partition in partitions]
    last = []
    for history in lost:
        held_here = claims[history.partition.number]
        while len(held_here) > CHUNK:
            yield [requests.restore_claims(history, None, held_here[:CHUNK], model)]
            held_here = held_here[CHUNK:]
        last.append(requests.restore_claims(history, time, held_here, model))
    yield last


def _bars(of: History, histories: Sequence[History], time: int) -> Iterator[Bar]:
    """The bars in a partition: for claims of those that may have lost some; and of all, if it may have lost bars."""
    for history in histories:
        if not history.continued:
            yield history.partition.number, time, history.time
        elif not of.continued:
            yield history.partition.number, history.time, None
