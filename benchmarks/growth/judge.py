"""How a figure grows between sizes, and whether that is more than what is stated."""

from __future__ import annotations

import math
from collections.abc import Sequence

SLACK = 0.15
"""By how much an exponent may be above the stated one: sorting, digits, and noise."""
LONGEST = 0.05
"""The seconds that a step may keep the server busy."""
FLOORS = {"client": 0.002, "server": 0.002, "commands": 20, "keys": 20, "sent": 2_000, "received": 2_000}
"""Below these a figure says nothing of growth."""


def exponent(sizes: Sequence[int], figures: Sequence[float], floor: float) -> float:
    """The power with which a figure grows between the two largest sizes; 0 if it is below its floor."""
    (before, last), (few, many) = figures[-2:], sizes[-2:]
    return math.log(max(last, floor) / max(before, floor)) / math.log(many / few)
