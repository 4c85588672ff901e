"""The operations that events name: those that callers know, not the scripts that run for them."""

from __future__ import annotations

from pathlib import Path

import limpyd
from limpyd.tracing.events import NAMES

SHARED = {"library", "lua"}
"""The folders of Lua that is no script by itself."""
CALLED = {
    "claim",
    "bulk_create",
    "bulk_delete",
    "bulk_update",
    "bulk_upsert",
    "catalog",
    "changes",
    "check",
    "check_reference",
    "clear_indexes",
    "create",
    "delete",
    "explain",
    "get_or_create",
    "import_",
    "migrate_to",
    "query",
    "rebuild_indexes",
    "repartition",
    "store",
    "update",
    "update_or_create",
    "write",
}
"""The operations that users see in events, logs and spans."""
WITHIN = {
    "check_epoch",
    "delete_versions",
    "describe_keys",
    "existing_keys",
    "move",
    "read",
    "refer",
    "sweep",
    "transaction",
    "versions",
    "write_members",
}
"""The scripts whose requests have a name of their own, or a name that says what they do."""


def test_each_script_has_an_operation_that_callers_know():
    root = Path(limpyd.__file__).parent
    scripts = {path.stem for path in root.rglob("*.lua") if not SHARED & set(path.relative_to(root).parts)}
    names = {script: NAMES.get(script, script) for script in scripts}
    assert {script: name for script, name in names.items() if name not in CALLED | WITHIN} == {}
