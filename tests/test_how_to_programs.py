"""Each how-to guide has its program in examples/, which is that of today and runs."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from tests.support.forks import run
from tools.examples import EXAMPLES, printing, programs

made = cache(programs)
SAID = {"howto_usernames": "this name is taken"}
"""What a program prints, among other things."""


def test_no_program_is_stale():
    stale = [file.name for file, text in made().items() if not file.exists() or file.read_text() != text]
    assert not stale, "make examples"


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("howto_*.py")), ids=lambda file: file.stem)
def test_they_run(file, tmp_path):
    done = run(file, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert SAID.get(file.stem, "") in done.stdout


SOURCE = """
x = [1, 2]
len(x)  # → 2
print("é", x)  # → é [1, 2]
x, len(x)
# → ([1, 2], 2)
if x:
    x.index(3)  # raises ValueError
    len(
        x
    )  # → 2
"""
PRINTS = """
x = [1, 2]
print(len(x))  # → 2
print("é", x)  # → é [1, 2]
print(x, len(x))  # → ([1, 2], 2)
if x:
    try:
        x.index(3)
    except ValueError as error:
        print(error)  # raises ValueError
    print(len(
        x
    ))
    # → 2
"""


def test_results_are_printed_and_errors_caught():
    assert printing(SOURCE) == PRINTS.splitlines()


def test_each_guide_has_one():
    guides = {page.stem for page in (Path(__file__).parents[1] / "docs" / "howto").glob("*.md")}
    assert {file.stem.removeprefix("howto_") for file in made()} == guides
