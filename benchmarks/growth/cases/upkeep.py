"""Cases of maintenance: indexes, checks, renames, key scans and declarations."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from benchmarks.growth.case import Case
from benchmarks.growth.datasets import empty, items, models
from limpyd import InstanceHashField, RedisDatabase, RedisModel

INDEXES, CHECK, CHECKS = "rebuild_indexes, clear_indexes", "check of a model", "check of a database"
RENAME, KEYS, DECLARE = "rename_field", "scan_keys, scan_model_keys", "declaring models"


def beside(database: RedisDatabase, size: int) -> Any:
    """Creates a model with 100 objects beside another with `size`."""
    dataset = items(database, size)
    fields = {"database": database, "name": InstanceHashField(indexable=True)}
    small: Any = type("Small", (RedisModel,), fields)
    small.bulk_create({"name": f"n{number}"} for number in range(100))
    dataset.small = small
    return dataset


def renamed(database: RedisDatabase, size: int) -> Any:
    """Creates objects, and the class of a later version of the code, which renamed a field."""
    fields: dict[str, Any] = {
        "name": InstanceHashField(indexable=True),
        "number": InstanceHashField(type=int, indexable=True),
    }
    before: Any = type("Thing", (RedisModel,), {"database": database, **fields})
    before.bulk_create({"name": f"n{number}", "number": number} for number in range(size))
    later = RedisDatabase(**database.connection_settings)
    fields = {"title": InstanceHashField(indexable=True), "number": InstanceHashField(type=int, indexable=True)}
    return SimpleNamespace(renamed=type("Thing", (RedisModel,), {"database": later, **fields}))


def _declare(dataset: Any, size: int) -> None:
    for number in range(size):
        fields = {
            "database": dataset.database,
            "name": InstanceHashField(indexable=True),
            "number": InstanceHashField(),
        }
        type(f"Another{number}", (RedisModel,), fields)


CASES = [
    Case("rebuild_indexes()", INDEXES, "objects", items, lambda w, _: w.model.rebuild_indexes(), stops_at=100_000),
    Case("rebuild_indexes() beside others", INDEXES, "others", beside, lambda w, _: w.small.rebuild_indexes()),
    Case("check() beside others", CHECK, "others", beside, lambda w, _: w.small.check()),
    Case(
        "rename_field()", RENAME, "objects", renamed, lambda w, _: w.renamed.rename_field("name", "title"), changes=True
    ),
    Case(
        "clear_indexes()",
        INDEXES,
        "objects",
        items,
        lambda w, _: w.model.clear_indexes(),
        changes=True,
        stops_at=100_000,
    ),
    Case("check()", CHECK, "objects", items, lambda w, _: w.model.check(), stops_at=100_000),
    Case("database.check() of n objects", CHECKS, "objects", items, lambda w, _: w.database.check(), stops_at=100_000),
    Case("database.check()", CHECKS, "models", models, lambda w, _: w.database.check()),
    Case("scan_keys()", KEYS, "objects", items, lambda w, _: sum(1 for _ in w.database.scan_keys())),
    Case("declaring n models", DECLARE, "models", empty, _declare, changes=True),
]
