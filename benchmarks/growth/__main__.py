"""Prints the growth matrix as Markdown: every public operation against each variable of its cost.

A row has the exponents of CPU time on both sides, commands, keys read and bytes; at the largest size also those
times, the longest command, and the peak memory that either side needed in addition. Below the table stands every
exponent above the documented one (docs/costs.md), and every command over 50 ms that is not documented as long.

    python -m benchmarks.growth [--million] [--only TEXT] [--server valkey-9.1]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchmarks.growth.case import LARGEST, SIZES
from benchmarks.growth.cases import CASES
from benchmarks.growth.exponents import FLOORS
from benchmarks.growth.runs import Growth, run
from tests.support.servers import binaries, running

MILLIONS = ("objects", "matches")
HEAD = ["", "with", "up to", "documented", *FLOORS, "client ms", "server ms", "longest ms", "client MB", "server MB"]


def row(growth: Growth) -> list[str]:
    """Returns the cells of one case."""
    if not growth.readings:
        return [growth.case.name, growth.case.variable, "-", str(growth.documented)]
    last = growth.readings[-1]
    return [
        growth.case.name.replace("|", "\\|"),
        growth.case.variable,
        f"{growth.sizes[-1]:,}",
        str(growth.documented),
        *(f"{growth.exponent(figure):.2f}" for figure in FLOORS),
        *(f"{seconds * 1e3:.1f}" for seconds in (last.client, last.server, last.longest)),
        *(f"{size / 1e6:.1f}" for size in (last.client_memory, last.server_memory)),
    ]


def findings(growth: Growth) -> list[str]:
    """Returns the deviations of a case from its documented cost."""
    found = [
        f"{growth.case.name}: {figure} has an exponent of "
        f"{growth.exponent(figure):.2f} in {growth.case.variable}; documented is {growth.documented}"
        for figure in growth.excess(list(FLOORS))
    ]
    if growth.error is not None:
        found.append(f"{growth.case.name}: {type(growth.error).__name__}: {growth.error}")
    if growth.blocks:
        found.append(f"{growth.case.name}: a command took {growth.readings[-1].longest * 1e3:.0f} ms")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the matrix; returns 1 if any case deviates from its documented cost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--million", action="store_true", help="objects and matches up to a million, too")
    parser.add_argument("--only", default="", help="only cases whose name has this text in it")
    parser.add_argument("--server", default="valkey-9.1", choices=sorted(binaries()))
    options = parser.parse_args(arguments)
    sizes = {name: (*each, LARGEST) if options.million and name in MILLIONS else each for name, each in SIZES.items()}
    cases = [case for case in CASES if options.only in case.name]
    print("| " + " | ".join(HEAD) + " |\n|" + "---|" * len(HEAD))
    found = []
    with running(options.server) as server:
        for growth in run(cases, sizes, server):
            print("| " + " | ".join(row(growth)) + " |")
            sys.stdout.flush()
            found += findings(growth)
    print(f"\n{len(cases)} cases. Deviations from the documented costs: {len(found) or 'none'}")
    for finding in found:
        print(f"- {finding}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
