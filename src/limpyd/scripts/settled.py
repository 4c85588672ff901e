"""The assumption of reads that run scripts which first remove what is over."""

from __future__ import annotations

from limpyd.keys import Partition
from limpyd.requests.request import Assumption
from limpyd.scripts.error_mapping import Model


def unless_settled(model: Model, partition: Partition) -> tuple[Assumption, ...]:
    """Returns what a read assumes whose script may be refused until what is over has been removed."""
    return () if model.overdue is None else (model.maintenance.at(partition).assumed(writes=False),)
