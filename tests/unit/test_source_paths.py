"""The files of the source that its comments and docstrings name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "limpyd"
FILES = sorted([*SOURCE.rglob("*.py"), *SOURCE.rglob("*.lua")])
PATH = re.compile(r"(?<![\w./-])(?<!-m )(?:[a-z_0-9]+/)*[a-z_0-9]+\.(?:py|lua)\b")
"""A path from src/limpyd, or from the root of the repository."""
COMMENT = re.compile(r"(?:^|\s)#(?! Generated from )(.*)$", re.MULTILINE)
"""A comment of a formatted file, or what looks like one in a string: tokenizing all files would take a second."""
WITHOUT_SUFFIX = re.compile(r"(?<![\w./<-])(?:lua/)?library/\w+(?:/\w+)*(?![\w/]|\.lua\b)")


@cache
def texts_of(path: Path) -> list[str]:
    """The comments and docstrings of a file, line by line; files are read once for all tests."""
    return list(_texts_of(path))


def _texts_of(path: Path) -> Iterator[str]:
    source = path.read_text("utf-8")
    if path.suffix == ".lua":
        yield from re.findall(r"--(.*)", source)
        return
    yield from COMMENT.findall(source)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield from node.value.value.splitlines()


@pytest.mark.parametrize(
    "folder", sorted({path.parent for path in FILES}), ids=lambda path: str(path.relative_to(SOURCE))
)
def test_they_exist(folder):
    named = {
        (path.name, name)
        for path in FILES
        if path.parent == folder
        for text in texts_of(path)
        for name in PATH.findall(text)
    }
    assert [each for each in sorted(named) if not (SOURCE / each[1]).exists() and not (ROOT / each[1]).exists()] == []


def test_files_of_the_library_have_their_suffix():
    named = {(path.name, name) for path in FILES for text in texts_of(path) for name in WITHOUT_SUFFIX.findall(text)}
    assert {each for each in named if not (SOURCE / each[1]).is_dir()} == set()


def test_every_lua_file_says_what_it_is_for():
    heads = {path: re.sub(r"\A#!lua.*\n", "", path.read_text("utf-8")) for path in FILES if path.suffix == ".lua"}
    assert [path.name for path, head in heads.items() if not re.match(r"-- [^@]", head)] == []
