"""Clients go on while slots are moved and primaries replaced; `make faults` does it for longer, and more besides."""

from __future__ import annotations

import pytest

from tests.faults.programs.accidents import run
from tests.faults.programs.cluster_accidents import FailedOverByOrder, Moved
from tests.support.servers import NEWEST


@pytest.mark.parametrize(("accident", "times", "face"), [(Moved, 10, "sync"), (FailedOverByOrder, 3, "async")])
def test_nothing_is_lost_doubled_or_half_done(accident, times, face):
    findings = run(accident(NEWEST), times, face)
    assert not findings.broken(), findings.examples
    assert findings.done > times
    assert not findings.refused
