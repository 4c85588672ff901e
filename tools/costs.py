"""Generates docs/costs.md from the table of documented costs."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.growth.costs import BULK, INSTANCES, QUERIES, UPKEEP, Cost
from tools.commands import table

PAGE = """# Costs of operations

(This page is generated from the table that `make growth` checks: `make references`.)

The cost of an operation is proportional to the quantity in the second column. The cost depends on nothing else, such
as the number of objects in the model or the size of a value, unless the table says so. Sorted sets (range indexes) add
the logarithm of their size to each entry; between a thousand and a million entries this is hardly visible.

A step is one command or script, during which the server serves no other client. Steps take less than 50 ms, even with
a million objects. If a step may take longer, the last column shows an alternative with shorter steps.

## Instances and fields

{instances}
## Many objects at once

{bulk}
## Collections

{queries}
## Maintenance

{upkeep}
## How the costs are measured

`make growth` runs each operation on datasets of 1,000, 10,000 and 100,000 objects (`MILLION=1`: also 1,000,000). It
counts the commands that the server runs, including those called by scripts, the keys that they read, and the bytes in
both directions; it measures the CPU time of both sides, the longest step, and the peak memory. An exponent of growth
that is more than 0.15 above the documented one is a defect. `make test` checks the exact counts with smaller datasets
(`tests/behaviour/test_growth.py`).
"""


def page() -> str:
    """Returns the page."""
    return PAGE.format(instances=rows(INSTANCES), bulk=rows(BULK), queries=rows(QUERIES), upkeep=rows(UPKEEP))


def rows(costs: Sequence[Cost]) -> str:
    """Returns a table of operations."""
    head = ("operation", "cost is proportional to", "longest step", "in shorter steps")
    return table(head, [(cost.operation, cost.formula, cost.step, cost.chunked) for cost in costs])
