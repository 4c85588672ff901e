"""The declarations that a model of several partitions does not support."""

from __future__ import annotations

from typing import Any

from limpyd.exceptions import DeclarationError
from limpyd.relations.references import ReferenceField


def check_partitioned(schema: Any) -> None:
    """Refuses fields that need one partition.

    Raises:
        DeclarationError: a field is unique, or refers to objects.
    """
    templates = [dynamic.template for dynamic in schema.dynamic.values()]
    for field in (*schema.value_fields.values(), *templates):
        if isinstance(field, ReferenceField):
            raise needs_one_partition(schema, f"{field} refers to objects")
        if field.unique:
            raise needs_one_partition(schema, f"{field} is unique")
    for index in schema.composites(schema.keys.first):
        if index.kind_name.startswith(b"!"):  # only one object may have an entry
            raise needs_one_partition(schema, f"{index} is unique")


def needs_one_partition(schema: Any, reason: str) -> DeclarationError:
    """The error for a declaration that only a model of one partition supports."""
    msg = f"{reason}, which a model of {schema.keys.count} partitions does not support"
    return DeclarationError(f"{msg}: set partitions = 1 on {schema.name}")
