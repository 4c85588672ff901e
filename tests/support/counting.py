"""How much Python does for a call, by what is exact: function calls."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import Any


def calls(work: Callable[[], Any]) -> int:
    """How many functions are called, of Python and of C: not those of a collection of garbage that happens to come."""
    count = 0

    def note(_frame: Any, event: str, _what: Any) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before, collects = sys.getprofile(), gc.isenabled()
    gc.disable()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
        if collects:
            gc.enable()
    return count
