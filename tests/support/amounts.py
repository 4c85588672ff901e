"""How much the suite does of what could go on without end: numbers that environment variables raise.

    KILLS = amount("LIMPYD_KILLS", 6)

The last lines of a run name those that were left as they are.
"""

from __future__ import annotations

import os
from typing import TypeVar

Number = TypeVar("Number", int, float)

shortened: set[str] = set()
"""What this process does less of than it could."""


def amount(variable: str, in_suite: Number) -> Number:
    """The number that an environment variable has, or else that of the suite, whose type it is of."""
    given = os.environ.get(variable)
    if given is None:
        shortened.add(variable)
        return in_suite
    return type(in_suite)(given)
