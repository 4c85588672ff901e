"""Cases by area."""

from __future__ import annotations

from benchmarks.growth.case import Case
from benchmarks.growth.cases.instances import CASES as INSTANCES
from benchmarks.growth.cases.queries import CASES as QUERIES
from benchmarks.growth.cases.upkeep import CASES as UPKEEP

CASES: list[Case] = [*INSTANCES, *QUERIES, *UPKEEP]
