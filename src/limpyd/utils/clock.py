"""The clock by which a process measures how old what it knows is."""

from __future__ import annotations

import time

CLOCK = getattr(time, "CLOCK_BOOTTIME", None)
"""It goes on while the machine sleeps, where there is one that does."""


def now() -> float:
    """Returns the time in seconds since some moment."""
    return time.monotonic() if CLOCK is None else time.clock_gettime(CLOCK)
