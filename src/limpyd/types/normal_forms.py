"""Normal forms: the text under which an index keeps a stored value, the same in Python (for filters) and in Lua."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

compiled = cache(re.compile)
"""Compiles a pattern when it is first used, so that importing limpyd compiles none of them."""
_FRACTION = rb"(-?[0-9]+)\.([0-9]+)"
_FLOAT = rb"[+-]?(?=\.?[0-9])[0-9]*(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,4})?"


def is_plain_number(text: bytes) -> bool:
    """Returns whether a text is digits with at most one point, as most numbers are; costs less than a pattern."""
    return text.replace(b".", b"", 1).isdigit()


def _normal_float(stored: bytes) -> bytes:
    if not is_plain_number(stored) and compiled(_FLOAT).fullmatch(stored) is None:
        return stored  # inf, nan; or no number at all
    number = float(stored)
    return b"0" if number == 0 else b"%.17g" % number


def normal_decimal(stored: bytes) -> bytes:
    """The normal form of a number, without zeros at its end."""
    match = compiled(_FRACTION).fullmatch(stored)
    if match:
        fraction = match[2].rstrip(b"0")
        stored = match[1] + b"." + fraction if fraction else match[1]
    return b"0" if stored == b"-0" else stored


def canonical_float(stored: bytes) -> bytes:
    """The stored form of a float that equal ones share: -0 is 0."""
    return b"0" if stored == b"-0" else stored


NORMAL_FORMS: dict[str, Callable[[bytes], bytes]] = {
    "text": bytes,
    "float": _normal_float,
    "decimal": normal_decimal,
}
"""The text under which an index keeps a stored value: 2, 2.0 and 2e0 are one float."""
