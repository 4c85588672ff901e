"""The operations that a model of several partitions does not support."""

from __future__ import annotations

from typing import Any

from limpyd.exceptions import UnsupportedCommand


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
