"""The programs examples/howto_*.py: the code of each how-to guide, which prints the results that the guide shows.

python -m tools.examples [--check]    writes them; or only says which is stale
"""

from __future__ import annotations

import argparse
import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
GUIDES = ROOT / "docs" / "howto"
EXAMPLES = ROOT / "examples"

PARTS = re.compile(r"^```python\n(?P<code>.*?)^```$|^##+ (?P<heading>[^\n]*)$", re.DOTALL | re.MULTILINE)
SHOWS, RAISES = "# → ", "# raises "
WIDTH = 120


def programs() -> dict[Path, str]:
    """Returns the text of each program, by its file."""
    return {EXAMPLES / f"howto_{page.stem}.py": program(page) for page in sorted(GUIDES.glob("*.md"))}


def program(page: Path) -> str:
    """Returns the program of a guide: its code under its headings."""
    text = page.read_text()
    title = text.partition("\n")[0].removeprefix("# ")
    lines = [f'"""{title}: the program of docs/howto/{page.name}, which explains it. Made by `make examples`."""', ""]
    for part in PARTS.finditer(text):
        lines += [f"\n# --- {part['heading']} ---\n"] if part["heading"] else printing(part["code"])
    return _formatted("\n".join([*lines, ""]))


def printing(source: str) -> list[str]:
    """Returns the lines of a block of code, in which each shown result is printed and each shown error is caught."""
    lines = source.splitlines()
    for statement in sorted(_statements(source), key=lambda each: each.lineno, reverse=True):
        first, last = statement.lineno - 1, (statement.end_lineno or statement.lineno)
        comment = lines[last - 1].encode()[statement.end_col_offset or 0 :].decode().strip()
        below = not comment and last < len(lines) and lines[last].startswith(f"{' ' * statement.col_offset}#")
        comment = lines[last].strip() if below else comment
        code = (ast.get_source_segment(source, statement) or "").splitlines()
        indent = " " * statement.col_offset
        if comment.startswith(SHOWS) and isinstance(statement, ast.Expr):
            new = _printed(code, comment, indent)
        elif comment.startswith(RAISES):
            new = _caught(code, comment, indent)
        else:
            continue
        lines[first : last + below] = new
    return lines


def _statements(source: str) -> Iterator[ast.stmt]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            yield node


def _printed(code: list[str], comment: str, indent: str) -> list[str]:
    if not code[0].startswith("print("):
        code = [f"print({code[0]}", *code[1:]]
        code[-1] += ")"
    code[0] = indent + code[0]
    if len(code) == 1 and len(code[0]) + 2 + len(comment) <= WIDTH:
        return [f"{code[0]}  {comment}"]
    return [*code, indent + comment]


def _caught(code: list[str], comment: str, indent: str) -> list[str]:
    error = comment.removeprefix(RAISES).partition(":")[0]
    inner = [f"{indent}    {code[0]}", *(f"    {line}" for line in code[1:])]
    return [f"{indent}try:", *inner, f"{indent}except {error} as error:", f"{indent}    print(error)  {comment}"]


def _formatted(source: str) -> str:
    ruff = [sys.executable, "-m", "ruff", "format", "--stdin-filename", "example.py", "-"]
    return subprocess.run(ruff, input=source, capture_output=True, text=True, check=True, cwd=ROOT).stdout


def main() -> None:
    """Writes the programs, or says which is stale."""
    parser = argparse.ArgumentParser(description="Writes examples/howto_*.py from the how-to guides.")
    parser.add_argument("--check", action="store_true", help="write nothing, only say what is stale")
    check = parser.parse_args().check
    made = programs()
    stale = [file for file, text in made.items() if not file.exists() or file.read_text() != text]
    gone = [file for file in EXAMPLES.glob("howto_*.py") if file not in made]
    if check and stale + gone:
        sys.exit(f"stale: {', '.join(file.name for file in stale + gone)}; run make examples")
    for file in stale:
        file.write_text(made[file])
    for file in gone:
        file.unlink()


if __name__ == "__main__":
    main()
