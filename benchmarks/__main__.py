"""Everything that `make bench` measures, as Markdown; and its plots.

python -m benchmarks [--quick] [--server valkey-9.1] [--plots docs/plots]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks import contention, exact, memory
from benchmarks.people import FEW
from benchmarks.rounds import (
    ASYNC_SIDES,
    BY_HAND,
    LIMIT,
    LIMPYD,
    PEERS,
    Side,
    Times,
    pin_to_one_core,
    take_turns,
    workers,
)
from tests.support.servers import binaries, running

AIM = 0.80


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints a table in Markdown."""
    print("\n| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    sys.stdout.flush()


def shown(ratio: float | None) -> str:
    """A ratio; a dash where a side cannot do it."""
    return "-" if ratio is None else f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"  # noqa: PLR2004


def singles(server: str, sides: Sequence[Side], rounds: int, seconds: float) -> list[Times]:
    """Times single operations on each side."""
    with running(server) as started, workers(sides, "singles", started.port, FEW) as ready:
        return list(take_turns(ready, ready[0].operations, rounds, seconds))


def show_singles(measured: Sequence[Times], peers: Sequence[Side]) -> None:
    """The tables of single operations."""
    print("\nHow many times as fast limpyd is; the last column is the µs of a call on the bare socket:")
    one, fifty = ASYNC_SIDES[:2], ASYNC_SIDES[2:]
    table(
        ["", "by hand", "the limit", "async, 1 task", "async, 50 tasks", *(side.name for side in peers), "limit, µs"],
        [
            [
                times.line,
                shown(times.ratio(LIMPYD.name, BY_HAND.name)),
                shown(times.ratio(LIMPYD.name, LIMIT.name)),
                shown(times.ratio(one[0].name, one[1].name)),
                shown(times.ratio(fifty[0].name, fifty[1].name)),
                *(shown(times.ratio(LIMPYD.name, side.name)) for side in peers),
                f"{times.microseconds(LIMIT.name):.1f}",
            ]
            for times in measured
        ],
    )
    ratios = {times.line: times.ratio(LIMPYD.name, LIMIT.name) or 0 for times in measured}
    missed = ", ".join(f"{line} ({ratio:.2f})" for line, ratio in ratios.items() if ratio < AIM)
    print(f"\nBelow {AIM} of the limit: {missed or 'none'}.")


def show_costs(server: str, sides: Sequence[Side]) -> None:
    """The table of round trips and commands."""
    found = {}
    for side in sides:
        with running(server) as started:
            found[side.name] = dict(exact.costs(side, "singles", started.port, FEW))
    print("\nRound trips, and commands that the server ran for them, those within scripts included:")
    table(
        ["", *found],
        [
            [
                line,
                *(
                    f"{each[line].round_trips:g}, {each[line].commands:g}" if line in each else "-"
                    for each in found.values()
                ),
            ]
            for line in found[LIMPYD.name]
        ],
    )


def show_imports(sides: Sequence[tuple[str, Side]], rounds: int) -> None:
    """How long an import takes, beyond starting Python."""
    times: dict[str, list[float]] = {module: [] for module, _ in sides}
    compiled = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}  # as installed packages are
    for _ in range(rounds):
        for module, side in sides:
            found = []
            for program in ("pass", f"import {module}"):
                start = time.perf_counter()
                subprocess.run([side.python, "-c", program], check=True, env=compiled)
                found.append(time.perf_counter() - start)
            times[module].append(found[1] - found[0])
    print("\nImport time beyond the start of Python:")
    table(["", "ms"], [[module, f"{statistics.median(each) * 1e3:.0f}"] for module, each in times.items()])


def main() -> None:
    """Runs everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="in about 3 minutes, less exact")
    parser.add_argument("--server", default="valkey-9.1", choices=sorted(binaries()))
    parser.add_argument("--plots", type=Path, help="a folder for the plots, which need matplotlib")
    options = parser.parse_args()
    rounds, seconds, rest = (5, 0.02, ["--rounds", "5"]) if options.quick else (21, 0.04, [])
    peers = [side for side in PEERS if side.at_hand and side.serves]
    absent = [side.name for side in PEERS if side not in peers]
    print(f"{options.server}, everything on one core, TCP; medians of {rounds} rounds, in which the sides take turns.")
    if absent:
        print(f"Not at hand: {', '.join(absent)} (see `make bench-peers`).")

    contended = contention.measure(options.server, [LIMPYD, BY_HAND, *peers], 1 if options.quick else 3)
    core = pin_to_one_core()
    print("" if core is not None else "\nThis system pins nothing to a core: expect wide spreads.")
    measured = singles(options.server, [LIMPYD, BY_HAND, LIMIT, *ASYNC_SIDES, *peers], rounds, seconds)
    show_singles(measured, peers)
    show_costs(options.server, [LIMPYD, BY_HAND, *peers])
    print("\nSeveral processes update the indexed field of one object, or each of many, on all cores:")
    table(contention.HEAD, contended)
    print("\nMemory of a person, of 10,000 (what the server uses more):")
    table(["", "bytes"], memory.measure(options.server, [LIMPYD, BY_HAND, *peers]))
    own = [("redis", LIMPYD), ("redis.asyncio", LIMPYD), ("limpyd", LIMPYD), ("limpyd.asyncio", LIMPYD)]
    show_imports([*own, *((side.imports, side) for side in peers if side.imports != "limpyd")], rounds)
    for program in ("queries", "bulk"):
        subprocess.run([sys.executable, "-m", f"benchmarks.{program}", *rest], check=True)
    if options.plots:
        from benchmarks import plots  # noqa: PLC0415 - matplotlib is only in the `bench` extra

        plots.singles(measured, peers, options.plots)


if __name__ == "__main__":
    main()
