"""Files and functions stay short: a file has one idea, and a function fits on a screen."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.lua_names import PARSER

SOURCE = Path(__file__).parents[2] / "src" / "limpyd"
LONGEST_FILE = 300
LONGEST_FUNCTION = 50
"""Without its docstring."""
FUNCTIONS = {"function_declaration", "function_definition"}
"""The nodes of Lua's grammar that are functions."""

EXCEPTIONS = {
    "embedded/supervisor.py": "a program of its own, which starts without importing anything of limpyd",
}
"""What may be longer, and why."""
LEFT = 40
"""How many others are longer, at most; to become none."""


def python_functions(text: str) -> Iterator[tuple[str, int]]:
    """The functions of a Python file, with their lines of code."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            documented = ast.get_docstring(node) is not None
            docstring = (first.end_lineno or first.lineno) - first.lineno + 1 if documented else 0
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1 - docstring


def lua_functions(text: str) -> Iterator[tuple[str, int]]:
    """The functions of a Lua file, with their lines; one without a name has that of its line."""
    nodes = [PARSER.parse(text.encode()).root_node]
    while nodes:
        node = nodes.pop()
        nodes += node.children
        if node.type in FUNCTIONS:
            name = node.child_by_field_name("name")
            label = name.text.decode() if name is not None and name.text is not None else str(node.start_point.row + 1)
            yield label, node.end_point.row - node.start_point.row + 1


def too_long() -> Iterator[tuple[str, int]]:
    """Files and functions that are longer than they should be, with their lines."""
    for path in sorted(SOURCE.rglob("*")):
        if path.suffix not in {".py", ".lua"}:
            continue
        text = path.read_text()
        file = str(path.relative_to(SOURCE))
        if (lines := text.count("\n")) > LONGEST_FILE:
            yield file, lines
        functions = python_functions(text) if path.suffix == ".py" else lua_functions(text)
        yield from ((f"{file}: {name}", lines) for name, lines in functions if lines > LONGEST_FUNCTION)


def test_files_and_functions_are_short():
    others = {name: lines for name, lines in too_long() if name not in EXCEPTIONS}
    assert len(others) <= LEFT, others


def test_exceptions_are_needed():
    assert EXCEPTIONS.keys() <= {name for name, _ in too_long()}


@pytest.mark.parametrize("functions", [python_functions, lua_functions])
def test_functions_are_measured(functions):
    source = {
        python_functions: 'class A:\n    def outer(self):\n        """Says.\n\n        More."""\n        def inner():\n'
        "            return 1\n        return inner\n",
        lua_functions: "local function outer()\n  local inner = function()\n    return 1\n  end\n  return inner\nend\n",
    }[functions]
    lines = sorted(lines for _, lines in functions(source))
    assert lines == ([2, 4] if functions is python_functions else [3, 6])
