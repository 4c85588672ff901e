"""What a class offers."""

from __future__ import annotations

import inspect


def public(cls):
    """The names of a class's public methods, but for those that only look at what it holds."""
    return {
        name
        for name, value in inspect.getmembers(cls)
        if not name.startswith("_") and callable(value) and not isinstance(value, type)
    }
