"""Exponents of growth, and the limits that they are compared with."""

from __future__ import annotations

import math
from collections.abc import Sequence

SLACK = 0.15
"""The tolerance of an exponent: for the logarithm of sorting, for longer numbers, and for noise."""
LONGEST = 0.05
"""The seconds that a step may occupy the server."""
FLOORS = {"client": 0.002, "server": 0.002, "commands": 20, "keys": 20, "sent": 2_000, "received": 2_000}
"""Figures below these are treated as equal to them: constant overhead and noise prevail there."""


def exponent(sizes: Sequence[int], figures: Sequence[float], floor: float) -> float:
    """Returns the exponent of growth between the two largest sizes: 0 if constant, 1 if linear."""
    (before, last), (few, many) = figures[-2:], sizes[-2:]
    return math.log(max(last, floor) / max(before, floor)) / math.log(many / few)
