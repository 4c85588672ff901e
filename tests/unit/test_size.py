"""Files and functions stay short: a file has one idea, and a function fits on a screen."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from tree_sitter import Node

from tools.lua_names import PARSER

SOURCE = Path(__file__).parents[2] / "src" / "limpyd"
LONGEST_FILE = 300
LONGEST_FUNCTION = 50
"""In lines of its own: without its docstring, and without the functions in it, which are measured themselves. In Lua, a
function that returns others is what a class is in Python."""
FUNCTIONS = {"function_declaration", "function_definition"}
"""The nodes of Lua's grammar that are functions."""

EXCEPTIONS = {
    "embedded/supervisor.py": "a program of its own, which starts without importing anything of limpyd",
    "exceptions.py": "the table of all exceptions, which is one module for those who catch them",
}
"""What may be longer, and why."""


def python_functions(text: str) -> Iterator[tuple[str, int]]:
    """The functions of a Python file, with their own lines."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            within = (each for each in ast.walk(node) if each is not node)
            inner = [each for each in within if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
            lines = {*range(node.lineno, end_of(node) + 1)}
            for each in inner:
                lines -= {*range(each.lineno, end_of(each) + 1)}
            if ast.get_docstring(node) is not None:
                lines -= {*range(node.body[0].lineno, end_of(node.body[0]) + 1)}
            yield node.name, len(lines)


def end_of(node: ast.stmt) -> int:
    """The last line of a statement."""
    return node.end_lineno or node.lineno


def lua_functions(text: str) -> Iterator[tuple[str, int]]:
    """The functions of a Lua file, with their own lines; one without a name has that of its line."""
    nodes = [PARSER.parse(text.encode()).root_node]
    while nodes:
        node = nodes.pop()
        nodes += node.children
        if node.type in FUNCTIONS:
            name = node.child_by_field_name("name")
            label = name.text.decode() if name is not None and name.text is not None else str(node.start_point.row + 1)
            yield label, lines_of(node) - sum(map(lines_of, outermost_within(node)))


def outermost_within(node: Node) -> Iterator[Node]:
    """The functions in a node, but for those in others of these."""
    for child in node.children:
        if child.type in FUNCTIONS:
            yield child
        else:
            yield from outermost_within(child)


def lines_of(node: Node) -> int:
    """The number of lines of a node."""
    return node.end_point.row - node.start_point.row + 1


@pytest.fixture(scope="module")
def too_long() -> dict[str, int]:
    """Files and functions that are longer than they should be, with their lines."""
    return dict(all_too_long())


def all_too_long() -> Iterator[tuple[str, int]]:
    for path in sorted(SOURCE.rglob("*")):
        if path.suffix not in {".py", ".lua"}:
            continue
        text = path.read_text()
        file = str(path.relative_to(SOURCE))
        if (lines := text.count("\n")) > LONGEST_FILE:
            yield file, lines
        functions = python_functions(text) if path.suffix == ".py" else lua_functions(text)
        yield from ((f"{file}: {name}", lines) for name, lines in functions if lines > LONGEST_FUNCTION)


def test_files_and_functions_are_short(too_long):
    assert {name: lines for name, lines in too_long.items() if name not in EXCEPTIONS} == {}


def test_exceptions_are_needed(too_long):
    assert EXCEPTIONS.keys() <= too_long.keys()


@pytest.mark.parametrize("functions", [python_functions, lua_functions])
def test_functions_are_measured(functions):
    source = {
        python_functions: 'class A:\n    def outer(self):\n        """Says.\n\n        More."""\n        def inner():\n'
        "            return 1\n        return inner\n",
        lua_functions: "local function outer()\n  local inner = function()\n    return 1\n  end\n  return inner\nend\n",
    }[functions]
    assert [lines for _, lines in functions(source)] == ([2, 2] if functions is python_functions else [3, 3])
