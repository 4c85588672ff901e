"""Every Python example of the README and the docs, run as it stands, page by page."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
BLOCKS = {page: BLOCK.findall(page.read_text()) for page in PAGES}


@pytest.mark.parametrize("page", [page for page in PAGES if BLOCKS[page]], ids=lambda page: page.name)
def test_examples(page, tmp_path):
    """A page is one program; what a docs page says of localhost is left out, since nobody may serve there."""
    program = tmp_path / "page.py"
    program.write_text("\n".join(BLOCKS[page]))
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_there_are_examples():
    assert len(BLOCKS[ROOT / "README.md"]) == 2
    assert sum(len(blocks) for blocks in BLOCKS.values()) >= 10


def test_the_readme_has_its_ten_lines():
    lines = [line for line in BLOCKS[ROOT / "README.md"][0].splitlines() if line.strip()]
    assert len(lines) == 10


def test_links_lead_somewhere():
    for page in [*PAGES, ROOT / "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\(([^)#:]+)[)#]", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
