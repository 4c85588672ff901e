"""What the suite does less of than it could is done at length by `make random`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support import amounts

ROOT = Path(__file__).parents[2]
TEXTS = {file.name: file.read_text() for file in ROOT.glob("tests/*/*.py") if file.name != "amounts.py"}
USED = {name for text in TEXTS.values() for name in re.findall(r"amount\(\"(\w+)\"", text)}


def test_make_random_sets_each():
    target = re.search(r"(?ms)^random:.*?^$", (ROOT / "Makefile").read_text())
    assert target
    assert set(re.findall(r"LIMPYD_\w+(?==)", target[0])) == USED - {"LIMPYD_NONE"}


def test_no_test_reads_one_by_itself():
    """It would not be named at the end of a run."""
    reading = re.compile(r"(int|float)\(os\.environ\W+(get\W+)?LIMPYD")
    assert [name for name, text in TEXTS.items() if reading.search(text)] == []


@pytest.mark.parametrize(("in_suite", "given"), [(3, 20), (0.5, 2.5)])
def test_they_are_those_of_the_environment(monkeypatch, in_suite, given):
    monkeypatch.setattr(amounts, "shortened", set())
    assert amounts.amount("LIMPYD_NONE", in_suite) == in_suite
    assert amounts.shortened == {"LIMPYD_NONE"}
    monkeypatch.setattr(amounts, "shortened", set())
    monkeypatch.setenv("LIMPYD_NONE", str(given))
    assert amounts.amount("LIMPYD_NONE", in_suite) == given
    assert amounts.shortened == set()
