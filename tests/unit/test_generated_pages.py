"""The pages that are made from the library are those of today."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import limpyd
import limpyd.asyncio
from limpyd.indexes import Index
from limpyd.types import CODECS
from tools.limpyd2 import rows
from tools.references import PAGES, answer, public_indexes

API = Path(__file__).parents[2] / "docs" / "api"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_is_stale(page):
    assert page.read_text() == PAGES[page](), f"docs/{page.name} is stale: make references"


@pytest.mark.parametrize("index", public_indexes().values(), ids=lambda index: index.__name__)
def test_every_index_is_of_some_type(index):
    answers = [answer(index, type_) for type_ in CODECS]
    assert any(found is not None and all(found.keys) for found in answers)


def test_the_reference_has_all_that_is_public():
    documented = re.findall(r"auto(?:class|data):: (\S+)", "\n".join(page.read_text() for page in API.glob("*.md")))
    names = {name.rpartition(".")[2] for name in documented}
    modules = {"exceptions", "fields", "indexes", "model"}
    exceptions = {name for name in limpyd.__all__ if hasattr(limpyd.exceptions, name)}
    same = {"RelatedModel"}  # a second name of RedisModel
    public = {*limpyd.__all__, *limpyd.asyncio.__all__} - modules - exceptions - same
    assert not public - names
    assert {cls.__name__ for cls in public_indexes().values()} | {Index.__name__} <= names


def test_every_name_of_limpyd_2_is_accounted_for():
    found = list(rows())
    assert not [(section, name) for section, name, here in found if here is None]
    assert len(found) > 300
