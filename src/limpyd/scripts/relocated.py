"""The error for objects that are on their way to another database, or have gone there."""

from __future__ import annotations

from limpyd.exceptions import Relocated
from limpyd.keys import to_text

CLOSED = "0"
"""The beginning of the record of a closed partition; a space follows (see limpyd.relocation)."""


def relocated(model: str, partitions: int, record: bytes) -> Relocated:
    """Returns the error for a closed partition.

    Args:
        model: the name of the model.
        partitions: the number of partitions that it is declared with.
        record: the record of the partition: zero, the stage of the move, its mark and the other database.
    """
    _, stage, _, place = to_text(record).split(" ", 3)
    return Relocated(model, partitions, stage, place)
