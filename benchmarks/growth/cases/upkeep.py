"""What keeps a database as it should be."""

from __future__ import annotations

from typing import Any

from benchmarks.growth.case import Case
from benchmarks.growth.worlds import empty, items, models
from limpyd import InstanceHashField, RedisDatabase, RedisModel

INDEXES, CHECK, CHECKS = "rebuild_indexes, clear_indexes", "check of a model", "check of a database"
RENAME, KEYS, DECLARE = "rename_field", "scan_keys, scan_model_keys", "declaring a model"


def beside(database: RedisDatabase, size: int) -> Any:
    """A model of a hundred objects, beside so many of another."""
    world = items(database, size)
    fields = {"database": database, "name": InstanceHashField(indexable=True)}
    small: Any = type("Small", (RedisModel,), fields)
    small.bulk_create({"name": f"n{number}"} for number in range(100))
    world.small = small
    return world


def _declare(world: Any, size: int) -> None:
    for number in range(size):
        fields = {"database": world.database, "name": InstanceHashField(indexable=True), "number": InstanceHashField()}
        type(f"Another{number}", (RedisModel,), fields)


CASES = [
    Case("rebuild_indexes()", INDEXES, "objects", items, lambda w, _: w.model.rebuild_indexes(), stops_at=100_000),
    Case("rebuild_indexes() beside n objects", RENAME, "models", beside, lambda w, _: w.small.rebuild_indexes()),
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
    Case("database.check()", CHECKS, "models", models, lambda w, _: w.database.check()),
    Case("scan_keys()", KEYS, "objects", items, lambda w, _: sum(1 for _ in w.database.scan_keys())),
    Case("declaring n models", CHECKS, "models", empty, _declare, changes=True),
]
