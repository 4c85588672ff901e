"""What a class offers."""

from __future__ import annotations

import inspect

from limpyd.fields.bound.limpyd2_names import Limpyd2FieldNames


def public(cls):
    """The names of the public methods of a class.

    Without what looks only at what it holds, `keys`, which is a refusal, and limpyd 2's other names, which are counted
    with what they call (test_limpyd2_names.py).
    """
    return {
        name
        for name, value in inspect.getmembers(cls)
        if not name.startswith("_")
        and name != "keys"
        and name not in vars(Limpyd2FieldNames)
        and callable(value)
        and not isinstance(value, type)
    }
