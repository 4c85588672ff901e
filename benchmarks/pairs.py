"""What the benchmarks of two sides in one process share: timing one right after the other, and showing the ratios."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple


class Operation(NamedTuple):
    """One operation on both sides; each call does it once."""

    name: str
    limpyd: Callable[[], Any]
    by_hand: Callable[[], Any]


class Ratio(NamedTuple):
    """What the rounds gave."""

    name: str
    ratios: list[float]
    limpyd_us: float
    by_hand_us: float

    def __str__(self) -> str:
        low, high = min(self.ratios), max(self.ratios)
        return (
            f"| {self.name} | {statistics.median(self.ratios):.2f} | {low:.2f} to {high:.2f} "
            f"| {self.limpyd_us:.1f} | {self.by_hand_us:.1f} |"
        )


def timed(call: Callable[[], Any], calls: int) -> float:
    """Seconds for so many calls, one after the other."""
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return time.perf_counter() - start


def summary(operation: Operation, calls: int, pairs: list[tuple[float, float]]) -> Ratio:
    """The figures of an operation, from the times of its rounds."""
    return Ratio(
        operation.name,
        [by_hand / mine for mine, by_hand in pairs],
        statistics.median(mine for mine, _ in pairs) / calls * 1e6,
        statistics.median(by_hand for _, by_hand in pairs) / calls * 1e6,
    )


def show(title: str, results: list[Ratio]) -> None:
    """Prints a table."""
    print(f"\n| {title} | times as fast | lowest, highest | limpyd µs | by hand µs |\n|---|---|---|---|---|")
    for result in results:
        print(result)
