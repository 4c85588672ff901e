"""The model as movers see it."""

from __future__ import annotations

from limpyd.migrations.previous_schema import previous_schema
from limpyd.schema.schema import Schema


def while_moving(schema: Schema, partitions: int) -> Schema:
    """Returns a model as it has some number of partitions, which only movers may write to while its objects move.

    Args:
        schema: the model as it is declared.
        partitions: the former number of partitions, or the declared one.
    """
    made = previous_schema(schema, schema.keys.tag, {}, partitions)
    for partition in made.keys.partitions:
        partition.recorded = -schema.keys.count
    made.maintenance.record = None
    return made
