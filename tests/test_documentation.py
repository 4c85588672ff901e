"""Every Python example of the README and the docs, run as it stands, page by page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.examples import program
from tests.support.forks import run

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
BLOCKS = {page: BLOCK.findall(page.read_text()) for page in PAGES}


@pytest.mark.parametrize("page", [page for page in PAGES if BLOCKS[page]], ids=lambda page: str(page.relative_to(ROOT)))
def test_examples(page, tmp_path):
    """A page is one program, which also checks what its comments promise (tests/support/examples.py)."""
    file = tmp_path / "page.py"
    file.write_text(program("\n".join(BLOCKS[page])))
    done = run(file, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("page", "steps"),
    [
        pytest.param(page, steps, id=f"{page.name}-{steps}")
        for page in (ROOT / "README.md", ROOT / "docs" / "tutorial.md")
        for steps in range(1, len(BLOCKS[page]) + 1)
    ],
)
def test_steps_can_be_followed(page, steps, tmp_path):
    """Whoever puts one step after the other into a file has a program that runs after each."""
    file = tmp_path / "links.py"
    file.write_text("\n".join(BLOCKS[page][:steps]))
    done = run(file, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_there_are_examples():
    assert len(BLOCKS[ROOT / "README.md"]) == 2
    assert sum(len(blocks) for blocks in BLOCKS.values()) >= 10


def test_the_readme_has_its_ten_lines():
    lines = [line for line in BLOCKS[ROOT / "README.md"][0].splitlines() if line.strip()]
    assert len(lines) == 10


def test_links_lead_somewhere():
    for page in [*PAGES, ROOT / "CONTRIBUTING.md"]:
        prose = re.sub(r"^```.*?^```|`[^`\n]*`", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
        for target in re.findall(r"\]\(([^)#:]+)[)#]", prose):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
