"""`make check` has type checkers run over a file of revealed types; what they say is compared with its comments."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.type_checks import CHECKERS, REVEALED, Said, is_refused, problems

LINES = ["reveal_type(a)  # list[int]", "a.b  # refused", "a.c  # refused by mypy", "d"]
RIGHT = [
    Said(REVEALED, 1, False, 'Type of "a" is "builtins.list[builtins.int]"'),
    Said(REVEALED, 2, True, "no b"),
    Said(REVEALED, 3, True, "no c"),
    Said("src/limpyd/model/core.py", 3, False, "a note"),
]


def test_what_is_expected_is_no_problem():
    assert list(problems("mypy", LINES, RIGHT)) == []
    assert list(problems("pyright", LINES, [*RIGHT[:2], RIGHT[3]])) == []


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (RIGHT[1:], "expected list[int], mypy says: nothing"),
        ([Said(REVEALED, 1, False, 'Revealed type is "set[int]"'), *RIGHT[1:]], "expected list[int]"),
        ([RIGHT[0], *RIGHT[2:]], ":2: mypy does not refuse it"),
        ([*RIGHT[:2], RIGHT[3]], ":3: mypy does not refuse it"),
        ([*RIGHT, Said(REVEALED, 4, True, "no d")], ":4: no d"),
        ([*RIGHT, Said(REVEALED, 1, True, "no a")], ":1: no a"),
        ([*RIGHT, Said("src/limpyd/model/core.py", 3, True, "odd")], "src/limpyd/model/core.py:3: odd"),
    ],
)
def test_each_difference_is_one(said, problem):
    (found,) = problems("mypy", LINES, said)
    assert problem in found


def test_what_both_say_is_compared():
    lines = (Path(__file__).parents[2] / REVEALED).read_text().splitlines()
    assert sum("reveal_type(" in line for line in lines) > 50
    for checker in CHECKERS:
        assert sum(is_refused(line, checker) for line in lines) > 10
