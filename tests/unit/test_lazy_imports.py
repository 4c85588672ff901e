"""Names that a package has, and imports when they are used first."""

from __future__ import annotations

import subprocess
import sys

import pytest

from limpyd import fields
from limpyd.utils.lazy_imports import imported_on_use


def test_dynamic_fields_are_imported_when_they_are_used():
    program = (
        "import sys, limpyd, limpyd.asyncio\n"
        "rare = {'limpyd.fields.dynamic', 'limpyd.relations.dynamic'}\n"
        "assert not rare & sys.modules.keys()\n"
        "limpyd.DynamicSetField\n"
        "assert rare & sys.modules.keys() == {'limpyd.fields.dynamic'}\n"
        "limpyd.DynamicM2MSetField\n"
        "assert rare <= sys.modules.keys()\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_all_public_names_are_there():
    assert not [name for name in fields.__all__ if not hasattr(fields, name)]


def test_other_names_are_not():
    get = imported_on_use("a.package", ("loads", "missing"), "json")
    assert get("loads").__module__ == "json"
    for name in ("dumps", "missing"):
        with pytest.raises(AttributeError, match=f"^module 'a.package' has no attribute '{name}'$"):
            get(name)
