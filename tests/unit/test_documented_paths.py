"""The files that the documentation of the code names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "limpyd"
PATH = re.compile(r"`([\w./]*\w(?:\.py|\.lua|/))`")


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_they_exist(page):
    named = sorted(name for name in set(PATH.findall((ROOT / page).read_text())) if name.islower())
    assert named
    missing = [name for name in named if not (ROOT / name).exists() and not any(SOURCE.glob(f"**/{name.rstrip('/')}"))]
    assert missing == []
