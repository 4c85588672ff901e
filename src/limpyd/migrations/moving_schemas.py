"""Models as those see them who move their objects: with other numbers of partitions, or on another database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limpyd.migrations.previous_schema import previous_schema
from limpyd.relations.resolution import join, references_of
from limpyd.schema.schema import Schema


def moving_schemas(models: Mapping[Schema, int], database: Any) -> dict[Schema, Schema]:
    """Returns schemas of models that refer to each other as the models do, and that no class has.

    Args:
        models: the models, each with the number of partitions that it is to have. All models are among them that one
            refers to, and those in whose partitions they are.
        database: the database where they are.
    """
    made: dict[Schema, Schema] = {}
    for schema in models:
        _make(schema, models, database, made)
    for schema, own in made.items():
        for declared, field in zip(references_of(schema), references_of(own), strict=True):
            if declared.has_target:
                join(field, made[declared.target])
    return {schema: made[schema] for schema in models}


def _make(schema: Schema, models: Mapping[Schema, int], database: Any, made: dict[Schema, Schema]) -> None:
    """Makes a schema, after that of the model in whose partitions it is."""
    if schema in made:
        return
    parent = None
    if schema.parent is not None:
        _make(schema.parent, models, database, made)
        parent = made[schema.parent]
    own = made[schema] = previous_schema(schema, schema.keys.tag, {}, models[schema], parent)
    vars_of_model: Any = own.model
    vars_of_model.database = database
    own.maintenance.record = None
