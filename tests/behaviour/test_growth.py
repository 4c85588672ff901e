"""Costs grow as documented (docs/costs.md), by exact counts; `make growth` measures times as well."""

from __future__ import annotations

from collections import Counter
from itertools import groupby

import pytest

from benchmarks.growth.case import SMALL, Case
from benchmarks.growth.cases import CASES
from benchmarks.growth.costs import COSTS
from benchmarks.growth.runs import run

COUNTED = ["commands", "keys", "sent", "received"]


def dataset(case: Case) -> str:
    return f"{case.dataset.__name__}, {case.variable}"


GROUPS = {name: list(cases) for name, cases in groupby(sorted(CASES, key=dataset), key=dataset)}


def rounds(case: Case) -> int:
    """The first call also learns what it then knows, which counts only where the cost does not grow."""
    return 1 if COSTS[case.operation].exponents.get(case.variable) else 2


@pytest.fixture
def steps_of_one_size(monkeypatch):
    """Steps that end after some milliseconds would be more on a busy machine, and with them the requests."""
    for module in ("migrations", "deletions"):
        monkeypatch.setattr(f"limpyd.{module}.requests.MILLISECONDS", 60_000)


@pytest.mark.usefixtures("steps_of_one_size")
@pytest.mark.parametrize("name", GROUPS)
def test_exponents_are_as_documented(one_server, name):
    grown = list(run(GROUPS[name], SMALL, one_server, rounds))
    assert {growth.case.name: growth.error for growth in grown if growth.error} == {}
    assert {growth.case.name: excess for growth in grown if (excess := growth.excess(COUNTED))} == {}


def test_each_operation_is_measured():
    measured = {case.operation for case in CASES}
    assert COSTS.keys() == measured
    assert [name for name, count in Counter(case.name for case in CASES).items() if count > 1] == []
    for case in CASES:
        assert case.variable in SMALL
    for cost in COSTS.values():
        varied = {case.variable for case in CASES if case.operation == cost.operation}
        assert cost.exponents.keys() <= varied, cost.operation
