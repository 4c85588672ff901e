"""Import paths that the documentation named once, under which the same things are found, with a warning."""

from __future__ import annotations

import importlib
import sys

import pytest


@pytest.mark.parametrize(
    ("path", "now", "names"),
    [
        ("limpyd.checking", "limpyd.integrity", ("KINDS", "Finding", "Kind", "KindFacts", "Repair", "Report")),
        ("limpyd.relations.fields", "limpyd.relations.foreign_keys", ("BoundFKHashEntry", "BoundFKString")),
        ("limpyd.moving.programs", "limpyd.migrations.generators", ("Moved",)),
        ("limpyd.moving.steps", "limpyd.migrations.requests", ("Conflict",)),
        ("limpyd.fields.bits", "limpyd.fields.string", ("Get", "IncrBy", "Operation", "Set")),
        ("limpyd.fields.key_commands", "limpyd.fields.bound.key_commands", ("BoundKey",)),
        ("limpyd.fields.keyed", "limpyd.fields.bound.key_commands", ("BoundKey",)),
        ("limpyd.fields.streamentries", "limpyd.fields.stream", ("StreamEntry",)),
        (
            "limpyd.fields.streampending",
            "limpyd.fields.stream",
            ("Claimed", "ClaimedIds", "PendingEntry", "PendingSummary"),
        ),
    ],
)
def test_it_is_the_same_and_warns(path, now, names):
    sys.modules.pop(path, None)
    with pytest.warns(DeprecationWarning, match=f"^{path} is called {now} now$"):
        former = importlib.import_module(path)
    assert [getattr(former, name) for name in names] == [getattr(importlib.import_module(now), name) for name in names]
