"""Models of one declaration under several names, so on several nodes of a cluster."""

from __future__ import annotations

from typing import Any

from limpyd import fields
from tests.support.clusters import slot_of

MODELS = 12


def declared(database: Any, base: Any, count: int = MODELS) -> list[Any]:
    """The models: each has a unique name, an indexed age and indexed tags."""

    def body(number: int) -> dict[str, Any]:
        return {
            "database": database,
            "namespace": "town",
            "model_name": f"person{number}",
            "name": fields.InstanceHashField(unique=True),
            "age": fields.InstanceHashField(type=int, indexable=True),
            "tags": fields.SetField(indexable=True),
            "__module__": __name__,
        }

    return [type(f"Person{number}", (base,), body(number)) for number in range(count)]


def slot(model: Any) -> int:
    """The slot of a model."""
    return slot_of(f"{{town:{model._schema.keys.name}}}")
