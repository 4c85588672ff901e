"""Names that a package has, and imports when they are used first."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import limpyd
from limpyd import fields
from limpyd.utils.lazy_imports import imported_on_use

RARE = {f"limpyd.fields.{name}" for name in ("dynamic", "geo", "hyperloglog", "json", "stream")}
RARE |= {"limpyd.relations.dynamic"}


def test_rarely_used_fields_are_imported_when_they_are_used():
    program = (
        "import sys, limpyd, limpyd.asyncio\n"
        f"def imported(): return {RARE} & sys.modules.keys()\n"
        "assert not imported()\n"
        "limpyd.DynamicSetField\n"
        "assert imported() == {'limpyd.fields.dynamic'}\n"
        "limpyd.DynamicM2MSetField\n"
        "assert imported() == {'limpyd.fields.dynamic', 'limpyd.relations.dynamic'}\n"
        "limpyd.fields.geo.Near, limpyd.StreamField, limpyd.fields.JSONField, limpyd.fields.hyperloglog\n"
        f"assert imported() == {RARE}\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("package", [limpyd, fields])
def test_all_public_names_are_there(package):
    assert set(package.__all__) <= set(dir(package))
    assert not [name for name in package.__all__ if not hasattr(package, name)]


def test_other_names_are_not():
    get, _ = imported_on_use("a.package", {"json": ("loads", "missing")})
    assert get("loads") is json.loads
    with pytest.raises(AttributeError, match=r"^module 'a\.package' has no attribute 'dumps'$"):
        get("dumps")
    with pytest.raises(AttributeError, match=r"^module 'json' has no attribute 'missing'$"):
        get("missing")
