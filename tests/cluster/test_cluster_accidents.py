"""Clients go on while slots are moved and primaries replaced; `make faults` does it for longer, and more besides."""

from __future__ import annotations

import pytest

from tests.faults.programs.accidents import run
from tests.faults.programs.cluster_accidents import FailedOverByOrder, Moved
from tests.support.servers import NEWEST


@pytest.mark.parametrize(
    ("accident", "times", "face", "partitions"),
    [(Moved, 10, "sync", 1), (Moved, 10, "async", 4), (FailedOverByOrder, 3, "sync", 4)],
)
def test_nothing_is_lost_doubled_or_half_done(accident, times, face, partitions):
    happening = accident(NEWEST)
    happening.partitions = partitions
    findings = run(happening, times, face)
    assert not findings.broken(), findings.examples
    assert findings.done > times
    assert not findings.refused
