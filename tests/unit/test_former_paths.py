"""Import paths that the documentation named once, under which the same things are found, with a warning."""

from __future__ import annotations

import importlib
import sys

import pytest


@pytest.mark.parametrize(
    ("path", "now", "names"),
    [
        ("limpyd.checking", "limpyd.integrity", ("KINDS", "Finding", "Kind", "KindFacts", "Repair", "Report")),
        ("limpyd.moving.programs", "limpyd.migrations.generators", ("Moved",)),
        ("limpyd.moving.steps", "limpyd.migrations.requests", ("Conflict",)),
        ("limpyd.fields.keyed", "limpyd.fields.key_commands", ("BoundKey",)),
    ],
)
def test_it_is_the_same_and_warns(path, now, names):
    sys.modules.pop(path, None)
    with pytest.warns(DeprecationWarning, match=f"^{path} is called {now} now$"):
        former = importlib.import_module(path)
    assert [getattr(former, name) for name in names] == [getattr(importlib.import_module(now), name) for name in names]
