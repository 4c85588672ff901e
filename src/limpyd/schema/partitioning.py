"""The declarations that a model of several partitions does not support."""

from __future__ import annotations

from typing import Any

from limpyd.exceptions import DeclarationError, UnsupportedCommand
from limpyd.relations.references import ReferenceField


def check_partitioned(schema: Any) -> None:
    """Refuses fields that need one partition.

    Raises:
        DeclarationError: a field refers to objects.
    """
    templates = [dynamic.template for dynamic in schema.dynamic.values()]
    for field in (*schema.value_fields.values(), *templates):
        if isinstance(field, ReferenceField):
            raise needs_one_partition(schema, f"{field} refers to objects")


def refuse_claims(schema: Any, operation: str, instead: str) -> None:
    """Refuses an operation on a model with values that are unique over several partitions.

    Args:
        schema: the model.
        operation: the operation.
        instead: the cure.

    Raises:
        UnsupportedCommand: the model has such values.
    """
    index = schema.claimed_index
    if index is not None:
        msg = (
            f"{schema.name}.{operation}: {index} is unique over {schema.keys.count} partitions, which this operation "
            f"does not support. {instead}"
        )
        raise UnsupportedCommand(msg)


def needs_one_partition(schema: Any, reason: str) -> DeclarationError:
    """The error for a declaration that only a model of one partition supports."""
    msg = f"{reason}, which a model of {schema.keys.count} partitions does not support"
    return DeclarationError(f"{msg}: set partitions = 1 on {schema.name}")
