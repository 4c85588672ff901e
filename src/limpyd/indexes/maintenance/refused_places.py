"""The errors for objects that are not where a process takes them to be."""

from __future__ import annotations

from limpyd.exceptions import DifferentPartitions, LimpydError, ObjectsMoved
from limpyd.indexes.maintenance.declarations import IndexedModel
from limpyd.keys import Partition, to_text
from limpyd.scripts.relocated import CLOSED, relocated


def elsewhere(model: IndexedModel, partition: Partition, recorded: bytes) -> LimpydError:
    """Returns the error for a partition whose objects are not where this process takes them to be."""
    record = model.maintenance.record
    if record is not None and record.follows(partition, recorded):
        return ObjectsMoved(model.name, model.keys.count)
    return different_partitions(model.name, b"%d" % partition.count, recorded)


def different_partitions(model: str, declared: bytes, recorded: bytes) -> DifferentPartitions:
    """Returns the error for a model whose record is not as it is declared.

    indexes/maintenance/record_partitions.lua compares them.
    """
    here, _, beside = to_text(declared).partition(" ")
    there, _, stored_beside = to_text(recorded).partition(" ")
    if there == CLOSED:
        return relocated(model, int(here), recorded)
    if there.startswith("-"):  # see limpyd.keys.moving
        stored_beside = ""
    return DifferentPartitions(model, int(here), int(there), beside, stored_beside)
