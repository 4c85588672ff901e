"""Tells which row of the list of differences in docs/migrating.md a test tries, by what stands in its first cell."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "migrating.md"


def rows():
    """The first cells of the list of differences."""
    text = PAGE.read_text().partition("## Differences")[2].partition("\n## ")[0]
    return [row for row in re.findall(r"^\| (.+?) \| .*\|$", text, re.MULTILINE) if row != "limpyd 2"]


def tried():
    """The rows that tests of tests/limpyd2 try."""
    files = (ROOT / "tests" / "limpyd2").glob("test_*_differences.py")
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text()))]
    calls = [node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    return [ast.literal_eval(call.args[0]) for call in calls if call.func.id == "difference"]


def difference(row):
    """Marks the test of a row."""
    assert row, "it is read from the source"
    return lambda test: test


def refuses(error, call):
    """The error that is raised."""
    with pytest.raises(error) as caught:
        call()
    return caught.value
