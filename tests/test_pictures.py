"""The pictures of the documentation show the keys, plans and results of today."""

from __future__ import annotations

import re

from tools.pictures import PICTURES, drawn


def test_no_picture_is_stale():
    kept = {file.name: file.read_text() for file in PICTURES.glob("*.svg")}
    assert kept == drawn(), "docs/pictures is stale: python -m tools.pictures"


def test_every_picture_is_shown_and_described():
    docs = PICTURES.parent
    pages = "\n".join(page.read_text() for page in [docs.parent / "README.md", *docs.rglob("*.md")])
    for file in PICTURES.glob("*.svg"):
        assert re.search(rf"!\[[^\]]{{10,}}\]\([^)]*pictures/{file.name}\)", pages), file.name
        assert "<desc" in file.read_text()
