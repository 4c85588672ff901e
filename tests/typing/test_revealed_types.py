"""What mypy and pyright say of revealed.py, line by line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

FILE = Path(__file__).with_name("revealed.py")
ROOT = Path(__file__).parents[2]
LINES = FILE.read_text().splitlines()
REVEALED = {number: line.rsplit("  # ", 1)[1] for number, line in enumerate(LINES, 1) if "reveal_type(" in line}
REFUSED = {number for number, line in enumerate(LINES, 1) if line.endswith("# refused")}
REFUSED_BY_MYPY = REFUSED | {number for number, line in enumerate(LINES, 1) if line.endswith("# refused by mypy")}


INSIDE = r"(?:[^\[\]]|\[[^\[\]]*\])*"


def plain(revealed):
    """A type without the modules it comes from; a NamedTuple by its name alone."""
    text = re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Za-z])", "", revealed)
    text = re.sub(rf"tuple\[{INSIDE}, fallback=({INSIDE})\]", r"\1", text)
    return text.replace('"', "").replace("CoroutineType[", "Coroutine[")


def by_mypy():
    # `packages` of the project's configuration would add the library itself.
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-error-summary", str(FILE)]
    output = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False).stdout
    said = defaultdict(list)
    for line in output.splitlines():
        match = re.match(r".*revealed\.py:(\d+): (note|error): (.*)", line)
        assert match, output
        said[int(match[1])].append((match[2], match[3]))
    return said


def by_pyright():
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, str(FILE)]
    output = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False).stdout
    said = defaultdict(list)
    for found in json.loads(output)["generalDiagnostics"]:
        kind = "note" if found["severity"] == "information" else "error"
        said[found["range"]["start"]["line"] + 1].append((kind, found["message"]))
    return said


@pytest.mark.parametrize("checker", [by_mypy, by_pyright])
def test_types_are_revealed_and_mistakes_refused(checker):
    said = checker()
    assert len(REVEALED) > 50
    for number, expected in REVEALED.items():
        notes = [text for kind, text in said[number] if kind == "note"]
        errors = [text for kind, text in said[number] if kind == "error"]
        assert not errors, LINES[number - 1]
        revealed = re.search(r'(?:Revealed type is|Type of ".*" is) "(.*)"', notes[0], re.DOTALL)
        assert revealed, notes
        assert plain(revealed[1]) == expected, LINES[number - 1]
    errors = {number for number, texts in said.items() if any(kind == "error" for kind, _ in texts)}
    assert errors == (REFUSED_BY_MYPY if checker is by_mypy else REFUSED)
