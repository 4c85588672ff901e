"""Runs mypy or pyright, once: on the library, in which nothing may be wrong, and on tests/typing/revealed.py.

    python -m tools.type_checks pyright

The comments of that file tell what a checker has to say of its lines.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
REVEALED = "tests/typing/revealed.py"
INSIDE = r"(?:[^\[\]]|\[[^\[\]]*\])*"


class Said(NamedTuple):
    """A message of a type checker.

    Attributes:
        path: the file, from the root of the project.
        line: the number of the line, from 1.
        is_error: false for what is only a note, such as a revealed type.
        text: the message.
    """

    path: str
    line: int
    is_error: bool
    text: str


def by_mypy() -> Iterator[Said]:
    """Yields what mypy says of the packages, and of the file."""
    module = REVEALED.removesuffix(".py").replace("/", ".")
    packages = ("-p", "limpyd", "-p", "pytest_limpyd")
    for line in _output("mypy", "--no-error-summary", *packages, "-m", module).splitlines():
        match = re.match(r"(.+?):(\d+): (note|error): (.*)", line)
        if match is None:
            sys.exit(line)
        yield Said(match[1], int(match[2]), match[3] == "error", match[4])


def by_pyright() -> Iterator[Said]:
    """Yields what pyright says of the library, the example and the file."""
    output = _output("pyright", "--outputjson", "--pythonpath", sys.executable, "src", "examples/board", REVEALED)
    for found in json.loads(output)["generalDiagnostics"]:
        path = Path(found["file"]).relative_to(ROOT).as_posix()
        is_error = found["severity"] != "information"
        yield Said(path, found["range"]["start"]["line"] + 1, is_error, found["message"])


CHECKERS = {"mypy": by_mypy, "pyright": by_pyright}


def _output(*command: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", *command], capture_output=True, text=True, cwd=ROOT, check=False
    ).stdout


def problems(checker: str, lines: Sequence[str], said: Sequence[Said]) -> Iterator[str]:
    """Yields what a checker should not have said, and what it should have.

    Args:
        checker: its name.
        lines: the lines of the file of revealed types, whose comments tell what is expected.
        said: what it said of all files.
    """
    of_lines: dict[int, list[Said]] = defaultdict(list)
    for each in said:
        if each.path == REVEALED:
            of_lines[each.line].append(each)
        elif each.is_error:
            yield f"{each.path}:{each.line}: {each.text}"
    for number, line in enumerate(lines, 1):
        errors = [each.text for each in of_lines[number] if each.is_error]
        if is_refused(line, checker):
            if not errors:
                yield f"{REVEALED}:{number}: {checker} does not refuse it"
        elif errors:
            yield f"{REVEALED}:{number}: {'; '.join(errors)}"
        elif "reveal_type(" in line:
            expected = line.rsplit("  # ", 1)[1]
            notes = "\n".join(each.text for each in of_lines[number])
            found = re.search(r'(?:Revealed type is|Type of ".*" is) "(.*)"', notes, re.DOTALL)
            if found is None or plain(found[1]) != expected:
                yield f"{REVEALED}:{number}: expected {expected}, {checker} says: {notes or 'nothing'}"


def is_refused(line: str, checker: str) -> bool:
    """Whether a comment says that the checker has to refuse a line."""
    return line.endswith(("# refused", f"# refused by {checker}"))


def plain(revealed: str) -> str:
    """A type without the modules it comes from; a NamedTuple by its name alone."""
    text = re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Za-z])", "", revealed)
    text = re.sub(rf"tuple\[{INSIDE}, fallback=({INSIDE})\]", r"\1", text)
    return text.replace('"', "").replace("CoroutineType[", "Coroutine[")


def main(checker: str) -> int:
    """Runs a checker and prints the problems; returns the exit code."""
    found = list(problems(checker, (ROOT / REVEALED).read_text().splitlines(), list(CHECKERS[checker]())))
    print(*found or [f"{checker}: nothing is wrong"], sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
