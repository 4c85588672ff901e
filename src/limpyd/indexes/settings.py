"""Validation of the settings of an index."""

from __future__ import annotations

import re
from typing import Any

from limpyd.expressions import OPERATORS, SEPARATOR
from limpyd.indexes.normalizers import FORMS


def reason_against(setting: str, value: Any, *, usual: Any) -> str:
    """Returns the reason why a setting cannot have a value; empty if it can.

    Args:
        setting: its name.
        value: the value.
        usual: its default.
    """
    if setting == "prefix":
        return _against_prefix(value)
    if setting == "key":
        return "" if _is_key(value) else "must be a text without any of : . + { }"
    if setting == "name":
        return "" if isinstance(value, str) and value.isprintable() else "must be a text"
    if setting == "transform":
        return _against_transform(value)
    return "must be True or False" if type(usual) is bool and type(value) is not bool else ""


def _against_prefix(prefix: Any) -> str:
    """Returns the reason why a prefix cannot stand in a filter's name; empty if it can."""
    parts = prefix.split(SEPARATOR) if isinstance(prefix, str) and prefix else [] if prefix == "" else [""]
    if not all(part.isidentifier() and not part.startswith("_") and not part.endswith("_") for part in parts):
        return "must be a name as in Python, without an underscore at its ends"
    if not OPERATORS.isdisjoint(parts):
        return "is an operator of filters"
    return ""


def _is_key(key: Any) -> bool:
    return isinstance(key, str) and re.search(r"[:.+{}]", key) is None


def _against_transform(transform: Any) -> str:
    """Returns the reason why a transform is unsuitable; empty if it is suitable."""
    known = isinstance(transform, str) and (
        transform in FORMS or re.fullmatch(r"slice:[1-9]\d*:\d+", transform) is not None
    )
    return "" if known or callable(transform) else "is no function"
