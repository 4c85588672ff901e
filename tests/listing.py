"""What a class offers."""

from __future__ import annotations

import inspect


def public(cls):
    """The names of the public methods of a class, without what looks only at what it holds and `keys`, a refusal."""
    return {
        name
        for name, value in inspect.getmembers(cls)
        if not name.startswith("_") and name != "keys" and callable(value) and not isinstance(value, type)
    }
